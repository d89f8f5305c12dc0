// SPDX-License-Identifier: LGPL-2.1-or-later
// Bench: user time of lookmatch for a frame of 1280x720, beside that of identity and videobalance
// in the same run. A clip lasts five seconds, so a new look is sought every 150 frames.
#include "../../elements/gstlookmatch.h"
#include "shot/shot_meta.h"

#include <cstdio>
#include <sys/resource.h>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

using namespace aigc;

namespace {

constexpr int kFrames = 600, kClip = 150;

double user_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_utime.tv_sec) + 1e-6 * double(usage.ru_utime.tv_usec);
}

/// A frame of many colours; clips differ.
Ref<GstBuffer> frame_of(const GstVideoInfo& info, int clip) {
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  BufferMap map(buffer.get(), GST_MAP_WRITE);
  for (size_t i = 0; i < map.size(); ++i)
    map.data()[i] = guint8(40 + clip * 5 + int(i / 5 % 97) + int(i / 12800 % 83));
  return buffer;
}

/// Milliseconds of user time for a frame.
double run(const char* line, const char* format) {
  auto caps = adopt(gst_caps_from_string(
      (std::string("video/x-raw,width=1280,height=720,framerate=30/1,format=") + format).c_str()));
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps.get());
  GstHarness* harness = gst_harness_new_parse(line);
  gst_harness_set_drop_buffers(harness, TRUE);
  gst_harness_set_src_caps(harness, caps.leak());
  std::vector<Ref<GstBuffer>> clips;
  for (int clip = 0; clip <= kFrames / kClip; ++clip)
    clips.push_back(frame_of(info, clip));
  const double before = user_seconds();
  for (int i = 0; i < kFrames; ++i) {
    auto frame = adopt(gst_buffer_copy_deep(clips[size_t(1 + i / kClip) - (i < 1)].get()));
    Shot shot;
    shot.id = i < 1 ? "first" : std::to_string(i / kClip);
    shot.look_group = "bench";
    set_buffer_shot(frame.get(), shot);
    gst_harness_push(harness, frame.leak());
  }
  const double took = user_seconds() - before;
  gst_harness_teardown(harness);
  return took / kFrames * 1000;
}

} // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GST_ELEMENT_REGISTER(lookmatch, nullptr);
  std::printf("%-8s %10s %14s %12s %16s %10s\n", "format", "identity", "videobalance", "lookmatch",
              "of videobalance", "frames/s");
  for (const char* format : {"I420", "NV12", "BGRx", "RGB"}) {
    const double none = run("identity", format),
                 balance = run("videobalance saturation=1.1 contrast=1.05", format),
                 look = run("lookmatch", format);
    std::printf("%-8s %7.2f ms %11.2f ms %9.2f ms %15.2fx %10.0f\n", format, none, balance, look,
                look / balance, 1000 / look);
  }
  gst_deinit();
  return 0;
}
