// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that is fetched in several attempts. Who keeps it puts it on the disk for good.
#pragma once

#include <string>
#include <string_view>

#include <glib.h>

namespace aigc {

class GrowingFile {
 public:
  /// Begins it empty. Throws Error{Fault::write}, as all of these.
  explicit GrowingFile(const std::string& path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  guint64 size() const { return size_; }
  void append(std::string_view bytes);
  /// Empties it.
  void restart();

 private:
  [[noreturn]] void fail() const;

  const std::string path_;
  int file_ = -1;
  guint64 size_ = 0;
};

} // namespace aigc
