// SPDX-License-Identifier: LGPL-2.1-or-later
// See picture_file.h.
#include "picture_file.h"

#include "media/picture.h"

#include <glib/gstdio.h>

namespace aigc {

namespace {

constexpr const char* kRemedy = "give the path or file:// URI of a PNG, JPEG or WebP";

std::string path_of(const std::string& what, const std::string& name) {
  if (name.find("://") == std::string::npos) return name;
  ErrorSlot error;
  std::string path = take_string(g_filename_from_uri(name.c_str(), nullptr, error.out()));
  if (error)
    throw Error(Fault::not_found, what + " \"" + name + "\" is no file: " + error.message(),
                kRemedy);
  return path;
}

/// Before a byte is read: neither a pipe to wait for, nor more than a picture can be.
void check_file(const std::string& what, const std::string& name, const std::string& path) {
  GStatBuf status{};
  const auto refuse = [&](const std::string& why) {
    throw Error(Fault::not_found, what + " \"" + name + "\" cannot be read: " + why, kRemedy);
  };
  if (g_stat(path.c_str(), &status) != 0) refuse(g_strerror(errno));
  if (!S_ISREG(status.st_mode)) refuse("it is no regular file");
  if (static_cast<guint64>(status.st_size) > kMaxPictureBytes)
    refuse("it is larger than " + std::to_string(kMaxPictureBytes >> 20) + " MiB");
}

} // namespace

Ref<GBytes> read_picture_file(const std::string& what, const std::string& name) {
  const std::string path = path_of(what, name);
  check_file(what, name, path);
  gchar* data = nullptr;
  gsize size = 0;
  ErrorSlot error;
  if (!g_file_get_contents(path.c_str(), &data, &size, error.out()))
    throw Error(Fault::not_found, what + " \"" + name + "\" cannot be read: " + error.message(),
                kRemedy);
  auto bytes = adopt(g_bytes_new_take(data, size));
  try {
    sniff_picture(bytes.get());
  } catch (const Error& error) {
    throw Error(error.fault, what + " \"" + name + "\": " + error.what(), kRemedy);
  }
  return bytes;
}

std::vector<Media> references_of(const Shot& shot) {
  std::vector<Media> all;
  for (size_t i = 0; i < shot.references.size(); ++i) {
    const std::string& name = shot.references[i];
    Media media;
    if (name.starts_with("http://") || name.starts_with("https://"))
      media.url = name;
    else
      media.bytes = read_picture_file(shot.id + ": references[" + std::to_string(i) + "]", name);
    all.push_back(std::move(media));
  }
  return all;
}

} // namespace aigc
