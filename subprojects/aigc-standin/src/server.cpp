// SPDX-License-Identifier: LGPL-2.1-or-later
// Which route a request takes, and what it passes before: log, faults, key.
#include "server.h"

#include "util.h"

namespace standin {
namespace {

struct Route {
  const char* name;
  const char* method;
  Style style;
  Handler handler;
  bool open = false; // needs no key
};

constexpr Route unknown_route = {"unknown", nullptr, Style::DeepSeek, nullptr};

Route profile_route(const Profile& profile, const std::string& path, const std::string& method) {
  const Endpoint* found = find_endpoint(profile, path, method);
  if (!found) return {"unknown", nullptr, profile.style, nullptr};
  return {found->name, found->method, profile.style, found->handler, found->open};
}

Route native_route(const std::string& path, const std::string& method) {
  const bool get = method == "GET";
  if (path == "/services/aigc/multimodal-generation/generation")
    return {"image-sync", "POST", Style::Native, image_sync_route};
  if (path == "/services/aigc/text2image/image-synthesis")
    return {"image-async", "POST", Style::Native, image_async_route};
  if (path == "/services/aigc/video-generation/video-synthesis" ||
      path == "/services/aigc/image2video/video-synthesis")
    return {"video", "POST", Style::Native, video_route};
  if (path == "/tasks" || path == "/tasks/") return {"list", "GET", Style::Native, list_route};
  if (path.starts_with("/tasks/") && path.ends_with("/cancel"))
    return {"cancel", "POST", Style::Native, cancel_route};
  if (path.starts_with("/tasks/") && path.find('/', 7) == path.npos)
    return {"task", "GET", Style::Native, task_route};
  if (path == "/quotas") return {"quotas", "GET", Style::Native, quotas_route};
  if (path == "/uploads") return {"uploads", "GET", Style::Native, uploads_route};
  return {"unknown", get ? "GET" : "POST", Style::Native, nullptr};
}

Route api_route(const std::string& path, const std::string& method) {
  if (path.starts_with("/api/v1/")) return native_route(path.substr(7), method);
  if (find_endpoint(openai_profile(), path, method))
    return profile_route(openai_profile(), path, method);
  const bool compatible = path.starts_with("/compatible-mode/v1/");
  const Style style = compatible ? Style::Compatible : Style::DeepSeek;
  std::string tail = compatible ? path.substr(19) : path;
  if (!compatible && tail.starts_with("/v1/")) tail.erase(0, 3);
  if (tail == "/chat/completions") return {"chat", "POST", style, chat_route};
  if (tail == "/models") return {"models", "GET", style, models_route};
  if (tail == "/user/balance" && !compatible) return {"balance", "GET", style, balance_route};
  return unknown_route;
}

Route storage_route(const std::string& path, const std::string& method) {
  if (method == "POST" && path == "/") return {"oss", "POST", Style::Oss, oss_route};
  return {"result", method == "HEAD" ? "HEAD" : "GET", Style::Oss, result_route};
}

std::string headers_of(SoupServerMessage* message) {
  Json out{Json::Object{}};
  soup_message_headers_foreach(
      soup_server_message_get_request_headers(message),
      [](const char* name, const char* value, gpointer data) {
        static_cast<Json*>(data)->set(name, value);
      },
      &out);
  return out.print();
}

ExchangePtr read_request(const Standin& standin, SoupServerMessage* message,
                         std::shared_ptr<Call> call) {
  auto exchange = std::make_shared<Exchange>(message, call);
  GUri* uri = soup_server_message_get_uri(message);
  const char* query = g_uri_get_query(uri);
  exchange->method = soup_server_message_get_method(message);
  exchange->path = percent_decode(g_uri_get_path(uri));
  exchange->raw_query = query ? query : "";
  exchange->query = parse_query(exchange->raw_query);
  g_autoptr(GBytes) body = soup_message_body_flatten(soup_server_message_get_request_body(message));
  gsize size = 0;
  const auto data = static_cast<const char*>(g_bytes_get_data(body, &size));
  if (size > 0) exchange->body.assign(data, size);
  exchange->form = Form::read(exchange->header("Content-Type"), exchange->body);
  if (!exchange->form) exchange->json = Json::parse(exchange->body);
  call->method = exchange->method;
  call->path = exchange->path;
  call->query = exchange->raw_query;
  call->headers = headers_of(message);
  call->body = exchange->form ? exchange->form->summary().print()
                              : log_body(exchange->json ? &*exchange->json : nullptr,
                                         exchange->body, standin.config["log_data_uris"].boolean());
  return exchange;
}

bool key_is_right(const Standin& standin, const Exchange& exchange) {
  const std::string header = exchange.header("Authorization");
  if (exchange.style == Style::LocalAi && standin.config.key_is_legal(exchange.header("x-api-key")))
    return true;
  return header.starts_with("Bearer ") && standin.config.key_is_legal(header.substr(7));
}

void refuse_key(const ExchangePtr& exchange) {
  switch (exchange->style) {
  case Style::Native:
    return exchange->error(401, "InvalidApiKey", "Invalid API-key provided.");
  case Style::Compatible:
  case Style::OpenAi:
    return exchange->error(401, "invalid_api_key", "Incorrect API key provided.");
  case Style::FastApi:
  case Style::ErrorObject:
    return exchange->send(Json::object({{"error", "Unauthorized"}}), 401);
  case Style::LocalAi:
    return exchange->error(401, "", "An authentication key is required");
  default:
    return exchange->error(401, "invalid_request_error",
                           "Authentication Fails, your api key is invalid");
  }
}

void answer(Standin& standin, const ExchangePtr& exchange, const Route& route, bool keyed) {
  exchange->style = route.style;
  exchange->call->route = route.name;
  const std::string model = exchange->form   ? exchange->form->text("model")
                            : exchange->json ? (*exchange->json)["model"].text()
                                             : "";
  if (auto fault = standin.faults.take(route.name, exchange->method, model)) {
    exchange->call->fault = fault->kind;
    if (fault->phase == FaultPhase::Before) return exchange->play(*fault, standin.results);
    exchange->fault = std::move(fault);
  }
  if (keyed && !route.open && !key_is_right(standin, *exchange)) return refuse_key(exchange);
  const bool fastapi = route.style == Style::FastApi || route.style == Style::ErrorObject;
  if (!route.handler)
    return exchange->error(404, "NotFound",
                           fastapi ? "Not Found" : "There is nothing at this path.");
  if (exchange->method != route.method)
    return exchange->error(405, "MethodNotAllowed",
                           fastapi ? "Method Not Allowed" : "Request method is not supported.");
  route.handler(standin, exchange);
}

void on_api(SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer data) {
  auto& standin = *static_cast<Standin*>(data);
  const std::string path = g_uri_get_path(soup_server_message_get_uri(message));
  const bool control = path.starts_with("/_standin/");
  auto call = control ? std::make_shared<Call>() : standin.calls.add();
  const ExchangePtr exchange = read_request(standin, message, call);
  if (control)
    control_route(standin, exchange);
  else
    answer(standin, exchange, api_route(exchange->path, exchange->method), true);
  exchange->leave_handler();
}

void on_results(SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer data) {
  auto& standin = *static_cast<Standin*>(data);
  const ExchangePtr exchange = read_request(standin, message, standin.calls.add());
  answer(standin, exchange, storage_route(exchange->path, exchange->method), false);
  exchange->leave_handler();
}

SoupServer* make_server(SoupServerCallback handler, Standin& standin) {
  SoupServer* server = soup_server_new("server-header", nullptr, "raw-paths", TRUE, nullptr);
  soup_server_add_handler(server, nullptr, handler, &standin, nullptr);
  return server;
}

/// Clients that come all at once wait here; beyond, their connections would be dropped or reset.
constexpr int kBacklog = 1024;

/// A socket of its own: what libsoup opens keeps only ten clients waiting.
GSocket* make_socket(int port, GError** error) {
  g_autoptr(GInetAddress) host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) address = g_inet_socket_address_new(host, static_cast<guint16>(port));
  g_autoptr(GSocket) socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (!socket) return nullptr;
  g_socket_set_listen_backlog(socket, kBacklog);
  if (!g_socket_bind(socket, address, TRUE, error) || !g_socket_listen(socket, error))
    return nullptr;
  return static_cast<GSocket*>(g_steal_pointer(&socket));
}

std::string listen_on(SoupServer* server, int port, std::string& origin) {
  g_autoptr(GError) error = nullptr;
  g_autoptr(GSocket) socket = make_socket(port, &error);
  if (!socket ||
      !soup_server_listen_socket(server, socket, static_cast<SoupServerListenOptions>(0), &error))
    return error->message;
  GSList* uris = soup_server_get_uris(server);
  origin = "http://127.0.0.1:" + std::to_string(g_uri_get_port(static_cast<GUri*>(uris->data)));
  g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
  return {};
}

} // namespace

