// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc costs: what was spent on what, by the ledger of the store.
#pragma once

#include "service/prices.h"
#include "store/journal.h"
#include "store/ledger.h"

#include <map>
#include <string>
#include <vector>

namespace aigc::runner {

/// Calls of one kind on one day.
struct CostRow {
  std::string day; ///< of the user's time zone
  std::string service;
  std::string model;
  std::string currency; ///< empty = some have no price
  unsigned calls = 0;
  double cost = 0;
  Usage usage; ///< all together
};

struct Costs {
  std::string ledger;                   ///< the file
  std::string since;                    ///< day, empty = ever
  std::vector<CostRow> rows;            ///< by day, service and model
  std::map<std::string, double> totals; ///< by currency
  unsigned calls = 0;
  unsigned unpriced = 0;           ///< of the calls
  size_t open = 0;                 ///< calls that were not brought home yet
  std::vector<LedgerLine> unclear; ///< calls that may have been billed; in none of the sums
  std::string prices_date;         ///< of the price file as it is now
  bool confirmed = false;
};

/// `since` is a day, as 2026-11-24, or empty. Throws Error{Fault::settings}.
Costs sum_costs(const Ledger& ledger, const Journal& journal, const Prices& prices,
                const std::string& since);

std::string costs_text(const Costs& costs);
std::string costs_json(const Costs& costs);

} // namespace aigc::runner
