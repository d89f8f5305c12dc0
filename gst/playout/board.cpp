// SPDX-License-Identifier: LGPL-2.1-or-later
// See board.h.
#include "playout/board.h"

#include "playout/inspection.h"
#include "playout/wall_clock.h"
#include "stage/live.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr size_t kMostItems = 256;
/// For a source that does not ask how much is wanted: so many high-water marks.
constexpr double kMostReserve = 2;
constexpr size_t kFewItems = 8; ///< have room however long they are

} // namespace

Own<GstStructure> item_message(const char* event, const PlayoutItem& item) {
  return Own<GstStructure>(gst_structure_new("clipplayout/item", "event", G_TYPE_STRING, event,
                                             "id", G_TYPE_STRING, item.id.c_str(), "uri",
                                             G_TYPE_STRING, item.uri.c_str(), "tier", G_TYPE_STRING,
                                             tier_name(item.tier), nullptr));
}

Board::Board(const DeskSettings& settings)
    : timeline(settings.rules, *this), library(settings.reair, settings.reair_min_gap, 0),
      settings_(settings) {}

Slot Board::slot(Side side, guint64 number, gint64 utc) {
  const guint64 before = timeline.end();
  Slot slot = timeline.slot(side, number, utc);
  const guint64 decided = timeline.end() - before;
  if (decided > 0) {
    const Tier tier = timeline.on_air()->tier;
    counters.slots[static_cast<size_t>(tier)] += decided;
    const bool idle = tier == Tier::repeat || tier == Tier::slate;
    if (idle && !timeline.holds() && !rundown.upcoming(1, utc, 0).empty())
      counters.unopened += decided;
  }
  note_changes();
  return slot;
}

void Board::settle(const Span& span) {
  timeline.settle(span);
  note_changes();
}

void Board::fence(Side side, Span& span, guint64 number, const Error& error) {
  if (!span.state.fault.empty()) return;
  const guint64 before = timeline.end();
  span.state.slow = error.fault == Fault::timeout;
  timeline.fence(side, span, number, error.what());
  // A slot that is free again is counted when it is decided anew.
  counters.slots[static_cast<size_t>(span.tier)] -= before - timeline.end();
  warn(error, span.item->uri);
  note_changes();
}

void Board::note_changes() {
  for (const auto& change : timeline.take_changes()) {
    switch (change.kind) {
    case Timeline::Change::Kind::begins:
      note_ladder(*change.span);
      note_begin(*change.span);
      break;
    case Timeline::Change::Kind::ends:
      note_end(*change.span, change.frames);
      break;
    case Timeline::Change::Kind::fails:
      note_failure(*change.span);
      break;
    }
  }
  for (auto& reader : timeline.take_given_up())
    closing.push_back(std::move(reader));
}

static void put_place(GstStructure* message, const Grid& grid, guint64 frame, gint64 utc) {
  gst_structure_set(message, "frame", G_TYPE_UINT64, frame, "running-time", G_TYPE_UINT64,
                    grid.time_of(frame), "utc", G_TYPE_INT64, utc, nullptr);
}

void Board::note_item(const char* event, const PlayoutItem& item, const std::string& reason,
                      const Inspection* inspection) {
  Note note;
  note.message = item_message(event, item);
  if (!reason.empty())
    gst_structure_set(note.message.get(), "reason", G_TYPE_STRING, reason.c_str(), nullptr);
  if (inspection) put_inspection(*inspection, note.message.get());
  tell(std::move(note));
}

void Board::tell(Note note) {
  news = true;
  notes.push_back(std::move(note));
  if (notes.size() <= kMostNotes) return;
  notes.pop_front();
  ++counters.untold;
}

void Board::file(Record record) {
  news = true;
  records.push_back(std::move(record));
  if (records.size() > kMostNotes) records.pop_front();
}

