// SPDX-License-Identifier: LGPL-2.1-or-later
// See paid_call.h. Here: what is sent, and when it may be.
#include "service/paid_call.h"

#include "net/backoff.h"
#include "service/billing.h"
#include "service/driver_log.h"

#include <algorithm>
#include <cerrno>

namespace aigc {

using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;
using namespace std::chrono_literals;

namespace {

constexpr double kPollsPerSecond = 18; ///< services allow 20 per account
constexpr const char* kPollGroup = "polls";
constexpr unsigned kFindTries = 3;
constexpr auto kRatePause = 4s;             ///< the longest after kRateStep tries
constexpr unsigned kRateStep = 3;           ///< of backoff(), at most: such limits are for seconds
constexpr gint64 kKnownMs = 25 * 3'600'000; ///< services forget tasks a little earlier

gint64 now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch())
      .count();
}

std::string seconds_text(std::chrono::milliseconds duration) {
  return std::to_string((duration.count() + 999) / 1000) + " s";
}

/// Fewer calls at once are what helps.
bool is_crowded(const Error& error) {
  return error.too_fast || error.http_status == 503 || error.http_status == 529;
}

/// There is no time for the wait that the service asks for.
Error in_vain(Error error) {
  error.retry = false;
  error.remedy = "the service asks to wait for " + seconds_text(error.retry_after) +
                 ", which is beyond timeout: run again then";
  return error;
}

} // namespace

const Model* model_of(const Backend& backend, const Request& request) {
  for (const Model& model : backend.models())
    if (model.role == request.role && model.name == request.model) return &model;
  return backend.other_model(request.role, request.model);
}

Pace pace_of(const Model* model, const Request& request) {
  Pace pace = model ? model->pace : Pace();
  if (!*pace.group) pace.group = request.model.c_str();
  return pace;
}

void Attempt::check() const {
  call.cancel.check();
  if (Clock::now() < call.deadline) return;
  throw Error(Fault::timeout, "no result within " + std::to_string(options.timeout.count()) + " ms",
              "raise timeout, or try again later");
}

void Attempt::pause(std::chrono::nanoseconds duration) const {
  call.cancel.sleep(std::min<std::chrono::nanoseconds>(duration, call.deadline - Clock::now()));
  check();
}

std::shared_ptr<Limiter> limiter_for(const Endpoint& endpoint, const Prices& prices,
                                     const Pace& own) {
  const Pace pace = pace_of(prices, own);
  return Limiter::shared({endpoint.host, endpoint.account, pace.group}, pace.per_second,
                         pace.concurrent);
}

PaidCall::PaidCall(const House& house, Attempt& attempt)
    : house_(house), attempt_(attempt), endpoint_(house.backend.endpoint()),
      model_(model_of(house.backend, attempt.request)), journal_(house.store.folder()),
      ledger_(house.store.folder()) {
  limiter_ = limiter_for(endpoint_, house.prices, pace_of(model_, attempt.request));
  polls_ = limiter_for(endpoint_, house.prices, {kPollGroup, kPollsPerSecond});
  entry_.service = house.backend.name();
  entry_.host = endpoint_.host;
  entry_.account = endpoint_.account;
  entry_.model = attempt.request.model;
  entry_.stage = stage_name(attempt.request.role);
}

PaidCall::~PaidCall() {
  if (!reserved_) return;
  if (open_)
    Budget::process().give_up(entry_.call);
  else
    Budget::process().settle(entry_.call, 0);
}

Result PaidCall::obtain() {
  std::optional<Result> answer;
  if (!resume()) answer = order();
  if (!entry_.task.empty()) answer = wait();
  if (!answer)
    answer = Result{.url = entry_.url,
                    .request_id = entry_.request_id,
                    .seed = entry_.seed,
                    .usage = entry_.usage};
  slot_ = {};
  attempt_.reached(Step::polled_done);
  bring_home(*answer);
  price(*answer);
  return std::move(*answer);
}

