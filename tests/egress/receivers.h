// SPDX-License-Identifier: LGPL-2.1-or-later
// Real receivers on this machine, each with its own port, folder and files: nothing that is
// installed as a service is used or touched.
#pragma once

#include "base/ref.h"
#include "temp_folder.h"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gio/gio.h>

namespace aigc {

inline bool is_installed(const char* program) {
  return !take_string(g_find_program_in_path(program)).empty();
}

#define AIGC_NEED(program)                                                                         \
  if (!is_installed(program)) GTEST_SKIP() << program " is not installed"

/// Nobody has it right now.
inline int free_port(int type) {
  const int probe = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(probe, raw, size), 0);
  EXPECT_EQ(getsockname(probe, raw, &size), 0);
  close(probe);
  return ntohs(address.sin_port);
}

/// A program that is killed with the object.
class Receiver {
 public:
  /// What it prints goes to the file `output`, nowhere without one.
  explicit Receiver(const std::vector<std::string>& words, const std::string& output = {}) {
    auto launcher = adopt(g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
        (output.empty() ? G_SUBPROCESS_FLAGS_STDOUT_SILENCE : G_SUBPROCESS_FLAGS_NONE) |
        G_SUBPROCESS_FLAGS_STDERR_SILENCE)));
    if (!output.empty()) g_subprocess_launcher_set_stdout_file_path(launcher.get(), output.c_str());
    // Theirs are leaks of their own.
    g_subprocess_launcher_unsetenv(launcher.get(), "GST_TRACERS");
    std::vector<const gchar*> argv;
    for (const auto& word : words)
      argv.push_back(word.c_str());
    argv.push_back(nullptr);
    ErrorSlot error;
    child_ = adopt(g_subprocess_launcher_spawnv(launcher.get(), argv.data(), error.out()));
    EXPECT_TRUE(child_) << error.message();
  }
  ~Receiver() { kill(); }
  Receiver(Receiver&&) = default;

  void signal(int number) { g_subprocess_send_signal(child_.get(), number); }
  void kill() {
    if (!child_) return;
    g_subprocess_force_exit(child_.get());
    wait();
  }
  int wait() {
    g_subprocess_wait(child_.get(), nullptr, nullptr);
    return g_subprocess_get_if_exited(child_.get()) ? g_subprocess_get_exit_status(child_.get())
                                                    : -1;
  }

 private:
  Ref<GSubprocess> child_;
};

/// nginx with its rtmp module, which records what is published as FLV files.
class RtmpServer {
 public:
  static constexpr const char* kModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
  static bool is_there() { return is_installed("nginx") && std::filesystem::exists(kModule); }

  RtmpServer() {
    std::ofstream(folder_.path() + "/nginx.conf")
        << "daemon off; master_process off; pid " << folder_.path() << "/pid; error_log "
        << folder_.path() << "/log info; load_module " << kModule
        << "; events { worker_connections 64; } rtmp { access_log off; server { listen 127.0.0.1:"
        << port << "; application live { live on; record all; record_path " << folder_.path()
        << "; record_unique on; } } }";
  }
  Receiver start() const {
    return Receiver({"nginx", "-p", folder_.path(), "-c", folder_.path() + "/nginx.conf", "-e",
                     folder_.path() + "/log"});
  }
  std::string url() const {
    return "rtmp://127.0.0.1:" + std::to_string(port) + "/live/secret-key";
  }
  /// In order of time.
  std::vector<std::string> recordings() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".flv") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const int port = free_port(SOCK_STREAM);

 private:
  TempFolder folder_;
};

/// What a recording holds.
struct Recording {
  struct Lane {
    int packets = 0;
    double first = 0, last = 0; ///< seconds
    bool begins_with_key = false;
    double widest_gap = 0; ///< between decoding times
  };
  Lane video, audio;
  std::string faults; ///< of a decoder that took all of it
};

inline std::string output_of(const std::vector<std::string>& words) {
  auto child = adopt(g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE)));
  std::vector<const gchar*> argv;
  for (const auto& word : words)
    argv.push_back(word.c_str());
  argv.push_back(nullptr);
  auto process = adopt(g_subprocess_launcher_spawnv(child.get(), argv.data(), nullptr));
  gchar* text = nullptr;
  g_subprocess_communicate_utf8(process.get(), nullptr, nullptr, &text, nullptr, nullptr);
  return take_string(text);
}

inline Recording read_recording(const std::string& file) {
  Recording recording;
  std::istringstream lines(
      output_of({"ffprobe", "-v", "fatal", "-show_entries",
                 "packet=codec_type,pts_time,dts_time,flags", "-of", "compact=nk=1:p=0", file}));
  double before[2] = {0, 0};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string kind, pts, dts, flags;
    std::getline(fields, kind, '|');
    std::getline(fields, pts, '|');
    std::getline(fields, dts, '|');
    std::getline(fields, flags, '|');
    if ((kind != "video" && kind != "audio") || pts.empty() || dts.empty()) continue;
    auto& lane = kind == "video" ? recording.video : recording.audio;
    double& last_dts = before[kind == "video"];
    if (lane.packets++ == 0) {
      lane.first = std::stod(pts);
      lane.begins_with_key = flags.find('K') == 0;
    } else {
      lane.widest_gap = std::max(lane.widest_gap, std::stod(dts) - last_dts);
    }
    last_dts = std::stod(dts);
    lane.last = std::stod(pts);
  }
  recording.faults =
      output_of({"ffmpeg", "-nostdin", "-v", "error", "-i", file, "-f", "null", "-"});
  return recording;
}

} // namespace aigc
