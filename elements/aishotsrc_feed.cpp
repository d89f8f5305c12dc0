// SPDX-License-Identifier: LGPL-2.1-or-later
// See aishotsrc_feed.h.
#include "aishotsrc_feed.h"

#include <algorithm>
#include <utility>

namespace aigc {

namespace {

/// In µs: the clock of the day may be set meanwhile.
constexpr gint64 kLongestWait = 10 * G_USEC_PER_SEC;

Error taken_by_request(const std::string& id) {
  return Error(Fault::settings, "the row \"" + id + "\" is left out: a request has its id",
               "give it another id");
}

/// What a journal belongs to.
std::string list_name(const ListSettings& settings) {
  if (settings.location.empty()) return settings.script;
  return take_string(g_canonicalize_filename(settings.location.c_str(), nullptr));
}

} // namespace

// --- a run ---------------------------------------------------------------------------------------

void ShotFeed::begin() {
  settings_ = listener_.settings();
  loading_.reset();
  watch_cancel_ = std::make_shared<Cancel>();
  auto state = state_.lock();
  state->pending.remember(settings_.watch || !settings_.journal.empty());
  state->reader.reset();
  state->turn_over = state->list_over = state->took_rows = state->has_ended = false;
  state->empty_turns = 0;
  state->read_error.reset();
  state->cancel = std::make_shared<Cancel>();
}

void ShotFeed::end() {
  if (watch_cancel_) watch_cancel_->cancel();
  if (watcher_.joinable()) watcher_.join();
  auto state = state_.lock();
  state->pending = {};
  state->journal.reset();
  state->reader.reset();
  state->is_open = state->journal_fails = state->has_ended = false;
  state->warnings.clear();
}

void ShotFeed::stop() {
  state_.lock()->cancel->cancel();
  state_.notify();
}

void ShotFeed::go_on() {
  state_.lock()->cancel = std::make_shared<Cancel>();
}

void ShotFeed::tell_warnings() {
  std::vector<Error> warnings;
  std::swap(warnings, state_.lock()->warnings);
  for (const Error& warning : warnings)
    listener_.warn(warning);
}

// --- the journal ---------------------------------------------------------------------------------

/// Brings back what the journal says; shots that came before it was open are none of this run's.
void ShotFeed::open(Access& state) {
  if (state->is_open) return;
  const ListSettings settings = listener_.settings();
  State& s = *state;
  s.pending.remember(settings.watch || !settings.journal.empty());
  if (!settings.journal.empty()) {
    s.journal = std::make_unique<ListJournal>(settings.journal, list_name(settings));
    for (const Edit& edit : s.journal->take_edits())
      s.pending.apply(edit);
    if (s.journal->broken_lines() > 0)
      s.warnings.emplace_back(Fault::damaged,
                              "journal " + settings.journal + ": " +
                                  std::to_string(s.journal->broken_lines()) +
                                  " lines are broken, and left out",
                              "look at its disk");
    if (!s.journal->other_list().empty()) {
      s.pending.forget_list();
      s.warnings.emplace_back(Fault::settings,
                              "journal " + settings.journal +
                                  " is of another list: " + s.journal->other_list(),
                              "only requests are taken from it; give every list its journal");
    }
  }
  s.pending.record([this, &s](const Edit& edit) { keep(s, edit); });
  s.is_open = true;
  for (Error& over : s.pending.resume(g_get_real_time()))
    s.warnings.push_back(std::move(over));
}

void ShotFeed::keep(State& state, const Edit& edit) {
  if (!state.journal || state.journal->append(edit)) return;
  try {
    state.journal->rewrite(state.pending.edits());
    state.journal_fails = false;
  } catch (const Error& error) {
    if (!std::exchange(state.journal_fails, true)) state.warnings.push_back(error);
  }
}

void ShotFeed::sync_journal() {
  std::function<void()> sync;
  if (auto state = state_.lock(); state->journal) sync = state->journal->take_sync();
  if (sync) sync();
}

// --- edits ---------------------------------------------------------------------------------------

template <typename Change> auto ShotFeed::edit(Change change) {
  auto result = [&] {
    auto state = state_.lock();
    open(state);
    ++state->changes;
    return change(state->pending);
  }();
  state_.notify();
  tell_warnings();
  return result;
}

std::string ShotFeed::enqueue(Shot shot) {
  return add(std::move(shot), std::nullopt);
}

std::string ShotFeed::insert(Shot shot, size_t position) {
  return add(std::move(shot), position);
}

std::string ShotFeed::add(Shot shot, std::optional<size_t> position) {
  if (shot.brand.empty()) shot.brand = listener_.settings().brand;
  if (state_.lock()->has_ended)
    throw Error(Fault::settings, "all shots are sent, and the list has ended",
                "set journal, watch or loop=-1 for a list that waits for more");
  return edit([&](PendingShots& pending) {
    const gint64 now = g_get_real_time();
    return position ? pending.insert(std::move(shot), *position, now)
                    : pending.enqueue(std::move(shot), now);
  });
}

bool ShotFeed::move(const std::string& id, size_t position) {
  return edit([&](PendingShots& pending) { return pending.move(id, position); });
}

bool ShotFeed::remove(const std::string& id) {
  const auto removed = edit([&](PendingShots& pending) { return pending.remove(id); });
  if (removed == PendingShots::Removed::sent) listener_.cancel_shot(id);
  return removed != PendingShots::Removed::unknown;
}

std::vector<PendingItem> ShotFeed::items() {
  auto state = state_.lock();
  open(state);
  return state->pending.items();
}

void ShotFeed::demand(double seconds) {
  {
    auto state = state_.lock();
    state->pending.demand(seconds);
    ++state->changes;
  }
  state_.notify();
}

void ShotFeed::aired(const std::string& id) {
  {
    auto state = state_.lock();
    if (!state->is_open) return;
    state->pending.aired(id);
    ++state->changes;
  }
  state_.notify();
}

// --- the list ------------------------------------------------------------------------------------

/// Files are read here, not in a state change.
void ShotFeed::load(const Cancel* cancel) {
  {
    auto state = state_.lock();
    open(state);
    if (state->reader || state->list_over) return;
    state->list_over = !settings_.has_list();
    if (state->list_over) return;
  }
  if (!loading_) {
    watch_.emplace(settings_.location); // before it is read: what comes later is a change
    loading_ = std::make_shared<ShotListReader>(list_settings(settings_));
  }
  listener_.check(*loading_, true, cancel);
  take_over(loading_, cancel);
  loading_.reset();
  if (settings_.watch) watcher_ = std::thread([this] { watch(); });
}

/// The rows of `ids`, which are those of the first turn, as the list has them now.
std::map<std::string, Shot> ShotFeed::rows_of(const std::set<std::string>& ids,
                                              ShotListReader& reader, const Cancel* cancel) const {
  std::map<std::string, Shot> rows;
  if (ids.empty()) return rows;
  reader.go_to_turn(1);
  while (auto shot = reader.next_in_turn(cancel))
    if (ids.count(shot->id)) rows.emplace(shot->id, std::move(*shot));
  return rows;
}

/// The list is this one from now on.
void ShotFeed::take_over(const Reader& reader, const Cancel* cancel) {
  const auto ordered = state_.lock()->pending.ordered_rows();
  const auto rows = rows_of(ordered, *reader, cancel);
  std::vector<std::string> cancelled;
  {
    auto state = state_.lock();
    auto& pending = state->pending;
    const auto find = [&](const std::string& id) -> std::optional<Shot> {
      const auto row = rows.find(id);
      return row == rows.end() ? std::nullopt : std::optional(row->second);
    };
    reader->go_to_turn(pending.turn());
    cancelled =
        pending.change_list([reader](const std::string& id) { return reader->has_id(id); }, find);
    for (Error& over : pending.set_timed(reader->timed(), settings_.loop, g_get_real_time()))
      state->warnings.push_back(std::move(over));
    state->reader = reader;
    state->turn_over = state->list_over = false;
    state->empty_turns = 0;
    ++state->changes;
  }
  state_.notify();
  for (const auto& id : cancelled)
    listener_.cancel_shot(id);
  tell_warnings();
}

/// Goes on to the next turn of the loop; false at the end of the last, and where turns bring
/// nothing that is to be sent.
bool ShotFeed::end_turn(Access& state) {
  state->empty_turns = state->took_rows ? 0 : state->empty_turns + 1;
  constexpr unsigned kMaxEmptyTurns = 2; // what is left of one after a restart may be empty
  if (state->empty_turns >= kMaxEmptyTurns || !state->reader->next_turn()) return false;
  state->pending.begin_turn(state->reader->turn());
  state->turn_over = state->took_rows = false;
  return true;
}

void ShotFeed::read_ahead(const Cancel* cancel) {
  for (;;) {
    Reader reader;
    {
      auto state = state_.lock();
      if (!state->reader || state->list_over || state->read_error) return;
      if (state->turn_over) {
        if (state->pending.has_rows()) return;
        state->list_over = !end_turn(state);
        continue;
      }
      if (!state->pending.wants_rows()) return;
      reader = state->reader;
    }
    std::optional<Shot> shot;
    std::optional<Error> failure;
    try {
      shot = reader->next_in_turn(cancel);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) return;
      failure = error;
    }
    auto state = state_.lock();
    if (state->reader != reader) continue; // another version has come meanwhile
    if (failure)
      state->read_error = failure;
    else if (!shot)
      state->turn_over = true;
    else if (state->pending.read_ahead(*shot))
      state->took_rows = true;
    else if (state->pending.is_request(shot->id))
      state->warnings.push_back(taken_by_request(shot->id));
  }
}

