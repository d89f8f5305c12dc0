// SPDX-License-Identifier: LGPL-2.1-or-later
// See file_check.h.
#include "media/file_check.h"

#include "base/error.h"
#include "base/ref.h"
#include "media/big_endian.h"
#include "media/probe.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
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

/// Walks the top-level boxes of an MP4: one that reaches past the end of the file means that the
/// rest never arrived, which a demuxer takes for the end of the film.
bool is_cut_mp4(const std::string& path, guint64 size) {
  std::ifstream file(path, std::ios::binary);
  guint64 at = 0;
  bool first = true;
  std::array<guint8, 16> head{};
  while (at + 8 <= size) {
    file.seekg(static_cast<std::streamoff>(at));
    file.read(reinterpret_cast<char*>(head.data()), head.size());
    const auto got = static_cast<guint64>(file.gcount());
    file.clear();
    if (got < 8) return false;
    if (first && std::memcmp(&head[4], "ftyp", 4) != 0) return false;
    first = false;
    guint64 length = big_endian(head.data(), 4);
    if (length == 1 && got == head.size()) length = big_endian(&head[8], 8);
    if (length == 0) return false; // reaches to the end of the file by definition
    if (length < 8) return false;  // not ours to judge
    if (length > size - at) return true;
    at += length;
  }
  return false;
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
  if (is_cut_mp4(path, size))
    throw Error(Fault::damaged, "the clip " + uri + " is truncated",
                "make or download the clip again");
  return path;
}

} // namespace aigc
