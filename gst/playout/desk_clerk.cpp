// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: what is told of the channel, on the bus, upstream and in the as-run log.
#include "playout/desk.h"
#include "playout/wall_clock.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr std::chrono::milliseconds kRound{1000};
/// Until upstream, which starts later, hears what is wanted.
constexpr std::chrono::milliseconds kKnock{20};
constexpr unsigned kMostKnocks = 100;
constexpr gint64 kLevelEvery = 10 * G_USEC_PER_SEC;
constexpr GstClockTime kLate = GST_SECOND; ///< what is further behind rings
constexpr double kNoticeable = 0.5;        ///< seconds of demand

} // namespace

/// Messages go out on a thread of their own: their handlers may take any time.
void Desk::run_herald() {
  for (;;) {
    std::deque<Note> notes;
    {
      auto board = board_.lock();
      board.wait([](const Board& b) { return b.filed || !b.notes.empty(); });
      if (board->notes.empty()) return;
      notes.swap(board->notes);
    }
    for (auto& note : notes) {
      if (note.warning) host_.warn(*note.warning, note.uri);
      if (note.message) host_.post(std::move(note.message));
    }
  }
}

void Desk::run_log() {
  AsRunLog log(settings_.as_run, settings_.rules.grid);
  for (;;) {
    AsRunEntry entry;
    {
      auto as_run = as_run_.lock();
      as_run.wait([](const AsRun& queue) { return queue.ended || !queue.entries.empty(); });
      if (as_run->entries.empty()) return;
      entry = std::move(as_run->entries.front());
      as_run->entries.pop_front();
    }
    try {
      log.add(entry);
    } catch (...) {
      board_.lock()->warn(caught_error(), {});
      board_.notify();
    }
  }
}

void Desk::run_clerk() {
  gint64 next_round = 0;
  for (;;) {
    std::deque<Record> records;
    bool last, news;
    {
      auto board = board_.lock();
      const bool knocks = !board->on_demand && knocks_ < kMostKnocks;
      board.wait_for(knocks ? kKnock : kRound, [](const Board& b) { return b.stopped || b.news; });
      records.swap(board->records);
      news = std::exchange(board->news, false);
      last = board->stopped;
    }
    for (auto& record : records)
      file(std::move(record));
    if (last) break;
    const gint64 now = g_get_monotonic_time();
    const bool round = now >= next_round;
    if (round || news) look_at_supply(round);
    if (!round) continue;
    relieve();
    const bool knocks = !board_.lock()->on_demand && ++knocks_ < kMostKnocks;
    next_round = now + std::chrono::microseconds(knocks ? kKnock : kRound).count();
  }
  as_run_.lock()->ended = true;
  as_run_.notify();
  board_.lock()->filed = true;
  board_.notify();
}

void Desk::file(Record record) {
  if (record.as_run && !settings_.as_run.empty()) {
    {
      auto as_run = as_run_.lock();
      as_run->entries.push_back(std::move(*record.as_run));
      if (as_run->entries.size() > AsRunLog::kMaxKept) as_run->entries.pop_front();
    }
    as_run_.notify();
  }
  if (record.upstream) host_.send_upstream(std::move(record.upstream));
}

void Desk::look_at_supply(bool periodic) {
  std::optional<SupplyFacts> facts;
  if (periodic) facts = host_.ask_supply();
  const GstClockTime behind = host_.behind();
  double demand;
  {
    auto board = board_.lock();
    if (facts) board->facts = *facts;
    demand = board->wanted_seconds();
    tell_level(*board, behind, periodic);
  }
  board_.notify(); // there may be room by now, and there is something to say
  if (!periodic && std::abs(demand - last_demand_) < kNoticeable) return;
  last_demand_ = demand;
  if (!host_.send_upstream(demand_event(demand))) return;
  board_.lock()->on_demand = true;
  board_.notify();
}

Desk::Level Desk::level_of(const Board& board, GstClockTime behind) const {
  Level level{};
  level.ready = board.ready_air(utc_now());
  level.supply = supply_ratio(board.facts);
  level.runs_out = runs_out_in(level.ready, level.supply);
  level.marks = board.marks();
  level.behind = behind;
  level.alarm = level.runs_out < level.marks.low || behind > kLate;
  return level;
}

void Desk::put_level(const Level& level, GstStructure* structure) {
  gst_structure_set(structure, "ready", G_TYPE_UINT64, level.ready, "supply", G_TYPE_DOUBLE,
                    level.supply, "low", G_TYPE_UINT64, level.marks.low, "high", G_TYPE_UINT64,
                    level.marks.high, "runs-out", G_TYPE_UINT64, level.runs_out, "behind",
                    G_TYPE_UINT64, level.behind, "alarm", G_TYPE_BOOLEAN,
                    static_cast<gboolean>(level.alarm), nullptr);
}

void Desk::tell_level(Board& board, GstClockTime behind, bool periodic) {
  const Level level = level_of(board, behind);
  const std::pair now(board.rundown.ready_items(), level.alarm);
  const bool due = g_get_monotonic_time() - last_level_ >= kLevelEvery;
  if (level_ == now && !(periodic && due)) return;
  level_ = now;
  last_level_ = g_get_monotonic_time();
  Note note;
  note.message.reset(gst_structure_new("clipplayout/level", "items", G_TYPE_UINT,
                                       static_cast<guint>(now.first), nullptr));
  put_level(level, note.message.get());
  const bool news = board.news;
  board.tell(std::move(note));
  board.news = news; // this is none for the clerk itself
}

} // namespace aigc
