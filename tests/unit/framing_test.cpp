// SPDX-License-Identifier: LGPL-2.1-or-later
// Framing: lines cut anywhere, BOM, NUL, blank lines, pictures gathered, raw streams, limits,
// flush.
#include "media/picture.h"
#include "shot/shot_meta.h"
#include "stage/framing.h"
#include "stage_fake.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

Framer framer_with(const char* caps, GstFormat format, bool every_frame = false) {
  Framer framer(every_frame);
  if (caps) framer.set_caps(adopt(gst_caps_from_string(caps)).get());
  GstSegment segment;
  gst_segment_init(&segment, format);
  framer.set_segment(segment);
  return framer;
}

/// The scripts that come of `bytes` in chunks of `size`.
std::vector<std::string> lines_of(std::string_view bytes, size_t size, const char* caps = nullptr) {
  Framer framer = framer_with(caps, GST_FORMAT_BYTES);
  std::vector<std::string> scripts;
  const auto add = [&](std::vector<Job> jobs) {
    for (auto& job : jobs)
      scripts.push_back(job.shot.script);
  };
  for (size_t at = 0; at < bytes.size(); at += size)
    add(framer.push(buffer_of(bytes.substr(at, size))));
  add(framer.finish());
  return scripts;
}

constexpr const char* kText = "text/x-raw, format=(string)utf8";
using Lines = std::vector<std::string>;

} // namespace

TEST(Framing, LinesAreTheSameHoweverTheyAreCut) {
  const std::string_view text = "\xEF\xBB\xBF"
                                "樱花树下\r\n\n \t\r\n机械狐狸 🦊\nlast, without end";
  const Lines expected{"樱花树下", "机械狐狸 🦊", "last, without end"};
  for (size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(lines_of(text, size), expected) << "no caps, " << size;
    EXPECT_EQ(lines_of(text, size, kText), expected) << "text, " << size;
  }
}

TEST(Framing, ABomOrNulAloneIsNoShot) {
  EXPECT_EQ(lines_of("\xEF\xBB\xBF", 1), Lines{});
  EXPECT_EQ(lines_of("\xEF\xBB\xBF\r\na\n", 4096), Lines{"a"});
  EXPECT_EQ(lines_of(std::string_view("a\n\0", 3), 4096), Lines{"a"});
  EXPECT_EQ(lines_of(std::string_view("a\0\0", 3), 1), Lines{"a"});
  EXPECT_EQ(lines_of("", 1), Lines{});
}

TEST(Framing, ALineOverTheLimitIsRefused) {
  const std::string good(kMaxTextBytes, 'x');
  EXPECT_EQ(lines_of(good + "\n", 4096), Lines{good});
  EXPECT_THROW(lines_of(good + "x\n", 4096), Error);
  EXPECT_THROW(lines_of(std::string(1 << 20, 'x'), 1 << 20), Error);
}

TEST(Framing, OneTimedBufferIsOneShot) {
  Framer framer = framer_with(kText, GST_FORMAT_TIME);
  auto buffer = buffer_of(std::string_view("\xEF\xBB\xBF"
                                           "two\nlines\0",
                                           13));
  GST_BUFFER_PTS(buffer.get()) = 3 * GST_SECOND;
  GST_BUFFER_DURATION(buffer.get()) = 2 * GST_SECOND;
  auto jobs = framer.push(std::move(buffer));
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].shot.script, "two\nlines");
  EXPECT_EQ(jobs[0].pts, 3 * GST_SECOND);
  EXPECT_EQ(jobs[0].duration, 2 * GST_SECOND);
  EXPECT_EQ(framer.push(buffer_of("")).size(), 1u); // empty: the prompt's place
  EXPECT_TRUE(framer.finish().empty());
}

TEST(Framing, TheTextBecomesThePromptOfAShotThatHasOne) {
  Framer framer = framer_with(kText, GST_FORMAT_TIME);
  Shot shot;
  shot.id = "x";
  shot.script = "user";
  shot.prompt = "old";
  auto buffer = buffer_of("edited");
  set_buffer_shot(buffer.get(), shot);
  auto jobs = framer.push(std::move(buffer));
  EXPECT_EQ(jobs.at(0).shot.prompt, "edited");
  EXPECT_EQ(jobs.at(0).shot.script, "user");
  EXPECT_EQ(jobs.at(0).shot.id, "x");
}

TEST(Framing, APictureIsGatheredToTheEnd) {
  Framer framer = framer_with("image/png", GST_FORMAT_BYTES);
  Shot shot;
  shot.id = "carried";
  auto first = buffer_of("abc");
  set_buffer_shot(first.get(), shot);
  EXPECT_TRUE(framer.push(std::move(first)).empty());
  EXPECT_TRUE(framer.push(buffer_of("def")).empty());
  auto jobs = framer.finish();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].kind, InputKind::picture);
  EXPECT_EQ(jobs[0].shot.id, "carried");
  EXPECT_EQ(gst_buffer_memcmp(jobs[0].input.get(), 0, "abcdef", 6), 0);
  EXPECT_EQ(gst_buffer_get_size(jobs[0].input.get()), 6u);
  EXPECT_TRUE(framer.finish().empty());
}

TEST(Framing, AHugePictureInSmallPiecesIsQuickAndBounded) {
  Framer framer = framer_with("image/png", GST_FORMAT_BYTES);
  const std::string piece(4096, 'x');
  for (size_t have = 0; have < kMaxPictureBytes; have += piece.size())
    framer.push(buffer_of(piece));
  EXPECT_THROW(framer.push(buffer_of("x")), Error);
}

TEST(Framing, OfARawStreamTheFirstFrameCounts) {
  Framer first = framer_with("video/x-raw, framerate=25/1", GST_FORMAT_TIME);
  EXPECT_EQ(first.push(buffer_of("frame")).at(0).kind, InputKind::raw);
  EXPECT_TRUE(first.is_sated());
  Framer every = framer_with("video/x-raw, framerate=25/1", GST_FORMAT_TIME, true);
  every.push(buffer_of("frame"));
  EXPECT_FALSE(every.is_sated());
  Framer still = framer_with("video/x-raw, framerate=0/1", GST_FORMAT_TIME);
  still.push(buffer_of("frame"));
  EXPECT_FALSE(still.is_sated());
}

TEST(Framing, AFlushForgetsHalvesButNotTheCaps) {
  Framer framer = framer_with("image/png", GST_FORMAT_BYTES);
  framer.push(buffer_of("old"));
  framer.flush();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  framer.set_segment(segment);
  framer.push(buffer_of("new"));
  auto jobs = framer.finish();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].kind, InputKind::picture);
  EXPECT_EQ(gst_buffer_get_size(jobs[0].input.get()), 3u);
}

TEST(Framing, TimesAreRunningTimes) {
  Framer framer = framer_with(kText, GST_FORMAT_TIME);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 10 * GST_SECOND;
  segment.base = GST_SECOND;
  framer.set_segment(segment);
  EXPECT_EQ(framer.running_time(12 * GST_SECOND), 3 * GST_SECOND);
  EXPECT_EQ(framer.running_time(GST_CLOCK_TIME_NONE), GST_CLOCK_TIME_NONE);
  EXPECT_EQ(framer_with(kText, GST_FORMAT_BYTES).running_time(0), GST_CLOCK_TIME_NONE);
}
