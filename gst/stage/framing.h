// SPDX-License-Identifier: LGPL-2.1-or-later
// Where one shot ends and the next begins in what a sink pad receives.
#pragma once

#include "stage/pool.h"

#include <string>
#include <string_view>
#include <vector>

namespace aigc {

/// Cuts a byte stream into lines (LF or CRLF), also where a chunk ends inside a character.
class LineSplitter {
 public:
  /// The lines completed by `chunk`, without their ends.
  /// Throws Error{Fault::format} when a line grows beyond kMaxTextBytes.
  std::vector<std::string> push(std::string_view chunk);
  /// The last line, when it lacks an end; empty otherwise.
  std::string finish();

 private:
  std::string rest_;
};

/// TIME segment: one buffer, one shot. BYTES segment: text is lines, blank ones skipped; pictures
/// are gathered to EOS and are one. No caps read as text. Of a raw stream with a frame rate only
/// the first frame is a keyframe, unless `every_frame`.
class Framer {
 public:
  explicit Framer(bool every_frame = false) : every_frame_(every_frame) {}

  void set_caps(GstCaps* caps);
  void set_segment(const GstSegment& segment) { segment_ = segment; }
  /// Forgets what is half received; the caps stay, as they do on a flushed pad.
  void flush();

  /// The jobs `buffer` completes. Throws Error{Fault::format} when something exceeds its limit.
  std::vector<Job> push(Ref<GstBuffer> buffer);
  /// What is left at EOS.
  std::vector<Job> finish();

  /// True once the frames after the first of a raw stream are to be refused.
  bool is_sated() const { return sated_; }

  /// When `pts` of the input is in running time; none outside a TIME segment.
  GstClockTime running_time(GstClockTime pts) const;

 private:
  Job job_of(GstBuffer* buffer) const;
  void gather(GstBuffer* buffer);

  bool every_frame_;
  bool sated_ = false;
  InputKind kind_ = InputKind::words;
  Ref<GstCaps> caps_;
  GstSegment segment_ = initial_segment();
  LineSplitter lines_;
  Ref<GstBuffer> picture_;       ///< the first buffer of a picture: what it carries counts
  std::vector<guint8> gathered_; ///< the bytes of the picture so far

  static GstSegment initial_segment();
};

} // namespace aigc
