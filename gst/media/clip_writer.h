// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames into an H.264 MP4 that stands under its name only once it is whole.
#pragma once

#include "media/line_pipeline.h"

#include <condition_variable>
#include <mutex>
#include <string>

#include <gst/video/video.h>

namespace aigc {

/// Writes progressive I420, bt709 limited range, pixel aspect 1/1. One thread at a time.
class ClipWriter {
 public:
  /// @param width, height even pixels
  /// @param fps frames per second, 1..240
  /// Throws Error{Fault::write, missing_plugin}.
  ClipWriter(std::string path, int width, int height, int fps, Cancel& cancel);
  /// Removes what was written unless finish() succeeded.
  ~ClipWriter();

  /// The layout of a frame's planes.
  const GstVideoInfo& info() const { return info_; }
  /// A recycled frame to fill; its old content is undefined.
  Ref<GstBuffer> frame();
  /// Hands a frame to the encoder; waits while the encoder is behind.
  /// Throws Error{Fault::write, cancelled}.
  void push(Ref<GstBuffer> frame);
  /// Ends the clip, syncs it to disk and gives it its name. Throws Error{Fault::write, cancelled}.
  void finish();

 private:
  void start_pool();
  void forget_time();
  void commit();

  const std::string path_;
  const std::string part_; ///< written beside, renamed when whole
  const int fps_;
  Cancel& cancel_;
  GstVideoInfo info_;
  Ref<GstBufferPool> pool_;
  std::mutex mutex_;
  std::condition_variable room_;
  bool full_ = false;
  LinePipeline pipeline_; ///< down before the members its callbacks use
  GstElement* source_ = nullptr;
  guint64 count_ = 0;
  bool kept_ = false;
};

} // namespace aigc
