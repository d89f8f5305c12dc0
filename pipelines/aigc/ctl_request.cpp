// SPDX-License-Identifier: LGPL-2.1-or-later
// See ctl_request.h.
#include "ctl_request.h"

#include "base/error.h"
#include "base/json.h"
#include "channel_folder.h"
#include "shot/shot.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace aigc::runner {
namespace {

constexpr const char* kSee = "See aigc ctl --help.";

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Fault::settings, what, kSee);
}

template <typename T> T number(const std::string& name, const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) refuse(name + "=" + text + ": not a number");
  return value;
}

/// Of the options `--name VALUE` and `--name=VALUE`: takes them out of the words.
std::optional<std::string> take_option(std::vector<std::string>& words, const std::string& name) {
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word->starts_with(name + "=")) {
      const std::string value = word->substr(name.size() + 1);
      words.erase(word);
      return value;
    }
    if (*word != name) continue;
    if (std::next(word) == words.end()) refuse(name + " needs a value");
    const std::string value = *std::next(word);
    words.erase(word, word + 2);
    return value;
  }
  return {};
}

bool take_flag(std::vector<std::string>& words, const std::string& name) {
  return std::erase(words, name) > 0;
}

/// `name=value` as the member of a shot; numbers are numbers.
void set_field(JsonObject* shot, const std::string& name, const std::string& value) {
  for (const ShotField& field : shot_fields()) {
    if (name != field.name || !field.in_json) continue;
    if (std::holds_alternative<gint64 Shot::*>(field.member))
      return json_object_set_int_member(shot, name.c_str(), number<gint64>(name, value));
    if (std::holds_alternative<double Shot::*>(field.member))
      return json_object_set_double_member(shot, name.c_str(), number<double>(name, value));
    if (std::holds_alternative<std::string Shot::*>(field.member))
      return json_object_set_string_member(shot, name.c_str(), value.c_str());
  }
  refuse("a shot has no " + name + " that can be given so");
}

/// `add TEXT|JSON [position=N] [FIELD=VALUE ...]`
std::string add_line(const std::vector<std::string>& words) {
  if (words.size() < 2) refuse("add needs a sentence, or a shot as JSON");
  auto shot = adopt(json_object_new());
  if (words[1].starts_with('{'))
    shot = share(json_node_get_object(parse_json(words[1]).get()));
  else
    json_object_set_string_member(shot.get(), "script", words[1].c_str());
  auto request = adopt(json_object_new());
  json_object_set_string_member(request.get(), "command", "add");
  for (auto word = words.begin() + 2; word != words.end(); ++word) {
    const size_t equals = word->find('=');
    if (equals == word->npos)
      refuse("'" + *word + "' is not name=value; put the sentence in quotes");
    const std::string name = word->substr(0, equals), value = word->substr(equals + 1);
    if (name == "position")
      json_object_set_int_member(request.get(), "position", number<guint>(name, value));
    else
      set_field(shot.get(), name, value);
  }
  json_object_set_object_member(request.get(), "shot", shot.leak());
  return json_text(adopt(json_node_init_object(json_node_alloc(), request.get())).get());
}

std::string request_line(const std::vector<std::string>& words) {
  const std::string& command = words[0];
  if (command == "add") return add_line(words);
  JsonObjectMaker request;
  request.set("command", command);
  size_t wanted = 1;
  if (command == "move" || command == "remove") {
    wanted = command == "move" ? 3 : 2;
    if (words.size() < wanted)
      refuse(command + " needs the id of a shot" + (wanted == 3 ? ", and a position" : ""));
    request.set("id", words[1]);
    if (wanted == 3) request.set("position", gint64(number<guint>("position", words[2])));
  }
  if (words.size() > wanted) refuse(command + " takes no '" + words[wanted] + "'");
  return request.text();
}

} // namespace

CtlRequest read_ctl(const std::vector<std::string>& given) {
  std::vector<std::string> words = given;
  CtlRequest request{.json = take_flag(words, "--json"), .help = take_flag(words, "--help")};
  const auto channel = take_option(words, "--channel"), socket = take_option(words, "--socket");
  if (channel && socket) refuse("--channel and --socket are not for one call");
  request.help |= words.empty();
  if (request.help) return request;
  constexpr const char* kCommands[] = {"add",  "end",    "events", "hold", "list",
                                       "move", "remove", "resume", "skip", "status"};
  request.command = words[0];
  if (std::find(std::begin(kCommands), std::end(kCommands), words[0]) == std::end(kCommands))
    refuse((words[0].starts_with('-') ? "there is no option " : "there is no command ") + words[0]);
  request.socket =
      socket ? *socket : control_path(channel_folder(channel.value_or(kDefaultChannel)));
  request.line = request_line(words);
  return request;
}

const char* ctl_help() {
  return R"(Usage: aigc ctl [--channel NAME | --socket PATH] [--json] COMMAND ...

  status               what is on air, what comes next, how much is ready, what it costs
  list                 what waits, in the order it is made: clips that are ready, shots in work, shots that wait
  add TEXT [position=N] [FIELD=VALUE ...]
                       a shot that goes before those of the list: duration=4, seed=7,
                       at=2026-12-24T20:00:00+01:00; TEXT may be a shot as JSON, in quotes
  move ID POSITION     to another place, counted from 0 among those in the same state
  remove ID            do not show it; what is not made yet is not paid
  skip                 end what is on air, go on with the next
  hold                 begin nothing new: what fills in is seen
  resume               go on after hold
  end                  end the programme for good: players are told, and the program ends
  events               everything that happens, one JSON object a line, until Ctrl-C

  --channel NAME       as name= of aigc channel; live when nothing is said
  --socket PATH        of a channel with state=DIR: DIR/control
  --json               the channel's own answer, one JSON object

Exit status: 0 done, 1 the channel refused, or is not on air, 2 wrong usage.
)";
}

} // namespace aigc::runner
