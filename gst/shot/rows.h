// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists as rows, one at a time: TXT, CSV, JSON and JSONL, whatever their length.
#pragma once

#include "base/json.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aigc {

enum class ListFormat {
  txt,   ///< one sentence a line, blank lines skipped
  csv,   ///< RFC 4180 with a header, as spreadsheets write it
  json,  ///< an array of rows, or an object with the array "shots" (or "rows") and "defaults"
  jsonl, ///< one row a line
};

/// By the file's extension; anything unknown is text.
ListFormat list_format_of(std::string_view path);

/// The longest list, in bytes. A row is bounded by kMaxJsonBytes.
inline constexpr std::uintmax_t kMaxListBytes = 1ull << 30;

struct Row {
  size_t number = 0;    ///< from 1; header, comments, blank lines and defaults do not count
  std::string place;    ///< for messages: "row 3 (line 5)"
  Ref<JsonNode> value;  ///< an object, or a string: a sentence
  bool is_text = false; ///< members are texts, also where a number or a list is meant (CSV)
};

/// Reads a file in memory that does not grow with it. Defaults stand at the top: `#: name=value`
/// lines in TXT and CSV, a first line {"defaults": {...}} in JSONL, the member "defaults" (before
/// the rows) in JSON; they are filled into every row that does not say otherwise.
class RowReader {
 public:
  /// Throws Error that begins with the path: not_found, read (a folder, a FIFO, no permission),
  /// format (too large).
  explicit RowReader(const std::string& path);
  ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  const std::string& path() const;
  ListFormat format() const;

  /// The next row; none at the end. Throws Error that begins with path and place, for JSON with
  /// line and column: format (syntax, not UTF-8, a CSV row with other columns than the header). The
  /// call after an error inside a row goes on with the next one, where there is one to be found
  /// (not inside broken JSON).
  std::optional<Row> next();
  /// Whether next() can go on after the error it has just thrown.
  bool can_go_on() const;

  /// Where the row that next() gave last begins, to come back to it.
  struct Mark {
    std::uint64_t offset = 0;
    size_t number = 0;
    size_t line = 0;
  };
  Mark mark() const;
  Row read_at(const Mark& mark);
  /// Starts again from the first row.
  void rewind();

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

} // namespace aigc
