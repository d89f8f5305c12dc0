// SPDX-License-Identifier: LGPL-2.1-or-later
// Submit rates and concurrency per model group.
#include "limits.h"

#include "util.h"

namespace standin {
namespace {

const std::map<std::string, Limit>& table() {
  static const std::map<std::string, Limit> groups = {
      {"wan2.2", {2, 1, 2}},     {"wan2.5+", {5, 1, 5}},           {"wan3.0", {5, 1, 5}},
      {"qwen-image", {2, 1, 2}}, {"qwen-image-2", {2, 1, 0}},      {"qwen-image-pro", {2, 60, 0}},
      {"sdcpp", {0, 1, 1}},      {"deepseek-flash", {0, 1, 2500}}, {"deepseek-v4-pro", {0, 1, 500}},
  };
  return groups;
}

} // namespace

Limit Limits::of(const std::string& group, const Json& config) {
  if (config.is_string()) return {}; // "off"
  const auto found = table().find(group);
  Limit limit = found == table().end() ? Limit{} : found->second;
  const Json& changes = config[group];
  limit.submits = static_cast<int>(changes["submits"].integer(limit.submits));
  limit.per_seconds = changes["per_seconds"].number(limit.per_seconds);
  limit.concurrent = static_cast<int>(changes["concurrent"].integer(limit.concurrent));
  return limit;
}

bool Limits::Window::take(int count, double seconds) {
  const double now = now_seconds();
  while (!times.empty() && times.front() <= now - seconds)
    times.pop_front();
  if (static_cast<int>(times.size()) >= count) return false;
  times.push_back(now);
  return true;
}

bool Limits::submit(const std::string& group, const Json& config) {
  const Limit limit = of(group, config);
  return limit.submits == 0 || submits_[group].take(limit.submits, limit.per_seconds);
}

bool Limits::query(double per_second) {
  return per_second <= 0 || queries_.take(static_cast<int>(per_second), 1);
}

void Limits::reset() {
  submits_.clear();
  queries_ = {};
}

std::optional<std::string> check_limits(const Json& config) {
  if (config.is_string() && config.text() == "off") return {};
  if (!config.is_object()) return "config \"limits\" must be \"off\" or an object";
  for (const auto& [group, limit] : config.members()) {
    if (!table().contains(group)) return "config \"limits\" has no group \"" + group + "\"";
    for (const auto& [name, value] : limit.members())
      if ((name != "submits" && name != "per_seconds" && name != "concurrent") ||
          !value.is_number() || value.number() < 0)
        return "config \"limits." + group + "\" has no number \"" + name + "\"";
  }
  return {};
}

} // namespace standin
