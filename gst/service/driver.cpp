// SPDX-License-Identifier: LGPL-2.1-or-later
// See driver.h.
#include "service/driver.h"

#include "media/picture.h"
#include "media/probe.h"

#include <algorithm>
#include <random>
#include <thread>

namespace aigc {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kFirstPoll = 1000ms;
constexpr auto kLongestPoll = 10'000ms;
constexpr auto kFirstBackoff = 500ms;
constexpr auto kLongestBackoff = 30'000ms;

/// Feeds values into the digest so that no two different requests look the same.
class Digest {
 public:
  Digest() : sum_(g_checksum_new(G_CHECKSUM_SHA256)) {}
  ~Digest() { g_checksum_free(sum_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::string_view text) {
    const std::string size = std::to_string(text.size()) + ":";
    g_checksum_update(sum_, reinterpret_cast<const guchar*>(size.data()), size.size());
    g_checksum_update(sum_, reinterpret_cast<const guchar*>(text.data()), text.size());
  }
  void add(gint64 number) { add(std::to_string(number)); }
  void add(GBytes* bytes) {
    gsize size = 0;
    const auto* data = bytes ? g_bytes_get_data(bytes, &size) : nullptr;
    add(std::string_view(static_cast<const char*>(data), size));
  }
  std::string hex() { return g_checksum_get_string(sum_); }

 private:
  GChecksum* sum_;
};

/// Half to all of 0.5 s, 1 s, 2 s, ...: no two clients come back together.
std::chrono::milliseconds backoff(unsigned tries) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::min<std::chrono::milliseconds>(
      kFirstBackoff * (1u << std::min(tries, 10u)), kLongestBackoff);
  return longest / 2 + std::chrono::milliseconds(random() % (longest.count() / 2 + 1));
}

/// Refuses bytes that are not what was ordered. Throws Error{Fault::format, read}.
void verify(Role role, const Result& result, Cancel& cancel) {
  if (role == Role::picture) {
    if (!result.picture) throw Error(Fault::format, "the service gave no picture", "try again");
    sniff_picture(result.picture.get());
  }
  if (role == Role::clip)
    probe_clip(take_string(g_filename_to_uri(result.clip_path.c_str(), nullptr, nullptr)), cancel);
}

} // namespace

std::string request_key(const std::string& service, const Request& request) {
  Digest digest;
  digest.add(service);
  digest.add(stage_name(request.role));
  for (const std::string* text :
       {&request.model, &request.script, &request.words, &request.negative, &request.motion,
        &request.style, &request.mood, &request.language, &request.resolution})
    digest.add(*text);
  digest.add(request.size.width);
  digest.add(request.size.height);
  digest.add(static_cast<gint64>(request.seconds * 1e6));
  digest.add(request.seed);
  digest.add(request.take);
  digest.add(request.keyframe.get());
  digest.add(request.last_frame.get());
  return digest.hex();
}

/// What one run carries along.
struct Driver::Attempt {
  const DriverOptions& options;
  Clock::time_point deadline;
  Call call;
  unsigned requests = 0;

  void check() const {
    call.cancel.check();
    if (Clock::now() < deadline) return;
    throw Error(Fault::timeout,
                "no result within " + std::to_string(options.timeout.count()) + " ms",
                "raise timeout, or try again later");
  }

  /// Waits, but not beyond the deadline.
  void pause(std::chrono::nanoseconds duration) const {
    call.cancel.sleep(std::min<std::chrono::nanoseconds>(duration, deadline - Clock::now()));
    check();
  }
};

Result Driver::wait_for(const Task& task, Attempt& attempt) const {
  auto interval = attempt.options.poll_interval.count() > 0 ? attempt.options.poll_interval
                                                            : std::chrono::milliseconds(kFirstPoll);
  try {
    for (;;) {
      attempt.pause(interval);
      Poll poll = backend_->poll(task, attempt.call);
      if (poll.state == Poll::State::done) return std::move(poll.result);
      if (poll.percent >= 0) attempt.call.progress(poll.percent);
      if (attempt.options.poll_interval.count() == 0)
        interval = std::min<std::chrono::milliseconds>(interval * 3 / 2, kLongestPoll);
    }
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) backend_->cancel(task);
    throw;
  }
}

Result Driver::obtain(const Request& request, Attempt& attempt) const {
  for (;;) {
    attempt.check();
    try {
      ++attempt.requests;
      auto answer = backend_->submit(request, attempt.call);
      if (auto* result = std::get_if<Result>(&answer)) return std::move(*result);
      return wait_for(std::get<Task>(answer), attempt);
    } catch (const Error& error) {
      if (!error.retry || attempt.requests > attempt.options.max_retries) throw;
      attempt.pause(backoff(attempt.requests - 1));
    }
  }
}

Provenance Driver::provenance_of(const Request& request, const Result& result) const {
  Provenance provenance;
  provenance.stage = stage_name(request.role);
  provenance.service = backend_->name();
  provenance.model = request.model;
  provenance.request_id = result.request_id;
  provenance.seed = result.seed;
  provenance.cost = result.cost;
  provenance.currency = result.currency;
  provenance.preview = backend_->is_preview();
  return provenance;
}

Done Driver::run(const Request& request, const DriverOptions& options, Cancel& cancel,
                 const std::function<void(int)>& progress) const {
  const std::string key = request_key(backend_->edition(), request);
  if (options.use_cache) {
    if (auto found = store_.find(key, request.role)) {
      found->provenance.cache_hit = true;
      found->provenance.cost = 0;
      return {std::move(found->result), std::move(found->provenance), 0};
    }
  }
  Attempt attempt{options, Clock::now() + options.timeout, {cancel, {}, {}}};
  attempt.call.progress = [&](int percent) {
    attempt.check();
    progress(percent);
  };
  if (request.role == Role::clip) attempt.call.scratch = store_.scratch(key);
  Done done;
  done.result = obtain(request, attempt);
  done.requests = attempt.requests;
  verify(request.role, done.result, cancel);
  done.provenance = provenance_of(request, done.result);
  store_.commit(key, request.role, done.result, done.provenance);
  return done;
}

} // namespace aigc
