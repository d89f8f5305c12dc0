// SPDX-License-Identifier: LGPL-2.1-or-later
// The stages of a live channel with a service behind them, which the stand-in plays: what is
// cancelled is not paid for twice, what is not wanted is not ordered, and what they say of supply.
#include "../standin.h"
#include "launch.h"

#include <gst/check/gstharness.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr const char* kWords = "text/x-raw, format=(string)utf8";

bool eventually(const std::function<bool()>& holds) {
  const gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
  while (!holds()) {
    if (g_get_monotonic_time() > until) return false;
    g_usleep(20'000);
  }
  return true;
}

/// wanxclipgen between two pads.
class Camera {
 public:
  explicit Camera(const std::string& properties) {
    const std::string line = "wanxclipgen order=ready poll-interval=20 " + properties;
    camera_ = adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), nullptr))));
    harness_ = gst_harness_new_with_element(camera_.get(), "sink", "src");
    gst_harness_set_src_caps_str(harness_, kWords);
  }
  ~Camera() { gst_harness_teardown(harness_); }
  Camera(const Camera&) = delete;

  void push(const std::string& words) {
    GstBuffer* buffer = gst_buffer_new_memdup(words.data(), words.size());
    EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
  }
  /// As the request of that number.
  void ask(const std::string& words, const char* id, gint64 number) {
    GstBuffer* buffer = gst_buffer_new_memdup(words.data(), words.size());
    GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstAigcShotMeta");
    gst_structure_set(gst_custom_meta_get_structure(meta), "id", G_TYPE_STRING, id, "request",
                      G_TYPE_INT64, number, nullptr);
    EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
  }
  /// The id of the next clip.
  std::string next() {
    const auto clip = adopt(gst_harness_pull(harness_));
    GstCustomMeta* meta =
        clip ? gst_buffer_get_custom_meta(clip.get(), "GstAigcShotMeta") : nullptr;
    if (!meta) return "none";
    return gst_structure_get_string(gst_custom_meta_get_structure(meta), "id");
  }
  void cancel(const char* id) {
    GstStructure* fields = gst_structure_new("aigc-cancel", "id", G_TYPE_STRING, id, nullptr);
    gst_harness_push_event(harness_, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB, fields));
  }
  void demand(double seconds) {
    GstStructure* fields =
        gst_structure_new("aigc-demand", "seconds", G_TYPE_DOUBLE, seconds, nullptr);
    gst_harness_push_upstream_event(harness_,
                                    gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, fields));
  }
  /// The number of clips that leave until EOS.
  unsigned finish() {
    gst_harness_push_event(harness_, gst_event_new_eos());
    EXPECT_TRUE(eventually([&] { return GST_PAD_IS_EOS(harness_->sinkpad); }));
    return gst_harness_buffers_received(harness_);
  }

 private:
  Ref<GstElement> camera_;
  GstHarness* harness_;
};

class LiveStages : public ElementTest {
 protected:
  LiveStages() {
    g_setenv("DASHSCOPE_BASE_URL", server.address("dashscope").c_str(), TRUE);
    g_setenv("DASHSCOPE_API_KEY", "sk-standin", TRUE);
    server.configure(R"({"limits": "off"})");
  }
  ~LiveStages() override {
    g_setenv("DASHSCOPE_BASE_URL", "", TRUE);
    g_setenv("DASHSCOPE_API_KEY", "", TRUE);
  }

  unsigned calls(const std::string& route) {
    const auto log = server.calls();
    const JsonView list = JsonView(log.get())["calls"];
    unsigned count = 0;
    for (size_t i = 0; i < list.size(); ++i)
      count += list.at(i)["route"].text() == route;
    return count;
  }
  bool await_calls(const std::string& route, unsigned count) {
    return eventually([&] { return calls(route) >= count; });
  }
  size_t billed() {
    const auto log = server.billed();
    return JsonView(log.get())["generations"].size();
  }

  Standin server;
};

double number_of(const GstStructure* facts, const char* name) {
  double number = -1;
  EXPECT_TRUE(gst_structure_get_double(facts, name, &number)) << name;
  return number;
}

} // namespace

TEST_F(LiveStages, AClipThatIsCancelledAtWorkIsPaidForOnce) {
  server.configure(R"({"video": {"seconds": 3}})"); // still at work when it is cancelled
  {
    Camera camera("");
    camera.push("a fox in the snow");
    ASSERT_TRUE(await_calls("task", 1));
    camera.cancel("shot-1");
    EXPECT_EQ(camera.finish(), 0u);
  }
  Camera again("");
  again.push("a fox in the snow");
  EXPECT_EQ(again.finish(), 1u); // the order of before is gone on with
  EXPECT_EQ(calls("video"), 1u);
  EXPECT_EQ(calls("cancel"), 0u);
  EXPECT_EQ(billed(), 1u);
}

