// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows of a batch, checked and turned into values of its job: one item is one file to make.
#pragma once

#include "base/error.h"
#include "job_file.h"
#include "shot/rows.h"

#include <functional>
#include <mutex>
#include <unordered_map>

namespace aigc::runner {

struct BatchItem {
  size_t row = 0;       ///< from 1
  std::string place;    ///< of the row, for messages; empty when there is no list
  std::string language; ///< empty when the row is not made once per language
  std::string out;
  RowReader::Mark mark;
};

/// What is wrong with a row.
struct BadRow {
  size_t row = 0;
  std::string place;
  std::string message; ///< names file, row and field
  std::string remedy;
};

class BatchRows {
 public:
  struct Source {
    std::string path; ///< empty: one row, of nothing but `common`
    Values common;    ///< hold for every row that does not say otherwise; "title:zh" too
    std::string out_dir;
  };

  /// Throws Error{Fault::settings} for a list that cannot be opened.
  BatchRows(const JobFile& job, Source source);

  /// Goes through all rows. With `bad` the rows that cannot be made are told to it, else the first
  /// throws Error{Fault::settings}. What `use` throws is wrong with its row, too, unless it is
  /// Fault::cancelled: that goes on.
  void read(const std::function<void(BatchItem, const Values&)>& use,
            const std::function<void(const BadRow&)>& bad);

  /// The values of an item that read() gave. Thread-safe. Throws Error, also when the list has
  /// changed.
  Values values(const BatchItem& item);

 private:
  struct Cells;
  struct Made {
    BatchItem item;
    Values values;
  };

  Cells cells_of(const Row& row) const;
  void add_cell(Cells& cells, const std::string& name, JsonNode* value) const;
  void add_common(Cells& cells) const;
  std::vector<Made> items_of(const std::optional<Row>& row, const RowReader::Mark& mark) const;
  std::string placed(const std::string& name, const std::string& text) const;
  void add_seed(Values& values, const Cells& cells, size_t row) const;
  Made item_of(const Cells& cells, size_t row, const std::string& language) const;
  std::string out_of(const Cells& cells, size_t row, const std::string& language) const;
  void claim(const Made& made);
  void claim_id(const std::string& id, size_t row);
  Error at(const std::string& place, const Error& error) const;

  const JobFile& job_;
  const Source source_;
  const std::string output_; ///< name of the job's output
  std::mutex mutex_;
  std::unique_ptr<RowReader> reader_;
  std::unordered_map<std::string, size_t> outs_, ids_; ///< the row that has it
};

} // namespace aigc::runner
