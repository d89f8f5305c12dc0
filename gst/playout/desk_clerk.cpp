// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: what is told of the channel, on the bus, upstream and in the as-run log.
#include "playout/desk.h"
#include "playout/wall_clock.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr std::chrono::seconds kRound{1};
constexpr gint64 kLevelEvery = 10 * G_USEC_PER_SEC;
constexpr double kNoticeable = 0.5; ///< seconds of demand

} // namespace

void Desk::run_clerk() {
  gint64 next_round = 0;
  for (;;) {
    std::deque<Note> notes;
    bool last;
    {
      auto board = board_.lock();
      board.wait_for(kRound, [](const Board& b) { return b.stopped || !b.notes.empty(); });
      notes.swap(board->notes);
      last = board->stopped;
    }
    for (auto& note : notes)
      tell(std::move(note));
    if (last) break;
    const gint64 now = g_get_monotonic_time();
    if (now >= next_round || !notes.empty()) look_at_supply(now >= next_round);
    if (now >= next_round) relieve();
    if (now >= next_round) next_round = now + G_USEC_PER_SEC;
  }
  as_run_.lock()->ended = true;
  as_run_.notify();
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

void Desk::tell(Note note) {
  if (note.as_run && !settings_.as_run.empty()) {
    {
      auto as_run = as_run_.lock();
      as_run->entries.push_back(std::move(*note.as_run));
      if (as_run->entries.size() > AsRunLog::kMaxKept) as_run->entries.pop_front();
    }
    as_run_.notify();
  }
  if (note.warning) host_.warn(*note.warning, note.uri);
  if (note.message) host_.post(std::move(note.message));
  if (note.upstream) host_.send_upstream(std::move(note.upstream));
}

/// What is missing to the high mark, counting what came in and is not ready yet.
double Desk::wanted_seconds(Board& board, const WaterMarks& marks) {
  const double usual =
      board.facts.clip_seconds > 0 ? board.facts.clip_seconds : kDefaultShotSeconds;
  const GstClockTime has = board.air_ahead(utc_now(), [&](const Entry& entry) {
    if (entry.is_ready()) return board.grid().time_of(entry.frames);
    const double asked = entry.item->shot.duration;
    return static_cast<GstClockTime>((asked > 0 ? asked : usual) * GST_SECOND);
  });
  return marks.high > has ? static_cast<double>(marks.high - has) / GST_SECOND : 0;
}

void Desk::look_at_supply(bool periodic) {
  std::optional<SupplyFacts> facts;
  if (periodic) facts = host_.ask_supply();
  double demand;
  Own<GstStructure> level;
  {
    auto board = board_.lock();
    if (facts) board->facts = *facts;
    const WaterMarks marks = board->marks();
    demand = wanted_seconds(*board, marks);
    const GstClockTime ready = board->ready_air(utc_now());
    const double supply = supply_ratio(board->facts);
    const GstClockTime runs_out = runs_out_in(ready, supply);
    const bool alarm = runs_out < marks.low;
    const std::pair now(board->rundown.ready_items(), alarm);
    const bool due = g_get_monotonic_time() - last_level_ >= kLevelEvery;
    if (level_ != now || (periodic && due)) {
      level_ = now;
      last_level_ = g_get_monotonic_time();
      level.reset(gst_structure_new(
          "clipplayout/level", "ready", G_TYPE_UINT64, ready, "items", G_TYPE_UINT,
          static_cast<guint>(now.first), "supply", G_TYPE_DOUBLE, supply, "low", G_TYPE_UINT64,
          marks.low, "high", G_TYPE_UINT64, marks.high, "runs-out", G_TYPE_UINT64, runs_out,
          "alarm", G_TYPE_BOOLEAN, static_cast<gboolean>(alarm), nullptr));
    }
  }
  if (level) host_.post(std::move(level));
  if (!periodic && std::abs(demand - last_demand_) < kNoticeable) return;
  last_demand_ = demand;
  host_.send_upstream(demand_event(demand));
}

} // namespace aigc
