// SPDX-License-Identifier: LGPL-2.1-or-later
// See client.h.
#include "service/comfyui/client.h"

#include "media/picture.h"
#include "net/multipart.h"
#include "service/http_error.h"
#include "service/wording.h"

namespace aigc::comfyui {

namespace {

/// Of the queue, which holds all prompts whole, with the editor's own workflows where those have
/// any.
constexpr size_t kMaxQueueBytes = 64u << 20;

Error no_comfyui(const std::string& address) {
  return error(Fault::not_found, "is not what answers at " + address,
               "set base-url to the root of a ComfyUI server, such as http://host:8188");
}

Ref<GBytes> bytes_of(const std::string& text) {
  return adopt(g_bytes_new(text.data(), text.size()));
}

/// Tuples of number, prompt and more.
bool holds(JsonView queue, const std::string& prompt) {
  for (size_t i = 0; i < queue.size(); ++i)
    if (queue.at(i).at(1).text() == prompt) return true;
  return false;
}

} // namespace

Error error(Fault fault, const std::string& message, const std::string& remedy) {
  Error error(fault, std::string(kName) + " " + message, remedy);
  error.service = kName;
  return error;
}

Client::Client(const Access& access)
    : access_(access), endpoint_([&] {
        Endpoint endpoint = endpoint_of(access);
        endpoint.free = endpoint.is_private;
        return endpoint;
      }()) {}

/// Without an Origin: the server refuses those it does not know.
HttpRequest Client::request(const char* method, const std::string& path, const Call& call) const {
  HttpRequest request{.method = method, .url = api(path), .bearer = access_.key};
  request.private_allowed = endpoint_.is_private;
  request.timeouts.total = call.deadline;
  return request;
}

Ref<JsonNode> Client::read(const HttpResponse& response, size_t max_bytes) const {
  if (response.status == 404 || response.status == 405) throw no_comfyui(access_.base_url);
  if (response.status / 100 != 2) throw http_error(kName, response, access_.key);
  try {
    auto root = parse_json(response.body, max_bytes);
    if (JsonView(root.get()).is_object()) return root;
  } catch (const Error&) {
    // said below
  }
  throw no_comfyui(access_.base_url);
}

/// A proxy answers by itself while ComfyUI restarts.
Ref<JsonNode> Client::look(const HttpRequest& request, Call& call) const {
  const HttpResponse response = HttpClient::shared().send(request, call.cancel);
  try {
    return read(response, request.max_bytes);
  } catch (Error& error) {
    if (error.fault == Fault::not_found) error.retry = true;
    throw;
  }
}

/// Named by its content, so that the server keeps one copy of what many shots share.
std::string Client::upload(GBytes* picture, Call& call) const {
  const std::string mime = sniff_picture(picture).mime;
  const std::string digest = take_string(g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, picture));
  Multipart form;
  form.file("image", "aigc-" + digest.substr(0, 16) + "." + mime.substr(mime.find('/') + 1), mime,
            picture);
  form.field("type", "input");
  HttpRequest order = request("POST", "/upload/image", call);
  order.content_type = form.type();
  order.body = form.body();
  const auto root = read(HttpClient::shared().send(order, call.cancel));
  const JsonView answer(root.get());
  const std::string name = answer["name"].text(), folder = answer["subfolder"].text();
  if (name.empty())
    throw error(Fault::format, "did not say what it calls an uploaded picture", "update ComfyUI");
  return folder.empty() ? name : folder + "/" + name;
}

HttpResponse Client::queue(const std::string& body, Call& call) const {
  HttpRequest order = request("POST", "/prompt", call);
  order.content_type = "application/json";
  order.body = bytes_of(body);
  order.creates = true;
  return HttpClient::shared().send(order, call.cancel);
}

Ref<JsonNode> Client::history(const std::string& prompt, Call& call) const {
  const auto root = look(request("GET", "/history/" + escaped(prompt), call), call);
  const JsonView entry = JsonView(root.get())[prompt.c_str()];
  return entry.is_object() ? share(entry.node()) : Ref<JsonNode>();
}

Place Client::place(const std::string& prompt, Call& call) const {
  HttpRequest order = request("GET", "/queue", call);
  order.max_bytes = kMaxQueueBytes;
  Ref<JsonNode> root;
  try {
    root = look(order, call);
  } catch (const Error& error) {
    if (error.fault == Fault::format) return Place::unknown;
    throw;
  }
  const JsonView queue(root.get());
  if (holds(queue["queue_running"], prompt)) return Place::running;
  return holds(queue["queue_pending"], prompt) ? Place::pending : Place::nowhere;
}

/// It may begin just then. What runs is never interrupted: older servers stop whatever that is, of
/// whomever.
bool Client::withdraw(const std::string& prompt, Call& call) const {
  const Place at = place(prompt, call);
  if (at != Place::pending && at != Place::unknown) return false;
  HttpRequest order = request("POST", "/queue", call);
  order.content_type = "application/json";
  order.body = bytes_of(JsonObjectMaker().set("delete", std::vector<std::string>{prompt}).text());
  const HttpResponse response = HttpClient::shared().send(order, call.cancel);
  if (response.status / 100 != 2) throw http_error(kName, response, access_.key);
  return place(prompt, call) == Place::nowhere && !history(prompt, call);
}

std::string Client::address_of(const Stored& file) const {
  return api("/view?filename=" + escaped(file.filename) + "&subfolder=" + escaped(file.subfolder) +
             "&type=" + escaped(file.type));
}

void Client::probe(Call& call) const {
  const auto root =
      read(HttpClient::shared().send(request("GET", "/system_stats", call), call.cancel));
  if (!JsonView(root.get())["system"].is_object()) throw no_comfyui(access_.base_url);
}

} // namespace aigc::comfyui
