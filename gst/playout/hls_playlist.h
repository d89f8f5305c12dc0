// SPDX-License-Identifier: LGPL-2.1-or-later
// A live HLS media playlist as a sliding window: what is listed, what it is called, what left.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gst/gst.h>

namespace aigc {

struct HlsSegment {
  std::string uri; ///< as it stands in the playlist
  GstClockTime duration = 0;
  gint64 utc = 0;             ///< airtime of its first frame, in microseconds since the epoch
  bool discontinuity = false; ///< timestamps or format do not go on from the segment before
  bool gap = false;           ///< there is no file: what should be in it was lost

  gint64 end() const { return utc + static_cast<gint64>(duration / 1000); }
};

/// What was on air from when to when.
struct HlsDateRange {
  std::string id;              ///< unique for ever
  gint64 start = 0;            ///< in microseconds since the epoch
  std::optional<gint64> until; ///< once it is over
  std::string item;            ///< the shot's id
  std::string title;
  std::string tier; ///< rung of the filler ladder, if it was told
};

/// Not thread-safe.
class HlsPlaylist {
 public:
  /// Below this players run dry while they reload.
  static constexpr unsigned kMinLength = 6;

  /// @param target longest duration of a segment in whole seconds: the same for ever
  /// @param length segments listed
  HlsPlaylist(unsigned target, unsigned length);

  /// Goes on from a playlist that was written before: sequence numbers count on, and the first
  /// segment that is added is marked as a discontinuity. Nothing for a text that is no live
  /// playlist of ours.
  static std::optional<HlsPlaylist> read(std::string_view text, unsigned length);

  unsigned target() const { return target_; }
  const std::deque<HlsSegment>& segments() const { return segments_; }
  guint64 media_sequence() const { return media_sequence_; }
  bool ended() const { return ended_; }
  /// When the last segment that was ever listed is over; 0 when none was.
  gint64 end() const { return end_; }

  void add(HlsSegment segment);
  /// The one before is over when this starts, and this is listed unless it has no item.
  void add(HlsDateRange range);
  /// Takes all segments out: what is added next is another show at the same address.
  void clear();
  /// For a playlist that was lost: numbers go on from `sequence`, which is not below any used.
  void begin_at(guint64 sequence);
  void finish() { ended_ = true; }

  std::string text() const;

 private:
  void drop_first();
  void drop_past_ranges();
  void write_ranges(std::string& out, size_t& next, gint64 before) const;
  void parse_line(std::string_view line, HlsSegment& segment);

  unsigned target_;
  unsigned length_;
  guint64 media_sequence_ = 0;
  guint64 discontinuity_sequence_ = 0;
  gint64 end_ = 0;
  bool ended_ = false;
  bool resumed_ = false; ///< what is added next does not go on from what is there
  std::deque<HlsSegment> segments_;
  std::deque<HlsDateRange> ranges_; ///< by start
};

/// "2026-11-29T21:04:05.120Z"
std::string utc_text(gint64 microseconds);

} // namespace aigc
