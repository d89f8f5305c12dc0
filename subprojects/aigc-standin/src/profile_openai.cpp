// SPDX-License-Identifier: LGPL-2.1-or-later
// OpenAI's own pictures and clips. Models that the configuration adds to OpenAI's have no rules of
// size and length.
#include "fields.h"
#include "picture.h"
#include "util.h"
#include "videos.h"

#include <algorithm>

namespace standin {
namespace {

using enum FieldType;
using Names = std::vector<std::string>;

constexpr char profile_name[] = "openai";

const Json& settings(const Standin& standin) {
  return standin.config["profiles"][profile_name];
}

void refuse(const ExchangePtr& exchange, const std::string& code, const std::string& message) {
  exchange->error(400, code, message);
}

void refuse_value(const ExchangePtr& exchange, const std::string& value, const Names& legal) {
  std::string text = "Invalid value: '" + value + "'. Supported values are: ";
  for (size_t i = 0; i < legal.size(); ++i)
    text += (i == 0 ? "'" : i + 1 < legal.size() ? ", '" : ", and '") + legal[i] + "'";
  refuse(exchange, "invalid_value", text + ".");
}

bool one_of(const std::string& value, const Names& legal) {
  return std::find(legal.begin(), legal.end(), value) != legal.end();
}

// Types, ranges and names; false when it refused.
bool right_fields(const ExchangePtr& exchange, const std::vector<Field>& fields, const Names& files,
                  Json& out) {
  if (const std::string name = unknown_field(*exchange, fields, files); !name.empty()) {
    refuse(exchange, "unknown_parameter", "Unknown parameter: '" + name + "'.");
    return false;
  }
  const auto problem = read_fields(*exchange, fields, out);
  if (!problem) return true;
  if (problem->type == "missing")
    refuse(exchange, "missing_required_parameter",
           "Missing required parameter: '" + problem->field + "'.");
  else
    refuse(exchange, "invalid_type",
           "Invalid value for '" + problem->field + "': " + problem->message + ".");
  return false;
}

bool known_model(const Standin& standin, const ExchangePtr& exchange, const std::string& model,
                 const Names& family) {
  for (const Json& extra : settings(standin)["models"].items())
    if (extra.text() == model) return true;
  if (one_of(model, family)) return true;
  exchange->error(404, "model_not_found", "The model '" + model + "' does not exist.");
  return false;
}

const Names& picture_models() {
  static const Names names = {"gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "dall-e-3",
                              "dall-e-2"};
  return names;
}

const Names& clip_models() {
  static const Names names = {"sora-2", "sora-2-pro"};
  return names;
}

bool is_picture_file(const Part& part) {
  return one_of(part.type, {"image/png", "image/jpeg", "image/webp"}) && read_picture(part.data);
}

const Names& sizes_of(const std::string& model) {
  static const Names gpt = {"1024x1024", "1024x1536", "1536x1024", "auto"};
  static const Names three = {"1024x1024", "1024x1792", "1792x1024"};
  static const Names two = {"256x256", "512x512", "1024x1024"};
  static const Names any;
  return model.starts_with("gpt-image") ? gpt
         : model == "dall-e-3"          ? three
         : model == "dall-e-2"          ? two
                                        : any;
}

// What generations and edits have in common; false when it refused.
bool read_order(const Standin& standin, const ExchangePtr& exchange, const Json& fields,
                PictureOrder& order) {
  order.model = fields["model"].is_string() ? fields["model"].text() : "dall-e-2";
  if (!known_model(standin, exchange, order.model, picture_models())) return false;
  const bool gpt = order.model.starts_with("gpt-image");
  if (gpt && fields.has("response_format")) {
    refuse(exchange, "unknown_parameter", "Unknown parameter: 'response_format'.");
    return false;
  }
  const std::string answer = fields["response_format"].text();
  if (!answer.empty() && answer != "url" && answer != "b64_json") {
    refuse_value(exchange, answer, {"url", "b64_json"});
    return false;
  }
  if (fields.has("output_format")) order.format = fields["output_format"].text();
  if (!one_of(order.format, {"png", "jpeg", "webp"})) {
    refuse_value(exchange, order.format, {"png", "jpeg", "webp"});
    return false;
  }
  const std::string size = fields["size"].text();
  const Names& legal = sizes_of(order.model);
  if (!size.empty() && !legal.empty() && !one_of(size, legal)) {
    refuse_value(exchange, size, legal);
    return false;
  }
  order.size = size.empty() || size == "auto" ? Size{1024, 1024} : parse_x_size(size);
  if (order.size.width == 0) {
    refuse(exchange, "invalid_value", "Invalid size '" + size + "'.");
    return false;
  }
  order.prompt = fields["prompt"].text();
  order.count = static_cast<int>(fields["n"].integer(1));
  return true;
}

void answer_pictures(Standin& standin, const ExchangePtr& exchange, const PictureOrder& order,
                     bool as_url) {
  order_pictures(standin, exchange, order, [&standin, exchange, order, as_url](const Files& files) {
    const auto fault = content_fault(*exchange);
    auto address = [&](size_t i) {
      return result_url(standin, exchange->request_id, i, files[i], now_ms(), fault);
    };
    Json out = Json::object({{"created", now_ms() / 1000}});
    if (as_url)
      out.set("data", data_items(standin, fault, files, address));
    else
      out.set("data", data_items(standin, fault, files));
    if (order.model.starts_with("gpt-image")) {
      out.set("output_format", order.format);
      out.set("size", print_x_size(order.size));
    }
    exchange->send(out);
  });
}

bool wants_url(const PictureOrder& order, const Json& fields) {
  return !order.model.starts_with("gpt-image") && fields["response_format"].text() != "b64_json";
}

void image_route(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {
      {"prompt", Text, true},  {"model", Text},      {"n", Integer, false, 1, 10},
      {"size", Text},          {"quality", Text},    {"response_format", Text},
      {"output_format", Text}, {"background", Text}, {"output_compression", Integer},
      {"moderation", Text},    {"style", Text},      {"user", Text}};
  if (!exchange->json || !exchange->json->is_object())
    return refuse(exchange, "", "We could not parse the JSON body of your request.");
  Json fields;
  PictureOrder order;
  if (!right_fields(exchange, known, {}, fields) || !read_order(standin, exchange, fields, order))
    return;
  answer_pictures(standin, exchange, order, wants_url(order, fields));
}

void edit_route(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {
      {"prompt", Text, true},   {"model", Text},      {"n", Integer, false, 1, 10},
      {"size", Text},           {"quality", Text},    {"response_format", Text},
      {"output_format", Text},  {"background", Text}, {"output_compression", Integer},
      {"input_fidelity", Text}, {"user", Text}};
  if (!exchange->form)
    return refuse(exchange, "", "Invalid Content-Type: expected 'multipart/form-data'.");
  Json fields;
  PictureOrder order;
  if (!right_fields(exchange, known, {"image", "image[]", "mask"}, fields) ||
      !read_order(standin, exchange, fields, order))
    return;
  auto pictures = exchange->form->files("image");
  if (pictures.empty()) pictures = exchange->form->files("image[]");
  if (pictures.empty())
    return refuse(exchange, "missing_required_parameter", "Missing required parameter: 'image'.");
  for (const Part* part : pictures)
    if (!is_picture_file(*part))
      return refuse(exchange, "unsupported_file_mimetype",
                    "Invalid file 'image': unsupported mimetype ('" + part->type +
                        "'). Supported file formats are 'image/jpeg', 'image/png', and "
                        "'image/webp'.");
  answer_pictures(standin, exchange, order, wants_url(order, fields));
}

Json video_json(const Standin& standin, const Task& task) {
  Json out = Json::object({{"id", task.id},
                           {"object", "video"},
                           {"model", task.model},
                           {"status", state_word(task)},
                           {"progress", percent(task)},
                           {"created_at", task.created_ms / 1000},
                           {"completed_at", Json()},
                           {"expires_at", Json()},
                           {"error", failure(task, "video_generation_failed")},
                           {"prompt", task.prompt},
                           {"seconds", task.usage["seconds"]},
                           {"size", task.usage["size"]},
                           {"remixed_from_video_id", Json()}});
  if (has_content(task)) {
    out.set("completed_at", task.ended_ms / 1000);
    out.set("expires_at", task.ended_ms / 1000 + settings(standin)["expires_seconds"].integer());
  }
  return out;
}

// The reference picture: of the size of the clip; false when it refused.
bool right_reference(const ExchangePtr& exchange, const Size& size) {
  if (!exchange->form) return true;
  for (const Part* part : exchange->form->files("input_reference")) {
    const auto picture = read_picture(part->data);
    if (!is_picture_file(*part)) {
      refuse(exchange, "unsupported_file_mimetype",
             "Invalid file 'input_reference': unsupported mimetype ('" + part->type + "').");
      return false;
    }
    if (picture->width != size.width || picture->height != size.height) {
      refuse(exchange, "", "Inpaint image must match the requested width and height");
      return false;
    }
  }
  return true;
}

// The rules of OpenAI's own models; false when it refused.
bool right_clip(const ExchangePtr& exchange, const std::string& model, const std::string& seconds,
                const std::string& size) {
  if (!one_of(model, clip_models())) return true;
  Names sizes = {"720x1280", "1280x720"};
  if (model == "sora-2-pro") sizes.insert(sizes.end(), {"1024x1792", "1792x1024"});
  if (!one_of(seconds, {"4", "8", "12"})) {
    refuse_value(exchange, seconds, {"4", "8", "12"});
    return false;
  }
  if (!one_of(size, sizes)) {
    refuse_value(exchange, size, sizes);
    return false;
  }
  return true;
}

void video_route_openai(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {
      {"prompt", Text, true}, {"model", Text}, {"seconds", Text}, {"size", Text}};
  if (!exchange->form && (!exchange->json || !exchange->json->is_object()))
    return refuse(exchange, "", "Invalid Content-Type: expected 'multipart/form-data'.");
  Json fields;
  if (!right_fields(exchange, known, {"input_reference"}, fields)) return;
  auto text = [&](const char* name, const char* otherwise) {
    return fields.has(name) ? fields[name].text() : std::string(otherwise);
  };
  ClipOrder order;
  order.model = text("model", "sora-2");
  const std::string seconds = text("seconds", "4"), size = text("size", "720x1280");
  if (!known_model(standin, exchange, order.model, clip_models()) ||
      !right_clip(exchange, order.model, seconds, size))
    return;
  order.size = parse_x_size(size);
  order.seconds = std::atof(seconds.c_str());
  if (order.size.width == 0 || order.seconds <= 0 || order.seconds > 60)
    return refuse(exchange, "invalid_value",
                  "Invalid size '" + size + "' or seconds '" + seconds + "'.");
  if (!right_reference(exchange, order.size)) return;
  order.id = hex_id("video_");
  order.prompt = fields["prompt"].text();
  order.fps = 30;
  order.sound = true;
  order.facts = Json::object({{"seconds", seconds}, {"size", size}});
  exchange->send(
      video_json(standin, as_created(*order_clip(standin, exchange, profile_name, order))));
}

void unknown_video(const ExchangePtr& exchange) {
  exchange->error(404, "", "Video with id '" + segment(exchange->path, 2) + "' not found.");
}

void task_route_openai(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, profile_name);
  if (!task) return unknown_video(exchange);
  exchange->send(video_json(standin, *task));
}

void list_route_openai(Standin& standin, const ExchangePtr& exchange) {
  const VideoPage page = page_of_videos(standin, *exchange, profile_name, 20);
  Json data{Json::Array{}};
  for (const TaskPtr& task : page.tasks)
    data.push(video_json(standin, *task));
  auto id = [&](const TaskPtr& task) { return Json(task->id); };
  exchange->send(Json::object({{"object", "list"},
                               {"data", std::move(data)},
                               {"first_id", page.tasks.empty() ? Json() : id(page.tasks.front())},
                               {"last_id", page.tasks.empty() ? Json() : id(page.tasks.back())},
                               {"has_more", page.more}}));
}

void delete_route_openai(Standin& standin, const ExchangePtr& exchange) {
  const TaskPtr task = find_job(standin, profile_name, segment(exchange->path, 2));
  if (!task) return unknown_video(exchange);
  standin.tasks.remove(task);
  exchange->send(Json::object({{"id", task->id}, {"object", "video.deleted"}, {"deleted", true}}));
}

void content_route_openai(Standin& standin, const ExchangePtr& exchange) {
  const auto task = video_of(standin, *exchange, profile_name);
  if (!task) return unknown_video(exchange);
  const std::string variant = exchange->query["variant"];
  if (!variant.empty() && variant != "video")
    return refuse(exchange, "invalid_value", "The stand-in has no variant '" + variant + "'.");
  if (!has_content(*task))
    return exchange->error(static_cast<int>(settings(standin)["early_content"].integer()), "",
                           "Video is not ready yet, use GET /v1/videos/{video_id} to check "
                           "status.");
  if (now_ms() / 1000 > task->ended_ms / 1000 + settings(standin)["expires_seconds"].integer())
    return exchange->error(404, "", "Video content has expired.");
  send_clip(standin, exchange, *task);
}

} // namespace

const Profile& openai_profile() {
  static const Profile profile = {
      profile_name,
      "/v1",
      Style::OpenAi,
      {{"openai-image", "POST", "/v1/images/generations", image_route},
       {"openai-edit", "POST", "/v1/images/edits", edit_route},
       {"openai-video", "POST", "/v1/videos", video_route_openai},
       {"openai-video-list", "GET", "/v1/videos", list_route_openai},
       {"openai-video-task", "GET", "/v1/videos/*", task_route_openai},
       {"openai-video-delete", "DELETE", "/v1/videos/*", delete_route_openai},
       {"openai-video-content", "GET", "/v1/videos/*/content", content_route_openai}}};
  return profile;
}

} // namespace standin
