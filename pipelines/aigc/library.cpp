// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs come from $AIGC_PIPELINES, else from the data folder that belongs to this executable, else
// from the one chosen when it was built.
#include "library.h"

#include "base/error.h"
#include "base/ref.h"
#include "base/words.h"
#include "folders.h"

#include <algorithm>
#include <filesystem>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

/// Where `folder` is now, if the tree it was to be installed in has been moved as a whole.
fs::path beside_executable(const char* folder) {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  if (error) return folder;
  return (executable.parent_path() / fs::path(folder).lexically_relative(AIGC_BINDIR))
      .lexically_normal();
}

fs::path installed_job_folder() {
  const fs::path beside = beside_executable(AIGC_JOBDIR);
  std::error_code error;
  return fs::is_directory(beside, error) ? beside : fs::path(AIGC_JOBDIR);
}

fs::path job_folder() {
  if (const char* chosen = g_getenv("AIGC_PIPELINES")) return chosen;
  return installed_job_folder();
}

} // namespace

void add_plugin_folder() {
  const fs::path folder = beside_executable(AIGC_PLUGINDIR);
  std::error_code error;
  if (!fs::exists(folder / "libgstaigc.so", error)) return;
  const char* path = g_getenv("GST_PLUGIN_PATH_1_0");
  if (!path) path = g_getenv("GST_PLUGIN_PATH");
  const std::string all = path ? path + (":" + folder.string()) : folder.string();
  g_setenv("GST_PLUGIN_PATH_1_0", all.c_str(), TRUE);
}

std::vector<std::string> job_names() {
  const fs::path folder = job_folder();
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".launch") names.push_back(entry.path().stem());
  if (error)
    throw Error(Fault::not_found,
                "the jobs in " + folder.string() + " cannot be read: " + error.message(),
                "Set AIGC_PIPELINES to the folder of the .launch files.");
  std::sort(names.begin(), names.end());
  return names;
}

std::string job_resource(const std::string& name) {
  std::error_code error;
  for (const auto& folder : {job_folder(), installed_job_folder()})
    if (fs::is_regular_file(folder / name, error)) return fs::absolute(folder / name);
  throw Error(Fault::not_found,
              "there is no " + name + " beside the jobs in " + job_folder().string(),
              "Copy it there from the folder pipelines of the source.");
}

JobFile load_job(const std::string& name) {
  const auto names = job_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const std::string guess = did_you_mean(name, names);
    throw Error(Fault::settings, "there is no job " + name + (guess.empty() ? "" : "; " + guess),
                "See aigc --list.");
  }
  const std::string path = job_folder() / (name + ".launch");
  gchar* text = nullptr;
  gsize size = 0;
  ErrorSlot error;
  if (!g_file_get_contents(path.c_str(), &text, &size, error.out()))
    throw Error(Fault::read, error.message(), "Check its permissions.");
  const Own<gchar> owner(text);
  return JobFile::parse(name, {text, size});
}

} // namespace aigc::runner
