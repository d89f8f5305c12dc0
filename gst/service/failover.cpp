// SPDX-License-Identifier: LGPL-2.1-or-later
// See failover.h.
#include "service/failover.h"

#include "net/http.h"
#include "service/driver_log.h"
#include "service/factory.h"
#include "store/lock.h"

#include <algorithm>
#include <map>

namespace aigc {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kProbePatience{5};

/// Whether somebody else may be asked after `error`, as the driver threw it: what a service said
/// has its name, our own spending limit has none.
bool may_pass_on(const Error& error) {
  if (error.open) return false;
  switch (error.fault) {
  case Fault::cancelled:
  case Fault::write:
  case Fault::negotiation:
  case Fault::missing_plugin:
    return false;
  case Fault::no_funds:
    return !error.service.empty();
  default:
    return true;
  }
}

/// It came of the call, not of what is on this side.
bool is_said(const Error& error) {
  switch (error.fault) {
  case Fault::cancelled:
  case Fault::write:
  case Fault::negotiation:
  case Fault::missing_plugin:
    return false;
  default:
    return !error.own_limit;
  }
}

/// Also an address that is not found or a wait that was too long says whose it was.
Error named(Error error, const Backend& backend) {
  if (error.service.empty()) error.service = backend.name();
  return error;
}

} // namespace

std::string title_of(const Backend& backend) {
  const std::string name = backend.name();
  const std::string host = backend.endpoint().host;
  if (host.empty()) return name;
  for (const Service& service : services())
    if (name == service.name && origin_of(service.base_url).host == host) return name;
  return name + " at " + host;
}

/// A probe of a candidate; nothing came of it until somebody says so.
class Failover::Probe {
 public:
  Probe(Health& health, const HealthKey& key) : health_(health), key_(key) {}
  ~Probe() { end(Health::Probed::unknown); }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  bool begin() { return is_open_ = health_.begin_probe(key_); }
  bool is_open() const { return is_open_; }
  void end(Health::Probed found) {
    if (std::exchange(is_open_, false)) health_.end_probe(key_, found);
  }

 private:
  Health& health_;
  const HealthKey& key_;
  bool is_open_ = false;
};

/// One result on its way from candidate to candidate.
struct Failover::Shot {
  const DriverOptions& options;
  Cancel& cancel;
  const std::function<void(int)>& progress;
  std::map<size_t, Request> requests; ///< of the candidates that can make it
  std::vector<size_t> order;          ///< of those: who has begun stands in front
  size_t begun = 0;                   ///< how many have
  std::map<size_t, Error> failures;
  std::vector<size_t> failed;            ///< in that order
  std::map<size_t, std::string> resting; ///< in the last round, and why
  bool asked = false;                    ///< somebody was
  unsigned sent = 0;

  void fail(size_t number, const Error& error) {
    failures.emplace(number, error);
    failed.push_back(number);
  }
};

Failover::Failover(std::vector<Candidate> candidates, Health& health)
    : candidates_(std::move(candidates)), health_(health) {
  for (const Candidate& candidate : candidates_)
    keys_.push_back(health_key_of(candidate.driver.backend(), candidate.stage));
}

Failover::Made Failover::make_once(const Ask& ask, const DriverOptions& options, Cancel& cancel,
                                   const std::function<void(int)>& progress,
                                   const Warn& warn) const {
  Shot shot{options, cancel, progress};
  if (candidates_.size() == 1 && !is_kept_up(options)) {
    shot.requests.emplace(0, ask(0));
    Probe none(health_, keys_[0]);
    return run(shot, 0, none);
  }
  ask_all(shot, ask);
  if (shot.requests.empty()) throw explain(shot, shot.failed.front());
  const std::string folder = first().driver.store().lock_folder();
  std::optional<KeyLock> lock;
  if (look(shot)) {
    KeyLock::bury(folder, key_of(shot)); // its maker may have died just after it was done
  } else {
    lock.emplace(folder, key_of(shot), cancel);
    look(shot);
  }
  const auto deadline = health_.now() + options.timeout;
  for (;;) {
    if (auto made = round(shot)) {
      tell(shot, made->by, warn);
      return std::move(*made);
    }
    if (shot.asked || shot.order.empty()) throw explain(shot, shot.failed.front());
    wait(shot, deadline);
  }
}

