// SPDX-License-Identifier: LGPL-2.1-or-later
// All that the threads of a channel share: what is to come, what is on air, what stands by, and
// what is still to be told.
#pragma once

#include "playout/fillers.h"
#include "playout/library.h"
#include "playout/rundown.h"
#include "playout/supply.h"
#include "playout/timeline.h"

#include <chrono>
#include <set>

namespace aigc {

struct DeskSettings {
  Ref<GstCaps> video;
  Ref<GstCaps> audio;
  Timeline::Rules rules;
  GstClockTime low = GST_CLOCK_TIME_NONE;
  GstClockTime high = GST_CLOCK_TIME_NONE;
  Reair reair = Reair::none;
  GstClockTime reair_min_gap = 0;
  std::string filler;
  std::string as_run;
  bool allow_preview = false;
  std::chrono::milliseconds veto_timeout{5000};
  std::chrono::milliseconds hangs{5000};           ///< how long storage may take to answer
  std::chrono::milliseconds fillers_again{60'000}; ///< till they are read again, if there is none
};

struct Inspection;

/// Something the bus hears in its turn and off the streaming threads.
struct Note {
  Own<GstStructure> message;
  std::optional<Error> warning;
  std::string uri; ///< the warning is about
};

/// What upstream and the as-run log are to know, whether or not anybody takes messages.
struct Record {
  Ref<GstEvent> upstream;
  std::optional<AsRunEntry> as_run;
};

/// A clip that is kept open for the time nothing else is ready.
struct Standby {
  std::shared_ptr<PlayoutItem> item; ///< to be opened, or open; null = none
  bool checking = false;
  gint64 since = 0; ///< monotonic time at which that began
  bool opening = false;
  std::optional<OpenClip> open;
};

/// Threads of one kind. Where all of them hang, as on storage that does not answer, one more goes
/// on.
struct Crew {
  unsigned size = 0;
  unsigned busy = 0;
  bool told = false; ///< that it hangs, and nobody else comes
  gint64 moved = 0;  ///< monotonic time at which one of them began or ended something

  void begin() { ++busy, moved = g_get_monotonic_time(); }
  void end() { --busy, moved = g_get_monotonic_time(); }
  bool hangs(std::chrono::microseconds limit) const {
    return busy >= size && g_get_monotonic_time() - moved >= limit.count();
  }
};

class Board final : public Offers {
 public:
  /// Waiting; so many are kept for whoever is held up, then the oldest go.
  static constexpr size_t kMostNotes = 5000;
  /// With so many that wait to be closed, which is when all who close them hang, none is opened.
  static constexpr size_t kMostClosing = 32;

  explicit Board(const DeskSettings& settings);

  Rundown rundown;
  Timeline timeline;
  Library library;
  Fillers fillers;
  Standby reair;
  Standby filler;
  std::deque<Note> notes;
  std::deque<Record> records;
  std::vector<std::unique_ptr<ClipReader>> closing;

  bool stopped = false;   ///< everyone comes to an end
  bool draining = false;  ///< nobody brings readers to close any more
  bool filed = false;     ///< the last of the records is
  bool news = false;      ///< something changed since the supply was looked at
  bool on_demand = false; ///< upstream took a demand
  unsigned threads = 0;   ///< of the desk that run
  Crew checkers, starters, closers;
  bool reading_fillers = false;
  std::set<std::string> hung_fillers; ///< URIs: whoever looked at them has not come back
  gint64 fillers_due = 0;             ///< monotonic time at which they are read, if there is none
  std::set<std::string> filler_texts; ///< what was said of fillers since the last good one
  bool any_stride = false;
  std::array<bool, 2> wanted{}; ///< by Side: somebody takes it
  std::array<bool, 2> begun{};  ///< by Side: downstream knows the format

  struct Counters {
    guint64 queued = 0, aired = 0, failed = 0, removed = 0, skipped = 0, held = 0, damaged = 0;
    guint64 untold = 0;   ///< messages that nobody took in time
    guint64 unopened = 0; ///< slots of filler while an item was ready, and its file not yet open
    std::array<guint64, 5> slots{}; ///< by Tier
  } counters;
  SupplyFacts facts;

  Slot slot(Side side, guint64 number, gint64 utc);
  /// As in Timeline.
  void settle(const Span& span);
  void fence(Side side, Span& span, guint64 number, const Error& error);
  void tell(Note note);
  void file(Record record);
  /// Turns what the timeline did into notes and records.
  void note_changes();
  void note_item(const char* event, const PlayoutItem& item, const std::string& reason = {},
                 const Inspection* inspection = nullptr);
  /// An item that will never be on air.
  void give_up(std::unique_ptr<Entry> entry, const char* event, const std::string& reason);
  /// An item that cannot come in.
  void refuse(const PlayoutItem& item, const Error& error);
  /// The clip of the item of that id is not aired again, whichever item brought it first. Other
  /// items with the same clip that wait, as in a list that loops, were ordered and go on air: each
  /// is removed by its own id. False when there is none that could be on air again.
  bool keep_off(const std::string& id);
  void close(Readers readers);
  void warn(const Error& error, const std::string& uri);
  /// Fillers are tried again and again; what is wrong with them is told once.
  void warn_of_filler(const Error& error, const std::string& uri);
  /// Whether all that is needed to open a clip is known, and those before it are closed.
  bool may_open() const;

  // Offers
  guint64 item_frames(gint64 utc) override;
  bool is_punctual(gint64 utc) override;
  OpenClip take_item(gint64 utc) override;
  std::optional<OpenClip> take_filler() override;

  /// How long there is an item for every slot from `utc` on: one with a fixed time counts where the
  /// others reach up to it.
  GstClockTime ready_air(gint64 utc) const;
  /// Seconds of air that are there, those that are not looked at yet included.
  double coming_air() const;
  /// Seconds of air that are missing to the high mark.
  double wanted_seconds() const;
  /// Whether one more may come in; an `urgent` one has a fixed time, or an operator asked for it.
  /// What was ordered comes in also where less is wanted by now: requests would wait behind it.
  bool has_room(bool urgent) const;
  WaterMarks marks() const { return water_marks(facts, settings_.low, settings_.high); }
  const Grid& grid() const { return settings_.rules.grid; }

 private:
  void note_begin(const Span& span);
  void note_failure(const Span& span);
  void forget_broken(const Span& span);
  void note_end(const Span& span, guint64 frames);
  void note_ladder(const Span& span);
  void drop_reair(const std::string& uri);

  const DeskSettings& settings_;
  std::optional<Tier> ladder_; ///< rung on air
  guint64 ladder_first_ = 0;   ///< its first slot
};

/// Fields `id`, `uri`, `tier` of an item message.
Own<GstStructure> item_message(const char* event, const PlayoutItem& item);

} // namespace aigc
