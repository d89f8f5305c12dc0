// SPDX-License-Identifier: LGPL-2.1-or-later
// What became of the rows of a batch: as a table and as JSON (docs/batch.md).
#pragma once

#include "batch_record.h"
#include "batch_rows.h"
#include "batch_shard.h"
#include "brand_check.h"

namespace aigc::runner {

enum class RowState {
  waiting, ///< at the end: not started
  running, ///< at the end: ended by an interruption
  made,
  skipped, ///< nothing was to be done: there already, or not asked for
  failed,
};

struct BatchResult {
  BatchItem item; ///< of a bad row: without `out`
  RowState state = RowState::waiting;
  std::string message; ///< why it failed or was skipped
  std::string remedy;
  std::map<std::string, double> cost; ///< by currency
  double seconds = 0;
  int cache_hits = 0;
  std::optional<BrandFigures> figures;
};

struct BatchTotals {
  size_t rows = 0, made = 0, skipped = 0, failed = 0, unfinished = 0;
  std::map<std::string, double> cost;
  int cache_hits = 0;
};

/// The end of a batch. One result is one file, or one bad row.
struct BatchReport {
  std::string job;
  std::string rows; ///< path of the list
  Shard shard;
  bool interrupted = false;
  double seconds = 0;
  const std::vector<BatchResult>& results;

  BatchTotals totals() const;
  /// All of it while it is short, else what failed and the sums.
  std::string table() const;
  /// One object, on one line.
  std::string json() const;
};

/// As the report and the events have it: adds its members to `json`.
JsonObjectMaker json_of(const BatchResult& result, JsonObjectMaker json = {});
JsonObjectMaker json_of(const BatchTotals& totals, JsonObjectMaker json = {});

} // namespace aigc::runner
