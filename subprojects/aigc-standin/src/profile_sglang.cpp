// SPDX-License-Identifier: LGPL-2.1-or-later
// SGLang's diffusion server: forms or JSON, clips that stay queued until they are there.
#include "fastapi.h"
#include "picture.h"
#include "util.h"

namespace standin {
namespace {

using enum FieldType;

constexpr char name[] = "sglang";

void health(Standin&, const ExchangePtr& exchange) {
  exchange->send(Json::object({{"status", "ok"}}));
}

void models(Standin& standin, const ExchangePtr& exchange) {
  send_models(standin, exchange, name,
              Json::object({{"owned_by", "sglang"}, {"num_gpus", 1}, {"max_model_len", Json()}}));
}

void bad_request(const ExchangePtr& exchange, const std::string& text) {
  exchange->error(400, "", text);
}

// "1024x1024" and the like; anything else is the model's own size.
Size size_or(const std::string& text, Size otherwise) {
  const Size size = parse_x_size(text);
  return size.width > 0 ? size : otherwise;
}

std::string host_picture(Standin& standin, const std::string& id, const std::string& file) {
  const std::string path = "/v1/images/" + id + "/content";
  standin.hosted[path] = file;
  return path;
}

void pictures(Standin& standin, const ExchangePtr& exchange, const Json& fields, bool as_url) {
  PictureOrder order;
  order.model = fields.has("model") ? fields["model"].text() : first_model(standin, name, false);
  order.prompt = fields["prompt"].text();
  order.size = size_or(fields["size"].text(), {1024, 1024});
  order.count = static_cast<int>(std::clamp<int64_t>(fields["n"].integer(1), 1, 10));
  order.seed = fields["seed"];
  const std::string format = fields["output_format"].text();
  order.format = format == "png" || format == "webp"            ? format
                 : fields["background"].text() == "transparent" ? "png"
                                                                : "jpeg";
  order_pictures(standin, exchange, order, [&standin, exchange, order, as_url](const Files& files) {
    const std::string id = exchange->request_id;
    const auto fault = content_fault(*exchange);
    auto address = [&](size_t i) {
      return host_picture(standin, id + (i ? "-" + std::to_string(i) : ""), files[i]);
    };
    Json items{Json::Array{}};
    const Json made =
        as_url ? data_items(standin, fault, files, address) : data_items(standin, fault, files);
    for (Json item : made.items()) {
      item.set("revised_prompt", order.prompt);
      items.push(std::move(item));
    }
    exchange->send(
        Json::object({{"id", id}, {"created", now_ms() / 1000}, {"data", std::move(items)}}));
  });
}

const std::vector<Field> picture_fields = {{"prompt", Text, true},
                                           {"model", Text},
                                           {"n", Integer},
                                           {"size", Text},
                                           {"response_format", Text},
                                           {"output_format", Text},
                                           {"background", Text},
                                           {"negative_prompt", Text},
                                           {"num_inference_steps", Integer},
                                           {"guidance_scale", Number},
                                           {"true_cfg_scale", Number},
                                           {"seed", Integer}};

void image(Standin& standin, const ExchangePtr& exchange) {
  if (!exchange->json || !exchange->json->is_object())
    return refuse_field(exchange, {"0", "JSON decode error", "json_invalid"});
  Json fields;
  if (!fastapi_fields(exchange, picture_fields, fields)) return;
  // Addresses are the default of this route, and need a storage that is not there.
  if (fields["response_format"].text() != "b64_json")
    return bad_request(exchange, "response_format=url is not supported");
  pictures(standin, exchange, fields, false);
}

void edit(Standin& standin, const ExchangePtr& exchange) {
  Json fields;
  if (!exchange->form) return refuse_field(exchange, {"prompt", "Field required", "missing"});
  if (!fastapi_fields(exchange, picture_fields, fields)) return;
  const auto files = form_pictures(*exchange->form, "image");
  if (files.empty()) return exchange->error(422, "", "Field 'image' is required");
  for (const Part* part : files)
    if (!read_picture(part->data))
      return bad_request(exchange, "Failed to process image source: cannot identify image file");
  const std::string answer = fields["response_format"].text();
  pictures(standin, exchange, fields, !answer.empty() && answer != "b64_json");
}

void hosted_picture(Standin& standin, const ExchangePtr& exchange) {
  const auto found = standin.hosted.find(exchange->path);
  if (found == standin.hosted.end()) return exchange->error(404, "", "Image not found");
  send_file(standin, exchange, file_or_fault(content_fault(*exchange), found->second));
}

// Forms and JSON name the reference picture in different ways; false when it refused.
bool right_reference(const ExchangePtr& exchange, const Json& fields, const std::string& model) {
  const std::string url = fields["reference_url"].text();
  bool given = !url.empty();
  if (given && !url.starts_with("http") && !url.starts_with("data:image/")) {
    bad_request(exchange, "Failed to process image source: unsupported reference_url");
    return false;
  }
  if (exchange->form) {
    const auto files = exchange->form->files("input_reference");
    if (!files.empty() && !read_picture(files.front()->data)) {
      bad_request(exchange, "Failed to process image source: cannot identify image file");
      return false;
    }
    given = given || !files.empty();
  } else if (fields.has("input_reference")) {
    // A path on the server's own disk, where nothing of ours is.
    bad_request(exchange, "Failed to process image source: No such file or directory");
    return false;
  }
  if (given || !needs_picture(model)) return true;
  bad_request(exchange, "input_reference file is required");
  return false;
}

Json video_json(const Task& task) {
  const std::string state = state_word(task, "queued");
  Json out = Json::object({{"id", task.id},
                           {"object", "video"},
                           {"model", task.model},
                           {"status", state},
                           {"progress", state == "completed" ? 100 : 0},
                           {"created_at", task.created_ms / 1000},
                           {"size", task.usage["size"]},
                           {"seconds", task.usage["seconds"]},
                           {"quality", "standard"},
                           {"url", Json()},
                           {"remixed_from_video_id", Json()},
                           {"completed_at", Json()},
                           {"expires_at", Json()},
                           {"error", failure(task, Json())},
                           {"file_path", "outputs/" + task.id + ".mp4"}});
  if (state == "completed") out.set("completed_at", task.ended_ms / 1000);
  return out;
}

void video(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {{"prompt", Text},
                                           {"model", Text},
                                           {"seconds", Integer},
                                           {"size", Text},
                                           {"fps", Integer},
                                           {"num_frames", Integer},
                                           {"width", Integer},
                                           {"height", Integer},
                                           {"seed", Integer},
                                           {"negative_prompt", Text},
                                           {"reference_url", Text},
                                           {"input_reference", Text},
                                           {"num_inference_steps", Integer},
                                           {"guidance_scale", Number},
                                           {"guidance_scale_2", Number},
                                           {"flow_shift", Number},
                                           {"extra_body", Object}};
  Json fields;
  if (const auto problem = read_fields(*exchange, known, fields)) {
    if (exchange->form) return refuse_field(exchange, *problem);
    return bad_request(exchange, "Invalid request body: 1 validation error for "
                                 "VideoGenerationsRequest: " +
                                     problem->field + ": " + problem->message);
  }
  if (fields["prompt"].text().empty()) return bad_request(exchange, "prompt is required");
  ClipOrder order;
  order.model = fields.has("model") ? fields["model"].text() : first_model(standin, name, true);
  if (!right_reference(exchange, fields, order.model)) return;
  order.size = size_or(fields["size"].text(), {static_cast<int>(fields["width"].integer(832)),
                                               static_cast<int>(fields["height"].integer(480))});
  order.fps = static_cast<int>(std::max<int64_t>(1, fields["fps"].integer(24)));
  const double frames =
      fields["num_frames"].number(fields["seconds"].number(4) * static_cast<double>(order.fps));
  order.seconds = frames / order.fps;
  order.prompt = fields["prompt"].text();
  order.seed = fields["seed"];
  order.id = new_id();
  const int seconds = static_cast<int>(order.seconds + 0.5);
  order.facts =
      Json::object({{"seconds", std::to_string(seconds)}, {"size", print_x_size(order.size)}});
  exchange->send(video_json(as_created(*order_clip(standin, exchange, name, order))));
}

void not_found(const ExchangePtr& exchange) {
  exchange->error(404, "", "Video not found");
}

void video_task(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, name);
  if (!task) return not_found(exchange);
  exchange->send(video_json(*task));
}

void video_list(Standin& standin, const ExchangePtr& exchange) {
  Json data{Json::Array{}};
  for (const TaskPtr& task : page_of_videos(standin, *exchange, name, 1000000).tasks)
    data.push(video_json(*task));
  exchange->send(Json::object({{"data", std::move(data)}, {"object", "list"}}));
}

void video_delete(Standin& standin, const ExchangePtr& exchange) {
  const TaskPtr task = find_job(standin, name, segment(exchange->path, 2));
  if (!task) return not_found(exchange);
  standin.tasks.remove(task); // the work goes on, nobody sees it
  Json out = video_json(*task);
  out.set("status", "deleted");
  exchange->send(out);
}

void video_content(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, name);
  if (!task) return not_found(exchange);
  if (!has_content(*task)) return exchange->error(404, "", "Generation is still in-progress");
  if (const std::string variant = exchange->query["variant"];
      !variant.empty() && variant != "video")
    return exchange->error(404, "", "Variant '" + variant + "' not found");
  send_clip(standin, exchange, *task);
}

} // namespace

const Profile& sglang_profile() {
  static const Profile profile = {
      name,
      "/v1",
      Style::FastApi,
      {{"sglang-health", "GET", "/health", health, true},
       {"sglang-models", "GET", "/v1/models", models},
       {"sglang-chat", "POST", "/v1/chat/completions", chat_route},
       {"sglang-image", "POST", "/v1/images/generations", image},
       {"sglang-edit", "POST", "/v1/images/edits", edit},
       {"sglang-image-content", "GET", "/v1/images/*/content", hosted_picture},
       {"sglang-video", "POST", "/v1/videos", video},
       {"sglang-video-list", "GET", "/v1/videos", video_list},
       {"sglang-video-task", "GET", "/v1/videos/*", video_task},
       {"sglang-video-delete", "DELETE", "/v1/videos/*", video_delete},
       {"sglang-video-content", "GET", "/v1/videos/*/content", video_content}}};
  return profile;
}

} // namespace standin
