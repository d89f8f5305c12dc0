// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders carried through to the store, at a server of one's own that answers as a test says.
#pragma once

#include "../gst_clips.h"
#include "openai_rig.h"
#include "service/driver.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "temp_folder.h"

namespace own_server_rig {

using namespace openai_rig;

inline std::string base64_of_text(const std::string& bytes) {
  const auto owned = adopt(g_bytes_new(bytes.data(), bytes.size()));
  return base64_of(owned.get());
}

/// A film of 2 s in 160x120, coded once for the whole program.
inline const std::string& film_of(const char* coding, int frames = 33) {
  static std::map<std::pair<std::string, int>, std::string> films;
  std::string& film = films[{coding, frames}];
  if (film.empty()) {
    const TempFolder folder;
    clips::film(folder.path() + "/film", coding, frames);
    film = clips::content_of(folder.path() + "/film");
  }
  return film;
}

class OwnServerRig : public OpenaiRig {
 protected:
  explicit OwnServerRig(Profile profile) {
    begin(profile, "");
    driver.emplace(backend, ResultStore(folder.path()));
  }

  Request clip_order() const {
    return {.role = Role::clip, .model = "m", .words = "a fox", .size = {160, 120}, .seconds = 2};
  }
  Request picture_order() const {
    return {.role = Role::picture, .model = "m", .words = "a fox", .size = {64, 48}};
  }
  Done run(const Request& request) {
    return driver->run(request, options, cancel, [](int) {});
  }
  Error failure(const Request& request) {
    return error_of([&] { run(request); });
  }
  /// Whether a run after this one would go on with the call instead of making a new one.
  bool is_open(const Request& request) const {
    return Journal(folder.path()).has(request_key(edition_of(*backend), request));
  }
  /// Orders that were carried out, whatever came of them.
  size_t billed() const { return Ledger(folder.path()).lines().size(); }

  TempFolder folder;
  std::optional<Driver> driver;
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms, .max_retries = 1};
};

} // namespace own_server_rig
