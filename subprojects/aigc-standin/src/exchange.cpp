// SPDX-License-Identifier: LGPL-2.1-or-later
// One request and its answer.
#include "exchange.h"

#include "util.h"
#include "wire.h"

namespace standin {
namespace {

GBytes* soup_bytes(const Bytes& body, size_t from, size_t length) {
  return g_bytes_new_with_free_func(
      body->data() + from, length, [](gpointer data) { delete static_cast<Bytes*>(data); },
      new Bytes(body));
}

} // namespace

Bytes bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

Exchange::Exchange(SoupServerMessage* message, std::shared_ptr<Call> log)
    : request_id(new_id()), call(std::move(log)), message_(message) {
  g_object_ref(message_);
  auto mark =
      +[](SoupServerMessage*, gpointer self) { static_cast<Exchange*>(self)->gone_ = true; };
  finished_ = g_signal_connect(message_, "finished", G_CALLBACK(mark), this);
  disconnected_ = g_signal_connect(message_, "disconnected", G_CALLBACK(mark), this);
}

Exchange::~Exchange() {
  g_signal_handler_disconnect(message_, finished_);
  g_signal_handler_disconnect(message_, disconnected_);
  g_object_unref(message_);
}

std::string Exchange::header(const char* name) const {
  const char* value =
      soup_message_headers_get_one(soup_server_message_get_request_headers(message_), name);
  return value ? value : "";
}

bool Exchange::has_content_fault(const char* kind) const {
  return fault && fault->phase == FaultPhase::Content && fault->kind == kind;
}

void Exchange::leave_handler() {
  in_handler_ = false;
  if (answered_) return;
  paused_ = true;
  soup_server_message_pause(message_);
}

void Exchange::resume() {
  if (!paused_ || gone_) return;
  soup_server_message_unpause(message_);
}

void Exchange::send(const Json& json, int status) {
  Reply reply;
  reply.status = status;
  reply.body = bytes(json.print());
  send(std::move(reply));
}

void Exchange::error(int status, const std::string& code, const std::string& message,
                     Headers headers) {
  Reply reply;
  reply.status = status;
  reply.headers = std::move(headers);
  if (style == Style::Oss) {
    reply.type = "application/xml";
    reply.body = bytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>" + code +
                       "</Code>\n  <Message>" + message + "</Message>\n  <RequestId>" + request_id +
                       "</RequestId>\n</Error>\n");
  } else {
    reply.body = bytes(error_body(style, status, code, message, request_id).print());
  }
  send(std::move(reply));
}

void Exchange::send(Reply reply) {
  if (answered_ || gone_) return;
  answered_ = true;
  if (!reply.body) reply.body = bytes("");
  reply.length = std::min(reply.length, reply.body->size() - reply.from);
  call->status = reply.status;
  if (fault && fault->phase == FaultPhase::Reply && reply.status < 300 && spoil(reply)) return;
  send_plain(reply);
}

void Exchange::send_plain(const Reply& reply) {
  // The server would cut the body once more, by its own reading of the header.
  soup_message_headers_remove(soup_server_message_get_request_headers(message_), "Range");
  soup_server_message_set_status(message_, reply.status, nullptr);
  auto headers = soup_server_message_get_response_headers(message_);
  for (const auto& [name, value] : reply.headers)
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  if (!reply.type.empty())
    soup_message_headers_replace(headers, "Content-Type", reply.type.c_str());
  soup_message_headers_replace(headers, "X-Request-Id", request_id.c_str());
  auto body = soup_server_message_get_response_body(message_);
  if (reply.length > 0) {
    g_autoptr(GBytes) data = soup_bytes(reply.body, reply.from, reply.length);
    soup_message_body_append_bytes(body, data);
  }
  soup_message_body_complete(body);
  soup_message_headers_set_content_length(headers, static_cast<goffset>(reply.length));
  resume();
}

void Exchange::stream(const std::string& type, std::vector<Piece> pieces, bool hold) {
  if (answered_ || gone_) return;
  if (fault && fault->phase == FaultPhase::Reply && fault->kind != "chunked") {
    // The length of a stream is unknown; the fault is about the bytes.
    Reply reply;
    reply.type = type;
    std::string all;
    for (const Piece& piece : pieces)
      all += piece.bytes;
    reply.body = bytes(std::move(all));
    return send(std::move(reply));
  }
  answered_ = true;
  call->status = 200;
  pieces_ = std::move(pieces);
  started_ = now_seconds();
  soup_server_message_set_status(message_, 200, nullptr);
  auto headers = soup_server_message_get_response_headers(message_);
  soup_message_headers_replace(headers, "Content-Type", type.c_str());
  soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate(soup_server_message_get_response_body(message_), FALSE);
  if (in_handler_) { // the wait of the first piece needs a paused message
    paused_ = true;
    soup_server_message_pause(message_);
  }
  next_piece(hold);
}

void Exchange::next_piece(bool hold) {
  if (gone_) return;
  auto body = soup_server_message_get_response_body(message_);
  while (next_piece_ < pieces_.size()) {
    const Piece& piece = pieces_[next_piece_];
    if (const double wait = started_ + piece.at - now_seconds(); wait > 0.0005) {
      after(wait, [self = shared_from_this(), hold] { self->next_piece(hold); });
      return resume();
    }
    if (!piece.bytes.empty())
      soup_message_body_append(body, SOUP_MEMORY_COPY, piece.bytes.data(), piece.bytes.size());
    ++next_piece_;
  }
  if (!hold) soup_message_body_complete(body);
  resume();
}

Json error_body(Style style, int status, const std::string& code, const std::string& message,
                const std::string& request_id) {
  if (style == Style::Native)
    return Json::object({{"request_id", request_id}, {"code", code}, {"message", message}});
  if (style == Style::FastApi) return Json::object({{"detail", message}});
  if (style == Style::SdCpp) return Json::object({{"error", message}});
  if (style == Style::ErrorObject)
    return Json::object(
        {{"error", Json::object({{"message", message},
                                 {"type", soup_status_get_phrase(static_cast<guint>(status))},
                                 {"param", Json()},
                                 {"code", status}})}});
  if (style == Style::ComfyUi)
    return Json::object({{"error", Json::object({{"type", code},
                                                 {"message", message},
                                                 {"details", message},
                                                 {"extra_info", Json(Json::Object{})}})},
                         {"node_errors", Json(Json::Object{})}});
  if (style == Style::LocalAi)
    return Json::object(
        {{"error", Json::object({{"code", status},
                                 {"message", message},
                                 {"type", status == 401 ? "invalid_request_error" : ""},
                                 {"param", Json()}})}});
  const bool openai = style == Style::OpenAi;
  const char* type = status == 401   ? (openai ? "invalid_request_error" : "authentication_error")
                     : status == 402 ? "unknown_error"
                     : status == 429 ? "rate_limit_error"
                     : status >= 500 ? "server_error"
                                     : "invalid_request_error";
  Json body =
      Json::object({{"error", Json::object({{"message", message},
                                            {"type", type},
                                            {"param", Json()},
                                            {"code", code.empty() ? Json() : Json(code)}})}});
  if (style == Style::Compatible) body.set("request_id", request_id);
  return body;
}

} // namespace standin
