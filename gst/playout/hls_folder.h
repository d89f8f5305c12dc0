// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a live HLS stream: segments as they come in, the playlist that lists them, and what
// is deleted again. Trouble with the disk costs segments, never the stream.
#pragma once

#include "base/error.h"
#include "playout/hls_playlist.h"

#include <deque>
#include <optional>
#include <string>

namespace aigc {

/// Who read the playlist just before a segment left it may still take as long as all of the list
/// lasts to fetch it; one more, as a segment may be listed late and the next in time.
constexpr guint least_files(guint playlist_length) {
  return 2 * playlist_length + 2;
}

struct HlsSettings {
  std::string location = "s%05d.ts";
  std::string playlist_location = "playlist.m3u8";
  std::string playlist_root; ///< what stands before the names of segments; empty = as they lie
  guint playlist_length = HlsPlaylist::kMinLength;
  guint max_files = least_files(HlsPlaylist::kMinLength);
  guint target_duration = 6; ///< in seconds
};

/// All times are running times, but where they are called utc: those are microseconds since the
/// epoch. Not thread-safe.
class HlsFolder {
 public:
  /// Touches no disk. Throws Error{Fault::settings}.
  explicit HlsFolder(HlsSettings settings);
  /// What is not finished is deleted.
  ~HlsFolder();
  HlsFolder(const HlsFolder&) = delete;
  HlsFolder& operator=(const HlsFolder&) = delete;

  /// Looks for what an earlier run left, and goes on from it. Throws when another writes it.
  void resume();
  /// Longest duration of a segment, in seconds; after resume().
  unsigned target() const { return playlist_.target(); }

  bool has_clock() const { return utc_of_zero_.has_value(); }
  /// What the running time 0 was by the clock on the wall.
  void set_clock(gint64 utc_of_zero);

  /// Lists what was before, and begins a segment.
  /// @param utc_of_zero as in set_clock(), by what the clock on the wall says now
  void begin(GstClockTime time, bool discontinuity,
             std::optional<gint64> utc_of_zero = std::nullopt);
  void write(const guint8* data, size_t size);
  /// Lists what was before; what follows is missing until a segment begins.
  void end(GstClockTime time);
  /// The segment that is open is lost, and what follows until another begins.
  void lose();
  /// What follows has other times: the segment that is open is lost.
  void interrupt();
  /// Another item is on air; the times of calls rise.
  void item(GstClockTime time, HlsDateRange range);
  /// Nothing comes after `time`, ever.
  void finish(GstClockTime time);

  /// What went wrong since it was asked last; what goes on going wrong is told once.
  std::optional<Error> take_trouble();

 private:
  enum class State { idle, writing, missing };

  std::string path_of(guint64 index) const;
  std::string uri_of(guint64 index) const;
  std::optional<guint64> index_of(const std::string& name) const;
  void lock();
  void scan();
  void begin_anew();
  bool follow_clock(gint64 utc_of_zero);
  void tell_ahead(gint64 late);
  gint64 utc(GstClockTime time) const;
  void discard();
  bool flush();
  bool close_segment();
  void list(GstClockTime until);
  void list_one(GstClockTime start, GstClockTime until, bool gap);
  bool publish();
  void prune();
  void fail(const std::string& path, int error);
  void tell(const Error& error);

  HlsSettings settings_;
  std::string before_, after_; ///< the number in the name of a segment
  int digits_ = 0;
  std::string uri_before_;
  HlsPlaylist playlist_;
  std::deque<std::string> kept_; ///< files, oldest first; empty for a gap
  guint64 next_index_ = 0;
  std::optional<gint64> utc_of_zero_;

  State state_ = State::idle;
  GstClockTime start_ = 0; ///< of what is written, or missing
  bool discontinuity_ = false;
  bool has_listed_ = false; ///< a segment, in this run
  bool was_early_ = false;  ///< one was given up before that
  int lock_ = -1;           ///< a file that is locked as long as this writes
  std::string own_lock_;    ///< whole path of the playlist; empty while it is not locked
  int fd_ = -1;             ///< of the open segment; -1 when its bytes are lost
  std::string pending_;

  std::optional<Error> trouble_;
  bool is_told_ = false;
  bool is_ahead_told_ = false; ///< that the times of the playlist are ahead of the clock
};

} // namespace aigc
