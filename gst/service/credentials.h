// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the key and the address of a service come from.
#pragma once

#include "service/factory.h"

#include <optional>

namespace aigc {

/// Longest key file that is read, in bytes.
inline constexpr size_t kMaxKeyFileBytes = 4096;

struct Credentials {
  Access access;
  std::string warning; ///< what the user should know about how the key is kept; usually empty
};

/// The variable of a service, such as "_API_KEY", or null when it is blank or unset.
const char* service_variable(const BackendQuery& query, const Service& service, const char* suffix);

/// Whether the service has a key or an address of its own, other than by the properties.
bool is_configured(const BackendQuery& query, const Service& service);

/// The key: property, context, key file, environment. The address: property, environment, the
/// service's own. Each service has its own variables, so that no key goes to another's address. A
/// fallback's own key file goes before those, which only its service's own addresses get.
/// The key may come out empty. Throws Error{Fault::settings} for a key that is none, or a key file
/// that cannot be used; never shows a key.
Credentials find_access(BackendChoice choice, const BackendQuery& query);

/// Whether a key is wanted that the properties and the environment do not have, so that an
/// application may be asked for it.
bool wants_key(const BackendQuery& query);

} // namespace aigc
