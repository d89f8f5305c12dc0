// SPDX-License-Identifier: LGPL-2.1-or-later
// See timeline.h.
#include "playout/timeline.h"

#include <algorithm>

namespace aigc {

static size_t index_of(Side side) {
  return static_cast<size_t>(side);
}

Slot Timeline::slot(Side side, guint64 number, gint64 utc) {
  Slot slot;
  if (stop_ && number >= *stop_) {
    slot.ended = true;
    return slot;
  }
  while (end_ <= number)
    decide(end_, utc);
  auto& told = told_[index_of(side)];
  told = std::max(told, number + 1);
  const auto found = std::find_if(spans_.rbegin(), spans_.rend(),
                                  [&](const auto& span) { return span->first <= number; });
  if (found != spans_.rend()) {
    slot.span = *found;
    slot.index = number - slot.span->first;
    slot.is_last = slot.span->planned > 0 && slot.index + 1 == slot.span->planned;
  }
  forget_played();
  return slot;
}

void Timeline::decide(guint64 number, gint64 utc) {
  if (!goes_on(number, utc)) follow(number, utc);
  skip_ = false;
  end_ = number + 1;
  spans_.back()->state.end = end_;
}

/// Whether the clip on air also has this slot.
bool Timeline::goes_on(guint64 number, gint64 utc) {
  if (spans_.empty()) return false;
  Span& now = *spans_.back();
  if (now.state.over || now.planned == 0) return false;
  if (number >= now.first + now.planned) return false;
  if (skip_) {
    end_span(number, EndReason::skipped);
    return false;
  }
  const bool item = now.tier == Tier::item;
  if (!hold_ &&
      (offers_.is_punctual(utc) || (!item && rules_.immediate && offers_.item_frames(utc) > 0))) {
    end_span(number, EndReason::cut);
    return false;
  }
  return !can_mix_at(number, utc);
}

/// A crossfade begins while the clip on air has as many slots left.
bool Timeline::can_mix_at(guint64 number, gint64 utc) {
  if (rules_.fade == 0 || hold_) return false;
  const Span& now = *spans_.back();
  return now.first + now.planned - number == rules_.fade && now.planned >= 2 * rules_.fade &&
         offers_.item_frames(utc) >= 2 * rules_.fade;
}

/// The one on air is over, or may be left at any slot.
void Timeline::follow(guint64 number, gint64 utc) {
  if (!hold_ && offers_.item_frames(utc) > 0) {
    const bool mix = !spans_.empty() && !spans_.back()->state.over && spans_.back()->planned > 0 &&
                     number < spans_.back()->first + spans_.back()->planned;
    begin_clip(number, utc, offers_.take_item(utc), mix);
    return;
  }
  climb_down(number, utc);
}

/// The filler ladder.
void Timeline::climb_down(guint64 number, gint64 utc) {
  Span* now = spans_.empty() ? nullptr : spans_.back().get();
  const bool repeats = now && now->tier == Tier::repeat;
  const bool may_repeat = repeats && number - now->first < rules_.repeat_max;
  if (may_repeat && now->state.after_item) return;
  if (now && now->tier == Tier::item && rules_.repeat_max > 0) {
    begin(number, utc, Tier::repeat).state.after_item = true;
    return;
  }
  if (auto clip = offers_.take_filler()) {
    begin_clip(number, utc, std::move(*clip), false);
    return;
  }
  if (may_repeat) return;
  if (now && now->item && rules_.repeat_max > 0)
    begin(number, utc, Tier::repeat);
  else if (!now || now->tier != Tier::slate)
    begin(number, utc, Tier::slate);
}

void Timeline::end_span(guint64 number, EndReason reason) {
  auto& span = spans_.back();
  if (span->state.over) return;
  span->state.over = true;
  span->state.end = number;
  span->state.reason = reason;
  changes_.push_back({span, false, number - span->first});
}

Span& Timeline::begin(guint64 number, gint64 utc, Tier tier) {
  if (!spans_.empty()) end_span(number, EndReason::played);
  auto span = std::make_shared<Span>();
  span->tier = tier;
  span->first = number;
  span->state.utc = utc;
  spans_.push_back(span);
  changes_.push_back({span, true, 0});
  return *span;
}

void Timeline::begin_clip(guint64 number, gint64 utc, OpenClip clip, bool mix) {
  const guint64 before = mix ? spans_.back()->first : 0;
  Span& span = begin(number, utc, clip.item->tier);
  span.item = std::move(clip.item);
  span.planned = clip.frames;
  span.state.readers = std::move(clip.readers);
  span.from = before;
  span.fade = mix ? rules_.fade : 0;
}

std::unique_ptr<ClipReader> Timeline::take_reader(Side side, Span& span) {
  return std::move(span.state.readers[index_of(side)]);
}

void Timeline::fence(Side side, Span& span, guint64 number, const std::string& fault) {
  if (span.state.fault.empty()) span.state.fault = fault;
  if (span.state.over || spans_.back().get() != &span) return;
  const guint64 other = told_[1 - index_of(side)];
  const guint64 end = other == G_MAXUINT64 ? number : std::max(number, other);
  if (end >= span.first + span.planned) return;
  end_span(end, EndReason::damaged);
  end_ = std::min(end_, end);
  // Nothing of it was on air.
  if (end != span.first || spans_.size() == 1) return;
  give_up(*spans_.back());
  spans_.pop_back();
}

void Timeline::finish() {
  if (stop_) return;
  stop_ = end_;
  if (!spans_.empty()) end_span(end_, EndReason::stopped);
}

void Timeline::leave(Side side) {
  told_[index_of(side)] = G_MAXUINT64;
}

guint64 Timeline::left() const {
  const Span* now = on_air();
  if (!now || now->state.over || now->planned == 0) return 0;
  return now->first + now->planned - std::min(end_, now->first + now->planned);
}

/// What both sides have behind them goes; a side far behind loses its readers, and then its place.
void Timeline::forget_played() {
  const guint64 slowest = std::min(told_[0], told_[1]);
  while (spans_.size() > 1 && (spans_[1]->first < slowest || spans_.size() > kSpans)) {
    give_up(*spans_.front());
    spans_.pop_front();
  }
  for (size_t i = 0; i + kSpansAhead < spans_.size(); ++i)
    give_up(*spans_[i]);
}

void Timeline::give_up(Span& span) {
  for (auto& reader : span.state.readers)
    if (reader) given_up_.push_back(std::move(reader));
}

} // namespace aigc
