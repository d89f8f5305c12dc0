// SPDX-License-Identifier: LGPL-2.1-or-later
// A private pipeline may go away at any moment, also while it is being plugged. What goes wrong
// there shows as a warning, a crash or a leak of the whole program.
#include "../clips.h"
#include "media/clip_reader.h"
#include "media/probe.h"

#include <thread>
#include <vector>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr int kAtOnce =
    16; ///< more than there are processors, so that threads are held up anywhere
constexpr int kRounds = 40;

/// After `delay`, whatever state it is in.
void probe_and_leave(const std::string& uri, std::chrono::microseconds delay) {
  Cancel cancel;
  std::thread leave([&] {
    cancel.sleep(delay);
    cancel.cancel();
  });
  try {
    probe_clip(uri, cancel);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled) << error.what();
  }
  leave.join();
}

void read_and_leave(const ClipInfo& clip, std::chrono::microseconds delay) {
  Cancel cancel;
  const auto caps = adopt(gst_caps_from_string("video/x-raw, format=GRAY8, width=64, height=48,"
                                               " pixel-aspect-ratio=1/1"));
  ClipReader reader(clip, VideoTarget{caps}, cancel);
  cancel.sleep(delay);
}

} // namespace

TEST(PrivatePipeline, GoesAwayWhileItIsBeingPlugged) {
  const clips::TempDir dir;
  const std::string uri = clips::make(dir / "clip.mp4", {});
  Cancel cancel;
  const ClipInfo clip = probe_clip(uri, cancel);
  std::vector<std::thread> threads;
  for (int i = 0; i < kAtOnce; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        const auto delay = 1ms * ((round * kAtOnce + i) % 25);
        probe_and_leave(uri, delay);
        read_and_leave(clip, delay);
      }
    });
  for (std::thread& thread : threads)
    thread.join();
}
