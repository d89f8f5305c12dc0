// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists as one JSON document, taken apart into rows without reading it whole.
#include "base/error.h"
#include "shot/row_format.h"

namespace aigc {

namespace {

class JsonArrayRows : public RowFormat {
 public:
  using RowFormat::RowFormat;

  void begin() override {
    check_encoding();
    const int first = next_sign();
    file_.get();
    if (first == '{') return find_array();
    if (first != '[') no_list();
    rows_begin_ = file_.position().offset;
  }

  bool find_row() override {
    if (done_) return false;
    const bool first = file_.position().offset == rows_begin_;
    const int sign = next_sign();
    if (sign == ']') {
      finish();
      return false;
    }
    if (first) return true;
    if (sign != ',') refuse(sign == kEnd ? "the list has no end" : "a comma is missing");
    file_.get();
    next_sign();
    return true;
  }

  Ref<JsonObject> read_row() override {
    const auto start = file_.position();
    return json_row(value(), {start.line, start.column}, sentence_);
  }

  bool is_text() const override { return false; }

 private:
  static constexpr int kEnd = ListFile::kEnd;

  /// Passes white space; the sign that follows is not taken.
  int next_sign() {
    while (file_.peek() != kEnd && g_ascii_isspace(file_.peek()))
      file_.get();
    return file_.peek();
  }

  /// Members of the document up to the rows.
  void find_array() {
    for (int sign = next_sign(); sign != '}'; sign = next_sign()) {
      const std::string name = member();
      if (is_rows(name)) {
        if (next_sign() != '[') refuse(name + " must be a list");
        file_.get();
        in_object_ = true;
        rows_begin_ = file_.position().offset;
        return;
      }
      const auto start = file_.position();
      const std::string text = value();
      if (name == "defaults")
        defaults_ =
            json_defaults(parse_json(text, kMaxJsonBytes, {start.line, start.column}).get());
      if (!another_member()) break;
    }
    no_list();
  }

  /// What follows the last row.
  void finish() {
    file_.get();
    if (in_object_) {
      while (another_member()) {
        const std::string name = member();
        if (is_rows(name)) refuse("there are two lists of rows");
        if (name == "defaults") refuse("defaults stand behind the rows: write them in front");
        value();
      }
      file_.get();
    }
    if (next_sign() != kEnd) refuse("more follows after the end of the list");
    done_ = true;
  }

  static bool is_rows(const std::string& name) { return name == "shots" || name == "rows"; }

  /// Whether a comma stands here, which is passed, and not the end of the document.
  bool another_member() {
    const int sign = next_sign();
    if (sign == '}') return false;
    if (sign != ',') refuse(sign == kEnd ? "a { has no end" : "a comma is missing");
    file_.get();
    return true;
  }

  /// A name and its colon.
  std::string member() {
    if (next_sign() != '"') refuse("the name of a member is missing");
    const auto start = file_.position();
    const auto name = parse_json(value(), kMaxJsonBytes, {start.line, start.column});
    if (next_sign() != ':') refuse("a colon is missing");
    file_.get();
    next_sign();
    return JsonView(name.get()).text();
  }

  /// The text of the value that begins here. Only brackets and strings are looked at, to find its
  /// end; the grammar inside is left to the parser.
  std::string value() {
    std::string text, open;
    do {
      const int sign = file_.peek();
      if (sign == kEnd) refuse(open.empty() ? "a value is missing" : "a value has no end");
      if (sign == '"')
        take_string(text);
      else if (sign == '[' || sign == '{')
        open.push_back(sign == '[' ? ']' : '}');
      else if (sign == ']' || sign == '}')
        close(open);
      else if (open.empty())
        return take_word(text);
      if (open.size() > kMaxJsonDepth)
        refuse("JSON nested deeper than " + std::to_string(kMaxJsonDepth));
      if (sign != '"') take(text);
    } while (!open.empty());
    return text;
  }

  void close(std::string& open) {
    if (open.empty() || open.back() != file_.peek())
      refuse(std::string("an unexpected ") + static_cast<char>(file_.peek()));
    open.pop_back();
  }

  /// From its first quote to its last.
  void take_string(std::string& text) {
    const auto start = file_.position();
    for (take(text); file_.peek() != '"'; take(text)) {
      const int sign = file_.peek();
      if (sign == kEnd || sign == '\n' || sign == '\r') refuse("a string without an end", start);
      if (sign != '\\') continue;
      take(text);
      if (file_.peek() == kEnd) refuse("a string without an end", start);
    }
    take(text);
  }

  /// A number, true, false or null.
  std::string take_word(std::string& text) {
    while (file_.peek() != kEnd && (g_ascii_isalnum(file_.peek()) || file_.peek() == '-' ||
                                    file_.peek() == '+' || file_.peek() == '.'))
      take(text);
    if (text.empty()) refuse("a value is missing");
    return text;
  }

  void take(std::string& text) {
    if (text.size() == kMaxJsonBytes)
      refuse("a value of more than " + std::to_string(kMaxJsonBytes) + " bytes");
    text.push_back(static_cast<char>(file_.get()));
  }

  [[noreturn]] void refuse(const std::string& what) { refuse(what, file_.position()); }

  [[noreturn]] void refuse(const std::string& what, const ListFile::Position& at) {
    lost_ = true;
    throw Error(Fault::format,
                "not valid JSON: " + what + " in line " + std::to_string(at.line) + ", column " +
                    std::to_string(at.column),
                "correct the JSON");
  }

  [[noreturn]] void no_list() {
    throw Error(Fault::format, "the JSON holds no list of rows",
                "write an array, or an object with an array named shots or rows");
  }

  std::uint64_t rows_begin_ = 0;
  bool in_object_ = false;
  bool done_ = false;
};

} // namespace

std::unique_ptr<RowFormat> make_json_format(ListFile& file, const std::string& sentence) {
  return std::make_unique<JsonArrayRows>(file, sentence);
}

} // namespace aigc
