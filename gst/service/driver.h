// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs one call against any backend: store, retry, polling, deadline, verification, commit.
#pragma once

#include "service/backend.h"
#include "store/results.h"

#include <chrono>
#include <memory>

namespace aigc {

struct DriverOptions {
  std::chrono::milliseconds timeout{60'000};  ///< longest wait for one result
  std::chrono::milliseconds poll_interval{0}; ///< 0 = short first, longer later
  unsigned max_retries = 4;                   ///< tries after the first
  bool use_cache = true;                      ///< take what the store has
  double max_cost = 0;                        ///< of the process, in the price file's currency
  bool cancel_tasks = false;                  ///< on cancel, those that have not begun
};

struct Done {
  Result result;
  Provenance provenance;
  unsigned requests = 0; ///< submits that were sent; 0 when the store had it
};

/// Blocking and thread-safe: one driver serves all workers of a stage.
class Driver {
 public:
  Driver(std::shared_ptr<Backend> backend, ResultStore store);

  const Backend& backend() const { return *backend_; }

  /// Throws Error: of the backend, Fault::timeout past the deadline, Fault::cancelled,
  /// Fault::format for a result that is not what it should be, Fault::write when it cannot be kept.
  Done run(const Request& request, const DriverOptions& options, Cancel& cancel,
           const std::function<void(int)>& progress) const;

 private:
  struct Attempt;
  std::optional<StoredResult> find(const std::string& key, Role role, Cancel& cancel) const;
  Result obtain(const Request& request, Attempt& attempt) const;
  std::variant<Result, Task> submit(const Request& request, Attempt& attempt) const;
  std::optional<Poll> look(const Task& task, const Request& request, Attempt& attempt) const;
  Result wait_for(const Task& task, const Request& request, Attempt& attempt) const;
  Provenance provenance_of(const Request& request, const Result& result) const;

  std::shared_ptr<Backend> backend_;
  ResultStore store_;
};

/// SHA-256 (hex) over everything a result depends on; never over a key.
std::string request_key(const std::string& service, const Request& request);

} // namespace aigc
