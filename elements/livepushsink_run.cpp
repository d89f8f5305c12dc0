// SPDX-License-Identifier: LGPL-2.1-or-later
// See livepushsink_run.h.
#include "livepushsink_run.h"

#include <algorithm>
#include <random>

namespace aigc {

namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 20ms;
/// A peer that has not accepted by then never will.
constexpr auto kConnectTime = 15s;
/// SRT's own limit is 3 s; a peer that is there says no in a round trip.
constexpr auto kRefusedTime = 1s;
/// A peer that takes nothing for so long, while there is something, is gone.
constexpr auto kStallTime = 5s;
/// A connection that lasted so long was a good one: the next wait is a short one again.
constexpr auto kGoodTime = 10s;
/// How long the end of the stream may hold upstream up, to send what is left.
constexpr auto kDrainTime = 2s;
/// A sink that sent nothing for so long has nothing left.
constexpr auto kSettleTime = 100ms;
/// A thread that has not ended by then, since it was told to, is left alone.
constexpr auto kStopTime = 700ms;

std::optional<GstClockTimeDiff> running_time(const GstSegment* segment, GstClockTime time) {
  guint64 value = 0;
  const int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, time, &value);
  if (sign == 0) return std::nullopt;
  return sign > 0 ? static_cast<GstClockTimeDiff>(value) : -static_cast<GstClockTimeDiff>(value);
}

/// None for a buffer without a time: nobody could place it.
std::optional<PushUnit> to_unit(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const GstSegment* segment = gst_sample_get_segment(sample);
  PushUnit unit{.buffer = share(buffer), .pts = running_time(segment, GST_BUFFER_PTS(buffer))};
  const auto dts = running_time(segment, GST_BUFFER_DTS_OR_PTS(buffer));
  if (!dts) return std::nullopt;
  unit.dts = *dts;
  unit.is_key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return unit;
}

} // namespace

bool PushRun::State::has_format() const {
  bool any = false;
  for (const PushMedia media : kPushMedia) {
    if (!wanted[media]) continue;
    if (!format[media]) return false;
    any = true;
  }
  return any;
}

bool PushRun::State::all_ended() const {
  return std::all_of(kPushMedia.begin(), kPushMedia.end(),
                     [this](PushMedia media) { return !wanted[media] || ended[media]; });
}

PushRun::PushRun(GstElement* element, PushHost host, PushSettings settings)
    : element_(element), host_(std::move(host)), settings_(std::move(settings)),
      target_(settings_.location), cancel_(adopt(g_cancellable_new())) {
  if (settings_.retry_min > settings_.retry_max)
    throw Error(Fault::settings, "livepushsink: retry-min is above retry-max",
                "set retry-min to at most retry-max");
  check_push_elements(target_);
}

void PushRun::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void PushRun::stop() {
  {
    auto state = state_.lock();
    if (std::exchange(state->stopped, true)) return;
  }
  stopped_ = Clock::now();
  state_.notify();
  g_cancellable_cancel(cancel_.get());
}

/// Many that are stopped together are waited for together.
void PushRun::finish() {
  if (!thread_.joinable()) return;
  const auto left = std::max<Clock::duration>(stopped_ + kStopTime - Clock::now(), 0ms);
  const bool over = state_.lock().wait_for(left, [](const State& state) { return state.over; });
  if (over)
    thread_.join();
  else
    thread_.detach();
}

void PushRun::want(PushMedia media, bool wanted) {
  {
    auto state = state_.lock();
    state->wanted[media] = wanted;
    state->format[media].reset();
    state->ended[media] = false;
    state->rebuild = true;
  }
  state_.notify();
}

void PushRun::take(PushMedia media, GstSample* sample) {
  auto unit = to_unit(sample);
  if (!unit) return;
  {
    auto state = state_.lock();
    auto& format = state->format[media];
    GstCaps* caps = gst_sample_get_caps(sample);
    if (!format || !gst_caps_is_equal(format.get(), caps)) {
      format = share(caps);
      state->rebuild = true;
      state->is_open = false;
    }
    if (state->is_open)
      state->queue.add(media, std::move(*unit), settings_.queue_time);
    else if (media == PushMedia::video)
      state->queue.lose_picture();
  }
  state_.notify();
}

void PushRun::end(PushMedia media) {
  {
    auto state = state_.lock();
    state->ended[media] = true;
  }
  state_.notify();
  auto state = state_.lock();
  if (!state->all_ended()) return;
  state.wait_for(kDrainTime, [](const State& s) { return !s.is_open || s.finished || s.stopped; });
}

