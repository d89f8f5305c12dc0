// SPDX-License-Identifier: LGPL-2.1-or-later
// What each format of a list does behind RowReader.
#pragma once

#include "shot/list_file.h"
#include "shot/rows.h"

namespace aigc {

class RowFormat {
 public:
  RowFormat(ListFile& file, const std::string& sentence) : file_(file), sentence_(sentence) {}
  virtual ~RowFormat() = default;
  RowFormat(const RowFormat&) = delete;
  RowFormat& operator=(const RowFormat&) = delete;

  /// From the beginning of the file to what may be the first row. All of these throw Error.
  virtual void begin() = 0;
  /// Goes to where a row may begin; false at the end of the list.
  virtual bool find_row() { return file_.peek() != ListFile::kEnd; }
  /// Reads it; null when it is blank.
  virtual Ref<JsonObject> read_row() = 0;

  virtual bool is_text() const = 0;
  const std::vector<std::string>& columns() const { return columns_; }
  JsonObject* defaults() const { return defaults_.get(); }
  /// Whether where the next row begins is no longer known.
  bool is_lost() const { return lost_; }

 protected:
  Ref<JsonObject> of_sentence(const std::string& text) const;
  /// Takes a line `#: name=value`; false when it is none. Throws Error.
  bool take_default(std::string_view line);
  /// Passes the mark of UTF-8 at the beginning of a file. Throws Error for UTF-16.
  void check_encoding();

  ListFile& file_;
  const std::string& sentence_;
  std::vector<std::string> columns_;
  Ref<JsonObject> defaults_;
  bool lost_ = false;
};

/// A row from the text of one JSON value, which begins at `start`. Throws Error.
Ref<JsonObject> json_row(std::string_view text, JsonPlace start, const std::string& sentence);
/// Throws Error when it is no object.
Ref<JsonObject> json_defaults(JsonNode* node);

/// What to do about a list in another encoding.
extern const char* const kSaveAsUtf8;

/// Throws Error{Fault::format}: `text` is not UTF-8, or holds a NUL. `name` is what the message
/// calls it.
void check_plain(std::string_view name, std::string_view text);

std::unique_ptr<RowFormat> make_line_format(ListFormat format, ListFile& file,
                                            const std::string& sentence);
std::unique_ptr<RowFormat> make_csv_format(ListFile& file, const std::string& sentence);
std::unique_ptr<RowFormat> make_json_format(ListFile& file, const std::string& sentence);

} // namespace aigc
