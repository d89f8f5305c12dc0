// SPDX-License-Identifier: LGPL-2.1-or-later
// What services say when they refuse, as one Error: which kind of failure, whether another try can
// help, and what to do.
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "net/http.h"

#include <string>
#include <string_view>

namespace aigc {

/// A refused call, a failed task or an error inside an answer of success.
struct Refusal {
  std::string service; ///< backend name
  int http_status = 0; ///< 0 or 2xx: it came inside an answer of success
  std::string code;    ///< the service's own, in any spelling
  std::string message; ///< the service's own, of any length
  std::string request_id;
  std::chrono::milliseconds retry_after{0};
  /// Nobody who knows the call answered, such as a gateway with a page of HTML. At 502, 504 and the
  /// like a create may then have arrived all the same: the Error is `unclear`.
  bool by_gateway = false;
};

/// The code decides where it is known, else the status. `key` is masked wherever it turns up.
Error service_error(const Refusal& refusal, const Secret& key = {});

/// The refusal in a body of the OpenAI kind, {"error": {message, type, code}}, of DashScope's own
/// kind, {code, message, request_id}, or of others ({"detail"}, {"error": "text"}, HTML).
Refusal read_refusal(const std::string& service, const HttpResponse& response);

/// As above, of a body that is parsed already, such as an event of a stream.
Refusal read_refusal(const std::string& service, int http_status, JsonView body);

/// service_error() of read_refusal(): for an answer that is no success.
Error http_error(const std::string& service, const HttpResponse& response, const Secret& key = {});

/// The first `longest` characters of a stranger's text on one line, with control characters,
/// queries of URLs and whatever looks like a key taken out.
std::string printable_excerpt(std::string_view text, size_t longest, const Secret& key = {});

/// A stranger's code or id as plain ASCII without spaces, at most `longest` characters.
std::string printable_token(std::string_view text, size_t longest, const Secret& key = {});

} // namespace aigc
