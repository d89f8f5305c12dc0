// SPDX-License-Identifier: LGPL-2.1-or-later
// See growing_file.h.
#include "net/growing_file.h"

#include "base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace aigc {

GrowingFile::GrowingFile(const std::string& path) : path_(path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) fail();
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

void GrowingFile::restart() {
  if (ftruncate(file_, 0) != 0) fail();
  size_ = 0;
}

void GrowingFile::fail() const {
  throw Error(Fault::write, path_ + " cannot be written: " + g_strerror(errno),
              "check the folder, its permissions and the room on the disk");
}

} // namespace aigc
