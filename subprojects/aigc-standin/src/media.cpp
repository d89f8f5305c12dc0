// SPDX-License-Identifier: LGPL-2.1-or-later
// The cache of pictures and clips, in memory and on disk, and the threads that fill it.
#include "media.h"

#include "util.h"

namespace standin {
namespace {

std::string read_file(const std::string& path) {
  char* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &data, &size, nullptr)) return {};
  std::string out(data, size);
  g_free(data);
  return out;
}

std::string cache_folder() {
  if (const char* named = g_getenv("AIGC_STANDIN_CACHE"); named && *named) return named;
  return std::string(g_get_user_cache_dir()) + "/aigc-standin";
}

} // namespace

struct Media::Job {
  Media* media;
  MediaKey key;
  std::string path; // of the cached file
};

std::string MediaKey::name() const {
  if (!file.empty()) return "given-" + std::to_string(hash(file)) + file.substr(file.rfind('.'));
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (!clip)
    return "picture-" + size + "-" + std::to_string(variant) + "." +
           (format.empty() ? "png" : format);
  char seconds_text[16];
  g_snprintf(seconds_text, sizeof seconds_text, "%gs", seconds);
  return "clip-" + size + "-" + seconds_text + "-" + std::to_string(fps) + "-" +
         std::to_string(variant) + (sound ? "-a" : "") + (late_moov ? "-late" : "") + "." +
         (format.empty() ? "mp4" : format);
}

const char* media_type(const std::string& file) {
  constexpr std::pair<const char*, const char*> types[] = {{".png", "image/png"},
                                                           {".jpeg", "image/jpeg"},
                                                           {".webp", "image/webp"},
                                                           {".webm", "video/webm"},
                                                           {".avi", "video/x-msvideo"}};
  for (const auto& [end, type] : types)
    if (file.ends_with(end)) return type;
  return "video/mp4";
}

Media::Media() : folder_(cache_folder()) {
  g_mkdir_with_parents(folder_.c_str(), 0700);
  auto work = +[](gpointer data, gpointer) {
    const std::unique_ptr<Job> job(static_cast<Job*>(data));
    std::string made = read_file(job->path);
    if (made.empty() && job->key.file.empty()) {
      const MediaKey& key = job->key;
      const bool png = key.format.empty() || key.format == "png";
      made = key.clip ? make_clip(key)
             : png    ? make_png(key.width, key.height, key.variant)
                      : make_jpeg_or_webp(key);
      // A cache that cannot be written is no fault: the file is made again next time.
      if (!made.empty())
        g_file_set_contents(job->path.c_str(), made.data(), static_cast<gssize>(made.size()),
                            nullptr);
    }
    Bytes bytes = made.empty() ? nullptr : std::make_shared<const std::string>(std::move(made));
    later([media = job->media, name = job->key.name(), bytes] { media->finish(name, bytes); });
  };
  pool_ = g_thread_pool_new(work, nullptr, 2, FALSE, nullptr);
}

Media::~Media() {
  g_thread_pool_free(pool_, TRUE, TRUE);
}

void Media::get(const MediaKey& key, Done done) {
  const std::string name = key.name();
  if (Bytes made = find(name)) return done(made);
  auto& waiting = waiting_[name];
  waiting.push_back(std::move(done));
  if (waiting.size() == 1)
    g_thread_pool_push(
        pool_, new Job{this, key, key.file.empty() ? folder_ + "/v1-" + name : key.file}, nullptr);
}

Bytes Media::find(const std::string& name) const {
  const auto found = made_.find(name);
  return found == made_.end() ? nullptr : found->second;
}

void Media::finish(const std::string& name, Bytes made) {
  if (made) made_[name] = made;
  const auto waiting = std::move(waiting_[name]);
  waiting_.erase(name);
  for (const Done& done : waiting)
    done(made);
}

} // namespace standin
