// SPDX-License-Identifier: LGPL-2.1-or-later
// See paid_call.h. Here: a task is looked at until it is done.
#include "net/backoff.h"
#include "service/driver_log.h"
#include "service/paid_call.h"
#include "service/poll_plan.h"

#include <algorithm>

namespace aigc {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto kCancelPatience = 500ms;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

} // namespace

Result PaidCall::wait() {
  const std::string service = edition_of(house_.backend);
  const std::string& model = entry_.model;
  const PollPlan plan(house_.times.of(service, model));
  const auto interval = attempt_.options.poll_interval;
  double before = seconds_between(submitted_, Clock::now());
  for (bool first = true;; first = false) {
    const double now = seconds_between(submitted_, Clock::now());
    auto gap = interval.count() > 0
                   ? std::chrono::nanoseconds(interval)
                   : std::chrono::nanoseconds(static_cast<gint64>(1e9 * (plan.next(now) - now)));
    if (first && (continued_ || refreshed_)) gap = 0ns; // it may be done already
    const auto poll = look(std::max(gap, hold_));
    const double time = seconds_between(submitted_, Clock::now());
    if (poll && poll->state == Poll::State::done) {
      // Of a task that was done at the first look it is only known that it was quicker.
      if (!continued_ && !refreshed_)
        house_.times.add(service, model, first ? time / 4 : (before + time) / 2);
      return poll->result;
    }
    if (poll && poll->percent >= 0) attempt_.call.progress(poll->percent);
    before = time;
  }
}

/// One look, after `gap`. Nothing when it failed in a way that may pass: the task goes on by
/// itself, so that is never its end.
std::optional<Poll> PaidCall::look(std::chrono::nanoseconds gap) {
  try {
    rest(gap);
    polls_->pace(attempt_.call.cancel, attempt_.call.deadline);
    auto poll = house_.backend.poll({entry_.task}, attempt_.request, attempt_.call);
    failed_looks_ = 0;
    hold_ = 0ns;
    return poll;
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) {
      if (attempt_.options.cancel_tasks) cancel_task();
      throw;
    }
    attempt_.check();
    if (!error.retry) {
      judge(error);
      throw;
    }
    GST_INFO("task %s: %s, looking again", entry_.task.c_str(), error.what());
    hold_ = backoff(failed_looks_++, error.retry_after);
    if (error.too_fast || error.http_status == 429) polls_->hold_off(hold_);
    return std::nullopt;
  }
}

/// A failed look is not followed by another at once, whatever the service says.
void PaidCall::rest(std::chrono::nanoseconds gap) {
  if (hold_ > 0ns) return attempt_.pause(gap);
  const std::chrono::nanoseconds left = attempt_.call.deadline - Clock::now();
  house_.backend.linger({entry_.task}, std::min(gap, left), attempt_.call);
  attempt_.check();
}

/// What becomes of the journal's entry when a look ends the wait.
void PaidCall::judge(const Error& error) {
  if (!error.ended) return; // the look failed, not the task: the next run goes on with it
  if (error.billed)
    write_off(Billed::surely); // it succeeded without a result
  else if (error.fault == Fault::not_found || error.fault == Fault::format)
    write_off(Billed::perhaps); // nobody knows it any more
  else
    drop(); // the service says that the task failed: nothing is billed
}

/// Best effort: the process is about to leave.
void PaidCall::cancel_task() {
  Cancel fresh;
  Call call{fresh, Clock::now() + kCancelPatience, [](int) {}, {}, {}, {}};
  try {
    if (house_.backend.cancel({entry_.task}, call)) drop();
  } catch (const Error& error) {
    GST_INFO("task %s goes on: %s", entry_.task.c_str(), error.what());
  }
}

} // namespace aigc
