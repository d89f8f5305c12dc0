// SPDX-License-Identifier: LGPL-2.1-or-later
// What was spent: one JSON line per billed call, and what this process may still spend.
#pragma once

#include "store/result.h"

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
/// processes may share it.
class Ledger {
 public:
  explicit Ledger(const std::string& store_folder) : path_(store_folder + "/ledger.jsonl") {}

  const std::string& path() const { return path_; }

  /// It is on the disk when this returns. `once`: nothing is added when the call has a line, as
  /// after a crash. Throws Error{Fault::write}.
  void add(const LedgerLine& line, bool once) const;
  /// All lines that can be read, oldest first.
  std::vector<LedgerLine> lines() const;
  /// Ids of the tasks that were brought home since `since`, in ms since the epoch.
  std::set<std::string> tasks_since(gint64 since) const;

 private:
  std::string path_;
};

/// What all calls of this process cost, and will. Thread-safe.
class Budget {
 public:
  static Budget& process();

  /// Sets `amount` aside for `call`, anew when that has some already. Throws Error{Fault::no_funds}
  /// when all together would be more than `limit`; 0 = no limit.
  void reserve(const std::string& call, double amount, double limit, const std::string& currency);
  /// The call is over and cost `amount`.
  void settle(const std::string& call, double amount);
  double spent() const;

 private:
  mutable std::mutex mutex_;
  double spent_ = 0;
  std::map<std::string, double> reserved_;
};

} // namespace aigc
