// SPDX-License-Identifier: LGPL-2.1-or-later
// Temporary names are .aigc-MACHINE-PID-NAME, so that a later run knows what a killed one has left,
// also in a folder that machines share. Of a long NAME only the end is in it, and a digest that
// tells it from others that end alike: with what comes before, it must not be longer than the
// system allows.
#include "output_file.h"

#include "base/error.h"
#include "base/ref.h"
#include "store/owner.h"

#include <cerrno>
#include <charconv>
#include <chrono>
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

/// After which nobody on another machine is still writing: it cannot be asked from here.
constexpr std::chrono::hours kLongestSilence(24);

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

/// What stands between kPrefix and NAME, as in a name of this process.
std::string owner_text(pid_t pid) {
  return this_machine() + "-" + std::to_string(pid) + "-";
}

/// Whether nobody writes a temporary file any more. `owner` is what its name says, `age` how long
/// nothing was written, by the clock of its folder.
bool is_left(std::string_view owner, std::chrono::nanoseconds age) {
  const size_t dash = owner.find('-');
  if (dash == owner.npos || !owner.ends_with('-')) return false;
  pid_t pid = 0;
  const char* end = owner.data() + owner.size() - 1;
  const auto [stop, error] = std::from_chars(owner.data() + dash + 1, end, pid);
  if (error != std::errc() || stop != end || pid <= 0) return false;
  if (owner.substr(0, dash) != this_machine()) return age > kLongestSilence;
  return start_of(pid).empty();
}

/// Removes what processes that are gone have left of `target`, of which `ours` is being written.
void sweep(const fs::path& target, const fs::path& ours) {
  std::error_code ignored;
  const std::string ending = short_name(target);
  const auto now = fs::last_write_time(ours, ignored);
  for (const auto& entry : fs::directory_iterator(target.parent_path(), ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix) || !name.ends_with(ending)) continue;
    if (name.size() < kPrefix.size() + ending.size()) continue;
    const std::string_view owner =
        std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - ending.size());
    std::error_code failed;
    const auto written = entry.last_write_time(failed);
    if (!failed && is_left(owner, now - written)) fs::remove(entry.path(), ignored);
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

/// The file that `path` stands for, when it can be one in a folder that is there.
fs::path target_of(const std::string& path) {
  fs::path target = resolve(path);
  const fs::file_status status = look_at(target, path);
  if (target.filename().empty() || fs::is_directory(status))
    refuse(path, "it is a folder", "Give the name of a file in it.");
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(path, "it is not a file", "Give the name of a file.");
  const fs::path folder = target.parent_path();
  if (!fs::is_directory(look_at(folder, path)))
    refuse(path, "there is no folder " + folder.string(), "Make the folder first.");
  return target;
}

} // namespace

void OutputFile::check(const std::string& path) {
  const fs::path folder = target_of(path).parent_path();
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    refuse(path, g_strerror(errno), "Choose a folder you may write to.");
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  const fs::path target = target_of(path);
  target_ = target;
  temporary_ =
      target.parent_path() / (std::string(kPrefix) + owner_text(getpid()) + short_name(target));
  unlink(temporary_.c_str()); // of a process that had our number before us
  // In a folder others may write to, the name may be a link they have laid.
  const int file =
      open(temporary_.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0666);
  if (file < 0) refuse(path, g_strerror(errno), "Choose a folder you may write to.");
  close(file);
  sweep(target, temporary_);
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
