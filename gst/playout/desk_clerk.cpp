// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: what is told of the channel, on the bus, upstream and in the as-run log.
#include "playout/desk.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr std::chrono::seconds kRound{1};
constexpr gint64 kLevelEvery = 10 * G_USEC_PER_SEC;
constexpr unsigned kMostClosers = 8;
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
    if (last) return;
    const gint64 now = g_get_monotonic_time();
    if (now >= next_round || !notes.empty()) look_at_supply(now >= next_round);
    if (now >= next_round) relieve_closers();
    if (now >= next_round) next_round = now + G_USEC_PER_SEC;
  }
}

void Desk::tell(Note note) {
  if (note.as_run && as_run_) {
    try {
      as_run_->add(*note.as_run);
    } catch (...) {
      host_.warn(caught_error(), {});
    }
  }
  if (note.warning) host_.warn(*note.warning, note.uri);
  if (note.message) host_.post(std::move(note.message));
  if (note.upstream) host_.send_upstream(std::move(note.upstream));
}

/// Where all closers hang, one more goes on.
void Desk::relieve_closers() {
  {
    auto board = board_.lock();
    if (board->closing.empty() || board->closers_busy < board->closers) return;
    if (board->closers >= kMostClosers) return;
    ++board->closers;
  }
  spawn("air-close", &Desk::run_closer);
}

/// What is missing to the high mark, counting what came in and is not ready yet.
double Desk::wanted_seconds(Board& board, const WaterMarks& marks) {
  double has = static_cast<double>(board.ready_air()) / GST_SECOND;
  for (const auto& entry : board.rundown.entries()) {
    if (entry->is_ready()) continue;
    const double asked = entry->item->shot.duration;
    has += asked > 0                      ? asked
           : board.facts.clip_seconds > 0 ? board.facts.clip_seconds
                                          : kDefaultShotSeconds;
  }
  return std::max(0.0, static_cast<double>(marks.high) / GST_SECOND - has);
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
    const GstClockTime ready = board->ready_air();
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