/// Goes on with the call that a run before this one left open. False when there is none, or nothing
/// came of it: a new one may be sent. Only where it was sent can it be asked after.
bool PaidCall::resume() {
  auto left = journal_.read(attempt_.key);
  if (!left) return false;
  if (!left->host.empty() && left->host != endpoint_.host)
    throw Error(Fault::settings, "a paid call for this result is open at " + left->host,
                "run again with that base-url, or remove " + journal_.path(attempt_.key));
  JournalEntry fresh = std::exchange(entry_, std::move(*left));
  continued_ = open_ = reserved_ = true;
  attempt_.call.id = entry_.call;
  Budget::process().reserve(entry_.call, entry_.cost, {}, entry_.currency);
  submitted_ =
      Clock::now() - std::chrono::milliseconds(std::max<gint64>(now_ms() - entry_.sent, 0));
  if (entry_.state == JournalEntry::State::task) {
    GST_INFO("%s: going on with task %s", attempt_.key.c_str(), entry_.task.c_str());
    return true;
  }
  const Found found = find_lost();
  if (found.answer == Found::Answer::task) {
    note_task(found.task.id);
    return true;
  }
  if (found.answer == Found::Answer::none) {
    Budget::process().settle(entry_.call, 0);
    drop();
  } else {
    GST_WARNING("%s may have billed a call of %s for %s whose answer was lost; the ledger has it "
                "as unclear, and it is made once more",
                entry_.service.c_str(), entry_.model.c_str(), attempt_.key.c_str());
    write_off(Billed::perhaps);
    if (open_)
      throw Error(Fault::write, "a call that may have been billed cannot be written down",
                  "make room in the folder of the store, then run again");
  }
  entry_ = std::move(fresh);
  continued_ = reserved_ = false;
  return false;
}

/// What has no price fits into no limit.
void PaidCall::refuse_unknown(const SpendLimits& limits) const {
  if (limits.all <= 0 && limits.hour <= 0) return;
  const std::string name = limits.all > 0 ? kMaxCost : kMaxCostHour;
  Error error(Fault::no_funds,
              name + " is set, but the price of " + entry_.model + " is not in " +
                  house_.prices.where(),
              "add the model to the price file, or set " + name + " to 0");
  error.code = name;
  throw error;
}

/// Each order has an id and a reservation of its own. What sends no bill fits into any limit,
/// unless the price file says what it costs.
void PaidCall::reserve() {
  entry_.call = attempt_.call.id = take_string(g_uuid_string_random());
  const auto cost =
      cost_of(house_.prices, house_.backend, entry_.model, expected_usage(attempt_.request));
  const bool is_limited = cost || !endpoint_.free;
  const SpendLimits limits = is_limited ? attempt_.options.max_cost : SpendLimits();
  if (!cost) refuse_unknown(limits);
  entry_.cost = cost.value_or(0);
  entry_.currency = cost ? house_.prices.currency() : "";
  if (limits.hour > 0) Budget::process().recall(house_.store.folder());
  Budget::process().reserve(entry_.call, entry_.cost, limits, entry_.currency);
  reserved_ = true;
  attempt_.reached(Step::reserved);
}

/// A result, or nothing when the service works on a task. Only what the service surely did not take
/// is sent again.
std::optional<Result> PaidCall::order() {
  // `timeout` is for this shot's own result: it does not run while those in front have theirs made.
  slot_ = Limiter::enter(limiter_, attempt_.call.cancel, Clock::time_point::max());
  reserve();
  check_held();
  limiter_->pace(attempt_.call.cancel, Clock::time_point::max());
  begun_ = Clock::now();
  attempt_.call.deadline = begun_ + attempt_.options.timeout;
  for (;;) {
    attempt_.check();
    house_.lock.check();
    try {
      return submit();
    } catch (const Error& error) {
      if (error.unclear) {
        if (clarify(error)) return std::nullopt;
      } else {
        if (error.billed)
          write_off(Billed::surely);
        else
          drop();
        if (!error.retry || !may_try_again(error)) {
          heed(error, error.retry_after);
          throw;
        }
        back_off(error);
        if (!reserved_) reserve();
      }
    }
    limiter_->pace(attempt_.call.cancel, attempt_.call.deadline);
  }
}

/// Only a rate that the table knows is surely over in seconds; a full queue need not be. There is
/// time for a last pause, or what the service said would be lost in a timeout.
bool PaidCall::may_try_again(const Error& error) const {
  const unsigned tries = attempt_.options.max_retries;
  if (attempt_.requests <= tries) return true;
  const bool has_rate = pace_of(model_, attempt_.request).per_second > 0;
  if (tries == 0 || !error.too_fast || !has_rate) return false;
  const auto now = Clock::now();
  return now - begun_ < attempt_.options.rate_patience && now + kRatePause < attempt_.call.deadline;
}

