// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads shot lists; every message names the row it is about.
#include "shot/shot_list.h"

#include "base/error.h"
#include "shot/shot_json.h"

#include <functional>
#include <set>

namespace aigc {

namespace {

[[noreturn]] void rethrow_with_row(size_t row, const Error& error) {
  Error named(error.fault, "row " + std::to_string(row) + ": " + error.what(), error.remedy);
  throw named;
}

/// Runs `read` for one row and puts the row number in front of what it throws.
Shot read_row(size_t row, const std::function<Shot()>& read) {
  try {
    Shot shot = read();
    check_shot(shot);
    return shot;
  } catch (const Error& error) {
    rethrow_with_row(row, error);
  }
}

template <typename Visit> void each_line(std::string_view text, Visit visit) {
  size_t row = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++row;
    if (!is_blank(line)) visit(row, line);
  }
}

std::vector<Shot> read_lines(std::string_view text) {
  std::vector<Shot> shots;
  each_line(text, [&](size_t row, std::string_view line) {
    shots.push_back(read_row(row, [&] {
      Shot shot;
      shot.script = std::string(line);
      return shot;
    }));
  });
  return shots;
}

std::vector<Shot> read_json_lines(std::string_view text) {
  std::vector<Shot> shots;
  each_line(text, [&](size_t row, std::string_view line) {
    shots.push_back(read_row(row, [&] { return shot_from_json(parse_json(line).get()); }));
  });
  return shots;
}

JsonArray* rows_of(JsonNode* root) {
  if (JSON_NODE_HOLDS_ARRAY(root)) return json_node_get_array(root);
  if (JSON_NODE_HOLDS_OBJECT(root)) {
    JsonNode* shots = json_object_get_member(json_node_get_object(root), "shots");
    if (shots && JSON_NODE_HOLDS_ARRAY(shots)) return json_node_get_array(shots);
  }
  throw Error(Fault::format, "the JSON holds no list of shots",
              "write an array of shots, or an object with an array named shots");
}

std::vector<Shot> read_json(std::string_view text) {
  auto root = parse_json(text);
  JsonArray* rows = rows_of(root.get());
  std::vector<Shot> shots;
  for (guint i = 0; i < json_array_get_length(rows); ++i)
    shots.push_back(
        read_row(i + 1, [&] { return shot_from_json(json_array_get_element(rows, i)); }));
  return shots;
}

void number(std::vector<Shot>& shots) {
  std::set<std::string> ids;
  for (size_t i = 0; i < shots.size(); ++i) {
    Shot& shot = shots[i];
    shot.index = static_cast<gint64>(i);
    if (shot.id.empty()) shot.id = "shot-" + std::to_string(i + 1);
    if (!ids.insert(shot.id).second)
      throw Error(Fault::format,
                  "row " + std::to_string(i + 1) + ": the id \"" + shot.id + "\" is already taken",
                  "give every shot an id of its own, or none");
  }
}

} // namespace

std::vector<Shot> parse_shot_list(std::string_view text, ListFormat format) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Shot> shots;
  switch (format) {
  case ListFormat::csv:
    throw Error(Fault::format, "a CSV is read from a file", "give its path");
  case ListFormat::txt:
    shots = read_lines(text);
    break;
  case ListFormat::json:
    shots = read_json(text);
    break;
  case ListFormat::jsonl:
    shots = read_json_lines(text);
    break;
  }
  if (shots.empty())
    throw Error(Fault::format, "the list holds no shot", "write at least one sentence");
  number(shots);
  return shots;
}

} // namespace aigc
