// SPDX-License-Identifier: LGPL-2.1-or-later
// What was spent: one JSON line per billed call, and what this process may still spend.
#pragma once

#include "base/error.h"
#include "store/files.h"
#include "store/result.h"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace aigc {

struct LedgerLine {
  gint64 time = 0;  ///< ms since the epoch
  std::string call; ///< unique
  std::string key;  ///< of the result
  std::string service;
  std::string model;
  std::string stage;
  std::string request_id;
  std::string task;
  Usage usage;
  double cost = 0; ///< in `currency`; 0 with no currency = the price is unknown
  std::string currency;
  std::string prices;    ///< date of the price file
  bool unclear = false;  ///< nobody knows whether it was billed
  bool expected = false; ///< usage and cost are what was expected: the service did not say
};

/// `ledger.jsonl` in the folder of a store. Lines are only ever added, under a lock, so that many
/// processes may share it. A long file is put aside as `ledger-1.jsonl` and so on, and stays.
class Ledger {
 public:
  static constexpr size_t kLongest = 64u << 20;

  explicit Ledger(const std::string& store_folder, size_t longest = kLongest)
      : path_(store_folder + "/ledger.jsonl"), longest_(longest) {}

  const std::string& path() const { return path_; }

  /// It is on the disk when this returns. `once`: nothing is added when the call has a line since
  /// `since`, as after a crash. Throws Error{Fault::write}.
  void add(const LedgerLine& line, bool once, gint64 since = 0) const;
  /// The same for calls that have none.
  void add(const std::vector<LedgerLine>& lines) const;
  /// All lines that can be read, oldest first.
  std::vector<LedgerLine> lines() const;
  /// Those since `since`, in ms since the epoch; what is long before that is not read.
  std::vector<LedgerLine> lines_since(gint64 since) const;
  /// Ids of the tasks that were brought home since `since`, in ms since the epoch.
  std::set<std::string> tasks_since(gint64 since) const;

 private:
  std::vector<std::string> files() const;
  std::string next_path() const;
  Descriptor open() const;
  void append(const Descriptor& file, std::string text) const;

  std::string path_;
  size_t longest_;
};

/// Whether a limit that is set here was in the way, and no service refused: the code is its name.
bool is_own_limit(const Error& error);
inline constexpr const char* kMaxCost = "max-cost";
inline constexpr const char* kMaxCostHour = "max-cost-hour";

/// What calls may cost together; 0 = no limit.
struct SpendLimits {
  double all = 0;  ///< of the process
  double hour = 0; ///< in any hour
};

/// What all calls of this process cost, and will. Thread-safe.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours kHour{1};

  /// `now` tells the time; tests have one of their own.
  explicit Budget(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}
  static Budget& process();

  /// What was spent from that store in the last hour, or is open there, counts for the hour: also
  /// what a process spent that is no more. Looked up once for each store.
  void recall(const std::string& store_folder);
  /// Sets `amount` aside for `call`, anew when that has some already. Throws Error{Fault::no_funds}
  /// when all together would be more than a limit, and says in `retry_after` when there is room.
  void reserve(const std::string& call, double amount, const SpendLimits& limits,
               const std::string& currency);
  /// The call is over and cost `amount`.
  void settle(const std::string& call, double amount);
  /// Nobody follows the call any more, and it may be billed yet: what is set aside for it counts as
  /// spent now, unless somebody goes on with it.
  void give_up(const std::string& call);
  double spent() const;

 private:
  struct Spent {
    Clock::time_point time;
    double amount = 0;
    bool is_open = false; ///< given up: not in `spent_`
  };
  void check_all(const std::string& call, double amount, double limit,
                 const std::string& currency) const;
  void check_hour(const std::string& call, double amount, double limit,
                  const std::string& currency);
  Clock::time_point forget_old();
  double set_aside_but(const std::string& call) const;
  double given_up_but(const std::string& call) const;

  std::function<Clock::time_point()> now_;
  mutable std::mutex mutex_;
  double spent_ = 0;
  std::map<std::string, double> reserved_;
  double forgotten_ = 0;              ///< given up longer than an hour ago
  std::map<std::string, Spent> hour_; ///< by the call; those that are set aside do not count here
  std::set<std::string> recalled_;    ///< stores
};

} // namespace aigc
