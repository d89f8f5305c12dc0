// SPDX-License-Identifier: LGPL-2.1-or-later
// See ledger.h.
#include "store/ledger.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"
#include "store/journal.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace aigc {

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

} // namespace

void Ledger::add(const LedgerLine& line, bool once) const {
  make_folder(std::filesystem::path(path_).parent_path());
  const Descriptor file(path_, O_RDWR | O_CREAT | O_APPEND);
  if (!file) cannot_write(path_, g_strerror(errno));
  // Held for one line and a sync by whoever has it, and given up with the process.
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const bool is_held = errno == EWOULDBLOCK || errno == EINTR; // else there are no locks here
    if (!is_held || std::chrono::steady_clock::now() > patience)
      cannot_write(path_, g_strerror(errno));
    std::this_thread::sleep_for(1ms);
  }
  if (once)
    for (const auto& known : lines_of(file.read()))
      if (known.call == line.call) return;
  std::string text = text_of(line);
  char last = '\n';
  if (const off_t end = lseek(file.get(), 0, SEEK_END); end > 0)
    if (pread(file.get(), &last, 1, end - 1) != 1) cannot_write(path_, g_strerror(errno));
  if (last != '\n') text.insert(0, "\n"); // what a crash cut off stays a line of its own
  if (!file.append(text) || fsync(file.get()) != 0) cannot_write(path_, g_strerror(errno));
}

std::vector<LedgerLine> Ledger::lines() const {
  const auto bytes = read_file(path_);
  return bytes ? lines_of(view(bytes.get())) : std::vector<LedgerLine>();
}

std::set<std::string> Ledger::tasks_since(gint64 since) const {
  std::set<std::string> tasks;
  for (const auto& line : lines())
    if (line.time >= since && !line.task.empty()) tasks.insert(line.task);
  return tasks;
}

} // namespace aigc
