// SPDX-License-Identifier: LGPL-2.1-or-later
// See driver.h.
#include "service/driver.h"

#include "media/picture.h"
#include "media/probe.h"

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>

#include <glib/gstdio.h>

GST_DEBUG_CATEGORY_STATIC(aigc_driver_debug);
#define GST_CAT_DEFAULT aigc_driver_debug

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

/// The next stage must be able to work with what the writer gave.
void check_words(const Result& result) {
  if (is_blank(result.prompt)) throw Error(Fault::format, "the writer gave no words", "try again");
  Shot shot;
  shot.prompt = result.prompt;
  shot.negative_prompt = result.negative_prompt;
  shot.motion_prompt = result.motion_prompt;
  shot.mood = result.mood;
  shot.keyframe = result.keyframe;
  check_shot(shot);
}

/// Refuses bytes that are not what was ordered. Throws Error{Fault::format, read}.
void verify(Role role, const Result& result, Cancel& cancel) {
  if (role == Role::words) check_words(result);
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
        &request.style, &request.mood, &request.language, &request.resolution, &request.brand,
        &request.system_prompt})
    digest.add(*text);
  digest.add(static_cast<gint64>(request.temperature * 1e6));
  digest.add(static_cast<gint64>(request.top_p * 1e6));
  digest.add(request.max_tokens);
  digest.add(request.prompt_extend);
  digest.add(request.watermark);
  digest.add(request.size.width);
  digest.add(request.size.height);
  digest.add(static_cast<gint64>(request.seconds * 1e6));
  digest.add(request.seed);
  digest.add(request.take);
  digest.add(request.keyframe.get());
  digest.add(request.last_frame.get());
  digest.add(static_cast<gint64>(request.references.size()));
  for (const Media& reference : request.references) {
    digest.add(reference.bytes.get());
    digest.add(reference.url);
  }
  return digest.hex();
}

Driver::Driver(std::shared_ptr<Backend> backend, ResultStore store)
    : backend_(std::move(backend)), store_(std::move(store)) {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(aigc_driver_debug, "aigcdriver", 0, "calls of model services");
  });
}

/// What one run carries along.
struct Driver::Attempt {
  const DriverOptions& options;
  Call call;
  unsigned requests = 0;
  unsigned failed_polls = 0; ///< in a row

  void check() const {
    call.cancel.check();
    if (Clock::now() < call.deadline) return;
    throw Error(Fault::timeout,
                "no result within " + std::to_string(options.timeout.count()) + " ms",
                "raise timeout, or try again later");
  }

  /// Waits, but not beyond the deadline.
  void pause(std::chrono::nanoseconds duration) const {
    call.cancel.sleep(std::min<std::chrono::nanoseconds>(duration, call.deadline - Clock::now()));
    check();
  }
};

/// One look at a task; what may pass is looked past, since the task goes on by itself.
std::optional<Poll> Driver::look(const Task& task, const Request& request, Attempt& attempt) const {
  try {
    return backend_->poll(task, request, attempt.call);
  } catch (const Error& error) {
    if (!error.retry || ++attempt.failed_polls > attempt.options.max_retries) throw;
    GST_INFO("%s: %s, looking again", task.id.c_str(), error.what());
    return std::nullopt;
  }
}

Result Driver::wait_for(const Task& task, const Request& request, Attempt& attempt) const {
  auto interval = attempt.options.poll_interval.count() > 0 ? attempt.options.poll_interval
                                                            : std::chrono::milliseconds(kFirstPoll);
  try {
    for (;;) {
      attempt.pause(interval);
      if (auto poll = look(task, request, attempt)) {
        attempt.failed_polls = 0;
        if (poll->state == Poll::State::done) return std::move(poll->result);
        if (poll->percent >= 0) attempt.call.progress(poll->percent);
      }
      if (attempt.options.poll_interval.count() == 0)
        interval = std::min<std::chrono::milliseconds>(interval * 3 / 2, kLongestPoll);
    }
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) backend_->cancel(task, attempt.call);
    throw;
  }
}

/// Only this is ever sent again: once a task is known, it is polled.
std::variant<Result, Task> Driver::submit(const Request& request, Attempt& attempt) const {
  for (;;) {
    attempt.check();
    try {
      ++attempt.requests;
      return backend_->submit(request, attempt.call);
    } catch (const Error& error) {
      if (!error.retry || attempt.requests > attempt.options.max_retries) throw;
      GST_INFO("%s: %s, trying again", backend_->name(), error.what());
      attempt.pause(backoff(attempt.requests - 1));
    }
  }
}

Result Driver::obtain(const Request& request, Attempt& attempt) const {
  try {
    auto answer = submit(request, attempt);
    Result result = std::holds_alternative<Result>(answer)
                        ? std::get<Result>(std::move(answer))
                        : wait_for(std::get<Task>(answer), request, attempt);
    verify(request.role, result, attempt.call.cancel);
    return result;
  } catch (Error& error) {
    if (!attempt.call.scratch.empty()) g_unlink(attempt.call.scratch.c_str());
    error.requests = attempt.requests;
    throw;
  }
}

/// A stored result that is still what it was; one that was damaged is as good as none.
std::optional<StoredResult> Driver::find(const std::string& key, Role role, Cancel& cancel) const {
  auto found = store_.find(key, role);
  if (!found) return std::nullopt;
  try {
    verify(role, found->result, cancel);
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    GST_WARNING("stored result %s: %s", key.c_str(), error.what());
    return std::nullopt;
  }
  found->provenance.cache_hit = true;
  found->provenance.cost = 0;
  return found;
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
    if (auto found = find(key, request.role, cancel)) {
      GST_DEBUG("%s is in the store", key.c_str());
      return {std::move(found->result), std::move(found->provenance), 0};
    }
  }
  store_.prepare();
  Attempt attempt{options, {cancel, Clock::now() + options.timeout, {}, {}}};
  attempt.call.progress = [&](int percent) {
    attempt.check();
    progress(percent);
  };
  if (request.role == Role::clip) attempt.call.scratch = store_.scratch(key);
  Done done;
  done.result = obtain(request, attempt);
  done.requests = attempt.requests;
  done.provenance = provenance_of(request, done.result);
  try {
    store_.commit(key, request.role, done.result, done.provenance);
  } catch (const Error& error) {
    GST_WARNING("a paid result could not be kept: %s", error.what());
  }
  return done;
}

} // namespace aigc
