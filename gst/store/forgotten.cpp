// SPDX-License-Identifier: LGPL-2.1-or-later
// See forgotten.h.
#include "store/forgotten.h"

#include "base/error.h"
#include "base/guarded.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "store/lock.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace aigc {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours kPause{24};
constexpr gint64 kClockErrorMs = 3'600'000; ///< of who wrote the ledger's line

gint64 now_ms() {
  return g_get_real_time() / 1000;
}

/// Whether a day is over since the last time.
bool is_due(const std::string& folder) {
  static Guarded<std::map<std::string, Clock::time_point>> looked;
  const auto now = Clock::now();
  auto times = looked.lock();
  const auto [last, is_first] = times->try_emplace(folder, now);
  if (!is_first && now - last->second < kPause) return false;
  last->second = now;
  return true;
}

/// Spares the reading of those that are not.
bool looks_old(const std::string& path) {
  std::error_code failed;
  const auto written = fs::last_write_time(path, failed);
  return !failed &&
         fs::file_time_type::clock::now() - written > std::chrono::milliseconds(kForgottenMs);
}

LedgerLine line_of(const std::string& key, const JournalEntry& entry) {
  return {.time = entry.sent, // it is no expense of this hour
          .call = entry.call,
          .key = key,
          .service = entry.service,
          .model = entry.model,
          .stage = entry.stage,
          .request_id = entry.request_id,
          .task = entry.task,
          .usage = entry.usage,
          .cost = entry.cost,
          .currency = entry.currency,
          .unclear = true,
          .expected = true};
}

struct Forgotten {
  std::unique_ptr<KeyLock> lock;
  std::string key;
  JournalEntry entry;
};

/// Nothing where it is asked after. Throws Error, also where somebody has the lock: that is not
/// waited for.
std::optional<Forgotten> take(const ResultStore& store, const Journal& journal,
                              const std::string& key) {
  Cancel taken;
  auto lock = std::make_unique<KeyLock>(store.lock_folder(), key, taken,
                                        [&](const std::string&) { taken.cancel(); });
  auto entry = journal.read(key);
  if (!entry || now_ms() - entry->sent < kForgottenMs) return std::nullopt;
  return Forgotten{std::move(lock), key, std::move(*entry)};
}

std::vector<Forgotten> take_all(const ResultStore& store, const Journal& journal,
                                const Cancel& cancel) {
  std::vector<Forgotten> all;
  for (const auto& key : journal.keys()) {
    if (cancel.cancelled() || all.size() >= kMostForgotten) break;
    if (!looks_old(journal.path(key))) continue;
    try {
      if (auto forgotten = take(store, journal, key)) all.push_back(std::move(*forgotten));
    } catch (const Error&) {
      // Another day; whoever asks for it hears what is wrong.
    }
  }
  return all;
}

/// Those that have no line yet. A shot waits meanwhile: the ledger, which may be long, is read once
/// for all.
std::vector<LedgerLine> missing_lines(const Ledger& ledger, const std::vector<Forgotten>& all) {
  gint64 oldest = now_ms();
  for (const auto& [lock, key, entry] : all)
    oldest = std::min(oldest, entry.sent);
  std::set<std::string> known;
  for (const auto& line : ledger.lines_since(oldest - kClockErrorMs))
    known.insert(line.call);
  std::vector<LedgerLine> missing;
  for (const auto& [lock, key, entry] : all)
    if (!known.contains(entry.call)) missing.push_back(line_of(key, entry));
  return missing;
}

} // namespace

void close_forgotten(const ResultStore& store, const Cancel& cancel) {
  if (!is_due(store.folder())) return;
  const Journal journal(store.folder());
  const auto all = take_all(store, journal, cancel);
  if (all.empty() || cancel.cancelled()) return;
  try {
    const Ledger ledger(store.folder());
    ledger.add(missing_lines(ledger, all));
  } catch (const Error&) {
    return; // another day
  }
  for (const auto& forgotten : all)
    journal.clear(forgotten.key);
}

} // namespace aigc
