// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_sheet.h.
#include "batch_sheet.h"

#include "text.h"

#include <algorithm>
#include <filesystem>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

std::string heading_of(const BatchReport& report, const std::vector<SheetEntry>& entries) {
  const BatchTotals sum = report.totals();
  const auto there = std::count_if(entries.begin(), entries.end(),
                                   [](const SheetEntry& entry) { return !entry.file.empty(); });
  std::string text = report.job;
  if (!report.rows.empty()) text += " · " + fs::path(report.rows).filename().string();
  text += " · " + std::to_string(there) + " there";
  if (sum.failed) text += ", " + std::to_string(sum.failed) + " failed";
  return text + " · cost: " + cost_text(sum.cost);
}

std::string words_of(const BatchItem& item, BatchRows& rows) {
  if (item.out.empty()) return "";
  try {
    const Values values = rows.values(item);
    const auto prompt = values.find("prompt");
    return prompt == values.end() ? "" : prompt->second;
  } catch (const Error&) {
    return ""; // the list has changed meanwhile; the picture is still that of the row
  }
}

std::string note_of(const BatchResult& result) {
  if (result.state == RowState::skipped) return result.message;
  if (result.state != RowState::made) return "";
  if (result.cost.empty()) return result.cache_hits ? "from the store" : "no cost";
  return cost_text(result.cost);
}

SheetEntry entry_of(const BatchResult& result, BatchRows& rows) {
  const bool listed = !result.item.place.empty() || result.item.out.empty();
  SheetEntry entry{.title = listed ? std::to_string(result.item.row) : result.item.language,
                   .words = words_of(result.item, rows),
                   .note = note_of(result)};
  if (!result.item.out.empty())
    entry.title += " · " + fs::path(result.item.out).filename().string();
  entry.failed = result.state == RowState::failed;
  std::error_code error;
  if (result.state == RowState::made ||
      (result.state == RowState::skipped && fs::is_regular_file(result.item.out, error)))
    entry.file = result.item.out;
  else
    entry.instead = entry.failed ? result.message : "not made";
  return entry;
}

} // namespace

void write_batch_sheet(const SheetFiles& files, const BatchReport& report, BatchRows& rows) {
  std::vector<SheetEntry> entries;
  for (const auto& result : report.results)
    entries.push_back(entry_of(result, rows));
  write_sheet(files, heading_of(report, entries), entries);
}

} // namespace aigc::runner
