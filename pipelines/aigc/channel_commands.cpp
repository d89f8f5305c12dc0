// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_commands.h.
#include "channel_commands.h"

#include "bus_messages.h"
#include "channel_json.h"
#include "shot/shot_json.h"
#include "shot/shot_meta.h"

#include <algorithm>

namespace aigc::runner {
namespace {

/// What aishotsrc says of a shot that is in work or ready: those who have it say more.
constexpr const char* kSent = "sent";
/// What clipplayout says of the item that is seen.
constexpr const char* kOnAir = "on-air";

std::string needed_text(const JsonView& request, const char* member) {
  const std::string text = request[member].text();
  if (text.empty())
    throw Error(Fault::settings, std::string("the command has no ") + member,
                std::string("Give ") + member + " as a text.");
  return text;
}

std::optional<guint> position_in(const JsonView& request) {
  const JsonView view = request["position"];
  if (!view.exists()) return {};
  const auto number = view.integer();
  if (!number || *number < 0 || *number > G_MAXUINT)
    throw Error(Fault::settings, "position is not a place in a list", "Count from 0.");
  return static_cast<guint>(*number);
}

/// Places are counted among those that are in the same state: a shot that is filmed cannot be made
/// to wait for one that is not.
bool emit_move(GstElement* element, const std::string& id, guint position) {
  gboolean moved = FALSE;
  g_signal_emit_by_name(element, "move", id.c_str(), position, &moved);
  return moved;
}

bool emit_remove(GstElement* element, const std::string& id) {
  gboolean removed = FALSE;
  g_signal_emit_by_name(element, "remove", id.c_str(), &removed);
  return removed;
}

/// What an element has in its queue.
std::vector<Ref<JsonNode>> emit_list(GstElement* element) {
  GstStructure* structure = nullptr;
  g_signal_emit_by_name(element, "list", &structure);
  const Own<GstStructure> owner(structure);
  std::vector<Ref<JsonNode>> rows;
  if (!structure) return rows;
  const Ref<JsonNode> whole = json_node(structure_json(structure));
  const JsonView items = JsonView(whole.get())["items"];
  for (size_t i = 0; i < items.size(); ++i)
    rows.push_back(share(items.at(i).node()));
  return rows;
}

[[noreturn]] void refuse_unknown(const std::string& id) {
  throw Error(Fault::not_found, "the channel has no shot " + id + " that waits",
              "See aigc ctl list; what is on air is ended with skip.");
}

std::string done() {
  return JsonObjectMaker().set("ok", true).text();
}

} // namespace

ChannelElements ChannelCommands::elements() const {
  ChannelElements now = elements_.snapshot();
  if (!now.list || !now.air)
    throw Error(Fault::read, "the channel is not on air at the moment", "Ask again in a moment.");
  return now;
}

std::string ChannelCommands::add(const JsonView& request) const {
  const auto position = position_in(request);
  if (!request["shot"].exists())
    throw Error(Fault::settings, "the command has no shot",
                "Give shot: a sentence, or an object with the fields of a shot.");
  const Shot shot = shot_from_json(request["shot"].node());
  if (is_blank(shot.words()))
    throw Error(Fault::settings, "the shot has no words", "Give it a script.");
  const Own<GstStructure> structure(gst_structure_new_empty("shot"));
  shot_to_structure(shot, structure.get());
  const Ref<GstElement> list = elements().list;
  gchar* id = nullptr;
  take_warning();
  if (position)
    g_signal_emit_by_name(list.get(), "insert", structure.get(), *position, &id);
  else
    g_signal_emit_by_name(list.get(), "enqueue", structure.get(), &id);
  const std::string text = take_string(id);
  if (text.empty()) {
    const Problem why = take_warning();
    throw Error(Fault::settings, "the shot was not taken: " + why.message, why.remedy);
  }
  return JsonObjectMaker().set("ok", true).set("id", text).text();
}

std::string ChannelCommands::move(const JsonView& request) const {
  const std::string id = needed_text(request, "id");
  const auto position = position_in(request);
  if (!position) throw Error(Fault::settings, "the command has no position", "Count from 0.");
  const ChannelElements now = elements();
  if (emit_move(now.air.get(), id, *position) || emit_move(now.list.get(), id, *position))
    return done();
  if (monitor_.is_in_work(id))
    throw Error(Fault::settings, "the shot " + id + " is being made",
                "Move it when it is ready, or remove it.");
  refuse_unknown(id);
}

std::string ChannelCommands::remove(const JsonView& request) const {
  const std::string id = needed_text(request, "id");
  const ChannelElements now = elements();
  const bool in_work = monitor_.is_in_work(id);
  const bool ready = emit_remove(now.air.get(), id);
  if (!ready && !emit_remove(now.list.get(), id) && !in_work) refuse_unknown(id);
  monitor_.forget(id);
  return done();
}

std::string ChannelCommands::list() const {
  const ChannelElements now = elements();
  JsonArray* rows = json_array_new();
  const auto add = [&](const Ref<JsonNode>& row) {
    JsonObject* object = json_node_get_object(row.get());
    const JsonView view(row.get());
    if (view["state"].text() == kSent) return;
    if (!view["title"].exists()) {
      const std::string title = view["script"].text(monitor_.title(view["id"].text()));
      json_object_set_string_member(object, "title", title.c_str());
    }
    json_array_add_object_element(rows, json_object_ref(object));
  };
  for (const auto& row : emit_list(now.air.get()))
    add(row);
  for (const auto& row : monitor_.in_work())
    add(parse_json(row.text()));
  for (const auto& row : emit_list(now.list.get()))
    add(row);
  const auto answer = adopt(json_object_new());
  json_object_set_boolean_member(answer.get(), "ok", TRUE);
  json_object_set_array_member(answer.get(), "items", rows);
  return json_text(json_node(answer).get());
}

std::string ChannelCommands::status() const {
  JsonObjectMaker status = monitor_.status();
  const ChannelElements now = elements_.snapshot();
  status.set("outputs", outputs_json(outputs_, now.senders));
  if (!now.list || !now.air) return status.text();
  for (const auto& row : emit_list(now.air.get())) {
    const JsonView item(row.get());
    if (item["state"].text() == kOnAir) continue;
    const std::string id = item["id"].text();
    JsonObjectMaker next;
    status.set("next", next.set("id", id).set("title", monitor_.title(id)));
    break;
  }
  const auto listed = emit_list(now.list.get());
  const auto waiting = std::count_if(listed.begin(), listed.end(), [](const auto& row) {
    return JsonView(row.get())["state"].text() != kSent;
  });
  return status.set("waiting", gint64(waiting)).text();
}

std::string ChannelCommands::act(const char* action) const {
  g_signal_emit_by_name(elements().air.get(), action);
  return done();
}

std::string ChannelCommands::hold(bool on) const {
  act(on ? "hold" : "resume");
  monitor_.set_held(on);
  return done();
}

std::string ChannelCommands::end() const {
  end_();
  return done();
}

ControlAnswer ChannelCommands::answer(std::string_view line) const {
  const Ref<JsonNode> node = parse_json(line);
  const JsonView request(node.get());
  const std::string command = request["command"].text();
  using Do = std::function<std::string()>;
  const std::map<std::string_view, Do> commands = {
      {"add", [&] { return add(request); }},
      {"end", [&] { return end(); }},
      {"events", [] { return done(); }},
      {"hold", [&] { return hold(true); }},
      {"list", [&] { return list(); }},
      {"move", [&] { return move(request); }},
      {"remove", [&] { return remove(request); }},
      {"resume", [&] { return hold(false); }},
      {"skip", [&] { return act("skip"); }},
      {"status", [&] { return status(); }},
  };
  const auto known = commands.find(command);
  if (known != commands.end()) return {.line = known->second(), .follow = command == "events"};
  std::string names;
  for (const auto& [name, act] : commands)
    names += (names.empty() ? "" : ", ") + std::string(name);
  throw Error(Fault::settings,
              command.empty() ? "the line has no command" : "there is no command " + command,
              "The commands are " + names + ".");
}

} // namespace aigc::runner
