// SPDX-License-Identifier: LGPL-2.1-or-later
// The session's side of an exchange: everything here runs in its thread. See exchange.h.
#include "net/exchange.h"
#include "net/log.h"
#include "net/peer.h"

#define GST_CAT_DEFAULT aigc_http_debug

namespace aigc {

namespace {

constexpr gsize kPieceBytes = 64 * 1024;

int milliseconds_since(gint64 began) {
  return static_cast<int>((g_get_monotonic_time() - began) / 1000);
}

} // namespace

void Exchange::begin() {
  began_ = g_get_monotonic_time();
  if (!go_on(Phase::connecting)) return finish();
  try {
    if (!request_.private_allowed && is_private_host(url_.host)) throw private_address(url_.host);
    if (url_.scheme == "https") authorities_ = share(thread_.own_authorities());
    SoupSession* session = thread_.session(request_.private_allowed);
    fill_message();
    connect_signals();
    arm(request_.timeouts.connect);
    busy_ = true;
    soup_session_send_async(
        session, message_.get(), G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject*, GAsyncResult* result, gpointer self) {
          static_cast<Exchange*>(self)->answered(result);
        },
        this);
  } catch (const Error& error) {
    fail(error);
    finish();
  }
}

void Exchange::fill_message() {
  message_ = make_message(request_.method, url_);
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
  // A password in a challenge or address is not ours; a proxy's own still works, on its CONNECT.
  soup_message_disable_feature(message_.get(), SOUP_TYPE_AUTH_MANAGER);
  SoupMessageHeaders* headers = soup_message_get_request_headers(message_.get());
  soup_message_headers_replace(headers, "Accept-Encoding", "identity");
  if (request_.creates) {
    soup_message_add_flags(message_.get(), SOUP_MESSAGE_NEW_CONNECTION);
    soup_message_headers_append(headers, "Connection", "close"); // nothing else shall go out on it
  }
  for (const HttpHeader& header : request_.headers)
    soup_message_headers_append(headers, header.name.c_str(), header.value.c_str());
  if (with_key_)
    soup_message_headers_replace(headers, "Authorization",
                                 ("Bearer " + request_.bearer.reveal()).c_str());
  if (request_.body)
    soup_message_set_request_body_from_bytes(
        message_.get(), request_.content_type.empty() ? nullptr : request_.content_type.c_str(),
        request_.body.get());
}

void Exchange::connect_signals() {
  const auto on = [this](const char* name, auto* handler) {
    g_signal_connect(message_.get(), name, G_CALLBACK(handler), this);
  };
  on(
      "network-event",
      +[](SoupMessage*, GSocketClientEvent event, GIOStream* stream, gpointer self) {
        static_cast<Exchange*>(self)->network_event(event, stream);
      });
  on(
      "starting", +[](SoupMessage*, gpointer data) {
        auto* self = static_cast<Exchange*>(data);
        if (self->go_on(Phase::sending))
          self->arm(self->request_.timeouts.idle);
        else
          g_cancellable_cancel(self->cancellable_.get()); // before a byte of it is written
      });
  on(
      "wrote-headers",
      +[](SoupMessage*, gpointer self) { static_cast<Exchange*>(self)->headers_out_ = true; });
  on(
      "wrote-body-data", +[](SoupMessage*, guint, gpointer data) {
        auto* self = static_cast<Exchange*>(data);
        self->arm(self->request_.timeouts.idle);
      });
  on(
      "wrote-body", +[](SoupMessage*, gpointer data) {
        auto* self = static_cast<Exchange*>(data);
        if (self->go_on(Phase::waiting)) self->arm(self->request_.timeouts.first_byte);
      });
  on(
      "restarted", +[](SoupMessage*, gpointer data) {
        auto* self = static_cast<Exchange*>(data);
        if (self->request_.creates) self->fail(self->broken("would be sent a second time"));
        if (self->go_on(Phase::connecting)) self->arm(self->request_.timeouts.connect);
      });
  on(
      "accept-certificate",
      +[](SoupMessage*, GTlsCertificate* certificate, GTlsCertificateFlags flags, gpointer self)
          -> gboolean { return static_cast<Exchange*>(self)->accept(certificate, flags); });
}

void Exchange::network_event(GSocketClientEvent event, GIOStream* stream) {
  speak_http1(event, stream);
  if (request_.private_allowed || !reaches_private(event, stream)) return;
  g_socket_close(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)), nullptr);
  fail(private_address(url_.host));
}

