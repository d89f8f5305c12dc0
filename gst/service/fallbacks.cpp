// SPDX-License-Identifier: LGPL-2.1-or-later
// See fallbacks.h.
#include "service/fallbacks.h"

#include "base/error.h"
#include "base/ref.h"

#include <algorithm>

namespace aigc {

namespace {

constexpr const char* kExample =
    "write entries such as \"openai, base-url=http://gpu:8000/v1, model=NAME; dashscope\"";

Error bad(const std::string& entry, const std::string& what, const std::string& remedy) {
  return Error(Fault::settings, "fallback-backends, " + entry + ": " + what, remedy);
}

std::string known_services() {
  std::string names;
  for (const Service& service : services())
    names += (names.empty() ? "" : ", ") + std::string(service.name);
  return names;
}

BackendChoice choice_of(const std::string& entry, const std::string& name) {
  for (const Service& service : services())
    if (name == service.name) return service.choice;
  if (name == "preview")
    throw bad(entry, "preview is no service", "set on-error=fallback, which has it stand in");
  if (name == "auto") throw bad(entry, "auto says nothing here", "name one of " + known_services());
  throw bad(entry, "there is no such backend", "name one of " + known_services());
}

Profile profile_of(const std::string& entry, const std::string& nick, GType profiles) {
  auto* type = static_cast<GEnumClass*>(g_type_class_ref(profiles));
  const GEnumValue* value = g_enum_get_value_by_nick(type, nick.c_str());
  std::string known;
  for (guint i = 0; i < type->n_values; ++i)
    known += (i ? ", " : "") + std::string(type->values[i].value_nick);
  g_type_class_unref(type);
  if (!value) throw bad(entry, "there is no profile \"" + nick + "\"", "choose one of " + known);
  return static_cast<Profile>(value->value);
}

void take_option(Fallback& entry, const std::string& name, const GValue* value, GType profiles) {
  if (name == "api-key")
    throw bad(entry.title, "a key cannot stand here",
              "name a file with key-file=/path, or set the service's own variable or field of "
              "aigc.credentials");
  const auto options = {"base-url", "model", "profile", "workflow", "key-file"};
  if (std::find(options.begin(), options.end(), name) == options.end())
    throw bad(entry.title, "there is no option " + name,
              "the options are base-url, model, profile, workflow and key-file");
  if (!G_VALUE_HOLDS_STRING(value))
    throw bad(entry.title, name + " is no text", "write " + name + "=(string)...");
  const char* held = g_value_get_string(value);
  const std::string text = held ? held : "";
  if (name == "base-url") entry.base_url = text;
  if (name == "model") entry.model = text;
  if (name == "workflow") entry.workflow = text;
  if (name == "key-file") entry.key_file = text;
  if (name == "profile") entry.profile = profile_of(entry.title, text, profiles);
}

Fallback fallback_of(const GstStructure* structure, const std::string& number, GType profiles) {
  const std::string name = gst_structure_get_name(structure);
  Fallback entry;
  entry.title = number + " (" + name + ")";
  entry.choice = choice_of(entry.title, name);
  for (gint i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* option = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    take_option(entry, option, gst_structure_get_value(structure, option), profiles);
  }
  return entry;
}

} // namespace

std::vector<Fallback> parse_fallbacks(const std::string& text, GType profiles) {
  std::vector<Fallback> entries;
  std::string rest = text;
  for (;;) {
    rest.erase(0, rest.find_first_not_of(" \t\r\n"));
    if (rest.empty()) return entries;
    const std::string number = "entry " + std::to_string(entries.size() + 1);
    gchar* end = nullptr;
    const Own<GstStructure> structure(gst_structure_from_string(rest.c_str(), &end));
    if (!structure) throw bad(number, "it cannot be read", kExample);
    entries.push_back(fallback_of(structure.get(), number, profiles));
    rest.erase(0, static_cast<size_t>(end - rest.c_str()));
  }
}

Error error_of(const Fallback& entry, const Error& error) {
  return error.in_words("fallback-backends, " + entry.title + ": " + error.what());
}

} // namespace aigc
