// SPDX-License-Identifier: LGPL-2.1-or-later
// See hls_writer.h.
#include "playout/hls_writer.h"

#include <algorithm>
#include <pthread.h>

namespace aigc {

using namespace std::chrono_literals;

namespace {

/// What may wait for the disk: at 3 Mbit/s a minute and a half.
constexpr size_t kMostCost = 32u << 20;
constexpr size_t kBlock = 256u << 10; ///< bytes that are handed on at once
constexpr auto kStartTime = 500ms;    ///< a queue before the sink bears it
constexpr auto kStopTime = 400ms;     ///< of the second that a channel may take to stop
constexpr auto kStandstill = 1s;      ///< for one step; from there on nobody waits at a stop
constexpr auto kEndTime = 3s;         ///< the same at the end of a stream

Error too_slow() {
  return Error(Fault::write, "the disk stands still or is too slow, so segments are left out",
               "use a faster disk, or a lower bitrate; the stream goes on by itself then");
}

Error no_start() {
  return Error(Fault::write, "the disk does not answer, so nothing of the stream is written yet",
               "look after the disk of the playlist; the stream begins by itself then");
}

Error no_end() {
  return Error(Fault::write, "the disk stands still, so the end of the stream is not written",
               "start again with the same places once the disk answers, and end that stream");
}

} // namespace

bool HlsWriter::State::stands_still(Clock::duration limit) const {
  return busy && Clock::now() - since >= limit;
}

bool HlsWriter::State::has_room(size_t size) const {
  return steps.empty() || cost + sizeof(Step) + size <= kMostCost;
}

void HlsWriter::State::add(Step step) {
  cost += step.cost();
  steps.push_back(std::move(step));
}

void HlsWriter::State::lose_segment() {
  while (!steps.empty() && !steps.back().act) {
    cost -= steps.back().cost();
    steps.pop_back();
  }
  add({[](HlsFolder& folder) { folder.lose(); }, {}, 0});
  losing = true;
  troubles.push_back(too_slow());
}

HlsWriter::HlsWriter(HlsSettings settings)
    : shared_(std::make_shared<Shared>(std::move(settings))) {}

HlsWriter::~HlsWriter() {
  if (!thread_.joinable()) return;
  shared_->state.lock()->closing = true;
  shared_->state.notify();
  bool is_over = false;
  {
    auto state = shared_->state.lock();
    if (!state->stands_still(kStandstill))
      state.wait_for(kStopTime, [](const State& s) { return s.over; });
    is_over = state->over;
    if (!is_over) state->steps.clear();
  }
  is_over ? thread_.join() : thread_.detach();
}

std::optional<unsigned> HlsWriter::resume(bool is_live) {
  is_live_ = is_live;
  auto state = shared_->state.lock();
  if (!thread_.joinable()) {
    state->busy = true;
    state->since = Clock::now();
    thread_ = std::thread([shared = shared_] { run(*shared); });
  }
  const auto is_known = [](const State& s) { return s.target > 0 || s.failure || s.flushing; };
  if (!is_live) {
    state.wait(is_known);
  } else if (!is_late_ && !state.wait_for(kStartTime, is_known)) {
    is_late_ = true;
    state->troubles.push_back(no_start());
  }
  if (state->failure) std::rethrow_exception(state->failure);
  return state->target > 0 ? std::optional(state->target) : std::nullopt;
}

void HlsWriter::resume(Shared& shared) {
  try {
    shared.folder->resume();
    shared.state.lock()->target = shared.folder->target();
  } catch (...) {
    shared.state.lock()->failure = std::current_exception();
  }
}

std::optional<HlsWriter::Step> HlsWriter::next_step(Shared& shared) {
  auto state = shared.state.lock();
  state->busy = false;
  while (auto trouble = shared.folder->take_trouble())
    state->troubles.push_back(std::move(*trouble));
  shared.state.notify();
  state.wait([](const State& s) { return !s.steps.empty() || s.closing; });
  if (state->steps.empty()) return std::nullopt;
  Step step = std::move(state->steps.front());
  state->steps.pop_front();
  state->busy = true;
  state->since = Clock::now();
  return step;
}

void HlsWriter::run(Shared& shared) {
  pthread_setname_np(pthread_self(), "aigc-hls");
  resume(shared);
  while (const auto step = next_step(shared)) {
    try {
      if (step->act)
        step->act(*shared.folder);
      else
        shared.folder->write(reinterpret_cast<const guint8*>(step->bytes.data()),
                             step->bytes.size());
    } catch (...) {
      shared.state.lock()->troubles.push_back(caught_error());
    }
    shared.state.lock()->cost -= step->cost();
  }
  shared.folder.reset();
  shared.state.lock()->over = true;
  shared.state.notify();
}

void HlsWriter::add(std::function<void(HlsFolder&)> act, size_t extra) {
  shared_->state.lock()->add({std::move(act), {}, extra});
  shared_->state.notify();
}

void HlsWriter::set_clock(gint64 utc_of_zero) {
  has_clock_ = true;
  add([=](HlsFolder& folder) { folder.set_clock(utc_of_zero); });
}

void HlsWriter::begin(GstClockTime time, bool discontinuity, std::optional<gint64> utc_of_zero) {
  {
    auto state = shared_->state.lock();
    state->discontinuity |= discontinuity;
    // All that waits need not be written: items come right before each segment.
    if (state->losing && state->cost > kBlock) return;
    state->losing = false;
    discontinuity = std::exchange(state->discontinuity, false);
    state->add({[=](HlsFolder& folder) { folder.begin(time, discontinuity, utc_of_zero); }, {}, 0});
  }
  shared_->state.notify();
}

void HlsWriter::write(const guint8* data, size_t size) {
  bool is_much = false;
  {
    auto state = shared_->state.lock();
    if (state->losing) return;
    if (!is_live_) state.wait([=](const State& s) { return s.has_room(size) || s.flushing; });
    if (is_live_ && !state->has_room(size)) {
      state->lose_segment();
    } else {
      if (state->steps.empty() || state->steps.back().act ||
          state->steps.back().bytes.size() >= kBlock)
        state->add({});
      std::string& bytes = state->steps.back().bytes;
      bytes.append(reinterpret_cast<const char*>(data), size);
      state->cost += size;
      is_much = bytes.size() >= kBlock;
    }
  }
  // Else it waits for more, or for the end of the segment.
  if (is_much) shared_->state.notify();
}

void HlsWriter::end(GstClockTime time) {
  // What is lost has no end before something else begins.
  if (shared_->state.lock()->losing) return;
  add([=](HlsFolder& folder) { folder.end(time); });
}

void HlsWriter::interrupt() {
  has_clock_ = false;
  shared_->state.lock()->losing = false;
  add([](HlsFolder& folder) { folder.interrupt(); });
}

void HlsWriter::item(GstClockTime time, HlsDateRange range) {
  const size_t size = range.item.size() + range.title.size() + range.tier.size();
  // Then the range before goes on; of what is lost nobody sees where it ended.
  if (!shared_->state.lock()->has_room(size)) return;
  add([time, range = std::move(range)](HlsFolder& folder) { folder.item(time, range); }, size);
}

void HlsWriter::finish(GstClockTime time) {
  if (!thread_.joinable()) return;
  add([=](HlsFolder& folder) { folder.finish(time); });
  auto state = shared_->state.lock();
  while (!state.wait_for(kEndTime, [](const State& s) { return s.idle() || s.flushing; })) {
    if (!is_live_ || !state->stands_still(kEndTime)) continue;
    state->troubles.push_back(no_end());
    return;
  }
}

void HlsWriter::flush(bool on) {
  shared_->state.lock()->flushing = on;
  shared_->state.notify();
}

std::optional<Error> HlsWriter::take_trouble() {
  auto state = shared_->state.lock();
  if (state->troubles.empty()) return std::nullopt;
  Error trouble = std::move(state->troubles.front());
  state->troubles.pop_front();
  return trouble;
}

} // namespace aigc
