// SPDX-License-Identifier: LGPL-2.1-or-later
// See finder.h. The list names model and time of a task; its words show when it has ended.
#include "service/dashscope/finder.h"

#include "service/dashscope/answers.h"

#include <algorithm>
#include <optional>

GST_DEBUG_CATEGORY_EXTERN(aigc_dashscope_debug);
#define GST_CAT_DEFAULT aigc_dashscope_debug

namespace aigc::dashscope {

namespace {

using namespace std::chrono_literals;
using WallClock = std::chrono::system_clock;

constexpr auto kSkew = 60s;      ///< by which our clock may be ahead of the service's
constexpr auto kLatest = 600s;   ///< within which a create arrives, skew included
constexpr auto kKnown = 23h;     ///< tasks are forgotten a little later
constexpr auto kListingLag = 3s; ///< after which a task surely is in the list
constexpr auto kSecondLook = 1500ms;
constexpr auto kWaitForWords = 3s;
constexpr auto kBetweenLooks = 60ms; ///< the service bears 20 looks a second
constexpr size_t kLongWords = 400;   ///< bytes
constexpr int kMostPages = 100;

void pause(std::chrono::nanoseconds duration, Call& call) {
  if (std::chrono::steady_clock::now() + duration >= call.deadline)
    throw Error(Fault::timeout, "no time is left to look for a call whose answer was lost",
                "run again, or raise timeout");
  call.cancel.sleep(duration);
  call.cancel.check();
}

struct Candidate {
  Listed task;
  std::optional<bool> same_words; ///< nothing = it does not say
  bool ended = false;
};
using Candidates = std::vector<Candidate>;

/// A task that could be the one, by its time. One without a time could.
bool fits(const Listed& task, const Intent& intent) {
  if (intent.known_tasks.contains(task.id)) return false;
  if (task.created == 0) return true;
  const WallClock::time_point created{std::chrono::milliseconds(task.created)};
  return created >= intent.sent - kSkew && created <= intent.sent + kLatest;
}

/// Earliest first. Nothing when the list is too long to be read through.
std::optional<Candidates> listed(const Client& client, const Sought& sought, const Intent& intent,
                                 Call& call) {
  Candidates candidates;
  for (int page = 1; page <= kMostPages; ++page) {
    const auto answer = client.list(sought.model, page, call);
    const auto tasks = read_list(answer.get());
    for (const Listed& task : tasks)
      if (fits(task, intent)) candidates.push_back({task, {}, false});
    const gint64 pages = JsonView(answer.get())["total_page"].integer().value_or(1);
    if (tasks.empty() || page >= pages) {
      std::ranges::stable_sort(candidates, {}, [](const auto& c) { return c.task.created; });
      return candidates;
    }
  }
  return std::nullopt;
}

/// The service may trim the words, or cut long ones once more.
bool same_words(std::string_view theirs, std::string_view ours) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto trimmed = [&](std::string_view text) {
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return std::string_view();
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
  };
  const std::string_view a = trimmed(theirs), b = trimmed(ours);
  return a == b || (a.size() >= kLongWords && b.starts_with(a));
}

/// Asks after the words of those that did not say yet, until one has the same. Those with other
/// words are dropped, and what came to nothing without a bill.
void compare(Candidates& candidates, const Client& client, const Sought& sought, Call& call) {
  for (Candidate& candidate : candidates) {
    if (candidate.ended || candidate.same_words) continue;
    const auto answer = client.task(candidate.task.id, call);
    const std::string state = task_state(answer.get());
    candidate.ended = state == "SUCCEEDED" || state == "FAILED";
    const std::string words = original_prompt(answer.get());
    if (!words.empty()) candidate.same_words = same_words(words, sought.prompt);
    if (state == "CANCELED" || state == "UNKNOWN") candidate.same_words = false;
    if (candidate.same_words == true) break;
    if (candidates.size() > 1) pause(kBetweenLooks, call);
  }
  std::erase_if(candidates, [](const auto& c) { return c.same_words == false; });
}

/// One of them: with the same words, else the only one, else the earliest when none will say more.
const Candidate* chosen(const Candidates& candidates) {
  const auto same =
      std::ranges::find_if(candidates, [](const auto& c) { return c.same_words == true; });
  if (same != candidates.end()) return &*same;
  const bool settled = std::ranges::all_of(candidates, &Candidate::ended);
  return candidates.size() == 1 || settled ? &candidates.front() : nullptr;
}

} // namespace

Found find_task(const Client& client, const Sought& sought, const Intent& intent, Call& call) {
  if (WallClock::now() - intent.sent > kKnown) return {Found::Answer::unknown, {}};
  auto candidates = listed(client, sought, intent, call);
  if (candidates && candidates->empty()) {
    // A list may lag behind: what was sent just now is looked for twice.
    const auto late = intent.sent + kListingLag - WallClock::now();
    pause(std::clamp<WallClock::duration>(late, kSecondLook, kListingLag), call);
    candidates = listed(client, sought, intent, call);
  }
  if (!candidates) return {Found::Answer::unknown, {}};
  for (;;) {
    compare(*candidates, client, sought, call);
    if (candidates->empty()) return {Found::Answer::none, {}};
    if (const Candidate* found = chosen(*candidates)) {
      GST_INFO("a create whose answer was lost made task %s", found->task.id.c_str());
      return {Found::Answer::task, {found->task.id}};
    }
    pause(kWaitForWords, call);
  }
}

} // namespace aigc::dashscope
