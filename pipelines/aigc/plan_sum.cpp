// SPDX-License-Identifier: LGPL-2.1-or-later
// Adds up dry runs: what is called, what that costs, and how long the services will take.
#include "base/error.h"
#include "plan.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace aigc::runner {
namespace {

/// Stages in the order a shot passes them.
int rank_of(const std::string& stage) {
  return stage == "prompt" ? 0 : stage == "image" ? 1 : 2;
}

std::vector<const PlannedCall*> in_order(const Plan& plan) {
  std::vector<const PlannedCall*> calls;
  for (const auto& call : plan.calls)
    calls.push_back(&call);
  std::stable_sort(calls.begin(), calls.end(), [](const auto* a, const auto* b) {
    return std::pair(rank_of(a->stage), a->index) < std::pair(rank_of(b->stage), b->index);
  });
  return calls;
}

/// Knows calls whose results are the same. While the words of a shot are not known, what is made
/// from them is told apart by the request for the words.
class SameResults {
 public:
  void begin_file() { asked_.clear(); }
  bool is_first(const PlannedCall& call) {
    std::string& path = asked_[call.id];
    path += "/" + call.key;
    // A clip begins with the frame the clip before it ends on.
    if (!call.chain.empty()) path += "#" + std::to_string(call.index);
    return known_.insert(call.stage + path).second;
  }

 private:
  std::map<std::string, std::string> asked_; ///< by shot of this file
  std::set<std::string> known_;
};

/// When each call would begin and end, if all took as long as they are expected to.
class Schedule {
 public:
  /// Returns when the last call of this file ends.
  double add_file(const std::vector<const PlannedCall*>& calls, double begin) {
    ready_.clear();
    released_.clear();
    chains_.clear();
    workers_.clear();
    double end = begin;
    for (const auto* call : calls)
      end = std::max(end, add(*call, begin));
    return end;
  }

 private:
  struct Service {
    std::vector<double> busy; ///< until when, of what is under way
    double next = 0;          ///< when the next order may be sent
  };

  static double free_at(std::vector<double>& busy, unsigned most) {
    if (most == 0 || busy.size() < most) return 0;
    return *std::min_element(busy.begin(), busy.end());
  }
  static void occupy(std::vector<double>& busy, unsigned most, double until) {
    if (most == 0) return;
    if (busy.size() < most)
      busy.push_back(until);
    else
      *std::min_element(busy.begin(), busy.end()) = until;
  }

  double add(const PlannedCall& call, double begin) {
    Service& service = services_[call.service + " " + call.model];
    std::vector<double>& workers = workers_[call.stage];
    double at = std::max({begin, ready_[call.id], free_at(workers, call.at_once),
                          free_at(service.busy, call.concurrent), service.next});
    if (!call.chain.empty()) at = std::max(at, chains_[call.stage + call.chain]);
    const double end = at + call.seconds;
    occupy(workers, call.at_once, end);
    occupy(service.busy, call.concurrent, end);
    if (call.per_second > 0) service.next = at + 1 / call.per_second;
    if (!call.chain.empty()) chains_[call.stage + call.chain] = end;
    // A stage gives its results in the order of the shots.
    double& released = released_[call.stage];
    ready_[call.id] = released = std::max(released, end);
    return end;
  }

  std::map<std::string, Service> services_;
  std::map<std::string, std::vector<double>> workers_; ///< by stage, of this file
  std::map<std::string, double> ready_, released_, chains_;
};

PlanLine& line_for(PlanSum& sum, const PlannedCall& call) {
  for (auto& line : sum.lines)
    if (line.stage == call.stage && line.service == call.service && line.model == call.model)
      return line;
  sum.lines.push_back({.stage = call.stage, .service = call.service, .model = call.model});
  return sum.lines.back();
}

void add(PlanSum& sum, const PlannedCall& call) {
  PlanLine& line = line_for(sum, call);
  ++line.calls;
  line.open += call.open;
  line.input_tokens += call.input_tokens;
  line.output_tokens += call.output_tokens;
  line.pictures += call.pictures;
  line.film_seconds += call.film_seconds;
  if (!call.cost)
    ++line.unpriced;
  else if (*call.cost > 0)
    line.cost[call.currency] += *call.cost;
}

std::string units_of(const PlanLine& line) {
  if (line.pictures) return format("%d pictures", static_cast<int>(line.pictures));
  if (line.film_seconds > 0) return format("%.0f s of film", line.film_seconds);
  return format("%.1fk + %.1fk tokens", double(line.input_tokens) / 1000,
                double(line.output_tokens) / 1000);
}

std::string cost_of(const PlanLine& line) {
  if (line.unpriced == line.calls) return "unknown";
  return cost_text(line.cost) + (line.unpriced ? " and more" : "");
}

std::string duration_text(double seconds) {
  const long whole = std::lround(std::ceil(seconds));
  if (whole < 120) return format("%ld s", whole);
  if (whole < 7200) return format("%ld min", (whole + 59) / 60);
  return format("%.1f h", static_cast<double>(whole) / 3600);
}

} // namespace

