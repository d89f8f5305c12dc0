// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists as CSV, as RFC 4180 has it and as spreadsheets write it.
#include "base/error.h"
#include "base/words.h"
#include "shot/row_format.h"
#include "shot/shot.h"

#include <algorithm>

namespace aigc {

namespace {

class CsvRows : public RowFormat {
 public:
  using RowFormat::RowFormat;

  void begin() override {
    check_encoding();
    auto start = file_.position();
    for (std::string line; file_.peek() != kEnd; start = file_.position()) {
      file_.read_line(line);
      if (!take_separator(line) && !take_default_cell(line) && !is_blank(line)) break;
    }
    file_.seek(start);
    if (file_.peek() == kEnd) return;
    if (separator_ == 0) {
      separator_ = likely_separator();
      file_.seek(start);
    }
    take_header();
  }

  Ref<JsonObject> read_row() override {
    read_record();
    if (is_blank_record()) return nullptr;
    if (fields_.size() == 1 && fields_[0].starts_with("#:")) misplaced_default();
    check_width();
    auto row = adopt(json_object_new());
    for (size_t i = 0; i < columns_.size(); ++i) {
      check_plain(columns_[i].empty() ? nameless(i) : columns_[i], fields_[i]);
      if (is_blank(fields_[i])) continue;
      if (columns_[i].empty())
        throw Error(Fault::format, nameless(i) + " holds \"" + shortened(fields_[i]) + "\"",
                    "give the column a name in the header, or empty it");
      json_object_set_string_member(row.get(), columns_[i].c_str(), fields_[i].c_str());
    }
    return row;
  }

  bool is_text() const override { return true; }

 private:
  static constexpr int kEnd = ListFile::kEnd;

  static std::string nameless(size_t index) {
    return "column " + std::to_string(index + 1) + ", which has no name,";
  }

  static std::string shortened(const std::string& text) {
    return text.size() <= 40 || !g_utf8_validate_len(text.data(), text.size(), nullptr)
               ? text
               : take_string(g_utf8_substring(text.c_str(), 0, 10)) + "...";
  }

  /// A first line such as sep=; which spreadsheets read and write.
  bool take_separator(std::string_view line) {
    if (line.starts_with('"') && line.ends_with('"') && line.size() > 1)
      line = line.substr(1, line.size() - 2);
    if (line.size() != 5 || !line.starts_with("sep=") || line[4] == '"') return false;
    separator_ = line[4];
    return true;
  }

  /// A default, which a spreadsheet may have put in quotes and followed by empty cells.
  bool take_default_cell(std::string_view line) {
    if (!line.starts_with("#:") && !line.starts_with("\"#:")) return false;
    check_plain("a default", line);
    while (!line.empty() && std::string_view(",;\t ").find(line.back()) != line.npos)
      line.remove_suffix(1);
    if (line.front() != '"') return take_default(line);
    std::string cell;
    for (size_t i = 1; i < line.size() && (line[i] != '"' || line.substr(i, 2) == "\"\""); ++i) {
      cell.push_back(line[i]);
      if (line[i] == '"') ++i;
    }
    return take_default(cell);
  }

  /// The one that stands most often in the header, outside of quotes.
  char likely_separator() {
    constexpr std::string_view kCandidates = ",;\t";
    size_t counts[kCandidates.size()] = {};
    bool quoted = false;
    for (int byte = file_.get(); byte != kEnd; byte = file_.get()) {
      if (byte == '"') quoted = !quoted;
      if (!quoted && (byte == '\n' || byte == '\r')) break;
      const size_t index = kCandidates.find(static_cast<char>(byte));
      if (!quoted && index != kCandidates.npos) ++counts[index];
    }
    return kCandidates[std::max_element(std::begin(counts), std::end(counts)) - counts];
  }

  void take_header() {
    read_record();
    for (size_t i = 0; i < fields_.size(); ++i) {
      check_plain("the header", fields_[i]);
      const std::string name(trimmed(fields_[i]));
      const auto is_same = [&](const auto& other) { return canonical(other) == canonical(name); };
      if (!name.empty() && std::any_of(columns_.begin(), columns_.end(), is_same))
        throw Error(Fault::format, "the header names " + name + " twice",
                    "give every column a name of its own");
      columns_.push_back(name);
    }
    while (!columns_.empty() && columns_.back().empty())
      columns_.pop_back();
    if (columns_.empty())
      throw Error(Fault::format, "the header has no names", "name the columns in the first row");
  }

  /// The fields of the record that begins here.
  void read_record() {
    fields_.clear();
    size_ = 0;
    const auto start = file_.position();
    do {
      fields_.emplace_back();
      if (file_.peek() == '"')
        take_quoted(fields_.back(), start);
      else
        take_bare(fields_.back());
    } while (take_field_end() == separator_);
  }

  void take_bare(std::string& field) {
    while (!at_field_end())
      take(field);
  }

  void take_quoted(std::string& field, const ListFile::Position& record) {
    const auto start = file_.position();
    file_.get();
    for (;;) {
      const int byte = file_.peek();
      if (byte == kEnd) {
        lost_ = true;
        throw Error(Fault::format,
                    "a quoted field that begins in line " + std::to_string(start.line) +
                        ", column " + std::to_string(start.column) + " has no end",
                    "close it with a quote; write a quote inside as two");
      }
      if (byte == '"') {
        file_.get();
        if (file_.peek() != '"') break;
      }
      take(field);
    }
    while (file_.peek() == ' ')
      file_.get();
    if (at_field_end()) return;
    file_.seek(record);
    std::string passed;
    file_.read_line(passed);
    throw Error(Fault::format,
                "text follows a quoted field that begins in line " + std::to_string(start.line) +
                    ", column " + std::to_string(start.column),
                "put the whole field in quotes; write a quote inside as two");
  }

  bool at_field_end() {
    const int byte = file_.peek();
    return byte == kEnd || byte == '\n' || byte == '\r' || byte == separator_;
  }

  /// Passes a separator or the end of the line, and says which.
  int take_field_end() {
    const int byte = file_.get();
    if (byte == '\r' && file_.peek() == '\n') file_.get();
    return byte;
  }

  void take(std::string& field) {
    if (++size_ > kMaxJsonBytes) {
      lost_ = true;
      throw Error(Fault::format, "a row of more than " + std::to_string(kMaxJsonBytes) + " bytes",
                  "look for a quote that is not closed");
    }
    field.push_back(static_cast<char>(file_.get()));
  }

  bool is_blank_record() const {
    return std::all_of(fields_.begin(), fields_.end(),
                       [](const std::string& field) { return is_blank(field); });
  }

  /// As many fields as columns; blank ones behind them do not count.
  void check_width() {
    while (fields_.size() > columns_.size() && is_blank(fields_.back()))
      fields_.pop_back();
    if (fields_.size() == columns_.size()) return;
    throw Error(Fault::format,
                "it has " + std::to_string(fields_.size()) + " fields, the header " +
                    std::to_string(columns_.size()),
                "put fields that hold the separator or a line break in quotes");
  }

  [[noreturn]] void misplaced_default() {
    lost_ = true;
    throw Error(Fault::format, "a default stands below the header",
                "move the lines that begin with #: to the top");
  }

  char separator_ = 0;
  std::vector<std::string> fields_;
  size_t size_ = 0; ///< of the record, in bytes
};

} // namespace

std::unique_ptr<RowFormat> make_csv_format(ListFile& file, const std::string& sentence) {
  return std::make_unique<CsvRows>(file, sentence);
}

} // namespace aigc
