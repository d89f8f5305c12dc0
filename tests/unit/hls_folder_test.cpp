// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a live stream: names, what is kept, restarts, and a disk that is full or gone.
#include "../temp_folder.h"
#include "playout/hls_folder.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>

using namespace aigc;
namespace fs = std::filesystem;

namespace {

constexpr gint64 kStart = 1'764'450'000'000'000; // 2025-11-29T21:00:00Z

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

class HlsFolderTest : public testing::Test {
 protected:
  HlsSettings settings() const {
    HlsSettings made;
    made.location = at("s%03d.ts");
    made.playlist_location = at("live.m3u8");
    return made;
  }
  std::string at(const std::string& name) const { return folder.path() + "/live/" + name; }
  std::string playlist() const { return text_of(at("live.m3u8")); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path() + "/live"))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  /// Writes segments `from` to `to` - 1, each 6 s and with `bytes` bytes, and leaves the next open.
  static void run(HlsFolder& hls, unsigned from, unsigned to, size_t bytes = 1000) {
    const std::string data(bytes, 'x');
    for (unsigned i = from; i <= to; ++i) {
      hls.begin(i * 6 * GST_SECOND, false);
      if (!hls.has_clock()) hls.set_clock(kStart);
      hls.write(reinterpret_cast<const guint8*>(data.data()), data.size());
    }
  }

  TempFolder folder;
};

/// Files of at most `bytes` can be written while it lives: what a full disk is to a program.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

} // namespace

TEST_F(HlsFolderTest, ListsWholeSegmentsAndKeepsTwiceTheWindow) {
  HlsFolder hls(settings());
  hls.resume();
  run(hls, 0, 1);
  EXPECT_EQ(files(),
            (std::vector<std::string>{"live.m3u8", "live.m3u8.lock", "s000.ts", "s001.ts.part"}));
  EXPECT_EQ(fs::file_size(at("s000.ts")), 1000u);
  EXPECT_EQ(count_of(playlist(), ".ts"), 1u);
  run(hls, 2, 30);
  EXPECT_EQ(files().size(), 14u + 3);
  EXPECT_TRUE(fs::exists(at("s016.ts")));
  EXPECT_FALSE(fs::exists(at("s015.ts")));
  EXPECT_EQ(count_of(playlist(), ".ts"), 6u);
  EXPECT_NE(playlist().find("#EXT-X-MEDIA-SEQUENCE:24\n"), std::string::npos);
  EXPECT_FALSE(hls.take_trouble());
}

TEST_F(HlsFolderTest, TheEndIsListed) {
  HlsFolder hls(settings());
  run(hls, 0, 2);
  hls.finish(15 * GST_SECOND);
  EXPECT_NE(playlist().find("#EXTINF:3.000000,\ns002.ts\n#EXT-X-ENDLIST\n"), std::string::npos);
}

TEST_F(HlsFolderTest, WithoutAnEndItGoesOnAfterARestart) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 20);
  }
  EXPECT_FALSE(fs::exists(at("s020.ts.part"))) << "what is not whole is not kept";
  std::ofstream(at("s020.ts.part")) << "left by a crash";
  HlsFolder again(settings());
  again.resume();
  EXPECT_FALSE(fs::exists(at("s020.ts.part")));
  again.begin(0, false);
  again.set_clock(kStart + 200 * G_USEC_PER_SEC);
  again.begin(6 * GST_SECOND, false);
  const std::string text = playlist();
  EXPECT_NE(text.find("#EXT-X-MEDIA-SEQUENCE:15\n"), std::string::npos) << text;
  EXPECT_NE(text.find("s019.ts\n#EXT-X-DISCONTINUITY\n"
                      "#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:03:20.000Z\n"
                      "#EXTINF:6.000000,\ns020.ts\n"),
            std::string::npos)
      << text;
  EXPECT_FALSE(fs::exists(at("s006.ts"))) << "what the run before kept is deleted in time";
  EXPECT_TRUE(fs::exists(at("s007.ts")));
}