int PlanSum::calls() const {
  int sum = 0;
  for (const auto& line : lines)
    sum += line.calls;
  return sum;
}

int PlanSum::unpriced() const {
  int sum = 0;
  for (const auto& line : lines)
    sum += line.unpriced;
  return sum;
}

std::map<std::string, double> PlanSum::cost() const {
  std::map<std::string, double> sum;
  for (const auto& line : lines)
    for (const auto& [currency, amount] : line.cost)
      sum[currency] += amount;
  return sum;
}

PlanSum sum_plans(const std::vector<Plan>& plans, size_t jobs) {
  PlanSum sum{.files = plans.size()};
  SameResults same;
  Schedule schedule;
  std::vector<double> makers(std::max<size_t>(jobs, 1)); // until when each is busy
  for (const auto& plan : plans) {
    sum.from_store += plan.from_store;
    same.begin_file();
    std::vector<const PlannedCall*> calls;
    for (const auto* call : in_order(plan)) {
      if (!same.is_first(*call)) continue;
      add(sum, *call);
      calls.push_back(call);
    }
    double& maker = *std::min_element(makers.begin(), makers.end());
    maker = schedule.add_file(calls, maker);
  }
  sum.seconds = *std::max_element(makers.begin(), makers.end());
  std::stable_sort(sum.lines.begin(), sum.lines.end(), [](const auto& a, const auto& b) {
    return rank_of(a.stage) < rank_of(b.stage);
  });
  return sum;
}

void check_max_cost(const PlanSum& sum, const Values& values) {
  const auto given = values.find("max-cost");
  double limit = given == values.end() ? 0 : g_ascii_strtod(given->second.c_str(), nullptr);
  // The stages have refused one that is no number.
  if (const char* text = g_getenv("AIGC_MAX_COST"); limit <= 0 && text)
    limit = g_ascii_strtod(text, nullptr);
  for (const auto& [currency, amount] : sum.cost())
    if (limit > 0 && amount > limit)
      throw Error(Fault::no_funds,
                  "it could cost " + format("%.4g ", amount) + currency + ", and max-cost is " +
                      plain(limit) + ": what comes beyond would be refused",
                  "Raise max-cost, or make less at once.");
}

std::string plan_text(const PlanSum& sum) {
  std::string text;
  int width = 7;
  for (const auto& line : sum.lines)
    width = std::max(width, columns(line.service + " " + line.model));
  if (!sum.lines.empty())
    text = "stage    " + padded("service", width) + "  calls  " + padded("units", 20) + "  cost\n";
  for (const auto& line : sum.lines)
    text += padded(line.stage, 7) + "  " + padded(line.service + " " + line.model, width) +
            format("  %5d  ", line.calls) + padded(units_of(line), 20) + "  " + cost_of(line) +
            (line.open ? format(" (%d ordered before)", line.open) : "") + "\n";
  text += format("dry run of %zu %s", sum.files, sum.files == 1 ? "file" : "files");
  if (sum.skipped) text += format(", %zu skipped", sum.skipped);
  text += format(": %d calls, %d from the store; cost: ", sum.calls(), sum.from_store);
  text += (sum.cost().empty() ? "" : "at most ") + cost_text(sum.cost());
  if (sum.unpriced()) text += format(", and %d calls of unknown price", sum.unpriced());
  return text + "; time of the services: about " + duration_text(sum.seconds) +
         "\nnothing was asked, spent or made\n";
}

JsonObjectMaker plan_json(const PlanSum& sum, JsonObjectMaker json) {
  const auto amounts = [](const std::map<std::string, double>& cost) {
    JsonObjectMaker made;
    for (const auto& [currency, amount] : cost)
      made.set(currency.c_str(), amount);
    return made;
  };
  std::vector<JsonObjectMaker> lines;
  for (const auto& line : sum.lines) {
    JsonObjectMaker one;
    one.set("stage", line.stage).set("service", line.service).set("model", line.model);
    one.set("calls", line.calls).set("open", line.open).set("unpriced", line.unpriced);
    one.set("input-tokens", line.input_tokens).set("output-tokens", line.output_tokens);
    one.set("pictures", line.pictures).set("film-seconds", line.film_seconds);
    lines.push_back(one.set("cost", amounts(line.cost)));
  }
  json.set("files", static_cast<gint64>(sum.files));
  json.set("skipped", static_cast<gint64>(sum.skipped)).set("calls", sum.calls());
  json.set("from-store", sum.from_store).set("cost", amounts(sum.cost()));
  json.set("unpriced", sum.unpriced()).set("seconds", sum.seconds).set("stages", lines);
  return json;
}

} // namespace aigc::runner
