// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: a channel runs for days, so nothing may grow with each shot.
#include "shot/shot_meta.h"
#include "stage/live.h"
#include "stage_rig.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <gst/check/gstharness.h>

using namespace aigc;

namespace {

constexpr int kFirstTurns = 10; ///< until what is bounded is full
constexpr int kTurns = 20;
constexpr int kShotsATurn = 1000;

/// What is allocated, in KiB. Pages would not tell: threads come and go, and what they leave of the
/// heap is in pieces.
long allocated_kib() {
  malloc_trim(0); // what is kept for the next to ask counts as allocated
  const auto heap = mallinfo2();
  return static_cast<long>((heap.uordblks + heap.hblkhd) / 1024);
}

/// A stage as a channel has it: what is ready leaves, what fails is left out, downstream says what
/// is wanted.
class Channel {
 public:
  Channel() {
    auto element = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
    gst_util_set_object_arg(G_OBJECT(element.get()), "order", "ready");
    gst_util_set_object_arg(G_OBJECT(element.get()), "on-error", "skip");
    Script& script = *script_of(element.get());
    script.workers = 4;
    script.keep_jobs = false;
    script.on_work = [](const Job& job, Cancel&, auto&) {
      if (job.shot.index % 7 == 0) throw Error(Fault::read, "broken");
    };
    harness_ = gst_harness_new_with_element(element.get(), "sink", "src");
    gst_harness_set_drop_buffers(harness_, TRUE);
    gst_harness_set_src_caps_str(harness_, "text/x-raw, format=(string)utf8");
  }
  ~Channel() { gst_harness_teardown(harness_); }

  /// The list once more; each turn its shots have ids and chains of their own.
  void run(int turn) {
    const std::string run = "#" + std::to_string(turn);
    for (int i = 0; i < kShotsATurn; ++i) {
      Shot shot;
      shot.id = "shot-" + std::to_string(i) + run;
      shot.index = i;
      shot.run = run;
      shot.script = "a fox in the snow";
      shot.request = i % 11 == 0 ? turn * kShotsATurn + i + 1 : 0;
      if (i % 2 == 0) shot.chain = "chain-" + std::to_string(i) + run;
      if (i % 10 == 0) say_demand();
      if (i % 2 == 1) cancel(i % 13 == 0 ? shot.id : "other-" + shot.id);
      GstBuffer* buffer = buffer_of("words").leak();
      set_buffer_shot(buffer, shot);
      EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
      throw_away_events();
    }
  }

 private:
  void cancel(const std::string& id) { gst_harness_push_event(harness_, cancel_event(id).leak()); }
  void say_demand() { gst_harness_push_upstream_event(harness_, demand_event(1e6).leak()); }
  /// The harness keeps what it is sent.
  void throw_away_events() {
    while (auto event = adopt(gst_harness_try_pull_event(harness_)))
      ;
    while (auto event = adopt(gst_harness_try_pull_upstream_event(harness_)))
      ;
  }

  GstHarness* harness_;
};

} // namespace

TEST(StageDays, NothingGrowsWithEachShot) {
  Channel channel;
  for (int turn = 0; turn < kFirstTurns; ++turn)
    channel.run(turn);
  [[maybe_unused]] const long before = allocated_kib();
  for (int turn = 0; turn < kTurns; ++turn)
    channel.run(kFirstTurns + turn);
#ifndef __SANITIZE_ADDRESS__ // whose heap is another
  EXPECT_LT(allocated_kib() - before, 512);
#endif
}
