// SPDX-License-Identifier: LGPL-2.1-or-later
// See pending.h.
#include "shot/pending.h"

#include "shot/air_time.h"
#include "shot/language.h"
#include "shot/pending_ids.h"

#include <algorithm>
#include <limits>

namespace aigc {

namespace {

double seconds_of(const Shot& shot) {
  return shot.duration > 0 ? shot.duration : kDefaultShotSeconds;
}

} // namespace

// --- what operators do ---------------------------------------------------------------------------

void PendingShots::make(const Edit& edit) {
  apply(edit);
  if (record_) record_(edit);
}

bool PendingShots::is_used(const std::string& id) const {
  const auto made = made_number(id);
  const auto is_row = [&](const Shot& row) { return row.id == id; };
  return (made > 0 && made <= made_) || used_.count(id) > 0 || (has_id_ && has_id_(id)) ||
         has_shot(sent_, id) || has_shot(front_, id) ||
         std::any_of(window_.begin(), window_.end(), is_row);
}

std::string PendingShots::new_id() const {
  for (std::uint64_t number = made_ + 1;; ++number) {
    std::string id = std::string(kMadeId) + std::to_string(number);
    if (!is_used(id)) return id;
  }
}

void PendingShots::check_request(const Shot& shot, gint64 now) const {
  if (is_used(shot.id))
    throw Error(Fault::settings, "id: \"" + shot.id + "\" was used before",
                "give every shot an id of its own, or none");
  if (ends_as_in_turn(shot.id))
    throw Error(Fault::settings, "id: \"" + shot.id + "\" ends as in a turn of the loop",
                "leave out what begins with ~");
  if (!shot.at.empty() && air_time(shot.at, now) < now - kAirGrace) throw too_late(shot);
}

/// All that operators added and that is not sent yet.
size_t PendingShots::waiting() const {
  const auto is_added = [](const auto& entry) { return !entry.listed; };
  return static_cast<size_t>(std::count_if(front_.begin(), front_.end(), is_added) +
                             std::count_if(timed_.begin(), timed_.end(), is_added));
}

std::string PendingShots::insert(Shot shot, size_t position, gint64 now) {
  if (shot.id.starts_with(kMadeId))
    throw Error(Fault::settings,
                "id: \"" + shot.id + "\" begins with \"" + std::string(kMadeId) +
                    "\", which is for ids that are made",
                "give it another one, or none");
  if (waiting() >= kMaxRequests)
    throw Error(Fault::settings, std::to_string(kMaxRequests) + " requests wait already",
                "wait until some are on air, or remove some");
  if (shot.id.empty()) shot.id = new_id();
  check_request(shot, now);
  if (!shot.at.empty()) shot.at = air_time_text(air_time(shot.at, now));
  Edit edit{.kind = Edit::Kind::insert, .id = shot.id, .number = reach(position)};
  edit.shot = std::move(shot);
  make(edit);
  return edit.id;
}

/// Brings rows among what edits have ordered until there are `position`; returns how far that went.
size_t PendingShots::reach(size_t position) {
  constexpr size_t kMost = kMaxRequests + kWindowShots;
  while (front_.size() < std::min(position, kMost) && !window_.empty())
    make({.kind = Edit::Kind::take_up, .id = {}, .listed = true, .shot = window_.front()});
  return std::min(position, front_.size());
}

bool PendingShots::move(const std::string& id, size_t position) {
  const auto row = find_row(window_, id);
  if (row != window_.end()) reach(front_.size() + static_cast<size_t>(row - window_.begin()) + 1);
  if (!has_shot(front_, id)) return false;
  if (position < std::numeric_limits<size_t>::max()) reach(position + 1);
  make({.kind = Edit::Kind::move, .id = id, .number = std::min(position, front_.size() - 1)});
  return true;
}

PendingShots::Removed PendingShots::remove(const std::string& id) {
  const auto timed = find_shot(timed_, id);
  if (timed != timed_.end() && timed->listed) {
    const Timed gone = *timed;
    timed_.erase(timed);
    make({.kind = Edit::Kind::time, .id = first_id(id), .number = gone.count, .at = gone.when});
    schedule_next_day(gone);
    return Removed::pending;
  }
  const auto sent = find_shot(sent_, id);
  const bool is_out = sent != sent_.end() && !sent->again;
  const bool is_known = sent != sent_.end() || timed != timed_.end() || has_shot(front_, id) ||
                        find_row(window_, id) != window_.end();
  const bool is_to_come =
      remembers_ && has_id_ && has_id_(id) && count_of(id) == turn_ && !is_done(id);
  if (!is_known && !is_to_come) return Removed::unknown;
  make({.kind = Edit::Kind::remove, .id = id});
  return is_out ? Removed::sent : Removed::pending;
}

std::vector<PendingItem> PendingShots::items() const {
  std::vector<PendingItem> items;
  const auto add = [&](const Shot& shot) -> PendingItem& {
    return items.emplace_back(PendingItem{.id = shot.id,
                                          .script = shot.words(),
                                          .at = shot.at,
                                          .request = shot.request,
                                          .position = {}});
  };
  auto number = static_cast<gint64>(requested_);
  for (const auto& sent : sent_)
    add(sent.shot).is_sent = !sent.again;
  size_t position = 0;
  for (const auto& entry : front_) {
    auto& item = add(entry.shot);
    if (position < requests_) item.request = ++number;
    item.position = position++;
  }
  for (const auto& row : window_)
    add(row).position = position++;
  for (const auto& timed : timed_) {
    auto& item = add(timed.shot);
    item.at = air_time_text(timed.when);
    if (!timed.listed) item.request = ++number;
  }
  return items;
}

// --- the list ------------------------------------------------------------------------------------

bool PendingShots::is_done(const std::string& id) const {
  return !done_.empty() && done_.count(digest(id)) > 0;
}

void PendingShots::add_timed(Timed timed) {
  const auto later = [](gint64 when, const Timed& other) { return when < other.when; };
  timed_.insert(std::upper_bound(timed_.begin(), timed_.end(), timed.when, later),
                std::move(timed));
}

void PendingShots::schedule_next_day(const Timed& timed) {
  if (!timed.daily || (loop_ >= 0 && timed.count >= static_cast<std::uint64_t>(loop_))) return;
  Timed next = timed;
  next.when = air_time(timed.shot.at, timed.when);
  set_count(next.shot, ++next.count);
  add_timed(std::move(next));
}

std::vector<Error> PendingShots::set_timed(const std::vector<Shot>& shots, int loop, gint64 now) {
  std::vector<Error> over;
  loop_ = loop;
  std::erase_if(timed_, [](const Timed& timed) { return timed.listed; });
  for (const Shot& shot : shots) {
    Timed timed;
    timed.shot = shot;
    timed.listed = true;
    timed.daily = is_daily(shot.at);
    const auto before = times_.find(first_id(shot.id));
    if (before == times_.end()) {
      timed.when = air_time(shot.at, now);
      if (timed.when < now - kAirGrace)
        over.push_back(too_late(shot));
      else
        add_timed(std::move(timed));
      continue;
    }
    timed.count = before->second.count;
    timed.when = std::max(now, before->second.when);
    schedule_next_day(timed);
  }
  return over;
}

bool PendingShots::read_ahead(Shot shot) {
  if (is_done(shot.id) || used_.count(shot.id) > 0 || has_shot(front_, shot.id)) return false;
  window_.push_back(std::move(shot));
  return true;
}

void PendingShots::begin_turn(unsigned turn) {
  make({.kind = Edit::Kind::turn, .id = {}, .number = turn});
}

std::set<std::string> PendingShots::ordered_rows() const {
  std::set<std::string> ids;
  for (const auto& entry : front_)
    if (entry.listed) ids.insert(first_id(entry.shot.id));
  return ids;
}

std::vector<std::string>
PendingShots::change_list(const HasId& has_id,
                          const std::function<std::optional<Shot>(const std::string&)>& find) {
  has_id_ = has_id;
  window_.clear();
  std::vector<std::string> gone, cancelled;
  for (auto& entry : front_) {
    if (!entry.listed) continue;
    auto row = find(first_id(entry.shot.id));
    if (row) set_count(*row, count_of(entry.shot.id));
    if (row)
      entry.shot = std::move(*row);
    else if (!has_id(entry.shot.id))
      gone.push_back(entry.shot.id);
  }
  for (const auto& sent : sent_) {
    if (!sent.listed || has_id(sent.shot.id)) continue;
    gone.push_back(sent.shot.id);
    if (!sent.again) cancelled.push_back(sent.shot.id);
  }
  for (const auto& id : gone)
    make({.kind = Edit::Kind::remove, .id = id});
  return cancelled;
}

// --- what goes out -------------------------------------------------------------------------------

std::optional<Shot> PendingShots::send(Entry entry) {
  Shot shot = entry.shot;
  if (demand_) *demand_ -= seconds_of(shot);
  make({.kind = Edit::Kind::send,
        .id = shot.id,
        .listed = entry.listed,
        .shot = std::move(entry.shot)});
  return shot;
}

bool PendingShots::may_go(bool is_request) const {
  return !demand_ || *demand_ > (is_request ? -kRequestCredit : 0);
}

std::optional<Shot> PendingShots::take_again() {
  const auto next = std::find_if(sent_.begin(), sent_.end(), [&](const Sent& sent) {
    return sent.again && (!sent.shot.at.empty() || may_go(sent.shot.request > 0));
  });
  if (next == sent_.end()) return std::nullopt;
  next->again = false;
  --again_;
  if (demand_) *demand_ -= seconds_of(next->shot);
  return next->shot;
}

std::optional<Shot> PendingShots::take_timed(gint64 now, bool nothing_else) {
  if (timed_.empty() || (!nothing_else && timed_.front().when - kAirLead > now))
    return std::nullopt;
  const Timed timed = std::move(timed_.front());
  timed_.pop_front();
  Entry entry = timed;
  entry.shot.at = air_time_text(timed.when);
  if (!timed.listed) entry.shot.request = static_cast<gint64>(requested_ + 1);
  auto shot = send(std::move(entry));
  schedule_next_day(timed);
  return shot;
}

std::optional<Shot> PendingShots::take(gint64 now, bool nothing_else) {
  if (auto shot = take_again()) return shot;
  if (auto shot = take_timed(now, nothing_else && front_.empty() && window_.empty() && again_ == 0))
    return shot;
  const bool is_request = requests_ > 0;
  if (!may_go(is_request) || (again_ > 0 && !is_request)) return std::nullopt;
  if (!front_.empty()) {
    Entry entry = front_.front();
    if (is_request) entry.shot.request = static_cast<gint64>(requested_ + 1);
    return send(std::move(entry));
  }
  if (window_.empty()) return std::nullopt;
  return send({window_.front(), true});
}

std::optional<gint64> PendingShots::due() const {
  if (timed_.empty()) return std::nullopt;
  return timed_.front().when - kAirLead;
}

void PendingShots::aired(const std::string& id) {
  if (has_shot(sent_, id)) make({.kind = Edit::Kind::air, .id = id});
}

} // namespace aigc
