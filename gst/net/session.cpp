// SPDX-License-Identifier: LGPL-2.1-or-later
// See session.h.
#include "net/session.h"

#include "base/error.h"
#include "config.h"

#include <chrono>
#include <pthread.h>

namespace aigc {

namespace {

/// libsoup's own are 10 and 2: the limits here are the limiter's and the worker pools'.
constexpr guint kConnections = 512;
constexpr guint kIdleSeconds = 30;
/// What libsoup may take to end its calls when the client goes.
constexpr auto kWindUp = std::chrono::seconds(1);

Ref<SoupSession> make_session() {
  return adopt(soup_session_new_with_options(
      "max-conns", kConnections, "max-conns-per-host", kConnections, "timeout", 0u, "idle-timeout",
      kIdleSeconds, "user-agent", AIGC_PACKAGE "/" AIGC_VERSION, nullptr));
}

gboolean run_action(gpointer data) {
  (*static_cast<std::function<void()>*>(data))();
  return G_SOURCE_REMOVE;
}

} // namespace

SessionThread::~SessionThread() {
  if (!thread_.joinable()) return;
  post([this] { stopping_ = true; });
  thread_.join();
}

void SessionThread::post(std::function<void()> action) {
  {
    std::lock_guard guard(mutex_);
    if (!thread_.joinable()) {
      context_ = adopt(g_main_context_new());
      thread_ = std::thread([this] { run(); });
    }
  }
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_HIGH);
  g_source_set_callback(source, run_action, new std::function<void()>(std::move(action)),
                        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
  g_source_attach(source, context_.get());
  g_source_unref(source);
}

void SessionThread::run() {
  pthread_setname_np(pthread_self(), "aigc-http"); // else it bears the name of who came first
  g_main_context_push_thread_default(context_.get());
  while (!stopping_)
    g_main_context_iteration(context_.get(), TRUE);
  wind_up();
  g_main_context_pop_thread_default(context_.get());
}

/// Calls that libsoup has not ended by then are left to it.
void SessionThread::wind_up() {
  const auto live = live_;
  for (const auto& work : live)
    work->stop();
  const gint64 end = g_get_monotonic_time() + std::chrono::microseconds(kWindUp).count();
  while (!live_.empty() && g_get_monotonic_time() < end) {
    if (!g_main_context_iteration(context_.get(), FALSE)) g_usleep(500);
  }
  for (Ref<SoupSession>& session : sessions_) {
    if (session) soup_session_abort(session.get());
    session.reset();
  }
  own_authorities_.reset();
  while (g_main_context_iteration(context_.get(), FALSE)) {
  }
  live_.clear();
}

SoupSession* SessionThread::session(bool private_allowed) {
  Ref<SoupSession>& session = sessions_[private_allowed ? 1 : 0];
  if (!session) {
    session = make_session();
    // What is fetched is kept byte for byte, and answers are bounded by what really came.
    soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_CONTENT_DECODER);
  }
  return session.get();
}

GTlsDatabase* SessionThread::own_authorities() {
  if (own_authorities_ || ca_file_.empty()) return own_authorities_.get();
  ErrorSlot error;
  const std::string path = take_string(g_canonicalize_filename(ca_file_.c_str(), nullptr));
  GList* certificates = g_tls_certificate_list_new_from_file(path.c_str(), error.out());
  const bool some = certificates != nullptr;
  g_list_free_full(certificates, g_object_unref);
  GTlsDatabase* made = some ? g_tls_file_database_new(path.c_str(), error.out()) : nullptr;
  if (!made)
    throw Error(Fault::settings,
                "the certificates in " + ca_file_ +
                    " cannot be used: " + (error ? error.message() : "there are none"),
                "let AIGC_CA_FILE name a PEM file with the certificate of the authority");
  own_authorities_ = adopt(made);
  return made;
}

} // namespace aigc
