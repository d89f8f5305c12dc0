// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk that stands still: a pipe in place of a file, as who opens one that nobody reads waits.
#include "../temp_folder.h"
#include "playout/hls_writer.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr gint64 kStart = 1'764'450'000'000'000; // 2025-11-29T21:00:00Z
constexpr size_t kMebi = 1u << 20;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

class HlsWriterTest : public testing::Test {
 protected:
  HlsWriterTest() {
    signal(SIGPIPE, SIG_IGN);
    made.location = at("s%03d.ts");
    made.playlist_location = at("live.m3u8");
    made.playlist_length = 5000;
  }
  std::string at(const std::string& name) const { return folder.path() + "/" + name; }
  std::string playlist() const {
    std::ostringstream text;
    text << std::ifstream(at("live.m3u8")).rdbuf();
    return text.str();
  }

  /// The disk stands still from this segment on.
  void stand_still(const std::string& segment) {
    pipe = at(segment + ".part");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  }
  /// It goes on; what it had in work is lost, as nobody reads it.
  void go_on() const {
    for (int wait = 0; wait < 1000 && fs::exists(pipe); ++wait) {
      close(open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
      g_usleep(10'000);
    }
    EXPECT_FALSE(fs::exists(pipe));
  }

  /// Segments `from` to `to` - 1, of 6 s and `mebi` MiB each.
  void run(HlsWriter& writer, unsigned from, unsigned to, size_t mebi) const {
    const std::string part(kMebi / 8, 'x');
    HlsDateRange slate;
    slate.tier = "slate";
    for (unsigned i = from; i < to; ++i) {
      // Items right before the cut, as in a channel; more than one, so that the thread has them
      // still in hand.
      for (unsigned n = 10; n > 0 && writer.has_clock(); --n)
        writer.item(i * 6 * GST_SECOND - n * GST_MSECOND, slate);
      writer.begin(i * 6 * GST_SECOND, false, kStart);
      if (!writer.has_clock()) writer.set_clock(kStart);
      for (size_t n = 0; n < 8 * mebi; ++n)
        writer.write(reinterpret_cast<const guint8*>(part.data()), part.size());
    }
  }
  void wait_for(const std::string& text) const {
    for (int wait = 0; wait < 1000 && playlist().find(text) == std::string::npos; ++wait)
      g_usleep(10'000);
    EXPECT_NE(playlist().find(text), std::string::npos) << playlist();
  }

  TempFolder folder;
  HlsSettings made;
  std::string pipe;
};

} // namespace

TEST_F(HlsWriterTest, AStandingDiskCostsALiveStreamWholeSegmentsAndBoundedMemory) {
  HlsWriter writer(made);
  ASSERT_EQ(writer.resume(true), 6u);
  run(writer, 0, 2, 1);
  wait_for("s000.ts");
  stand_still("s002.ts");
  const auto start = std::chrono::steady_clock::now();
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  run(writer, 2, 500, 4);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s) << "2 GiB are copied or thrown away";
  EXPECT_LT(mallinfo2().uordblks + mallinfo2().hblkhd, before + 40 * kMebi);
  const auto trouble = writer.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->fault, Fault::write);
  EXPECT_NE(std::string(trouble->what()).find("stands still"), std::string::npos);
  EXPECT_FALSE(writer.take_trouble()) << "it is told once";
  go_on();
  // All that waits is written first; how long that takes is the disk's.
  const auto name = [](unsigned i) {
    return "s" + std::string(i < 10 ? "00" : i < 100 ? "0" : "") + std::to_string(i) + ".ts";
  };
  unsigned next = 500;
  const auto goes_on = [&] {
    for (unsigned i = 500; i < next; ++i)
      if (fs::exists(at(name(i)))) return true;
    return false;
  };
  for (; !goes_on(); ++next) {
    ASSERT_LT(next, 1000u) << "it does not go on";
    run(writer, next, next + 1, 0);
    g_usleep(50'000);
  }
  const unsigned count = next + 2;
  run(writer, next, count, 1);
  writer.finish(count * 6 * GST_SECOND);
  const std::string text = playlist();
  unsigned lost = 0;
  for (unsigned i = 0; i < count; ++i) {
    const bool is_lost = !fs::exists(at(name(i)));
    lost += is_lost;
    const std::string listed = utc_text(kStart + i * gint64{6} * G_USEC_PER_SEC) +
                               (is_lost ? "\n#EXT-X-GAP" : "") + "\n#EXTINF:6.000000,\n" + name(i);
    ASSERT_NE(text.find(listed), std::string::npos) << listed;
  }
  EXPECT_GT(lost, 480u);
  EXPECT_LT(lost, next - 5) << "what waited is written";
  EXPECT_EQ(count_of(text, "DISCONTINUITY\n"), 0u) << "times go on";
  EXPECT_EQ(fs::file_size(at(name(next))), kMebi);
}

TEST_F(HlsWriterTest, AShortStandstillCostsNothingThatWaits) {
  HlsWriter writer(made);
  ASSERT_TRUE(writer.resume(true));
  stand_still("s001.ts");
  run(writer, 0, 7, 4);
  go_on();
  writer.finish(42 * GST_SECOND);
  EXPECT_EQ(count_of(playlist(), "#EXT-X-GAP\n"), 1u) << playlist();
  for (const char* name : {"s000.ts", "s002.ts", "s003.ts", "s006.ts"})
    EXPECT_EQ(fs::file_size(at(name)), 4 * kMebi) << name;
}

TEST_F(HlsWriterTest, WhatIsNotLiveWaitsForTheDisk) {
  HlsWriter writer(made);
  ASSERT_TRUE(writer.resume(false));
  stand_still("s000.ts");
  std::atomic<bool> done = false;
  std::thread other([&] {
    run(writer, 0, 20, 4);
    done = true;
  });
  g_usleep(300'000);
  EXPECT_FALSE(done);
  go_on();
  other.join();
  writer.finish(120 * GST_SECOND);
  EXPECT_EQ(count_of(playlist(), "#EXT-X-GAP\n"), 1u) << playlist();
  EXPECT_FALSE(playlist().find("s019.ts") == std::string::npos);
}

TEST_F(HlsWriterTest, AFlushEndsTheWait) {
  HlsWriter writer(made);
  ASSERT_TRUE(writer.resume(false));
  stand_still("s000.ts");
  std::thread other([&] { run(writer, 0, 20, 4); });
  writer.flush(true);
  other.join();
  writer.finish(120 * GST_SECOND);
  EXPECT_EQ(playlist(), "");
  go_on();
}

TEST_F(HlsWriterTest, AStopDoesNotWaitForADiskThatStandsStill) {
  auto writer = std::make_unique<HlsWriter>(made);
  ASSERT_TRUE(writer->resume(true));
  stand_still("s000.ts");
  run(*writer, 0, 3, 1);
  const auto start = std::chrono::steady_clock::now();
  writer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms);
  try {
    HlsFolder(made).resume();
    ADD_FAILURE() << "who was left behind holds the playlist";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("this program itself"), std::string::npos);
  }
  go_on();
  // Who was left behind gives the playlist free.
  for (int wait = 0; wait < 500; ++wait) {
    try {
      HlsFolder(made).resume();
      break;
    } catch (const Error&) {
      ASSERT_LT(wait, 499) << "it is still locked";
      g_usleep(10'000);
    }
  }
  EXPECT_EQ(playlist(), "") << "what was left is not written any more";
}

TEST_F(HlsWriterTest, WhereItStandsStillForLongerAStopDoesNotWaitAtAll) {
  auto writer = std::make_unique<HlsWriter>(made);
  ASSERT_TRUE(writer->resume(true));
  stand_still("s000.ts");
  run(*writer, 0, 3, 1);
  g_usleep(1'200'000);
  const auto start = std::chrono::steady_clock::now();
  writer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 200ms);
  go_on();
}

