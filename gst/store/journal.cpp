// SPDX-License-Identifier: LGPL-2.1-or-later
// See journal.h.
#include "store/journal.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include <glib/gstdio.h>

namespace aigc {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIntent = "intent";
constexpr const char* kTask = "task";

std::string text_of(const JournalEntry& entry) {
  JsonObjectMaker object;
  object.set("state", entry.state == JournalEntry::State::intent ? kIntent : kTask);
  object.set("call", entry.call).set("service", entry.service).set("host", entry.host);
  object.set("account", entry.account).set("model", entry.model);
  object.set("stage", entry.stage).set("sent", entry.sent).set("task", entry.task);
  object.set("cost", entry.cost).set("currency", entry.currency);
  object.set("url", entry.url).set("request-id", entry.request_id).set("seed", entry.seed);
  return object.set("usage", usage_json(entry.usage)).text() + "\n";
}

JournalEntry entry_of(const JsonView& object) {
  JournalEntry entry;
  const std::string state = object["state"].text();
  if (state == kTask)
    entry.state = JournalEntry::State::task;
  else if (state != kIntent)
    throw Error(Fault::format, "its state is \"" + state + "\"");
  entry.call = object["call"].text();
  entry.service = object["service"].text();
  entry.host = object["host"].text();
  entry.account = object["account"].text();
  entry.model = object["model"].text();
  entry.stage = object["stage"].text();
  entry.sent = object["sent"].integer().value_or(0);
  entry.task = object["task"].text();
  entry.cost = object["cost"].number().value_or(0);
  entry.currency = object["currency"].text();
  entry.url = object["url"].text();
  entry.request_id = object["request-id"].text();
  entry.seed = object["seed"].integer().value_or(-1);
  entry.usage = usage_from(object["usage"]);
  if (entry.state == JournalEntry::State::task && entry.task.empty() && entry.url.empty())
    throw Error(Fault::format, "it names no task");
  return entry;
}

/// A line that a crash cut off has no end, and the one before it counts.
JournalEntry last_entry(std::string_view text) {
  text = text.substr(0, text.rfind('\n') + 1);
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  const auto root = parse_json(text.substr(text.rfind('\n') + 1));
  return entry_of(JsonView(root.get()));
}

} // namespace

bool Journal::has(const std::string& key) const {
  return g_file_test(path(key).c_str(), G_FILE_TEST_EXISTS);
}

std::optional<JournalEntry> Journal::read(const std::string& key) const {
  const auto bytes = read_file(path(key));
  if (!bytes && !has(key)) return std::nullopt;
  try {
    if (!bytes) throw Error(Fault::read, "it may not be opened");
    return last_entry(view(bytes.get()));
  } catch (const Error& error) {
    throw Error(Fault::format,
                "the journal of unfinished calls cannot be read in " + path(key) + ": " +
                    error.what(),
                "look at the service's bill, then remove the file");
  }
}

void Journal::write(const std::string& key, const JournalEntry& entry) const {
  if (entry.state == JournalEntry::State::task) {
    const Descriptor file(path(key), O_WRONLY | O_APPEND);
    if (file && file.append("\n" + text_of(entry)) && fdatasync(file.get()) == 0) return;
  }
  make_folder(folder_);
  write_file(path(key), text_of(entry));
}

void Journal::clear(const std::string& key) const {
  g_unlink(path(key).c_str());
}

std::vector<std::string> Journal::keys() const {
  std::vector<std::string> keys;
  std::error_code failed;
  for (fs::directory_iterator at(folder_, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ".json") keys.push_back(at->path().stem());
  return keys;
}

std::set<std::string> Journal::tasks_but(const std::string& key) const {
  std::set<std::string> tasks;
  for (const auto& other : keys()) {
    if (other == key) continue;
    try {
      const auto entry = read(other);
      if (entry && !entry->task.empty()) tasks.insert(entry->task);
    } catch (const Error&) {
      // whose entry it is will say so
    }
  }
  return tasks;
}

JsonObjectMaker usage_json(const Usage& usage) {
  JsonObjectMaker object;
  if (usage.input_tokens) object.set("input-tokens", usage.input_tokens);
  if (usage.cached_tokens) object.set("cached-tokens", usage.cached_tokens);
  if (usage.output_tokens) object.set("output-tokens", usage.output_tokens);
  if (usage.pictures) object.set("pictures", usage.pictures);
  if (usage.seconds > 0) object.set("seconds", usage.seconds);
  if (!usage.tier.empty()) object.set("tier", usage.tier);
  return object;
}

Usage usage_from(const JsonView& object) {
  Usage usage;
  usage.input_tokens = object["input-tokens"].integer().value_or(0);
  usage.cached_tokens = object["cached-tokens"].integer().value_or(0);
  usage.output_tokens = object["output-tokens"].integer().value_or(0);
  usage.pictures = object["pictures"].integer().value_or(0);
  usage.seconds = object["seconds"].number().value_or(0);
  usage.tier = object["tier"].text();
  return usage;
}

} // namespace aigc
