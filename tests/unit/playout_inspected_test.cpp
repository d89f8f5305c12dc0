// SPDX-License-Identifier: LGPL-2.1-or-later
// Which clips are looked at again when they come again.
#include "../clip_zoo.h"
#include "playout/inspected.h"
#include "store/results.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace aigc;
using clips::TempDir;

namespace {

/// Whether a file is opened.
class Watch {
 public:
  explicit Watch(const std::string& path) : fd_(inotify_init1(IN_NONBLOCK)) {
    EXPECT_GE(inotify_add_watch(fd_, path.c_str(), IN_OPEN), 0);
  }
  ~Watch() { close(fd_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  bool saw_one() const {
    alignas(inotify_event) char events[4096];
    return read(fd_, events, sizeof events) > 0;
  }

 private:
  const int fd_;
};

class InspectedTest : public testing::Test {
 protected:
  std::string clip(const std::string& name) {
    clips::make(dir / name, {.size = "64x48", .seconds = 0.4, .sound = 0.4});
    return dir / name;
  }
  /// Whether the file is read for it.
  bool is_looked_at(const std::string& path) {
    const Watch watch(path);
    last = inspected.inspect(clips::uri_of(path), cancel);
    return watch.saw_one();
  }

  const TempDir dir;
  Cancel cancel;
  Inspected inspected{2};
  Inspection last;
};

} // namespace

TEST_F(InspectedTest, AClipThatComesAgainIsKnown) {
  const std::string path = clip("one.mp4");
  EXPECT_TRUE(is_looked_at(path));
  const Inspection first = last;
  EXPECT_FALSE(is_looked_at(path));
  EXPECT_FALSE(is_looked_at(path));
  EXPECT_EQ(last.clip.uri, clips::uri_of(path));
  EXPECT_EQ(last.clip.span, first.clip.span);
  EXPECT_EQ(last.inspected, first.inspected);
  EXPECT_EQ(last.stretches.size(), first.stretches.size());
}

TEST_F(InspectedTest, AClipThatComesFromTheStoreAgainIsKnown) {
  const ResultStore store(dir / "store");
  Result result;
  result.clip_path = store.scratch("k");
  std::filesystem::rename(clip("one.mp4"), result.clip_path);
  store.commit("k", Role::clip, result, {.stage = "video"});
  EXPECT_TRUE(is_looked_at(store.find("k", Role::clip)->result.clip_path));
  EXPECT_FALSE(is_looked_at(store.find("k", Role::clip)->result.clip_path));
}

TEST_F(InspectedTest, AFileWithOtherContentIsLookedAt) {
  const std::string path = clip("one.mp4");
  EXPECT_TRUE(is_looked_at(path));
  // Not even its time of modification tells.
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  const int fd = open(path.c_str(), O_RDWR);
  char byte = 0;
  ASSERT_EQ(pread(fd, &byte, 1, 0), 1);
  ASSERT_EQ(pwrite(fd, &byte, 1, 0), 1);
  close(fd);
  const timespec times[] = {status.st_atim, status.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_TRUE(is_looked_at(path));
  EXPECT_FALSE(is_looked_at(path));
}

TEST_F(InspectedTest, AFileInPlaceOfAnotherIsLookedAt) {
  const std::string path = clip("one.mp4");
  EXPECT_TRUE(is_looked_at(path));
  std::filesystem::rename(clip("other.mp4"), path);
  EXPECT_TRUE(is_looked_at(path));
}

TEST_F(InspectedTest, AFileThatIsGoneIsNotThereAnyMore) {
  const std::string path = clip("one.mp4");
  EXPECT_TRUE(is_looked_at(path));
  std::filesystem::remove(path);
  EXPECT_THROW(inspected.inspect(clips::uri_of(path), cancel), Error);
}

TEST_F(InspectedTest, ADamagedClipIsLookedAtEachTime) {
  const std::string path = dir / "damaged.mp4";
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i " + clips::zoo::fields("160x90", "25", 4) +
             " " + clips::zoo::kH264 + path);
  clips::zoo::corrupt(path);
  EXPECT_TRUE(is_looked_at(path));
  ASSERT_TRUE(last.damage);
  EXPECT_TRUE(is_looked_at(path));
}

TEST_F(InspectedTest, OfTooManyTheOneAskedForLongestAgoIsForgotten) {
  const std::string one = clip("one.mp4"), two = clip("two.mp4"), three = clip("three.mp4");
  EXPECT_TRUE(is_looked_at(one));
  EXPECT_TRUE(is_looked_at(two));
  EXPECT_FALSE(is_looked_at(one));
  EXPECT_TRUE(is_looked_at(three));
  EXPECT_FALSE(is_looked_at(one));
  EXPECT_TRUE(is_looked_at(two));
}