TEST_F(HlsWriterTest, TheEndOfALiveStreamWaitsForNoDiskThatStandsStill) {
  HlsWriter writer(made);
  ASSERT_TRUE(writer.resume(true));
  stand_still("s001.ts");
  run(writer, 0, 3, 1);
  const auto start = std::chrono::steady_clock::now();
  writer.finish(18 * GST_SECOND);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
  const auto trouble = writer.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(std::string(trouble->what()).find("the end of the stream"), std::string::npos);
  go_on();
}

TEST_F(HlsWriterTest, ADiskThatDoesNotAnswerAtTheStartIsToldOnce) {
  const std::string path = at("live.m3u8");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  HlsWriter writer(made);
  EXPECT_FALSE(writer.resume(true));
  const auto trouble = writer.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(std::string(trouble->what()).find("does not answer"), std::string::npos);
  EXPECT_FALSE(writer.resume(true));
  EXPECT_FALSE(writer.take_trouble());
  for (int wait = 0; wait < 1000 && !writer.resume(true); ++wait) {
    close(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    g_usleep(10'000);
  }
  EXPECT_EQ(writer.resume(true), 6u);
}

TEST_F(HlsWriterTest, WhatIsWrittenByAnotherIsRefused) {
  HlsFolder first(made);
  first.resume();
  HlsWriter second(made);
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW(second.resume(true), Error);
}
