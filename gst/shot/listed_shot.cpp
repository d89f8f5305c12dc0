// SPDX-License-Identifier: LGPL-2.1-or-later
// See listed_shot.h.
#include "shot/listed_shot.h"

#include "base/error.h"
#include "base/words.h"
#include "shot/language.h"
#include "shot/shot_json.h"

namespace aigc {

namespace {

/// The field of a name such as script or script:zh; empty when it holds no words.
std::string words_field(const std::string& name) {
  const std::string field = canonical(name.substr(0, name.find(':')));
  return field == "script" || field == "prompt" ? field : "";
}

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw Error(Fault::settings, what, remedy);
}

Ref<JsonNode> list_of(const std::string& name, const std::string& text) {
  if (trimmed(text).starts_with('[')) {
    try {
      return parse_json(text);
    } catch (const Error&) { // whose line and column are not those of the file
      refuse(name + " begins with [ and is no JSON array", "put semicolons between, without [");
    }
  }
  auto array = adopt(json_array_new());
  for (size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find(';', begin);
    const std::string item(trimmed(std::string_view(text).substr(begin, end - begin)));
    if (!item.empty()) json_array_add_string_element(array.get(), item.c_str());
  }
  auto node = adopt(json_node_new(JSON_NODE_ARRAY));
  json_node_set_array(node.get(), array.get());
  return node;
}

Ref<JsonNode> number_of(JsonNode* text) {
  const std::string written(trimmed(JsonView(text).text()));
  auto node = adopt(json_node_new(JSON_NODE_VALUE));
  json_node_set_string(node.get(), written.c_str());
  if (const auto whole = JsonView(node.get()).integer())
    json_node_set_int(node.get(), *whole);
  else if (const auto value = JsonView(node.get()).number())
    json_node_set_double(node.get(), *value);
  else
    return adopt(json_node_copy(text)); // to be refused as it was written
  return node;
}

/// What a text means as the value of a field; null when it is one.
Ref<JsonNode> meaning(const std::string& name, JsonNode* text) {
  for (const auto& field : shot_fields()) {
    if (field.name != name) continue;
    if (std::holds_alternative<std::string Shot::*>(field.member)) return nullptr;
    if (std::holds_alternative<std::vector<std::string> Shot::*>(field.member))
      return list_of(name, JsonView(text).text());
    return number_of(text);
  }
  return nullptr;
}

/// What a row says, member by member.
class RowReading {
 public:
  explicit RowReading(const Row& row) : row_(row), object_(json_node_get_object(row.value.get())) {
    for (const auto& name : JsonView(row.value.get()).members()) {
      JsonNode* value = json_object_get_member(object_, name.c_str());
      if (JSON_NODE_HOLDS_NULL(value)) continue;
      says_something_ = true;
      take(name, value);
    }
  }

  ListedShot result(const std::vector<std::string>& columns) {
    listed_.shot = shot_from_json(row_.value.get());
    check_shot(listed_.shot);
    check_language("language", listed_.shot.language);
    check_words(columns);
    return std::move(listed_);
  }

 private:
  void take(const std::string& name, JsonNode* value) {
    const std::string field = words_field(name);
    if (!field.empty()) {
      words_place_ = words_place_.empty() ? field : words_place_;
      if (name.find(':') != name.npos) {
        add_words(field, name, name.substr(name.find(':') + 1), value);
        json_object_remove_member(object_, name.c_str());
      } else if (JSON_NODE_HOLDS_OBJECT(value)) {
        const JsonView map(value);
        for (const auto& language : map.members())
          add_words(field, field + ":" + language, language, map[language.c_str()].node());
        json_object_remove_member(object_, name.c_str());
      }
    } else if (row_.is_text) {
      auto meant = meaning(canonical(name), value);
      if (meant) json_object_set_member(object_, name.c_str(), meant.leak());
    }
  }

  void add_words(const std::string& field, const std::string& name, const std::string& language,
                 JsonNode* value) {
    check_language(name, language);
    if (JSON_NODE_HOLDS_NULL(value)) return;
    if (!JSON_NODE_HOLDS_VALUE(value) || json_node_get_value_type(value) != G_TYPE_STRING)
      refuse(name + " must be a string, not " + std::string(bounded(json_text(value), 57)),
             "correct the value of " + name);
    const std::string text = JsonView(value).text();
    check_text(name, text);
    if (!is_blank(text)) (field == "script" ? listed_.scripts : listed_.prompts)[language] = text;
  }

  static void check_language(const std::string& name, const std::string& language) {
    if (language.empty() && name == "language") return;
    if (!is_language(language))
      refuse(name + ": \"" + language + "\" is no language", language_remedy(language));
  }

  void check_words(const std::vector<std::string>& columns) {
    if (!is_blank(listed_.shot.words()) || !is_blank(listed_.shot.script) ||
        !listed_.scripts.empty() || !listed_.prompts.empty())
      return;
    for (const auto& column : columns)
      if (words_place_.empty()) words_place_ = words_field(column);
    if (!says_something_) words_place_ = "script";
    if (!words_place_.empty())
      refuse(words_place_ + ": missing", "write what is to be seen, or delete the row");
  }

  const Row& row_;
  JsonObject* object_;
  ListedShot listed_;
  bool says_something_ = false;
  std::string words_place_; ///< the field that words are missing in
};

/// The words for a language, or for the one it is a kind of: zh for zh-Hant.
const std::string* find_words(const ListedShot::Words& words, std::string language) {
  for (;;) {
    const auto found = words.find(language);
    if (found != words.end()) return &found->second;
    const size_t dash = language.rfind('-');
    if (dash == language.npos) return nullptr;
    language.resize(dash);
  }
}

void choose(const ListedShot::Words& words, const std::string& language, std::string& text) {
  if (const std::string* found = find_words(words, language)) text = *found;
}

} // namespace

ListedShot listed_shot(const Row& row, const std::vector<std::string>& columns) {
  return RowReading(row).result(columns);
}

Shot in_language(const ListedShot& listed, const std::string& language) {
  Shot shot = listed.shot;
  if (!language.empty()) shot.language = language;
  choose(listed.scripts, shot.language, shot.script);
  choose(listed.prompts, shot.language, shot.prompt);
  const bool by_language = !listed.scripts.empty() || !listed.prompts.empty();
  if (!by_language || !is_blank(shot.script) || !is_blank(shot.prompt)) return shot;
  const std::string field = listed.scripts.empty() ? "prompt" : "script";
  const auto& words = listed.scripts.empty() ? listed.prompts : listed.scripts;
  if (shot.language.empty()) {
    std::string languages;
    for (const auto& [language, text] : words)
      languages += (languages.empty() ? "" : ",") + language;
    refuse(field + ": has words for several languages", "say which with languages=" + languages);
  }
  refuse(field + ": has no words in " + shot.language,
         "add " + field + ":" + shot.language + ", or plain " + field);
}

} // namespace aigc
