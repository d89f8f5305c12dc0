// SPDX-License-Identifier: LGPL-2.1-or-later
// See hls_folder.h.
#include "playout/hls_folder.h"

#include "base/guarded.h"
#include "base/ref.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

#include <glib/gstdio.h>

namespace aigc {

namespace fs = std::filesystem;

namespace {

constexpr size_t kBlock = 256u << 10;         ///< bytes that are written at once
constexpr const char* kPart = ".part";        ///< what is not whole yet
constexpr gint64 kClockStep = G_USEC_PER_SEC; ///< from there on the clock was set, below it slipped
constexpr gint64 kClockNoise = 20'000;        ///< of two clocks that are read one after the other
/// By which the airtimes of two segments may be nearer or farther than the first is long: players
/// that look a segment up by its time look 250 ms around it.
constexpr gint64 kMostSlew = 100'000;

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

/// Playlists that this program writes: a lock does not tell who holds it. Never destroyed, as a
/// writer that was left at a disk which stands still may outlive all else.
Guarded<std::set<std::string>>& own_locks() {
  static auto& locks = *new Guarded<std::set<std::string>>;
  return locks;
}

struct Pattern {
  std::string before, after; ///< the number
  int digits = 0;
};

/// Of a name with one %d, in which %% stands for %; nothing for any other.
std::optional<Pattern> pattern_of(const std::string& location) {
  Pattern found;
  bool has_number = false;
  for (size_t at = 0; at < location.size(); ++at) {
    std::string& part = has_number ? found.after : found.before;
    if (location[at] != '%') {
      part += location[at];
    } else if (location.compare(at, 2, "%%") == 0) {
      part += location[at++];
    } else {
      const size_t end = location.find_first_not_of("0123456789", at + 1);
      if (has_number || end == std::string::npos || location[end] != 'd' || end - at > 3)
        return std::nullopt;
      found.digits = std::atoi(location.substr(at + 1, end - at - 1).c_str());
      has_number = true;
      at = end;
    }
  }
  if (!has_number || found.after.find('/') != std::string::npos) return std::nullopt;
  return found;
}

std::string with_slash(std::string path) {
  if (!path.empty() && path.back() != '/') path += '/';
  return path;
}

/// What stands in the playlist before the name of a file at `location`.
std::string way_between(const std::string& playlist, const std::string& location) {
  const fs::path from = fs::absolute(folder_of(playlist)).lexically_normal();
  const fs::path to = fs::absolute(folder_of(location)).lexically_normal();
  const std::string way = to.lexically_relative(from);
  return way == "." ? "" : take_string(g_uri_escape_string(with_slash(way).c_str(), "/", FALSE));
}

/// -1 when it cannot be opened, as errno says.
int create(const std::string& path) {
  std::error_code ignored;
  fs::create_directories(folder_of(path), ignored);
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

/// Closes the file whatever happens; it has its name only if all of it is on the disk.
bool commit(int fd, const std::string& path) {
  const std::string part = path + kPart;
  int error = fsync(fd) == 0 ? 0 : errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && g_rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) g_unlink(part.c_str());
  errno = error;
  return error == 0;
}

bool replace(const std::string& path, std::string_view text) {
  const int fd = create(path + kPart);
  if (fd < 0) return false;
  if (write_all(fd, text)) return commit(fd, path);
  const int error = errno;
  close(fd);
  g_unlink((path + kPart).c_str());
  errno = error;
  return false;
}

} // namespace

HlsFolder::HlsFolder(HlsSettings settings)
    : settings_(std::move(settings)),
      playlist_(settings_.target_duration, settings_.playlist_length) {
  const std::string& location = settings_.location;
  auto pattern = pattern_of(location);
  if (!pattern)
    throw Error(Fault::settings, "location=" + location + " does not number the segments",
                "put one %05d into the name of the file, like live/s%05d.ts");
  if (settings_.playlist_location.empty())
    throw Error(Fault::settings, "there is no place for the playlist", "set playlist-location");
  before_ = std::move(pattern->before);
  after_ = std::move(pattern->after);
  digits_ = pattern->digits;
  uri_before_ = settings_.playlist_root.empty() ? way_between(settings_.playlist_location, before_)
                                                : with_slash(settings_.playlist_root);
  settings_.max_files = std::max(settings_.max_files, least_files(settings_.playlist_length));
}

std::string HlsFolder::path_of(guint64 index) const {
  std::string digits = std::to_string(index);
  if (digits.size() < static_cast<size_t>(digits_))
    digits.insert(0, static_cast<size_t>(digits_) - digits.size(), '0');
  return before_ + digits + after_;
}

std::string HlsFolder::uri_of(guint64 index) const {
  const std::string name = fs::path(path_of(index)).filename();
  return uri_before_ + take_string(g_uri_escape_string(name.c_str(), nullptr, FALSE));
}

std::optional<guint64> HlsFolder::index_of(const std::string& name) const {
  const std::string head = fs::path(before_ + "x").filename().string();
  const size_t start = head.size() - 1;
  if (name.size() <= start + after_.size() || name.compare(0, start, head, 0, start) != 0 ||
      name.compare(name.size() - after_.size(), after_.size(), after_) != 0)
    return std::nullopt;
  const std::string digits = name.substr(start, name.size() - start - after_.size());
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 18)
    return std::nullopt;
  return std::stoull(digits);
}

