// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists as rows, one at a time: TXT, CSV, JSON and JSONL, whatever their length.
#pragma once

#include "base/cancel.h"
#include "base/json.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

enum class ListFormat {
  txt,   ///< one sentence a line, blank lines skipped
  csv,   ///< RFC 4180 with a header, as spreadsheets write it
  json,  ///< an array of rows, or an object with the array "shots" (or "rows") and "defaults"
  jsonl, ///< one row a line
};

/// By the extension of the file's name; anything unknown is text.
ListFormat list_format_of(std::string_view name);

/// The longest list, in bytes. A row is bounded by kMaxJsonBytes.
inline constexpr std::uintmax_t kMaxListBytes = 1ull << 30;

struct Row {
  size_t number = 0;    ///< from 1; header, blank lines and defaults do not count
  std::string place;    ///< for messages: "row 3 (line 5)"
  Ref<JsonNode> value;  ///< an object
  bool is_text = false; ///< members are texts, also where a number or a list is meant (TXT, CSV)
};

/// Reads a file in memory that does not grow with it. Defaults stand at the top: `#: name=value`
/// lines in TXT and CSV, a first line {"defaults": {...}} in JSONL, the member "defaults" (before
/// the rows) in JSON; they are filled into every row that does not say otherwise. A member that is
/// null says otherwise: nothing.
class RowReader {
 public:
  /// A row that is a bare sentence becomes an object with the one member `sentence`.
  /// Throws Error that begins with the path: not_found, read (a folder, a FIFO, no permission),
  /// format (too large).
  explicit RowReader(const std::string& path, std::string sentence = "script");
  ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  const std::string& path() const;
  ListFormat format() const;
  /// Names in the header of a CSV, in their order, once next() was called; else none.
  const std::vector<std::string>& columns() const;
  /// An object, or null; once next() was called.
  JsonNode* defaults() const;

  /// The next row; none at the end. Throws Error that begins with path and place, for JSON with
  /// line and column: format (syntax, not UTF-8, a CSV row with other columns than the header),
  /// read (also when the file is another than it was), cancelled. The call after an error inside a
  /// row goes on with the next one, where there is one to be found; after cancelled it reads the
  /// same row again.
  std::optional<Row> next(const Cancel* cancel = nullptr);
  /// Whether next() can go on after the error it has just thrown.
  bool can_go_on() const;

  /// Where a row begins, to come back to it.
  struct Mark {
    std::uint64_t offset = 0;
    std::uint32_t number = 0;
    std::uint32_t line = 0;
  };
  /// Of the row that next() gave, or failed in, last.
  Mark mark() const;
  /// Leaves next() where it was. Throws as next().
  Row read_at(const Mark& mark, const Cancel* cancel = nullptr);
  /// Reads from a copy of the file from now on; before the first next(). Throws as it.
  void take_copy(const Cancel* cancel);
  /// Starts again from the first row.
  void rewind();

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

} // namespace aigc
