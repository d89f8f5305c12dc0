// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: whether what came in may go on air.
#include "playout/desk.h"
#include "playout/wall_clock.h"

#include <algorithm>
#include <thread>

namespace aigc {
namespace {

/// Items looked at ahead of their turn, whatever the water marks say.
constexpr size_t kChecked = 8;
constexpr gint64 kSoon = 120 * G_USEC_PER_SEC; ///< a fixed time that is looked at, come what may
constexpr std::chrono::seconds kOrderly{2};
constexpr std::chrono::seconds kIdle{1}; ///< something may have come due
/// Judges that never came back; with so many, nobody is asked any more, which means no.
constexpr unsigned kHungJudges = 8;
/// With so many fillers that hang no other is looked at, so that somebody is left for the items.
constexpr size_t kHungFillers = 3;

struct Verdict {
  bool given = false;
  bool accepted = false;
};

bool is_preview(const Shot& shot) {
  return std::any_of(shot.provenance.begin(), shot.provenance.end(),
                     [](const Provenance& stage) { return stage.preview; });
}

} // namespace

struct Desk::CheckJob {
  std::shared_ptr<PlayoutItem> item; ///< of the rundown
  bool read_fillers = false;
  std::shared_ptr<PlayoutItem> filler; ///< to stand by
};

/// Whether there is something to look at; under the board's lock.
bool Desk::choose_check(Board& board, CheckJob& job) {
  const gint64 now = g_get_monotonic_time(), utc = utc_now();
  const bool no_fillers = !settings_.filler.empty() && board.fillers.size() == 0;
  if (no_fillers && !board.reading_fillers && now >= board.fillers_due) {
    board.reading_fillers = true;
    board.fillers_due = now + std::chrono::microseconds(settings_.fillers_again).count();
    job.read_fillers = true;
    return true;
  }
  Entry* entry = board.rundown.unchecked(utc, kSoon);
  const bool is_due = entry && entry->at != 0 && entry->at <= utc + kSoon;
  const bool is_urgent = is_due || (entry && board.rundown.overtakes(*entry));
  const bool enough = !is_urgent && board.rundown.ready_items() >= kChecked &&
                      board.ready_air(utc) >= board.marks().high;
  if (entry && !enough) {
    entry->progress = Progress::checking;
    job.item = entry->item;
    return true;
  }
  if (board.filler.item || board.reair.item || board.fillers.size() == 0) return false;
  if (board.hung_fillers.size() >= kHungFillers) return false;
  job.filler = std::make_shared<PlayoutItem>(*board.fillers.next());
  board.filler = {.item = job.filler, .checking = true, .since = now};
  return true;
}

/// False at the end.
bool Desk::next_check(CheckJob& job) {
  auto board = board_.lock();
  const auto look = [&](Board& b) { return b.stopped || choose_check(b, job); };
  while (!board.wait_for(kIdle, look)) {
  }
  if (board->stopped) return false;
  board->checkers.begin();
  return true;
}

void Desk::run_checker() {
  for (;;) {
    CheckJob job;
    if (!next_check(job)) return;
    if (job.read_fillers)
      read_fillers();
    else if (job.filler)
      check_filler(job.filler);
    else
      check(job.item);
    board_.lock()->checkers.end();
    board_.notify();
  }
}

void Desk::read_fillers() {
  try {
    Fillers found(settings_.filler);
    auto board = board_.lock();
    board->fillers = std::move(found);
    for (const auto& uri : board->hung_fillers)
      board->fillers.forget(uri);
  } catch (...) {
    board_.lock()->warn_of_filler(caught_error(), {});
  }
  board_.lock()->reading_fillers = false;
}

void Desk::check_filler(const std::shared_ptr<PlayoutItem>& item) {
  PlayoutItem seen = *item;
  std::optional<Error> fault;
  try {
    seen.clip = probe_clip(seen.uri, cancel_);
  } catch (...) {
    fault = caught_error();
  }
  auto board = board_.lock();
  if (board->hung_fillers.erase(seen.uri) > 0) return; // others had their turn meanwhile
  board->filler = {};
  if (!fault) {
    board->filler.item = std::make_shared<PlayoutItem>(std::move(seen));
    return;
  }
  if (fault->fault == Fault::cancelled) return;
  board->fillers.forget(seen.uri);
  board->warn_of_filler(*fault, seen.uri);
}

/// One that hangs is left alone, so that the others have their turn.
void Desk::leave_hung_fillers(Board& board) const {
  const gint64 limit = std::chrono::microseconds(settings_.hangs).count();
  const gint64 now = g_get_monotonic_time();
  const auto warn = [&board](const std::string& what, const std::string& uri) {
    board.warn_of_filler({Fault::timeout, "the filler " + what + " does not answer",
                          "look whether its storage still does"},
                         uri);
  };
  const gint64 asked =
      board.fillers_due - std::chrono::microseconds(settings_.fillers_again).count();
  if (board.reading_fillers && now - asked >= limit) warn(settings_.filler, {});
  if (!board.filler.checking || now - board.filler.since < limit) return;
  const std::string uri = board.filler.item->uri;
  board.filler = {};
  board.fillers.forget(uri);
  board.hung_fillers.insert(uri);
  warn(uri, uri);
}

void Desk::check(const std::shared_ptr<PlayoutItem>& item) {
  PlayoutItem seen = *item;
  try {
    if (is_preview(seen.shot) && !settings_.allow_preview)
      throw Error(Fault::settings, "the clip of " + seen.id + " is a preview, which is not for air",
                  "use a real backend, or set allow-preview for a rehearsal");
    Inspection inspection = inspect(seen.uri);
    seen.clip = inspection.clip;
    ask(seen, inspection);
    auto board = board_.lock();
    Entry* entry = board->rundown.find(seen.id);
    if (!entry || board->stopped) return; // removed meanwhile
    entry->frames = frames_of(seen, settings_.rules.grid);
    entry->progress = Progress::ready;
    board->note_item("ready", seen, {}, &inspection);
    gst_structure_set(board->notes.back().message.get(), "frames", G_TYPE_UINT64, entry->frames,
                      nullptr);
    entry->item = std::make_shared<PlayoutItem>(std::move(seen));
  } catch (...) {
    fail(seen.id, caught_error());
  }
}

/// One after the other, so that they keep their order, unless one takes long.
Inspection Desk::inspect(const std::string& uri) {
  guint64 number;
  {
    auto turn = inspecting_.lock();
    turn.wait_for(kOrderly, [](const Turn& t) { return !t.taken; });
    turn->taken = true;
    number = ++turn->number; // from whoever hangs
  }
  const auto finally = [&](auto) {
    auto turn = inspecting_.lock();
    if (turn->number == number) turn->taken = false;
    inspecting_.notify();
  };
  const std::unique_ptr<Desk, decltype(finally)> hold(this, finally);
  return inspected_.inspect(uri, cancel_);
}

/// Asks the application on a thread of its own, as it may never answer.
void Desk::ask(const PlayoutItem& item, const Inspection& inspection) {
  const auto judge = host_.judge ? host_.judge() : nullptr;
  if (!judge) return;
  const Error refused(Fault::moderation,
                      "the clip of " + item.id + " was refused by the application",
                      "look at what its clip-ready handler objects to");
  if (hung_judges_->snapshot() >= kHungJudges)
    throw refused.in_words("the clip of " + item.id + " was not judged: too many clip-ready " +
                           "handlers never came back");
  std::shared_ptr<GstStructure> question(item_message("ready", item).release(), gst_structure_free);
  put_inspection(inspection, question.get());
  const auto verdict = std::make_shared<Guarded<Verdict>>();
  start_thread([judge, question, verdict, hung = hung_judges_] {
    ++*hung->lock();
    const bool accepted = judge(question.get());
    *verdict->lock() = {true, accepted};
    verdict->notify();
    --*hung->lock();
  });
  Cancel::Hook hook(cancel_, [verdict] { verdict->lock()->given = true, verdict->notify(); });
  auto answer = verdict->lock();
  const bool given =
      answer.wait_for(settings_.veto_timeout, [](const Verdict& v) { return v.given; });
  if (given && answer->accepted) return;
  cancel_.check();
  if (given) throw refused;
  throw refused.in_words("nobody answered in time whether the clip of " + item.id +
                         " may go on air, which means no");
}

void Desk::fail(const std::string& id, const Error& error) {
  if (error.fault == Fault::cancelled) return;
  auto board = board_.lock();
  auto entry = board->rundown.remove(id);
  if (!entry || board->stopped) return;
  ++board->counters.failed;
  board->warn(error, entry->item->uri);
  board->give_up(std::move(entry), "failed", error.what());
}

} // namespace aigc
