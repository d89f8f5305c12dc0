// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_report.h.
#include "batch_report.h"

#include "text.h"

#include <algorithm>

namespace aigc::runner {
namespace {

constexpr size_t kLongestTable = 40;

const char* word(RowState state) {
  switch (state) {
  case RowState::waiting:
    return "not-started";
  case RowState::running:
    return "interrupted";
  case RowState::made:
    return "made";
  case RowState::skipped:
    return "skipped";
  case RowState::failed:
    return "failed";
  }
  return "";
}

JsonObjectMaker numbers(const std::map<std::string, double>& values) {
  JsonObjectMaker json;
  for (const auto& [name, value] : values)
    json.set(name.c_str(), value);
  return json;
}

JsonObjectMaker check_of(const BrandFigures& figures) {
  return numbers(figures.measured())
      .set("limits", numbers(figures.limits()))
      .set("ok", figures.ok());
}

std::string line_of(const BatchResult& result, int width) {
  std::string line = format("%5zu  ", result.item.row) + padded(result.item.out, width) +
                     format("  %-11s", word(result.state));
  if (result.state == RowState::made)
    line += format("  %7.1f s  ", result.seconds) + cost_text(result.cost);
  else if (!result.message.empty())
    line += "  " + result.message;
  return line + "\n";
}

} // namespace

BatchTotals BatchReport::totals() const {
  BatchTotals sum;
  for (const auto& result : results) {
    ++sum.rows;
    sum.made += result.state == RowState::made;
    sum.skipped += result.state == RowState::skipped;
    sum.failed += result.state == RowState::failed;
    for (const auto& [currency, amount] : result.cost)
      sum.cost[currency] += amount;
    sum.cache_hits += result.cache_hits;
  }
  sum.unfinished = sum.rows - sum.made - sum.skipped - sum.failed;
  return sum;
}

std::string BatchReport::table() const {
  const bool whole = results.size() <= kLongestTable;
  std::vector<const BatchResult*> shown;
  for (const auto& result : results)
    if (whole || result.state == RowState::failed) shown.push_back(&result);
  const size_t more = shown.size() - std::min(shown.size(), kLongestTable);
  shown.resize(shown.size() - more);
  int width = 4;
  for (const auto* result : shown)
    width = std::max(width, columns(result->item.out));
  std::string text;
  if (!shown.empty()) text = "  row  " + padded("file", width) + "  state           time   cost\n";
  for (const auto* result : shown)
    text += line_of(*result, width);
  if (more) text += format("  ... and %zu more failed; --report has them all\n", more);
  const BatchTotals sum = totals();
  text += format("made %zu, skipped %zu, failed %zu", sum.made, sum.skipped, sum.failed);
  if (sum.unfinished) text += format(", not made %zu", sum.unfinished);
  return text + "; cost: " + cost_text(sum.cost) +
         format("; from cache: %d; %.1f s", sum.cache_hits, seconds) +
         (interrupted ? ", ended by the interruption\n" : "\n");
}

JsonObjectMaker json_of(const BatchTotals& totals, JsonObjectMaker json) {
  json.set("files", static_cast<gint64>(totals.rows)).set("made", static_cast<gint64>(totals.made));
  json.set("skipped", static_cast<gint64>(totals.skipped));
  json.set("failed", static_cast<gint64>(totals.failed));
  json.set("unfinished", static_cast<gint64>(totals.unfinished));
  return json.set("cost", numbers(totals.cost)).set("cache-hits", totals.cache_hits);
}

JsonObjectMaker json_of(const BatchResult& result, JsonObjectMaker json) {
  json.set("row", static_cast<gint64>(result.item.row));
  if (!result.item.language.empty()) json.set("language", result.item.language);
  if (!result.item.out.empty()) json.set("out", result.item.out);
  json.set("state", word(result.state));
  if (!result.message.empty()) json.set("message", result.message);
  if (!result.remedy.empty()) json.set("remedy", result.remedy);
  json.set("cost", numbers(result.cost)).set("seconds", result.seconds);
  json.set("cache-hits", result.cache_hits);
  if (result.figures) json.set("brand-check", check_of(*result.figures));
  return json;
}

std::string BatchReport::json() const {
  JsonObjectMaker json, share;
  json.set("job", job).set("list", rows).set("interrupted", interrupted).set("seconds", seconds);
  share.set("index", static_cast<gint64>(shard.index));
  share.set("count", static_cast<gint64>(shard.count));
  if (!shard.source.empty()) share.set("source", shard.source);
  std::vector<JsonObjectMaker> list;
  for (const auto& result : results)
    list.push_back(json_of(result));
  json.set("shard", share).set("totals", json_of(totals())).set("rows", list);
  return json.text();
}

} // namespace aigc::runner
