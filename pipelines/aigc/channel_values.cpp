// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_values.h.
#include "channel_values.h"

#include <cstdlib>
#include <functional>

namespace aigc::runner {
namespace {

struct Computed {
  std::vector<std::string> inputs; ///< just one
  std::function<std::string(const std::string&)> compute;
};

/// A folder as a pattern of printf() has it.
std::string without_patterns(const std::string& folder) {
  std::string text;
  for (const char c : folder)
    text += c == '%' ? "%%" : std::string(1, c);
  return text;
}

const std::map<std::string_view, Computed>& table() {
  static const std::map<std::string_view, Computed> table = {
      {"hls.segments", {{"hls"}, [](auto& hls) { return without_patterns(hls) + "/s%07d.ts"; }}},
      {"hls.playlist", {{"hls"}, [](auto& hls) { return hls + "/live.m3u8"; }}},
      {"state.journal", {{"state"}, [](auto& state) { return state + "/journal.jsonl"; }}},
      {"state.as-run", {{"state"}, [](auto& state) { return state + "/as-run"; }}},
      {"fps.two-seconds",
       {{"fps"}, [](auto& fps) { return std::to_string(2 * std::atoi(fps.c_str())); }}},
  };
  return table;
}

} // namespace

const std::vector<std::string>* channel_inputs(std::string_view name) {
  const auto computed = table().find(name);
  return computed == table().end() ? nullptr : &computed->second.inputs;
}

std::map<std::string, std::string>
channel_values(const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> result;
  for (const auto& [name, computed] : table())
    if (const auto input = values.find(computed.inputs.front()); input != values.end())
      result[std::string(name)] = computed.compute(input->second);
  return result;
}

} // namespace aigc::runner
