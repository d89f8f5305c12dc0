// SPDX-License-Identifier: LGPL-2.1-or-later
// See desk.h: opening what is next, and closing what was played.
#include "base/free_memory.h"
#include "playout/desk.h"
#include "playout/wall_clock.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr size_t kOpenAhead = 2;                   ///< items open behind the one on air, at most
constexpr GstClockTime kAirAhead = 4 * GST_SECOND; ///< so much in one is enough
constexpr size_t kMostOpen = 4;
constexpr gint64 kFixedAhead = 15 * G_USEC_PER_SEC; ///< before a fixed time
constexpr std::chrono::milliseconds kOrderly{500};  ///< nothing overtakes what opens
constexpr std::chrono::milliseconds kLook{5};       ///< between two looks at what opens
constexpr std::chrono::seconds kIdle{1};            ///< a time gap or a fixed time may be over

/// Whether the item that is next may be the only one open: it is long, and one is on air.
bool is_enough(const Board& board, const Entry& next) {
  const Span* now = board.timeline.on_air();
  return now && now->tier == Tier::item && board.timeline.left() > 0 && next.at == 0 &&
         board.grid().time_of(next.frames) >= kAirAhead;
}

} // namespace

/// A clip on its way from its file to the air.
struct Desk::Opening {
  enum class Stage { waiting, starting, started };

  Standby Board::*standby = nullptr; ///< else of the rundown
  OpenClip clip;
  bool any_stride = false;
  std::array<bool, 2> wanted{};
  /// To stand by, and not another clip by now.
  bool is_wanted(Board& board) const {
    return standby && (board.*standby).item.get() == clip.item.get();
  }

  // Under the lock of the board.
  Stage stage = Stage::waiting;
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now(); ///< the stage
  std::optional<Error> fault;
  bool given_up = false; ///< whoever starts it keeps it

  std::chrono::steady_clock::duration age() const {
    return std::chrono::steady_clock::now() - begun;
  }
};

/// What is to be opened now; under the board's lock.
std::vector<std::shared_ptr<Desk::Opening>> Desk::jobs_to_open(Board& board) {
  std::vector<std::shared_ptr<Opening>> jobs;
  if (!board.may_open()) return jobs;
  const auto add = [&](std::shared_ptr<const PlayoutItem> item, guint64 frames) -> Opening& {
    Opening& job = *jobs.emplace_back(std::make_shared<Opening>());
    job.clip.item = std::move(item);
    job.clip.frames = frames;
    job.any_stride = board.any_stride;
    job.wanted = board.wanted;
    return job;
  };
  auto near = board.rundown.upcoming(kOpenAhead, utc_now(), kFixedAhead);
  if (near.size() > 1 && is_enough(board, *near[0])) near.resize(1); // an open one costs memory
  close_far(board, near);
  for (Entry* entry : near) {
    if (entry->progress != Progress::ready) continue;
    entry->progress = Progress::opening;
    add(entry->item, entry->frames);
  }
  if (!board.reair.item && board.library.size() > 0)
    if (auto item = board.library.pick(board.grid().time_of(board.timeline.end())))
      board.reair.item = std::make_shared<PlayoutItem>(std::move(*item));
  for (const auto member : {&Board::reair, &Board::filler}) {
    Standby& standby = board.*member;
    if (!standby.item || standby.checking || standby.opening || standby.open) continue;
    standby.opening = true;
    add(standby.item, frames_of(*standby.item, board.grid())).standby = member;
  }
  return jobs;
}

/// What was next when it was opened and is not any more.
void Desk::close_far(Board& board, const std::vector<Entry*>& near) {
  if (board.rundown.open_items() <= kMostOpen) return;
  for (const auto& entry : board.rundown.entries()) {
    if (entry->progress != Progress::open) continue;
    if (std::find(near.begin(), near.end(), entry.get()) != near.end()) continue;
    entry->progress = Progress::ready;
    board.close(std::exchange(entry->readers, {}));
  }
}

void Desk::run_opener() {
  std::vector<std::shared_ptr<Opening>> jobs;
  for (;;) {
    std::vector<std::shared_ptr<Opening>> more;
    {
      auto board = board_.lock();
      const auto look = [&](Board& b) { return b.stopped || !(more = jobs_to_open(b)).empty(); };
      if (jobs.empty())
        board.wait_for(kIdle, look);
      else
        board.wait_for(kLook, look);
      if (board->stopped) break;
      jobs.insert(jobs.end(), more.begin(), more.end());
      to_start_.insert(to_start_.end(), more.begin(), more.end());
    }
    if (!more.empty()) board_.notify();
    bool held_up = false;
    std::erase_if(jobs, [&](const auto& job) {
      if (held_up && !job->standby) return false;
      const bool over = poll(*job);
      held_up |= !over && !job->standby && job->age() < kOrderly;
      return over;
    });
  }
  auto board = board_.lock();
  to_start_.clear();
  for (auto& job : jobs)
    board->close(std::move(job->clip.readers));
}

