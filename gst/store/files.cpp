// SPDX-License-Identifier: LGPL-2.1-or-later
// See files.h.
#include "store/files.h"

#include "base/error.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

namespace aigc {

void cannot_write(const std::string& path, const std::string& why) {
  throw Error(Fault::write, "cannot write " + path + ": " + why,
              "make room, or set cache-dir to a folder that can be written");
}

void make_folder(const std::string& folder) {
  if (g_mkdir_with_parents(folder.c_str(), 0700) != 0) cannot_write(folder, g_strerror(errno));
}

void write_file(const std::string& path, std::string_view text, bool durable) {
  // GLib syncs even where only whole contents are asked for, so that is done by hand.
  const std::string part = durable ? path : path + "." + take_string(g_uuid_string_random());
  const auto flags = static_cast<GFileSetContentsFlags>(durable ? G_FILE_SET_CONTENTS_CONSISTENT |
                                                                      G_FILE_SET_CONTENTS_DURABLE
                                                                : G_FILE_SET_CONTENTS_NONE);
  ErrorSlot error;
  if (!g_file_set_contents_full(part.c_str(), text.data(), static_cast<gssize>(text.size()), flags,
                                0600, error.out())) {
    if (!durable) g_unlink(part.c_str());
    cannot_write(path, error.message());
  }
  if (!durable && g_rename(part.c_str(), path.c_str()) != 0) {
    g_unlink(part.c_str());
    cannot_write(path, g_strerror(errno));
  }
}

Ref<GBytes> read_file(const std::string& path) {
  gchar* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &data, &size, nullptr)) return nullptr;
  return adopt(g_bytes_new_take(data, size));
}

std::string_view view(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  return {data, size};
}

void sync_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file || fsync(file.get()) != 0) cannot_write(path, g_strerror(errno));
}

Descriptor::Descriptor(const std::string& path, int flags)
    : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string Descriptor::read() const {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t got = pread(fd_, piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) break;
    text.append(piece.data(), static_cast<size_t>(got));
  }
  errno = 0;
  return text;
}

bool Descriptor::rewrite(std::string_view text) const {
  if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) != 0) return false;
  return append(text);
}

bool Descriptor::append(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t put = write(fd_, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

} // namespace aigc
