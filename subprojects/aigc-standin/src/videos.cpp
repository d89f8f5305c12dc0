// SPDX-License-Identifier: LGPL-2.1-or-later
// What the servers with /v1/videos share.
#include "videos.h"

#include "util.h"

#include <algorithm>

namespace standin {

TaskPtr find_job(Standin& standin, const std::string& profile, const std::string& id) {
  const TaskPtr task = standin.tasks.find(id, standin.config["task_ttl_seconds"].number());
  return task && task->profile == profile ? task : nullptr;
}

Task seen(const Exchange& exchange, const Task& task) {
  Task out = task;
  if (!exchange.has_content_fault("task-state")) return out;
  out.fault = exchange.fault;
  out.state = TaskState::Ended;
  if (!out.ended_ms) out.ended_ms = now_ms();
  return out;
}

Task as_created(const Task& task) {
  Task out = task;
  out.state = TaskState::Pending;
  return out;
}

std::optional<Task> video_of(Standin& standin, const Exchange& exchange,
                             const std::string& profile) {
  const std::string id = segment(exchange.path, 2);
  exchange.call->task_id = id;
  const TaskPtr task = find_job(standin, profile, id);
  if (!task) return {};
  return seen(exchange, *task);
}

std::string scripted_state(const Task& task) {
  if (!task.fault || task.fault->kind != "task-state") return "";
  const std::string& state = task.fault->spec["state"].text();
  return state.empty() ? "FAILED" : state;
}

std::string state_word(const Task& task, const char* running) {
  if (task.state == TaskState::Pending) return "queued";
  if (task.state == TaskState::Running) return running;
  if (task.state == TaskState::Cancelled) return "cancelled";
  const std::string state = scripted_state(task);
  if (state.empty() || state.starts_with("SUCCEEDED")) return "completed";
  if (state.starts_with("FAILED")) return "failed";
  return state == "CANCELED" ? "cancelled" : state;
}

bool has_failed(const Task& task) {
  return task.state == TaskState::Ended && scripted_state(task).starts_with("FAILED");
}

bool has_content(const Task& task) {
  const std::string state = scripted_state(task);
  return task.state == TaskState::Ended && (state.empty() || state == "SUCCEEDED-empty");
}

int percent(const Task& task) {
  if (task.state == TaskState::Pending) return 0;
  if (task.state != TaskState::Running) return has_failed(task) ? 0 : 100;
  const double part = task.seconds > 0 ? (now_seconds() - task.started) / task.seconds : 0;
  return std::clamp(static_cast<int>(part * 100), 1, 99);
}

Json failure(const Task& task, const Json& usual_code) {
  if (!has_failed(task) || scripted_state(task) == "FAILED-bare") return Json();
  const Json &spec = task.fault->spec, &message = spec["message"];
  const Json code = spec.has("code") ? spec["code"] : usual_code;
  Json out{Json::Object{}};
  if (!code.is_null()) out.set("code", code);
  out.set("message", message.is_string() ? message : Json("the stand-in was told to fail"));
  return out;
}

VideoPage page_of_videos(Standin& standin, const Exchange& exchange, const std::string& profile,
                         size_t limit) {
  auto asked = [&](const char* name) {
    const auto found = exchange.query.find(name);
    return found == exchange.query.end() ? std::string() : found->second;
  };
  std::vector<TaskPtr> all;
  for (const TaskPtr& task : standin.tasks.all(standin.config["task_ttl_seconds"].number()))
    if (task->profile == profile && task->video) all.push_back(task);
  if (asked("order") != "asc") std::reverse(all.begin(), all.end());
  if (const std::string after = asked("after"); !after.empty()) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const TaskPtr& task) { return task->id == after; });
    all.erase(all.begin(), found == all.end() ? found : found + 1);
  }
  if (const long given = std::strtol(asked("limit").c_str(), nullptr, 10); given > 0)
    limit = static_cast<size_t>(given);
  VideoPage page;
  page.more = all.size() > limit;
  if (page.more) all.resize(limit);
  page.tasks = std::move(all);
  return page;
}

void send_clip(const Standin& standin, const ExchangePtr& exchange, const Task& task) {
  if (scripted_state(task) == "SUCCEEDED-empty") {
    Reply reply;
    reply.type = "video/mp4";
    return exchange->send(std::move(reply));
  }
  const std::string file = file_or_fault(content_fault(*exchange), task.files.front());
  send_file(standin, exchange, file,
            {{"Content-Disposition", "attachment; filename=\"" + task.id + ".mp4\""}});
}

Size parse_x_size(const std::string& text) {
  std::string starred = text;
  const auto cross = starred.find('x');
  if (cross == starred.npos || starred.find('*') != starred.npos) return {};
  starred[cross] = '*';
  return parse_size(starred);
}

std::string print_x_size(const Size& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string hex_id(const std::string& prefix) {
  std::string id = new_id();
  std::erase(id, '-');
  return prefix + id;
}

} // namespace standin
