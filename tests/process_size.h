// SPDX-License-Identifier: LGPL-2.1-or-later
// How large this process is, and was.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <string>
#include <unistd.h>

#include <glib.h>

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

/// The most that was resident since forget_peak().
inline long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return 0;
}

inline void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}
