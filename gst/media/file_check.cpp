// SPDX-License-Identifier: LGPL-2.1-or-later
// See file_check.h.
#include "media/file_check.h"

#include "base/error.h"
#include "base/ref.h"
#include "media/container.h"
#include "media/probe.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include <gst/gst.h>

namespace aigc {
namespace {

std::string local_path(const std::string& uri) {
  if (!gst_uri_has_protocol(uri.c_str(), "file"))
    throw Error(Fault::settings, "the clip " + uri + " is not a local file",
                "download it first and give its file:// URI or path");
  ErrorSlot error;
  Own<gchar> path(g_filename_from_uri(uri.c_str(), nullptr, error.out()));
  if (!path)
    throw Error(Fault::settings, "the clip " + uri + " has a malformed URI: " + error.message(),
                "escape special characters as %XX, or give a plain path");
  return path.get();
}

} // namespace

std::string check_clip_file(const std::string& uri) {
  const std::string path = local_path(uri);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == EACCES)
      throw Error(Fault::not_authorized, "the clip " + uri + " may not be read",
                  "give this user the right to read it");
    throw Error(Fault::not_found, "the clip " + uri + " does not exist (" + g_strerror(errno) + ")",
                "check the path");
  }
  if (!S_ISREG(status.st_mode))
    throw Error(Fault::format, "the clip " + uri + " is not a regular file",
                "give the URI of a video file");
  if (::access(path.c_str(), R_OK) != 0)
    throw Error(Fault::not_authorized, "the clip " + uri + " may not be read",
                "give this user the right to read it");
  const auto size = static_cast<guint64>(status.st_size);
  if (size == 0)
    throw Error(Fault::damaged, "the clip " + uri + " is empty (0 bytes)",
                "make or download the clip again");
  if (size > kMaxClipBytes)
    throw Error(Fault::format, "the clip " + uri + " is larger than 2 GiB", "cut it into parts");
  const Container container = container_of(path);
  if (container == Container::webp)
    throw Error(Fault::format, "the file " + uri + " is a WebP picture, moving or not, and no clip",
                "have it made as MP4, WebM or AVI");
  if (is_cut_off(path, container))
    throw Error(Fault::damaged, "the clip " + uri + " is truncated or broken",
                "make or download the clip again");
  return path;
}

} // namespace aigc
