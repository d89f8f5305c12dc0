// SPDX-License-Identifier: LGPL-2.1-or-later
// See videos.h. Here: what became of a create whose answer was lost.
#include "service/http_error.h"
#include "service/openai/log.h"
#include "service/openai/orders.h"
#include "service/openai/videos.h"

#include <string_view>

namespace aigc::openai {

namespace {

using namespace std::chrono_literals;
using WallClock = std::chrono::system_clock;

constexpr auto kSkew = 600s;   ///< by which the clocks may differ
constexpr auto kLongAgo = 60s; ///< after which a task surely is in the list
constexpr auto kSecondLook = 2s;
constexpr int kMostPages = 20;
constexpr const char* kPage = "/videos?limit=100&order=desc";

/// What the list says of the create that is looked for.
struct Sight {
  std::string id;      ///< of its task
  bool silent = false; ///< there are tasks of that time whose words are not said
  bool whole = true;   ///< the list was read as far back as it matters
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

/// Looks through one page, newest first; whether older ones may matter.
bool scan(JsonView page, const Request& request, const Intent& intent, Sight& sight) {
  for (size_t i = 0; i < page.size() && sight.id.empty(); ++i) {
    const JsonView task = page.at(i);
    const auto time = created(task);
    if (time && *time < intent.sent - kSkew) return false;
    if (!may_be(task, intent) || (time && *time > intent.sent + kSkew)) continue;
    const std::string words = trimmed(task["prompt"].text());
    if (words.empty())
      sight.silent = true;
    else if (words == trimmed(prompt_of(request)))
      sight.id = task["id"].text();
  }
  return sight.id.empty();
}

Sight look_through(const Server& server, const Request& request, const Intent& intent, Call& call) {
  Sight sight;
  std::string after;
  for (int pages = 0; pages < kMostPages; ++pages) {
    const auto root = server.get(server.api(kPage + after), call);
    const JsonView list = JsonView(root.get())["data"];
    if (!list.is_array()) break;
    const bool more = scan(list, request, intent, sight);
    const std::string last = list.at(list.size() - 1)["id"].text();
    if (!more || !JsonView(root.get())["has_more"].boolean(false) || last.empty()) return sight;
    after = "&after=" + escaped(last);
  }
  sight.whole = false;
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
    if (!sight.id.empty()) return {Found::Answer::task, {sight.id}};
    if (sight.silent || !sight.whole) return {};
  }
  return {Found::Answer::none, {}};
}

} // namespace aigc::openai
