// SPDX-License-Identifier: LGPL-2.1-or-later
// What a batch remembers of each file: in .aigc-batch/NAME.json beside it, so that the next run
// knows what is left to do.
#pragma once

#include "job_file.h"

#include <map>
#include <mutex>
#include <optional>

namespace aigc::runner {

struct BatchRecord {
  std::string digest; ///< of what it was made from
  bool made = false;  ///< else it failed
  std::string message, remedy;
  std::map<std::string, double> cost; ///< by currency
  double seconds = 0;
  int cache_hits = 0;
};

/// Nothing when there is none, or none that can be read.
std::optional<BatchRecord> read_record(const std::string& out);
/// Whole or not at all. Throws Error{Fault::write}.
void write_record(const std::string& out, const BatchRecord& record);

/// Tells whether a file would be made from the same things as before. Thread-safe.
class Digests {
 public:
  /// Of all that decides what the file becomes: the launch line, with the contents of the files it
  /// reads in place of their names, less the file's own name and limits. Throws Error{Fault::read}.
  std::string of(const JobFile& job, Values values);

 private:
  std::string of_file(const std::string& path);
  /// What stands for a file wherever it is; a line may depend on its ending.
  std::string contents_of(const std::string& path);

  std::mutex mutex_;
  std::map<std::string, std::string> files_; ///< by path, size and time
};

} // namespace aigc::runner
