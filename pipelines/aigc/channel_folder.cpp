// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_folder.h.
#include "channel_folder.h"

#include "base/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace aigc::runner {
namespace {

constexpr size_t kMaxName = 40;

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

} // namespace

std::string channel_folder(const std::string& name) {
  if (!is_name(name))
    throw Error(Fault::settings, "'" + name + "' is no name of a channel",
                "Give letters, digits, - and _, up to " + std::to_string(kMaxName) + " of them.");
  return take_string(
      g_build_filename(g_get_user_state_dir(), "aigc", "channels", name.c_str(), nullptr));
}

std::string control_path(const std::string& folder) {
  return folder + "/control";
}

OnAirLock::OnAirLock(const std::string& folder) {
  const auto refuse = [&folder] {
    throw Error(Fault::write,
                "the channel cannot keep its state in " + folder + ": " + std::strerror(errno),
                "Give it a folder that can be written, as state=DIR.");
  };
  if (g_mkdir_with_parents(folder.c_str(), 0700) != 0) refuse();
  file_ = Descriptor(folder + "/on-air", O_RDWR | O_CREAT);
  if (!file_) refuse();
  if (flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
    if (!file_.rewrite(std::to_string(getpid()) + "\n")) refuse();
    return;
  }
  if (errno != EWOULDBLOCK) refuse();
  const std::string owner(file_.read());
  throw Error(Fault::settings,
              "the channel in " + folder + " is on air already, from process " +
                  owner.substr(0, owner.find('\n')) + " at " + control_path(folder),
              "End that one with aigc ctl, or give this one another name=NAME or state=DIR.");
}

} // namespace aigc::runner
