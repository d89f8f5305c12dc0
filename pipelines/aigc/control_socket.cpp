// SPDX-License-Identifier: LGPL-2.1-or-later
// See control_socket.h.
#include "control_socket.h"

#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace aigc::runner {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw Error(Fault::settings,
                path + ": the path of a socket has at most " +
                    std::to_string(sizeof address.sun_path - 1) + " bytes",
                "Give the channel a folder with a shorter path, as state=DIR.");
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

} // namespace

Socket listen_at(const std::string& path) {
  const sockaddr_un address = address_of(path);
  unlink(path.c_str());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Until it listens nobody can connect, so there is no moment in which others could.
  if (socket.get() < 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      chmod(path.c_str(), S_IRUSR | S_IWUSR) < 0 || listen(socket.get(), SOMAXCONN) < 0)
    throw Error(Fault::write,
                "the control socket " + path + " cannot be made: " + std::strerror(errno),
                "Give the channel a folder on a local disk, as state=DIR.");
  return socket;
}

Socket connect_to(const std::string& path) {
  const sockaddr_un address = address_of(path);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 ||
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const bool denied = errno == EACCES || errno == EPERM;
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    throw Error(Fault::not_found,
                nobody ? "no channel is on air at " + path
                       : path + " cannot be reached: " + std::strerror(errno),
                denied ? "Ask as the user who runs the channel."
                       : "Start it with aigc channel, or name another with --channel or --socket.");
  }
  return socket;
}

} // namespace aigc::runner
