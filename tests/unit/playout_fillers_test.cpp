// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of the `filler` property.
#include "../clips.h"
#include "base/error.h"
#include "playout/fillers.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

void touch(const std::string& path) {
  std::ofstream(path) << "x";
}

std::vector<std::string> names(Fillers& fillers, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i)
    if (const auto item = fillers.next()) names.push_back(item->id);
  return names;
}

} // namespace

TEST(Fillers, AFolderInTheOrderOfNamesForEver) {
  const clips::TempDir dir;
  for (const char* name : {"b.mp4", "a.WEBM", "c 节目.mov", "notes.txt", ".hidden.mp4"})
    touch(dir / name);
  std::filesystem::create_directory(dir / "folder.mp4");
  Fillers fillers(dir.path());
  EXPECT_EQ(fillers.size(), 3u);
  EXPECT_EQ(names(fillers, 5),
            (std::vector<std::string>{"a.WEBM", "b.mp4", "c 节目.mov", "a.WEBM", "b.mp4"}));
  const auto item = fillers.next();
  EXPECT_EQ(item->tier, Tier::filler);
  EXPECT_EQ(item->uri, clips::uri_of(dir / "c 节目.mov"));
  EXPECT_EQ(item->shot.id, item->id);
}

TEST(Fillers, AFileByPathOrUriWhateverItsName) {
  const clips::TempDir dir;
  touch(dir / "filler");
  for (const std::string& where : {dir / "filler", clips::uri_of(dir / "filler")}) {
    Fillers fillers(where);
    EXPECT_EQ(names(fillers, 2), (std::vector<std::string>{"filler", "filler"}));
  }
}

TEST(Fillers, WhatCannotBePlayedIsLeftOutAndTheOrderStays) {
  const clips::TempDir dir;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4"})
    touch(dir / name);
  Fillers fillers(dir.path());
  names(fillers, 2);
  fillers.forget(clips::uri_of(dir / "a.mp4"));
  EXPECT_EQ(names(fillers, 3), (std::vector<std::string>{"c.mp4", "b.mp4", "c.mp4"}));
  fillers.forget(clips::uri_of(dir / "c.mp4"));
  fillers.forget("file:///unknown.mp4");
  EXPECT_EQ(names(fillers, 2), (std::vector<std::string>{"b.mp4", "b.mp4"}));
  fillers.forget(clips::uri_of(dir / "b.mp4"));
  EXPECT_FALSE(fillers.next());
}

TEST(Fillers, NoneWhenNoneWereNamed) {
  Fillers none, empty("");
  EXPECT_FALSE(none.next());
  EXPECT_FALSE(empty.next());
}

TEST(Fillers, WhatIsWrongIsSaid) {
  const clips::TempDir dir;
  const auto fault = [](const std::string& where) {
    try {
      Fillers fillers(where);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(where), std::string::npos);
      return error.fault;
    }
    return Fault::cancelled;
  };
  EXPECT_EQ(fault(dir / "absent"), Fault::not_found);
  EXPECT_EQ(fault(dir.path()), Fault::settings);
  EXPECT_EQ(fault("http://example.org/clip.mp4"), Fault::settings);
}
