// SPDX-License-Identifier: LGPL-2.1-or-later
// See answers.h.
#include "service/dashscope/answers.h"

#include "service/dashscope/models.h"
#include "service/dashscope/orders.h"
#include "service/http_error.h"

#include <charconv>
#include <mutex>

GST_DEBUG_CATEGORY_EXTERN(aigc_dashscope_debug);
#define GST_CAT_DEFAULT aigc_dashscope_debug

namespace aigc::dashscope {

namespace {

/// What is over is over.
Error ended(Error error, JsonView answer, const Secret& key) {
  error.ended = true;
  error.service = kService;
  if (error.request_id.empty()) error.request_id = request_id_of(answer, key);
  if (error.code.empty()) error.code = answer["output"]["task_status"].text();
  error.retry = false;
  error.unclear = false;
  return error;
}

/// Done, and nothing to show for it.
Error without_result(const char* what, JsonView answer, const Secret& key) {
  Error error(Fault::format,
              std::string("dashscope says the ") + what + " is done, but not where it is",
              "run again; report the request id to the service, which bills it all the same");
  error.billed = true;
  return ended(error, answer, key);
}

Error refused(JsonView source, JsonView answer, const Secret& key) {
  Refusal refusal;
  refusal.service = kService;
  refusal.code = source["code"].text();
  refusal.message = source["message"].text();
  if (refusal.code.empty() && refusal.message.empty())
    return ended(Error(Fault::read, "dashscope gave up on the task without saying why",
                       "run again: what failed is not billed"),
                 answer, key);
  return ended(service_error(refusal, key), answer, key);
}

std::string first_text(std::initializer_list<JsonView> places) {
  for (const JsonView& place : places)
    if (std::string text = place.text(); !text.empty()) return text;
  return {};
}

double first_number(std::initializer_list<JsonView> places) {
  for (const JsonView& place : places)
    if (const auto number = place.number(); number && *number > 0) return *number;
  return 0;
}

/// "832*480" or "832x480"; nothing for "standard" and the like.
std::string tier_of_text(const std::string& text) {
  Size size;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, size.width);
  if (first.ec != std::errc() || first.ptr == end || (*first.ptr != '*' && *first.ptr != 'x'))
    return {};
  const auto second = std::from_chars(first.ptr + 1, end, size.height);
  if (second.ec != std::errc() || size.width < 1 || size.height < 1) return {};
  return tier_of(size);
}

std::string tier_in(JsonView usage) {
  // 480, "480" or "480P".
  std::string tier = usage["SR"].text();
  if (const auto number = usage["SR"].integer()) tier = std::to_string(*number);
  if (!tier.empty()) return tier.ends_with('P') ? tier : tier + "P";
  tier = tier_of_text(usage["size"].text());
  return tier.empty() ? tier_of_text(usage["video_ratio"].text()) : tier;
}

Result result_of(JsonView answer, const Request& request, const std::string& url,
                 const Secret& key) {
  Result result;
  result.url = url;
  result.request_id = request_id_of(answer, key);
  result.seed = seed_of(request);
  result.usage = read_usage(answer["usage"], request);
  return result;
}

/// One picture was ordered; whichever item has it is it.
Result picture_of_task(JsonView answer, const Request& request, const Secret& key) {
  const JsonView results = answer["output"]["results"];
  for (size_t i = 0; i < results.size(); ++i)
    if (const std::string url = results.at(i)["url"].text(); !url.empty())
      return result_of(answer, request, url, key);
  for (size_t i = 0; i < results.size(); ++i)
    if (results.at(i)["code"].exists()) throw refused(results.at(i), answer, key);
  throw without_result("picture", answer, key);
}

Result clip_of_task(JsonView answer, const Request& request, const Secret& key) {
  const JsonView output = answer["output"];
  const std::string url =
      first_text({output["video_url"], output["results"]["video_url"],
                  output["results"].at(0)["video_url"], output["results"].at(0)["url"]});
  if (!url.empty()) return result_of(answer, request, url, key);
  throw without_result("clip", answer, key);
}

Poll running_as_unknown(const std::string& state) {
  static std::once_flag once;
  std::call_once(once, [&] {
    GST_WARNING("a task is in the state \"%.32s\", which is new; it is taken for running",
                state.c_str());
  });
  return {Poll::State::running, -1, {}};
}

} // namespace

Poll read_task(JsonView answer, const Request& request, const Secret& key) {
  const JsonView output = answer["output"];
  const std::string state = task_state(answer);
  if (state == "PENDING") return {Poll::State::pending, -1, {}};
  if (state == "RUNNING" || state == "SUSPENDED") return {Poll::State::running, -1, {}};
  if (state == "SUCCEEDED")
    return {Poll::State::done, 100,
            request.role == Role::clip ? clip_of_task(answer, request, key)
                                       : picture_of_task(answer, request, key)};
  if (state == "FAILED") throw refused(output, answer, key);
  if (state == "CANCELED")
    throw ended(Error(Fault::read, "the task was cancelled at the service", "run again"), answer,
                key);
  if (state == "UNKNOWN")
    throw ended(Error(Fault::not_found, "the task expired or never existed",
                      "results are kept for 24 hours: run again"),
                answer, key);
  if (state.empty()) {
    Error error(Fault::format, "dashscope's answer about a task has no state", "try again later");
    error.service = kService;
    error.retry = true;
    throw error;
  }
  return running_as_unknown(state);
}

Result read_picture(JsonView answer, const Request& request, const Secret& key) {
  const JsonView choices = answer["output"]["choices"];
  for (size_t i = 0; i < choices.size(); ++i) {
    const JsonView content = choices.at(i)["message"]["content"];
    for (size_t j = 0; j < content.size(); ++j)
      if (const std::string url = content.at(j)["image"].text(); !url.empty())
        return result_of(answer, request, url, key);
  }
  return picture_of_task(answer, request, key);
}

Usage read_usage(JsonView usage, const Request& request) {
  Usage read;
  if (request.role == Role::picture) {
    read.pictures = usage["image_count"].integer().value_or(1);
    return read;
  }
  read.seconds =
      first_number({usage["duration"], usage["video_duration"], usage["output_video_duration"]});
  if (read.seconds == 0) read.seconds = request.seconds;
  read.tier = tier_in(usage);
  if (read.tier.empty()) read.tier = tier_of(request.size);
  return read;
}

std::string request_id_of(JsonView answer, const Secret& key) {
  constexpr size_t longest = 128;
  return printable_token(answer["request_id"].text(), longest, key);
}

std::string original_prompt(JsonView answer) {
  const JsonView output = answer["output"];
  return first_text({output["orig_prompt"], output["results"].at(0)["orig_prompt"],
                     output["results"]["orig_prompt"]});
}

std::string task_state(JsonView answer) {
  return answer["output"]["task_status"].text();
}

std::vector<Listed> read_list(JsonView answer) {
  std::vector<Listed> tasks;
  const JsonView data = answer["data"];
  for (size_t i = 0; i < data.size(); ++i) {
    const JsonView entry = data.at(i);
    Listed task;
    task.id = entry["task_id"].text();
    for (const char* name : {"start_time", "gmt_create"})
      if (const auto time = entry[name].integer(); time && *time > 0) task.created = *time;
    if (!task.id.empty()) tasks.push_back(task);
  }
  return tasks;
}

} // namespace aigc::dashscope
