// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists written for a test, and what a reader makes of them.
#pragma once

#include "base/error.h"
#include "shot/brand.h"
#include "shot/shot_json.h"
#include "shot/shot_list.h"
#include "temp_folder.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

using namespace aigc;

using Texts = std::vector<std::string>;

class ShotListTest : public testing::Test {
 protected:
  std::string file(const std::string& name, std::string_view bytes) const {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  ShotListSettings list(const std::string& name, std::string_view bytes) const {
    ShotListSettings settings;
    settings.location = file(name, bytes);
    return settings;
  }

  /// All shots; rows that are left out are told in `told`, without the path, where there is one,
  /// and are thrown otherwise.
  std::vector<Shot> shots(const ShotListSettings& settings, Texts* told = nullptr) const {
    ShotListReader reader(settings);
    reader.check([&](const std::string&, const Error& error) {
      if (!told) throw error;
      told->push_back(without_path(settings, error));
    });
    for (const Error& warning : reader.warnings())
      warned.push_back(without_path(settings, warning) + "; " + warning.remedy);
    std::vector<Shot> shots;
    while (auto shot = reader.next())
      shots.push_back(std::move(*shot));
    return shots;
  }

  Texts ids(const ShotListSettings& settings) const {
    Texts ids;
    for (const Shot& shot : shots(settings))
      ids.push_back(shot.id);
    return ids;
  }

  /// What is said of the list, without its path.
  std::string said_of(const ShotListSettings& settings, Texts* told = nullptr) const {
    try {
      shots(settings, told);
    } catch (const Error& error) {
      EXPECT_NE(error.remedy, "") << error.what();
      return without_path(settings, error);
    }
    return "nothing";
  }

  std::string said_of(const std::string& name, std::string_view bytes) const {
    return said_of(list(name, bytes));
  }

  static std::string without_path(const ShotListSettings& settings, const Error& error) {
    std::string text = error.what();
    const size_t path = text.find(settings.location + ": ");
    EXPECT_NE(path, std::string::npos) << text;
    if (path != std::string::npos) text.erase(path, settings.location.size() + 2);
    return text;
  }

  TempFolder folder;
  mutable Texts warned; ///< by all lists so far
};

inline std::string json_of(const Shot& shot) {
  return json_text(shot_to_json(shot).get());
}
