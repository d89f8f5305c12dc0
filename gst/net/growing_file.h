// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that is fetched in several attempts, by this process or the next.
#pragma once

#include <string>
#include <string_view>

#include <glib.h>

namespace aigc {

class GrowingFile {
 public:
  /// Opens or creates it; what is in it stays. Throws Error{Fault::write}, as all of these.
  explicit GrowingFile(const std::string& path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  guint64 size() const { return size_; }
  void append(std::string_view bytes);
  /// Empties it; `note` says whose bytes come.
  void restart(const std::string& note);
  /// The note the bytes came with. It travels with the file where the file system can keep it;
  /// elsewhere another process finds none.
  std::string note() const;
  /// It is complete: on disk when this returns, the note gone.
  void finish();

 private:
  [[noreturn]] void fail() const;

  const std::string path_;
  int file_ = -1;
  guint64 size_ = 0;
  std::string note_;
};

} // namespace aigc
