// SPDX-License-Identifier: LGPL-2.1-or-later
// Several services for one result: the next is asked when the one before is down or refuses, never
// while it may still bill.
#pragma once

#include "base/guarded.h"
#include "service/driver.h"
#include "service/health.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace aigc {

/// A service that may make what is asked for.
struct Candidate {
  Driver driver;
  std::string model;      ///< the name asked for; empty = by the inputs
  std::string stage = {}; ///< what its health is kept for, beside the service
};

class Failover {
 public:
  /// `candidates`, one at least, are asked in this order.
  explicit Failover(std::vector<Candidate> candidates, Health& health = Health::shared());

  const std::vector<Candidate>& candidates() const { return candidates_; }
  const Candidate& first() const { return candidates_.front(); }

  struct Made {
    Done done;
    size_t by = 0; ///< which candidate
  };
  /// What the candidate of that number is to be asked. Throws Error when it cannot make it.
  using Ask = std::function<Request(size_t)>;
  /// Told, once for each candidate, when another one took over.
  using Warn = std::function<void(const Error&)>;

  /// What make() would do first, without doing it.
  struct Plan {
    size_t by = 0;
    Request request;
    Begun begun = Begun::no;
  };
  /// With `is_known` false the request is not what it will be, and nothing is looked up. Throws as
  /// make() when nobody can make it.
  Plan plan(const Ask& ask, const DriverOptions& options, bool is_known, Cancel& cancel) const;

  /// Whether nothing is asked for at the moment: all rest, or a limit that is set here is reached.
  bool rests() const;

  /// Blocking and thread-safe. What a candidate has begun or finished before is its own, and who
  /// asks the same candidates for the same meanwhile waits. Throws Error: of the first that was
  /// asked, with what became of the others. While all rest it waits, at most `options.timeout`,
  /// and with WhenOut::wait without end: then what is no fault of the shot's is never thrown.
  Made make(const Ask& ask, const DriverOptions& options, Cancel& cancel,
            const std::function<void(int)>& progress, const Warn& warn) const;

 private:
  struct Shot;
  class Probe;
  Made make_once(const Ask& ask, const DriverOptions& options, Cancel& cancel,
                 const std::function<void(int)>& progress, const Warn& warn) const;
  void ask_all(Shot& shot, const Ask& ask) const;
  std::string key_of(const Shot& shot) const;
  bool look(Shot& shot) const;
  std::optional<Made> round(Shot& shot) const;
  Made run(Shot& shot, size_t number, Probe& probe) const;
  void note_failure(const Shot& shot, size_t number, const Error& error) const;
  /// Whether it does not rest, or no longer: one that is to be probed is asked here.
  bool is_up(const Shot& shot, size_t number, Probe& probe) const;
  void wait(const Shot& shot, Health::Clock::time_point deadline) const;
  // outage.cpp: a channel, which goes on for ever
  bool is_kept_up(const DriverOptions& options) const;
  void await(const Error& error, unsigned times, const DriverOptions& options,
             Cancel& cancel) const;
  void tell_rest(size_t number, ServiceNews news, const DriverOptions& options) const;
  void note_rest(size_t number, const DriverOptions& options) const;
  void note_back(size_t number, const DriverOptions& options) const;
  /// What became of a candidate that did not make it; empty when it was not asked.
  std::string fate_of(const Shot& shot, size_t number) const;
  Error explain(const Shot& shot, size_t number) const;
  void tell(const Shot& shot, size_t by, const Warn& warn) const;

  std::vector<Candidate> candidates_;
  std::vector<HealthKey> keys_;
  Health& health_;
  mutable Guarded<std::set<size_t>> told_; ///< whose failure the user knows of
  /// Those whose rest the user knows of: candidates, and at their end what is set here.
  mutable Guarded<std::map<size_t, ServiceNews>> resting_;
};

/// What the options say; WhenOut::fail where they say nothing.
WhenOut when_out(const DriverOptions& options);

/// For people: "openai at gpu:8000", without the host where it is the service's own.
std::string title_of(const Backend& backend);

} // namespace aigc
