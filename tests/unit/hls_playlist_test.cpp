// SPDX-License-Identifier: LGPL-2.1-or-later
// The live playlist as a text: what is listed, what is read back, what leaves with what.
#include "playout/hls_playlist.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr gint64 kStart = 1'764'450'000'000'000; // 2025-11-29T21:00:00Z

HlsSegment segment(unsigned number, GstClockTime duration = 6 * GST_SECOND) {
  HlsSegment made;
  made.uri = "s" + std::to_string(number) + ".ts";
  made.duration = duration;
  made.utc = kStart + number * 6 * G_USEC_PER_SEC;
  return made;
}

HlsDateRange range(const std::string& item, gint64 start) {
  HlsDateRange made;
  made.id = item + "/" + utc_text(start);
  made.item = item;
  made.start = start;
  return made;
}

bool has(const HlsPlaylist& playlist, const std::string& text) {
  return playlist.text().find(text) != std::string::npos;
}

HlsPlaylist filled(unsigned count) {
  HlsPlaylist playlist(6, 6);
  for (unsigned i = 0; i < count; ++i)
    playlist.add(segment(i));
  return playlist;
}

} // namespace

TEST(HlsPlaylist, IsTheTextThatPlayersExpect) {
  HlsPlaylist playlist(6, 6);
  playlist.add(segment(0));
  auto item = range("shot-1", kStart + 40'000);
  item.title = "A \"cat\",\na dog";
  item.tier = "item";
  playlist.add(item);
  EXPECT_EQ(playlist.text(), "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n"
                             "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
                             "#EXT-X-INDEPENDENT-SEGMENTS\n"
                             "#EXT-X-PROGRAM-DATE-TIME:2025-11-29T21:00:00.000Z\n"
                             "#EXT-X-DATERANGE:ID=\"shot-1/2025-11-29T21:00:00.040Z\","
                             "START-DATE=\"2025-11-29T21:00:00.040Z\",X-ITEM-ID=\"shot-1\","
                             "X-TITLE=\"A 'cat', a dog\",X-TIER=\"item\",X-GENERATED=\"YES\"\n"
                             "#EXTINF:6.000000,\ns0.ts\n");
}

TEST(HlsPlaylist, SlidesAndCounts) {
  HlsPlaylist playlist = filled(6);
  EXPECT_EQ(playlist.media_sequence(), 0u);
  playlist.add(segment(6));
  EXPECT_EQ(playlist.media_sequence(), 1u);
  EXPECT_EQ(playlist.segments().size(), 6u);
  EXPECT_EQ(playlist.segments().front().uri, "s1.ts");
}

TEST(HlsPlaylist, IsNeverShorterThanSix) {
  HlsPlaylist playlist(6, 3);
  for (unsigned i = 0; i < 10; ++i)
    playlist.add(segment(i));
  EXPECT_EQ(playlist.segments().size(), 6u);
}

TEST(HlsPlaylist, AnItemEndsWithTheNextAndLeavesWithItsLastSegment) {
  HlsPlaylist playlist(6, 6);
  playlist.add(range("a", kStart));
  playlist.add(segment(0));
  playlist.add(range("b", kStart + 15 * G_USEC_PER_SEC)); // in the segment 2
  for (unsigned i = 1; i < 6; ++i)
    playlist.add(segment(i));
  EXPECT_TRUE(has(playlist, "DURATION=15.000000,X-ITEM-ID=\"a\""));
  playlist.add(segment(6));
  playlist.add(segment(7)); // now it begins with the segment 2, which has the end of a
  EXPECT_TRUE(has(playlist, "X-ITEM-ID=\"a\""));
  playlist.add(segment(8));
  EXPECT_FALSE(has(playlist, "X-ITEM-ID=\"a\""));
  EXPECT_TRUE(has(playlist, "X-ITEM-ID=\"b\"")) << "what is on air stays";
}

TEST(HlsPlaylist, AnItemEndsWhereNoneFollows) {
  HlsPlaylist playlist(6, 6);
  playlist.add(segment(0));
  playlist.add(range("a", kStart));
  playlist.add(range("", kStart + 2 * G_USEC_PER_SEC)); // the slate
  playlist.add(segment(1));
  EXPECT_TRUE(has(playlist, "DURATION=2.000000,X-ITEM-ID=\"a\"")) << playlist.text();
  EXPECT_FALSE(has(playlist, "X-ITEM-ID=\"\""));
}

TEST(HlsPlaylist, AnItemIsListedOnceItsFirstSegmentIs) {
  HlsPlaylist playlist(6, 6);
  playlist.add(segment(0));
  playlist.add(range("a", kStart + 6 * G_USEC_PER_SEC));
  EXPECT_FALSE(has(playlist, "X-ITEM-ID=\"a\""));
  playlist.add(segment(1));
  EXPECT_TRUE(has(playlist, "X-ITEM-ID=\"a\""));
}

TEST(HlsPlaylist, ALongTitleIsCutBetweenCharacters) {
  HlsPlaylist playlist(6, 6);
  playlist.add(segment(0));
  auto item = range("a", kStart);
  for (int i = 0; i < 1000; ++i)
    item.title += "猫"; // three bytes
  playlist.add(item);
  std::string title;
  for (int i = 0; i < 66; ++i)
    title += "猫";
  EXPECT_TRUE(has(playlist, "X-TITLE=\"" + title + "\",")) << playlist.text();
}

TEST(HlsPlaylist, AnItemThatWasOverBeforeTheFirstSegmentIsNotListed) {
  HlsPlaylist playlist(6, 6);
  playlist.add(range("lost", kStart - 9 * G_USEC_PER_SEC));
  playlist.add(range("a", kStart));
  playlist.add(segment(0));
  EXPECT_FALSE(has(playlist, "X-ITEM-ID=\"lost\""));
  EXPECT_TRUE(has(playlist, "X-ITEM-ID=\"a\""));
}

TEST(HlsPlaylist, IsReadBackAsItWasWritten) {
  HlsPlaylist playlist = filled(8);
  auto gap = segment(8, 6'006'667 * GST_USECOND);
  gap.gap = true;
  playlist.add(gap);
  auto item = range("shot-1", kStart + 40 * G_USEC_PER_SEC);
  item.title = "x=1,DURATION=3";
  playlist.add(item);
  playlist.add(range("shot-2", kStart + 45 * G_USEC_PER_SEC));
  auto again = HlsPlaylist::read(playlist.text(), 6);
  ASSERT_TRUE(again);
  const std::string before = playlist.text();
  std::string after = again->text();
  // The item that was on air ended with the last picture.
  const std::string ended = ",DURATION=9.006667,X-ITEM-ID=\"shot-2\"";
  const auto at = after.find(ended);
  ASSERT_NE(at, std::string::npos) << after;
  after.replace(at, ended.size(), ",X-ITEM-ID=\"shot-2\"");
  EXPECT_EQ(after, before);
}

TEST(HlsPlaylist, GoesOnAfterARestartWithOneDiscontinuity) {
  auto playlist = HlsPlaylist::read(filled(9).text(), 6);
  ASSERT_TRUE(playlist);
  playlist->add(segment(9));
  playlist->add(segment(10));
  EXPECT_EQ(playlist->media_sequence(), 5u);
  const std::string text = playlist->text();
  const auto first = text.find("#EXT-X-DISCONTINUITY\n");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("#EXT-X-DISCONTINUITY\n", first + 1), std::string::npos);
  EXPECT_TRUE(has(*playlist, "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"));
  for (unsigned i = 11; i < 16; ++i)
    playlist->add(segment(i));
  EXPECT_TRUE(has(*playlist, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
}

TEST(HlsPlaylist, AfterItsEndAnotherShowBeginsBehindAllNumbers) {
  HlsPlaylist playlist = filled(9);
  playlist.finish();
  auto again = HlsPlaylist::read(playlist.text(), 6);
  ASSERT_TRUE(again && again->ended());
  again->clear();
  again->add(segment(9));
  EXPECT_EQ(again->media_sequence(), 9u);
  EXPECT_EQ(again->segments().size(), 1u);
  EXPECT_TRUE(again->segments().front().discontinuity);
  EXPECT_FALSE(has(*again, "ENDLIST"));
}

TEST(HlsPlaylist, StrangeTextsAreNoPlaylist) {
  for (const char* text :
       {"", "hello", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:x\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n", // no airtime
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-PROGRAM-DATE-TIME:soon\n#EXTINF:6,\na.ts\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n"})
    EXPECT_FALSE(HlsPlaylist::read(text, 6)) << text;
}
