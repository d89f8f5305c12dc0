// SPDX-License-Identifier: LGPL-2.1-or-later
// LocalAI: everything is made while the client waits; files are at addresses of its own.
#include "fields.h"
#include "orders.h"
#include "picture.h"
#include "profiles.h"
#include "util.h"
#include "videos.h"

#include <cmath>

namespace standin {
namespace {

using enum FieldType;

constexpr char name[] = "localai";

const Json& settings(const Standin& standin) {
  return standin.config["profiles"][name];
}

void ready(Standin&, const ExchangePtr& exchange) {
  Reply reply;
  reply.type = "text/plain; charset=UTF-8";
  reply.body = bytes("OK");
  exchange->send(std::move(reply));
}

void version(Standin&, const ExchangePtr& exchange) {
  exchange->send(Json::object({{"version", "v3.9.0 (stand-in)"}}));
}

void models(Standin& standin, const ExchangePtr& exchange) {
  Json data{Json::Array{}};
  for (const Json& model : settings(standin)["models"].items())
    data.push(Json::object({{"id", model}, {"object", "model"}}));
  exchange->send(Json::object({{"object", "list"}, {"data", std::move(data)}}));
}

// The address under which the server hosts a file.
std::string host(Standin& standin, const std::string& folder, const std::string& file) {
  const std::string path = "/" + folder + "/" + hex_id("b64") + file.substr(file.find_last_of('.'));
  standin.hosted[path] = file;
  return settings(standin)["relative_url"].boolean() ? path : standin.origins.at(name) + path;
}

// Types, and a model that is there; false when it refused.
bool read_request(const Standin& standin, const ExchangePtr& exchange,
                  const std::vector<Field>& known, Json& fields) {
  if (!exchange->json || !exchange->json->is_object()) {
    exchange->error(400, "", "failed parsing request body");
    return false;
  }
  if (const auto problem = read_fields(*exchange, known, fields)) {
    exchange->error(400, "", "json: cannot unmarshal into Go struct field " + problem->field);
    return false;
  }
  const std::string model = fields["model"].text();
  if (model.empty()) {
    exchange->error(400, "", "Bad Request");
    return false;
  }
  for (const Json& known_model : settings(standin)["models"].items())
    if (known_model.text() == model) return true;
  exchange->error(404, "", "model \"" + model + "\" not found");
  return false;
}

// Addresses and plain base64 only: a data URI is no base64; false when it refused.
bool right_picture(const ExchangePtr& exchange, const Json& value) {
  const std::string& text = value.text();
  if (text.empty() || text.starts_with("http://") || text.starts_with("https://")) return true;
  const auto wrong =
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
  if (wrong != text.npos) {
    exchange->error(500, "", "illegal base64 data at input byte " + std::to_string(wrong));
    return false;
  }
  gsize size = 0;
  g_autofree guchar* data = g_base64_decode(text.c_str(), &size);
  if (read_picture({reinterpret_cast<const char*>(data), size})) return true;
  exchange->error(500, "", "could not load the image");
  return false;
}

void send_items(const ExchangePtr& exchange, Json items) {
  exchange->send(Json::object(
      {{"created", now_ms() / 1000},
       {"id", exchange->request_id},
       {"data", std::move(items)},
       {"usage",
        Json::object({{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}})}}));
}

void image(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {
      {"model", Text},           {"prompt", Text}, {"n", Integer},    {"size", Text},
      {"response_format", Text}, {"file", Text},   {"step", Integer}, {"seed", Integer}};
  Json fields;
  if (!read_request(standin, exchange, known, fields) || !right_picture(exchange, fields["file"]))
    return;
  PictureOrder order;
  order.model = fields["model"].text();
  const std::string prompt = fields["prompt"].text(), size = fields["size"].text();
  order.prompt = prompt.substr(0, prompt.find('|'));
  order.size = size.find('x') == size.npos ? Size{512, 512} : parse_x_size(size);
  if (order.size.width == 0) return exchange->error(500, "", "invalid value for 'size'");
  order.count = static_cast<int>(std::clamp<int64_t>(fields["n"].integer(1), 1, 10));
  order.seed = fields["seed"];
  const bool inlined = fields["response_format"].text() == "b64_json";
  order_pictures(standin, exchange, order, [&standin, exchange, inlined](const Files& files) {
    const auto fault = content_fault(*exchange);
    auto address = [&](size_t i) { return host(standin, "generated-images", files[i]); };
    send_items(exchange, inlined ? data_items(standin, fault, files)
                                 : data_items(standin, fault, files, address));
  });
}

void video(Standin& standin, const ExchangePtr& exchange) {
  static const std::vector<Field> known = {
      {"model", Text},           {"prompt", Text},      {"negative_prompt", Text},
      {"start_image", Text},     {"end_image", Text},   {"audio", Text},
      {"width", Integer},        {"height", Integer},   {"num_frames", Integer},
      {"fps", Integer},          {"seconds", Text},     {"size", Text},
      {"seed", Integer},         {"cfg_scale", Number}, {"step", Integer},
      {"response_format", Text}, {"params", Object}};
  Json fields;
  if (!read_request(standin, exchange, known, fields) ||
      !right_picture(exchange, fields["start_image"]) ||
      !right_picture(exchange, fields["end_image"]))
    return;
  auto number = [&](const char* field, int otherwise) {
    return or_override(fields[field], otherwise);
  };
  ClipOrder order;
  order.model = fields["model"].text();
  order.prompt = fields["prompt"].text();
  order.size = {number("width", 512), number("height", 512)}; // "size" is read by nobody
  order.fps = number("fps", 24);
  const double asked = std::atof(fields["seconds"].text().c_str());
  const int frames = number("num_frames", asked > 0 ? static_cast<int>(asked * order.fps) : 49);
  order.seconds = static_cast<double>(frames) / order.fps;
  order.seed = fields["seed"];
  const bool inlined = fields["response_format"].text() == "b64_json";
  order_clip_now(standin, exchange, order, [&standin, exchange, inlined](const std::string& file) {
    if (exchange->has_content_fault("task-state"))
      return exchange->error(500, "", "rpc error: the stand-in was told to fail");
    const auto fault = content_fault(*exchange);
    auto address = [&](size_t) { return host(standin, "generated-videos", file); };
    send_items(exchange, inlined ? data_items(standin, fault, {file})
                                 : data_items(standin, fault, {file}, address));
  });
}

void hosted(Standin& standin, const ExchangePtr& exchange) {
  const auto found = standin.hosted.find(exchange->path);
  if (found == standin.hosted.end()) return exchange->error(404, "", "Not Found");
  send_file(standin, exchange, file_or_fault(content_fault(*exchange), found->second));
}

} // namespace

const Profile& localai_profile() {
  static const Profile profile = {name,
                                  "/v1",
                                  Style::LocalAi,
                                  {{"localai-ready", "GET", "/readyz", ready, true},
                                   {"localai-ready", "GET", "/healthz", ready, true},
                                   {"localai-version", "GET", "/version", version},
                                   {"localai-models", "GET", "/v1/models", models},
                                   {"localai-models", "GET", "/models", models},
                                   {"localai-chat", "POST", "/v1/chat/completions", chat_route},
                                   {"localai-image", "POST", "/v1/images/generations", image},
                                   {"localai-video", "POST", "/video", video},
                                   {"localai-content", "GET", "/generated-images/*", hosted},
                                   {"localai-content", "GET", "/generated-videos/*", hosted}}};
  return profile;
}

} // namespace standin
