// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: what upstream, the two sides and the operator call.
#include "playout/desk.h"

#include "playout/wall_clock.h"

#include <system_error>
#include <thread>

namespace aigc {

/// What a crew does.
struct Desk::Trade {
  const char* name;
  const char* action; ///< in words
  Crew Board::*crew;
  void (Desk::*work)();
  unsigned most;  ///< threads
  int limits = 1; ///< so many times the usual limit is no sign that something hangs
};
/// A long clip is looked at for 20 s.
const Desk::Trade Desk::kCheckers{"air-check",        "looked at", &Board::checkers,
                                  &Desk::run_checker, 8,           5};
const Desk::Trade Desk::kStarters{"air-open", "opened", &Board::starters, &Desk::run_starter, 8};
/// Every decoder that hangs keeps one for good, and all clips that follow need one.
const Desk::Trade Desk::kClosers{"air-close", "closed", &Board::closers, &Desk::run_closer, 64};

std::shared_ptr<Desk> Desk::start(DeskHost host, DeskSettings settings) {
  std::shared_ptr<Desk> desk(new Desk(std::move(host), std::move(settings)));
  try {
    desk->spawn("air-herald", &Desk::run_herald);
    desk->spawn("air-clerk", &Desk::run_clerk);
    if (!desk->settings_.as_run.empty()) desk->spawn("air-log", &Desk::run_log);
    desk->spawn("air-next", &Desk::run_opener);
    for (const Trade* trade : {&kStarters, &kClosers, &kCheckers, &kCheckers})
      desk->enlist(*trade);
  } catch (...) {
    desk->stop();
    desk->board_.lock()->draining = true;
    desk->board_.notify();
    throw;
  }
  return desk;
}

Desk::Desk(DeskHost host, DeskSettings settings)
    : host_(std::move(host)), settings_(std::move(settings)), board_(std::in_place, settings_),
      hung_judges_(std::make_shared<Guarded<unsigned>>()) {
  auto board = board_.lock();
  board->wanted = {static_cast<bool>(settings_.video), static_cast<bool>(settings_.audio)};
  for (const Side side : kSides)
    if (!board->wanted[static_cast<size_t>(side)]) board->timeline.leave(side);
}

void Desk::start_thread(std::function<void()> work) {
  try {
    std::thread(std::move(work)).detach();
  } catch (const std::system_error& error) {
    throw Error(Fault::read, std::string("no thread can be started: ") + error.what(),
                "raise the limit of threads, or stop other programs");
  }
}

/// Threads hold the desk, so that one which hangs ends alone and safely.
void Desk::spawn(const char* name, void (Desk::*work)()) {
  ++board_.lock()->threads;
  try {
    start_thread([self = shared_from_this(), name, work]() mutable {
      pthread_setname_np(pthread_self(), name);
      self->keep_at(work);
      --self->board_.lock()->threads;
      self->board_.notify();
    });
  } catch (...) {
    --board_.lock()->threads;
    throw;
  }
}

/// A channel does not stop because of what nobody thought of.
void Desk::keep_at(void (Desk::*work)()) {
  do {
    try {
      ((*this).*work)();
      return;
    } catch (...) {
      board_.lock()->warn(caught_error(), {});
    }
    board_.notify();
  } while (!cancel_.sleep(std::chrono::seconds(1)));
}

void Desk::enlist(const Trade& trade) {
  ++((*board_.lock()).*trade.crew).size;
  try {
    spawn(trade.name, trade.work);
  } catch (...) {
    --((*board_.lock()).*trade.crew).size;
    throw;
  }
}

void Desk::relieve() {
  leave_hung_fillers(*board_.lock());
  for (const Trade* trade : {&kCheckers, &kStarters, &kClosers})
    relieve(*trade);
}

void Desk::relieve(const Trade& trade) {
  {
    auto board = board_.lock();
    Crew& crew = (*board).*trade.crew;
    const bool hangs = crew.hangs(settings_.hangs * trade.limits);
    if (!hangs || crew.size >= trade.most) {
      const bool told = std::exchange(crew.told, hangs);
      if (hangs && !told)
        board->warn({Fault::timeout,
                     std::to_string(crew.size) + " clips hang where they are " + trade.action +
                         ", and no other is until one of them goes on",
                     "look whether their storage still answers, and start the channel again"},
                    {});
      return;
    }
  }
  try {
    enlist(trade);
  } catch (...) {
    host_.warn(caught_error(), {});
  }
}

void Desk::greet() {
  double demand;
  {
    auto board = board_.lock();
    if (board->stopped) return;
    demand = board->wanted_seconds();
  }
  host_.send_upstream(demand_event(demand));
}

GstFlowReturn Desk::add(PlayoutItem item) {
  {
    auto board = board_.lock();
    const bool urgent = item.shot.request > 0 || !item.shot.at.empty();
    board.wait([&](const Board& b) { return b.stopped || flushing_ || b.has_room(urgent); });
    if (board->stopped || flushing_) return GST_FLOW_FLUSHING;
    try {
      board->note_item("queued", *board->rundown.add(item).item);
      ++board->counters.queued;
    } catch (const Error& error) {
      board->refuse(item, error);
    }
  }
  board_.notify();
  return GST_FLOW_OK;
}

void Desk::flush() {
  {
    auto board = board_.lock();
    flushing_ = true;
    for (auto& entry : board->rundown.clear()) {
      ++board->counters.removed;
      board->give_up(std::move(entry), "removed", "flushed");
    }
  }
  board_.notify();
}

void Desk::unflush() {
  auto board = board_.lock();
  flushing_ = false;
}

void Desk::begin(Side side, bool any_stride) {
  {
    auto board = board_.lock();
    board->begun[static_cast<size_t>(side)] = true;
    if (side == Side::video) board->any_stride = any_stride;
  }
  board_.notify();
}

Slot Desk::slot(Side side, guint64 number, gint64 utc) {
  Slot slot;
  bool news;
  {
    auto board = board_.lock();
    if (board->stopped) throw Error(Fault::cancelled, "cancelled");
    slot = board->slot(side, number, utc);
    news = board->news || !board->closing.empty();
  }
  if (news) board_.notify();
  return slot;
}

std::unique_ptr<ClipReader> Desk::take_reader(Side side, Span& span) {
  return board_.lock()->timeline.take_reader(side, span);
}

void Desk::give_back(std::unique_ptr<ClipReader> reader) {
  if (!reader) return;
  board_.lock()->closing.push_back(std::move(reader));
  board_.notify();
}

void Desk::settle(const Span& span) {
  board_.lock()->settle(span);
  board_.notify();
}

void Desk::fence(Side side, Span& span, guint64 number, const Error& error) {
  board_.lock()->fence(side, span, number, error);
  board_.notify();
}

void Desk::hold_picture(Span& span) {
  board_.lock()->timeline.hold_picture(span);
}

void Desk::leave(Side side) {
  auto board = board_.lock();
  board->timeline.leave(side);
  board->wanted[static_cast<size_t>(side)] = false;
}

void Desk::skip() {
  board_.lock()->timeline.skip();
}

void Desk::hold(bool on) {
  board_.lock()->timeline.hold(on);
}

bool Desk::move(const std::string& id, size_t position) {
  const bool moved = board_.lock()->rundown.move(id, position);
  board_.notify();
  return moved;
}

bool Desk::remove(const std::string& id, const std::string& reason) {
  {
    auto board = board_.lock();
    if (!board->keep_off(id)) return false;
    if (auto entry = board->rundown.remove(id)) {
      ++board->counters.removed;
      board->give_up(std::move(entry), "removed", reason);
    }
  }
  board_.notify();
  return true;
}

void Desk::finish() {
  {
    auto board = board_.lock();
    board->timeline.finish();
    board->note_changes();
  }
  board_.notify();
}

void Desk::stop() {
  {
    auto board = board_.lock();
    if (board->stopped) return;
    board->timeline.finish();
    board->note_changes();
    board->stopped = true;
    for (auto& entry : board->rundown.clear())
      board->close(std::move(entry->readers));
    while (auto clip = board->take_filler())
      board->close(std::move(clip->readers));
  }
  board_.notify();
  cancel_.cancel();
}

void Desk::join(std::chrono::milliseconds limit) {
  auto board = board_.lock();
  board->draining = true;
  board_.notify();
  board.wait_for(limit, [](const Board& b) { return b.threads == 0; });
}

// ------------------------------------------------------------------------------- what it tells

static Own<GstStructure> listed(const PlayoutItem& item, const char* state, GstClockTime duration) {
  return Own<GstStructure>(
      gst_structure_new("item", "id", G_TYPE_STRING, item.id.c_str(), "uri", G_TYPE_STRING,
                        item.uri.c_str(), "state", G_TYPE_STRING, state, "duration", G_TYPE_UINT64,
                        duration, "tier", G_TYPE_STRING, tier_name(item.tier), "at", G_TYPE_STRING,
                        item.shot.at.c_str(), "request", G_TYPE_INT64, item.shot.request, nullptr));
}

static void append(GValue* array, Own<GstStructure> structure) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value, structure.release());
  gst_value_array_append_and_take_value(array, &value);
}