TEST_F(HlsFolderTest, NamesAreNeverUsedAgainEvenIfThePlaylistIsGone) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 5);
  }
  fs::remove(at("live.m3u8"));
  HlsFolder again(settings());
  again.resume();
  run(again, 0, 1);
  EXPECT_NE(playlist().find("s005.ts"), std::string::npos);
  EXPECT_NE(playlist().find("#EXT-X-MEDIA-SEQUENCE:5\n"), std::string::npos) << playlist();
  EXPECT_FALSE(again.take_trouble()) << "who deletes it wants that";
}

TEST_F(HlsFolderTest, APlaylistThatCannotBeReadIsKeptAsideAndNumbersNeverGoBack) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 5);
  }
  std::ofstream(at("live.m3u8")) << "#EXTM3U\ntorn";
  HlsFolder again(settings());
  again.resume();
  const auto trouble = again.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(std::string(trouble->what()).find("live.m3u8.before"), std::string::npos);
  EXPECT_EQ(text_of(at("live.m3u8.before")), "#EXTM3U\ntorn");
  run(again, 0, 1);
  EXPECT_NE(playlist().find("#EXT-X-MEDIA-SEQUENCE:5\n"), std::string::npos) << playlist();
  EXPECT_EQ(count_of(playlist(), "#EXT-X-DISCONTINUITY\n"), 1u);
}

TEST_F(HlsFolderTest, AnEndBeforeAnythingBeganLeavesThePlaylistAsItIs) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 5);
  }
  const std::string before = playlist();
  HlsFolder again(settings());
  again.finish(0);
  EXPECT_EQ(playlist(), before);
  again.resume();
  again.finish(0);
  EXPECT_EQ(playlist(), before);
}

TEST_F(HlsFolderTest, TwoCannotWriteOnePlaylist) {
  auto first = std::make_unique<HlsFolder>(settings());
  first->resume();
  HlsFolder second(settings());
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW(second.resume(), Error);
  first.reset();
  second.resume();
}

TEST_F(HlsFolderTest, AClockThatIsSetForwardIsFollowedBehindADiscontinuity) {
  HlsFolder hls(settings());
  run(hls, 0, 1);
  hls.begin(12 * GST_SECOND, false, kStart + gint64{3600} * G_USEC_PER_SEC);
  hls.begin(18 * GST_SECOND, false, kStart + gint64{3600} * G_USEC_PER_SEC);
  hls.begin(24 * GST_SECOND, false, kStart + gint64{3600} * G_USEC_PER_SEC);
  const std::string text = playlist();
  EXPECT_EQ(count_of(text, "#EXT-X-DISCONTINUITY\n"), 1u) << text;
  EXPECT_NE(text.find("DATE-TIME:2025-11-29T21:00:06.000Z\n#EXTINF:6.000000,\ns001.ts\n"
                      "#EXT-X-DISCONTINUITY\n"
                      "#EXT-X-PROGRAM-DATE-TIME:2025-11-29T22:00:12.000Z\n"),
            std::string::npos)
      << text;
}

