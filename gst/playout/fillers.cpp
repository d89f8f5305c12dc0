// SPDX-License-Identifier: LGPL-2.1-or-later
// See fillers.h.
#include "playout/fillers.h"

#include "base/error.h"

#include <algorithm>
#include <filesystem>

namespace aigc {
namespace {

constexpr const char* kEndings[] = {".mp4", ".m4v", ".mov",  ".mkv", ".webm",
                                    ".avi", ".ts",  ".mpeg", ".mpg", ".clip"};

bool is_clip(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string ending = take_string(g_ascii_strdown(path.extension().c_str(), -1));
  return !name.starts_with('.') &&
         std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

std::string path_of(const std::string& where) {
  if (!gst_uri_is_valid(where.c_str())) return where;
  ErrorSlot error;
  Own<gchar> path(g_filename_from_uri(where.c_str(), nullptr, error.out()));
  if (!path)
    throw Error(Fault::settings, "the filler " + where + " is no local file: " + error.message(),
                "give a file, a folder, or a file:// URI");
  return path.get();
}

std::string uri_of(const std::filesystem::path& path) {
  ErrorSlot error;
  const std::string uri =
      take_string(g_filename_to_uri(std::filesystem::absolute(path).c_str(), nullptr, error.out()));
  if (uri.empty())
    throw Error(Fault::settings, "the filler " + path.string() + " has no URI: " + error.message(),
                "give it another name");
  return uri;
}

} // namespace

Fillers::Fillers(const std::string& where) {
  if (where.empty()) return;
  const std::filesystem::path path = path_of(where);
  std::error_code trouble;
  const auto status = std::filesystem::status(path, trouble);
  if (!std::filesystem::exists(status))
    throw Error(Fault::not_found, "the filler " + where + " does not exist", "check the path");
  if (!std::filesystem::is_directory(status)) {
    uris_.push_back(uri_of(path));
    return;
  }
  std::filesystem::directory_iterator entry(path, trouble);
  for (; !trouble && entry != std::filesystem::directory_iterator(); entry.increment(trouble)) {
    std::error_code unreadable;
    if (is_clip(entry->path()) && entry->is_regular_file(unreadable))
      uris_.push_back(uri_of(entry->path()));
  }
  if (trouble)
    throw Error(Fault::not_found,
                "the filler folder " + where + " cannot be read: " + trouble.message(),
                "give this user the right to read it");
  if (uris_.empty())
    throw Error(Fault::settings, "the filler folder " + where + " holds no clip",
                "put MP4, WebM, Matroska, AVI or MPEG files into it");
  std::sort(uris_.begin(), uris_.end());
}

std::optional<PlayoutItem> Fillers::next() {
  if (uris_.empty()) return std::nullopt;
  PlayoutItem item;
  item.uri = uris_[next_];
  next_ = (next_ + 1) % uris_.size();
  const std::string path = take_string(g_filename_from_uri(item.uri.c_str(), nullptr, nullptr));
  item.id = take_string(g_filename_display_basename(path.c_str()));
  item.shot.id = item.id;
  item.tier = Tier::filler;
  return item;
}

void Fillers::forget(const std::string& uri) {
  const auto place = std::find(uris_.begin(), uris_.end(), uri);
  if (place == uris_.end()) return;
  if (static_cast<size_t>(place - uris_.begin()) < next_) --next_;
  uris_.erase(place);
  if (next_ == uris_.size()) next_ = 0;
}

} // namespace aigc
