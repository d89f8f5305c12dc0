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
constexpr std::chrono::seconds kOpenLimit{5};
constexpr std::chrono::milliseconds kOrderly{500}; ///< nothing overtakes what opens
constexpr std::chrono::milliseconds kLook{5};      ///< between two looks at what opens
constexpr std::chrono::seconds kIdle{1};           ///< a time gap or a fixed time may be over

} // namespace

/// A clip on its way from its file to the air.
struct Desk::Opening {
  Standby Board::*standby = nullptr; ///< else of the rundown
  OpenClip clip;
  std::chrono::steady_clock::time_point start;
  std::chrono::steady_clock::duration age() const {
    return std::chrono::steady_clock::now() - start;
  }
  bool any_stride = false;
  std::array<bool, 2> wanted{};
};

/// What is to be opened now; under the board's lock.
std::vector<Desk::Opening> Desk::jobs_to_open(Board& board) {
  std::vector<Opening> jobs;
  if (!board.may_open()) return jobs;
  const auto add = [&](std::shared_ptr<const PlayoutItem> item, guint64 frames) -> Opening& {
    Opening& job = jobs.emplace_back();
    job.clip.item = std::move(item);
    job.clip.frames = frames;
    job.any_stride = board.any_stride;
    job.wanted = board.wanted;
    return job;
  };
  auto near = board.rundown.upcoming(kOpenAhead, utc_now(), kFixedAhead);
  if (near.size() > 1 && near[0]->at == 0 && board.grid().time_of(near[0]->frames) >= kAirAhead)
    near.resize(1); // each open clip costs memory
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
  std::vector<Opening> jobs;
  for (;;) {
    std::vector<Opening> more;
    {
      auto board = board_.lock();
      const auto look = [&](Board& b) { return b.stopped || !(more = jobs_to_open(b)).empty(); };
      if (jobs.empty())
        board.wait_for(kIdle, look);
      else
        board.wait_for(kLook, look);
      if (board->stopped) break;
    }
    for (auto& job : more)
      if (start_opening(job)) jobs.push_back(std::move(job));
    bool held_up = false;
    std::erase_if(jobs, [&](Opening& job) {
      if (held_up && !job.standby) return false;
      const bool over = poll(job);
      held_up |= !over && !job.standby && job.age() < kOrderly;
      return over;
    });
  }
  auto board = board_.lock();
  for (auto& job : jobs)
    board->close(std::move(job.clip.readers));
}

/// False when it cannot be opened.
bool Desk::start_opening(Opening& job) {
  job.start = std::chrono::steady_clock::now();
  const PlayoutItem& item = *job.clip.item;
  try {
    if (job.wanted[0])
      job.clip.readers[0] = std::make_unique<ClipReader>(
          item.clip, VideoTarget{settings_.video, Fit::letterbox, job.any_stride}, cancel_,
          ClipReader::Use::channel);
    if (job.wanted[1] && item.clip.has_audio)
      job.clip.readers[1] = std::make_unique<ClipReader>(item.clip, settings_.audio.get(), cancel_);
    return true;
  } catch (...) {
    open_failed(std::move(job), caught_error());
    return false;
  }
}

/// Whether the job is over, one way or the other.
bool Desk::poll(Opening& job) {
  try {
    for (auto& reader : job.clip.readers) {
      if (!reader || reader->wait_block(std::chrono::nanoseconds(0))) continue;
      if (job.age() < kOpenLimit) return false;
      throw Error(Fault::timeout, "the clip " + job.clip.item->uri + " does not open",
                  "look whether its storage still answers");
    }
    if (job.clip.readers[0]) job.clip.readers[0]->wait_ready();
    opened(std::move(job));
  } catch (...) {
    open_failed(std::move(job), caught_error());
  }
  return true;
}

void Desk::opened(Opening job) {
  {
    auto board = board_.lock();
    if (job.standby && !board->stopped) {
      Standby& standby = (*board).*job.standby;
      standby.opening = false;
      standby.open = std::move(job.clip);
      return;
    }
    Entry* entry = board->rundown.find(job.clip.item->id);
    if (!board->stopped && entry) {
      entry->readers = std::move(job.clip.readers);
      entry->progress = Progress::open;
    } else {
      board->close(std::move(job.clip.readers));
    }
  }
  board_.notify();
}

void Desk::open_failed(Opening job, const Error& error) {
  const auto& item = *job.clip.item;
  {
    auto board = board_.lock();
    board->close(std::move(job.clip.readers));
    if (job.standby) {
      (*board).*job.standby = {};
      board->library.forget(item.uri);
      board->fillers.forget(item.uri);
      if (error.fault != Fault::cancelled) board->warn(error, item.uri);
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
      ++board->closers_busy;
    }
    reader.reset();
    return_free_memory();
    --board_.lock()->closers_busy;
  }
}

} // namespace aigc
