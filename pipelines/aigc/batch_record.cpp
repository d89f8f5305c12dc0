// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_record.h.
#include "batch_record.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameBytes = 200; ///< leaves room for the ending and for temporary names

struct FreeChecksum {
  void operator()(GChecksum* sum) const { g_checksum_free(sum); }
};
using Checksum = std::unique_ptr<GChecksum, FreeChecksum>;

std::string record_path(const std::string& out) {
  const fs::path path(out);
  std::string name = path.filename();
  if (name.size() > kNameBytes)
    name = take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, name.c_str(), -1));
  return path.parent_path() / ".aigc-batch" / (name + ".json");
}

std::string digest_of_bytes(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  const Checksum sum(g_checksum_new(G_CHECKSUM_SHA256));
  std::vector<guchar> piece(256 << 10);
  ssize_t count = file ? 1 : -1;
  while (count > 0 && (count = ::read(file.get(), piece.data(), piece.size())) > 0)
    g_checksum_update(sum.get(), piece.data(), count);
  if (count < 0)
    throw Error(Fault::read, path + " cannot be read: " + g_strerror(errno),
                "Check its permissions.");
  return g_checksum_get_string(sum.get());
}

} // namespace

std::optional<BatchRecord> read_record(const std::string& out) {
  const auto bytes = read_file(record_path(out));
  if (!bytes) return {};
  try {
    const auto root = parse_json(view(bytes.get()));
    const JsonView read(root.get());
    BatchRecord record{.digest = read["digest"].text(),
                       .made = read["state"].text() == "made",
                       .message = read["message"].text(),
                       .remedy = read["remedy"].text(),
                       .seconds = read["seconds"].number().value_or(0),
                       .cache_hits = static_cast<int>(read["cache-hits"].integer().value_or(0))};
    for (const auto& currency : read["cost"].members())
      record.cost[currency] = read["cost"][currency.c_str()].number().value_or(0);
    return record;
  } catch (const Error&) {
    return {};
  }
}

void write_record(const std::string& out, const BatchRecord& record) {
  JsonObjectMaker json, cost;
  for (const auto& [currency, amount] : record.cost)
    cost.set(currency.c_str(), amount);
  json.set("state", record.made ? "made" : "failed").set("digest", record.digest);
  if (!record.message.empty()) json.set("message", record.message).set("remedy", record.remedy);
  json.set("cost", cost).set("seconds", record.seconds).set("cache-hits", record.cache_hits);
  const std::string path = record_path(out);
  make_folder(fs::path(path).parent_path());
  // What a power cut takes from it is made again, out of the store.
  write_file(path, json.text() + "\n", false);
}

std::string Digests::of_file(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0)
    throw Error(Fault::read, path + " cannot be read: " + g_strerror(errno), "Check the path.");
  const std::string key = path + "\n" + std::to_string(info.st_size) + "\n" +
                          std::to_string(info.st_mtim.tv_sec) + "." +
                          std::to_string(info.st_mtim.tv_nsec);
  {
    std::lock_guard guard(mutex_);
    if (const auto known = files_.find(key); known != files_.end()) return known->second;
  }
  const std::string digest = digest_of_bytes(path);
  std::lock_guard guard(mutex_);
  return files_[key] = digest;
}

std::string Digests::contents_of(const std::string& path) {
  return of_file(path) + fs::path(path).extension().string();
}

std::string Digests::of(const JobFile& job, Values values) {
  std::string text = job.name() + "\n";
  for (const auto& variable : job.variables()) {
    const auto value = values.find(variable.name);
    if (value == values.end()) continue;
    if (variable.type == Type::output)
      value->second = fs::path(value->second).extension();
    else if (variable.type == Type::input || variable.type == Type::brand)
      value->second = contents_of(value->second);
    else if (variable.name == "max-cost" && !variable.required && !variable.initial)
      values.erase(value); // it decides whether, not what
  }
  if (const auto shade = values.find("title.shade"); shade != values.end())
    shade->second = contents_of(shade->second);
  // A value may be for the runner alone, and not in the line.
  for (const auto& [name, value] : values)
    text += name + "=" + value + "\n";
  text += job.render(values);
  return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.data(), text.size()));
}

} // namespace aigc::runner