void HlsFolder::scan() {
  const fs::path folder = folder_of(settings_.location);
  const Own<GDir> entries(g_dir_open(folder.c_str(), 0, nullptr));
  std::vector<std::pair<guint64, std::string>> found;
  while (const gchar* entry = entries ? g_dir_read_name(entries.get()) : nullptr) {
    const fs::path path = folder / entry;
    if (const auto index = index_of(entry))
      found.emplace_back(*index, path);
    else if (path.extension() == kPart && index_of(path.stem()))
      g_unlink(path.c_str());
  }
  std::sort(found.begin(), found.end());
  for (auto& [index, path] : found) {
    kept_.push_back(std::move(path));
    next_index_ = std::max(next_index_, index + 1);
  }
}

HlsFolder::~HlsFolder() {
  discard();
  if (lock_ < 0) return;
  own_locks().lock()->erase(own_lock_);
  close(lock_);
}

void HlsFolder::lock() {
  if (lock_ >= 0) return;
  const std::string& path = settings_.playlist_location;
  lock_ = create(path + ".lock");
  // What cannot be written is told with the first segment.
  if (lock_ < 0) return;
  const std::string whole = fs::absolute(path).lexically_normal();
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) {
    own_locks().lock()->insert(own_lock_ = whole);
    return;
  }
  if (errno != EWOULDBLOCK) return;
  close(std::exchange(lock_, -1));
  if (own_locks().lock()->contains(whole))
    throw Error(Fault::write, "this program itself still writes " + path,
                "give each livehlssink a place of its own; where the disk stood still, start again "
                "once it answers");
  throw Error(Fault::write, "another program writes " + path,
              "stop it, or choose another place for this one");
}

void HlsFolder::begin_anew() {
  const std::string& path = settings_.playlist_location;
  if (fs::exists(fs::path(path))) {
    const std::string aside = path + ".before";
    const bool is_moved = g_rename(path.c_str(), aside.c_str()) == 0;
    tell(Error(Fault::damaged,
               path + " is no playlist that can be gone on with; a new one begins" +
                   (is_moved ? ", it is " + aside + " now" : ""),
               "let players load the address again if they stop"));
  }
  // There are never fewer names than numbers in a playlist.
  playlist_.begin_at(next_index_);
}

void HlsFolder::resume() {
  lock();
  scan();
  gchar* text = nullptr;
  gsize size = 0;
  g_file_get_contents(settings_.playlist_location.c_str(), &text, &size, nullptr);
  const Own<gchar> owner(text);
  auto before = text ? HlsPlaylist::read({text, size}, settings_.playlist_length) : std::nullopt;
  if (!before) {
    begin_anew();
    return;
  }
  for (const auto& segment : before->segments()) {
    const Own<gchar> name(g_uri_unescape_string(segment.uri.c_str(), nullptr));
    if (!name) continue;
    if (const auto index = index_of(fs::path(name.get()).filename()))
      next_index_ = std::max(next_index_, *index + 1);
  }
  if (before->target() < settings_.target_duration)
    tell(Error(Fault::settings,
               settings_.playlist_location + " promises segments of at most " +
                   std::to_string(before->target()) + " s, so target-duration=" +
                   std::to_string(settings_.target_duration) + " is not used",
               "delete the playlist, or choose another place, for longer segments"));
  // Who saw the end listed asks no more: this is another show.
  if (before->ended()) before->clear();
  playlist_ = std::move(*before);
}

void HlsFolder::set_clock(gint64 utc_of_zero) {
  utc_of_zero_ = utc_of_zero;
  const gint64 late = playlist_.end() - utc(start_);
  if (late <= 0) return;
  *utc_of_zero_ += late;
  if (late > kClockStep) tell_ahead(late);
}

/// Airtime never goes back. Where the clock was set forward, airtime jumps, and whether it does is
/// returned; where it was set back, or slips, the next segments begin a little early or late.
bool HlsFolder::follow_clock(gint64 utc_of_zero) {
  const gint64 late = *utc_of_zero_ - utc_of_zero;
  if (late <= -kClockStep) {
    utc_of_zero_ = utc_of_zero;
    return true;
  }
  if (late >= kClockStep)
    tell_ahead(late);
  else
    is_ahead_told_ = false;
  if (std::abs(late) < kClockNoise || playlist_.segments().empty()) return false;
  const auto half = static_cast<gint64>(playlist_.segments().back().duration / 2000);
  const gint64 most = std::min(kMostSlew, half);
  *utc_of_zero_ -= std::clamp(late, -most, most);
  return false;
}

