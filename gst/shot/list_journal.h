// SPDX-License-Identifier: LGPL-2.1-or-later
// The edits of a list on disk, one JSON object a line, so that a channel goes on after a crash
// where it was.
#pragma once

#include "shot/pending.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

/// A journal longer than this, in bytes, and than four times its shortest form is rewritten.
inline constexpr size_t kLongJournal = 1u << 20;

std::string edit_to_line(const Edit& edit);
/// Throws Error{Fault::format}.
Edit edit_from_line(std::string_view line);

class ListJournal {
 public:
  /// Reads what is there; the file is made with the first edit. `list` is what the edits belong to,
  /// the path of the list or nothing. Throws Error that begins with `journal`: settings (the file
  /// is something else, or another process writes it), read.
  ListJournal(const std::string& path, const std::string& list);
  ~ListJournal();
  ListJournal(const ListJournal&) = delete;
  ListJournal& operator=(const ListJournal&) = delete;

  /// What it held when it was opened; given once.
  std::vector<Edit> take_edits() { return std::move(edits_); }
  /// The list it was of, if that was another one.
  const std::string& other_list() const { return other_list_; }

  /// False when it could not be written, or is too long: rewrite() it then.
  bool append(const Edit& edit);
  /// Takes the place of what was there, whole or not at all. Throws Error{Fault::write}.
  void rewrite(const std::vector<Edit>& edits);
  /// Puts what was appended on the disk when it is called, from any thread; null when it is there.
  std::function<void()> take_sync();
  /// How many lines could not be read; a last one that a crash cut off does not count.
  size_t broken_lines() const { return broken_; }

 private:
  struct File;
  void read(const std::string& text);
  void read_line(const std::string& line);

  std::string path_;
  std::string list_;
  std::string other_list_;
  std::vector<Edit> edits_;
  int lock_ = -1;
  std::shared_ptr<File> file_; ///< null until it is open for appending
  bool is_whole_ = false;      ///< else it is to be rewritten before anything is appended
  bool is_synced_ = true;
  size_t broken_ = 0;
  size_t size_ = 0;
  size_t short_size_ = 0; ///< after the last rewrite
};

} // namespace aigc
