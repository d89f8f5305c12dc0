// SPDX-License-Identifier: LGPL-2.1-or-later
// The back room of a live channel: threads of its own look at what comes in, ask the application,
// open what is next, close what was played, and tell what happened, so that no streaming thread
// ever waits for any of it.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "playout/board.h"
#include "playout/inspected.h"

#include <chrono>
#include <functional>
#include <memory>

namespace aigc {

/// The element, as far as the desk needs it. Called without locks held, on threads of the desk.
struct DeskHost {
  std::function<void(Own<GstStructure>)> post;
  std::function<void(const Error&, const std::string& uri)> warn;
  /// Whether somebody took it.
  std::function<bool(Ref<GstEvent>)> send_upstream;
  std::function<SupplyFacts()> ask_supply;
  /// What was due by now and is not pushed yet.
  std::function<GstClockTime()> behind;
  /// Whether the application lets the clip go on air; may take for ever. Empty = nobody is asked.
  std::function<std::function<bool(const GstStructure*)>()> judge;
};

class Desk : public std::enable_shared_from_this<Desk> {
 public:
  static std::shared_ptr<Desk> start(DeskHost host, DeskSettings settings);

  // For upstream.
  /// Says upstream how much is wanted; to be called before anything comes in.
  void greet();
  /// Waits for room, then takes the item in.
  GstFlowReturn add(PlayoutItem item);
  /// What was not on air yet goes, and add() returns, until the next unflush().
  void flush();
  void unflush();

  // For the two sides.
  /// Downstream of `side` knows the format: its clips may be opened.
  void begin(Side side, bool any_stride);
  Slot slot(Side side, guint64 number, gint64 utc);
  std::unique_ptr<ClipReader> take_reader(Side side, Span& span);
  void give_back(std::unique_ptr<ClipReader> reader);
  void settle(const Span& span);
  void fence(Side side, Span& span, guint64 number, const Error& error);
  void hold_picture(Span& span);
  /// That side plays no more.
  void leave(Side side);

  // For the operator.
  void skip();
  void hold(bool on);
  bool move(const std::string& id, size_t position);
  /// What waits goes; what was on air, or is, does not come again.
  bool remove(const std::string& id, const std::string& reason);
  Own<GstStructure> list();
  Own<GstStructure> stats();
  /// The user wants the end: both sides end at the same slot.
  void finish();

  /// Wakes everyone; from now on all calls return at once.
  void stop();
  /// Waits at most `limit` for the threads; what hangs is left to end alone.
  void join(std::chrono::milliseconds limit);

  const DeskSettings& settings() const { return settings_; }

 private:
  struct Opening;

  Desk(DeskHost host, DeskSettings settings);
  /// Throws Error where the system has none.
  static void start_thread(std::function<void()> work);
  struct Trade;
  static const Trade kCheckers, kStarters, kClosers;
  void spawn(const char* name, void (Desk::*work)());
  void keep_at(void (Desk::*work)());
  void enlist(const Trade& trade);
  void relieve(const Trade& trade);
  void relieve();

  // desk_check.cpp
  void run_checker();
  struct CheckJob;
  bool next_check(CheckJob& job);
  bool choose_check(Board& board, CheckJob& job);
  void check(const std::shared_ptr<PlayoutItem>& item);
  void check_filler(const std::shared_ptr<PlayoutItem>& item);
  void read_fillers();
  void leave_hung_fillers(Board& board) const;
  Inspection inspect(const std::string& uri);
  void ask(const PlayoutItem& item, const Inspection& inspection);
  void fail(const std::string& id, const Error& error);

  // desk_open.cpp
  void run_opener();
  void run_starter();
  void run_closer();
  static std::vector<std::shared_ptr<Opening>> jobs_to_open(Board& board);
  static void close_far(Board& board, const std::vector<Entry*>& near);
  Readers start_reading(const Opening& job);
  bool has_started(Opening& job);
  bool poll(Opening& job);
  void opened(Opening& job);
  void open_failed(Opening& job, const Error& error);

  // desk_clerk.cpp
  void run_herald();
  void run_clerk();
  void run_log();
  void file(Record record);
  void look_at_supply(bool periodic);
  struct Level {
    GstClockTime ready, runs_out, behind;
    double supply;
    WaterMarks marks;
    bool alarm;
  };
  Level level_of(const Board& board, GstClockTime behind) const;
  static void put_level(const Level& level, GstStructure* structure);
  void tell_level(Board& board, GstClockTime behind, bool periodic);

  DeskHost host_;
  const DeskSettings settings_;
  Cancel cancel_;
  Guarded<Board> board_;
  bool flushing_ = false;                         ///< under the lock of board_
  std::deque<std::shared_ptr<Opening>> to_start_; ///< under the lock of board_
  struct Turn {
    bool taken = false;
    guint64 number = 0; ///< of those who had it
  };
  Guarded<Turn> inspecting_;
  Inspected inspected_;
  const std::shared_ptr<Guarded<unsigned>> hung_judges_;

  /// For the log, which may be on a disk that hangs.
  struct AsRun {
    std::deque<AsRunEntry> entries;
    bool ended = false;
  };
  Guarded<AsRun> as_run_;

  // The clerk's own.
  double last_demand_ = -1;
  unsigned knocks_ = 0;
  gint64 last_level_ = 0;
  std::optional<std::pair<size_t, bool>> level_; ///< items and alarm told last
};

} // namespace aigc
