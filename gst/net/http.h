// SPDX-License-Identifier: LGPL-2.1-or-later
// HTTP for the services: one exchange at a time, blocking, cancelled down to the socket.
#pragma once

#include "base/cancel.h"
#include "base/json.h"
#include "base/ref.h"
#include "base/secret.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

class SessionThread;

struct HttpHeader {
  std::string name;
  std::string value;
};

/// How long each phase of an exchange may take; `total` ends all of it.
struct HttpTimeouts {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds first_byte{60'000}; ///< from the end of the request to the status line
  std::chrono::milliseconds idle{30'000};       ///< between two pieces of the body
  std::chrono::steady_clock::time_point total = std::chrono::steady_clock::time_point::max();
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;                 ///< http or https
  std::vector<HttpHeader> headers; ///< never a key
  Secret bearer;                   ///< Authorization: Bearer, to the origin of `url` alone
  std::string content_type;
  Ref<GBytes> body;
  HttpTimeouts timeouts;
  size_t max_bytes = kMaxJsonBytes; ///< of the answer's body
  bool private_allowed = false;     ///< loopback and private addresses may be reached
  /// The call is paid for: it goes out on a connection of its own and is never sent twice; when it
  /// may have arrived but no answer came, the Error is `unclear`.
  bool creates = false;
};

struct HttpResponse {
  int status = 0;
  std::string url; ///< after redirects
  std::vector<HttpHeader> headers;
  std::string body;

  /// By name in any case, or null.
  const std::string* header(std::string_view name) const;
  /// Retry-After as seconds or date; 0 when absent or unreadable, at most an hour.
  std::chrono::milliseconds retry_after() const;
};

struct HttpDownload {
  std::string url;
  std::string path;      ///< written here; what was there before is gone
  Secret bearer;         ///< Authorization: Bearer, to the origin of `url` alone
  guint64 max_bytes = 0; ///< 0 = any size
  bool private_allowed = false;
  unsigned max_retries = 4; ///< in a row; an attempt that brought a megabyte does not count
  std::chrono::steady_clock::time_point total = std::chrono::steady_clock::time_point::max();
};

/// Thread-safe. The session lives in a thread and context of its own; callers wait for it, never it
/// for them.
class HttpClient {
 public:
  /// `ca_file`: PEM certificates to trust beside the system's; empty = AIGC_CA_FILE, else none.
  explicit HttpClient(const std::string& ca_file = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The process's own.
  static HttpClient& shared();

  /// Any status is an answer. Throws Error: cancelled, timeout, settings (no such scheme, a private
  /// address), format (body over `max_bytes`), read (connect, DNS, TLS, broken connection).
  /// `retry` says that another try can help, `unclear` that a create may have arrived; a failure is
  /// never both. A chunked body cut exactly between two chunks looks whole to libsoup 3.2, so JSON
  /// that ends too early may still be the answer to a create that arrived.
  HttpResponse send(const HttpRequest& request, Cancel& cancel);

  /// As send(), but the body of a 2xx answer goes to `take` piece by piece, on this thread, as it
  /// arrives; false from `take` ends the exchange early, which is no error.
  HttpResponse stream(const HttpRequest& request, Cancel& cancel,
                      const std::function<bool(std::string_view)>& take);

  /// Fetches a file; broken connections resume with Range. Throws Error as send(),
  /// not_found or read with the status for what is not 2xx, damaged when less came than announced,
  /// write when it cannot be kept (the disk is full).
  void download(const HttpDownload& order, Cancel& cancel);

  /// For what else works in the session's thread.
  SessionThread& session();

 private:
  struct Impl;
  class Download;
  std::unique_ptr<Impl> impl_;
};

/// Host with port of a URL, and whether it is loopback or private by its look. Throws
/// Error{Fault::settings} for what is no http(s) URL.
struct HttpOrigin {
  std::string host;
  bool is_private = false;
};
HttpOrigin origin_of(const std::string& url);

} // namespace aigc