Failover::Plan Failover::plan(const Ask& ask, const DriverOptions& options, bool is_known,
                              Cancel& cancel) const {
  const std::function<void(int)> silent = [](int) {};
  Shot shot{options, cancel, silent};
  if (candidates_.size() == 1)
    shot.requests.emplace(0, ask(0));
  else
    ask_all(shot, ask);
  if (shot.requests.empty()) throw explain(shot, shot.failed.front());
  size_t by = shot.requests.begin()->first;
  Begun begun = Begun::no;
  if (is_known) {
    look(shot);
    if (shot.order.empty()) throw explain(shot, shot.failed.front());
    by = shot.order.front();
    begun = candidates_[by].driver.begun(shot.requests.at(by), options.use_cache, cancel);
  }
  return {by, shot.requests.at(by), begun};
}

void Failover::ask_all(Shot& shot, const Ask& ask) const {
  for (size_t number = 0; number < candidates_.size(); ++number) {
    try {
      shot.requests.emplace(number, ask(number));
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) throw;
      shot.fail(number, error);
    }
  }
}

/// Of the lock over all candidates, whatever their order.
std::string Failover::key_of(const Shot& shot) const {
  std::set<std::string> keys;
  for (const auto& [number, request] : shot.requests)
    keys.insert(candidates_[number].driver.key_of(request));
  std::string all;
  for (const std::string& key : keys)
    all += key + "\n";
  return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, all.c_str(), -1));
}

/// Money may hang on what was begun: that goes first, and what is finished before all. Returns
/// whether there is any.
bool Failover::look(Shot& shot) const {
  std::map<size_t, Begun> begun;
  shot.order.clear();
  for (const auto& [number, request] : shot.requests) {
    try {
      begun[number] =
          candidates_[number].driver.begun(request, shot.options.use_cache, shot.cancel);
      shot.order.push_back(number);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) throw;
      shot.fail(number, error);
      if (error.open) throw explain(shot, number);
    }
  }
  const auto key = [&](size_t number) {
    return candidates_[number].driver.key_of(shot.requests.at(number));
  };
  for (const size_t number : shot.order) {
    if (begun[number] != Begun::elsewhere) continue;
    const bool is_anothers = std::any_of(shot.order.begin(), shot.order.end(), [&](size_t other) {
      return begun[other] == Begun::open && key(other) == key(number);
    });
    begun[number] = is_anothers ? Begun::no : Begun::open; // the driver says where it is
  }
  std::stable_sort(shot.order.begin(), shot.order.end(),
                   [&](size_t one, size_t other) { return begun[one] > begun[other]; });
  shot.begun = static_cast<size_t>(std::count_if(shot.order.begin(), shot.order.end(),
                                                 [&](size_t n) { return begun[n] != Begun::no; }));
  return !shot.order.empty() && begun[shot.order.front()] == Begun::done;
}

/// Asks each candidate that does not rest; nothing when none made it.
std::optional<Failover::Made> Failover::round(Shot& shot) const {
  shot.resting.clear();
  for (size_t place = 0; place < shot.order.size(); ++place) {
    const size_t number = shot.order[place];
    Probe probe(health_, keys_[number]);
    if (place >= shot.begun && !is_up(shot, number, probe)) {
      const auto why = health_.why(keys_[number]);
      shot.resting.emplace(number, why ? why->what() : "");
      note_rest(number, shot.options);
      continue;
    }
    try {
      shot.asked = true;
      return run(shot, number, probe);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) throw;
      shot.fail(number, error);
      if (!may_pass_on(error)) throw explain(shot, number);
      GST_INFO("%s: %s, looking for another",
               title_of(candidates_[number].driver.backend()).c_str(), error.what());
    }
  }
  return std::nullopt;
}

/// The first call after a probe is sent once, and is part of it: what is only listed may not work.
Failover::Made Failover::run(Shot& shot, size_t number, Probe& probe) const {
  const bool alone = candidates_.size() == 1;
  const bool is_watched = !alone || is_kept_up(shot.options);
  const Driver& driver = candidates_[number].driver;
  DriverOptions options = shot.options;
  if (!alone) options.rate_patience = {}; // another one may have time
  if (probe.is_open()) options.max_retries = 0;
  bool locked = false; // what fails before says nothing of the service
  options.reached = [&](Step step) {
    locked = locked || step == Step::locked;
    if (step == Step::submitted) {
      probe.end(Health::Probed::well);
      note_back(number, shot.options);
      note_back(candidates_.size(), shot.options);
    }
    if (shot.options.reached) shot.options.reached(step);
  };
  try {
    Made made{driver.run(shot.requests.at(number), options, shot.cancel, shot.progress), number};
    if (is_watched && !made.done.provenance.cache_hit) health_.succeeded(keys_[number]);
    made.done.requests += shot.sent;
    return made;
  } catch (Error& error) {
    if (is_watched && locked) {
      note_failure(shot, number, named(error, driver.backend()));
      if (is_down(error) || is_locked_out(error)) probe.end(Health::Probed::down);
    }
    error.requests = shot.sent += error.requests;
    if (alone) throw named(error, driver.backend());
    throw;
  }
}

