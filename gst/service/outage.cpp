// SPDX-License-Identifier: LGPL-2.1-or-later
// See failover.h. Here: a channel, which goes on for ever. Its shots are not burnt while a service
// is out: they wait, and nobody is asked more often than a probe a minute.
#include "service/driver_log.h"
#include "service/failover.h"

#include <algorithm>
#include <utility>

namespace aigc {

namespace {

/// A shot that is asked for so often, while others are made or a probe says that all is well, is at
/// fault itself. More than it takes to send a service to rest.
constexpr unsigned kMostGoes = Health::kFailures + 3;

/// How much shorter the pauses are before a service rests.
constexpr unsigned kHaste = 8;

enum class Blame {
  shot,    ///< another try gives the same, or may be paid for twice
  service, ///< it will be back
  budget,  ///< a limit that is set here
  store,   ///< no room to keep a result
};

/// What was lost on the way may have been billed, and whose task is still at work had its time.
Blame blame_of(const Error& error) {
  if (is_own_limit(error)) return Blame::budget;
  if (error.fault == Fault::write) return Blame::store;
  if (error.unclear || error.ended || (error.open && error.fault == Fault::timeout))
    return Blame::shot;
  return is_down(error) || is_locked_out(error) ? Blame::service : Blame::shot;
}

} // namespace

WhenOut when_out(const DriverOptions& options) {
  return options.when_out ? options.when_out() : WhenOut::fail;
}

/// A backend that is part of this process is never out.
bool Failover::is_kept_up(const DriverOptions& options) const {
  if (candidates_.size() == 1 && keys_[0].host.empty()) return false;
  return when_out(options) != WhenOut::fail;
}

bool Failover::rests() const {
  {
    auto resting = resting_.lock();
    if (resting->contains(candidates_.size())) return true;
  }
  return std::all_of(keys_.begin(), keys_.end(),
                     [this](const HealthKey& key) { return health_.rests(key); });
}

/// A shot that waits for what is set here, from its first wait until it is through. While one of
/// them waits, the user is not told that all is well again.
class Failover::Pause {
 public:
  Pause(const Failover& owner, const DriverOptions& options) : owner_(owner), options_(options) {}
  ~Pause() { end(false); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  void begin(const char* reason, const Error& why) {
    if (!std::exchange(waits_, true)) ++*owner_.held_.lock();
    owner_.tell_rest(
        owner_.candidates_.size(),
        {.service = owner_.first().driver.backend().name(), .reason = reason, .why = why},
        options_);
  }
  void end(bool is_through) {
    if (!std::exchange(waits_, false) || --*owner_.held_.lock() > 0) return;
    if (is_through)
      owner_.note_back(owner_.candidates_.size(), options_);
    else
      owner_.resting_.lock()->erase(owner_.candidates_.size());
  }

 private:
  const Failover& owner_;
  const DriverOptions& options_;
  bool waits_ = false;
};

Failover::Made Failover::make(const Ask& ask, const DriverOptions& options, Cancel& cancel,
                              const std::function<void(int)>& progress, const Warn& warn) const {
  unsigned goes = 0, sent = 0;
  std::chrono::nanoseconds rested{0};
  Pause pause(*this, options);
  DriverOptions watched = options;
  watched.reached = [&](Step step) {
    if (step == Step::submitted) pause.end(true);
    if (options.reached) options.reached(step);
  };
  for (unsigned times = 0;; ++times) {
    std::optional<Error> failure;
    if (times > 0 && options.max_cost_now) watched.max_cost = options.max_cost_now();
    try {
      Made made = make_once(ask, watched, cancel, progress, warn, rested);
      pause.end(true);
      made.done.requests += sent;
      made.done.rested = rested;
      return made;
    } catch (const Error& error) {
      failure = error;
    }
    sent += failure->requests;
    goes += failure->requests > 0;
    const Blame blame = blame_of(*failure);
    const bool is_given_up = blame == Blame::service && goes >= kMostGoes;
    failure->requests = sent;
    if (blame == Blame::shot || is_given_up || when_out(options) != WhenOut::wait)
      throw Error(*failure);
    const auto from = std::chrono::steady_clock::now();
    await(*failure, times, pause, cancel);
    rested += std::chrono::steady_clock::now() - from;
  }
}

/// Before another go. While the service rests, the next go waits for it.
void Failover::await(const Error& error, unsigned times, Pause& pause, Cancel& cancel) const {
  const Blame blame = blame_of(error);
  std::chrono::nanoseconds length = health_.pause(times);
  if (blame == Blame::service) {
    if (rests()) return;
    length = std::max<std::chrono::nanoseconds>(length / kHaste, error.retry_after);
  } else {
    pause.begin(blame == Blame::budget ? "budget" : "store", error);
  }
  GST_INFO("%s, another go later", error.what());
  cancel.sleep(length);
  cancel.check();
}

void Failover::tell_rest(size_t number, ServiceNews news, const DriverOptions& options) const {
  news.since = std::chrono::system_clock::now();
  const bool is_new = resting_.lock()->emplace(number, news).second;
  if (is_new && options.news) options.news(news);
}

void Failover::note_rest(size_t number, const DriverOptions& options) const {
  const auto why = health_.why(keys_[number]);
  if (!why || !is_kept_up(options)) return;
  tell_rest(number,
            {.service = keys_[number].service,
             .reason = is_locked_out(*why) ? "refused" : "down",
             .why = *why},
            options);
}

void Failover::note_back(size_t number, const DriverOptions& options) const {
  std::optional<ServiceNews> news;
  {
    auto resting = resting_.lock();
    const auto found = resting->find(number);
    if (found == resting->end()) return;
    news = found->second;
    resting->erase(found);
  }
  news->rests = false;
  if (options.news) options.news(*news);
}

} // namespace aigc
