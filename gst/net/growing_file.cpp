// SPDX-License-Identifier: LGPL-2.1-or-later
// See growing_file.h.
#include "net/growing_file.h"

#include "base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace aigc {

namespace {

constexpr char kNote[] = "user.aigc.download";
constexpr size_t kMaxNote = 1024;

} // namespace

GrowingFile::GrowingFile(const std::string& path) : path_(path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  struct stat about {};
  if (file_ < 0 || fstat(file_, &about) != 0) fail();
  size_ = static_cast<guint64>(about.st_size);
  char note[kMaxNote];
  const ssize_t length = fgetxattr(file_, kNote, note, sizeof note);
  if (length > 0) note_.assign(note, static_cast<size_t>(length));
}

GrowingFile::~GrowingFile() {
  if (file_ >= 0) close(file_);
}

void GrowingFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail();
    size_ += static_cast<guint64>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void GrowingFile::restart(const std::string& note) {
  if (ftruncate(file_, 0) != 0) fail();
  size_ = 0;
  note_ = note.size() <= kMaxNote ? note : "";
  if (note_.empty() || fsetxattr(file_, kNote, note_.data(), note_.size(), 0) != 0)
    fremovexattr(file_, kNote);
}

std::string GrowingFile::note() const {
  return note_;
}

void GrowingFile::finish() {
  fremovexattr(file_, kNote);
  if (fsync(file_) != 0 && errno != EINVAL) fail(); // EINVAL: nothing that can be synced
}

void GrowingFile::fail() const {
  throw Error(Fault::write, path_ + " cannot be written: " + g_strerror(errno),
              "check the folder, its permissions and the room on the disk");
}

} // namespace aigc
