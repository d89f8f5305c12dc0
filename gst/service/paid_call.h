// SPDX-License-Identifier: LGPL-2.1-or-later
// One paid call: ordered once, followed until its result is home. Every
// step it reaches may be the last thing the process does.
#pragma once

#include "net/limiter.h"
#include "service/driver.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "store/lock.h"

#include <chrono>
#include <memory>
#include <optional>

namespace aigc {

/// What one run carries along.
struct Attempt {
  const Request& request;
  const DriverOptions& options;
  std::string key;
  Call call;
  unsigned requests = 0;
  bool doubtful = false; ///< a call was given up that may be billed all the same

  /// Throws Error{Fault::cancelled, timeout}.
  void check() const;
  /// Waits, but not beyond the deadline. Throws as check().
  void pause(std::chrono::nanoseconds duration) const;
  void reached(Step step) const {
    if (options.reached) options.reached(step);
  }
};

/// The row of the request's model, or null.
const Model* model_of(const Backend& backend, const Request& request);

/// How fast it may be asked, by the table; `request` must outlive what is returned.
Pace pace_of(const Model* model, const Request& request);

/// Of all calls of that pace, as the table or the price file limit them.
std::shared_ptr<Limiter> limiter_for(const Endpoint& endpoint, const Prices& prices,
                                     const Pace& own);

class PaidCall {
 public:
  struct House {
    Backend& backend;
    const ResultStore& store;
    const Prices& prices;
    TaskTimes& times;
    const KeyLock& lock; ///< of the result
  };

  PaidCall(const House& house, Attempt& attempt);
  ~PaidCall();
  PaidCall(const PaidCall&) = delete;
  PaidCall& operator=(const PaidCall&) = delete;

  /// Goes on with what the journal has, or orders anew. The result is here, verified and priced.
  Result obtain();

  /// What the ledger knows it by.
  const std::string& id() const { return entry_.call; }

  /// The result is delivered: bills it and closes its entry in the journal, which stays when the
  /// store could not keep what the service still has.
  void close(const Result& result, bool kept);

  /// A run before this one kept the result, but did not get to close(). A later call for the same
  /// result, which was asked for anew, stays open.
  void close_left(const StoredResult& found);

 private:
  // paid_call.cpp: what is sent
  bool resume();
  std::optional<Result> order();
  std::optional<Result> submit();
  bool may_try_again(const Error& error) const;
  bool clarify(const Error& lost);
  Found find_lost();
  void back_off(const Error& error);
  void heed(const Error& error, std::chrono::milliseconds wait);
  void enter_again();
  void check_held() const;
  void reserve();
  void refuse_unknown(const SpendLimits& limits) const;
  // task_wait.cpp: what is waited for
  Result wait();
  std::optional<Poll> look(std::chrono::nanoseconds gap);
  void rest(std::chrono::nanoseconds gap);
  void judge(const Error& error);
  void cancel_task();
  // fetch.cpp: what comes home
  void bring_home(Result& result);
  void fetch(Result& result);
  void download(const Result& result);
  void verify(Result& result);
  void refuse(const Result& result);
  [[noreturn]] void give_up(const Result& result, const Error& error);
  /// It was sent so long ago that its service keeps nothing of it any more.
  bool is_forgotten() const;

  /// Warns when it is not, or cannot be told.
  bool is_ours() const;
  void note();
  void note_task(const std::string& id);
  void note_address(const Result& result);
  void price(Result& result) const;
  LedgerLine line() const;
  void add_to_ledger(const LedgerLine& line) const;
  /// Nothing will be billed.
  void drop();
  void clear_entry();
  enum class Billed { perhaps, surely };
  /// Nothing can be had of it any more. What it cost was not said: the ledger has what was
  /// expected.
  void write_off(Billed billed);

  const House house_;
  Attempt& attempt_;
  const Endpoint endpoint_;
  const Model* model_;
  const Journal journal_;
  const Ledger ledger_;
  std::shared_ptr<Limiter> limiter_; ///< of creates
  std::shared_ptr<Limiter> polls_;   ///< of all looks on this account
  Limiter::Slot slot_;
  JournalEntry entry_;
  bool continued_ = false; ///< a run before this one began it
  bool open_ = false;      ///< the journal has it
  bool reserved_ = false;
  bool refreshed_ = false;                      ///< the result's address was asked for again
  std::chrono::steady_clock::time_point begun_; ///< the time of this shot's own
  std::chrono::steady_clock::time_point sent_;  ///< the last create
  std::chrono::steady_clock::time_point submitted_;
  unsigned failed_looks_ = 0;        ///< in a row
  std::chrono::nanoseconds hold_{0}; ///< what the last failed look asks to wait
};

} // namespace aigc
