// SPDX-License-Identifier: LGPL-2.1-or-later
// OutputFile: nothing under the name before commit(), nothing left without it.
#include "base/error.h"
#include "base/ref.h"
#include "output_file.h"
#include "store/owner.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aigc;
using namespace aigc::runner;
namespace fs = std::filesystem;

namespace {

class OutputFileTest : public testing::Test {
 protected:
  ~OutputFileTest() override { fs::remove_all(folder); }

  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
  }
  /// A temporary name of a process for the film.
  fs::path part(pid_t pid, const std::string& machine = this_machine()) const {
    return folder / (".aigc-" + machine + "-" + std::to_string(pid) + "-a film.mp4");
  }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::string refusal(const fs::path& path) {
    try {
      OutputFile file(path);
    } catch (const Error& error) {
      EXPECT_FALSE(error.remedy.empty());
      return error.what();
    }
    return "accepted";
  }

  const fs::path folder = take_string(g_dir_make_tmp("aigc-test-XXXXXX", nullptr));
  const fs::path path = folder / "a film.mp4";
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_F(OutputFileTest, AppearsOnlyWhenCommitted) {
  OutputFile file(path);
  write(file.temporary(), "new");
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(fs::path(file.temporary()).parent_path(), folder);
  EXPECT_EQ(fs::path(file.temporary()).extension(), ".mp4");
  file.commit();
  EXPECT_EQ(read(path), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, WithoutCommitTheOldFileStaysAndNothingElse) {
  write(path, "old");
  { write(OutputFile(path).temporary(), "half"); }
  EXPECT_EQ(read(path), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, ALinkStaysALink) {
  write(folder / "real.mp4", "old");
  fs::create_symlink("real.mp4", path);
  OutputFile file(path);
  write(file.temporary(), "new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(read(folder / "real.mp4"), "new");
}

TEST_F(OutputFileTest, SweepsWhatAKilledRunLeftAndNothingElse) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const fs::path left = part(gone), alive = part(getppid());
  const fs::path other = left.string().replace(left.string().rfind("a film"), 6, "not a film");
  for (const auto& file : {left, alive, other})
    write(file, "x");
  { OutputFile file(path); }
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(OutputFileTest, WhatAnotherMachineWritesStaysForADay) {
  // Its process has a number that nobody has here, or that we have.
  const fs::path fresh = part(4'194'305, "0badcafe"), same = part(getpid(), "0badcafe");
  const fs::path old = part(4'194'306, "0badcafe");
  for (const auto& file : {fresh, same, old})
    write(file, "x");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  { OutputFile file(path); }
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(same));
  EXPECT_FALSE(fs::exists(old));
}

TEST_F(OutputFileTest, OurOwnNumberMayHaveBeenSomeoneElsesBefore) {
  const fs::path left = part(getpid());
  write(folder / "precious", "x");
  fs::create_symlink("precious", left);
  OutputFile file(path);
  EXPECT_FALSE(fs::is_symlink(left));
  EXPECT_EQ(read(folder / "precious"), "x");
}

TEST_F(OutputFileTest, ALongNameIsAsGoodAsAny) {
  std::string characters;
  for (int i = 0; i < 82; ++i)
    characters += "片";
  for (const std::string& longest : {std::string(251, 'x') + ".mp4", characters + "a.mp4"}) {
    OutputFile file(folder / longest);
    EXPECT_TRUE(g_utf8_validate(file.temporary().c_str(), -1, nullptr));
    EXPECT_EQ(fs::path(file.temporary()).extension(), ".mp4");
    file.commit();
    EXPECT_TRUE(fs::exists(folder / longest));
  }
  EXPECT_EQ(files(), 2u);
  EXPECT_TRUE(has(refusal(folder / (std::string(252, 'x') + ".mp4")), "cannot be written"));
  EXPECT_TRUE(has(refusal(folder / std::string(300, 'x') / "a.mp4"), "cannot be written"));
}

TEST_F(OutputFileTest, ALinkInACircleIsRefused) {
  fs::create_symlink("a film.mp4", path);
  EXPECT_TRUE(has(refusal(path), "cannot be written"));
}

TEST_F(OutputFileTest, AFolderThatMayNotBeEnteredIsRefused) {
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms::none);
  const uid_t user = geteuid();
  const uid_t nobody = user == 0 ? 65534 : user; // root may enter every folder
  EXPECT_EQ(seteuid(nobody), 0);
  const std::string said = refusal(folder / "closed" / "a.mp4");
  EXPECT_EQ(seteuid(user), 0);
  EXPECT_TRUE(has(said, "cannot be written: Permission denied")) << said;
}

TEST_F(OutputFileTest, PlacesThatCannotBeWrittenAreNamed) {
  EXPECT_TRUE(has(refusal(folder), "it is a folder"));
  EXPECT_TRUE(has(refusal(folder / "no" / "a.mp4"), "there is no folder"));
  EXPECT_TRUE(has(refusal("/dev/null"), "it is not a file"));
  EXPECT_TRUE(has(refusal("/proc/a.mp4"), "cannot be written"));
  write(path, "x");
  EXPECT_TRUE(has(refusal(path / "a.mp4"), "there is no folder"));
}
