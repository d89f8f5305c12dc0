// SPDX-License-Identifier: LGPL-2.1-or-later
// One request and its answer, without redirects: libsoup works on it in the session's thread while
// a caller waits, and may leave at any time.
#pragma once

#include "base/error.h"
#include "net/http.h"
#include "net/session.h"
#include "net/url.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace aigc {

class Exchange : public SessionWork, public std::enable_shared_from_this<Exchange> {
 public:
  /// `with_key`: whether the bearer of `request` goes along. `url` is where it really goes.
  Exchange(SessionThread& thread, const HttpRequest& request, Url url, bool with_key);

  // For the caller:

  void start();
  /// The status and headers. Throws Error.
  HttpResponse head(Cancel& cancel);
  /// The next piece of the body, null after the last. Throws Error.
  Ref<GBytes> piece(Cancel& cancel);
  /// Nobody waits any more; libsoup ends the call when it can. Once this is called before the
  /// request goes out, it never does.
  void leave();

  // In the session's thread:

  void stop() override;

 private:
  enum class Phase { queued, connecting, sending, waiting, body, over };

  /// Wakes wait(). The hook must outlive the lock that wait() gives: taking a hook back waits for
  /// those that run, and this one wants the lock.
  Cancel::Hook wake_on(Cancel& cancel);
  /// Waits until `ready()` or the end; throws on failure, cancel and past the deadline. The lock is
  /// held afterwards.
  template <typename Ready> std::unique_lock<std::mutex> wait(Cancel& cancel, Ready ready);
  [[noreturn]] void give_up(std::unique_lock<std::mutex> lock, Error error);

  // What both sides look at:
  bool full();
  void deliver(Ref<GBytes> piece);
  void deliver(HttpResponse head);
  void end(std::optional<Error> failure);
  /// Enters a phase unless the caller has left.
  bool go_on(Phase phase);
  Phase phase();

  void begin();
  void fill_message();
  void connect_signals();
  void network_event(GSocketClientEvent event, GIOStream* stream);
  bool accept(GTlsCertificate* certificate, GTlsCertificateFlags flags);
  void arm(std::chrono::milliseconds limit);
  void disarm();
  void late();
  void fail(Error error);
  void answered(GAsyncResult* result);
  void read();
  void arrived(GAsyncResult* result);
  void finish();

  Error lost(Fault fault, const std::string& what, const std::string& remedy) const;
  Error broken(const std::string& what) const;
  Error too_late();
  Error too_large() const;
  Error cut_off() const;
  Error explain(const GError* error);
  Error explain_tls(const GError* error) const;

  SessionThread& thread_;
  const HttpRequest request_;
  const Url url_;
  const bool with_key_;

  std::mutex mutex_; ///< for what follows, down to failure_
  std::condition_variable changed_;
  Phase phase_ = Phase::queued;
  bool left_ = false;
  std::optional<HttpResponse> head_;
  std::deque<Ref<GBytes>> pieces_;
  size_t waiting_bytes_ = 0; ///< in `pieces_`
  bool paused_ = false;      ///< reading, until the caller has taken what waits
  std::optional<Error> failure_;

  // Of the session's thread.
  Ref<SoupMessage> message_;
  Ref<GInputStream> stream_;
  Ref<GCancellable> cancellable_;
  Ref<GTlsDatabase> authorities_;
  GSource* timer_ = nullptr;
  std::chrono::milliseconds limit_{0}; ///< what the timer was set to
  bool headers_out_ = false;
  bool busy_ = false; ///< libsoup owes a callback
  bool done_ = false;
  gint64 announced_ = -1;
  guint64 received_ = 0;
  GTlsCertificateFlags bad_certificate_ = GTlsCertificateFlags(0);
  gint64 began_ = 0;
};

} // namespace aigc
