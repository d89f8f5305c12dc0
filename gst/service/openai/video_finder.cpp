// SPDX-License-Identifier: LGPL-2.1-or-later
// See videos.h. Here: what became of a create whose answer was lost.
#include "service/openai/log.h"
#include "service/openai/model_list.h"
#include "service/openai/orders.h"
#include "service/openai/videos.h"

#include <cmath>
#include <set>
#include <string>

namespace aigc::openai {

namespace {

using namespace std::chrono_literals;
using WallClock = std::chrono::system_clock;

constexpr auto kSkew = 600s;     ///< by which clocks may differ at the worst
constexpr auto kUsualSkew = 60s; ///< and as good as always
constexpr auto kLongAgo = 60s;   ///< after which a task surely is in the list
constexpr auto kSecondLook = 2s;
constexpr int kMostPages = 20;
constexpr const char* kPage = "/videos?limit=100&order=desc";
constexpr size_t kPageLength = 100; ///< as kPage says

/// What the list says of the create that is looked for.
struct Sight {
  std::set<std::string> fitting; ///< ids of tasks that are like it in all that is said
  bool unsure = false;           ///< there are others that may be it
  bool whole = false;            ///< the list was read as far back as it matters
};

std::string trimmed(const std::string& text) {
  return take_string(g_strstrip(g_strdup(text.c_str())));
}

/// What failed is not billed and may be sent again.
bool may_be(JsonView task, const Intent& intent) {
  const std::string id = task["id"].text();
  if (id.empty() || intent.known_tasks.contains(id)) return false;
  const std::string state = task["status"].text();
  return state != "failed" && state != "cancelled" && state != "deleted";
}

/// Of a time that is said; one that is not could be any.
std::optional<WallClock::time_point> created(JsonView task) {
  const auto seconds = task["created_at"].integer();
  if (!seconds || *seconds <= 0) return std::nullopt;
  return WallClock::time_point(std::chrono::seconds(*seconds));
}

/// What an item does not say may be anything.
bool is_like(JsonView task, const Request& request) {
  const std::string size = task["size"].text(), model = task["model"].text();
  const auto seconds = task["seconds"].number();
  return (size.empty() || size == text_of(request.size)) &&
         (!seconds || std::lround(*seconds) == whole_seconds(request)) &&
         (model.empty() || request.model == kOnlyModel || model == request.model ||
          model.starts_with(request.model + "-"));
}

/// Others order clips of the same words, too: theirs must not be taken for this one.
void judge(JsonView task, const Request& request, const Intent& intent, Sight& sight) {
  if (!may_be(task, intent)) return;
  const auto time = created(task);
  if (time && (*time < intent.sent - kSkew || *time > intent.sent + kSkew)) return;
  const std::string words = trimmed(task["prompt"].text());
  if (!words.empty() && words != trimmed(prompt_of(request))) return;
  if (words.empty() || !time || *time < intent.sent - kUsualSkew || !is_like(task, request))
    sight.unsure = true;
  else
    sight.fitting.insert(task["id"].text());
}

/// Whether a page goes down from new to old, and to tasks from before the create.
bool reaches_back(JsonView list, const Intent& intent) {
  auto before = WallClock::time_point::max();
  for (size_t i = 0; i < list.size(); ++i) {
    const auto time = created(list.at(i));
    if (!time || *time > before) return false;
    before = *time;
  }
  return list.size() > 0 && before < intent.sent - kSkew;
}

Sight look_through(const Server& server, const Request& request, const Intent& intent, Call& call) {
  Sight sight;
  std::string after;
  for (int pages = 0; pages < kMostPages; ++pages) {
    const auto root = server.get(server.api(kPage + after), call);
    const JsonView answer(root.get()), list = answer["data"];
    if (!list.is_array()) break;
    for (size_t i = 0; i < list.size(); ++i)
      judge(list.at(i), request, intent, sight);
    const bool has_more = answer["has_more"].boolean(false);
    const bool may_be_cut = !answer["has_more"].exists() && list.size() >= kPageLength;
    sight.whole = reaches_back(list, intent) || (!has_more && !may_be_cut);
    const std::string last = list.at(list.size() - 1)["id"].text();
    if (sight.whole || !has_more || last.empty()) break;
    after = "&after=" + escaped(last);
  }
  return sight;
}

} // namespace

Found find_clip(const Server& server, const Request& request, const Intent& intent, Call& call) {
  const auto age = WallClock::now() - intent.sent;
  for (const bool again : {false, true}) {
    if (again && age > kLongAgo) break;
    if (again && call.cancel.sleep(kSecondLook)) call.cancel.check();
    Sight sight;
    try {
      sight = look_through(server, request, intent, call);
    } catch (const Error& error) {
      if (error.http_status != 404 && error.http_status != 405 && error.fault != Fault::format)
        throw;
      GST_INFO("the server has no list of videos: %s", error.what());
      return {};
    }
    if (sight.fitting.size() == 1) return {Found::Answer::task, {*sight.fitting.begin()}};
    if (!sight.fitting.empty() || sight.unsure || !sight.whole) return {};
  }
  return {Found::Answer::none, {}};
}

} // namespace aigc::openai