void HlsFolder::tell_ahead(gint64 late) {
  if (std::exchange(is_ahead_told_, true)) return;
  tell(Error(Fault::settings,
             "the clock is " + std::to_string(late / G_USEC_PER_SEC) +
                 " s behind the times of the playlist, which go on and come nearer with each "
                 "segment",
             "set the clock of this machine, and let it be corrected bit by bit, as chrony does"));
}

gint64 HlsFolder::utc(GstClockTime time) const {
  return utc_of_zero_.value_or(0) + static_cast<gint64>((time + 500) / 1000);
}

void HlsFolder::discard() {
  pending_.clear();
  if (fd_ < 0) return;
  close(std::exchange(fd_, -1));
  g_unlink((path_of(next_index_) + kPart).c_str());
}

void HlsFolder::fail(const std::string& path, int error) {
  tell(Error(Fault::write, "cannot write " + path + ": " + g_strerror(error),
             "make room, or make the folder writable; the stream goes on by itself then"));
}

void HlsFolder::tell(const Error& error) {
  if (error.fault == Fault::write && std::exchange(is_told_, true)) return;
  trouble_ = error;
}

std::optional<Error> HlsFolder::take_trouble() {
  return std::exchange(trouble_, std::nullopt);
}

bool HlsFolder::flush() {
  if (fd_ < 0) return false;
  const bool ok = write_all(fd_, pending_);
  if (!ok) {
    fail(path_of(next_index_), errno);
    discard();
  }
  pending_.clear();
  return ok;
}

void HlsFolder::write(const guint8* data, size_t size) {
  if (fd_ < 0) return;
  pending_.append(reinterpret_cast<const char*>(data), size);
  if (pending_.size() >= kBlock) flush();
}

bool HlsFolder::close_segment() {
  if (!flush()) return false;
  const std::string path = path_of(next_index_);
  if (commit(std::exchange(fd_, -1), path)) return true;
  fail(path, errno);
  return false;
}

void HlsFolder::begin(GstClockTime time, bool discontinuity, std::optional<gint64> utc_of_zero) {
  list(time);
  if (utc_of_zero && utc_of_zero_ && follow_clock(*utc_of_zero)) discontinuity |= has_listed_;
  discontinuity_ |= discontinuity;
  start_ = time;
  state_ = State::writing;
  const std::string part = path_of(next_index_) + kPart;
  fd_ = create(part);
  if (fd_ < 0) fail(part, errno);
}

void HlsFolder::end(GstClockTime time) {
  // An encoder that is ahead by more than a segment heard too late where the first shall end.
  if (!has_listed_ && !std::exchange(was_early_, true)) {
    discard();
    state_ = State::idle;
    return;
  }
  if (state_ == State::idle) return;
  if (state_ == State::writing)
    tell(Error(Fault::settings,
               "no key frame came within " + std::to_string(target()) +
                   " s, so a part of the stream is missing",
               "let the encoder make a key frame at least every target-duration (x264enc "
               "key-int-max), or set a longer target-duration"));
  list(time);
  state_ = State::missing;
  start_ = time;
}

void HlsFolder::lose() {
  discard();
  state_ = State::missing;
}

void HlsFolder::interrupt() {
  discard();
  state_ = State::idle;
  discontinuity_ = has_listed_;
  start_ = 0;
  utc_of_zero_.reset();
}

void HlsFolder::item(GstClockTime time, HlsDateRange range) {
  range.start = utc(time);
  range.id = range.item + "/" + utc_text(range.start);
  playlist_.add(std::move(range));
}

void HlsFolder::finish(GstClockTime time) {
  list(time);
  state_ = State::idle;
  if (!has_listed_) return; // what an earlier run left stays as it is
  playlist_.finish();
  publish();
}

void HlsFolder::list(GstClockTime until) {
  if (state_ == State::idle || until <= start_) return;
  const bool whole = state_ == State::writing && close_segment();
  // What is missing may be long: the promise of the longest segment holds for it as well.
  GstClockTime from = start_;
  for (const GstClockTime step = target() * GST_SECOND;
       state_ == State::missing && until - from >= step + GST_SECOND / 2; from += step)
    list_one(from, from + step, true);
  list_one(from, until, !whole);
  has_listed_ = true;
  if (publish() && whole) is_told_ = false;
  prune();
}

void HlsFolder::list_one(GstClockTime start, GstClockTime until, bool gap) {
  HlsSegment segment;
  segment.uri = uri_of(next_index_);
  segment.duration = until - start;
  segment.utc = utc(start);
  segment.gap = gap;
  segment.discontinuity = std::exchange(discontinuity_, false);
  playlist_.add(std::move(segment));
  kept_.push_back(gap ? std::string() : path_of(next_index_));
  ++next_index_;
}

bool HlsFolder::publish() {
  if (replace(settings_.playlist_location, playlist_.text())) return true;
  fail(settings_.playlist_location, errno);
  return false;
}

void HlsFolder::prune() {
  while (kept_.size() > settings_.max_files) {
    if (!kept_.front().empty()) g_unlink(kept_.front().c_str());
    kept_.pop_front();
  }
}

} // namespace aigc
