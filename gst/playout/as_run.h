// SPDX-License-Identifier: LGPL-2.1-or-later
// The as-run log: what was on air, exact to the frame.
#pragma once

#include "media/grid.h"
#include "playout/item.h"

#include <deque>
#include <string>
#include <vector>

namespace aigc {

/// Why an item left the air.
enum class EndReason { played, skipped, cut, damaged, stopped };

/// "played", "skipped", "cut" (by an item with a fixed time, or a return policy), "damaged",
/// "stopped" (the channel).
const char* end_reason_name(EndReason reason);

struct AsRunEntry {
  PlayoutItem item; ///< with id "" for repeat and slate
  Tier tier = Tier::item;
  guint64 first_frame = 0; ///< on the channel's grid
  guint64 frames = 0;      ///< that were shown
  guint64 planned = 0;     ///< frames of the whole item; 0 for repeat and slate
  gint64 start_utc = 0;    ///< microseconds since the epoch at which first_frame was due
  bool continued = false;  ///< the rest of an item that has an entry already
  gint64 planned_utc = 0;  ///< of an item with a fixed time, else 0
  EndReason reason = EndReason::played;
  guint64 held = 0;  ///< frames of it that repeat the one before, as the clip gave none in time
  std::string fault; ///< what was wrong, for damaged
};

/// The moment of a frame on the channel, HH:MM:SS:FF from 0 at its start, over again after 24 h;
/// for 30000/1001 and 60000/1001 frames a second HH:MM:SS;FF, which drops numbers to follow the
/// clock.
std::string timecode(guint64 frame, Grid grid);

/// Writes whole lines, so that a crash costs at most the entry on air. The file is opened anew for
/// each, so that it may be moved away or deleted at any time. Not thread-safe.
class AsRunLog {
 public:
  static constexpr size_t kMaxKept = 1000; ///< entries; then the oldest are lost

  /// `path` ends in .jsonl or .csv; with any other ending both are written, with these endings
  /// behind it. Goes on with files that are there. Nothing is opened before the first entry.
  AsRunLog(const std::string& path, Grid grid);

  /// Throws Error{Fault::write}, at most once for each trouble: an entry that could not be written
  /// is kept and written with the next, up to kMaxKept of them.
  void add(const AsRunEntry& entry);

 private:
  struct File {
    std::string path;
    bool csv;
    std::deque<std::string> kept; ///< lines not written yet
    bool troubled = false;        ///< that was said
  };
  static void write(File& file);

  std::vector<File> files_;
  Grid grid_;
};

} // namespace aigc