void Failover::note_failure(const Shot& shot, size_t number, const Error& error) const {
  const bool is_kept = is_kept_up(shot.options);
  if (is_kept && is_locked_out(error))
    health_.failed(keys_[number], error, Health::Rest::at_once);
  else if (is_down(error) || (is_kept && is_said(error)))
    health_.failed(keys_[number], error);
  note_rest(number, shot.options);
}

/// An answer that refuses is a sign of life, too, but not one to go on with where nobody else is.
bool Failover::is_up(const Shot& shot, size_t number, Probe& probe) const {
  const HealthKey& key = keys_[number];
  if (!health_.rests(key)) return true;
  if (!probe.begin()) return false;
  Call call{shot.cancel, SteadyClock::now() + kProbePatience, [](int) {}, {}, {}, {}};
  const bool is_kept = is_kept_up(shot.options);
  try {
    candidates_[number].driver.backend().probe(call);
  } catch (...) {
    const Error error = caught_error();
    shot.cancel.check();
    GST_INFO("%s says of itself: %s", key.service.c_str(), error.what());
    if (is_down(error) || (is_kept && is_locked_out(error))) {
      probe.end(Health::Probed::down);
      return false;
    }
  }
  if (!is_kept) probe.end(Health::Probed::well);
  return true;
}

void Failover::wait(const Shot& shot, Health::Clock::time_point deadline) const {
  const WhenOut when = when_out(shot.options);
  std::vector<HealthKey> resting;
  for (const size_t number : shot.order)
    resting.push_back(keys_[number]);
  if (when != WhenOut::pass) {
    GST_INFO("all services rest, waiting for one of them");
    if (when == WhenOut::wait) deadline = Health::Clock::time_point::max();
    if (health_.wait(resting, shot.cancel, deadline)) return;
  }
  std::string fates;
  for (const size_t number : shot.order)
    fates += (fates.empty() ? "" : "; ") + fate_of(shot, number);
  throw Error(Fault::timeout, "no service is up: " + fates,
              "look at the servers and the network, or try again later");
}

std::string Failover::fate_of(const Shot& shot, size_t number) const {
  const Backend& backend = candidates_[number].driver.backend();
  if (const auto rests = shot.resting.find(number); rests != shot.resting.end())
    return title_of(backend) + " is down (" + rests->second + ")";
  const auto failure = shot.failures.find(number);
  if (failure == shot.failures.end()) return {};
  const std::string what = failure->second.what();
  const char* verb = is_down(failure->second) ? " is down (" : " did not make it (";
  return title_of(backend) + verb + what + ")";
}

/// The failure of that candidate, and what became of the others.
Error Failover::explain(const Shot& shot, size_t number) const {
  const Error error = named(shot.failures.at(number), candidates_[number].driver.backend());
  std::string others;
  for (size_t other = 0; other < candidates_.size(); ++other) {
    const auto failure = shot.failures.find(other);
    const bool same =
        failure != shot.failures.end() && failure->second.what() == std::string(error.what());
    const std::string fate = same ? "" : fate_of(shot, other);
    if (!fate.empty()) others += (others.empty() ? "" : "; ") + fate;
  }
  Error told = others.empty() ? error : error.in_words(error.what() + ("; " + others));
  told.requests = shot.sent;
  return told;
}

void Failover::tell(const Shot& shot, size_t by, const Warn& warn) const {
  const std::string other = title_of(candidates_[by].driver.backend());
  for (size_t number = 0; number < candidates_.size(); ++number) {
    const std::string fate = fate_of(shot, number);
    if (fate.empty() || !told_.lock()->insert(number).second) continue;
    const auto failure = shot.failures.find(number);
    const Error error = failure != shot.failures.end() ? failure->second : Error(Fault::read, "");
    warn(named(error.in_words(fate + ", " + other + " takes over"),
               candidates_[number].driver.backend()));
  }
}

} // namespace aigc
