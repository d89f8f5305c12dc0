// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch in the built plugin: pipelines with real sources and sinks, started twice, stopped,
// flushed and given what they cannot use.
#include "launch.h"
#include "picture_file.h"

#include <chrono>

namespace {

class LookMatchElement : public ElementTest {
 protected:
  std::string reference() {
    const std::string path = folder.path() + "/model.png";
    write_test_picture(path, 320, 180);
    return " ! lookmatch name=look reference=" + path + " ! ";
  }
};

std::string source(int frames, const std::string& form = "format=I420,width=320,height=180") {
  return "videotestsrc pattern=ball num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,framerate=30/1," + form;
}

} // namespace

TEST_F(LookMatchElement, RunsTwice) {
  Launch launch(source(20) + reference() + "fakesink name=sink");
  ASSERT_TRUE(launch.get()) << launch.parse_error;
  for (int i = 0; i < 2; ++i) {
    const Ran ran = launch.run();
    EXPECT_TRUE(ran.eos);
    EXPECT_TRUE(ran.errors.empty());
    EXPECT_EQ(gst_element_set_state(launch.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  }
}

TEST_F(LookMatchElement, EveryShapeEncodes) {
  for (const char* form : {"format=NV12,width=322,height=182", "format=RGB,width=321,height=181",
                           "format=BGRA,width=2,height=2", "format=Y444,width=1,height=1"}) {
    Launch launch(source(5, form) + reference() + "videoconvert ! x264enc ! fakesink");
    const Ran ran = launch.run();
    EXPECT_TRUE(ran.eos) << form << launch.parse_error << (ran.errors.empty() ? "" : ran.errors[0]);
  }
}

TEST_F(LookMatchElement, AFormatItCannotPaintIsRefusedWhileLinking) {
  const Ran ran = Launch(source(5, "format=I420_10LE") + " ! lookmatch ! fakesink").run();
  EXPECT_FALSE(ran.eos);
}

TEST_F(LookMatchElement, AMissingReferenceIsToldOnce) {
  const Ran ran = Launch(source(5) + " ! lookmatch reference=/none/such.png ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find("lookmatch: reference \"/none/such.png\" cannot be read"),
            std::string::npos)
      << ran.errors[0];
}

/// Nothing is read in a state change: that a picture is missing shows with the first frame.
TEST_F(LookMatchElement, AStateChangeDoesNotReadTheReference) {
  Launch launch("appsrc ! lookmatch reference=/none/such.png ! fakesink");
  EXPECT_NE(gst_element_set_state(launch.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_FALSE(aigc::adopt(
      gst_bus_timed_pop_filtered(launch.bus().get(), 100 * GST_MSECOND, GST_MESSAGE_ERROR)));
}

TEST_F(LookMatchElement, SeeksAndStopsInAnyPhase) {
  Launch launch(source(3000) + reference() + "fakesink sync=true");
  for (int wait = 1; wait < 300; wait *= 4) {
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    gst_element_get_state(launch.get(), nullptr, nullptr, 10 * GST_SECOND);
    for (int i = 0; i < 5; ++i)
      EXPECT_TRUE(gst_element_seek_simple(launch.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                          i * GST_SECOND));
    g_usleep(gulong(wait) * 1000);
    const auto start = std::chrono::steady_clock::now();
    gst_element_set_state(launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  }
}

/// A list of shots of one group, filmed by the built-in engines, through the element.
TEST_F(LookMatchElement, AFilmOfOneGroupGoesThrough) {
  const std::string list = folder.path() + "/list.jsonl";
  std::ofstream(list) << R"({"script":"竹林里的熊猫","look-group":"bamboo"})"
                      << "\n"
                      << R"({"script":"竹林里的狐狸","look-group":"bamboo"})"
                      << "\n"
                      << R"({"script":"海上的夜"})"
                      << "\n";
  Launch launch("aishotsrc location=" + list +
                " ! wanxvideogen backend=preview duration=0.5 width=320 height=180 ! lookmatch "
                "! fakesink name=sink signal-handoffs=true");
  int frames = 0;
  auto sink = launch.element("sink");
  g_signal_connect(sink.get(), "handoff",
                   G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer count) {
                     ++*static_cast<int*>(count);
                   }),
                   &frames);
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos) << (ran.errors.empty() ? "" : ran.errors[0]);
  EXPECT_GE(frames, 3 * 12);
}