/// Opens the files, which may hang. One at a time keeps their order.
void Desk::run_starter() {
  for (;;) {
    std::shared_ptr<Opening> job;
    {
      auto board = board_.lock();
      board.wait([this](const Board& b) { return b.stopped || !to_start_.empty(); });
      if (board->stopped) return;
      job = std::move(to_start_.front());
      to_start_.pop_front();
      job->stage = Opening::Stage::starting;
      job->begun = std::chrono::steady_clock::now();
      board->starters.begin();
    }
    Readers readers;
    std::optional<Error> fault;
    try {
      readers = start_reading(*job);
    } catch (...) {
      fault = caught_error();
    }
    {
      auto board = board_.lock();
      board->starters.end();
      job->stage = Opening::Stage::started;
      job->fault = std::move(fault);
      if (job->given_up || board->stopped)
        board->close(std::move(readers));
      else
        job->clip.readers = std::move(readers);
    }
    board_.notify();
  }
}

Readers Desk::start_reading(const Opening& job) {
  const PlayoutItem& item = *job.clip.item;
  Readers readers;
  if (job.wanted[0])
    readers[0] = std::make_unique<ClipReader>(
        item.clip, VideoTarget{settings_.video, Fit::letterbox, job.any_stride}, cancel_,
        ClipReader::Use::channel);
  if (job.wanted[1] && item.clip.has_audio)
    readers[1] = std::make_unique<ClipReader>(item.clip, settings_.audio.get(), cancel_);
  return readers;
}

static Error does_not_open(const std::string& uri) {
  return {Fault::timeout, "the clip " + uri + " does not open",
          "look whether its storage still answers"};
}

/// From then on the readers are the opener's alone.
bool Desk::has_started(Opening& job) {
  auto board = board_.lock();
  if (job.fault) throw Error(*job.fault);
  if (job.stage == Opening::Stage::starting && job.age() >= settings_.hangs) {
    job.given_up = true;
    throw does_not_open(job.clip.item->uri);
  }
  return job.stage == Opening::Stage::started;
}

/// Whether the job is over, one way or the other.
bool Desk::poll(Opening& job) {
  try {
    if (!has_started(job)) return false;
    for (auto& reader : job.clip.readers) {
      if (!reader || reader->wait_block(std::chrono::nanoseconds(0))) continue;
      if (job.age() < settings_.hangs) return false;
      throw does_not_open(job.clip.item->uri);
    }
    if (job.clip.readers[0]) job.clip.readers[0]->wait_ready();
    opened(job);
  } catch (...) {
    open_failed(job, caught_error());
  }
  return true;
}

void Desk::opened(Opening& job) {
  {
    auto board = board_.lock();
    if (job.is_wanted(*board) && !board->stopped) {
      Standby& standby = (*board).*job.standby;
      standby.opening = false;
      standby.open = std::move(job.clip);
      if (job.standby == &Board::filler) board->filler_texts.clear();
      return;
    }
    Entry* entry = job.standby ? nullptr : board->rundown.find(job.clip.item->id);
    if (!board->stopped && entry) {
      entry->readers = std::move(job.clip.readers);
      entry->progress = Progress::open;
    } else {
      board->close(std::move(job.clip.readers));
    }
  }
  board_.notify();
}

void Desk::open_failed(Opening& job, const Error& error) {
  const auto& item = *job.clip.item;
  {
    auto board = board_.lock();
    board->close(std::move(job.clip.readers));
    if (job.is_wanted(*board)) (*board).*job.standby = {};
    if (job.standby) {
      board->library.forget(item.uri);
      board->fillers.forget(item.uri);
      board->warn_of_filler(error, item.uri);
    }
  }
  if (!job.standby) fail(item.id, error);
  board_.notify();
}

/// One reader at a time; where one hangs, the next closer takes over.
void Desk::run_closer() {
  for (;;) {
    std::unique_ptr<ClipReader> reader;
    {
      auto board = board_.lock();
      board.wait([](const Board& b) { return b.draining || !b.closing.empty(); });
      if (board->closing.empty()) return;
      reader = std::move(board->closing.back());
      board->closing.pop_back();
      board->closers.begin();
    }
    reader.reset();
    return_free_memory();
    board_.lock()->closers.end();
  }
}

} // namespace aigc
