// SPDX-License-Identifier: LGPL-2.1-or-later
// See timeline.h.
#include "playout/timeline.h"

#include <algorithm>

namespace aigc {

static size_t index_of(Side side) {
  return static_cast<size_t>(side);
}

bool takes_back(const Span* next, const Span* now) {
  return next && now && next->first <= now->first;
}

bool breaks_into(const Span* next, const Span* before) {
  return next && before && (next->fade > 0 || next->cuts) && next->from == before->first;
}

bool goes_on_with(const Span* next, const Span* before) {
  return next && next->played > 0 && before && before->item == next->item;
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
  settle();
  if (!goes_on(number, utc)) follow(number, utc);
  skip_ = false;
  end_ = number + 1;
}

/// Whether the clip on air also has this slot.
bool Timeline::goes_on(guint64 number, gint64 utc) {
  if (spans_.empty()) return false;
  Span& now = *spans_.back();
  if (now.state.over || now.planned == 0) return false;
  if (number >= now.first + now.planned) return false;
  if (skip_) {
    end_span(spans_.back(), number, EndReason::skipped);
    return false;
  }
  return !is_to_be_cut(utc) && !can_mix_at(number, utc);
}

/// The clip on air makes room for an item. It is over once that one has a picture to show.
bool Timeline::is_to_be_cut(gint64 utc) const {
  if (hold_ || offers_.item_frames(utc) == 0) return false;
  return offers_.is_punctual(utc) || (rules_.immediate && spans_.back()->tier != Tier::item);
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
  if (returns(number, utc)) return;
  if (!hold_ && offers_.item_frames(utc) > 0) {
    begin_item(number, utc);
    return;
  }
  climb_down(number, utc);
}

void Timeline::begin_item(guint64 number, gint64 utc) {
  const auto now = spans_.empty() ? nullptr : spans_.back();
  const bool early =
      now && !now->state.over && now->planned > 0 && number < now->first + now->planned;
  const bool cuts = early && is_to_be_cut(utc);
  begin_clip(number, utc, offers_.take_item(utc));
  Span& span = *spans_.back();
  if (early) span.from = now->first;
  span.cuts = cuts;
  span.fade = early && !cuts ? rules_.fade : 0;
  settle_unseen();
}

/// The filler ladder.
void Timeline::climb_down(guint64 number, gint64 utc) {
  Span* now = spans_.empty() ? nullptr : spans_.back().get();
  const bool repeats = now && now->tier == Tier::repeat;
  const bool may_repeat = repeats && number - now->first < rules_.repeat_max;
  if (may_repeat && now->state.after_item) return;
  if (now && now->tier == Tier::item && rules_.repeat_max > 0) {
    begin(number, utc, Tier::repeat).state.after_item = true;
    settle();
    return;
  }
  if (auto clip = offers_.take_filler()) {
    begin_clip(number, utc, std::move(*clip));
    settle_unseen();
    return;
  }
  if (may_repeat) return;
  const bool repeat = now && now->item && rules_.repeat_max > 0;
  if (!repeat && now && now->tier == Tier::slate) return;
  begin(number, utc, repeat ? Tier::repeat : Tier::slate);
  settle();
}

/// What was faded out of goes on to its own end where the clip that followed turned bad meanwhile.
bool Timeline::returns(guint64 number, gint64 utc) {
  if (spans_.empty() || !before_ || !before_->item) return false;
  const Span& bad = *spans_.back();
  const bool left =
      bad.state.over && bad.state.reason == EndReason::damaged && number < bad.first + bad.fade;
  if (!left || (!hold_ && offers_.is_punctual(utc))) return false;
  const auto faded = before_;
  Span& rest = begin(number, utc, faded->tier);
  rest.item = faded->item;
  rest.planned = faded->first + faded->planned - number;
  rest.played = number - faded->first;
  settle();
  return true;
}

void Timeline::end_span(const std::shared_ptr<Span>& span, guint64 number, EndReason reason) {
  if (span->state.over) return;
  span->state.over = true;
  span->state.reason = reason;
  changes_.push_back({span, Change::Kind::ends, number - span->first});
}

Span& Timeline::begin(guint64 number, gint64 utc, Tier tier) {
  before_ = spans_.empty() ? nullptr : spans_.back();
  auto span = std::make_shared<Span>();
  span->tier = tier;
  span->first = number;
  span->state.utc = utc;
  spans_.push_back(span);
  trial_ = true;
  return *span;
}

void Timeline::settle() {
  if (!std::exchange(trial_, false)) return;
  const auto& now = spans_.back();
  if (before_) end_span(before_, now->first, now->cuts ? EndReason::cut : EndReason::played);
  changes_.push_back({now, Change::Kind::begins, 0});
}

/// Where no pictures are taken nobody will say that they are on air.
void Timeline::settle_unseen() {
  if (told_[index_of(Side::video)] == G_MAXUINT64) settle();
}

void Timeline::settle(const Span& span) {
  if (!spans_.empty() && spans_.back().get() == &span) settle();
}

/// As if the clip on trial had never been taken.
void Timeline::take_back() {
  trial_ = false;
  const auto span = std::move(spans_.back());
  spans_.pop_back();
  end_ = span->first;
  span->state.over = true;
  span->state.reason = EndReason::damaged;
  changes_.push_back({span, Change::Kind::fails, 0});
  give_up(*span);
  if (spans_.empty() && before_) spans_.push_back(before_);
  before_.reset();
}

void Timeline::begin_clip(guint64 number, gint64 utc, OpenClip clip) {
  Span& span = begin(number, utc, clip.item->tier);
  span.item = std::move(clip.item);
  span.planned = clip.frames;
  span.state.readers = std::move(clip.readers);
}

std::unique_ptr<ClipReader> Timeline::take_reader(Side side, Span& span) {
  return std::move(span.state.readers[index_of(side)]);
}

void Timeline::fence(Side side, Span& span, guint64 number, const std::string& fault) {
  if (span.state.fault.empty()) span.state.fault = fault;
  if (span.state.over || spans_.back().get() != &span) return;
  if (trial_) {
    take_back();
    return;
  }
  const guint64 other = told_[1 - index_of(side)];
  const guint64 heard = other == G_MAXUINT64 ? 0 : other;
  const guint64 end = std::max({number, heard, span.first + 1});
  if (end >= span.first + span.planned) return;
  end_span(spans_.back(), end, EndReason::damaged);
  end_ = std::min(end_, end);
}

void Timeline::finish() {
  if (stop_) return;
  settle();
  stop_ = end_;
  if (!spans_.empty()) end_span(spans_.back(), end_, EndReason::stopped);
}

void Timeline::leave(Side side) {
  if (side == Side::video) settle();
  told_[index_of(side)] = G_MAXUINT64;
}

const Span* Timeline::may_return() const {
  if (spans_.empty() || !before_) return nullptr;
  const Span& now = *spans_.back();
  return trial_ || end_ < now.first + now.fade ? before_.get() : nullptr;
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