TEST_F(HlsFolderTest, AClockThatIsSetBackOrSlipsIsFollowedBitByBit) {
  HlsFolder hls(settings());
  run(hls, 0, 1);
  const auto begin = [&](unsigned i, gint64 late) {
    hls.begin(i * 6 * GST_SECOND, false, kStart - late);
  };
  begin(2, 10 * G_USEC_PER_SEC);
  const auto trouble = hls.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(std::string(trouble->what()).find("10 s behind"), std::string::npos) << trouble->what();
  begin(3, 10 * G_USEC_PER_SEC);
  EXPECT_FALSE(hls.take_trouble()) << "it is told once";
  begin(4, 10'000); // right again, so forward
  begin(5, 10'000);
  begin(6, 5'000); // noise
  begin(7, 5'000);
  const std::string text = playlist();
  for (const char* time : {"06.000", "11.900", "17.800", "23.900", "29.990", "35.990"})
    EXPECT_NE(text.find("DATE-TIME:2025-11-29T21:00:" + std::string(time) + "Z\n#EXTINF:6.000000"),
              std::string::npos)
        << time << "\n"
        << text;
  EXPECT_EQ(count_of(text, "#EXT-X-DISCONTINUITY\n"), 0u) << text;
  for (unsigned i = 8; i < 120; ++i)
    begin(i, 10 * G_USEC_PER_SEC);
  EXPECT_NE(playlist().find("DATE-TIME:2025-11-29T21:11:38.000Z\n#EXTINF:6.000000,\ns118.ts"),
            std::string::npos)
      << "10 s are made up after 100 segments\n"
      << playlist();
}

TEST_F(HlsFolderTest, AirtimeRisesInTheShortestSegmentsToo) {
  HlsFolder hls(settings());
  run(hls, 0, 1);
  hls.begin(12 * GST_SECOND, false, kStart);
  hls.begin(12'040 * GST_MSECOND, true, kStart - gint64{3600} * G_USEC_PER_SEC); // another format
  hls.begin(18 * GST_SECOND, false, kStart - gint64{3600} * G_USEC_PER_SEC);
  EXPECT_NE(playlist().find("DATE-TIME:2025-11-29T21:00:12.020Z\n#EXTINF:5.960000,"),
            std::string::npos)
      << playlist();
}

TEST_F(HlsFolderTest, AClockThatWentBackDoesNotBringTheAirtimeBack) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 2);
  }
  HlsFolder again(settings());
  again.resume();
  again.begin(0, false);
  again.set_clock(kStart - gint64{3600} * G_USEC_PER_SEC);
  again.begin(6 * GST_SECOND, false);
  EXPECT_NE(playlist().find("#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:00:12.000Z"), std::string::npos)
      << playlist();
  const auto trouble = again.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(std::string(trouble->what()).find("clock"), std::string::npos);
}

TEST_F(HlsFolderTest, TheLongestDurationStaysWhatWasPromised) {
  {
    HlsFolder hls(settings());
    run(hls, 0, 2);
  }
  auto longer = settings();
  longer.target_duration = 10;
  HlsFolder again(longer);
  again.resume();
  EXPECT_EQ(again.target(), 6u);
  const auto trouble = again.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(trouble->remedy.find("delete the playlist"), std::string::npos);
}

TEST_F(HlsFolderTest, AFullDiskCostsSegmentsAndIsToldOnce) {
  HlsFolder hls(settings());
  run(hls, 0, 3);
  {
    const FullDisk full(4096);
    run(hls, 4, 8, 500'000);
    const auto trouble = hls.take_trouble();
    ASSERT_TRUE(trouble);
    EXPECT_EQ(trouble->fault, Fault::write);
    EXPECT_NE(std::string(trouble->what()).find("s004.ts"), std::string::npos) << trouble->what();
    run(hls, 9, 10, 500'000);
    EXPECT_FALSE(hls.take_trouble()) << "it is still the same trouble";
  }
  run(hls, 11, 13);
  const std::string text = playlist();
  EXPECT_EQ(count_of(text, "#EXT-X-GAP\n"), 4u) << text;
  EXPECT_EQ(count_of(text, "#EXT-X-DISCONTINUITY\n"), 0u);
  EXPECT_NE(text.find("#EXTINF:6.000000,\ns011.ts\n"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(at("s009.ts")));
  EXPECT_TRUE(fs::exists(at("s011.ts")));
  const FullDisk full(4096);
  run(hls, 14, 15, 500'000);
  EXPECT_TRUE(hls.take_trouble()) << "another trouble is told again";
}

TEST_F(HlsFolderTest, AFolderThatIsDeletedIsMadeAgain) {
  HlsFolder hls(settings());
  run(hls, 0, 3);
  fs::remove_all(folder.path() + "/live");
  run(hls, 4, 6);
  EXPECT_TRUE(hls.take_trouble()) << "one segment was lost";
  EXPECT_EQ(count_of(playlist(), "#EXT-X-GAP\n"), 1u) << playlist();
  EXPECT_TRUE(fs::exists(at("s005.ts")));
}

TEST_F(HlsFolderTest, AFileInPlaceOfTheFolderStopsNothing) {
  HlsFolder hls(settings());
  std::ofstream(folder.path() + "/live") << "a file";
  run(hls, 0, 4);
  EXPECT_TRUE(hls.take_trouble());
  fs::remove(folder.path() + "/live");
  run(hls, 5, 7);
  EXPECT_EQ(count_of(playlist(), "#EXT-X-GAP\n"), 4u) << playlist();
}

TEST_F(HlsFolderTest, WhatIsMissingIsListedInPieces) {
  HlsFolder hls(settings());
  run(hls, 0, 1);
  hls.end(12 * GST_SECOND);
  const auto trouble = hls.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_NE(trouble->remedy.find("key-int-max"), std::string::npos);
  hls.begin(22 * GST_SECOND, false);
  EXPECT_NE(playlist().find("#EXT-X-GAP\n#EXTINF:6.000000,\ns002.ts\n"
                            "#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:00:18.000Z\n"
                            "#EXT-X-GAP\n#EXTINF:4.000000,\ns003.ts\n"),
            std::string::npos)
      << playlist();
}

TEST_F(HlsFolderTest, WhatIsLostIsMissingUntilAnotherBegins) {
  HlsFolder hls(settings());
  run(hls, 0, 2);
  hls.lose();
  EXPECT_FALSE(fs::exists(at("s002.ts.part")));
  hls.begin(24'040 * GST_MSECOND, false);
  EXPECT_NE(playlist().find("s001.ts\n#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:00:12.000Z\n"
                            "#EXT-X-GAP\n#EXTINF:6.000000,\ns002.ts\n"
                            "#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:00:18.000Z\n"
                            "#EXT-X-GAP\n#EXTINF:6.040000,\ns003.ts\n"),
            std::string::npos)
      << playlist();
}

TEST_F(HlsFolderTest, AFirstSegmentWithoutAnEndIsGivenUpInSilence) {
  HlsFolder hls(settings());
  run(hls, 0, 0);
  hls.end(6 * GST_SECOND);
  EXPECT_FALSE(hls.take_trouble());
  hls.begin(8 * GST_SECOND, false);
  hls.begin(14 * GST_SECOND, false);
  EXPECT_EQ(count_of(playlist(), ".ts"), 1u);
  EXPECT_EQ(count_of(playlist(), "GAP"), 0u);
}

TEST_F(HlsFolderTest, NamesOfSegmentsAreTheWayFromThePlaylist) {
  auto other = settings();
  other.location = folder.path() + "/live/a b/s%d.ts";
  HlsFolder hls(other);
  run(hls, 0, 1);
  EXPECT_NE(playlist().find("\na%20b/s0.ts\n"), std::string::npos) << playlist();
  other.playlist_root = "https://cdn.example/live";
  other.playlist_location = at("other.m3u8");
  HlsFolder far(other);
  run(far, 0, 1);
  EXPECT_NE(text_of(at("other.m3u8")).find("\nhttps://cdn.example/live/s0.ts\n"),
            std::string::npos);
}

TEST_F(HlsFolderTest, TwoPercentSignsAreOne) {
  auto other = settings();
  other.location = folder.path() + "/live/100%%/s%d%%.ts";
  HlsFolder hls(other);
  hls.resume();
  run(hls, 0, 1);
  EXPECT_TRUE(fs::exists(at("100%/s0%.ts")));
  EXPECT_NE(playlist().find("\n100%25/s0%25.ts\n"), std::string::npos) << playlist();
}

TEST_F(HlsFolderTest, APlaceWithoutANumberIsRefused) {
  for (const char* location :
       {"s.ts", "s%s.ts", "s%d%d.ts", "s%05d.ts%", "%d/s.ts", "s%12345d.ts"}) {
    auto wrong = settings();
    wrong.location = location;
    EXPECT_THROW(HlsFolder{wrong}, Error) << location;
  }
}
