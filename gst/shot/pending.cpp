// SPDX-License-Identifier: LGPL-2.1-or-later
// See pending.h.
#include "shot/pending.h"

#include "shot/air_time.h"
#include "shot/language.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace aigc {

namespace {

constexpr std::string_view kMadeId = "request-";

/// FNV-1a: the same in every run, for it stands in journals.
std::uint64_t digest(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char byte : id)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ull;
  return hash;
}

std::uint64_t number_in(std::string_view digits, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? number : otherwise;
}

/// What a made id counts; 0 for any other.
std::uint64_t made_number(std::string_view id) {
  return id.starts_with(kMadeId) ? number_in(id.substr(kMadeId.size()), 0) : 0;
}

/// The id without its turn.
std::string first_id(const std::string& id) {
  return ends_as_in_turn(id) ? id.substr(0, id.rfind('~')) : id;
}

std::uint64_t count_of(const std::string& id) {
  return ends_as_in_turn(id) ? number_in(std::string_view(id).substr(id.rfind('~') + 1), 1) : 1;
}

void set_count(Shot& shot, std::uint64_t count) {
  const std::string end = count > 1 ? "~" + std::to_string(count) : "";
  shot.id = first_id(shot.id) + end;
  shot.run = first_id(shot.run) + end;
}

double seconds_of(const Shot& shot) {
  return shot.duration > 0 ? shot.duration : kDefaultShotSeconds;
}

template <typename Entries> auto find(Entries& entries, const std::string& id) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const auto& entry) { return entry.shot.id == id; });
}

template <typename Entries> bool has(const Entries& entries, const std::string& id) {
  return find(entries, id) != entries.end();
}

auto find_row(std::deque<Shot>& window, const std::string& id) {
  return std::find_if(window.begin(), window.end(), [&](const Shot& row) { return row.id == id; });
}

Error too_late(const Shot& shot) {
  return Error(Fault::settings, "\"" + shot.id + "\": at is over: " + shot.at,
               "give it a time to come, or none");
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
         has(sent_, id) || has(front_, id) || std::any_of(window_.begin(), window_.end(), is_row);
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

std::string PendingShots::insert(Shot shot, size_t position, gint64 now) {
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
  while (front_.size() < position && !window_.empty())
    make({.kind = Edit::Kind::take_up, .id = {}, .listed = true, .shot = window_.front()});
  return std::min(position, front_.size());
}

bool PendingShots::move(const std::string& id, size_t position) {
  const auto row = find_row(window_, id);
  if (row != window_.end()) reach(front_.size() + static_cast<size_t>(row - window_.begin()) + 1);
  if (!has(front_, id)) return false;
  if (position < std::numeric_limits<size_t>::max()) reach(position + 1);
  make({.kind = Edit::Kind::move, .id = id, .number = std::min(position, front_.size() - 1)});
  return true;
}

PendingShots::Removed PendingShots::remove(const std::string& id) {
  const auto timed = find(timed_, id);
  if (timed != timed_.end() && timed->listed) {
    const Timed gone = *timed;
    timed_.erase(timed);
    make({.kind = Edit::Kind::time, .id = first_id(id), .number = gone.count, .at = gone.when});
    schedule_next_day(gone);
    return Removed::pending;
  }
  const auto sent = find(sent_, id);
  const bool is_out = sent != sent_.end() && !sent->again;
  const bool is_known = sent != sent_.end() || timed != timed_.end() || has(front_, id) ||
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
                                          .is_request = shot.request > 0,
                                          .position = {}});
  };
  for (const auto& sent : sent_)
    add(sent.shot).is_sent = !sent.again;
  size_t position = 0;
  for (const auto& entry : front_) {
    auto& item = add(entry.shot);
    item.is_request = position < requests_;
    item.position = position++;
  }
  for (const auto& row : window_)
    add(row).position = position++;
  for (const auto& timed : timed_) {
    auto& item = add(timed.shot);
    item.at = air_time_text(timed.when);
    item.is_request = !timed.listed;
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
  if (is_done(shot.id) || used_.count(shot.id) > 0 || has(front_, shot.id)) return false;
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

std::optional<Shot> PendingShots::take_again() {
  const auto next =
      std::find_if(sent_.begin(), sent_.end(), [](const Sent& sent) { return sent.again; });
  if (next == sent_.end()) return std::nullopt;
  const double credit = next->shot.request > 0 ? kRequestCredit : 0;
  if (next->shot.at.empty() && demand_ && *demand_ <= -credit) return std::nullopt;
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
  if (again_ > 0 || (demand_ && *demand_ <= (requests_ > 0 ? -kRequestCredit : 0)))
    return std::nullopt;
  if (!front_.empty()) {
    Entry entry = front_.front();
    if (requests_ > 0) entry.shot.request = static_cast<gint64>(requested_ + 1);
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
  if (has(sent_, id)) make({.kind = Edit::Kind::air, .id = id});
}

// --- changes -------------------------------------------------------------------------------------

void PendingShots::place(Entry entry, size_t position, bool is_request) {
  if (is_request) ++requests_;
  front_.insert(front_.begin() + static_cast<std::ptrdiff_t>(std::min(position, front_.size())),
                std::move(entry));
}

void PendingShots::apply_insert(const Edit& edit) {
  const std::string& id = edit.shot.id;
  if (const auto made = made_number(id))
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
  const auto place_now = find(front_, edit.id);
  if (place_now == front_.end()) return;
  const bool was_request = static_cast<size_t>(place_now - front_.begin()) < requests_;
  Entry entry = std::move(*place_now);
  front_.erase(place_now);
  if (was_request) --requests_;
  const bool is_request = edit.number < requests_ || (edit.number == requests_ && was_request);
  place(std::move(entry), edit.number, is_request);
}

void PendingShots::apply_remove(const std::string& id) {
  if (const auto entry = find(front_, id); entry != front_.end()) {
    if (static_cast<size_t>(entry - front_.begin()) < requests_) --requests_;
    front_.erase(entry);
  }
  if (const auto sent = find(sent_, id); sent != sent_.end()) {
    if (sent->again) --again_;
    sent_.erase(sent);
  }
  if (const auto timed = find(timed_, id); timed != timed_.end()) timed_.erase(timed);
  if (const auto row = find_row(window_, id); row != window_.end()) window_.erase(row);
  done_.insert(digest(id));
}

void PendingShots::apply_send(const Edit& edit) {
  const Shot& shot = edit.shot;
  if (const auto entry = find(front_, shot.id); entry != front_.end()) {
    if (static_cast<size_t>(entry - front_.begin()) < requests_) --requests_;
    front_.erase(entry);
  } else if (!window_.empty() && window_.front().id == shot.id) {
    window_.pop_front();
  } else if (const auto timed = find(timed_, shot.id); timed != timed_.end() && !timed->listed) {
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
    if (const auto sent = find(sent_, edit.id); sent != sent_.end()) {
      if (sent->again) --again_;
      sent_.erase(sent);
    }
    return;
  case Edit::Kind::turn:
    turn_ = static_cast<unsigned>(edit.number);
    return done_.clear();
  case Edit::Kind::counts:
    requested_ = edit.number;
    made_ = edit.made;
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
  for (auto& sent : sent_)
    sent.again = true;
  std::vector<Error> over;
  std::vector<std::string> ids;
  for (const auto& timed : timed_) {
    if (timed.listed || timed.when >= now - kAirGrace) continue;
    over.push_back(too_late(timed.shot));
    ids.push_back(timed.shot.id);
  }
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
