// SPDX-License-Identifier: LGPL-2.1-or-later
// Small files of the store: whole or not at all, and locked while they are changed.
#pragma once

#include "base/ref.h"

#include <string>
#include <string_view>
#include <utility>

namespace aigc {

[[noreturn]] void cannot_write(const std::string& path, const std::string& why);

/// Throws Error{Fault::write}.
void make_folder(const std::string& folder);

/// Replaces the file whole. `durable`: it is on the disk when this returns. Throws
/// Error{Fault::write}.
void write_file(const std::string& path, std::string_view text, bool durable = true);

/// Null when it cannot be read.
Ref<GBytes> read_file(const std::string& path);
std::string_view view(GBytes* bytes);

/// Puts an existing file's bytes on the disk. Throws Error{Fault::write}.
void sync_file(const std::string& path);

/// An open file, closed with the object.
class Descriptor {
 public:
  Descriptor() = default;
  /// As open(2), and closed when another program is started; get() is -1 on failure, errno says
  /// why.
  Descriptor(const std::string& path, int flags);
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// All of the file. Empty when it cannot be read, as errno says, which is 0 for an empty file.
  std::string read() const;
  /// Takes the place of what the file held. Returns whether it worked, else errno says why.
  bool rewrite(std::string_view text) const;
  /// Returns whether it worked, else errno says why.
  bool append(std::string_view text) const;

 private:
  int fd_ = -1;
};

} // namespace aigc
