// SPDX-License-Identifier: LGPL-2.1-or-later
// See forgotten.h.
#include "store/forgotten.h"

#include "base/error.h"
#include "base/guarded.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "store/lock.h"

#include <chrono>
#include <filesystem>
#include <map>

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

/// Throws Error, also where somebody has the lock: that is not waited for.
void close_call(const ResultStore& store, const Journal& journal, const std::string& key) {
  Cancel taken;
  const KeyLock lock(store.lock_folder(), key, taken, [&](const std::string&) { taken.cancel(); });
  const auto entry = journal.read(key);
  if (!entry || now_ms() - entry->sent < kForgottenMs) return;
  Ledger(store.folder()).add(line_of(key, *entry), true, entry->sent - kClockErrorMs);
  journal.clear(key);
}

} // namespace

void close_forgotten(const ResultStore& store, const Cancel& cancel) {
  if (!is_due(store.folder())) return;
  const Journal journal(store.folder());
  for (const auto& key : journal.keys()) {
    if (cancel.cancelled()) return;
    if (!looks_old(journal.path(key))) continue;
    try {
      close_call(store, journal, key);
    } catch (const Error&) {
      // Another day; whoever asks for it hears what is wrong.
    }
  }
}

} // namespace aigc