bool Exchange::accept(GTlsCertificate* certificate, GTlsCertificateFlags flags) {
  bad_certificate_ = judge_certificate(authorities_.get(), url_, certificate, flags);
  return bad_certificate_ == 0;
}

void Exchange::arm(std::chrono::milliseconds limit) {
  disarm();
  limit_ = limit;
  timer_ = g_timeout_source_new(std::clamp<gint64>(limit.count(), 0, G_MAXINT));
  g_source_set_callback(
      timer_,
      [](gpointer self) -> gboolean {
        static_cast<Exchange*>(self)->late();
        return G_SOURCE_REMOVE;
      },
      this, nullptr);
  g_source_attach(timer_, thread_.context());
}

void Exchange::disarm() {
  if (!timer_) return;
  g_source_destroy(timer_);
  g_source_unref(timer_);
  timer_ = nullptr;
}

void Exchange::late() {
  fail(too_late());
  if (!busy_) finish();
}

/// The first failure is the one the caller sees; libsoup's own come after it.
void Exchange::fail(Error error) {
  disarm();
  end(std::move(error));
  g_cancellable_cancel(cancellable_.get());
}

void Exchange::stop() {
  if (done_) return;
  fail(Error(Fault::cancelled, "cancelled"));
  if (!busy_) finish();
}

void Exchange::answered(GAsyncResult* result) {
  busy_ = false;
  ErrorSlot error;
  stream_ = adopt(
      soup_session_send_finish(thread_.session(request_.private_allowed), result, error.out()));
  if (error) fail(explain(error.get()));
  if (!stream_ || !go_on(Phase::body)) return finish();
  HttpResponse head;
  head.status = soup_message_get_status(message_.get());
  head.url = url_.text();
  SoupMessageHeaders* headers = soup_message_get_response_headers(message_.get());
  SoupMessageHeadersIter iterator;
  const char* name = nullptr;
  const char* value = nullptr;
  soup_message_headers_iter_init(&iterator, headers);
  while (soup_message_headers_iter_next(&iterator, &name, &value))
    head.headers.push_back({name, value});
  GST_DEBUG("%s %s: %d after %d ms", request_.method.c_str(), url_.shown().c_str(), head.status,
            milliseconds_since(began_));
  if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH)
    announced_ = soup_message_headers_get_content_length(headers);
  if (announced_ > 0 && guint64(announced_) > request_.max_bytes) {
    fail(too_large());
    return finish();
  }
  deliver(std::move(head));
  read();
}

void Exchange::read() {
  if (done_ || busy_) return;
  if (full()) return disarm();
  arm(request_.timeouts.idle);
  busy_ = true;
  g_input_stream_read_bytes_async(
      stream_.get(), kPieceBytes, G_PRIORITY_DEFAULT, cancellable_.get(),
      [](GObject*, GAsyncResult* result, gpointer self) {
        static_cast<Exchange*>(self)->arrived(result);
      },
      this);
}

void Exchange::arrived(GAsyncResult* result) {
  busy_ = false;
  ErrorSlot error;
  Ref<GBytes> piece = adopt(g_input_stream_read_bytes_finish(stream_.get(), result, error.out()));
  if (!piece) {
    fail(explain(error.get()));
    return finish();
  }
  const gsize size = g_bytes_get_size(piece.get());
  if (size == 0) {
    if (announced_ > 0 && received_ < guint64(announced_) && request_.method != "HEAD")
      fail(cut_off());
    GST_DEBUG("%s %s: %" G_GUINT64_FORMAT " bytes after %d ms", request_.method.c_str(),
              url_.shown().c_str(), received_, milliseconds_since(began_));
    end({});
    return finish();
  }
  received_ += size;
  if (received_ > request_.max_bytes) {
    fail(too_large());
    return finish();
  }
  deliver(std::move(piece));
  read();
}

/// Lets go of everything of libsoup's, in its thread.
void Exchange::finish() {
  const auto self = shared_from_this();
  done_ = true;
  disarm();
  end(Error(Fault::cancelled, "cancelled")); // unless it ended in another way
  if (message_) g_signal_handlers_disconnect_by_data(message_.get(), this);
  stream_.reset();
  message_.reset();
  authorities_.reset();
  thread_.drop(self);
}

} // namespace aigc
