// SPDX-License-Identifier: LGPL-2.1-or-later
// See plan.h.
#include "plan.h"

#include "base/json.h"
#include "cut.h"
#include "shot_messages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>

namespace aigc::runner {
namespace {

constexpr std::array<const char*, 3> kStages = {"prompt", "image", "video"};

std::string amount_text(const std::map<std::string, double>& cost) {
  std::string text;
  for (const auto& [currency, amount] : cost) {
    std::array<char, G_ASCII_DTOSTR_BUF_SIZE> number{};
    const bool is_tiny = amount > 0 && amount < 0.01;
    g_ascii_formatd(number.data(), number.size(), is_tiny ? "%.4f" : "%.2f", amount);
    text += (text.empty() ? "" : ", ") + std::string(number.data()) + " " + currency;
  }
  return text.empty() ? "none" : text;
}

std::string time_text(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole < 100) return std::to_string(whole) + " s";
  if (whole < 6000) return std::to_string((whole + 30) / 60) + " min";
  const auto minutes = (whole + 30) / 60;
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

/// When each of a few places is free again.
class Places {
 public:
  explicit Places(unsigned count = 1) {
    for (unsigned i = 0; i < count; ++i)
      free_.push(0);
  }
  double next() const { return free_.top(); }
  void take(double until) {
    free_.pop();
    free_.push(until);
  }

 private:
  std::priority_queue<double, std::vector<double>, std::greater<>> free_;
};

/// What all rows share of one model of one account.
struct Counter {
  std::optional<Places> places;
  double next_order = 0;
};

class Schedule {
 public:
  Schedule(const Plan& plan, unsigned jobs, const std::string& stage)
      : plan_(plan), stage_(stage), rows_(std::max(jobs, 1u)) {}

  double length() {
    std::vector<std::vector<const PlannedCall*>> calls(plan_.rows);
    for (const auto& call : plan_.calls)
      calls.at(call.row).push_back(&call);
    double end = 0;
    for (auto& row : calls) {
      std::stable_sort(row.begin(), row.end(),
                       [](const auto* a, const auto* b) { return a->index < b->index; });
      const double row_end = work(row, rows_.next());
      rows_.take(row_end);
      end = std::max(end, row_end);
    }
    return end;
  }

 private:
  double work(const std::vector<const PlannedCall*>& row, double start) {
    std::map<std::string, double> ready; // by shot
    double end = start;
    for (const char* stage : kStages) {
      if (!stage_.empty() && stage_ != stage) continue;
      std::optional<Places> own;
      std::map<std::string, double> chains;
      double in_front = start; // shots keep their order
      for (const PlannedCall* call : row) {
        if (call->stage != stage) continue;
        if (!own) own.emplace(std::max(call->at_once, 1u));
        double& at = ready.try_emplace(call->id, start).first->second;
        in_front = at = std::max(at, in_front);
        if (!call->chain.empty()) at = std::max(at, chains[call->chain]);
        at = begin(*call, std::max(at, own->next())) + call->seconds;
        own->take(at);
        if (!call->chain.empty()) chains[call->chain] = at;
        end = std::max(end, at);
      }
    }
    return end;
  }

  double begin(const PlannedCall& call, double at) {
    Counter& counter = counters_[{call.stage, call.service, call.model}];
    at = std::max(at, counter.next_order);
    if (call.concurrent && !counter.places) counter.places.emplace(call.concurrent);
    if (counter.places) at = std::max(at, counter.places->next());
    if (call.per_second > 0) counter.next_order = at + 1 / call.per_second;
    if (counter.places) counter.places->take(at + call.seconds);
    return at;
  }

