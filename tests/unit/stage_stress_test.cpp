// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: GstHarness stress threads, one second each, with data flowing.
#include "stage_rig.h"

#include <gtest/gtest.h>
#include <thread>

#include <gst/check/gstharness.h>

using namespace aigc;

namespace {

class StageStress : public testing::Test {
 protected:
  void SetUp() override {
    auto element = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
    harness_ = gst_harness_new_with_element(element.get(), "sink", "src");
    script_ = script_of(harness_->element);
    script_->keep_jobs = false;
    gst_harness_set_src_caps_str(harness_, "text/x-raw, format=(string)utf8");
    gst_harness_set_drop_buffers(harness_, TRUE);
    caps_ = adopt(gst_caps_from_string("text/x-raw, format=(string)utf8"));
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    auto buffer = buffer_of("words");
    push_ = gst_harness_stress_push_buffer_start(harness_, caps_.get(), &segment_, buffer.get());
  }
  /// Lets the threads run for a second; data must have flowed.
  void run(GstHarnessThread* thread) {
    g_usleep(G_USEC_PER_SEC);
    EXPECT_GT(gst_harness_stress_thread_stop(thread), 0u);
    EXPECT_GT(gst_harness_stress_thread_stop(push_), 0u);
    EXPECT_TRUE(script_->began(1));
    gst_harness_teardown(harness_);
  }

  GstHarness* harness_ = nullptr;
  GstHarnessThread* push_ = nullptr;
  std::shared_ptr<Script> script_;
  Ref<GstCaps> caps_;
  GstSegment segment_;
};

} // namespace

TEST_F(StageStress, StateChanges) {
  run(gst_harness_stress_statechange_start(harness_));
}

TEST_F(StageStress, Properties) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, "other");
  auto thread = gst_harness_stress_property_start(harness_, "prompt", &value);
  g_value_unset(&value);
  run(thread);
}

TEST_F(StageStress, UpstreamEvents) {
  auto event = adopt(gst_event_new_reconfigure());
  run(gst_harness_stress_send_upstream_event_start(harness_, event.get()));
}

TEST_F(StageStress, Queries) {
  std::atomic<bool> over = false;
  std::thread asker([&] {
    while (!over) {
      auto caps = adopt(gst_pad_peer_query_caps(harness_->srcpad, nullptr));
      GstStructure* stats = nullptr;
      g_object_get(harness_->element, "stats", &stats, nullptr);
      gst_structure_free(stats);
    }
  });
  auto event =
      adopt(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("x")));
  auto thread = gst_harness_stress_push_event_start(harness_, event.get());
  g_usleep(G_USEC_PER_SEC);
  over = true;
  asker.join();
  gst_harness_stress_thread_stop(thread);
  gst_harness_stress_thread_stop(push_);
  gst_harness_teardown(harness_);
}

TEST(StageStressFlush, FlushesBetweenBuffers) {
  Rig rig;
  rig.script().keep_jobs = false;
  rig.start();
  rig.open_time();
  std::atomic<bool> over = false;
  std::mutex mutex; // no buffer between a flush and its segment
  std::thread pusher([&] {
    while (!over) {
      std::lock_guard guard(mutex);
      rig.push("x");
    }
  });
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < until) {
    rig.send(gst_event_new_flush_start());
    std::lock_guard guard(mutex);
    rig.send(gst_event_new_flush_stop(TRUE));
    rig.open_time();
    rig.forget_left();
  }
  EXPECT_TRUE(rig.wait_left("buffer"));
  over = true;
  pusher.join();
  EXPECT_EQ(rig.count_said("error"), 0u);
}

TEST(StageStressRequest, RequestPads) {
  auto owner = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
  GstElement* element = owner.get();
  g_object_set(element, "prompt", "a", nullptr);
  std::atomic<bool> over = false;
  std::thread requests([&] {
    GstPadTemplate* tmpl = gst_element_get_pad_template(element, "sink");
    while (!over) {
      auto pad = adopt(gst_element_request_pad(element, tmpl, nullptr, nullptr));
      if (pad) gst_element_release_request_pad(element, pad.get());
    }
  });
  for (int i = 0; i < 200; ++i) {
    gst_element_set_state(element, GST_STATE_PLAYING);
    gst_element_set_state(element, GST_STATE_NULL);
  }
  over = true;
  requests.join();
}
