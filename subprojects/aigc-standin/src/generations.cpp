// SPDX-License-Identifier: LGPL-2.1-or-later
// The routes that make pictures and clips.
#include "check.h"
#include "orders.h"
#include "util.h"

namespace standin {
namespace {

std::string extended(const std::string& prompt) {
  return prompt + (prompt.empty() ? "" : ", ") +
         "soft light from the side, layered depth, natural colours, fine detail";
}

// The checks every creation goes through before its own.
bool admitted(Standin& standin, const ExchangePtr& exchange, bool asynchronous) {
  const std::string header = exchange->header("X-DashScope-Async");
  if (asynchronous && header != "enable") {
    exchange->error(403, "AccessDenied", "current user api does not support synchronous calls.");
    return false;
  }
  if (!asynchronous && !header.empty()) {
    exchange->error(403, "AccessDenied", "current user api does not support asynchronous calls.");
    return false;
  }
  if (!exchange->json || !exchange->json->is_object()) {
    exchange->error(400, "InvalidParameter",
                    "Required body invalid, please check the request body.");
    return false;
  }
  return true;
}

bool right(const ExchangePtr& exchange, const Checked& checked) {
  if (checked) exchange->error(checked->status, checked->code, checked->message);
  return !checked;
}

bool within_rate(Standin& standin, const ExchangePtr& exchange, const std::string& group) {
  if (standin.limits.submit(group, standin.config["limits"])) return true;
  exchange->error(429, "Throttling.RateQuota",
                  "Requests rate limit exceeded, please try again later.");
  return false;
}

PictureOrder order_of(const ImageJob& job) {
  return {job.model->name, job.prompt, job.size, job.count, "", job.seed};
}

void answer_pictures(Standin& standin, const ExchangePtr& exchange, const ImageJob& job,
                     const Files& files) {
  Json content;
  if (exchange->has_content_fault("mixed-results"))
    content.push(Json::object({{"text", "one of the pictures was refused"}}));
  if (exchange->has_content_fault("base64-garbage"))
    content.push(Json::object({{"image", "data:image/png;base64,iVBORw0KGgo@@@not*base64=="}}));
  for (size_t i = 0; i < files.size(); ++i)
    content.push(Json::object({{"image", result_url(standin, exchange->request_id, i, files[i],
                                                    now_ms(), exchange->fault)}}));
  if (exchange->has_content_fault("task-state")) content = Json(Json::Array{});
  Json output = Json::object(
      {{"choices", Json::array({Json::object(
                       {{"finish_reason", "stop"},
                        {"message", Json::object({{"role", "assistant"},
                                                  {"content", std::move(content)}})}})})}});
  if (job.model->metric)
    output.set("task_metric",
               Json::object({{"TOTAL", job.count}, {"SUCCEEDED", job.count}, {"FAILED", 0}}));
  exchange->send(Json::object({{"request_id", exchange->request_id},
                               {"output", std::move(output)},
                               {"usage", Json::object({{"width", job.size.width},
                                                       {"height", job.size.height},
                                                       {"image_count", job.count}})}}));
}

// Shared by the two kinds of tasks.
TaskPtr new_task(Standin& standin, const ExchangePtr& exchange, const std::string& model,
                 const std::string& group, const std::string& prompt, const Json& seed) {
  auto task = std::make_shared<Task>();
  task->id = new_id();
  task->model = model;
  task->group = group;
  task->prompt = prompt;
  task->request_id = exchange->request_id;
  task->fault = content_fault(*exchange);
  exchange->call->task_id = task->id;
  standin.calls.bill(*exchange->call, model, prompt, seed);
  return task;
}

void answer_task(const ExchangePtr& exchange, const Task& task) {
  exchange->send(
      Json::object({{"request_id", exchange->request_id},
                    {"output", Json::object({{"task_id", task.id}, {"task_status", "PENDING"}})}}));
}

std::string shape(const VideoJob& job) {
  return job.model->usage[0] == '2' && job.model->usage[2] == '1' ? "standard"
                                                                  : print_size(job.size);
}

Json usage_of(const VideoJob& job) {
  const std::string kind = job.model->usage;
  if (kind == "2.6") {
    Json usage = Json::object({{"duration", job.seconds},
                               {"size", print_size(job.size)},
                               {"input_video_duration", 0},
                               {"output_video_duration", job.seconds},
                               {"video_count", 1},
                               {"SR", job.tier}});
    if (job.model->audio_switch) usage.set("audio", job.sound);
    return usage;
  }
  if (kind == "i2v")
    return Json::object({{"duration", job.seconds}, {"SR", job.tier}, {"video_count", 1}});
  if (kind == "kf2v") // here SR is a string: both have been seen
    return Json::object(
        {{"video_duration", job.seconds}, {"SR", std::to_string(job.tier)}, {"video_count", 1}});
  return Json::object(
      {{"video_duration", job.seconds}, {"video_ratio", shape(job)}, {"video_count", 1}});
}

MediaKey clip_key(const Standin& standin, const VideoJob& job) {
  const Json& config = standin.config["video"];
  MediaKey key;
  key.clip = true;
  key.width = or_override(config["width"], job.size.width);
  key.height = or_override(config["height"], job.size.height);
  key.seconds = config["duration"].number() > 0 ? config["duration"].number() : job.seconds;
  key.fps = or_override(config["fps"], 30);
  key.sound = job.sound;
  key.variant = variant(job.prompt, 0);
  return key;
}

} // namespace

void image_sync_route(Standin& standin, const ExchangePtr& exchange) {
  ImageJob job;
  if (!admitted(standin, exchange, false) ||
      !right(exchange, check_image_sync(standin, *exchange, job)) ||
      !within_rate(standin, exchange, job.model->group))
    return;
  order_pictures(standin, exchange, order_of(job), [&standin, exchange, job](const Files& files) {
    answer_pictures(standin, exchange, job, files);
  });
}

void image_async_route(Standin& standin, const ExchangePtr& exchange) {
  ImageJob job;
  if (!admitted(standin, exchange, true) ||
      !right(exchange, check_image_async(standin, *exchange, job)) ||
      !within_rate(standin, exchange, job.model->group))
    return;
  const TaskPtr task =
      new_task(standin, exchange, job.model->name, job.model->group, job.prompt, job.seed);
  if (job.extend) task->actual_prompt = extended(job.prompt);
  task->usage = Json::object({{"image_count", job.count}});
  task->seconds = standin.config.next_image_seconds();
  task->pending_seconds = standin.config["image"]["pending_seconds"].number();
  standin.tasks.add(task);
  make_files(standin, task->fault, picture_keys(standin, task->fault, order_of(job)),
             [&standin, task](const Files& files) {
               task->files = files;
               standin.tasks.made(task);
             });
  answer_task(exchange, *task);
}

void video_route(Standin& standin, const ExchangePtr& exchange) {
  VideoJob job;
  if (!admitted(standin, exchange, true) ||
      !right(exchange, check_video(standin, *exchange, job)) ||
      !within_rate(standin, exchange, job.model->group))
    return;
  const TaskPtr task =
      new_task(standin, exchange, job.model->name, job.model->group, job.prompt, job.seed);
  task->video = true;
  if (job.extend && !job.model->never_actual_prompt) task->actual_prompt = extended(job.prompt);
  task->usage = usage_of(job);
  task->seconds = standin.config.next_video_seconds();
  task->pending_seconds = standin.config["video"]["pending_seconds"].number();
  standin.tasks.add(task);
  const MediaKey key = clip_key(standin, job);
  task->files = {file_or_fault(task->fault, key.name())};
  standin.media.get(key, [&standin, task](const Bytes& made) {
    // Nobody asked for this one: GStreamer could not make the clip.
    if (!made)
      task->fault = Fault{"task-state", FaultPhase::Content, Json::object({{"state", "FAILED"}})};
    standin.tasks.made(task);
  });
  answer_task(exchange, *task);
}

} // namespace standin
