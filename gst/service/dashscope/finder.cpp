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

constexpr auto kSkew = 600s;     ///< by which our clock may be ahead of the service's
constexpr auto kLatest = 600s;   ///< within which a create arrives, skew included
constexpr auto kKnown = 23h;     ///< tasks are forgotten a little later
constexpr auto kListingLag = 3s; ///< after which a task should be in the list
constexpr auto kLongAgo = 60s;   ///< after which it surely is
constexpr auto kSecondLook = 1500ms;
constexpr std::chrono::milliseconds kFirstWait = 500ms; ///< for a task to say its words
constexpr std::chrono::milliseconds kLongestWait = 5s;
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
/// words are dropped, and what came to nothing: it is not billed and may be sent again.
void compare(Candidates& candidates, const Client& client, const Sought& sought, Call& call) {
  for (Candidate& candidate : candidates) {
    if (candidate.ended || candidate.same_words) continue;
    const auto answer = client.task(candidate.task.id, call);
    const std::string state = task_state(answer.get());
    candidate.ended = state == "SUCCEEDED";
    const std::string words = original_prompt(answer.get());
    if (!words.empty()) candidate.same_words = same_words(words, sought.prompt);
    if (state == "FAILED" || state == "CANCELED" || state == "UNKNOWN")
      candidate.same_words = false;
    if (candidate.same_words == true) break;
    if (candidates.size() > 1) pause(kBetweenLooks, call);
  }
  std::erase_if(candidates, [](const auto& c) { return c.same_words == false; });
}

/// The one with the same words, or the earliest when none will ever say. Null while that is open:
/// even the only one may be what another shot is about to be told of.
const Candidate* chosen(const Candidates& candidates) {
  const auto same = std::ranges::find(candidates, true, &Candidate::same_words);
  if (same != candidates.end()) return &*same;
  return std::ranges::all_of(candidates, &Candidate::ended) ? &candidates.front() : nullptr;
}

/// Its id, or nothing when none of them is it.
std::optional<std::string> settled(Candidates candidates, const Client& client,
                                   const Sought& sought, Call& call) {
  for (auto wait = kFirstWait;; wait = std::min(wait * 3 / 2, kLongestWait)) {
    compare(candidates, client, sought, call);
    if (candidates.empty()) return std::nullopt;
    if (const Candidate* found = chosen(candidates)) return found->task.id;
    pause(wait, call);
  }
}

} // namespace

Found find_task(const Client& client, const Sought& sought, const Intent& intent, Call& call) {
  const auto age = WallClock::now() - intent.sent;
  if (age > kKnown) return {Found::Answer::unknown, {}};
  // A list may lag behind: what was sent just now is looked for twice.
  for (const bool again : {false, true}) {
    if (again && age > kLongAgo) break;
    if (again)
      pause(std::clamp<WallClock::duration>(kListingLag - age, kSecondLook, kListingLag), call);
    const auto candidates = listed(client, sought, intent, call);
    if (!candidates) return {Found::Answer::unknown, {}};
    if (const auto id = settled(*candidates, client, sought, call)) {
      GST_INFO("a create whose answer was lost made task %s", id->c_str());
      return {Found::Answer::task, {*id}};
    }
  }
  return {Found::Answer::none, {}};
}

} // namespace aigc::dashscope
