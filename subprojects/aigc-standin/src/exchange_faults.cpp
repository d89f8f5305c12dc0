// SPDX-License-Identifier: LGPL-2.1-or-later
// How an exchange plays the faults of transport and of bodies.
#include "exchange.h"
#include "util.h"
#include "wire.h"

namespace standin {
namespace {

constexpr size_t block = 65536;

std::string text_or(const Json& value, const char* otherwise) {
  return value.is_string() ? value.text() : otherwise;
}

const char* usual_code(Style style, int status) {
  if (style != Style::Native) {
    switch (status) {
    case 401:
      return "invalid_api_key";
    case 429:
      return "rate_limit_exceeded";
    default:
      return status >= 500 ? "internal_error" : "invalid_request_error";
    }
  }
  switch (status) {
  case 400:
    return "InvalidParameter";
  case 401:
    return "InvalidApiKey";
  case 403:
    return "AccessDenied";
  case 404:
    return "ModelNotFound";
  case 408:
    return "RequestTimeOut";
  case 429:
    return "Throttling.RateQuota";
  case 503:
    return "ModelUnavailable";
  default:
    return status >= 500 ? "InternalError" : "InvalidParameter";
  }
}

const char* gateway_page(int status) {
  return status == 504 ? "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n"
                         "<center><h1>504 Gateway Time-out</h1></center>\r\n</body>\r\n</html>\r\n"
                       : "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
                         "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
}

std::string location(const Exchange& exchange, const std::string& to, const std::string& host,
                     const std::string& results) {
  const std::string rest =
      exchange.path + (exchange.raw_query.empty() ? "" : "?" + exchange.raw_query);
  if (to == "same") return "http://" + host + rest;
  if (to == "results") return results + rest;
  if (to == "private") return "http://10.255.255.1" + rest;
  return to;
}

} // namespace

std::string Exchange::head(const Reply& reply, size_t length) const {
  const char* phrase = soup_status_get_phrase(reply.status);
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " " + phrase + "\r\n";
  if (!reply.type.empty()) out += "Content-Type: " + reply.type + "\r\n";
  for (const auto& [name, value] : reply.headers)
    out += name + ": " + value + "\r\n";
  return out + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

void Exchange::raw(std::string text, bool hold) {
  std::vector<WireStep> steps;
  if (!text.empty()) steps.push_back({std::move(text), 0});
  raw(std::move(steps), hold);
}

void Exchange::raw(std::vector<WireStep> steps, bool hold) {
  take([steps = std::move(steps), hold](GIOStream* connection) {
    write_raw(connection, steps, hold ? WireEnd::Hold : WireEnd::Close);
  });
}

// Not inside the handler: the server is still busy with the connection there.
void Exchange::take(std::function<void(GIOStream*)> taker) {
  answered_ = true;
  if (in_handler_ && !paused_) {
    paused_ = true;
    soup_server_message_pause(message_);
  }
  later([self = shared_from_this(), taker = std::move(taker)] {
    if (self->gone_) return;
    if (GIOStream* connection = soup_server_message_steal_connection(self->message_))
      taker(connection);
  });
}

// Changes the reply, or sends it by hand and says so.
bool Exchange::spoil(Reply& reply) {
  const std::string& kind = fault->kind;
  const Json& spec = fault->spec;
  const std::string sent = reply.body->substr(reply.from, reply.length);
  const auto after_bytes = static_cast<size_t>(spec["after_bytes"].integer(sent.size() / 2));
  auto replace = [&](std::string text) {
    reply.body = bytes(std::move(text));
    reply.from = 0, reply.length = reply.body->size();
    return false;
  };
  if (kind == "wrong-type") {
    reply.type = text_or(spec["type"], "text/html; charset=utf-8");
    return false;
  }
  if (kind == "file") {
    g_autofree char* data = nullptr;
    gsize size = 0;
    g_file_get_contents(spec["path"].text().c_str(), &data, &size, nullptr);
    return replace(std::string(data ? data : "", size));
  }
  if (kind == "empty") return replace("");
  if (kind == "bad-json") return replace(sent.substr(0, sent.size() / 2) + "\x01}{");
  if (kind == "huge") {
    const auto size = static_cast<size_t>(spec["bytes"].integer(64 << 20));
    const std::string filler(block, reply.type.find("json") == std::string::npos ? '\0' : ' ');
    std::vector<WireStep> steps{{head(reply, size) + sent.substr(0, 1), 0}};
    for (size_t done = 1; done < size; done += block)
      steps.push_back({filler.substr(0, std::min(block, size - done)), 0});
    raw(std::move(steps), false);
    return true;
  }
  if (kind == "chunked") { // what would have a length has none
    answered_ = false;
    stream(reply.type, {{0, sent.substr(0, after_bytes)}, {0.01, sent.substr(after_bytes)}});
    return true;
  }
  if (kind == "close-after") { // without saying so: the next request finds the connection closed
    raw(head(reply, sent.size()) + sent, false);
    return true;
  }
  if (kind == "slow-drip") {
    const double rate = spec["bytes_per_second"].number(1);
    std::vector<WireStep> steps{{head(reply, sent.size()), 0}};
    // At most ten writes a second.
    const auto step = static_cast<size_t>(std::max(1.0, rate / 10));
    for (size_t done = 0; done < sent.size(); done += step)
      steps.push_back({sent.substr(done, step), static_cast<double>(step) / rate});
    raw(std::move(steps), false);
    return true;
  }
  if (kind == "accept-then-hang" || kind == "accept-then-close") {
    call->status = 0;
    raw("", kind == "accept-then-hang");
  } else if (kind == "hang-in-headers") {
    raw("HTTP/1.1 200 OK\r\nContent-Type: appl", true);
  } else if (kind == "hang-in-body") {
    raw(head(reply, sent.size()) + sent.substr(0, after_bytes), true);
  } else if (kind == "truncate") {
    raw(head(reply, sent.size()) + sent.substr(0, after_bytes), false);
  } else { // wrong-length
    const auto said = static_cast<size_t>(spec["length"].integer(sent.size() / 2));
    raw(head(reply, said) + sent, false);
  }
  return true;
}

void Exchange::play(const Fault& played, const std::string& results_origin) {
  const Json& spec = played.spec;
  const std::string& kind = played.kind;
  if (kind == "close-before-headers" || kind == "hang-before-headers")
    return raw("", kind == "hang-before-headers");
  if (kind == "status") {
    const int status = static_cast<int>(spec["status"].integer(500));
    if (style == Style::FastApi && spec["message"].is_array()) // as it tells of wrong fields
      return send(Json::object({{"detail", spec["message"]}}), status);
    Headers headers;
    if (const Json& after = spec["retry_after"]; !after.is_null())
      headers.emplace_back("Retry-After", after.is_string() ? after.text() : after.print());
    const bool bare = spec.has("code") && spec["code"].is_null();
    return error(status, bare ? "" : text_or(spec["code"], usual_code(style, status)),
                 text_or(spec["message"], "the stand-in was told to refuse this"), headers);
  }
  if (kind == "top-level-code")
    return send(error_body(Style::Native, 200, text_or(spec["code"], "InternalError.Algo"),
                           text_or(spec["message"], "the stand-in was told to fail"), request_id));
  Reply reply;
  if (kind == "html") {
    reply.status = static_cast<int>(spec["status"].integer(502));
    reply.type = "text/html";
    reply.body = bytes(gateway_page(reply.status));
  } else { // redirect
    reply.status = static_cast<int>(spec["status"].integer(302));
    reply.type = "";
    reply.headers.emplace_back(
        "Location", location(*this, text_or(spec["to"], "same"), header("Host"), results_origin));
  }
  send(std::move(reply));
}

} // namespace standin
