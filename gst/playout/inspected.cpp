// SPDX-License-Identifier: LGPL-2.1-or-later
// See inspected.h.
#include "playout/inspected.h"

#include "base/free_memory.h"

#include <algorithm>
#include <sys/stat.h>

namespace aigc {
namespace {

gint64 nanoseconds(const struct timespec& time) {
  return gint64{time.tv_sec} * GST_SECOND + time.tv_nsec;
}

} // namespace

std::optional<Inspected::State> Inspected::state_of(const std::string& uri) {
  Own<gchar> path(g_filename_from_uri(uri.c_str(), nullptr, nullptr));
  struct stat status {};
  if (!path || ::stat(path.get(), &status) != 0) return std::nullopt;
  return State{status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
               nanoseconds(status.st_ctim)};
}

std::optional<Inspection> Inspected::find(const std::string& uri, const State& file) {
  auto known = known_.lock();
  const auto it = std::find_if(known->begin(), known->end(),
                               [&](const Known& k) { return k.found.clip.uri == uri; });
  if (it == known->end()) return std::nullopt;
  Known found = std::move(*it);
  known->erase(it);
  if (found.file != file) return std::nullopt;
  return known->emplace_back(std::move(found)).found;
}

void Inspected::keep(Known found) {
  auto known = known_.lock();
  if (known->size() >= most_) known->pop_front();
  known->push_back(std::move(found));
}

Inspection Inspected::inspect(const std::string& uri, Cancel& cancel) {
  const auto before = state_of(uri);
  if (before)
    if (auto found = find(uri, *before)) return std::move(*found);
  Inspection found = inspect_clip(uri, cancel);
  return_free_memory();
  if (before && before == state_of(uri) && !found.damage) keep({found, *before});
  return found;
}

} // namespace aigc