std::optional<Result> PaidCall::submit() {
  entry_.sent = now_ms();
  open_ = true;
  journal_.write(attempt_.key, entry_);
  attempt_.reached(Step::intent_written);
  ++attempt_.requests;
  sent_ = Clock::now();
  auto answer = house_.backend.submit(attempt_.request, attempt_.call);
  submitted_ = Clock::now();
  limiter_->succeeded();
  attempt_.reached(Step::submitted);
  if (const auto* task = std::get_if<Task>(&answer)) {
    note_task(task->id);
    return std::nullopt;
  }
  Result result = std::get<Result>(std::move(answer));
  if (!result.url.empty()) note_address(result);
  return result;
}

/// After a create whose answer was lost. True when its task was found, false when it never arrived
/// and may be sent again; throws `lost` when nobody can tell.
bool PaidCall::clarify(const Error& lost) {
  if (lost.fault == Fault::cancelled) throw lost;
  GST_INFO("%s: %s; looking for what became of it", entry_.service.c_str(), lost.what());
  Error told = lost;
  told.retry = false;
  told.remedy = "it may have been billed; running again asks for it anew";
  Found found;
  try {
    found = find_lost();
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    told.remedy = "it may have been billed; the next run finds out, or asks for it anew";
    throw told;
  }
  if (found.answer == Found::Answer::unknown) throw told;
  if (found.answer == Found::Answer::task) {
    submitted_ = Clock::now();
    note_task(found.task.id);
    return true;
  }
  drop();
  if (attempt_.requests > attempt_.options.max_retries) throw lost;
  back_off(lost);
  return false;
}

/// Looked for again for as long as a create would be tried where others of the same account ask too
/// fast: then nothing is wrong but the moment. Meanwhile other shots get tasks, which are theirs.
Found PaidCall::find_lost() {
  Intent intent;
  intent.call = entry_.call;
  intent.sent = WallClock::time_point(std::chrono::milliseconds(entry_.sent));
  const auto from = Clock::now();
  for (unsigned tries = 0;; ++tries) {
    attempt_.check();
    intent.known_tasks = journal_.tasks_but(attempt_.key);
    intent.known_tasks.merge(ledger_.tasks_since(entry_.sent - kKnownMs));
    try {
      return house_.backend.find(attempt_.request, intent, attempt_.call);
    } catch (const Error& error) {
      const bool is_patient =
          error.too_fast && Clock::now() - from < attempt_.options.rate_patience;
      if (!error.retry || (tries + 1 >= kFindTries && !is_patient)) throw;
      const unsigned step = error.too_fast ? std::min(tries, kRateStep) : tries;
      attempt_.pause(backoff(step, error.retry_after));
    }
  }
}

/// Waits before another try. Throws when the service asks for more patience than there is.
void PaidCall::back_off(const Error& error) {
  const unsigned step = attempt_.requests - 1;
  const auto wait = backoff(error.too_fast ? std::min(step, kRateStep) : step, error.retry_after);
  heed(error, wait);
  if (error.retry_after > 0ms && Clock::now() + error.retry_after >= attempt_.call.deadline)
    throw in_vain(error);
  GST_INFO("%s: %s, trying again", entry_.service.c_str(), error.what());
  const bool goes_back = is_crowded(error);
  if (goes_back) slot_ = {};
  attempt_.pause(wait);
  if (goes_back) enter_again();
}

/// What one call was told holds for all of its kind.
void PaidCall::heed(const Error& error, std::chrono::milliseconds wait) {
  if (!is_crowded(error)) return;
  limiter_->slow_down(sent_);
  if (error.too_fast || error.retry_after > 0ms) limiter_->hold_off(wait);
}

/// The place of one that was told to slow down is another's, so that fewer are under way. What
/// passes in the line is not of this shot's time.
void PaidCall::enter_again() {
  const auto from = Clock::now();
  slot_ = Limiter::enter(limiter_, attempt_.call.cancel, Clock::time_point::max());
  const auto waited = Clock::now() - from;
  begun_ += waited;
  attempt_.call.deadline += waited;
}

/// Another call was told to wait for longer than this one has.
void PaidCall::check_held() const {
  const auto held = std::chrono::ceil<std::chrono::milliseconds>(limiter_->held_for());
  if (held < attempt_.options.timeout) return;
  Error error(Fault::read, entry_.service + " was asked too fast");
  error.service = entry_.service;
  error.too_fast = true;
  error.retry_after = held;
  throw in_vain(error);
}

