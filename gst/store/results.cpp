// SPDX-License-Identifier: LGPL-2.1-or-later
// See results.h.
#include "store/results.h"

#include "base/error.h"
#include "media/container.h"
#include "shot/shot_json.h"
#include "store/files.h"
#include "store/journal.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

namespace aigc {

namespace fs = std::filesystem;

namespace {

constexpr size_t kKeyLength = 64;       ///< SHA-256 in hex
constexpr unsigned kPruneEvery = 32;    ///< commits between two looks at the size
constexpr const char* kUsage = "usage"; ///< members of a record beside the shot's
constexpr const char* kCall = "call";
constexpr const char* kRecord = ".json";
constexpr const char* kPicture = ".picture";
constexpr const char* kScratch = ".part";

std::string default_folder() {
  if (const char* set = g_getenv("AIGC_CACHE_DIR"); set && *set) return set;
  return take_string(g_build_filename(g_get_user_cache_dir(), "gst-plugins-aigc", nullptr));
}

/// The words and the provenance are kept as a shot, whose JSON is one table already.
Shot record_of(const Result& result, const Provenance& provenance, const std::string& call) {
  Shot record;
  record.prompt = result.prompt;
  record.negative_prompt = result.negative_prompt;
  record.motion_prompt = result.motion_prompt;
  record.keyframe = result.keyframe;
  record.mood = result.mood;
  record.provenance = {provenance};
  JsonObjectMaker more;
  record.extra = more.set(kUsage, usage_json(result.usage)).set(kCall, call).text();
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
  stored.result.cost = stored.provenance.cost;
  stored.result.currency = stored.provenance.currency;
  if (!record.extra.empty()) {
    const auto more = parse_json(record.extra);
    stored.result.usage = usage_from(JsonView(more.get())[kUsage]);
    stored.call = JsonView(more.get())[kCall].text();
  }
  return stored;
}

/// The picture or clip keeps its times: by them it is known to be the same that it was.
void mark_used(const std::string& record_path) {
  utimensat(AT_FDCWD, record_path.c_str(), nullptr, 0);
}

/// Of a file or its record; stores of old marked the file, too.
fs::file_time_type last_use(const fs::path& file) {
  std::error_code none; // then the time is the least there is
  return std::max(fs::last_write_time(file, none),
                  fs::last_write_time(fs::path(file).replace_extension(kRecord), none));
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
        files.push_back({at->path(), at->file_size(ignored), last_use(at->path())});
  }
  return files;
}

/// Keys somebody works on, in this process or another: they have a lock or a journal entry.
std::set<std::string> keys_in_use(const std::string& folder) {
  std::set<std::string> keys;
  for (const char* part : {"/locks", "/journal"}) {
    std::error_code failed;
    for (fs::directory_iterator at(folder + part, failed), end; !failed && at != end;
         at.increment(failed))
      keys.insert(at->path().filename().string().substr(0, kKeyLength));
  }
  return keys;
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

/// Empty when there is none.
std::string ResultStore::clip_path(const std::string& key) const {
  for (const Container container : kClipContainers) {
    const std::string file = path(key, extension_of(container));
    if (g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR)) return file;
  }
  return {};
}

std::optional<StoredResult> ResultStore::find(const std::string& key, Role role) const {
  const std::string record_path = path(key, kRecord);
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
  const std::string file = role == Role::picture ? path(key, kPicture) : clip_path(key);
  if (!g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR)) return std::nullopt;
  if (role == Role::clip)
    stored.result.clip_path = file;
  else if (!(stored.result.picture = read_file(file)))
    return std::nullopt;
  return stored;
}

void ResultStore::prepare(std::uintmax_t needed) const {
  for (const char* part : {"/results", "/tmp"}) {
    make_folder(folder_ + part);
    if (g_access((folder_ + part).c_str(), W_OK | X_OK) != 0)
      cannot_write(folder_ + part, g_strerror(errno));
  }
  std::error_code failed;
  const auto space = fs::space(folder_, failed);
  if (!failed && space.available < needed)
    cannot_write(folder_, "only " + std::to_string(space.available >> 20) + " MiB are free there");
}

/// The least recently used go first, and none but ours.
void ResultStore::prune(std::uintmax_t most, std::chrono::nanoseconds unused) const {
  auto files = kept_files(folder_);
  std::uintmax_t total = 0;
  for (const auto& file : files)
    total += file.size;
  if (total <= most) return;
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  const auto oldest_in_use = fs::file_time_type::clock::now() -
                             std::chrono::duration_cast<fs::file_time_type::duration>(unused);
  const auto in_use = keys_in_use(folder_);
  std::error_code ignored;
  for (const auto& file : files) {
    if (total <= most || file.used > oldest_in_use) return;
    if (in_use.contains(file.path.filename().string().substr(0, kKeyLength))) continue;
    if (fs::remove(file.path, ignored)) total -= file.size;
  }
}

void ResultStore::sweep(const std::string& key) const {
  std::error_code failed, ignored;
  for (fs::directory_iterator at(folder_ + "/tmp", failed), end; !failed && at != end;
       at.increment(failed))
    if (at->path().filename().string().starts_with(key + ".")) fs::remove(at->path(), ignored);
}

std::string ResultStore::scratch(const std::string& key) const {
  static std::atomic<unsigned> counter{0};
  prepare();
  const std::string folder = folder_ + "/tmp";
  return folder + "/" + key + "." + std::to_string(getpid()) + "." + std::to_string(counter++) +
         kScratch;
}

/// A clip made anew may be of another kind than the one before it, which goes last.
void ResultStore::keep_clip(const std::string& key, Result& result) const {
  const std::string file = path(key, extension_of(container_of(result.clip_path)));
  sync_file(result.clip_path);
  if (g_rename(result.clip_path.c_str(), file.c_str()) != 0) cannot_write(file, g_strerror(errno));
  result.clip_path = file;
  for (const Container container : kClipContainers)
    if (const std::string other = path(key, extension_of(container)); other != file)
      g_unlink(other.c_str());
}

void ResultStore::commit(const std::string& key, Role role, Result& result,
                         const Provenance& provenance, const std::string& call) const {
  const std::string record_path = path(key, kRecord);
  make_folder(fs::path(record_path).parent_path());
  static std::atomic<unsigned> commits{0};
  if (commits++ % kPruneEvery == 0) prune();
  if (role == Role::picture) {
    const auto picture = view(result.picture.get());
    write_file(path(key, kPicture), picture);
  } else if (role == Role::clip) {
    keep_clip(key, result);
  }
  const std::string record = json_text(shot_to_json(record_of(result, provenance, call)).get());
  write_file(record_path, record);
}

} // namespace aigc
