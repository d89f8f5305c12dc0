// SPDX-License-Identifier: LGPL-2.1-or-later
// What each Edit does to what is pending, and the edits that give a state.
#include "shot/air_time.h"
#include "shot/pending.h"
#include "shot/pending_ids.h"

#include <algorithm>

namespace aigc {

void PendingShots::place(Entry entry, size_t position, bool is_request) {
  if (is_request) ++requests_;
  front_.insert(front_.begin() + static_cast<std::ptrdiff_t>(std::min(position, front_.size())),
                std::move(entry));
}

void PendingShots::apply_insert(const Edit& edit) {
  const std::string& id = edit.shot.id;
  if (const auto made = made_number(id); made > 0 && !edit.listed)
    made_ = std::max(made_, made);
  else if (!edit.listed)
    used_.insert(id);
  if (edit.shot.at.empty())
    return place({edit.shot, edit.listed}, edit.number, edit.number <= requests_);
  Timed timed;
  timed.shot = edit.shot;
  timed.when = air_time(edit.shot.at, 0);
  add_timed(std::move(timed));
}

void PendingShots::apply_move(const Edit& edit) {
  const auto place_now = find_shot(front_, edit.id);
  if (place_now == front_.end()) return;
  const bool was_request = static_cast<size_t>(place_now - front_.begin()) < requests_;
  Entry entry = std::move(*place_now);
  front_.erase(place_now);
  if (was_request) --requests_;
  const bool is_request = edit.number < requests_ || (edit.number == requests_ && was_request);
  place(std::move(entry), edit.number, is_request);
}

void PendingShots::apply_remove(const std::string& id) {
  if (const auto entry = find_shot(front_, id); entry != front_.end()) {
    if (static_cast<size_t>(entry - front_.begin()) < requests_) --requests_;
    front_.erase(entry);
  }
  if (const auto sent = find_shot(sent_, id); sent != sent_.end()) {
    if (sent->again) --again_;
    sent_.erase(sent);
  }
  if (const auto timed = find_shot(timed_, id); timed != timed_.end()) timed_.erase(timed);
  if (const auto row = find_row(window_, id); row != window_.end()) window_.erase(row);
  done_.insert(digest(id));
}

void PendingShots::apply_send(const Edit& edit) {
  const Shot& shot = edit.shot;
  if (const auto entry = find_shot(front_, shot.id); entry != front_.end()) {
    if (static_cast<size_t>(entry - front_.begin()) < requests_) --requests_;
    front_.erase(entry);
  } else if (!window_.empty() && window_.front().id == shot.id) {
    window_.pop_front();
  } else if (const auto timed = find_shot(timed_, shot.id);
             timed != timed_.end() && !timed->listed) {
    timed_.erase(timed);
  }
  requested_ = std::max(requested_, static_cast<std::uint64_t>(shot.request));
  if (edit.listed && !shot.at.empty())
    times_[first_id(shot.id)] = {count_of(shot.id), air_time(shot.at, 0)};
  else if (edit.listed && remembers_)
    done_.insert(digest(shot.id));
  Sent sent;
  sent.shot = shot;
  sent.listed = edit.listed;
  sent_.push_back(std::move(sent));
  if (sent_.size() <= kMaxSent) return;
  if (sent_.front().again) --again_;
  sent_.pop_front();
}

void PendingShots::apply(const Edit& edit) {
  switch (edit.kind) {
  case Edit::Kind::insert:
    return apply_insert(edit);
  case Edit::Kind::take_up:
    if (!window_.empty() && window_.front().id == edit.shot.id) window_.pop_front();
    return place({edit.shot, edit.listed}, front_.size(), false);
  case Edit::Kind::move:
    return apply_move(edit);
  case Edit::Kind::remove:
    return apply_remove(edit.id);
  case Edit::Kind::send:
    return apply_send(edit);
  case Edit::Kind::air:
    if (const auto sent = find_shot(sent_, edit.id); sent != sent_.end()) {
      if (sent->again) --again_;
      sent_.erase(sent);
    }
    return;
  case Edit::Kind::turn:
    turn_ = static_cast<unsigned>(edit.number);
    return done_.clear();
  case Edit::Kind::counts:
    requested_ = edit.number;
    made_ = std::min(edit.made, kMostMade);
    return;
  case Edit::Kind::used:
    used_.insert(edit.id);
    return;
  case Edit::Kind::done:
    done_.insert(edit.number);
    return;
  case Edit::Kind::time:
    times_[edit.id] = {edit.number, edit.at};
    return;
  }
}

// --- the journal ---------------------------------------------------------------------------------

std::vector<Error> PendingShots::resume(gint64 now) {
  again_ = sent_.size();
  std::vector<Error> over;
  std::vector<std::string> ids;
  const auto look = [&](const Shot& shot) {
    if (shot.at.empty() || air_time(shot.at, now) >= now - kAirGrace) return;
    over.push_back(too_late(shot));
    ids.push_back(shot.id);
  };
  for (auto& sent : sent_) {
    sent.again = true;
    look(sent.shot);
  }
  for (const auto& timed : timed_)
    if (!timed.listed) look(timed.shot);
  for (const auto& id : ids)
    make({.kind = Edit::Kind::remove, .id = id});
  return over;
}

void PendingShots::forget_list() {
  for (size_t i = front_.size(); i-- > 0;) {
    if (!front_[i].listed) continue;
    if (i < requests_) --requests_;
    front_.erase(front_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::erase_if(sent_, [](const Sent& sent) { return sent.listed; });
  std::erase_if(timed_, [](const Timed& timed) { return timed.listed; });
  done_.clear();
  times_.clear();
  turn_ = 1;
}

std::vector<Edit> PendingShots::edits() const {
  using Kind = Edit::Kind;
  std::vector<Edit> edits;
  const auto with_shot = [&](Kind kind, const Entry& entry, size_t number) {
    edits.push_back({.kind = kind,
                     .id = entry.shot.id,
                     .number = number,
                     .listed = entry.listed,
                     .shot = entry.shot});
  };
  edits.push_back({.kind = Kind::turn, .id = {}, .number = turn_});
  edits.push_back({.kind = Kind::counts, .id = {}, .number = requested_, .made = made_});
  for (const auto& id : used_)
    edits.push_back({.kind = Kind::used, .id = id});
  for (const auto& [id, time] : times_)
    edits.push_back({.kind = Kind::time, .id = id, .number = time.count, .at = time.when});
  for (const auto done : done_)
    edits.push_back({.kind = Kind::done, .id = {}, .number = done});
  for (const auto& sent : sent_)
    with_shot(Kind::send, sent, 0);
  for (size_t i = 0; i < front_.size(); ++i)
    with_shot(i < requests_ ? Kind::insert : Kind::take_up, front_[i], i);
  for (const auto& timed : timed_)
    if (!timed.listed) with_shot(Kind::insert, timed, 0);
  return edits;
}

} // namespace aigc
