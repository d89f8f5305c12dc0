// SPDX-License-Identifier: LGPL-2.1-or-later
// vLLM-Omni: pictures by JSON, clips by forms only, one answer with the clip itself.
#include "fastapi.h"
#include "picture.h"
#include "util.h"

namespace standin {
namespace {

using enum FieldType;

constexpr char name[] = "vllm-omni";

void health(Standin&, const ExchangePtr& exchange) {
  Reply reply;
  reply.type = "";
  exchange->send(std::move(reply));
}

void version(Standin&, const ExchangePtr& exchange) {
  exchange->send(Json::object({{"version", "0.18.0"}}));
}

void models(Standin& standin, const ExchangePtr& exchange) {
  send_models(standin, exchange, name,
              Json::object({{"owned_by", "vllm"}, {"parent", Json()}, {"max_model_len", Json()}}));
}

bool right_model(const Standin& standin, const ExchangePtr& exchange, const Json& fields,
                 bool clips, std::string& model) {
  const std::string own = first_model(standin, name, clips);
  model = fields.has("model") ? fields["model"].text() : own;
  if (served(standin, name, model)) return true;
  exchange->error(400, "",
                  "Model mismatch: request specifies '" + model + "' but server is running '" +
                      own + "'.");
  return false;
}

void picture_rest(Standin& standin, const ExchangePtr& exchange, const Json& fields,
                  PictureOrder order) {
  const std::string size = fields["size"].text();
  if (!right_model(standin, exchange, fields, false, order.model)) return;
  order.size = size.empty() || size == "auto" ? Size{1024, 1024} : parse_x_size(size);
  if (order.size.width == 0)
    return exchange->error(400, "",
                           "Invalid size format: '" + size +
                               "'. Expected format: 'WIDTHxHEIGHT' (e.g., '1024x1024').");
  order.prompt = fields["prompt"].text();
  order.count = static_cast<int>(fields["n"].integer(1));
  order.seed = fields["seed"];
  const std::string format = fields["output_format"].text();
  if (!format.empty()) order.format = format == "jpg" ? "jpeg" : format;
  const bool raw = fields["response_format"].text() == "file";
  order_pictures(standin, exchange, order, [&standin, exchange, order, raw](const Files& files) {
    if (raw) return send_file(standin, exchange, files.front());
    Json items{Json::Array{}};
    const Json made = data_items(standin, content_fault(*exchange), files);
    for (Json item : made.items()) {
      item.set("url", Json());
      item.set("revised_prompt", Json());
      items.push(std::move(item));
    }
    exchange->send(Json::object({{"created", now_ms() / 1000},
                                 {"data", std::move(items)},
                                 {"output_format", order.format},
                                 {"size", print_x_size(order.size)}}));
  });
}

// The rest of the checks of both picture routes; false when it refused.
bool right_formats(const ExchangePtr& exchange, const Json& fields) {
  const std::string answer = fields["response_format"].text();
  if (!answer.empty() && answer != "b64_json" && answer != "file") {
    refuse_field(exchange, {"response_format",
                            "Value error, Only 'b64_json' or 'file' response format is supported, "
                            "got: " +
                                answer,
                            "value_error"});
    return false;
  }
  if (const std::string& format = fields["output_format"].text();
      !format.empty() && format != "png" && format != "jpeg" && format != "jpg" &&
      format != "webp") {
    exchange->error(400, "", "Unsupported output_format: " + format);
    return false;
  }
  return true;
}

void image(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {{"prompt", Text, true},
                                           {"model", Text},
                                           {"n", Integer, false, 1, 10},
                                           {"size", Text},
                                           {"response_format", Text},
                                           {"negative_prompt", Text},
                                           {"num_inference_steps", Integer, false, 1, 200},
                                           {"guidance_scale", Number, false, 0, 20},
                                           {"true_cfg_scale", Number, false, 0, 20},
                                           {"seed", Integer},
                                           {"output_format", Text},
                                           {"extra_params", Object}};
  if (!exchange->json || !exchange->json->is_object())
    return refuse_field(exchange, {"0", "JSON decode error", "json_invalid"});
  Json fields;
  if (!fastapi_fields(exchange, known, fields) || !right_formats(exchange, fields)) return;
  if (fields.has("size") && fields["size"].text().find('x') == std::string::npos)
    return refuse_field(exchange, {"size",
                                   "Value error, size must be in format 'WIDTHxHEIGHT' (e.g., "
                                   "'1024x1024')",
                                   "value_error"});
  picture_rest(standin, exchange, fields, {});
}

void edit(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {{"prompt", Text, true},
                                           {"model", Text},
                                           {"n", Integer, false, 1, 10},
                                           {"size", Text},
                                           {"response_format", Text},
                                           {"negative_prompt", Text},
                                           {"num_inference_steps", Integer, false, 1, 200},
                                           {"guidance_scale", Number, false, 0, 20},
                                           {"true_cfg_scale", Number, false, 0, 20},
                                           {"seed", Integer},
                                           {"output_format", Text},
                                           {"background", Text},
                                           {"url", Text}};
  Json fields;
  if (!exchange->form) return refuse_field(exchange, {"prompt", "Field required", "missing"});
  if (!fastapi_fields(exchange, known, fields) || !right_formats(exchange, fields)) return;
  const auto pictures = form_pictures(*exchange->form, "image");
  if (pictures.empty() && !fields.has("url"))
    return exchange->error(400, "", "Field 'image' or 'url' is required");
  for (const Part* part : pictures)
    if (!read_picture(part->data))
      return exchange->error(400, "", "Failed to open uploaded file: cannot identify image file");
  PictureOrder order;
  order.format = "jpeg"; // of edits, unless something else is asked for
  picture_rest(standin, exchange, fields, order);
}

const std::vector<Field>& video_fields() {
  static const std::vector<Field> known = {{"prompt", Text, true},
                                           {"model", Text},
                                           {"seconds", Text},
                                           {"size", Text},
                                           {"image_reference", Object},
                                           {"user", Text},
                                           {"width", Integer, false, 1},
                                           {"height", Integer, false, 1},
                                           {"num_frames", Integer, false, 1},
                                           {"fps", Integer, false, 1},
                                           {"num_inference_steps", Integer, false, 1, 200},
                                           {"guidance_scale", Number, false, 0, 20},
                                           {"guidance_scale_2", Number, false, 0, 20},
                                           {"boundary_ratio", Number, false, 0, 1},
                                           {"flow_shift", Number},
                                           {"true_cfg_scale", Number, false, 0, 20},
                                           {"seed", Integer},
                                           {"negative_prompt", Text},
                                           {"lora", Object},
                                           {"extra_params", Object}};
  return known;
}

bool right_patterns(const ExchangePtr& exchange, const Json& fields) {
  const std::string seconds = fields["seconds"].text(), size = fields["size"].text();
  const bool digits = seconds.find_first_not_of("0123456789") == std::string::npos;
  const char* pattern = fields.has("seconds") && (!digits || seconds.empty() || seconds[0] == '0')
                            ? "seconds"
                        : fields.has("size") && parse_x_size(size).width == 0 ? "size"
                                                                              : nullptr;
  if (!pattern) return true;
  refuse_field(exchange, {pattern, "String should match pattern", "string_pattern_mismatch"});
  return false;
}

// The picture that the clip begins with; false when it refused.
bool right_reference(const ExchangePtr& exchange, const Json& fields, const std::string& model) {
  const auto files = exchange->form->files("input_reference");
  const Json& reference = fields["image_reference"];
  if (!files.empty() && reference.is_object()) {
    exchange->error(400, "", "Provide either input_reference or image_reference, not both.");
    return false;
  }
  if ((!files.empty() && !read_picture(files.front()->data)) ||
      (reference.is_object() && !reference["image_url"].is_string())) {
    exchange->error(400, "", "Invalid input reference.");
    return false;
  }
  if (files.empty() && !reference.is_object() && needs_picture(model)) {
    exchange->error(400, "", "The model '" + model + "' requires an input image.");
    return false;
  }
  return true;
}

// False when it refused.
bool read_order(Standin& standin, const ExchangePtr& exchange, ClipOrder& order) {
  Json fields;
  // A JSON body has none of the form's fields.
  if (!exchange->form) {
    refuse_field(exchange, {"prompt", "Field required", "missing"}, 400);
    return false;
  }
  if (!fastapi_fields(exchange, video_fields(), fields) || !right_patterns(exchange, fields) ||
      !right_model(standin, exchange, fields, true, order.model) ||
      !right_reference(exchange, fields, order.model))
    return false;
  order.size = fields.has("size") ? parse_x_size(fields["size"].text())
                                  : Size{static_cast<int>(fields["width"].integer(832)),
                                         static_cast<int>(fields["height"].integer(480))};
  const std::string seconds = fields.has("seconds") ? fields["seconds"].text() : "4";
  order.fps = static_cast<int>(fields["fps"].integer(24));
  const double frames = fields["num_frames"].number(std::atof(seconds.c_str()) * order.fps);
  order.seconds = frames / order.fps;
  order.prompt = fields["prompt"].text();
  order.seed = fields["seed"];
  order.id = hex_id("video_gen_");
  order.facts =
      Json::object({{"seconds", seconds}, {"size", fields.has("size") ? fields["size"] : Json()}});
  return true;
}

Json video_json(const Task& task) {
  Json out = Json::object({{"model", task.model},
                           {"prompt", task.prompt},
                           {"id", task.id},
                           {"object", "video"},
                           {"status", state_word(task)},
                           {"size", task.usage["size"]},
                           {"progress", percent(task)},
                           {"seconds", task.usage["seconds"]},
                           {"quality", "default"},
                           {"completed_at", Json()},
                           {"created_at", task.created_ms / 1000},
                           {"remixed_from_video_id", Json()},
                           {"error", failure(task, 500)},
                           {"media_type", "video/mp4"},
                           {"expires_at", Json()},
                           {"file_name", Json()},
                           {"inference_time_s", Json()},
                           {"stage_durations", Json(Json::Object{})},
                           {"peak_memory_mb", 0.0}});
  if (task.state != TaskState::Ended) return out;
  out.set("completed_at", task.ended_ms / 1000);
  out.set("inference_time_s", task.seconds);
  if (has_content(task)) out.set("file_name", task.id + ".mp4");
  return out;
}

void video(Standin& standin, const ExchangePtr& exchange) {
  ClipOrder order;
  if (!read_order(standin, exchange, order)) return;
  exchange->send(video_json(as_created(*order_clip(standin, exchange, name, order))));
}

void video_sync(Standin& standin, const ExchangePtr& exchange) {
  ClipOrder order;
  if (!read_order(standin, exchange, order)) return;
  order_clip_now(standin, exchange, order, [&standin, exchange, order](const std::string& file) {
    if (exchange->has_content_fault("task-state"))
      return exchange->error(500, "", "Video generation failed: the stand-in was told to fail");
    send_file(standin, exchange, file, {{"X-Model", order.model}, {"X-Inference-Time-S", "0.100"}});
  });
}

void not_found(const ExchangePtr& exchange) {
  exchange->error(404, "", "Video not found");
}

void video_task(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, name);
  if (!task) return not_found(exchange);
  // Newer servers answer with the failure's own status.
  const bool http =
      has_failed(*task) && standin.config["profiles"][name]["http_failures"].boolean();
  const int64_t code = failure(*task, 500)["code"].integer(500);
  exchange->send(video_json(*task), http ? static_cast<int>(code >= 400 ? code : 500) : 200);
}

void video_list(Standin& standin, const ExchangePtr& exchange) {
  const VideoPage page = page_of_videos(standin, *exchange, name, 1000000);
  Json data{Json::Array{}};
  for (const TaskPtr& task : page.tasks)
    data.push(video_json(*task));
  exchange->send(
      Json::object({{"first_id", page.tasks.empty() ? Json() : Json(page.tasks.front()->id)},
                    {"last_id", page.tasks.empty() ? Json() : Json(page.tasks.back()->id)},
                    {"has_more", page.more},
                    {"data", std::move(data)},
                    {"object", "list"}}));
}

void video_delete(Standin& standin, const ExchangePtr& exchange) {
  const TaskPtr task = find_job(standin, name, segment(exchange->path, 2));
  if (!task) return not_found(exchange);
  standin.tasks.remove(task); // also while it runs: deleting cancels
  exchange->send(Json::object({{"id", task->id}, {"deleted", true}, {"object", "video.deleted"}}));
}

void video_content(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, name);
  if (!task) return not_found(exchange);
  if (has_failed(*task))
    return exchange->error(422, "", "Video generation failed. Check job status for error details.");
  if (!has_content(*task)) return exchange->error(404, "", "Generation is still in-progress");
  send_clip(standin, exchange, *task);
}

} // namespace

const Profile& vllm_profile() {
  static const Profile profile = {
      name,
      "/v1",
      Style::FastApi,
      {{"vllm-omni-health", "GET", "/health", health, true},
       {"vllm-omni-version", "GET", "/version", version, true},
       {"vllm-omni-models", "GET", "/v1/models", models},
       {"vllm-omni-chat", "POST", "/v1/chat/completions", chat_route},
       {"vllm-omni-image", "POST", "/v1/images/generations", image},
       {"vllm-omni-edit", "POST", "/v1/images/edits", edit},
       {"vllm-omni-video", "POST", "/v1/videos", video},
       {"vllm-omni-video-sync", "POST", "/v1/videos/sync", video_sync},
       {"vllm-omni-video-list", "GET", "/v1/videos", video_list},
       {"vllm-omni-video-task", "GET", "/v1/videos/*", video_task},
       {"vllm-omni-video-delete", "DELETE", "/v1/videos/*", video_delete},
       {"vllm-omni-video-content", "GET", "/v1/videos/*/content", video_content}}};
  return profile;
}

} // namespace standin
