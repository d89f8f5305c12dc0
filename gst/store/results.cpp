// SPDX-License-Identifier: LGPL-2.1-or-later
// See results.h.
#include "store/results.h"

#include "base/error.h"
#include "shot/shot_json.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

namespace aigc {

namespace fs = std::filesystem;

namespace {

constexpr auto kInUse = std::chrono::hours(1);
constexpr size_t kKeyLength = 64;    ///< SHA-256 in hex
constexpr unsigned kPruneEvery = 32; ///< commits between two looks at the size
constexpr const char* kPicture = ".picture";
constexpr const char* kClip = ".mp4";

std::string default_folder() {
  if (const char* set = g_getenv("AIGC_CACHE_DIR"); set && *set) return set;
  return take_string(g_build_filename(g_get_user_cache_dir(), "gst-plugins-aigc", nullptr));
}

[[noreturn]] void cannot_write(const std::string& path, const std::string& why) {
  throw Error(Fault::write, "cannot write " + path + ": " + why,
              "make room, or set cache-dir to a folder that can be written");
}

void make_folder(const std::string& folder) {
  if (g_mkdir_with_parents(folder.c_str(), 0700) != 0) cannot_write(folder, g_strerror(errno));
}

void write_file(const std::string& path, const char* data, gsize size) {
  ErrorSlot error;
  const auto flags = static_cast<GFileSetContentsFlags>(G_FILE_SET_CONTENTS_CONSISTENT |
                                                        G_FILE_SET_CONTENTS_DURABLE);
  if (!g_file_set_contents_full(path.c_str(), data, static_cast<gssize>(size), flags, 0600,
                                error.out()))
    cannot_write(path, error.message());
}

Ref<GBytes> read_file(const std::string& path) {
  gchar* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &data, &size, nullptr)) return nullptr;
  return adopt(g_bytes_new_take(data, size));
}

std::string_view view(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  return {data, size};
}

/// The words and the provenance are kept as a shot, whose JSON is one table already.
Shot record_of(const Result& result, const Provenance& provenance) {
  Shot record;
  record.prompt = result.prompt;
  record.negative_prompt = result.negative_prompt;
  record.motion_prompt = result.motion_prompt;
  record.keyframe = result.keyframe;
  record.mood = result.mood;
  record.provenance = {provenance};
  return record;
}

StoredResult result_of(Shot record) {
  StoredResult stored;
  stored.provenance = record.provenance.at(0);
  stored.result.prompt = std::move(record.prompt);
  stored.result.negative_prompt = std::move(record.negative_prompt);
  stored.result.motion_prompt = std::move(record.motion_prompt);
  stored.result.keyframe = std::move(record.keyframe);
  stored.result.mood = std::move(record.mood);
  stored.result.request_id = stored.provenance.request_id;
  stored.result.seed = stored.provenance.seed;
  return stored;
}

void mark_used(const std::string& path) {
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

struct Kept {
  fs::path path;
  std::uintmax_t size;
  fs::file_time_type used;
};

bool is_ours(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.size() > kKeyLength && name[kKeyLength] == '.' &&
         std::all_of(name.begin(), name.begin() + kKeyLength,
                     [](char c) { return g_ascii_isxdigit(c); });
}

std::vector<Kept> kept_files(const std::string& folder) {
  std::vector<Kept> files;
  std::error_code failed, ignored;
  for (const char* part : {"/results", "/tmp"}) {
    const auto skip = fs::directory_options::skip_permission_denied;
    fs::recursive_directory_iterator at(folder + part, skip, failed), end;
    for (; !failed && at != end; at.increment(failed))
      if (at->is_regular_file(ignored) && is_ours(at->path()))
        files.push_back({at->path(), at->file_size(ignored), at->last_write_time(ignored)});
  }
  return files;
}

/// Makes room: the least recently used files go first, and none but ours.
void prune(const std::string& folder) {
  auto files = kept_files(folder);
  std::uintmax_t total = 0;
  for (const auto& file : files)
    total += file.size;
  if (total <= ResultStore::kMaxBytes) return;
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  const auto oldest_in_use = fs::file_time_type::clock::now() - kInUse;
  std::error_code ignored;
  for (const auto& file : files) {
    if (total <= ResultStore::kMaxBytes || file.used > oldest_in_use) return;
    if (fs::remove(file.path, ignored)) total -= file.size;
  }
}

} // namespace

const char* stage_name(Role role) {
  switch (role) {
  case Role::words:
    return "prompt";
  case Role::picture:
    return "image";
  case Role::clip:
    return "video";
  }
  return "";
}

ResultStore::ResultStore(std::string folder)
    : folder_(fs::absolute(folder.empty() ? default_folder() : std::move(folder))) {}

std::string ResultStore::path(const std::string& key, const char* extension) const {
  return folder_ + "/results/" + key.substr(0, 2) + "/" + key + extension;
}

std::optional<StoredResult> ResultStore::find(const std::string& key, Role role) const {
  const std::string record_path = path(key, ".json");
  auto text = read_file(record_path);
  if (!text) return std::nullopt;
  StoredResult stored;
  try {
    stored = result_of(shot_from_json(parse_json(view(text.get())).get()));
  } catch (const std::exception&) {
    return std::nullopt; // a record nobody can read is as good as none
  }
  mark_used(record_path);
  if (role == Role::words) return stored;
  const std::string file = path(key, role == Role::picture ? kPicture : kClip);
  if (!g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR)) return std::nullopt;
  mark_used(file);
  if (role == Role::clip)
    stored.result.clip_path = file;
  else if (!(stored.result.picture = read_file(file)))
    return std::nullopt;
  return stored;
}

void ResultStore::prepare() const {
  for (const char* part : {"/results", "/tmp"}) {
    make_folder(folder_ + part);
    if (g_access((folder_ + part).c_str(), W_OK | X_OK) != 0)
      cannot_write(folder_ + part, g_strerror(errno));
  }
}

std::string ResultStore::scratch(const std::string& key) const {
  static std::atomic<unsigned> counter{0};
  prepare();
  const std::string folder = folder_ + "/tmp";
  return folder + "/" + key + "." + std::to_string(getpid()) + "." + std::to_string(counter++) +
         kClip;
}

void ResultStore::commit(const std::string& key, Role role, Result& result,
                         const Provenance& provenance) const {
  const std::string record_path = path(key, ".json");
  make_folder(fs::path(record_path).parent_path());
  static std::atomic<unsigned> commits{0};
  if (commits++ % kPruneEvery == 0) prune(folder_);
  if (role == Role::picture) {
    const auto picture = view(result.picture.get());
    write_file(path(key, kPicture), picture.data(), picture.size());
  } else if (role == Role::clip) {
    const std::string file = path(key, kClip);
    if (g_rename(result.clip_path.c_str(), file.c_str()) != 0)
      cannot_write(file, g_strerror(errno));
    result.clip_path = file;
  }
  const std::string record = json_text(shot_to_json(record_of(result, provenance)).get());
  write_file(record_path, record.data(), record.size());
}

} // namespace aigc