TEST_F(LiveStages, OnlyTheTaskOfTheCancelledShotIsCalledOff) {
  server.configure(R"({"video": {"pending_seconds": 3}})"); // as above
  Camera camera("cancel-pending=true max-in-flight=2");
  camera.push("a fox in the snow");
  camera.push("an owl in the rain");
  ASSERT_TRUE(await_calls("video", 2));
  ASSERT_TRUE(await_calls("task", 2));
  camera.cancel("shot-1");
  EXPECT_EQ(camera.finish(), 1u);
  EXPECT_EQ(calls("cancel"), 1u);
  EXPECT_EQ(calls("video"), 2u);
}

TEST_F(LiveStages, AShotThatComesAfterItsCancelIsNotOrdered) {
  Camera camera("");
  camera.cancel("shot-1");
  camera.push("a fox in the snow");
  camera.push("an owl in the rain");
  EXPECT_EQ(camera.finish(), 1u);
  EXPECT_EQ(calls("video"), 1u);
}

TEST_F(LiveStages, NothingIsOrderedThatIsNotWanted) {
  Camera camera("max-in-flight=4");
  camera.demand(0);
  for (const char* words : {"a fox", "an owl", "a cat", "a hen"})
    camera.push(words);
  g_usleep(200'000);
  EXPECT_EQ(calls("video"), 0u);
  camera.demand(7); // clips of 5 s: two exceed it
  ASSERT_TRUE(await_calls("video", 2));
  g_usleep(200'000);
  EXPECT_EQ(calls("video"), 2u);
  camera.demand(1000);
  EXPECT_EQ(camera.finish(), 4u);
  EXPECT_EQ(billed(), 4u);
}

TEST_F(LiveStages, ARequestOvertakesTheListThoughTheStageKeepsItsOrder) {
  server.configure(R"({"video": {"seconds_list": [3, 0.1]}})");
  Camera camera("order=input max-in-flight=2");
  camera.demand(1000);
  camera.push("a fox in the snow");
  ASSERT_TRUE(await_calls("video", 1));
  camera.ask("an owl in the rain", "asked", 1);
  EXPECT_EQ(camera.next(), "asked");
  EXPECT_EQ(camera.next(), "shot-1");
}

TEST_F(LiveStages, EachStageAddsToWhatIsSaidOfSupply) {
  server.fail(R"([{"route": "video", "kind": "status", "status": 400, "times": 1}])");
  Launch launch("filesrc location=" + folder.path() + "/shots.txt ! qwenimagesrc ! " +
                "wanxclipgen name=c on-error=skip max-in-flight=1 ! fakesink name=s");
  std::ofstream(folder.path() + "/shots.txt") << "a fox\nan owl\n";
  ASSERT_TRUE(launch.run().eos);
  auto sink = launch.element("s");
  auto pad = adopt(gst_element_get_static_pad(sink.get(), "sink"));
  auto query =
      adopt(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("aigc-supply")));
  ASSERT_TRUE(gst_pad_peer_query(pad.get(), query.get()));
  const GstStructure* facts = gst_query_get_structure(query.get());
  guint at_once = 0;
  EXPECT_TRUE(gst_structure_get_uint(facts, "at-once", &at_once));
  EXPECT_EQ(at_once, 1u);
  EXPECT_DOUBLE_EQ(number_of(facts, "clip-seconds"), 5);
  EXPECT_DOUBLE_EQ(number_of(facts, "success"), 0.5);
  EXPECT_GT(number_of(facts, "latency"), 0);
  EXPECT_GT(number_of(facts, "latency-p99"), number_of(facts, "latency")); // and the painter's
}

TEST_F(LiveStages, TheBinPassesOnWhatIsWantedAndWhatIsSaid) {
  Launch launch("wanxvideogen prompt=fox backend=preview width=64 height=64 duration=0.2 name=v ! "
                "fakesink name=s");
  ASSERT_TRUE(launch.run().eos);
  auto bin = launch.element("v");
  auto video = adopt(gst_element_get_static_pad(bin.get(), "video"));
  auto query =
      adopt(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("aigc-supply")));
  ASSERT_TRUE(gst_pad_query(video.get(), query.get()));
  EXPECT_DOUBLE_EQ(number_of(gst_query_get_structure(query.get()), "clip-seconds"), 0.2);
}
