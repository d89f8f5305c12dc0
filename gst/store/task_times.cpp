// SPDX-License-Identifier: LGPL-2.1-or-later
// See task_times.h.
#include "store/task_times.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"

#include <algorithm>
#include <cmath>

namespace aigc {

namespace {

constexpr double kMemory = 32;      ///< tasks after which the oldest hardly count
constexpr double kShortest = 0.005; ///< seconds; what is quicker is all the same
constexpr unsigned kSaveAlways = 4; ///< the first few are saved at once,
constexpr unsigned kSaveEvery = 16; ///< later ones together

std::string name_of(const std::string& service, const std::string& model) {
  return service + " " + model;
}

} // namespace

std::shared_ptr<TaskTimes> TaskTimes::shared(const std::string& store_folder) {
  static std::mutex mutex;
  // Never destroyed: a worker may outlive main().
  static auto& all = *new std::map<std::string, std::shared_ptr<TaskTimes>>;
  std::lock_guard guard(mutex);
  auto& times = all[store_folder];
  if (!times) times = std::make_shared<TaskTimes>(store_folder);
  return times;
}

TaskTimes::TaskTimes(const std::string& store_folder) : path_(store_folder + "/task-times.json") {
  load();
}

/// What cannot be read was worth little.
void TaskTimes::load() {
  const auto bytes = read_file(path_);
  if (!bytes) return;
  try {
    const auto root = parse_json(view(bytes.get()));
    const JsonView file(root.get());
    for (const auto& name : file.members()) {
      const JsonView row = file[name.c_str()];
      const double count = row["count"].number().value_or(0);
      const double mean = row["mean"].number().value_or(0);
      const double variance = row["variance"].number().value_or(-1);
      if (count < 1 || variance < 0 || std::abs(mean) > 20) continue;
      stats_[name] = {std::min(count, kMemory), mean, variance};
    }
  } catch (const Error&) {
    stats_.clear();
  }
}

TimeStats TaskTimes::of(const std::string& service, const std::string& model) const {
  std::lock_guard guard(mutex_);
  const auto at = stats_.find(name_of(service, model));
  return at == stats_.end() ? TimeStats() : at->second;
}

void TaskTimes::add(const std::string& service, const std::string& model, double seconds) {
  std::string saved;
  {
    std::lock_guard guard(mutex_);
    TimeStats& stats = stats_[name_of(service, model)];
    stats.count = std::min(stats.count + 1, kMemory);
    const double weight = 1 / stats.count;
    const double off = std::log(std::max(seconds, kShortest)) - stats.mean;
    stats.mean += weight * off;
    stats.variance = (1 - weight) * (stats.variance + weight * off * off);
    if (++added_ > kSaveAlways && added_ % kSaveEvery != 0) return;
    saved = text();
  }
  try {
    write_file(path_, saved, false);
  } catch (const Error&) {
    // polls are planned a little worse next time
  }
}

std::string TaskTimes::text() const {
  JsonObjectMaker file;
  for (const auto& [name, stats] : stats_) {
    JsonObjectMaker row;
    row.set("count", stats.count).set("mean", stats.mean).set("variance", stats.variance);
    file.set(name.c_str(), row);
  }
  return file.text() + "\n";
}

} // namespace aigc
