// SPDX-License-Identifier: LGPL-2.1-or-later
// A folder that is gone when the test is over.
#pragma once

#include <filesystem>
#include <string>

#include <glib.h>

class TempFolder {
 public:
  TempFolder() {
    gchar* made = g_dir_make_tmp("aigc-test-XXXXXX", nullptr);
    path_ = made;
    g_free(made);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};
