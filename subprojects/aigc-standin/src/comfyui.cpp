// SPDX-License-Identifier: LGPL-2.1-or-later
// ComfyUI's routes, each with and without /api.
#include "comfyui.h"

#include "comfyui_nodes.h"
#include "orders.h"
#include "profiles.h"
#include "util.h"

#include <algorithm>

namespace standin {

// In comfyui_files.cpp.
void comfy_view_route(Standin&, const ExchangePtr&);
void comfy_upload_route(Standin&, const ExchangePtr&);

namespace {

void send_text(const ExchangePtr& exchange, int status, const std::string& text) {
  Reply reply;
  reply.status = status;
  reply.type = "text/plain; charset=utf-8";
  reply.body = bytes(text);
  exchange->send(std::move(reply));
}

// Pages of other origins may not use the server: a browser's user did not ask for that.
bool from_elsewhere(const Exchange& exchange) {
  const std::string origin = exchange.header("Origin");
  return !origin.empty() && origin != "http://" + exchange.header("Host");
}

bool is_uuid(const std::string& text) {
  return g_uuid_string_is_valid(text.c_str()) && text == lower(text);
}

// Who pays is known by what was asked for.
void bill(Standin& standin, const ExchangePtr& exchange, const ComfyPrompt& prompt) {
  const ComfyGraph graph(prompt.graph);
  const std::string& end = prompt.outputs.front();
  std::string model = graph.nearest(end, "unet_name").text();
  if (model.empty()) model = graph.nearest(end, "ckpt_name").text();
  const Json& seed = graph.nearest(end, "seed");
  exchange->call->task_id = prompt.id;
  standin.calls.bill(*exchange->call, model, prompt.text,
                     seed.is_null() ? graph.nearest(end, "noise_seed") : seed);
}

void prompt_route(Standin& standin, const ExchangePtr& exchange) {
  if (!exchange->json) return send_text(exchange, 500, "500 Internal Server Error");
  const Json& body = *exchange->json;
  if (!body["prompt"].is_object()) return exchange->error(400, "no_prompt", "No prompt provided");
  auto prompt = std::make_shared<ComfyPrompt>();
  prompt->id = body["prompt_id"].is_string() ? body["prompt_id"].text() : new_id();
  if (!is_uuid(prompt->id))
    return exchange->error(400, "invalid_prompt_id", "prompt_id must be a canonical UUID");
  if (standin.comfy.knows(prompt->id))
    return exchange->error(409, "duplicate_prompt_id", "prompt_id is already in use");
  ComfyCheck check = check_graph(body["prompt"], standin.comfy.files,
                                 standin.config["profiles"]["comfyui"]["models"]);
  if (!check.error.is_null())
    return exchange->send(
        Json::object({{"error", check.error}, {"node_errors", check.node_errors}}), 400);
  prompt->graph = body["prompt"];
  prompt->client = body["client_id"].text();
  prompt->extra = body["extra_data"].is_object() ? body["extra_data"] : Json(Json::Object{});
  if (!prompt->client.empty()) prompt->extra.set("client_id", prompt->client);
  prompt->number = standin.comfy.next_number();
  prompt->outputs = check.outputs;
  const ComfyGraph graph(prompt->graph);
  for (const std::string& end : prompt->outputs)
    if (prompt->text.empty()) prompt->text = graph.prompt_of(end);
  prompt->fault = content_fault(*exchange);
  bill(standin, exchange, *prompt);
  standin.comfy.add(prompt, body["front"].boolean());
  exchange->send(Json::object(
      {{"prompt_id", prompt->id}, {"number", prompt->number}, {"node_errors", check.node_errors}}));
}

void count_route(Standin& standin, const ExchangePtr& exchange) {
  exchange->send(Json::object(
      {{"exec_info", Json::object({{"queue_remaining", standin.comfy.remaining()}})}}));
}

void history_route(Standin& standin, const ExchangePtr& exchange) {
  if (exchange->has_content_fault("forget")) standin.comfy.forget();
  const bool api = exchange->path.starts_with("/api/");
  exchange->send(standin.comfy.history(segment(exchange->path, api ? 2 : 1)));
}

void queue_route(Standin& standin, const ExchangePtr& exchange) {
  if (exchange->has_content_fault("forget")) standin.comfy.forget();
  exchange->send(standin.comfy.queue());
}

void change_queue_route(Standin& standin, const ExchangePtr& exchange) {
  if (!exchange->json) return send_text(exchange, 500, "500 Internal Server Error");
  if ((*exchange->json)["clear"].boolean()) standin.comfy.remove_all();
  for (const Json& id : (*exchange->json)["delete"].items())
    standin.comfy.remove(id.text());
  send_text(exchange, 200, "");
}

void interrupt_route(Standin& standin, const ExchangePtr& exchange) {
  standin.comfy.interrupt(exchange->json ? (*exchange->json)["prompt_id"].text() : "");
  send_text(exchange, 200, "");
}

void object_info_route(Standin& standin, const ExchangePtr& exchange) {
  const std::string wanted = segment(exchange->path, exchange->path.starts_with("/api/") ? 2 : 1);
  Json out{Json::Object{}};
  for (const NodeClass& node : node_classes())
    if (wanted.empty() || node.name == wanted)
      out.set(node.name, node_info(node, standin.config["profiles"]["comfyui"]["models"]));
  exchange->send(out);
}

void system_stats_route(Standin&, const ExchangePtr& exchange) {
  constexpr int64_t memory = 25769803776;
  exchange->send(Json::object({{"system", Json::object({{"os", "posix"},
                                                        {"ram_total", 4 * memory},
                                                        {"ram_free", 3 * memory},
                                                        {"comfyui_version", "0.3.75"},
                                                        {"python_version", "3.12.3"},
                                                        {"pytorch_version", "2.9.0"},
                                                        {"embedded_python", false},
                                                        {"argv", Json::array({"main.py"})}})},
                               {"devices", Json::array({Json::object({{"name", "cuda:0 stand-in"},
                                                                      {"type", "cuda"},
                                                                      {"index", 0},
                                                                      {"vram_total", memory},
                                                                      {"vram_free", memory}})})}}));
}

void socket_route(Standin& standin, const ExchangePtr& exchange) {
  const std::string key = exchange->header("Sec-WebSocket-Key");
  // What arrives through a gateway that does not hand on the header.
  if (exchange->has_content_fault("ws-refuse") || lower(exchange->header("Upgrade")) != "websocket")
    return send_text(exchange, 400,
                     "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to "
                     "\"WebSocket\".");
  if (exchange->header("Sec-WebSocket-Version") != "13" || key.empty())
    return send_text(exchange, 400, "Handshake error");
  std::string sid = exchange->query["clientId"];
  if (sid.empty()) sid = new_id();
  exchange->call->status = 101;
  exchange->take([&standin, key, sid](GIOStream* connection) {
    const auto socket = std::make_shared<WebSocket>(connection);
    socket->start(key);
    standin.comfy.connect(sid, socket);
  });
}

template <Handler handler> void guarded(Standin& standin, const ExchangePtr& exchange) {
  if (from_elsewhere(*exchange)) return send_text(exchange, 403, "");
  handler(standin, exchange);
}

} // namespace

const Profile& comfyui_profile() {
  static const Profile profile = [] {
    Profile out = {"comfyui", "", Style::ComfyUi, {}};
    const std::vector<Endpoint> plain = {
        {"comfyui-prompt", "POST", "/prompt", guarded<prompt_route>},
        {"comfyui-count", "GET", "/prompt", guarded<count_route>},
        {"comfyui-history", "GET", "/history", guarded<history_route>},
        {"comfyui-history", "GET", "/history/*", guarded<history_route>},
        {"comfyui-queue", "GET", "/queue", guarded<queue_route>},
        {"comfyui-unqueue", "POST", "/queue", guarded<change_queue_route>},
        {"comfyui-interrupt", "POST", "/interrupt", guarded<interrupt_route>},
        {"comfyui-view", "GET", "/view", guarded<comfy_view_route>},
        {"comfyui-upload", "POST", "/upload/image", guarded<comfy_upload_route>},
        {"comfyui-nodes", "GET", "/object_info", guarded<object_info_route>},
        {"comfyui-nodes", "GET", "/object_info/*", guarded<object_info_route>},
        {"comfyui-system", "GET", "/system_stats", guarded<system_stats_route>},
        {"comfyui-ws", "GET", "/ws", guarded<socket_route>},
    };
    for (Endpoint endpoint : plain) {
      out.endpoints.push_back(endpoint);
      static std::deque<std::string> paths; // what the table's pointers point to
      endpoint.path = paths.emplace_back("/api" + std::string(endpoint.path)).c_str();
      out.endpoints.push_back(endpoint);
    }
    return out;
  }();
  return profile;
}

} // namespace standin
