// SPDX-License-Identifier: LGPL-2.1-or-later
// The server of stable-diffusion.cpp: one job at a time, results inside the job, clips as WebM.
#include "fields.h"
#include "orders.h"
#include "picture.h"
#include "profiles.h"
#include "util.h"
#include "videos.h"

#include <algorithm>
#include <cmath>

namespace standin {
namespace {

using enum FieldType;

constexpr char name[] = "sdcpp";
constexpr int default_fps = 16;

const Json& settings(const Standin& standin) {
  return standin.config["profiles"][name];
}

void models(Standin&, const ExchangePtr& exchange) {
  exchange->send(Json::object(
      {{"data", Json::array({Json::object(
                    {{"id", "sd-cpp-local"}, {"object", "model"}, {"owned_by", "local"}})})}}));
}

void capabilities(Standin& standin, const ExchangePtr& exchange) {
  const Json modes = Json::array({"img_gen", "vid_gen"});
  const Json formats = Json::array({"png", "jpeg", "webp"});
  const Json features = Json::object({{"init_image", true},
                                      {"end_image", true},
                                      {"cancel_queued", true},
                                      {"cancel_generating", false}});
  exchange->send(Json::object(
      {{"model",
        Json::object(
            {{"name", "stand-in.gguf"}, {"stem", "stand-in"}, {"path", "/models/stand-in.gguf"}})},
       {"current_mode", "img_gen"},
       {"supported_modes", modes},
       {"defaults", Json::object({{"width", 512}, {"height", 512}, {"seed", -1}})},
       {"limits", Json::object({{"min_width", 64},
                                {"max_width", 4096},
                                {"min_height", 64},
                                {"max_height", 4096},
                                {"max_batch_count", 8},
                                {"max_queue_size", settings(standin)["queue"]}})},
       {"output_formats", formats},
       {"output_formats_by_mode",
        Json::object({{"img_gen", formats}, {"vid_gen", Json::array({"webm", "avi"})}})},
       {"features", features},
       {"features_by_mode", Json::object({{"img_gen", features}, {"vid_gen", features}})},
       {"samplers", Json::array({"euler", "euler_a"})},
       {"schedulers", Json::array({"discrete", "simple"})},
       {"loras", Json(Json::Array{})}}));
}

void bad_request(const ExchangePtr& exchange, const std::string& text) {
  exchange->error(400, "", text);
}

bool is_format(const std::string& format, const std::vector<std::string>& legal) {
  return std::find(legal.begin(), legal.end(), format) != legal.end();
}

// Base64 with or without the head of a data URI.
bool is_picture(const Json& value) {
  std::string text = value.text();
  if (text.starts_with("data:")) text.erase(0, text.find(',') + 1);
  gsize size = 0;
  g_autofree guchar* data = g_base64_decode(text.c_str(), &size);
  return read_picture({reinterpret_cast<const char*>(data), size}).has_value();
}

const std::vector<Field>& native_fields() {
  static const std::vector<Field> known = {{"prompt", Text},
                                           {"negative_prompt", Text},
                                           {"width", Integer, false, 64, 4096},
                                           {"height", Integer, false, 64, 4096},
                                           {"seed", Integer, false, -1},
                                           {"batch_count", Integer, false, 1, 8},
                                           {"video_frames", Integer, false, 1},
                                           {"fps", Integer, false, 1},
                                           {"strength", Number, false, 0, 1},
                                           {"init_image", Text},
                                           {"end_image", Text},
                                           {"sample_params", Object},
                                           {"high_noise_sample_params", Object},
                                           {"moe_boundary", Number},
                                           {"output_format", Text},
                                           {"output_compression", Integer, false, 0, 100}};
  return known;
}

// The checks of both native routes and the place in the queue; false when it refused.
bool read_job(Standin& standin, const ExchangePtr& exchange,
              const std::vector<std::string>& formats, Json& fields) {
  if (exchange->body.empty()) {
    bad_request(exchange, "empty body");
    return false;
  }
  if (!exchange->json) {
    exchange->send(Json::object({{"error", "invalid json"}, {"message", "parse error"}}), 400);
    return false;
  }
  bool right = exchange->json->is_object() && !read_fields(*exchange, native_fields(), fields);
  for (const char* picture : {"init_image", "end_image"})
    right = right && (fields[picture].text().empty() || is_picture(fields[picture]));
  if (!right || fields["prompt"].text().empty()) {
    bad_request(exchange, "invalid generation parameters");
    return false;
  }
  if (fields.has("output_format") && !is_format(fields["output_format"].text(), formats)) {
    bad_request(exchange, "invalid output_format");
    return false;
  }
  int64_t waiting = 0;
  for (const TaskPtr& task : standin.tasks.all(standin.config["task_ttl_seconds"].number()))
    waiting += task->profile == name &&
               (task->state == TaskState::Pending || task->state == TaskState::Running);
  if (waiting < settings(standin)["queue"].integer()) return true;
  exchange->error(429, "", "job queue is full");
  return false;
}

std::string new_job_id() {
  return hex_id("job_");
}

Json seconds_or_null(int64_t ms) {
  return ms ? Json(ms / 1000) : Json();
}

void accept(const ExchangePtr& exchange, const Task& task) {
  exchange->send(Json::object({{"id", task.id},
                               {"kind", task.usage["kind"]},
                               {"status", "queued"},
                               {"created", task.created_ms / 1000},
                               {"poll_url", "/sdcpp/v1/jobs/" + task.id}}),
                 202);
}

Size size_of(const Json& fields) {
  return {static_cast<int>(fields["width"].integer(512)),
          static_cast<int>(fields["height"].integer(512))};
}

void img_gen(Standin& standin, const ExchangePtr& exchange) {
  Json fields;
  if (!read_job(standin, exchange, {"png", "jpeg", "webp"}, fields)) return;
  PictureOrder order;
  order.model = "sd-cpp-local";
  order.prompt = fields["prompt"].text();
  order.size = size_of(fields);
  order.count = static_cast<int>(fields["batch_count"].integer(1));
  order.seed = fields["seed"];
  if (fields.has("output_format")) order.format = fields["output_format"].text();
  accept(exchange,
         *order_picture_task(standin, exchange, name, new_job_id(), order,
                             Json::object({{"kind", "img_gen"}, {"format", order.format}})));
}

void vid_gen(Standin& standin, const ExchangePtr& exchange) {
  Json fields;
  if (!read_job(standin, exchange, {"webm", "avi"}, fields)) return;
  ClipOrder order;
  order.id = new_job_id();
  order.model = "sd-cpp-local";
  order.prompt = fields["prompt"].text();
  order.size = size_of(fields);
  order.fps = static_cast<int>(fields["fps"].integer(default_fps));
  const int64_t asked = fields["video_frames"].integer(33);
  const int64_t frames = (asked + 2) / 4 * 4 + 1;
  order.seconds = static_cast<double>(frames) / order.fps;
  order.seed = fields["seed"];
  order.format = fields.has("output_format") ? fields["output_format"].text() : "webm";
  order.facts = Json::object(
      {{"kind", "vid_gen"}, {"format", order.format}, {"fps", order.fps}, {"frame_count", frames}});
  accept(exchange, *order_clip(standin, exchange, name, order));
}

Json result_of(const Standin& standin, const Task& task) {
  const std::string state = scripted_state(task);
  Json out = Json::object({{"output_format", task.usage["format"]}});
  if (!task.video) {
    Json images{Json::Array{}};
    const Json made = data_items(standin, task.fault, task.files);
    for (Json item : made.items()) {
      item.set("index", static_cast<int>(images.items().size()));
      images.push(std::move(item));
    }
    out.set("images", state.empty() ? std::move(images) : Json(Json::Array{}));
    return out;
  }
  out.set("mime_type", media_type("x." + task.usage["format"].text()));
  out.set("fps", task.usage["fps"]);
  out.set("frame_count", task.usage["frame_count"]);
  if (state == "SUCCEEDED-empty")
    out.set("b64_json", "");
  else if (state.empty() && !(task.fault && task.fault->kind == "item-without-content"))
    out.set("b64_json", inline_media(standin, task.fault, task.files.front()));
  return out;
}

int64_t queue_position(Standin& standin, const Task& task) {
  if (task.state != TaskState::Pending) return 0;
  int64_t position = 0;
  for (const TaskPtr& other : standin.tasks.all(standin.config["task_ttl_seconds"].number()))
    if (other->profile == name && other->state == TaskState::Pending) {
      ++position;
      if (other->id == task.id) break;
    }
  return position;
}

Json job_json(Standin& standin, const Task& task) {
  const std::string state = state_word(task, "generating");
  const bool failed = has_failed(task), cancelled = state == "cancelled";
  Json error = failure(task, "generation_failed");
  if (cancelled)
    error = Json::object({{"code", "cancelled"}, {"message", "job cancelled by client"}});
  return Json::object(
      {{"id", task.id},
       {"kind", task.usage["kind"]},
       {"status", state},
       {"created", task.created_ms / 1000},
       {"started", seconds_or_null(task.started_ms)},
       {"completed", seconds_or_null(task.ended_ms)},
       {"queue_position", queue_position(standin, task)},
       {"result", state == "completed" && !failed ? result_of(standin, task) : Json()},
       {"error", std::move(error)}});
}

// The job of the path; null when it has answered that there is none any more.
TaskPtr job_of(Standin& standin, const ExchangePtr& exchange) {
  const std::string id = segment(exchange->path, 3);
  exchange->call->task_id = id;
  TaskPtr task = find_job(standin, name, id);
  const double kept = settings(standin)["keep_seconds"].number();
  if (!task) {
    exchange->error(404, "", "job not found");
  } else if (task->ended_ms && static_cast<double>(now_ms() - task->ended_ms) >= kept * 1000) {
    exchange->error(410, "", "job expired");
    return nullptr;
  }
  return task;
}

void job(Standin& standin, const ExchangePtr& exchange) {
  if (const TaskPtr task = job_of(standin, exchange))
    exchange->send(job_json(standin, seen(*exchange, *task)));
}

void cancel(Standin& standin, const ExchangePtr& exchange) {
  const TaskPtr task = job_of(standin, exchange);
  if (!task) return;
  if (!standin.tasks.cancel(*task) && task->state == TaskState::Running)
    return exchange->error(409, "", "job is currently generating and cannot be interrupted yet");
  exchange->send(job_json(standin, *task));
}

// The arguments inside the prompt, taken out of it; false when they are no JSON.
bool take_extra_args(std::string& prompt, Json& extra) {
  const std::string open = "<sd_cpp_extra_args>", close = "</sd_cpp_extra_args>";
  const auto begin = prompt.find(open);
  const auto end = prompt.find(close);
  if (begin == prompt.npos || end == prompt.npos || end < begin) return true;
  const auto parsed = Json::parse(prompt.substr(begin + open.size(), end - begin - open.size()));
  prompt.erase(begin, end + close.size() - begin);
  if (!parsed || !parsed->is_object()) return false;
  extra = *parsed;
  return true;
}

void pictures(Standin& standin, const ExchangePtr& exchange, const Json& fields) {
  PictureOrder order;
  order.model = "sd-cpp-local";
  order.prompt = fields["prompt"].text();
  if (order.prompt.empty()) return bad_request(exchange, "prompt required");
  if (fields.has("output_format")) order.format = fields["output_format"].text();
  if (!is_format(order.format, {"png", "jpeg", "webp"}))
    return bad_request(exchange, "invalid output_format, must be one of [png, jpeg, webp]");
  Json extra;
  if (!take_extra_args(order.prompt, extra))
    return bad_request(exchange, "invalid sd_cpp_extra_args");
  const Size size = parse_x_size(fields["size"].text());
  order.size = size.width > 0 ? size : Size{512, 512};
  if (order.size.width < 64 || order.size.height < 64 || order.size.width > 4096 ||
      order.size.height > 4096)
    return bad_request(exchange, "invalid params");
  order.count = static_cast<int>(std::clamp<int64_t>(fields["n"].integer(1), 1, 8));
  order.seed = extra["seed"];
  order_pictures(standin, exchange, order, [&standin, exchange, order](const Files& files) {
    exchange->send(Json::object({{"created", now_ms() / 1000},
                                 {"data", data_items(standin, content_fault(*exchange), files)},
                                 {"output_format", order.format}}));
  });
}

const std::vector<Field>& openai_fields() {
  static const std::vector<Field> known = {{"prompt", Text},
                                           {"n", Integer},
                                           {"size", Text},
                                           {"output_format", Text},
                                           {"output_compression", Integer, false, 0, 100}};
  return known;
}

void server_error(const ExchangePtr& exchange, const std::string& message) {
  exchange->send(Json::object({{"error", "server_error"}, {"message", message}}), 500);
}

void image(Standin& standin, const ExchangePtr& exchange) {
  if (exchange->body.empty()) return bad_request(exchange, "empty body");
  Json fields;
  if (!exchange->json || !exchange->json->is_object())
    return server_error(exchange, "[json.exception.parse_error.101] parse error");
  if (const auto problem = read_fields(*exchange, openai_fields(), fields))
    return server_error(exchange, "[json.exception.type_error.302] " + problem->field);
  pictures(standin, exchange, fields);
}

void edit(Standin& standin, const ExchangePtr& exchange) {
  if (!exchange->form) return bad_request(exchange, "Content-Type must be multipart/form-data");
  Json fields;
  if (const auto problem = read_fields(*exchange, openai_fields(), fields))
    return bad_request(exchange, "invalid " + problem->field);
  if (fields["prompt"].text().empty()) return bad_request(exchange, "prompt required");
  if (exchange->form->files("image[]").empty() && exchange->form->files("image").empty())
    return bad_request(exchange, "at least one image[] required");
  pictures(standin, exchange, fields);
}

} // namespace

const Profile& sdcpp_profile() {
  static const Profile profile = {
      name,
      "/v1",
      Style::SdCpp,
      {{"sdcpp-models", "GET", "/v1/models", models},
       {"sdcpp-image", "POST", "/v1/images/generations", image},
       {"sdcpp-edit", "POST", "/v1/images/edits", edit},
       {"sdcpp-capabilities", "GET", "/sdcpp/v1/capabilities", capabilities},
       {"sdcpp-img-gen", "POST", "/sdcpp/v1/img_gen", img_gen},
       {"sdcpp-video", "POST", "/sdcpp/v1/vid_gen", vid_gen},
       {"sdcpp-job", "GET", "/sdcpp/v1/jobs/*", job},
       {"sdcpp-cancel", "POST", "/sdcpp/v1/jobs/*/cancel", cancel}}};
  return profile;
}

} // namespace standin
