// SPDX-License-Identifier: LGPL-2.1-or-later
// See client.h.
#include "service/comfyui/client.h"

#include "media/picture.h"
#include "net/multipart.h"
#include "service/http_error.h"

namespace aigc::comfyui {

namespace {

constexpr size_t kLongestName = 120;

Error no_comfyui(const std::string& address) {
  return error(Fault::not_found, "is not what answers at " + address,
               "set base-url to the root of a ComfyUI server, such as http://host:8188");
}

std::string escaped(const std::string& text) {
  return take_string(g_uri_escape_string(text.c_str(), nullptr, FALSE));
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

Ref<JsonNode> Client::read(const HttpResponse& response) const {
  if (response.status == 404 || response.status == 405) throw no_comfyui(access_.base_url);
  if (response.status / 100 != 2) throw http_error(kName, response, access_.key);
  try {
    auto root = parse_json(response.body);
    if (JsonView(root.get()).is_object()) return root;
  } catch (const Error&) {
    // said below
  }
  throw no_comfyui(access_.base_url);
}

Ref<JsonNode> Client::get(const std::string& path, Call& call) const {
  return read(HttpClient::shared().send(request("GET", path, call), call.cancel));
}

void Client::post(const std::string& path, const std::string& json, Call& call) const {
  HttpRequest order = request("POST", path, call);
  order.content_type = "application/json";
  order.body = bytes_of(json);
  const HttpResponse response = HttpClient::shared().send(order, call.cancel);
  if (response.status / 100 != 2) throw http_error(kName, response, access_.key);
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
  const auto root = get("/history/" + escaped(prompt), call);
  const JsonView entry = JsonView(root.get())[prompt.c_str()];
  return entry.is_object() ? share(entry.node()) : Ref<JsonNode>();
}

Place Client::place(const std::string& prompt, Call& call) const {
  const auto root = get("/queue", call);
  const JsonView queue(root.get());
  if (holds(queue["queue_running"], prompt)) return Place::running;
  return holds(queue["queue_pending"], prompt) ? Place::pending : Place::nowhere;
}

/// It may begin to run just when it is to be taken out of the queue.
bool Client::remove(const std::string& prompt, Call& call) const {
  Place at = place(prompt, call);
  if (at == Place::nowhere) return false;
  if (at == Place::pending) {
    const std::string quoted = "\"" + take_string(g_strescape(prompt.c_str(), nullptr)) + "\"";
    post("/queue", "{\"delete\": [" + quoted + "]}", call);
    at = place(prompt, call);
  }
  if (at == Place::nowhere) return true;
  post("/interrupt", JsonObjectMaker().set("prompt_id", prompt).text(), call);
  return true;
}

std::string Client::address_of(const Stored& file) const {
  return api("/view?filename=" + escaped(file.filename) + "&subfolder=" + escaped(file.subfolder) +
             "&type=" + escaped(file.type));
}

/// The first byte will do; servers that send all of it are not listened to.
void Client::check_there(const Stored& file, Call& call) const {
  HttpRequest order{.url = address_of(file), .bearer = access_.key};
  order.headers = {{"Range", "bytes=0-0"}};
  order.private_allowed = endpoint_.is_private;
  order.timeouts.total = call.deadline;
  order.max_bytes = G_MAXINT64;
  const HttpResponse response =
      HttpClient::shared().stream(order, call.cancel, [](std::string_view) { return false; });
  if (response.status / 100 == 2 || response.status == 416) return;
  if (response.status / 100 == 5) throw http_error(kName, response, access_.key);
  Error gone = error(Fault::not_found,
                     "made " + printable_excerpt(file.filename, kLongestName) +
                         " but does not hand it out (HTTP " + std::to_string(response.status) + ")",
                     "run again, and let nothing tidy its output folder meanwhile");
  gone.http_status = response.status;
  gone.ended = true;
  throw gone;
}

void Client::probe(Call& call) const {
  const auto root = get("/system_stats", call);
  if (!JsonView(root.get())["system"].is_object()) throw no_comfyui(access_.base_url);
}

} // namespace aigc::comfyui
