// SPDX-License-Identifier: LGPL-2.1-or-later
// How large this process is.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <unistd.h>

#include <glib.h>

namespace soak {

struct ProcessSize {
  gint64 bytes = 0; ///< resident
  long threads = 0;
  long descriptors = 0;
};

/// What the allocator keeps for later is given back first: it is no growth.
inline ProcessSize process_size() {
  namespace fs = std::filesystem;
  malloc_trim(0);
  ProcessSize size;
  gint64 pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  size.bytes = resident * sysconf(_SC_PAGESIZE);
  const auto count = [](const char* folder) {
    return static_cast<long>(std::distance(fs::directory_iterator(folder), {}));
  };
  size.threads = count("/proc/self/task");
  size.descriptors = count("/proc/self/fd");
  return size;
}

} // namespace soak
