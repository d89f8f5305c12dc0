// SPDX-License-Identifier: LGPL-2.1-or-later
// See ledger.h.
#include "store/ledger.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"
#include "store/journal.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace aigc {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr const char* kBilled = "billed";
constexpr const char* kUnclear = "unclear";
constexpr const char* kExpected = "expected"; ///< member: of the units and the cost

std::string time_text(gint64 ms) {
  const auto when = adopt(g_date_time_new_from_unix_utc(ms / 1000));
  const std::string seconds = take_string(g_date_time_format(when.get(), "%Y-%m-%dT%H:%M:%S"));
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return seconds + "." + fraction + "Z";
}

gint64 time_from(const std::string& text) {
  const auto when = adopt(g_date_time_new_from_iso8601(text.c_str(), nullptr));
  if (!when) return 0;
  return g_date_time_to_unix(when.get()) * 1000 + g_date_time_get_microsecond(when.get()) / 1000;
}

std::string text_of(const LedgerLine& line) {
  JsonObjectMaker object;
  object.set("time", time_text(line.time)).set("state", line.unclear ? kUnclear : kBilled);
  object.set("call", line.call).set("key", line.key);
  object.set("service", line.service).set("model", line.model).set("stage", line.stage);
  object.set("request-id", line.request_id).set("task", line.task);
  object.set("usage", usage_json(line.usage));
  object.set("cost", line.cost).set("currency", line.currency).set("prices", line.prices);
  if (line.expected) object.set(kExpected, true);
  return object.text() + "\n";
}

LedgerLine line_of(const JsonView& object) {
  LedgerLine line;
  line.time = time_from(object["time"].text());
  line.unclear = object["state"].text() == kUnclear;
  line.call = object["call"].text();
  line.key = object["key"].text();
  line.service = object["service"].text();
  line.model = object["model"].text();
  line.stage = object["stage"].text();
  line.request_id = object["request-id"].text();
  line.task = object["task"].text();
  line.usage = usage_from(object["usage"]);
  line.cost = object["cost"].number().value_or(0);
  line.currency = object["currency"].text();
  line.prices = object["prices"].text();
  line.expected = object[kExpected].boolean(false);
  return line;
}

std::vector<LedgerLine> lines_of(std::string_view text) {
  std::vector<LedgerLine> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    try {
      const auto root = parse_json(line);
      lines.push_back(line_of(JsonView(root.get())));
    } catch (const Error&) {
      // cut off by a crash
    }
  }
  return lines;
}

/// The number in `ledger-NUMBER.jsonl`; 0 for any other file.
size_t number_of(const std::string& name) {
  size_t number = 0;
  int end = 0;
  if (std::sscanf(name.c_str(), "ledger-%9zu.jsonl%n", &number, &end) != 1) return 0;
  return static_cast<size_t>(end) == name.size() ? number : 0;
}

/// Waits for the lock of an open file.
void hold(const Descriptor& file, const std::string& path) {
  // Held for one line and a sync by whoever has it, and given up with the process.
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const bool is_held = errno == EWOULDBLOCK || errno == EINTR; // else there are no locks here
    if (!is_held || std::chrono::steady_clock::now() > patience)
      cannot_write(path, g_strerror(errno));
    std::this_thread::sleep_for(1ms);
  }
}