Server::Server()
    : api_(make_server(on_api, standin_)), results_(make_server(on_results, standin_)) {}

Server::~Server() {
  for (const auto& origin : origins_) {
    soup_server_disconnect(origin->server);
    g_object_unref(origin->server);
  }
  soup_server_disconnect(api_);
  soup_server_disconnect(results_);
  g_object_unref(api_);
  g_object_unref(results_);
}

std::string Server::listen(int port) {
  if (std::string fault = listen_on(api_, port, standin_.api); !fault.empty()) return fault;
  const int taken = std::stoi(standin_.api.substr(standin_.api.rfind(':') + 1));
  int next = port > 0 ? taken + 1 : 0;
  auto open = [&](SoupServer* server, std::string& origin) -> std::string {
    const int wanted = next;
    if (next > 0) ++next;
    if (wanted > 0 && wanted < 65536 && listen_on(server, wanted, origin).empty()) return {};
    return listen_on(server, 0, origin);
  };
  if (std::string fault = open(results_, standin_.results); !fault.empty()) return fault;
  for (const Profile* profile : profiles()) {
    SoupServer* server = soup_server_new("server-header", nullptr, "raw-paths", TRUE, nullptr);
    origins_.push_back(std::make_unique<Origin>(Origin{standin_, *profile, server}));
    soup_server_add_handler(server, nullptr, on_profile, origins_.back().get(), nullptr);
    std::string& origin = standin_.origins[profile->name];
    if (std::string fault = open(server, origin); !fault.empty()) return fault;
  }
  return {};
}

void Server::on_profile(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                        gpointer data) {
  const auto& [standin, profile, server] = *static_cast<Origin*>(data);
  const ExchangePtr exchange = read_request(standin, message, standin.calls.add());
  const Json& settings = standin.config["profiles"][profile.name];
  Route route = profile_route(profile, exchange->path, exchange->method);
  if (settings["errors"].text() == "object") route.style = Style::ErrorObject;
  answer(standin, exchange, route, settings["key"].boolean());
  exchange->leave_handler();
}

} // namespace standin
