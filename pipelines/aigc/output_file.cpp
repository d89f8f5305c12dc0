// SPDX-License-Identifier: LGPL-2.1-or-later
// Temporary names are .aigc-PID-NAME, so that a later run knows what a killed one has left.
#include "output_file.h"

#include "base/error.h"

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

[[noreturn]] void refuse(const std::string& path, const std::string& why,
                         const std::string& remedy) {
  throw Error(Fault::write, path + " cannot be written: " + why, remedy);
}

/// Removes what processes that are gone have left of `target`.
void sweep(const fs::path& target) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(target.parent_path(), ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix) || !name.ends_with("-" + target.filename().string())) continue;
    pid_t pid = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, pid);
    const bool ours = error == std::errc() && stop + 1 + target.filename().string().size() == end;
    if (ours && pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
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
  std::error_code error;
  fs::path target = fs::is_symlink(path) ? fs::weakly_canonical(path, error) : fs::absolute(path);
  if (target.filename().empty() || fs::is_directory(target))
    refuse(path, "it is a folder", "Give the name of a file in it.");
  if (fs::exists(target) && !fs::is_regular_file(target))
    refuse(path, "it is not a file", "Give the name of a file.");
  const fs::path folder = target.parent_path();
  if (!fs::is_directory(folder))
    refuse(path, "there is no folder " + folder.string(), "Make the folder first.");
  sweep(target);
  target_ = target;
  temporary_ =
      folder / (std::string(kPrefix) + std::to_string(getpid()) + "-" + target.filename().string());
  const int file = open(temporary_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
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