// --- what goes out -------------------------------------------------------------------------------

/// Waits until there is something to look at, or a fixed time is near.
void ShotFeed::wait(Access& state, const Cancel& cancel, std::uint64_t seen, gint64 now) {
  const auto is_due = [&](const State& s) { return cancel.cancelled() || s.changes != seen; };
  const auto due = state->pending.due();
  if (due && *due > now)
    state.wait_for(std::chrono::microseconds(std::min(*due - now, kLongestWait)), is_due);
  else
    state.wait(is_due);
}

/// None when all is sent, or one has been waited for.
std::optional<Shot> ShotFeed::take(const Cancel& cancel, std::uint64_t seen, bool& ended) {
  auto state = state_.lock();
  cancel.check();
  const gint64 now = g_get_real_time();
  const bool at_end = state->list_over && !settings_.stays();
  if (auto shot = state->pending.take(now, at_end)) return shot;
  if (state->read_error && !state->pending.has_rows()) throw Error(*state->read_error);
  ended = state->has_ended = at_end && state->pending.is_empty();
  const bool is_turn = state->turn_over && !state->list_over && !state->pending.has_rows();
  if (!ended && !is_turn) wait(state, cancel, seen, now);
  return std::nullopt;
}

std::optional<Shot> ShotFeed::next() {
  const auto cancel = state_.lock()->cancel;
  load(cancel.get());
  std::optional<Shot> shot;
  for (bool ended = false; !shot && !ended;) {
    const auto seen = state_.lock()->changes;
    read_ahead(cancel.get());
    tell_warnings();
    shot = take(*cancel, seen, ended);
    sync_journal();
  }
  return shot;
}

// --- another version of the list -----------------------------------------------------------------

void ShotFeed::watch() {
  while (!watch_cancel_->sleep(ListWatch::kPause)) {
    const auto seen = watch_->look_again(ListWatch::Clock::now());
    if (seen == ListWatch::Seen::changed) read_anew();
    if (seen == ListWatch::Seen::gone)
      listener_.warn(Error(Fault::not_found,
                           settings_.location + " is gone: the list stays as it was",
                           "put it back, or stop the channel"));
  }
}

void ShotFeed::read_anew() {
  try {
    const auto reader = std::make_shared<ShotListReader>(list_settings(settings_));
    listener_.check(*reader, false, watch_cancel_.get());
    take_over(reader, watch_cancel_.get());
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled) return;
    listener_.warn(error.in_words(std::string(error.what()) + ": the list stays as it was"));
  }
}

} // namespace aigc
