// SPDX-License-Identifier: LGPL-2.1-or-later
// See list_file.h.
#include "shot/list_file.h"

#include "base/json.h"
#include "shot/rows.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <glib.h>

namespace aigc {

namespace {

constexpr size_t kBufferBytes = 64 * 1024;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

[[noreturn]] void cannot_read(const std::string& path, int why) {
  if (why == ENOENT || why == ENOTDIR)
    throw Error(Fault::not_found, path + " does not exist", "give the path of a list");
  throw Error(Fault::read, path + " cannot be read: " + std::strerror(why),
              why == EACCES ? "look at its permissions" : "look at the path and its disk");
}

void check_kind(const std::string& path, const struct stat& about) {
  if (!S_ISREG(about.st_mode))
    throw Error(Fault::read, path + " is " + kind_of(about.st_mode) + ", not a file",
                "give the path of a list");
  if (static_cast<std::uintmax_t>(about.st_size) > kMaxListBytes)
    throw Error(Fault::format, path + " is " + std::to_string(about.st_size) + " bytes long",
                "split it into lists of at most " + std::to_string(kMaxListBytes) + " bytes");
}

std::int64_t changed_at(const struct stat& about) {
  return about.st_mtim.tv_sec * 1'000'000'000LL + about.st_mtim.tv_nsec;
}

} // namespace

ListFile::ListFile(const std::string& path) : path_(path), buffer_(kBufferBytes) {
  struct stat about {};
  // Looked at first: to open a pipe or a device may do something to it.
  if (stat(path.c_str(), &about) != 0) cannot_read(path, errno);
  check_kind(path, about);
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd_ < 0) cannot_read(path, errno);
  fstat(fd_, &about);
  size_ = about.st_size;
  changed_ns_ = changed_at(about);
}

ListFile::~ListFile() {
  if (fd_ >= 0) close(fd_);
}

void ListFile::seek(const Position& position) {
  const auto begin = position_.offset - at_;
  if (position.offset >= begin && position.offset <= begin + end_)
    at_ = position.offset - begin;
  else
    at_ = end_ = 0;
  position_ = position;
  after_return_ = false;
}

void ListFile::read_line(std::string& line) {
  line.clear();
  bool too_long = false;
  for (int byte = get(); byte != kEnd; byte = get()) {
    if (byte == '\r' && peek() == '\n') byte = get();
    if (byte == '\n' || byte == '\r') break;
    too_long = too_long || line.size() == kMaxJsonBytes;
    if (!too_long) line.push_back(static_cast<char>(byte));
  }
  if (too_long)
    throw Error(Fault::format, "a line of more than " + std::to_string(kMaxJsonBytes) + " bytes",
                "end every row with a line break");
}

void ListFile::take_copy(const Cancel* cancel) {
  const auto cannot_copy = [&](int why) {
    throw Error(Fault::write,
                "it cannot be copied to the folder for temporary files: " +
                    std::string(std::strerror(why)),
                "make room, or set TMPDIR to a folder with more");
  };
  std::string path = std::string(g_get_tmp_dir()) + "/aigc-list-XXXXXX";
  const int copy = mkostemp(path.data(), O_CLOEXEC);
  if (copy < 0) cannot_copy(errno);
  unlink(path.c_str());
  const int original = std::exchange(fd_, copy);
  struct Closing {
    ~Closing() { close(fd); }
    int fd;
  } closing{original};
  std::vector<char> piece(kBufferBytes);
  off_t at = 0;
  for (ssize_t got; (got = pread(original, piece.data(), piece.size(), at)) != 0;) {
    if (cancel) cancel->check();
    if (got < 0)
      throw Error(Fault::read, std::string("it cannot be read: ") + std::strerror(errno));
    for (ssize_t done = 0, put = 0; done < got; done += put)
      if ((put = pwrite(copy, piece.data() + done, static_cast<size_t>(got - done), at + done)) < 0)
        cannot_copy(errno);
    at += got;
  }
  struct stat about {};
  if (fstat(original, &about) != 0 || about.st_size != size_ || changed_at(about) != changed_ns_)
    throw Error(Fault::read, "the file was changed while it was read", "start again");
  fstat(copy, &about);
  size_ = about.st_size;
  changed_ns_ = changed_at(about);
}

bool ListFile::is_unchanged() const {
  struct stat about {};
  return fstat(fd_, &about) == 0 && about.st_size == size_ && changed_at(about) == changed_ns_;
}

bool ListFile::fill() {
  if (cancel_) cancel_->check();
  ssize_t count = 0;
  do
    count = pread(fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(position_.offset));
  while (count < 0 && errno == EINTR);
  if (count < 0)
    throw Error(Fault::read, std::string("it cannot be read: ") + std::strerror(errno));
  at_ = 0;
  end_ = static_cast<size_t>(count);
  return count > 0;
}

} // namespace aigc
