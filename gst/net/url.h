// SPDX-License-Identifier: LGPL-2.1-or-later
// http(s) URLs, kept letter for letter: a signed query must arrive as it was given.
#pragma once

#include "base/ref.h"

#include <string>

#include <gio/gio.h>

namespace aigc {

struct Url {
  std::string scheme; ///< http or https
  std::string host;   ///< without brackets
  int port = 0;
  std::string target; ///< path and query as they were written

  std::string text() const;
  /// As text() without the query, which may be a signature: for logs and messages.
  std::string shown() const;
  /// Host, and the port where it is not the scheme's own.
  std::string authority() const;
  bool same_origin(const Url& other) const;
};

/// Throws Error{Fault::settings}: no http(s) URL, a user name or password in it, control
/// characters.
Url parse_url(const std::string& text);
/// What `location`, relative or not, means in an answer from `base`. Throws as parse_url().
Url join_url(const Url& base, const std::string& location);

/// Not a public unicast address: loopback, private, link-local, shared, multicast, reserved, also
/// inside IPv6.
bool is_private_address(GInetAddress* address);
/// A literal that is_private_address(), or a name that only a local network knows.
bool is_private_host(const std::string& host);

} // namespace aigc
