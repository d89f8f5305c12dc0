// SPDX-License-Identifier: LGPL-2.1-or-later
// See ledger.h. Here: what may still be spent.
#include "base/ref.h"
#include "store/journal.h"
#include "store/ledger.h"

#include <algorithm>

namespace aigc {

namespace {

constexpr double kRounding = 1e-9;

std::string money(double value, const std::string& currency) {
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  return std::string(g_ascii_formatd(text, sizeof text, "%.4g", value)) + " " + currency;
}

Error beyond(const char* limit, const std::string& what, const std::string& remedy) {
  Error error(Fault::no_funds, what, remedy);
  error.code = limit;
  return error;
}

} // namespace

bool is_own_limit(const Error& error) {
  return error.fault == Fault::no_funds && (error.code == kMaxCost || error.code == kMaxCostHour);
}

Budget& Budget::process() {
  static auto* budget = new Budget; // never destroyed: a worker may outlive main()
  return *budget;
}

/// By age, which a clock that is set meanwhile does not change.
void Budget::recall(const std::string& store_folder) {
  std::lock_guard guard(mutex_);
  if (!recalled_.insert(store_folder).second) return;
  const auto now = now_();
  const gint64 now_ms = g_get_real_time() / 1000;
  const auto add = [&](const std::string& call, gint64 time, double amount) {
    const std::chrono::milliseconds age(std::max<gint64>(now_ms - time, 0));
    if (amount > 0 && age < kHour) hour_.emplace(call, Spent{now - age, amount});
  };
  constexpr std::chrono::milliseconds hour = kHour;
  for (const LedgerLine& line : Ledger(store_folder).lines_since(now_ms - hour.count()))
    add(line.call, line.time, line.cost);
  const Journal journal(store_folder);
  for (const std::string& key : journal.keys()) {
    try {
      if (const auto open = journal.read(key)) add(open->call, open->sent, open->cost);
    } catch (const Error&) {
      // whoever wants that result says what is wrong
    }
  }
}

Budget::Clock::time_point Budget::forget_old() {
  const auto now = now_();
  std::erase_if(hour_, [&](const auto& entry) {
    const Spent& spent = entry.second;
    if (now - spent.time < kHour) return false;
    if (spent.is_open && !reserved_.contains(entry.first)) forgotten_ += spent.amount;
    return true;
  });
  return now;
}

double Budget::set_aside_but(const std::string& call) const {
  double amount = 0;
  for (const auto& [other, reserved] : reserved_)
    if (other != call) amount += reserved;
  return amount;
}

double Budget::given_up_but(const std::string& call) const {
  double amount = forgotten_;
  for (const auto& [other, entry] : hour_)
    if (entry.is_open && other != call && !reserved_.contains(other)) amount += entry.amount;
  return amount;
}

void Budget::check_all(const std::string& call, double amount, double limit,
                       const std::string& currency) const {
  const double committed = spent_ + set_aside_but(call) + given_up_but(call);
  if (limit <= 0 || committed + amount <= limit + kRounding) return;
  throw beyond(kMaxCost,
               "the call would cost about " + money(amount, currency) + ", and " +
                   money(committed, currency) + " of max-cost " + money(limit, currency) +
                   " are spent or set aside",
               "raise max-cost");
}

void Budget::check_hour(const std::string& call, double amount, double limit,
                        const std::string& currency) {
  if (limit <= 0) return;
  const auto now = forget_old();
  double committed = set_aside_but(call);
  std::vector<Spent> spent;
  for (const auto& [other, entry] : hour_) {
    if (other == call || reserved_.contains(other)) continue;
    committed += entry.amount;
    spent.push_back(entry);
  }
  if (committed + amount <= limit + kRounding) return;
  Error error = beyond(kMaxCostHour,
                       "the call would cost about " + money(amount, currency) + ", and " +
                           money(committed, currency) + " of max-cost-hour " +
                           money(limit, currency) + " were spent in the last hour or are set aside",
                       "wait, or raise max-cost-hour");
  std::sort(spent.begin(), spent.end(),
            [](const Spent& one, const Spent& other) { return one.time < other.time; });
  for (const Spent& entry : spent) {
    committed -= entry.amount;
    if (committed + amount > limit + kRounding) continue;
    error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(entry.time + kHour - now);
    break;
  }
  throw error;
}

void Budget::reserve(const std::string& call, double amount, const SpendLimits& limits,
                     const std::string& currency) {
  std::lock_guard guard(mutex_);
  check_all(call, amount, limits.all, currency);
  check_hour(call, amount, limits.hour, currency);
  reserved_[call] = amount;
}

void Budget::settle(const std::string& call, double amount) {
  std::lock_guard guard(mutex_);
  reserved_.erase(call);
  spent_ += amount;
  const auto now = forget_old();
  if (amount > 0)
    hour_[call] = {now, amount};
  else
    hour_.erase(call);
}

void Budget::give_up(const std::string& call) {
  std::lock_guard guard(mutex_);
  const auto reserved = reserved_.extract(call);
  const auto now = forget_old();
  if (reserved && reserved.mapped() > 0) hour_[call] = {now, reserved.mapped(), true};
}

double Budget::spent() const {
  std::lock_guard guard(mutex_);
  return spent_;
}

} // namespace aigc