/// Whether the path leads to that file, which is not put aside.
bool is_at(const Descriptor& file, const std::string& path) {
  struct stat open {
  }, there{};
  return fstat(file.get(), &open) == 0 && stat(path.c_str(), &there) == 0 &&
         open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

using Pieces = std::vector<std::vector<LedgerLine>>;

/// Adds the lines since `since` piece by piece from the end of the file. False once a whole piece
/// has none of them: the clock may have been set, so that one line alone says nothing.
bool read_back(const std::string& path, gint64 since, Pieces& pieces) {
  constexpr off_t kPiece = 256 << 10;
  const Descriptor file(path, O_RDONLY);
  off_t end = file ? lseek(file.get(), 0, SEEK_END) : 0;
  for (std::string cut; end > 0;) { // of a line that begins in the piece before
    std::string piece(static_cast<size_t>(std::min(end, kPiece)), '\0');
    end -= static_cast<off_t>(piece.size());
    if (pread(file.get(), piece.data(), piece.size(), end) != static_cast<ssize_t>(piece.size()))
      return true;
    piece += cut;
    const size_t first = end > 0 ? piece.find('\n') : 0;
    cut = piece.substr(0, first);
    if (first == std::string::npos) continue;
    auto found = lines_of(std::string_view(piece).substr(first));
    const size_t old = std::erase_if(found, [&](const auto& line) { return line.time < since; });
    if (old > 0 && found.empty()) return false;
    pieces.push_back(std::move(found));
  }
  return true;
}

} // namespace

/// Oldest first.
std::vector<std::string> Ledger::files() const {
  const fs::path folder = fs::path(path_).parent_path();
  std::map<size_t, std::string> aside;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
    if (const size_t number = number_of(at->path().filename())) aside.emplace(number, at->path());
  std::vector<std::string> files;
  for (auto& [number, path] : aside)
    files.push_back(std::move(path));
  files.push_back(path_);
  return files;
}

/// For a file that is put aside.
std::string Ledger::next_path() const {
  const auto known = files();
  const size_t last = known.size() < 2 ? 0 : number_of(fs::path(known.end()[-2]).filename());
  return fs::path(path_).parent_path() / ("ledger-" + std::to_string(last + 1) + ".jsonl");
}

/// Locked, and with room for a line.
Descriptor Ledger::open() const {
  make_folder(fs::path(path_).parent_path());
  for (;;) {
    Descriptor file(path_, O_RDWR | O_CREAT | O_APPEND);
    if (!file) cannot_write(path_, g_strerror(errno));
    hold(file, path_);
    if (!is_at(file, path_)) continue; // another process has put it aside meanwhile
    const off_t size = lseek(file.get(), 0, SEEK_END);
    if (size < static_cast<off_t>(longest_)) return file;
    const std::string aside = next_path();
    if (rename(path_.c_str(), aside.c_str()) != 0) return file; // it only gets longer
  }
}

void Ledger::add(const LedgerLine& line, bool once, gint64 since) const {
  const Descriptor file = open();
  if (once)
    for (const auto& known : lines_since(since))
      if (known.call == line.call) return;
  append(file, text_of(line));
}

void Ledger::add(const std::vector<LedgerLine>& lines) const {
  if (lines.empty()) return;
  std::string text;
  for (const auto& line : lines)
    text += text_of(line);
  append(open(), std::move(text));
}

void Ledger::append(const Descriptor& file, std::string text) const {
  char last = '\n';
  if (const off_t end = lseek(file.get(), 0, SEEK_END); end > 0)
    if (pread(file.get(), &last, 1, end - 1) != 1) cannot_write(path_, g_strerror(errno));
  if (last != '\n') text.insert(0, "\n"); // what a crash cut off stays a line of its own
  if (!file.append(text) || fsync(file.get()) != 0) cannot_write(path_, g_strerror(errno));
}

std::vector<LedgerLine> Ledger::lines() const {
  return lines_since(std::numeric_limits<gint64>::min());
}

std::vector<LedgerLine> Ledger::lines_since(gint64 since) const {
  Pieces pieces;
  const auto all = files();
  for (auto path = all.rbegin(); path != all.rend(); ++path)
    if (!read_back(*path, since, pieces)) break;
  std::vector<LedgerLine> lines;
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece)
    std::move(piece->begin(), piece->end(), std::back_inserter(lines));
  return lines;
}

std::set<std::string> Ledger::tasks_since(gint64 since) const {
  std::set<std::string> tasks;
  for (const auto& line : lines_since(since))
    if (!line.task.empty()) tasks.insert(line.task);
  return tasks;
}

} // namespace aigc