/// The rung of the ladder changes where a span of another tier begins.
void Board::note_ladder(const Span& span) {
  if (ladder_ == span.tier) return;
  const auto say = [&](const char* event, Tier tier, guint64 first, guint64 frames) {
    Note note;
    note.message.reset(gst_structure_new(
        "clipplayout/filler", "event", G_TYPE_STRING, event, "tier", G_TYPE_STRING, tier_name(tier),
        "frame", G_TYPE_UINT64, first, "frames", G_TYPE_UINT64, frames, nullptr));
    tell(std::move(note));
  };
  if (ladder_) say("leave", *ladder_, ladder_first_, span.first - ladder_first_);
  ladder_.reset();
  if (span.tier == Tier::item) return;
  ladder_ = span.tier;
  ladder_first_ = span.first;
  say("enter", span.tier, span.first, 0);
}

void Board::note_begin(const Span& span) {
  if (!span.item) return;
  Note note;
  note.message = item_message("started", *span.item);
  put_place(note.message.get(), grid(), span.first, span.state.utc);
  gst_structure_set(note.message.get(), "frames", G_TYPE_UINT64, span.planned, nullptr);
  if (span.tier == Tier::item && span.played == 0) {
    ++counters.aired;
    file({aired_event(span.item->id, true), {}});
  }
  tell(std::move(note));
}

/// It was to be on air, and nothing of it was.
void Board::note_failure(const Span& span) {
  note_item("failed", *span.item, span.state.fault);
  forget_broken(span);
  if (span.tier != Tier::item) return;
  ++counters.failed;
  file({aired_event(span.item->id, false), {}});
}

/// A clip that cannot be played; also one whose first part did.
void Board::forget_broken(const Span& span) {
  if (span.state.slow) return;
  if (span.tier == Tier::filler) {
    fillers.forget(span.item->uri);
    return;
  }
  library.forget(span.item->uri);
  drop_reair(span.item->uri);
}

void Board::note_end(const Span& span, guint64 frames) {
  const auto& state = span.state;
  counters.held += state.held;
  Record record;
  AsRunEntry& entry = record.as_run.emplace();
  if (span.item) entry.item = *span.item;
  entry.tier = span.tier;
  entry.first_frame = span.first;
  entry.frames = frames;
  entry.planned = span.planned;
  entry.continued = span.played > 0;
  entry.start_utc = state.utc;
  entry.planned_utc = span.item ? utc_of(span.item->shot.at).value_or(0) : 0;
  entry.reason = state.reason;
  entry.held = state.held;
  entry.fault = state.fault;
  if (span.item) {
    const bool damaged = state.reason == EndReason::damaged;
    const bool skipped = state.reason == EndReason::skipped;
    counters.damaged += damaged;
    counters.skipped += skipped;
    Note note;
    note.message = item_message(skipped ? "skipped" : "ended", *span.item);
    put_place(note.message.get(), grid(), span.first, state.utc);
    gst_structure_set(note.message.get(), "frames", G_TYPE_UINT64, frames, "held", G_TYPE_UINT64,
                      state.held, "reason", G_TYPE_STRING,
                      damaged ? state.fault.c_str() : end_reason_name(state.reason), nullptr);
    if (damaged) forget_broken(span);
    if (skipped) {
      library.forget(span.item->uri);
      drop_reair(span.item->uri);
    }
    if (!damaged && !skipped && span.tier != Tier::filler)
      library.aired(*span.item, grid().time_of(span.first + frames));
    tell(std::move(note));
  }
  file(std::move(record));
}

void Board::give_up(std::unique_ptr<Entry> entry, const char* event, const std::string& reason) {
  close(std::move(entry->readers));
  note_item(event, *entry->item, reason);
  file({aired_event(entry->item->id, false), {}});
}

void Board::refuse(const PlayoutItem& item, const Error& error) {
  ++counters.failed;
  note_item("failed", item, error.what());
  warn(error, item.uri);
  // The other item of that id is still to be told of.
  if (!rundown.find(item.id)) file({aired_event(item.id, false), {}});
}

bool Board::keep_off(const std::string& id) {
  std::string uri = library.uri_of(id);
  if (const Entry* waiting = rundown.find(id)) uri = waiting->item->uri;
  for (const Span* span : {timeline.may_return(), timeline.on_air()})
    if (span && span->item && span->item->id == id) uri = span->item->uri;
  if (uri.empty()) return false;
  library.bar(uri);
  drop_reair(uri);
  return true;
}

