// SPDX-License-Identifier: LGPL-2.1-or-later
// What livepushsink has not yet sent: bounded in time, and begins with a key frame.
#pragma once

#include "livepushsink_connection.h"

#include <deque>
#include <optional>

namespace aigc {

/// A buffer with its running times.
struct PushUnit {
  Ref<GstBuffer> buffer;
  std::optional<GstClockTimeDiff> pts;
  GstClockTimeDiff dts = 0;
  bool is_key = false;
};

class PushQueue {
 public:
  /// Empties it; from now on it begins with a key frame when there are pictures.
  void begin(bool has_video);
  /// Takes a unit in. Drops from the front when more than `longest` is held.
  void add(PushMedia media, PushUnit unit, guint64 longest);
  bool is_empty(PushMedia media) const { return lanes_[media].empty(); }
  std::optional<PushUnit> next(PushMedia media);
  /// Counts a picture that went nowhere.
  void lose_picture() { ++dropped_; }

  /// Whether only a new key frame lets it go on; asking clears it.
  bool wants_key() { return std::exchange(wants_key_, false); }
  guint64 dropped() const { return dropped_; }

 private:
  guint64 span() const;
  void shorten();

  PushPair<std::deque<PushUnit>> lanes_;
  bool has_video_ = false;
  bool waits_ = false; ///< for a key frame
  bool wants_key_ = false;
  guint64 dropped_ = 0;
};

} // namespace aigc