  const Plan& plan_;
  const std::string& stage_;
  Places rows_;
  std::map<std::array<std::string, 3>, Counter> counters_;
};

bool is_of(const PlannedCall& call, const std::string& stage) {
  return stage.empty() || call.stage == stage;
}

int open_calls(const Plan& plan) {
  return static_cast<int>(std::count_if(plan.calls.begin(), plan.calls.end(),
                                        [](const auto& call) { return call.is_open; }));
}

std::string table_line(const char* name, const Plan& plan, unsigned jobs,
                       const std::string& stage) {
  int stored = 0;
  for (const auto& [of, count] : plan.stored)
    if (stage.empty() || of == stage) stored += count;
  std::string cost = amount_text(plan.cost(stage));
  if (plan.unpriced(stage)) cost += " + ?";
  std::array<char, 200> line{};
  g_snprintf(line.data(), line.size(), "%-8s %6d  %14d  %14s  %10s\n", name, plan.count(stage),
             stored, cost.c_str(), time_text(seconds_of(plan, jobs, stage)).c_str());
  return line.data();
}

JsonObjectMaker amounts_json(const std::map<std::string, double>& cost) {
  JsonObjectMaker amounts;
  for (const auto& [currency, amount] : cost)
    amounts.set(currency.c_str(), amount);
  return amounts;
}

} // namespace

void Plan::add(const Plan& more) {
  for (PlannedCall call : more.calls) {
    call.row += rows;
    calls.push_back(std::move(call));
  }
  for (const auto& [stage, count] : more.stored)
    stored[stage] += count;
  rows += more.rows;
}

std::map<std::string, double> Plan::cost(const std::string& stage) const {
  std::map<std::string, double> sum;
  for (const auto& call : calls)
    if (is_of(call, stage) && call.cost.value_or(0) > 0) sum[call.currency] += *call.cost;
  return sum;
}

int Plan::unpriced(const std::string& stage) const {
  return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const auto& call) {
    return is_of(call, stage) && !call.cost;
  }));
}

int Plan::count(const std::string& stage) const {
  return static_cast<int>(std::count_if(calls.begin(), calls.end(),
                                        [&](const auto& call) { return is_of(call, stage); }));
}

double seconds_of(const Plan& plan, unsigned jobs, const std::string& stage) {
  return Schedule(plan, jobs, stage).length();
}

std::string plan_text(const Plan& plan, unsigned jobs) {
  std::string text = "stage     calls  from the store  costs at most  takes about\n";
  for (const char* stage : kStages)
    if (plan.count(stage) || plan.stored.contains(stage))
      text += table_line(stage, plan, jobs, stage);
  text += table_line("in all", plan, jobs, "");
  if (const int open = open_calls(plan))
    text += std::to_string(open) + (open == 1 ? " call is" : " calls are") +
            " under way already and not ordered again\n";
  if (plan.unpriced()) {
    std::string models;
    for (const auto& call : plan.calls)
      if (!call.cost && models.find(call.model) == std::string::npos)
        models += (models.empty() ? "" : ", ") + call.model;
    text += "?: the price file has no price of " + models + "\n";
  }
  return text +
         "nothing was asked and nothing spent; times are what such calls took before, or guessed\n";
}

std::string plan_json(const Plan& plan, unsigned jobs) {
  std::vector<JsonObjectMaker> stages;
  for (const char* stage : kStages) {
    const auto stored = plan.stored.find(stage);
    if (!plan.count(stage) && stored == plan.stored.end()) continue;
    JsonObjectMaker row;
    row.set("stage", stage).set("calls", plan.count(stage));
    row.set("from-store", stored == plan.stored.end() ? 0 : stored->second);
    row.set("cost", amounts_json(plan.cost(stage))).set("unpriced", plan.unpriced(stage));
    row.set("seconds", seconds_of(plan, jobs, stage));
    stages.push_back(std::move(row));
  }
  JsonObjectMaker whole;
  whole.set("event", "plan").set("calls", static_cast<gint64>(plan.calls.size()));
  whole.set("open", open_calls(plan)).set("unpriced", plan.unpriced());
  whole.set("cost", amounts_json(plan.cost())).set("seconds", seconds_of(plan, jobs));
  return whole.set("stages", stages).text();
}

std::optional<Plan> plan_row(const JobFile& job, const Values& values, Report& report,
                             LaunchOptions options) {
  ShotMessages messages;
  options.prepare = [&](GstElement* pipeline) {
    cut_behind_stages(pipeline);
    for (const auto& stage : stages_of(pipeline))
      g_object_set(stage.get(), "dry-run", TRUE, nullptr);
    messages.listen(pipeline);
  };
  Relay relay(report);
  if (launch(job.render(values), relay, options) != Ending::finished) return std::nullopt;
  return messages.plan();
}

} // namespace aigc::runner
