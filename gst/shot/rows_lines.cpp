// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists with one row a line, TXT and JSONL, and what all formats share.
#include "base/error.h"
#include "base/words.h"
#include "shot/row_format.h"
#include "shot/shot.h"

#include <array>

namespace aigc {

namespace {

class TextLines : public RowFormat {
 public:
  using RowFormat::RowFormat;

  void begin() override {
    check_encoding();
    while (file_.peek() != ListFile::kEnd) {
      const auto start = file_.position();
      file_.read_line(line_);
      if (is_blank(line_)) continue;
      if (is_default()) check_plain("a default", line_);
      if (!take_default(line_)) return file_.seek(start);
    }
  }

  Ref<JsonObject> read_row() override {
    file_.read_line(line_);
    check_plain(sentence_, line_);
    if (is_blank(line_)) return nullptr;
    if (!is_default()) return of_sentence(line_);
    lost_ = true;
    throw Error(Fault::format, "a default stands below the first row",
                "move the lines that begin with #: to the top");
  }

  bool is_text() const override { return true; }

 private:
  bool is_default() const { return line_.starts_with("#:"); }

  std::string line_;
};

class JsonLines : public RowFormat {
 public:
  using RowFormat::RowFormat;

  void begin() override {
    check_encoding();
    while (file_.peek() != ListFile::kEnd) {
      const auto start = file_.position();
      file_.read_line(line_);
      if (is_blank(line_)) continue;
      if (take_defaults(start.line)) return;
      return file_.seek(start);
    }
  }

  Ref<JsonObject> read_row() override {
    const JsonPlace start{file_.position().line, 1};
    file_.read_line(line_);
    return is_blank(line_) ? nullptr : json_row(line_, start, sentence_);
  }

  bool is_text() const override { return false; }

 private:
  /// Whether the first line is {"defaults": ...}. What is wrong with any other is said of its row.
  bool take_defaults(size_t number) {
    Ref<JsonNode> root;
    try {
      root = parse_json(line_, kMaxJsonBytes, {number, 1});
    } catch (const Error&) {
      return false;
    }
    const JsonView first(root.get());
    if (!first["defaults"].exists() || first.members().size() != 1) return false;
    defaults_ = json_defaults(first["defaults"].node());
    return true;
  }

  std::string line_;
};

bool is_utf16(std::string_view head) {
  return head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff") ||
         (head.size() == 4 && (head[0] == '\0') != (head[1] == '\0') &&
          (head[0] == '\0') == (head[2] == '\0') && (head[1] == '\0') == (head[3] == '\0'));
}

} // namespace

const char* const kSaveAsUtf8 =
    "save the list as UTF-8 (spreadsheets: \"CSV UTF-8\"; in a shell: iconv -f LATIN1 -t UTF-8)";

Ref<JsonObject> RowFormat::of_sentence(const std::string& text) const {
  auto row = adopt(json_object_new());
  json_object_set_string_member(row.get(), sentence_.c_str(), text.c_str());
  return row;
}

bool RowFormat::take_default(std::string_view line) {
  if (!line.starts_with("#:")) return false;
  line.remove_prefix(2);
  const size_t equals = line.find('=');
  const std::string name(trimmed(line.substr(0, equals)));
  if (equals == line.npos || name.empty())
    throw Error(Fault::format, "the default \"" + std::string(trimmed(line)) + "\" has no value",
                "write #: name=value");
  const std::string value(trimmed(line.substr(equals + 1)));
  if (!defaults_) defaults_ = adopt(json_object_new());
  json_object_set_string_member(defaults_.get(), name.c_str(), value.c_str());
  return true;
}

void RowFormat::check_encoding() {
  const auto start = file_.position();
  std::string head;
  for (int i = 0; i < 4 && file_.peek() != ListFile::kEnd; ++i)
    head.push_back(static_cast<char>(file_.get()));
  if (is_utf16(head)) throw Error(Fault::format, "the list is UTF-16", kSaveAsUtf8);
  file_.seek(head.starts_with("\xef\xbb\xbf") ? ListFile::Position{start.offset + 3, 1, 1} : start);
}

Ref<JsonObject> json_row(std::string_view text, JsonPlace start, const std::string& sentence) {
  auto root = parse_json(text, kMaxJsonBytes, start);
  if (JSON_NODE_HOLDS_OBJECT(root.get())) {
    // A parsed tree is immutable; defaults are filled into a copy.
    auto row = adopt(json_object_new());
    JsonObjectIter iter;
    const gchar* name = nullptr;
    JsonNode* value = nullptr;
    json_object_iter_init_ordered(&iter, json_node_get_object(root.get()));
    while (json_object_iter_next_ordered(&iter, &name, &value))
      json_object_set_member(row.get(), name, json_node_copy(value));
    return row;
  }
  const JsonView value(root.get());
  if (!JSON_NODE_HOLDS_VALUE(root.get()) || json_node_get_value_type(root.get()) != G_TYPE_STRING)
    throw Error(Fault::format,
                "a row must be an object or a string, not " +
                    std::string(text.substr(0, std::min<size_t>(text.size(), 20))),
                "write {\"" + sentence + "\": \"...\"} or a sentence in quotes");
  auto row = adopt(json_object_new());
  json_object_set_string_member(row.get(), sentence.c_str(), value.text().c_str());
  return row;
}

Ref<JsonObject> json_defaults(JsonNode* node) {
  if (!node || !JSON_NODE_HOLDS_OBJECT(node))
    throw Error(Fault::format, "defaults must be an object", "write {\"defaults\": {...}}");
  return share(json_node_get_object(node));
}

void check_plain(std::string_view name, std::string_view text) {
  const std::string field(name);
  if (text.find('\0') != text.npos)
    throw Error(Fault::format, field + " holds a NUL character", "send plain text");
  const char* bad = nullptr;
  if (!g_utf8_validate_len(text.data(), text.size(), &bad))
    throw Error(Fault::format,
                field + " is not valid UTF-8 at byte " + std::to_string(bad - text.data()),
                kSaveAsUtf8);
}

std::unique_ptr<RowFormat> make_line_format(ListFormat format, ListFile& file,
                                            const std::string& sentence) {
  if (format == ListFormat::jsonl) return std::make_unique<JsonLines>(file, sentence);
  return std::make_unique<TextLines>(file, sentence);
}

} // namespace aigc
