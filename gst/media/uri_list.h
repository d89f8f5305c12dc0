// SPDX-License-Identifier: LGPL-2.1-or-later
// text/uri-list as it arrives on a pad: bytes cut anywhere become URIs.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

#include <gst/gst.h>

namespace aigc {

/// The longest line taken, in bytes.
inline constexpr size_t kMaxUriBytes = 16 * 1024;

class UriList {
 public:
  /// What is behind a SEGMENT event: in a TIME segment each buffer holds whole lines.
  void begin(GstEvent* segment);

  /// As for its bytes. Throws Error{Fault::format, read}.
  std::vector<std::string> add(GstBuffer* buffer);

  /// Adds bytes and returns the URIs of the lines they complete. Lines end in LF or CRLF; blank
  /// lines and those that start with '#' are left out; a bare path becomes a file URI, relative to
  /// the working directory.
  /// Throws Error{Fault::format} for a line that is too long, not UTF-8 or holds a NUL.
  std::vector<std::string> add(std::string_view bytes);

  /// The URI of a last line that has no line end, and a fresh start.
  std::vector<std::string> finish();

  void clear() { rest_.clear(); }

 private:
  std::string rest_;
  bool whole_buffers_ = false;
};

} // namespace aigc
