// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs one call against any backend: store, lock, journal, limits, budget, retry, polling,
// deadline, verification, commit, ledger. Whatever happens to the process, a rerun goes on with
// what is paid for and never orders it twice.
#pragma once

#include "service/backend.h"
#include "service/prices.h"
#include "store/ledger.h"
#include "store/results.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace aigc {

class TaskTimes;

/// What a run has just done.
enum class Step {
  locked,         ///< nobody else works on this result
  reserved,       ///< its price is set aside
  intent_written, ///< the journal says that it is about to be sent
  submitted,      ///< the service answered
  task_written,   ///< the journal has the task, or the result's address
  polled_done,    ///< the service is done
  downloaded,
  verified,
  committed, ///< it is in the store
  billed,    ///< it is in the ledger
  cleared,   ///< the journal is done with it
};

/// What becomes of a shot whose service is out, which is no fault of the shot's.
enum class WhenOut {
  fail, ///< it fails like any other, as in a film
  wait, ///< it waits until the service is back, however long that takes
  pass, ///< it fails without a call for as long as the service rests: something else stands in
};

/// A service went to rest, or came back.
struct ServiceNews {
  std::string service;
  bool rests = true;
  const char* reason; ///< "down", "refused", "budget", "store"
  Error why;
  std::chrono::system_clock::time_point since; ///< when it went to rest
};

struct DriverOptions {
  std::chrono::milliseconds timeout{60'000};  ///< longest wait for one result
  std::chrono::milliseconds poll_interval{0}; ///< 0 = adaptive
  unsigned max_retries = 4;                   ///< tries after the first
  /// How long a service that is asked too fast is tried again however often, where it is tried at
  /// all: other processes use its limits too, and nobody here counts their calls.
  std::chrono::milliseconds rate_patience{60'000};
  bool use_cache = true;                     ///< take what the store has
  SpendLimits max_cost;                      ///< in the price file's currency
  std::function<SpendLimits()> max_cost_now; ///< where it may change while a shot waits
  bool cancel_tasks = false;                 ///< on cancel, those that have not begun
  std::function<WhenOut()> when_out;         ///< asked when that is; empty = fail
  std::function<void(const ServiceNews&)> news;
  std::function<void(GBytes*)> preview; ///< takes sketches of the unfinished result: PNG or JPEG
  std::function<void(Step)> reached;    ///< tells where a run is
};

/// How far a request got before, in this process or another.
enum class Begun {
  no,
  elsewhere, ///< a call for it may be billed, by the same service at another address or account
  open,      ///< a call for it may be billed
  done,      ///< the store has its result
};

struct Done {
  Result result;
  Provenance provenance;
  unsigned requests = 0;              ///< submits that were sent; 0 when the store had it
  std::chrono::nanoseconds rested{0}; ///< of the time it took, while nobody could be asked
};

/// What a call will take, as far as is known before it is sent.
struct Expectation {
  Usage usage;                ///< the most it is billed for
  std::optional<double> cost; ///< the most, in `currency`; none where nobody knows the price
  std::string currency;
  double seconds = 0;      ///< in the mean, from the order to the result
  unsigned concurrent = 0; ///< calls of its kind under way at once, for the account; 0 = no limit
  double per_second = 0;   ///< orders of its kind, for the account; 0 = no limit
};

/// Blocking and thread-safe: one driver serves all workers of a stage.
class Driver {
 public:
  /// Throws Error{Fault::settings} when the price file is wrong.
  Driver(std::shared_ptr<Backend> backend, ResultStore store);

  Backend& backend() const { return *backend_; }
  const ResultStore& store() const { return store_; }
  /// What the store and the journal know the request by.
  std::string key_of(const Request& request) const;

  /// Throws Error for a stored result that cannot be looked at now; Fault::cancelled.
  Begun begun(const Request& request, bool use_cache, Cancel& cancel) const;

  /// What the store has, if anything, delivered as run() does, but nothing is tidied up. Throws as
  /// begun().
  std::optional<Done> recall(const Request& request, Cancel& cancel) const;

  Expectation expect(const Request& request) const;

  /// Calls worth having under way at once: twice those that the service works on, since a place is
  /// free again when a result is there, and not when it has been fetched, looked at and kept. As
  /// many as the model's table says where that is less than the service would take.
  unsigned at_once(const Model& model) const;

  /// Calls that the service is asked to work on at once, as it takes them now; 0 = any number.
  unsigned concurrent_now(const Model& model) const;

  /// Throws Error: of the backend, Fault::timeout past the deadline, Fault::cancelled,
  /// Fault::format and damaged for a result that is not what it should be, Fault::write before
  /// anything is ordered when there is no room to keep it, Fault::no_funds beyond `max_cost`,
  /// Fault::settings when a call for it is open at another address; `open` as it applies. A result
  /// that cannot be kept all the same is delivered.
  Done run(const Request& request, const DriverOptions& options, Cancel& cancel,
           const std::function<void(int)>& progress) const;

 private:
  struct Run;
  bool may_bill() const;
  std::optional<StoredResult> find(const std::string& key, Role role, Cancel& cancel) const;
  Done work(Run& run) const;
  Done make_here(Run& run) const;
  Done order(Run& run) const;
  bool keep(Run& run, Done& done, const std::string& call) const;

  std::shared_ptr<Backend> backend_;
  ResultStore store_;
  std::shared_ptr<const Prices> prices_; ///< null where nothing is paid for
  std::shared_ptr<TaskTimes> times_;
};

/// What a request's results depend on beside the request. A server on a private address may be a
/// stand-in for the real service, or have models of its own under well-known names.
std::string edition_of(const Backend& backend);

/// SHA-256 (hex) over everything a result depends on; never over a key.
std::string request_key(const std::string& edition, const Request& request);

} // namespace aigc
