// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of a list, read through a small buffer, with line and column.
#pragma once

#include "base/cancel.h"

#include <cstdint>
#include <string>
#include <vector>

namespace aigc {

class ListFile {
 public:
  static constexpr int kEnd = -1;

  struct Position {
    std::uint64_t offset = 0;
    size_t line = 1;
    size_t column = 1; ///< in characters
  };

  /// Nothing but a plain file of at most kMaxListBytes is opened. Throws Error that begins with the
  /// path: not_found, read, format.
  explicit ListFile(const std::string& path);
  ~ListFile();
  ListFile(const ListFile&) = delete;
  ListFile& operator=(const ListFile&) = delete;

  const std::string& path() const { return path_; }

  /// The next byte, or kEnd. Throws Error{Fault::read}, and Error{Fault::cancelled} when told to
  /// stop.
  int peek() { return at_ < end_ || fill() ? static_cast<unsigned char>(buffer_[at_]) : kEnd; }
  int get();
  Position position() const { return position_; }
  void seek(const Position& position);

  /// Puts the next line, without its end (LF, CRLF or CR), into `line`. Throws
  /// Error{Fault::format} when it is longer than kMaxJsonBytes, and stands behind it then.
  void read_line(std::string& line);

  /// Who may stop the reading; null for nobody.
  void watch(const Cancel* cancel) { cancel_ = cancel; }
  /// Reads from a copy from now on, so that the file may change. Throws Error: read (also when it
  /// was changed meanwhile), write, cancelled.
  void take_copy(const Cancel* cancel);
  /// Whether the file is the one that was opened, byte for byte as far as its times tell.
  bool is_unchanged() const;

 private:
  bool fill();

  std::string path_;
  int fd_ = -1;
  std::int64_t size_ = 0;
  std::int64_t changed_ns_ = 0;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
  Position position_;
  bool after_return_ = false; ///< the last byte was a CR
  const Cancel* cancel_ = nullptr;
};

inline int ListFile::get() {
  const int byte = peek();
  if (byte == kEnd) return kEnd;
  ++at_;
  ++position_.offset;
  const bool crlf = after_return_ && byte == '\n';
  after_return_ = byte == '\r';
  if (crlf) return byte;
  if (byte == '\n' || byte == '\r') {
    ++position_.line;
    position_.column = 1;
  } else if ((byte & 0xc0) != 0x80) {
    ++position_.column;
  }
  return byte;
}

} // namespace aigc