Own<GstStructure> PushRun::stats() {
  auto state = state_.lock();
  return Own<GstStructure>(gst_structure_new(
      "application/x-livepushsink-stats", "connected", G_TYPE_BOOLEAN, state->connected, "since",
      G_TYPE_INT64, state->since, "connects", G_TYPE_UINT64, state->connects, "last-error",
      G_TYPE_STRING, state->last_error.c_str(), "bytes", G_TYPE_UINT64, state->bytes,
      "dropped-frames", G_TYPE_UINT64, state->queue.dropped(), nullptr));
}

void PushRun::run() {
  while (wait_format()) {
    const auto error = serve();
    close();
    if (error) recover(*error);
  }
  state_.lock()->over = true;
  state_.notify();
}

/// False when there is nothing more to do.
bool PushRun::wait_format() {
  auto state = state_.lock();
  state.wait([](const State& s) { return s.stopped || s.has_format() || s.all_ended(); });
  if (state->stopped || (state->all_ended() && state->has_format())) return false;
  format_ = state->format;
  state->rebuild = false;
  state->failure.reset();
  state->finished = false;
  return true;
}

/// One connection from beginning to end. None when it ended as it should.
std::optional<Error> PushRun::serve() {
  began_ = Clock::now();
  try {
    PushConnection connection(target_, format_,
                              {.failed =
                                   [this](const Error& error) {
                                     auto state = state_.lock();
                                     if (!state->failure) state->failure = error;
                                     state_.notify();
                                   },
                               .finished =
                                   [this] {
                                     state_.lock()->finished = true;
                                     state_.notify();
                                   }});
    connection.start(target_.resolved(tries_, cancel_.get()));
    bring_up(connection);
    feed(connection);
    drain(connection);
    return std::nullopt;
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled) return std::nullopt;
    return explained(error);
  }
}

/// srtsink 1.22 tells a peer that refuses from one that is not there only by how long it takes.
Error PushRun::explained(const Error& error) const {
  const bool by_srt =
      target_.protocol() == PushTarget::Protocol::srt && error.fault == Fault::write;
  if (was_up_ || target_.listens() || !by_srt) return error;
  const bool refused = Clock::now() - began_ < kRefusedTime;
  return error.in_words(
      (refused ? "the peer refuses: passphrase or streamid may be wrong (" : "nobody answers (") +
      std::string(error.what()) + ")");
}

/// Throws what ended the connection.
void PushRun::check() {
  auto state = state_.lock();
  if (state->stopped || state->rebuild) throw Error(Fault::cancelled, "stopped");
  if (state->failure) throw *state->failure;
}

/// From now on what comes is queued, from a key frame on.
void PushRun::open() {
  base_.reset();
  auto state = state_.lock();
  if (state->rebuild) return; // of another format
  state->is_open = true;
  state->queue.begin(static_cast<bool>(format_[PushMedia::video]));
}

void PushRun::bring_up(PushConnection& connection) {
  const auto give_up = Clock::now() + kConnectTime;
  // srtsink finds out that it was refused only when it has something to send.
  const bool early = target_.protocol() == PushTarget::Protocol::srt && !target_.listens();
  if (early) open();
  for (; !connection.is_up(); check()) {
    if (state_.lock()->all_ended()) throw Error(Fault::cancelled, "ended");
    if (!target_.listens() && Clock::now() > give_up)
      throw Error(Fault::timeout, "the peer does not answer");
    if (early) feed_some(connection);
    state_.lock().wait_for(kTick, [](const State& s) { return s.stopped || s.failure; });
  }
  if (!early) open();
  taken_ = 0;
  was_up_ = true;
  is_told_ = false;
  up_ = progress_ = Clock::now();
  {
    auto state = state_.lock();
    state->connected = true;
    ++state->connects;
    state->since = g_get_real_time();
  }
  tell({.state = PushNews::State::connected, .location = target_.shown()});
}

void PushRun::feed(PushConnection& connection) {
  for (;;) {
    bool is_done = false;
    {
      auto state = state_.lock();
      const auto is_queued = [](const State& s) {
        return !s.queue.is_empty(PushMedia::video) || !s.queue.is_empty(PushMedia::audio);
      };
      state.wait_for(kTick, [&](const State& s) {
        return s.stopped || s.failure || s.rebuild || is_queued(s);
      });
      is_done = state->all_ended() && !is_queued(*state);
    }
    check();
    if (is_done) return;
    // What is queued but finds no room must not keep this thread spinning.
    if (!feed_some(connection))
      state_.lock().wait_for(kTick, [](const State& s) { return s.stopped || s.failure; });
    check_progress(connection);
  }
}

