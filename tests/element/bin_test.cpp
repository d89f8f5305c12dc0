// SPDX-License-Identifier: LGPL-2.1-or-later
// wanxvideogen as a bin, and the whole chain: Ctrl-C with -e, teardown in any phase, pads, flags.
#include "launch.h"

#include <chrono>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// Long enough that it is still being filmed when the test interferes.
constexpr const char* kLongChain =
    "aipromptenhance prompt=\"a lighthouse in a storm\" ! qwenimagesrc width=1280 height=720 ! "
    "wanxvideogen name=v duration=60 ! fakesink";

/// Waits for the PROGRESS message of `type` and `code`.
bool wait_for_progress(const Launch& launch, GstProgressType type, const std::string& code) {
  auto bus = launch.bus();
  for (;;) {
    auto message = adopt(gst_bus_timed_pop_filtered(
        bus.get(), 20 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_PROGRESS | GST_MESSAGE_ERROR)));
    if (!message || GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return false;
    GstProgressType seen;
    gchar* name = nullptr;
    gst_message_parse_progress(message.get(), &seen, &name, nullptr);
    if (take_string(name) == code && seen == type) return true;
  }
}

bool is_source(GstElement* element) {
  return GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SOURCE);
}

} // namespace

class BinTest : public ElementTest {};

TEST_F(BinTest, EosFromTheUserEndsTheWholeChainWithinASecond) {
  Launch launch(kLongChain);
  ASSERT_EQ(launch.parse_error, "");
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(wait_for_progress(launch, GST_PROGRESS_TYPE_CONTINUE, "video:shot-1"));
  const auto asked = Clock::now();
  EXPECT_TRUE(gst_element_send_event(launch.get(), gst_event_new_eos()));
  Ran ran;
  launch.collect(ran);
  EXPECT_TRUE(ran.eos);
  EXPECT_LT(Clock::now() - asked, 1s);
  EXPECT_TRUE(!ran.progress.empty() || // the worker may say so a moment later
              wait_for_progress(launch, GST_PROGRESS_TYPE_CANCELED, "video:shot-1"));
}

TEST_F(BinTest, EosFromTheUserPassesAListThatHasEndedOrIsStillQueued) {
  const std::string list = folder.path() + "/many.txt";
  std::string shots;
  for (int i = 0; i < 50; ++i)
    shots += "a lighthouse in a storm " + std::to_string(i) + "\n";
  ASSERT_TRUE(g_file_set_contents(list.c_str(), shots.data(), -1, nullptr));
  for (const std::string& head : {std::string("script=lighthouse"), "location=" + list}) {
    Launch launch("aishotsrc " + head + " ! wanxvideogen duration=60 ! fakesink");
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(wait_for_progress(launch, GST_PROGRESS_TYPE_CONTINUE, "video:shot-1"));
    const auto asked = Clock::now();
    EXPECT_TRUE(gst_element_send_event(launch.get(), gst_event_new_eos()));
    Ran ran;
    launch.collect(ran);
    EXPECT_TRUE(ran.eos) << head;
    EXPECT_LT(Clock::now() - asked, 1s) << head;
  }
}

TEST_F(BinTest, EosFromTheUserCutsTheClipThatPlays) {
  Launch launch(
      "wanxvideogen prompt=lighthouse width=64 height=64 duration=60 ! fakesink sync=true");
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(wait_for_progress(launch, GST_PROGRESS_TYPE_COMPLETE, "video:shot-1"));
  const auto asked = Clock::now();
  EXPECT_TRUE(gst_element_send_event(launch.get(), gst_event_new_eos()));
  Ran ran;
  launch.collect(ran);
  EXPECT_TRUE(ran.eos);
  EXPECT_LT(Clock::now() - asked, 1s);
}

TEST_F(BinTest, TeardownTakesLessThanASecondInEveryPhase) {
  const std::vector<std::pair<GstProgressType, std::string>> phases = {
      {GST_PROGRESS_TYPE_START, "prompt:shot-1"},
      {GST_PROGRESS_TYPE_START, "image:shot-1"},
      {GST_PROGRESS_TYPE_START, "video:shot-1"},
      {GST_PROGRESS_TYPE_CONTINUE, "video:shot-1"},
  };
  for (const auto& [type, code] : phases) {
    Launch launch(kLongChain);
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(wait_for_progress(launch, type, code)) << code;
    const auto asked = Clock::now();
    EXPECT_EQ(gst_element_set_state(launch.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    EXPECT_LT(Clock::now() - asked, 1s) << code;
  }
}

TEST_F(BinTest, TheSinkIsGhostedAndMakesItAFilter) {
  Launch launch("filesrc location=x ! pngparse ! wanxvideogen name=v ! fakesink");
  ASSERT_EQ(launch.parse_error, "");
  auto bin = launch.element("v");
  auto camera = adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "camera"));
  EXPECT_FALSE(is_source(bin.get()));
  EXPECT_FALSE(is_source(camera.get()));
  auto sink = adopt(gst_element_get_static_pad(bin.get(), "sink"));
  ASSERT_TRUE(sink);
  auto peer = adopt(gst_pad_get_peer(sink.get()));
  gst_pad_unlink(peer.get(), sink.get());
  gst_element_release_request_pad(bin.get(), sink.get());
  EXPECT_TRUE(is_source(bin.get()));
  EXPECT_TRUE(is_source(camera.get()));
}

TEST_F(BinTest, OneSinkAtMost) {
  auto bin =
      adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("wanxvideogen", nullptr))));
  auto first = adopt(gst_element_request_pad_simple(bin.get(), "sink"));
  EXPECT_TRUE(first);
  GstPadTemplate* any_name = gst_element_get_pad_template(bin.get(), "sink");
  EXPECT_FALSE(adopt(gst_element_request_pad(bin.get(), any_name, nullptr, nullptr)));
  gst_element_release_request_pad(bin.get(), first.get());
}

TEST_F(BinTest, PropertiesReachTheChildrenThatHaveThem) {
  auto bin =
      adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("wanxvideogen", nullptr))));
  auto camera = adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "camera"));
  auto player = adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "player"));
  g_object_set(bin.get(), "width", 640u, "duration", 2.5, "fit", 1, "framerate", 24, 1, nullptr);
  guint ordered = 0;
  gint shown = 0, fit = 0, rate = 0, per = 0;
  gdouble seconds = 0;
  g_object_get(camera.get(), "width", &ordered, "duration", &seconds, nullptr);
  g_object_get(player.get(), "width", &shown, "fit", &fit, nullptr);
  g_object_get(bin.get(), "framerate", &rate, &per, nullptr);
  EXPECT_EQ(ordered, 640u);
  EXPECT_EQ(shown, 640);
  EXPECT_EQ(seconds, 2.5);
  EXPECT_EQ(fit, 1);
  EXPECT_EQ(rate, 24);
}

TEST_F(BinTest, PresetsAreFoundByName) {
  for (const auto& [name, preset] :
       {std::pair{"qwenimagesrc", "soft-light"}, {"aipromptenhance", "ink"}}) {
    Launch launch(std::string(name) + " name=e @preset=" + preset + " prompt=fox ! fakesink");
    EXPECT_EQ(launch.parse_error, "") << name;
  }
}
