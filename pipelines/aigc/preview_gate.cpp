// SPDX-License-Identifier: LGPL-2.1-or-later
// See preview_gate.h.
#include "preview_gate.h"

#include "base/error.h"
#include "service/factory.h"

#include <glib.h>

namespace aigc::runner {

bool auto_is_preview() {
  BackendQuery query;
  query.environment = g_getenv;
  try {
    return resolve_backend(query) == BackendChoice::preview;
  } catch (const Error&) {
    return false; // a key for another role: the run says what is missing
  }
}

void refuse_preview(const char* what) {
  if (!auto_is_preview()) return;
  throw Error(Fault::settings,
              std::string("no key and no address of a service is set: ") + what +
                  " would be previews",
              "Set one (aigc doctor), or say backend=preview or --allow-preview.");
}

} // namespace aigc::runner
