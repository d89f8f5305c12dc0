// SPDX-License-Identifier: LGPL-2.1-or-later
// See costs.h.
#include "costs.h"

#include "base/error.h"
#include "base/json.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

namespace aigc::runner {

namespace {

/// Of the time zone the user lives in; the ledger is in UTC.
std::string day_of(gint64 ms) {
  const auto when = adopt(g_date_time_new_from_unix_local(ms / 1000));
  return take_string(g_date_time_format(when.get(), "%Y-%m-%d"));
}

gint64 start_of_day(const std::string& day) {
  int year = 0, month = 0, date = 0, end = 0;
  if (std::sscanf(day.c_str(), "%4d-%2d-%2d%n", &year, &month, &date, &end) == 3 &&
      static_cast<size_t>(end) == day.size())
    if (const auto start = adopt(g_date_time_new_local(year, month, date, 0, 0, 0)); start)
      return g_date_time_to_unix(start.get()) * 1000;
  throw Error(Fault::settings, "'" + day + "' is no day", "Give it as 2026-11-24.");
}

void add(Usage& sum, const Usage& usage) {
  sum.input_tokens += usage.input_tokens;
  sum.cached_tokens += usage.cached_tokens;
  sum.output_tokens += usage.output_tokens;
  sum.pictures += usage.pictures;
  sum.seconds += usage.seconds;
}

std::string number(double value, const char* format = "%.2f") {
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(text, sizeof text, format, value);
}

/// Words cost less than a hundredth.
std::string money(double value, const std::string& currency) {
  return number(value, value != 0 && value < 0.1 ? "%.4f" : "%.2f") + " " + currency;
}

std::string units(const Usage& usage) {
  std::string text;
  const auto say = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (usage.seconds > 0) say(number(usage.seconds, "%.4g") + " s");
  if (usage.pictures > 0) say(std::to_string(usage.pictures) + " pictures");
  if (usage.input_tokens + usage.output_tokens > 0)
    say(std::to_string(usage.input_tokens) + " + " + std::to_string(usage.output_tokens) +
        " tokens");
  return text;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text + "  ";
}

using Cells = std::array<std::string, 6>;

std::string table_of(const std::vector<Cells>& lines) {
  std::array<size_t, 6> widths{};
  for (const Cells& cells : lines)
    for (size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], cells[i].size());
  std::string text;
  for (const Cells& cells : lines) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i)
      line += padded(cells[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string totals_text(const Costs& costs) {
  std::string text;
  for (const auto& [currency, sum] : costs.totals)
    text += (text.empty() ? "" : " + ") + money(sum, currency);
  return text.empty() ? "nothing" : text;
}

std::string unclear_text(const Costs& costs) {
  if (costs.unclear.empty()) return {};
  std::string text =
      "\nNot in the sums, since their answers were lost; they may have been billed:\n";
  std::vector<Cells> lines;
  for (const LedgerLine& line : costs.unclear)
    lines.push_back({day_of(line.time), line.service, line.model, line.task,
                     line.currency.empty() ? "no price" : money(line.cost, line.currency), ""});
  return text + table_of(lines);
}

JsonObjectMaker unclear_json(const LedgerLine& line) {
  JsonObjectMaker object;
  object.set("day", day_of(line.time)).set("service", line.service).set("model", line.model);
  object.set("task", line.task).set("cost", line.cost).set("currency", line.currency);
  return object;
}

} // namespace

Costs sum_costs(const Ledger& ledger, const Journal& journal, const Prices& prices,
                const std::string& since) {
  Costs costs;
  costs.ledger = ledger.path();
  costs.since = since;
  costs.open = journal.keys().size();
  costs.prices_date = prices.date();
  costs.confirmed = prices.confirmed();
  const gint64 start = since.empty() ? 0 : start_of_day(since);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, CostRow> rows;
  for (const LedgerLine& line : ledger.lines()) {
    if (line.time < start) continue;
    if (line.unclear) {
      costs.unclear.push_back(line);
      continue;
    }
    const std::string day = day_of(line.time);
    CostRow& row = rows[{day, line.service, line.model, line.currency}];
    row.day = day;
    row.service = line.service;
    row.model = line.model;
    row.currency = line.currency;
    row.calls += 1;
    row.cost += line.cost;
    add(row.usage, line.usage);
    costs.calls += 1;
    if (line.currency.empty())
      costs.unpriced += 1;
    else
      costs.totals[line.currency] += line.cost;
  }
  for (auto& [key, row] : rows)
    costs.rows.push_back(std::move(row));
  return costs;
}

std::string costs_text(const Costs& costs) {
  std::string text;
  if (!costs.rows.empty()) {
    std::vector<Cells> lines = {{"day", "service", "model", "calls", "units", "cost"}};
    for (const CostRow& row : costs.rows)
      lines.push_back({row.day, row.service, row.model, std::to_string(row.calls), units(row.usage),
                       row.currency.empty() ? "no price" : money(row.cost, row.currency)});
    text += table_of(lines) + "\n";
  }
  text += "Spent" + (costs.since.empty() ? "" : " since " + costs.since) + ": " +
          totals_text(costs) + " on " + std::to_string(costs.calls) + " calls";
  if (costs.unpriced)
    text += ", " + std::to_string(costs.unpriced) + " of them without a known price";
  text += ".\n";
  if (!costs.confirmed)
    text += "Costs follow the price file (today's is of " + costs.prices_date +
            "), which nobody confirmed: only the service's bill counts.\n";
  text += unclear_text(costs);
  if (costs.open == 1) text += "\n1 call is still open; run again to bring it home.\n";
  if (costs.open > 1)
    text += "\n" + std::to_string(costs.open) +
            " calls are still open; run again to bring them home.\n";
  return text + "\nLedger: " + costs.ledger + "\n";
}

std::string costs_json(const Costs& costs) {
  std::vector<JsonObjectMaker> rows, totals, unclear;
  for (const CostRow& row : costs.rows) {
    JsonObjectMaker object;
    object.set("day", row.day).set("service", row.service).set("model", row.model);
    object.set("calls", static_cast<gint64>(row.calls)).set("usage", usage_json(row.usage));
    rows.push_back(object.set("cost", row.cost).set("currency", row.currency));
  }
  for (const auto& [currency, sum] : costs.totals)
    totals.push_back(JsonObjectMaker().set("currency", currency).set("cost", sum));
  for (const LedgerLine& line : costs.unclear)
    unclear.push_back(unclear_json(line));
  JsonObjectMaker object;
  object.set("ledger", costs.ledger).set("since", costs.since).set("rows", rows);
  object.set("totals", totals).set("calls", static_cast<gint64>(costs.calls));
  object.set("unpriced", static_cast<gint64>(costs.unpriced)).set("unclear", unclear);
  object.set("open", static_cast<gint64>(costs.open));
  object.set("prices-date", costs.prices_date).set("prices-confirmed", costs.confirmed);
  return object.text();
}

} // namespace aigc::runner
