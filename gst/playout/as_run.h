// SPDX-License-Identifier: LGPL-2.1-or-later
// The as-run log: what was on air, exact to the frame.
#pragma once

#include "media/grid.h"
#include "playout/item.h"

#include <optional>
#include <string>

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
  gint64 planned_utc = 0;  ///< of an item with a fixed time, else 0
  EndReason reason = EndReason::played;
  guint64 held = 0;  ///< frames of it that repeat the one before, as the clip gave none in time
  std::string fault; ///< what was wrong, for damaged
};

/// Writes whole lines, each flushed, so that a crash costs at most the entry on air. Not
/// thread-safe.
class AsRunLog {
 public:
  /// `path` ends in .jsonl or .csv; with any other ending both are written, with these endings
  /// behind it. Goes on with files that are there. Nothing is opened before the first entry.
  AsRunLog(std::string path, Grid grid);

  /// Throws Error{Fault::write}, at most once for each trouble: an entry that could not be written
  /// is kept and written with the next, up to 1000 of them.
  void add(const AsRunEntry& entry);

 private:
  std::string path_;
  Grid grid_;
};

} // namespace aigc
