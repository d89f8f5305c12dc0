// SPDX-License-Identifier: LGPL-2.1-or-later
// See driver.h. What is paid for is in paid_call.h.
#include "service/driver.h"

#include "service/driver_log.h"
#include "service/paid_call.h"
#include "service/verify.h"
#include "store/forgotten.h"
#include "store/task_times.h"

#include <mutex>

#include <glib/gstdio.h>

GST_DEBUG_CATEGORY(aigc_driver_debug);

namespace aigc {

using Clock = std::chrono::steady_clock;

Driver::Driver(std::shared_ptr<Backend> backend, ResultStore store)
    : backend_(std::move(backend)), store_(std::move(store)) {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(aigc_driver_debug, "aigcdriver", 0, "calls of model services");
  });
  if (backend_->is_preview() || backend_->endpoint().host.empty()) return;
  prices_ = Prices::load();
  times_ = TaskTimes::shared(store_.folder());
}

std::string edition_of(const Backend& backend) {
  const Endpoint endpoint = backend.endpoint();
  return endpoint.is_private ? backend.edition() + " at " + endpoint.host : backend.edition();
}

bool Driver::may_bill() const {
  return prices_ && !backend_->endpoint().free;
}

std::string Driver::key_of(const Request& request) const {
  return request_key(edition_of(*backend_), request);
}

struct Driver::Run {
  Attempt attempt;
  std::optional<KeyLock> lock;
};

/// A stored result that is still what it was; one that was damaged is as good as none, one that
/// nobody can look at now is not: it is paid for.
std::optional<StoredResult> Driver::find(const std::string& key, Role role, Cancel& cancel) const {
  auto found = store_.find(key, role);
  if (!found) return std::nullopt;
  try {
    verify_kind(role, found->result, cancel);
  } catch (const Error& error) {
    const bool damaged = error.fault == Fault::format || error.fault == Fault::damaged ||
                         error.fault == Fault::not_found;
    if (!damaged && error.fault != Fault::missing_plugin) {
      Error told = error;
      told.open = may_bill();
      throw told;
    }
    GST_WARNING("stored result %s%s: %s", key.c_str(), damaged ? "" : " is taken unseen",
                error.what());
    if (damaged) return std::nullopt;
  }
  return found;
}

namespace {

Done from_store(StoredResult found) {
  found.provenance.cache_hit = true;
  found.provenance.cost = 0;
  return {std::move(found.result), std::move(found.provenance), 0};
}

Provenance provenance_of(const Backend& backend, const Request& request, const Result& result) {
  Provenance provenance;
  provenance.stage = stage_name(request.role);
  provenance.service = backend.name();
  provenance.model = result.model.empty() ? request.model : result.model;
  provenance.request_id = result.request_id;
  provenance.seed = result.seed;
  provenance.cost = result.cost;
  provenance.currency = result.currency;
  provenance.preview = backend.is_preview();
  return provenance;
}

} // namespace

/// What is at hand is delivered even when it cannot be kept. Returns whether it was.
bool Driver::keep(Run& run, Done& done, const std::string& call) const {
  done.requests = run.attempt.requests;
  done.provenance = provenance_of(*backend_, run.attempt.request, done.result);
  try {
    store_.commit(run.attempt.key, run.attempt.request.role, done.result, done.provenance, call);
  } catch (const Error& error) {
    GST_WARNING("a paid result could not be kept: %s", error.what());
    return false;
  }
  run.attempt.reached(Step::committed);
  return true;
}

/// By a backend that is part of this process: it costs nothing and cannot be lost.
Done Driver::make_here(Run& run) const {
  run.attempt.check();
  ++run.attempt.requests;
  auto answer = backend_->submit(run.attempt.request, run.attempt.call);
  Done done;
  done.result = std::get<Result>(std::move(answer));
  verify_kind(run.attempt.request.role, done.result, run.attempt.call.cancel);
  keep(run, done, {});
  return done;
}

/// Its own call, if one is open, is not among those forgotten: its lock is held.
Done Driver::order(Run& run) const {
  close_forgotten(store_, run.attempt.call.cancel);
  PaidCall call({*backend_, store_, *prices_, *times_, *run.lock}, run.attempt);
  Done done;
  done.result = call.obtain();
  const bool kept = keep(run, done, call.id());
  call.close(done.result, kept);
  return done;
}

Done Driver::work(Run& run) const {
  Attempt& attempt = run.attempt;
  run.lock.emplace(
      store_.lock_folder(), attempt.key, attempt.call.cancel, [&](const std::string& owner) {
        GST_INFO("%s is being made by %s, which is waited for", attempt.key.c_str(), owner.c_str());
      });
  attempt.call.deadline = Clock::now() + attempt.options.timeout;
  attempt.reached(Step::locked);
  const bool left_open = prices_ && Journal(store_.folder()).has(attempt.key);
  if (attempt.options.use_cache) {
    if (auto found = find(attempt.key, attempt.request.role, attempt.call.cancel)) {
      if (left_open)
        PaidCall({*backend_, store_, *prices_, *times_, *run.lock}, attempt).close_left(*found);
      return from_store(std::move(*found));
    }
  }
  if (run.lock->taken_over()) store_.sweep(attempt.key);
  attempt.call.scratch = store_.scratch(attempt.key);
  return prices_ ? order(run) : make_here(run);
}

std::optional<Done> Driver::recall(const Request& request, Cancel& cancel) const {
  auto found = find(key_of(request), request.role, cancel);
  if (!found) return std::nullopt;
  return from_store(std::move(*found));
}

Begun Driver::begun(const Request& request, bool use_cache, Cancel& cancel) const {
  const std::string key = key_of(request);
  if (use_cache && find(key, request.role, cancel)) return Begun::done;
  if (!prices_) return Begun::no;
  try {
    const auto left = Journal(store_.folder()).read(key);
    if (!left) return Begun::no;
    const Endpoint endpoint = backend_->endpoint();
    const bool is_here = (left->host.empty() || left->host == endpoint.host) &&
                         (left->account.empty() || left->account == endpoint.account);
    return is_here ? Begun::open : Begun::elsewhere;
  } catch (const Error&) {
    return Begun::open; // whoever goes on with it says what is wrong
  }
}

Done Driver::run(const Request& request, const DriverOptions& options, Cancel& cancel,
                 const std::function<void(int)>& progress) const {
  const std::string key = key_of(request);
  const bool left_open = prices_ && Journal(store_.folder()).has(key);
  if (options.use_cache && !left_open) {
    if (auto found = find(key, request.role, cancel)) {
      GST_DEBUG("%s is in the store", key.c_str());
      KeyLock::bury(store_.lock_folder(), key); // its maker may have died just after it was done
      return from_store(std::move(*found));
    }
  }
  store_.prepare();
  Run run{{request, options, key, {cancel, Clock::time_point::max(), {}, {}, {}, options.preview}},
          {}};
  run.attempt.call.progress = [&](int percent) {
    run.attempt.check();
    progress(percent);
  };
  try {
    return work(run);
  } catch (Error& error) {
    if (!run.attempt.call.scratch.empty()) g_unlink(run.attempt.call.scratch.c_str());
    error.requests = run.attempt.requests;
    error.open =
        error.open || run.attempt.doubtful || (may_bill() && Journal(store_.folder()).has(key));
    throw;
  }
}

} // namespace aigc