void PaidCall::note_task(const std::string& id) {
  entry_.state = JournalEntry::State::task;
  entry_.task = id;
  note();
}

void PaidCall::note_address(const Result& result) {
  entry_.state = JournalEntry::State::task;
  entry_.url = result.url;
  entry_.request_id = result.request_id;
  entry_.seed = result.seed;
  entry_.usage = result.usage;
  note();
}

/// Who took the lock over, because this machine slept, goes by the journal: what stands there now
/// is theirs, and money may hang on it. A lock that cannot be read is no sign of that.
bool PaidCall::is_ours() const {
  const KeyLock::Holder holder = house_.lock.holder();
  if (holder == KeyLock::Holder::us) return true;
  const bool is_unknown = holder == KeyLock::Holder::unknown;
  GST_WARNING("%s: %s", attempt_.key.c_str(),
              is_unknown ? g_strerror(errno) : "another process took over the work on this result");
  return is_unknown;
}

/// What is ordered is followed to its end, also where that cannot be written down any more: the
/// intent in the journal still leads the next run to it.
void PaidCall::note() {
  const char* what = entry_.task.empty() ? "the address of a result" : entry_.task.c_str();
  if (!is_ours()) {
    GST_WARNING("%s is not written into the journal of paid calls", what);
    return;
  }
  try {
    journal_.write(attempt_.key, entry_);
  } catch (const Error& error) {
    GST_WARNING("%s is not in the journal of paid calls: %s", what, error.what());
    return;
  }
  attempt_.reached(Step::task_written);
}

/// What the service says of its own price stands where the price file says nothing.
void PaidCall::price(Result& result) const {
  result.usage = billed_usage(attempt_.request, result.usage);
  const auto cost = cost_of(house_.prices, house_.backend, entry_.model, result.usage);
  if (!cost) return;
  result.cost = *cost;
  result.currency = house_.prices.currency();
}

LedgerLine PaidCall::line() const {
  LedgerLine line;
  line.time = now_ms();
  line.call = entry_.call;
  line.key = attempt_.key;
  line.service = entry_.service;
  line.model = entry_.model;
  line.stage = entry_.stage;
  line.task = entry_.task;
  line.prices = house_.prices.date();
  return line;
}

/// What another run went on with may have its line.
void PaidCall::add_to_ledger(const LedgerLine& line) const {
  const bool once = continued_ || house_.lock.holder() != KeyLock::Holder::us;
  ledger_.add(line, once, entry_.sent - kKnownMs);
}

void PaidCall::close(const Result& result, bool kept) {
  LedgerLine billed = line();
  billed.request_id = result.request_id;
  billed.usage = result.usage;
  billed.cost = result.cost;
  billed.currency = result.currency;
  try {
    add_to_ledger(billed);
  } catch (const Error& error) {
    GST_WARNING("a billed call is not in the ledger yet: %s", error.what());
    return; // the journal's entry brings the next run here again
  }
  attempt_.reached(Step::billed);
  Budget::process().settle(entry_.call, result.cost);
  reserved_ = false;
  const bool can_be_had_again = !entry_.task.empty() || !entry_.url.empty();
  if (!kept && can_be_had_again) return;
  clear_entry();
  open_ = false;
  attempt_.reached(Step::cleared);
}

void PaidCall::close_left(const StoredResult& found) {
  auto left = journal_.read(attempt_.key);
  if (!left || left->call != found.call) return;
  entry_ = std::move(*left);
  continued_ = open_ = true;
  close(found.result, true);
}

void PaidCall::clear_entry() {
  if (is_ours()) journal_.clear(attempt_.key);
}

void PaidCall::drop() {
  clear_entry();
  open_ = false;
}

void PaidCall::write_off(Billed billed) {
  LedgerLine lost = line();
  lost.unclear = billed == Billed::perhaps;
  lost.expected = true;
  lost.usage = expected_usage(attempt_.request);
  lost.cost = entry_.cost;
  lost.currency = entry_.currency;
  try {
    add_to_ledger(lost);
  } catch (const Error& error) {
    GST_WARNING("a call that may have been billed is not in the ledger yet: %s", error.what());
    return;
  }
  Budget::process().settle(entry_.call, entry_.cost);
  reserved_ = false;
  if (lost.unclear && !endpoint_.free) attempt_.doubtful = true;
  drop();
}

bool PaidCall::is_forgotten() const {
  return now_ms() - entry_.sent > kKnownMs;
}

} // namespace aigc
