// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that appears under its name only when it is whole.
#pragma once

#include <string>

namespace aigc::runner {

class OutputFile {
 public:
  /// Makes an empty file of another name in the same folder; the ending stays. Throws
  /// Error{Fault::write} when the folder is missing or cannot be written, or the name is taken by
  /// something that is no file.
  explicit OutputFile(const std::string& path);
  /// Throws as that does, and makes nothing.
  static void check(const std::string& path);
  ~OutputFile() { discard(); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  const std::string& temporary() const { return temporary_; }
  /// Gives the file its name. Throws Error{Fault::write}.
  void commit();
  /// Removes it before its time.
  void discard();

 private:
  std::string path_;
  std::string target_; ///< path_, or where it points to
  std::string temporary_;
};

} // namespace aigc::runner