/// False when nothing could be pushed.
bool PushRun::feed_some(PushConnection& connection) {
  if (state_.lock()->queue.wants_key()) ask_for_key_frame();
  bool any = false;
  for (const PushMedia media : kPushMedia) {
    if (!format_[media]) continue;
    while (connection.has_room(media) && push_next(connection, media))
      any = true;
  }
  return any;
}

bool PushRun::push_next(PushConnection& connection, PushMedia media) {
  // The key frame the pictures begin with is time 0; sound before it is left out.
  const bool may_begin = media == PushMedia::video || !format_[PushMedia::video];
  if (!base_ && !may_begin) return false;
  auto unit = state_.lock()->queue.next(media);
  if (!unit) return false;
  if (!base_) base_ = unit->dts;
  if (unit->dts < *base_) return true;
  auto buffer = adopt(gst_buffer_copy(unit->buffer.get()));
  const auto place = [this](GstClockTimeDiff time) {
    return static_cast<GstClockTime>(std::max<GstClockTimeDiff>(time - *base_, 0));
  };
  GST_BUFFER_PTS(buffer.get()) = unit->pts ? place(*unit->pts) : GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS(buffer.get()) = place(unit->dts);
  connection.push(media, std::move(buffer));
  return true;
}

void PushRun::count_bytes(PushConnection& connection) {
  const guint64 taken = connection.bytes_taken();
  if (taken <= taken_) return;
  state_.lock()->bytes += taken - taken_;
  taken_ = taken;
  progress_ = Clock::now();
}

void PushRun::check_progress(PushConnection& connection) {
  count_bytes(connection);
  if (!connection.is_up()) {
    check(); // the error says more
    throw Error(Fault::write, "the peer went away");
  }
  if (!is_held_up(connection))
    progress_ = Clock::now();
  else if (Clock::now() - progress_ > kStallTime)
    throw Error(Fault::timeout, "the peer takes nothing any more");
}

/// Data waits, and not for data of the other lane.
bool PushRun::is_held_up(PushConnection& connection) {
  bool is_full = false;
  for (const PushMedia media : kPushMedia) {
    if (!format_[media]) continue;
    if (connection.is_empty(media)) return false;
    is_full |= !connection.has_room(media);
  }
  return is_full;
}

/// All has been pushed: lets it out, and what the sink itself still holds.
void PushRun::drain(PushConnection& connection) {
  connection.finish();
  state_.lock().wait_for(kDrainTime / 2,
                         [](const State& s) { return s.finished || s.failure || s.stopped; });
  const auto give_up = Clock::now() + kDrainTime / 2;
  for (guint64 before = G_MAXUINT64; before != taken_ && Clock::now() < give_up;) {
    before = taken_;
    if (state_.lock().wait_for(kSettleTime, [](const State& s) { return s.stopped; })) return;
    count_bytes(connection);
  }
}

void PushRun::close() {
  {
    auto state = state_.lock();
    if (state->connected) state->since = g_get_real_time();
    state->connected = state->is_open = false;
    state->queue.begin(false);
  }
  state_.notify();
}

/// Tells what was wrong and waits before the next try.
void PushRun::recover(const Error& error) {
  if (was_up_ && Clock::now() - up_ > kGoodTime) tries_ = 0;
  const auto wait = delay();
  state_.lock()->last_error = error.what();
  tell({.state = was_up_ ? PushNews::State::lost : PushNews::State::retrying,
        .location = target_.shown(),
        .reason = error.what(),
        .retry_in = static_cast<guint64>(std::chrono::nanoseconds(wait).count()),
        .is_first = !std::exchange(is_told_, true)});
  was_up_ = false;
  state_.lock().wait_for(wait, [](const State& s) { return s.stopped; });
}

/// From retry-min to twice that, four times, ... at most retry-max, anywhere between: many that
/// lost the same peer do not come back together.
std::chrono::milliseconds PushRun::delay() {
  thread_local std::minstd_rand random{std::random_device{}()};
  const guint64 longest = std::min<guint64>(settings_.retry_max, guint64{settings_.retry_min}
                                                                     << std::min(++tries_, 16u));
  return std::chrono::milliseconds(
      std::uniform_int_distribution<guint64>(settings_.retry_min, longest)(random));
}

/// Null once the run was stopped.
Ref<GstElement> PushRun::element() {
  auto state = state_.lock();
  return state->stopped ? nullptr : share(element_);
}

void PushRun::tell(const PushNews& news) {
  if (auto alive = element()) host_.tell(alive.get(), news);
}

void PushRun::ask_for_key_frame() {
  if (auto alive = element()) host_.ask_for_key_frame(alive.get());
}

} // namespace aigc
