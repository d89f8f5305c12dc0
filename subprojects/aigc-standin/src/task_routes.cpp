// SPDX-License-Identifier: LGPL-2.1-or-later
// The routes that ask for tasks: one, cancel, list, quotas.
#include "standin.h"
#include "util.h"

#include <algorithm>

namespace standin {
namespace {

bool within_query_rate(Standin& standin, const ExchangePtr& exchange) {
  if (standin.limits.query(standin.config["poll_qps"].number())) return true;
  exchange->error(429, "Throttling.RateQuota",
                  "Requests rate limit exceeded, please try again later.");
  return false;
}

// The scripted end of a task, or "".
std::string scripted(const std::optional<Fault>& fault) {
  if (!fault || fault->kind != "task-state") return "";
  const std::string& state = fault->spec["state"].text();
  return state.empty() ? "FAILED" : state;
}

std::string status_of(const Task& task) {
  switch (task.state) {
  case TaskState::Pending:
    return "PENDING";
  case TaskState::Running:
    return "RUNNING";
  case TaskState::Cancelled:
    return "CANCELED";
  case TaskState::Ended:
    break;
  }
  const std::string state = scripted(task.fault);
  if (state.empty()) return "SUCCEEDED";
  if (state == "FAILED-bare") return "FAILED";
  return state.substr(0, state.find("-without")).substr(0, state.find("-empty"));
}

void add_times(Json& output, const Task& task) {
  output.set("submit_time", service_time(task.created_ms));
  if (task.started_ms) output.set("scheduled_time", service_time(task.started_ms));
  if (task.ended_ms) output.set("end_time", service_time(task.ended_ms));
}

void add_failure(Json& output, const Fault& fault) {
  const Json &code = fault.spec["code"], &message = fault.spec["message"];
  output.set("code", code.is_string() ? code : Json("InternalError.Algo"));
  output.set("message", message.is_string() ? message : Json("the stand-in was told to fail"));
}

void add_results(const Standin& standin, Json& output, const Task& task) {
  auto url = [&](size_t i) {
    return result_url(standin, task.id, i, task.files[i], task.ended_ms, task.fault);
  };
  if (task.video) {
    output.set("video_url", url(0));
    output.set("orig_prompt", task.prompt);
    if (!task.actual_prompt.empty()) output.set("actual_prompt", task.actual_prompt);
    return;
  }
  Json results;
  const bool mixed = task.fault && task.fault->kind == "mixed-results";
  if (mixed)
    results.push(Json::object(
        {{"code", "InternalError.Algo"}, {"message", "one of the pictures could not be made"}}));
  for (size_t i = 0; i < task.files.size(); ++i) {
    Json item = Json::object({{"orig_prompt", task.prompt}});
    if (!task.actual_prompt.empty()) item.set("actual_prompt", task.actual_prompt);
    item.set("url", url(i));
    results.push(std::move(item));
  }
  const int made = static_cast<int>(task.files.size());
  output.set("results", std::move(results));
  output.set("task_metrics", Json::object({{"TOTAL", made + mixed},
                                           {"SUCCEEDED", made},
                                           {"FAILED", static_cast<int>(mixed)}}));
}

Json unknown(const std::string& id) {
  return Json::object({{"task_id", id}, {"task_status", "UNKNOWN"}});
}

Json task_output(const Standin& standin, const Task& task) {
  const std::string status = status_of(task);
  if (status == "UNKNOWN") return unknown(task.id);
  Json output = Json::object({{"task_id", task.id}, {"task_status", status}});
  add_times(output, task);
  if (task.state != TaskState::Ended) return output;
  const std::string state = scripted(task.fault);
  if (state == "FAILED")
    add_failure(output, *task.fault);
  else if (state.empty())
    add_results(standin, output, task);
  else if (state == "SUCCEEDED-empty" && !task.video)
    output.set("results", Json(Json::Array{}));
  else if (state == "SUCCEEDED-empty")
    output.set("video_url", "");
  return output;
}

std::string id_of(const Exchange& exchange) {
  const std::string tail = exchange.path.substr(exchange.path.find("/tasks/") + 7);
  return tail.substr(0, tail.find('/'));
}

double ttl(const Standin& standin) {
  return standin.config["task_ttl_seconds"].number();
}

// A task of DashScope's own, or null.
TaskPtr find_task(Standin& standin, const std::string& id) {
  const TaskPtr task = standin.tasks.find(id, ttl(standin));
  return task && task->profile.empty() ? task : nullptr;
}

} // namespace

void task_route(Standin& standin, const ExchangePtr& exchange) {
  if (!within_query_rate(standin, exchange)) return;
  const std::string id = id_of(*exchange);
  exchange->call->task_id = id;
  const TaskPtr found = find_task(standin, id);
  Json reply = Json::object({{"request_id", exchange->request_id}});
  if (!found) {
    reply.set("output", unknown(id));
    return exchange->send(reply);
  }
  Task seen = *found;
  // A fault of this one look, whatever the task is doing.
  if (exchange->has_content_fault("task-state")) {
    seen.fault = exchange->fault;
    seen.state = TaskState::Ended;
    if (!seen.ended_ms) seen.ended_ms = now_ms();
  }
  reply.set("output", task_output(standin, seen));
  if (status_of(seen) == "SUCCEEDED") reply.set("usage", seen.usage);
  exchange->send(reply);
}

void cancel_route(Standin& standin, const ExchangePtr& exchange) {
  if (!within_query_rate(standin, exchange)) return;
  const std::string id = id_of(*exchange);
  exchange->call->task_id = id;
  const TaskPtr task = find_task(standin, id);
  if (task && standin.tasks.cancel(*task))
    return exchange->send(Json::object({{"request_id", exchange->request_id}}));
  exchange->error(400, "UnsupportedOperation",
                  "Failed to cancel the task, please confirm if the task is in PENDING status.");
}

namespace {

struct Page {
  int number, size;
};

// Nothing when they are no numbers.
std::optional<Page> page_of(const Exchange& exchange) {
  auto number = [&](const char* name, int otherwise) {
    const auto found = exchange.query.find(name);
    if (found == exchange.query.end() || found->second.empty()) return otherwise;
    char* end = nullptr;
    const long value = std::strtol(found->second.c_str(), &end, 10);
    return *end || value < 1 || value > 100000 ? -1 : static_cast<int>(value);
  };
  const Page page{number("page_no", 1), number("page_size", 10)};
  if (page.number < 1 || page.size < 1 || page.size > 100) return {};
  return page;
}

std::string query_text(const Exchange& exchange, const char* name) {
  const auto found = exchange.query.find(name);
  return found == exchange.query.end() ? "" : found->second;
}

Json list_entry(const Task& task) {
  Json entry = Json::object({{"task_id", task.id},
                             {"request_id", task.request_id},
                             {"status", status_of(task)},
                             {"model_name", task.model},
                             {"gmt_create", task.created_ms},
                             {"region", "cn-beijing"},
                             {"api_key_id", "1"},
                             {"caller_uid", "1"},
                             {"caller_parent_id", "1"},
                             {"user_api_unique_key", "apikey:v1:" + task.model}});
  if (task.started_ms) entry.set("start_time", task.started_ms);
  if (task.ended_ms) entry.set("end_time", task.ended_ms);
  return entry;
}

// The window asked for, in ms; nothing when it is wrong or longer than a day.
std::optional<std::pair<int64_t, int64_t>> window_of(const Exchange& exchange) {
  constexpr int64_t day = 86400000;
  const std::string start = query_text(exchange, "start_time");
  const std::string end = query_text(exchange, "end_time");
  int64_t to = end.empty() ? now_ms() : compact_time_ms(end);
  int64_t from = start.empty() ? to - day : compact_time_ms(start);
  if (end.empty() && !start.empty()) to = std::min(to, from + day);
  if (from < 0 || to < 0 || to < from || to - from > day) return {};
  return std::pair(from, to + (end.empty() ? 0 : 999)); // the end names a whole second
}

} // namespace

void list_route(Standin& standin, const ExchangePtr& exchange) {
  if (!within_query_rate(standin, exchange)) return;
  const auto page = page_of(*exchange);
  const auto window = window_of(*exchange);
  if (!page) return exchange->error(400, "InvalidParameter", "page_no or page_size is not valid");
  if (!window)
    return exchange->error(
        400, "InvalidParameter",
        "start_time and end_time must be yyyyMMddhhmmss and span 24 hours at most");
  const std::string id = query_text(*exchange, "task_id");
  const std::string model = query_text(*exchange, "model_name");
  const std::string status = query_text(*exchange, "status");
  std::vector<TaskPtr> found;
  for (const TaskPtr& task : standin.tasks.all(ttl(standin)))
    if (task->profile.empty() && (id.empty() || task->id == id) &&
        (model.empty() || task->model == model) && (status.empty() || status_of(*task) == status) &&
        task->created_ms >= window->first && task->created_ms <= window->second)
      found.push_back(task);
  std::reverse(found.begin(), found.end()); // newest first
  Json data{Json::Array{}};
  const size_t from = static_cast<size_t>(page->number - 1) * page->size;
  for (size_t i = from; i < std::min(found.size(), from + page->size); ++i)
    data.push(list_entry(*found[i]));
  const int total = static_cast<int>(found.size());
  exchange->send(Json::object({{"request_id", exchange->request_id},
                               {"total", total},
                               {"total_page", (total + page->size - 1) / page->size},
                               {"page_no", page->number},
                               {"page_size", page->size},
                               {"data", std::move(data)}}));
}

void quotas_route(Standin& standin, const ExchangePtr& exchange) {
  const auto page = page_of(*exchange);
  if (!page) return exchange->error(400, "InvalidParameter", "page_no or page_size is not valid");
  const std::string model = query_text(*exchange, "model");
  Json data{Json::Array{}};
  for (const char* name : {"qwen-image-plus", "qwen-image-max", "wan2.2-t2v-plus",
                           "wan2.2-i2v-flash", "wan2.5-i2v-preview", "wan2.6-t2v"})
    if (model.empty() || model == name)
      data.push(Json::object({{"name", "rpm"}, {"model", name}, {"value", 120}}));
  exchange->send(Json::object({{"request_id", exchange->request_id},
                               {"total", static_cast<int>(data.items().size())},
                               {"page_no", page->number},
                               {"page_size", page->size},
                               {"data", std::move(data)}}));
}

} // namespace standin
