// SPDX-License-Identifier: LGPL-2.1-or-later
// See websocket.h.
#include "net/websocket.h"

#include "net/http.h"
#include "net/log.h"
#include "net/peer.h"
#include "net/session.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <linux/tcp.h>
#include <mutex>
#include <netinet/in.h>
#include <stop_token>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#define GST_CAT_DEFAULT aigc_http_debug

namespace aigc {

namespace {

constexpr std::chrono::milliseconds kGlance{100}; ///< at how much came without a message
constexpr guint kPingSeconds = 30; ///< so that the end of a line that went dead is noticed

/// Bytes that came; 0 on systems that do not count them.
guint64 received_by(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

} // namespace

/// Of the session's thread, but for start() and leave().
class WebSocket::Link : public SessionWork, public std::enable_shared_from_this<Link> {
 public:
  Link(SessionThread& thread, const Target& target, Handlers handlers)
      : thread_(thread), target_(target), url_(parse_url(target.url)),
        handlers_(std::move(handlers)), cancellable_(adopt(g_cancellable_new())) {}

  void start() {
    thread_.post([self = shared_from_this()] {
      self->thread_.keep(self);
      self->begin();
    });
  }

  void leave() {
    left_ = true;
    thread_.post([self = shared_from_this()] { self->stop(); });
  }

  void stop() override;

 private:
  void begin();
  void fill_message();
  void network_event(GSocketClientEvent event, GIOStream* stream);
  void arm();
  void connected(GAsyncResult* result);
  void listen();
  void hear(int type, GBytes* bytes);
  void watch();
  void end(const std::string& what);
  void lose(const Error& why);
  void finish();
  Error failure(const std::string& what) const {
    return Error(Fault::read, "the WebSocket at " + url_.shown() + " " + what,
                 "check that a proxy on the way lets WebSockets pass");
  }

  SessionThread& thread_;
  const Target target_;
  const Url url_;
  const Handlers handlers_;
  std::atomic<bool> left_{false};
  bool lost_ = false;
  bool busy_ = false; ///< libsoup owes a callback
  bool done_ = false;
  Ref<GCancellable> cancellable_;
  Ref<SoupMessage> message_;
  Ref<GTlsDatabase> authorities_;
  Ref<GSocket> socket_;
  Ref<SoupWebsocketConnection> connection_;
  GSource* timer_ = nullptr;
  std::atomic<guint64> heard_{0}; ///< bytes received by the last message
  std::atomic<bool> flooded_{false};
  std::jthread watcher_;
};

void WebSocket::Link::begin() {
  if (left_) return finish();
  try {
    if (!target_.private_allowed && is_private_host(url_.host)) throw private_address(url_.host);
    if (url_.scheme == "https") authorities_ = share(thread_.own_authorities());
    SoupSession* session = thread_.session(target_.private_allowed);
    fill_message();
    arm();
    busy_ = true;
    // No origin: what comes from no web page has none, and ComfyUI refuses those it does not know.
    soup_session_websocket_connect_async(
        session, message_.get(), nullptr, nullptr, G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject*, GAsyncResult* result, gpointer self) {
          static_cast<Link*>(self)->connected(result);
        },
        this);
  } catch (const Error& error) {
    lose(error);
    finish();
  }
}

void WebSocket::Link::fill_message() {
  message_ = make_message("GET", url_);
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
  soup_message_disable_feature(message_.get(), SOUP_TYPE_AUTH_MANAGER);
  // Pictures do not get smaller, and what is not packed cannot unpack to more than was bounded.
  soup_message_disable_feature(message_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  if (!target_.bearer.empty())
    soup_message_headers_replace(soup_message_get_request_headers(message_.get()), "Authorization",
                                 ("Bearer " + target_.bearer.reveal()).c_str());
  g_signal_connect(
      message_.get(), "network-event",
      G_CALLBACK(+[](SoupMessage*, GSocketClientEvent event, GIOStream* stream, gpointer self) {
        static_cast<Link*>(self)->network_event(event, stream);
      }),
      this);
  g_signal_connect(message_.get(), "accept-certificate",
                   G_CALLBACK(+[](SoupMessage*, GTlsCertificate* certificate,
                                  GTlsCertificateFlags flags, gpointer data) -> gboolean {
                     const auto* self = static_cast<Link*>(data);
                     return judge_certificate(self->authorities_.get(), self->url_, certificate,
                                              flags) == 0;
                   }),
                   this);
}

void WebSocket::Link::network_event(GSocketClientEvent event, GIOStream* stream) {
  speak_http1(event, stream);
  if (!G_IS_SOCKET_CONNECTION(stream)) return;
  // Several addresses may be tried side by side: the one that is connected counts.
  if (event != G_SOCKET_CLIENT_CONNECTING && event != G_SOCKET_CLIENT_CONNECTED) return;
  socket_ = share(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)));
  if (target_.private_allowed || !reaches_private(event, stream)) return;
  g_socket_close(socket_.get(), nullptr);
  lose(private_address(url_.host));
  g_cancellable_cancel(cancellable_.get());
}

