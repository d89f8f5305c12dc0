// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds black, frozen and silent stretches in pictures and sound that come one after another, by
// the rules of ffmpeg's blackdetect, freezedetect and silencedetect.
#pragma once

#include "playout/inspection.h"

#include <cstdint>
#include <optional>
#include <vector>

#include <gst/audio/audio.h>
#include <gst/video/video.h>

namespace aigc {

/// One kind of stretch under way.
class StretchFinder {
 public:
  explicit StretchFinder(Stretch::Kind kind) : kind_(kind) {}
  /// From `time` on it is like that, or is not.
  void see(bool so, GstClockTime time);
  /// Nothing more is seen; takes what was found.
  std::vector<Stretch> finish(GstClockTime end);

 private:
  Stretch::Kind kind_;
  std::optional<GstClockTime> since_;
  std::vector<Stretch> found_;
};

/// Samples of each picture, spread over it, are looked at; an even part of them tells the same as
/// all.
class PictureLook {
 public:
  /// False when the picture cannot be read.
  bool see(GstBuffer* picture, GstCaps* caps, GstClockTime time);
  std::vector<Stretch> finish(GstClockTime end);

 private:
  struct Sample {
    std::uint8_t y, u, v; ///< or alike, of a picture of another colour space
  };
  bool read(GstBuffer* picture, GstCaps* caps);
  bool read_format(GstCaps* caps);
  void read_plain_row(const GstVideoFrame& frame, int y, Sample* to) const;
  void read_row(const GstVideoFrame& frame, int y, Sample* to);
  bool is_black() const;
  bool is_like_reference() const;

  Ref<GstCaps> caps_;
  GstVideoInfo info_;
  bool plain_ = false;
  std::vector<int> columns_; ///< that are looked at
  std::vector<std::uint8_t> line_;
  std::vector<Sample> samples_;
  std::vector<Sample> reference_; ///< the first picture of those that are alike
  GstClockTime reference_time_ = 0;
  StretchFinder black_{Stretch::Kind::black};
  StretchFinder frozen_{Stretch::Kind::frozen};
};

class SoundLook {
 public:
  bool see(GstBuffer* block, GstCaps* caps, GstClockTime time);
  std::vector<Stretch> finish(GstClockTime end);

 private:
  Ref<GstCaps> caps_;
  GstAudioInfo info_;
  GstClockTime reached_ = 0;
  std::vector<std::uint8_t> raw_;
  std::vector<bool> loud_;
  StretchFinder silent_{Stretch::Kind::silent};
};

} // namespace aigc