Own<GstStructure> Desk::list() {
  static constexpr const char* kStates[] = {"queued", "checking", "ready", "ready", "open"};
  GValue items = G_VALUE_INIT;
  g_value_init(&items, GST_TYPE_ARRAY);
  {
    auto board = board_.lock();
    const Span* now = board->timeline.on_air();
    if (now && now->item && !now->state.over)
      append(&items, listed(*now->item, "on-air", board->grid().time_of(now->planned)));
    for (const auto& entry : board->rundown.entries())
      append(&items, listed(*entry->item, kStates[static_cast<size_t>(entry->progress)],
                            board->grid().time_of(entry->frames)));
  }
  Own<GstStructure> list(gst_structure_new_empty("clipplayout/list"));
  gst_structure_take_value(list.get(), "items", &items);
  return list;
}

Own<GstStructure> Desk::stats() {
  const GstClockTime behind = host_.behind();
  auto board = board_.lock();
  const auto& counters = board->counters;
  const Span* now = board->timeline.on_air();
  const guint64 held = counters.held + (now && !now->state.over ? now->state.held : 0);
  Own<GstStructure> stats(gst_structure_new(
      "application/x-aigc-playout-stats", "items", G_TYPE_UINT,
      static_cast<guint>(board->rundown.ready_items()), "waiting", G_TYPE_UINT,
      static_cast<guint>(board->rundown.entries().size()), "open", G_TYPE_UINT,
      static_cast<guint>(board->rundown.open_items()), "standby", G_TYPE_UINT,
      static_cast<guint>(board->reair.open.has_value()) + board->filler.open.has_value(), "on-air",
      G_TYPE_STRING, now && now->item ? now->item->id.c_str() : "", "tier", G_TYPE_STRING,
      now ? tier_name(now->tier) : "", "frame", G_TYPE_UINT64, board->timeline.end(), "on-hold",
      G_TYPE_BOOLEAN, static_cast<gboolean>(board->timeline.holds()), nullptr));
  put_level(level_of(*board, behind), stats.get());
  const auto put = [&](const std::string& name, guint64 count) {
    gst_structure_set(stats.get(), name.c_str(), G_TYPE_UINT64, count, nullptr);
  };
  put("queued", counters.queued);
  put("aired", counters.aired);
  put("failed", counters.failed);
  put("removed", counters.removed);
  put("skipped", counters.skipped);
  put("damaged", counters.damaged);
  put("held", held);
  put("unopened", counters.unopened);
  put("untold", counters.untold);
  for (size_t i = 0; i < counters.slots.size(); ++i)
    put(std::string(tier_name(static_cast<Tier>(i))) + "-frames", counters.slots[i]);
  return stats;
}

} // namespace aigc
