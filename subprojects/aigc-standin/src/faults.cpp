// SPDX-License-Identifier: LGPL-2.1-or-later
// The faults asked for.
#include "faults.h"

#include "profiles.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <glib.h>

namespace standin {
namespace {

using enum FaultPhase;

const std::map<std::string, FaultPhase>& kinds() {
  static const std::map<std::string, FaultPhase> table = {
      {"status", Before},
      {"html", Before},
      {"close-before-headers", Before},
      {"hang-before-headers", Before},
      {"redirect", Before},
      {"top-level-code", Before},
      {"accept-then-hang", Reply},
      {"accept-then-close", Reply},
      {"hang-in-headers", Reply},
      {"hang-in-body", Reply},
      {"slow-drip", Reply},
      {"truncate", Reply},
      {"wrong-length", Reply},
      {"wrong-type", Reply},
      {"file", Reply},
      {"empty", Reply},
      {"bad-json", Reply},
      {"huge", Reply},
      {"chunked", Reply},
      {"close-after", Reply},
      {"task-state", Content},
      {"mixed-results", Content},
      {"base64-garbage", Content},
      {"picture-bomb", Content},
      {"not-a-clip", Content},
      {"broken-clip", Content},
      {"expired-url", Content},
      {"data-empty", Content},
      {"item-without-content", Content},
      {"base64-newlines", Content},
      {"base64-data-uri", Content},
      {"other-type", Content},
      {"other-size", Content},
      {"silent", Content},
      {"moov-at-end", Content},
      {"error-in-stream", Content},
      {"stall-in-stream", Content},
      {"blank-content", Content},
      {"truncated-content", Content},
      {"plain-text-content", Content},
      {"content-filter", Content},
      {"insufficient-resource", Content},
      {"ws-refuse", Content},
      {"ws-drop", Content},
      {"fully-cached", Content},
      {"execution-error", Content},
      {"interrupted", Content},
      {"missing-outputs", Content},
      {"two-outputs", Content},
      {"view-404", Content},
      {"forget", Content},
      {"foreign-messages", Content},
      {"fragmented-frames", Content},
  };
  return table;
}

constexpr std::array<std::string_view, 12> routes = {
    "chat", "models", "balance", "image-sync", "image-async", "video",
    "task", "list",   "cancel",  "quotas",     "uploads",     "oss"};

bool is_route(std::string_view name) {
  const auto& all = profiles();
  return name == "result" || std::find(routes.begin(), routes.end(), name) != routes.end() ||
         has_endpoint(openai_profile(), name) ||
         std::any_of(all.begin(), all.end(),
                     [&](const Profile* profile) { return has_endpoint(*profile, name); });
}

constexpr std::array<std::string_view, 21> members = {
    "route",  "skip",    "times",       "match",       "kind",         "status",
    "code",   "message", "retry_after", "after_bytes", "after_chunks", "bytes_per_second",
    "type",   "bytes",   "to",          "state",       "length",       "width",
    "height", "node",    "path"};

} // namespace

std::optional<std::string> check_faults(const Json& list) {
  if (!list.is_array()) return "config \"faults\" must be an array";
  for (const Json& rule : list.items()) {
    for (const auto& [name, value] : rule.members())
      if (std::find(members.begin(), members.end(), name) == members.end())
        return "a fault has no \"" + name + "\"";
    if (!is_route(rule["route"].text()))
      return "a fault has the unknown route \"" + rule["route"].text() + "\"";
    if (!kinds().contains(rule["kind"].text()))
      return "a fault has the unknown kind \"" + rule["kind"].text() + "\"";
    if (rule["kind"].text() == "file" &&
        !g_file_test(rule["path"].text().c_str(), G_FILE_TEST_IS_REGULAR))
      return "a fault's \"path\" must be that of a file";
    for (const char* count : {"skip", "times"})
      if (rule.has(count) && !rule[count].is_int())
        return "a fault's \"" + std::string(count) + "\" must be an integer";
    for (const auto& [name, value] : rule["match"].members())
      if ((name != "method" && name != "model") || !value.is_string())
        return "a fault's match has no string \"" + name + "\"";
  }
  return {};
}

void Faults::load(const Json& list) {
  const std::string text = list.print();
  if (text == loaded_) return;
  loaded_ = text;
  rules_.clear();
  for (const Json& rule : list.items()) {
    const std::string& kind = rule["kind"].text();
    rules_.push_back({rule["route"].text(), rule["match"]["method"].text(),
                      rule["match"]["model"].text(), Fault{kind, kinds().at(kind), rule},
                      rule["skip"].integer(0), rule["times"].integer(1)});
  }
}

std::optional<Fault> Faults::take(const std::string& route, const std::string& method,
                                  const std::string& model) {
  for (Rule& rule : rules_) {
    if (rule.route != route || rule.times == 0) continue;
    if (!rule.method.empty() && rule.method != method) continue;
    if (!rule.model.empty() && rule.model != model) continue;
    if (rule.skip > 0) {
      --rule.skip;
      continue;
    }
    if (rule.times > 0) --rule.times;
    return rule.fault;
  }
  return {};
}

} // namespace standin
