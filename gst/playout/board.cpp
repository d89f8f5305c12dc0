// SPDX-License-Identifier: LGPL-2.1-or-later
// See board.h.
#include "playout/board.h"

#include "playout/inspection.h"
#include "playout/wall_clock.h"
#include "stage/live.h"

#include <algorithm>

namespace aigc {

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

void Board::fence(Side side, Span& span, guint64 number, const Error& error) {
  if (!span.state.fault.empty()) return;
  const guint64 before = timeline.end();
  timeline.fence(side, span, number, error.what());
  // A slot that is free again is counted when it is decided anew.
  counters.slots[static_cast<size_t>(span.tier)] -= before - timeline.end();
  warn(error, span.item->uri);
  note_changes();
}

void Board::note_changes() {
  for (const auto& change : timeline.take_changes()) {
    note_ladder(*change.span);
    if (change.begins)
      note_begin(*change.span);
    else
      note_end(*change.span, change.frames);
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
  notes.push_back(std::move(note));
}

/// The rung of the ladder changes where a span of another tier begins.
void Board::note_ladder(const Span& span) {
  if (span.state.over || ladder_ == span.tier) return;
  const auto tell = [&](const char* event, Tier tier, guint64 first, guint64 frames) {
    Note note;
    note.message.reset(gst_structure_new(
        "clipplayout/filler", "event", G_TYPE_STRING, event, "tier", G_TYPE_STRING, tier_name(tier),
        "frame", G_TYPE_UINT64, first, "frames", G_TYPE_UINT64, frames, nullptr));
    notes.push_back(std::move(note));
  };
  if (ladder_) tell("leave", *ladder_, ladder_first_, span.first - ladder_first_);
  ladder_.reset();
  if (span.tier == Tier::item) return;
  ladder_ = span.tier;
  ladder_first_ = span.first;
  tell("enter", span.tier, span.first, 0);
}

void Board::note_begin(const Span& span) {
  if (!span.item) return;
  Note note;
  note.message = item_message("started", *span.item);
  put_place(note.message.get(), grid(), span.first, span.state.utc);
  gst_structure_set(note.message.get(), "frames", G_TYPE_UINT64, span.planned, nullptr);
  if (span.tier == Tier::item) {
    ++counters.aired;
    note.upstream = aired_event(span.item->id, true);
  }
  notes.push_back(std::move(note));
}

void Board::note_end(const Span& span, guint64 frames) {
  const auto& state = span.state;
  counters.held += state.held;
  Note note;
  AsRunEntry& entry = note.as_run.emplace();
  if (span.item) entry.item = *span.item;
  entry.tier = span.tier;
  entry.first_frame = span.first;
  entry.frames = frames;
  entry.planned = span.planned;
  entry.start_utc = state.utc;
  entry.planned_utc = span.item ? air_time(span.item->shot.at).value_or(0) : 0;
  entry.reason = state.reason;
  entry.held = state.held;
  entry.fault = state.fault;
  if (span.item) {
    const bool damaged = state.reason == EndReason::damaged;
    const bool skipped = state.reason == EndReason::skipped;
    counters.damaged += damaged;
    counters.skipped += skipped;
    note.message = item_message(skipped ? "skipped" : "ended", *span.item);
    put_place(note.message.get(), grid(), span.first, state.utc);
    gst_structure_set(note.message.get(), "frames", G_TYPE_UINT64, frames, "held", G_TYPE_UINT64,
                      state.held, "reason", G_TYPE_STRING,
                      damaged ? state.fault.c_str() : end_reason_name(state.reason), nullptr);
    if (damaged && span.tier == Tier::filler) fillers.forget(span.item->uri);
    if (damaged && span.tier == Tier::reair) library.forget(span.item->uri);
    if (!damaged && span.tier != Tier::filler)
      library.aired(*span.item, grid().time_of(span.first + frames));
  }
  notes.push_back(std::move(note));
}

void Board::give_up(std::unique_ptr<Entry> entry, const char* event, const std::string& reason) {
  close(std::move(entry->readers));
  note_item(event, *entry->item, reason);
  notes.back().upstream = aired_event(entry->item->id, false);
}

void Board::close(Readers readers) {
  for (auto& reader : readers)
    if (reader) closing.push_back(std::move(reader));
}

void Board::warn(const Error& error, const std::string& uri) {
  Note note;
  note.warning = error;
  note.uri = uri;
  notes.push_back(std::move(note));
}

bool Board::may_open() const {
  return (wanted[0] || wanted[1]) && (begun[0] || !wanted[0]) && (begun[1] || !wanted[1]);
}

guint64 Board::item_frames(gint64 utc) {
  const Entry* entry = rundown.next(utc);
  return entry ? entry->frames : 0;
}

bool Board::is_punctual(gint64 utc) {
  return rundown.punctual(utc) != nullptr;
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

GstClockTime Board::ready_air() const {
  return grid().time_of(rundown.ready_frames() + timeline.left());
}

} // namespace aigc