void WebSocket::Link::arm() {
  timer_ = g_timeout_source_new(std::clamp<gint64>(target_.patience.count(), 0, G_MAXINT));
  g_source_set_callback(
      timer_,
      [](gpointer data) -> gboolean {
        auto* self = static_cast<Link*>(data);
        self->lose(self->failure("was not opened within " +
                                 std::to_string(self->target_.patience.count()) + " ms"));
        g_cancellable_cancel(self->cancellable_.get());
        return G_SOURCE_REMOVE;
      },
      this, nullptr);
  g_source_attach(timer_, thread_.context());
}

void WebSocket::Link::connected(GAsyncResult* result) {
  busy_ = false;
  ErrorSlot error;
  connection_ = adopt(soup_session_websocket_connect_finish(
      thread_.session(target_.private_allowed), result, error.out()));
  if (!connection_) {
    const int status = soup_message_get_status(message_.get());
    lose(failure("was not opened: " + (status ? "HTTP " + std::to_string(status) + ", " : "") +
                 error.message()));
  }
  if (!connection_ || lost_ || left_) return finish();
  g_source_destroy(timer_);
  listen();
  GST_DEBUG("WebSocket at %s is open", url_.shown().c_str());
  if (handlers_.opened) handlers_.opened();
}

void WebSocket::Link::listen() {
  soup_websocket_connection_set_max_incoming_payload_size(connection_.get(), kMaxFrameBytes);
  soup_websocket_connection_set_keepalive_interval(connection_.get(), kPingSeconds);
  if (socket_) watch();
  const auto on = [this](const char* name, auto* handler) {
    g_signal_connect(connection_.get(), name, G_CALLBACK(handler), this);
  };
  on(
      "message", +[](SoupWebsocketConnection*, int type, GBytes* bytes, gpointer data) {
        static_cast<Link*>(data)->hear(type, bytes);
      });
  on(
      "error", +[](SoupWebsocketConnection*, GError* error, gpointer data) {
        auto* self = static_cast<Link*>(data);
        self->end(std::string("broke: ") + error->message);
      });
  on(
      "closed", +[](SoupWebsocketConnection*, gpointer data) {
        auto* self = static_cast<Link*>(data);
        self->end("was closed by the server");
      });
}

void WebSocket::Link::hear(int type, GBytes* bytes) {
  if (left_ || lost_) return;
  if (socket_) heard_ = received_by(g_socket_get_fd(socket_.get()));
  if (type == SOUP_WEBSOCKET_DATA_BINARY) {
    if (handlers_.binary) handlers_.binary(bytes);
    return;
  }
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  if (handlers_.text) handlers_.text({text, size});
}

/// libsoup joins frames without a limit of its own, and reads on for as long as more is there, so
/// that this thread may look at nothing else: another one does.
void WebSocket::Link::watch() {
  // Its own number: libsoup may close the other, which would then be another file's.
  const int socket = fcntl(g_socket_get_fd(socket_.get()), F_DUPFD_CLOEXEC, 0);
  watcher_ = std::jthread([this, socket](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested() && !flooded_) {
      stopped.wait_for(lock, stop, kGlance, [] { return false; });
      flooded_ = received_by(socket) > heard_ + kMaxMessageBytes;
    }
    if (flooded_) shutdown(socket, SHUT_RDWR);
    close(socket);
  });
}

/// Lets go later, since libsoup still works with what would be let go of.
void WebSocket::Link::end(const std::string& what) {
  lose(failure(flooded_ ? "sends a message without an end" : what));
  thread_.post([self = shared_from_this()] { self->finish(); });
}

void WebSocket::Link::lose(const Error& why) {
  if (lost_) return;
  lost_ = true;
  if (left_) return;
  GST_INFO("%s", why.what());
  if (handlers_.lost) handlers_.lost(why);
}

void WebSocket::Link::stop() {
  if (done_) return;
  lose(failure("ends with the session"));
  g_cancellable_cancel(cancellable_.get());
  if (!busy_) finish();
}

/// Lets go of everything of libsoup's. The socket is shut at once: libsoup would wait for the
/// peer's goodbye.
void WebSocket::Link::finish() {
  if (done_) return;
  const auto self = shared_from_this();
  done_ = true;
  watcher_ = {};
  if (timer_) {
    g_source_destroy(timer_);
    g_source_unref(timer_);
  }
  if (message_) g_signal_handlers_disconnect_by_data(message_.get(), this);
  if (connection_) g_signal_handlers_disconnect_by_data(connection_.get(), this);
  if (connection_ && socket_) g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
  connection_.reset();
  message_.reset();
  authorities_.reset();
  socket_.reset();
  thread_.drop(self);
}

WebSocket::WebSocket(HttpClient& client, const Target& target, Handlers handlers)
    : link_(std::make_shared<Link>(client.session(), target, std::move(handlers))) {
  link_->start();
}

WebSocket::~WebSocket() {
  link_->leave();
}

} // namespace aigc
