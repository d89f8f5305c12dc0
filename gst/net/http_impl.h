// SPDX-License-Identifier: LGPL-2.1-or-later
// What HttpClient is made of.
#pragma once

#include "net/http.h"
#include "net/session.h"

namespace aigc {

struct HttpClient::Impl {
  explicit Impl(std::string ca_file) : thread(std::move(ca_file)) {}

  /// Looks at the head before the body comes; false ends the exchange.
  using OnHead = std::function<bool(const HttpResponse& head)>;
  using OnPiece = std::function<bool(std::string_view piece)>;

  /// One call with its redirects. Throws Error as HttpClient::send().
  HttpResponse run(const HttpRequest& request, Cancel& cancel, const OnHead& on_head,
                   const OnPiece& on_piece);

  SessionThread thread;
};

} // namespace aigc
