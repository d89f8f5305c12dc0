// SPDX-License-Identifier: LGPL-2.1-or-later
// See owner.h. What is static here is never destroyed: a worker may outlive main().
#include "store/owner.h"

#include "store/files.h"

#include <filesystem>

namespace aigc {

namespace {

constexpr size_t kMachineDigits = 8;

std::string first_line(const char* path) {
  const auto bytes = read_file(path);
  if (!bytes) return {};
  const auto text = view(bytes.get());
  return std::string(text.substr(0, text.find('\n')));
}

} // namespace

const std::string& this_host() {
  static const auto* host = new std::string([] {
    std::error_code ignored;
    return std::string(g_get_host_name()) + " " + first_line("/etc/machine-id") + " " +
           std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  }());
  return *host;
}

const std::string& this_boot() {
  static const auto* boot = new std::string(first_line("/proc/sys/kernel/random/boot_id"));
  return *boot;
}

const std::string& this_machine() {
  static const auto* machine = new std::string([] {
    const std::string all = this_host() + " " + this_boot();
    return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, all.c_str(), -1))
        .substr(0, kMachineDigits);
  }());
  return *machine;
}

std::string start_of(gint64 pid) {
  const std::string stat = first_line(("/proc/" + std::to_string(pid) + "/stat").c_str());
  const size_t name_end = stat.rfind(')'); // the name may hold blanks and brackets
  if (name_end == stat.npos || stat.size() < name_end + 4) return {};
  if (const char state = stat[name_end + 2]; state == 'Z' || state == 'X') return {};
  Own<gchar*> fields(g_strsplit(stat.c_str() + name_end + 2, " ", 21));
  return g_strv_length(fields.get()) > 19 ? fields.get()[19] : "";
}

} // namespace aigc