/// The clip stands by no more.
void Board::drop_reair(const std::string& uri) {
  if (!reair.item || reair.item->uri != uri) return;
  if (reair.open) close(std::move(reair.open->readers));
  reair = {};
}

void Board::close(Readers readers) {
  for (auto& reader : readers)
    if (reader) closing.push_back(std::move(reader));
}

void Board::warn(const Error& error, const std::string& uri) {
  Note note;
  note.warning = error;
  note.uri = uri;
  tell(std::move(note));
}

void Board::warn_of_filler(const Error& error, const std::string& uri) {
  if (error.fault != Fault::cancelled && filler_texts.insert(error.what()).second) warn(error, uri);
}

bool Board::may_open() const {
  return closing.size() < kMostClosing && (wanted[0] || wanted[1]) && (begun[0] || !wanted[0]) &&
         (begun[1] || !wanted[1]);
}

guint64 Board::item_frames(gint64 utc) {
  const Entry* entry = rundown.next(utc);
  return entry ? entry->frames : 0;
}

bool Board::is_punctual(gint64 utc) {
  const Entry* due = rundown.punctual(utc);
  if (!due) return false;
  const Span* now = timeline.on_air();
  if (!now || now->tier != Tier::item || now->item->shot.at.empty()) return true;
  // Of two that are to start at about the same time the second follows the first.
  return due->at - utc_of(now->item->shot.at).value_or(0) >= Rundown::kPunctual;
}

OpenClip Board::take_item(gint64 utc) {
  auto entry = rundown.remove(rundown.next(utc)->item->id);
  return {std::move(entry->item), entry->frames, std::move(entry->readers)};
}

std::optional<OpenClip> Board::take_filler() {
  for (Standby* standby : {&reair, &filler}) {
    if (!standby->open) continue;
    auto clip = std::move(standby->open);
    *standby = {};
    return clip;
  }
  return std::nullopt;
}

/// How long there is something for every slot from `utc` on, as long as `length` says of each.
template <typename Length>
static GstClockTime air_ahead(const Board& board, gint64 utc, Length length) {
  GstClockTime air = board.grid().time_of(board.timeline.left());
  std::vector<std::pair<gint64, GstClockTime>> fixed;
  for (const auto& entry : board.rundown.entries()) {
    if (entry->at == 0)
      air += length(*entry);
    else
      fixed.emplace_back(entry->at, length(*entry));
  }
  std::sort(fixed.begin(), fixed.end());
  for (const auto& [at, adds] : fixed) {
    if (at > utc + static_cast<gint64>(air / GST_USECOND)) break;
    air += adds;
  }
  return air;
}

GstClockTime Board::ready_air(gint64 utc) const {
  return air_ahead(*this, utc, [this](const Entry& entry) {
    return entry.is_ready() ? grid().time_of(entry.frames) : 0;
  });
}

double Board::coming_air() const {
  const double usual = facts.clip_seconds > 0 ? facts.clip_seconds : kDefaultShotSeconds;
  const GstClockTime air = air_ahead(*this, utc_now(), [&](const Entry& entry) {
    if (entry.is_ready()) return grid().time_of(entry.frames);
    const double asked = entry.item->shot.duration;
    return static_cast<GstClockTime>((asked > 0 ? asked : usual) * GST_SECOND);
  });
  return static_cast<double>(air) / GST_SECOND;
}

double Board::wanted_seconds() const {
  if (!wanted[0] && !wanted[1]) return 0; // nobody takes it any more
  return std::max(0.0, static_cast<double>(marks().high) / GST_SECOND - coming_air());
}

bool Board::has_room(bool urgent) const {
  const size_t waiting = rundown.entries().size();
  if (waiting >= kMostItems) return false;
  const double most = kMostReserve * static_cast<double>(marks().high) / GST_SECOND;
  return urgent || on_demand || waiting < kFewItems || coming_air() < most;
}

} // namespace aigc
