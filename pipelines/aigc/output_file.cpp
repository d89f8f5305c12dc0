// SPDX-License-Identifier: LGPL-2.1-or-later
// Temporary names are .aigc-PID-NAME, so that a later run knows what a killed one has left. Of a
// long NAME only the end is in it, and a digest that tells it from others that end alike: with what
// comes before, it must not be longer than the system allows.
#include "output_file.h"

#include "base/error.h"
#include "base/ref.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include <glib.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".aigc-";
constexpr size_t kNameBytes = 100; ///< with it even the 143 bytes of an encrypted folder suffice
constexpr size_t kDigestDigits = 16;

[[noreturn]] void refuse(const std::string& path, const std::string& why,
                         const std::string& remedy) {
  throw Error(Fault::write, path + " cannot be written: " + why, remedy);
}

/// The name of `target` as it is in its temporary names: of a long one the end, in whole
/// characters.
std::string short_name(const fs::path& target) {
  const std::string name = target.filename();
  if (name.size() <= kNameBytes) return name;
  size_t begin = name.size() - kNameBytes + kDigestDigits + 1;
  while (begin < name.size() && (name[begin] & 0xc0) == 0x80)
    ++begin;
  const std::string digest =
      take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, name.c_str(), -1));
  return digest.substr(0, kDigestDigits) + "-" + name.substr(begin);
}

/// What is at `place`, links followed. Refuses `path` when that cannot be found out.
fs::file_status look_at(const fs::path& place, const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (error && status.type() != fs::file_type::not_found)
    refuse(path, error.message(), "Choose another name or folder.");
  return status;
}

/// The file that `path` stands for: with a link, the one it points to.
fs::path resolve(const std::string& path) {
  std::error_code error;
  const bool link = fs::is_symlink(path, error);
  const fs::path target = link ? fs::weakly_canonical(path, error) : fs::absolute(path, error);
  if (target.empty()) refuse(path, error.message(), "Choose another name or folder.");
  return target;
}

/// Removes what processes that are gone, or had our number before us, have left of `target`.
void sweep(const fs::path& target) {
  std::error_code ignored;
  const std::string ending = "-" + short_name(target);
  for (const auto& entry : fs::directory_iterator(target.parent_path(), ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix) || !name.ends_with(ending)) continue;
    pid_t pid = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, pid);
    const bool ours = error == std::errc() && stop + ending.size() == end && pid > 0;
    if (ours && (pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH)))
      fs::remove(entry.path(), ignored);
  }
}

void sync_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || fsync(file) != 0) {
    const int error = errno;
    if (file >= 0) close(file);
    refuse(path, g_strerror(error), "Free some space or choose another folder.");
  }
  close(file);
}

} // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  const fs::path target = resolve(path);
  const fs::file_status status = look_at(target, path);
  if (target.filename().empty() || fs::is_directory(status))
    refuse(path, "it is a folder", "Give the name of a file in it.");
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(path, "it is not a file", "Give the name of a file.");
  const fs::path folder = target.parent_path();
  if (!fs::is_directory(look_at(folder, path)))
    refuse(path, "there is no folder " + folder.string(), "Make the folder first.");
  sweep(target);
  target_ = target;
  temporary_ =
      folder / (std::string(kPrefix) + std::to_string(getpid()) + "-" + short_name(target));
  // In a folder others may write to, the name may be a link they have laid.
  const int file =
      open(temporary_.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0666);
  if (file < 0) refuse(path, g_strerror(errno), "Choose a folder you may write to.");
  close(file);
}

void OutputFile::discard() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
}

void OutputFile::commit() {
  sync_file(temporary_);
  if (rename(temporary_.c_str(), target_.c_str()) != 0)
    refuse(path_, g_strerror(errno), "Choose another name.");
  temporary_.clear();
}

} // namespace aigc::runner
