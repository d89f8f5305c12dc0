// SPDX-License-Identifier: LGPL-2.1-or-later
// When a watched file has settled, on a clock of the test's own.
#include "shot/list_watch.h"
#include "temp_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>

using namespace aigc;
using namespace std::chrono_literals;
using Seen = ListWatch::Seen;

class ListWatchUnit : public testing::Test {
 protected:
  ListWatchUnit() { write("one\n"); }

  void write(const std::string& text, const std::string& name = "a.txt") const {
    std::ofstream(folder.path() + "/" + name, std::ios::trunc) << text;
  }
  Seen after(std::chrono::milliseconds pause) { return watch().look_again(now += pause); }
  ListWatch& watch() {
    if (!watch_) watch_ = std::make_unique<ListWatch>(path);
    return *watch_;
  }

  TempFolder folder;
  const std::string path = folder.path() + "/a.txt";
  ListWatch::Clock::time_point now{};

 private:
  std::unique_ptr<ListWatch> watch_;
};

TEST_F(ListWatchUnit, AChangeIsToldOnceWhenItHasSettled) {
  watch();
  EXPECT_EQ(after(5s), Seen::same);
  write("two, longer\n");
  EXPECT_EQ(after(500ms), Seen::same);
  EXPECT_EQ(after(500ms), Seen::same);
  write("three, longer yet\n"); // not done
  EXPECT_EQ(after(500ms), Seen::same);
  EXPECT_EQ(after(900ms), Seen::same);
  EXPECT_EQ(after(100ms), Seen::changed);
  EXPECT_EQ(after(5s), Seen::same);
}

TEST_F(ListWatchUnit, AnotherFileInItsPlaceIsAChangeAlsoOfTheSameSize) {
  watch();
  write("two\n", "b.txt");
  std::filesystem::last_write_time(folder.path() + "/b.txt",
                                   std::filesystem::last_write_time(path));
  std::filesystem::rename(folder.path() + "/b.txt", path);
  EXPECT_EQ(after(1ms), Seen::same);
  EXPECT_EQ(after(1s), Seen::changed);
}

TEST_F(ListWatchUnit, AFileThatIsGoneForAMomentIsOnlyChanged) {
  watch();
  std::filesystem::remove(path);
  EXPECT_EQ(after(500ms), Seen::same);
  write("back\n");
  EXPECT_EQ(after(500ms), Seen::same);
  EXPECT_EQ(after(1s), Seen::changed);
  std::filesystem::remove(path);
  EXPECT_EQ(after(1ms), Seen::same);
  EXPECT_EQ(after(1s), Seen::gone);
  EXPECT_EQ(after(1s), Seen::same);
  write("back\n");
  EXPECT_EQ(after(1ms), Seen::same);
  EXPECT_EQ(after(1s), Seen::changed);
}
