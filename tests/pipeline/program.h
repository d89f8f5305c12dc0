// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs programs as a user would, in a scratch folder that goes away.
#pragma once

#include "base/ref.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace aigc {

struct Outcome {
  int status = -1; ///< -1 = ended by a signal
  std::string out, err;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A program that runs until it ends or the object goes.
class Program {
 public:
  Program(const std::vector<std::string>& words, const std::filesystem::path& folder,
          const char* jobs) {
    const auto launcher = adopt(g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE)));
    g_subprocess_launcher_set_cwd(launcher.get(), folder.c_str());
    g_subprocess_launcher_setenv(launcher.get(), "AIGC_PIPELINES", jobs, TRUE);
    std::vector<const gchar*> argv;
    for (const auto& word : words)
      argv.push_back(word.c_str());
    argv.push_back(nullptr);
    ErrorSlot error;
    child_ = adopt(g_subprocess_launcher_spawnv(launcher.get(), argv.data(), error.out()));
    EXPECT_TRUE(child_) << error.message();
  }
  ~Program() { g_subprocess_force_exit(child_.get()); }
  Program(const Program&) = delete; // the end of a copy would be that of the child
  Program& operator=(const Program&) = delete;

  void signal(int number) { g_subprocess_send_signal(child_.get(), number); }
  bool runs() const { return g_subprocess_get_identifier(child_.get()) != nullptr; }
  int pid() const { return std::atoi(g_subprocess_get_identifier(child_.get())); }

  Outcome wait() {
    GBytes *out_bytes = nullptr, *err_bytes = nullptr;
    g_subprocess_communicate(child_.get(), nullptr, nullptr, &out_bytes, &err_bytes, nullptr);
    Outcome outcome{.out = text(adopt(out_bytes)), .err = text(adopt(err_bytes))};
    if (g_subprocess_get_if_exited(child_.get()))
      outcome.status = g_subprocess_get_exit_status(child_.get());
    return outcome;
  }

 private:
  static std::string text(const Ref<GBytes>& bytes) {
    gsize size = 0;
    const void* data = g_bytes_get_data(bytes.get(), &size);
    return {static_cast<const char*>(data), size};
  }

  Ref<GSubprocess> child_;
};

/// A test in a scratch folder, whose name is as bad as names get.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() { std::filesystem::create_directory(folder); }
  ~ProgramTest() override { std::filesystem::remove_all(folder.parent_path()); }

  /// `jobs`: the variable that holds the folder of jobs to use.
  Program start(std::vector<std::string> words, const char* jobs = "AIGC_TEST_JOBS") const {
    words.insert(words.begin(), g_getenv("AIGC_TOOL"));
    return Program(words, folder, g_getenv(jobs));
  }
  Outcome aigc(std::vector<std::string> words, const char* jobs = "AIGC_TEST_JOBS") const {
    return start(std::move(words), jobs).wait();
  }
  Outcome shell(const std::string& script) const {
    return Program({"sh", "-c", script}, folder, g_getenv("AIGC_JOBS")).wait();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      names.push_back(entry.path().filename());
    return names;
  }

  const std::filesystem::path folder =
      std::filesystem::path(take_string(g_dir_make_tmp("aigc-test-XXXXXX", nullptr))) /
      "it's a \"片\" folder";
};

} // namespace aigc
