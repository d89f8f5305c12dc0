// SPDX-License-Identifier: LGPL-2.1-or-later
// clipjoin: formats, framing, sound on request, bad clips, flush, EOS and teardown in every phase.
#include "clipjoin_run.h"

#include <chrono>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <gst/check/gstharness.h>

using namespace clips;

class ClipJoin : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir = new TempDir;
    plain = make(*dir / "plain.mp4", {});
    small = make(*dir / "small.mp4", {.size = "64x96", .fps = "30", .sound = 0});
    long_clip = make(*dir / "long.mp4", {.size = "320x240", .seconds = 20, .sound = 20});
  }
  static void TearDownTestSuite() { delete dir; }

  Player player(const std::vector<std::string>& uris, const std::string& properties = "",
                bool sound = true) {
    return Player(join_line(list_file(*dir, uris), properties, sound));
  }

  static TempDir* dir;
  static std::string plain, small, long_clip;
};
TempDir* ClipJoin::dir = nullptr;
std::string ClipJoin::plain, ClipJoin::small, ClipJoin::long_clip;

// ---------------------------------------------------------------------------------------- format

TEST_F(ClipJoin, TheFirstClipDecidesWhenNobodyElseDoes) {
  auto run = player({small, plain});
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_NE(run.record->video_caps.find("width=(int)64, height=(int)96"), std::string::npos);
  EXPECT_NE(run.record->video_caps.find("framerate=(fraction)30/1"), std::string::npos);
  EXPECT_NE(run.record->video_caps.find("colorimetry=(string)bt709"), std::string::npos);
  EXPECT_NE(run.record->video_caps.find("pixel-aspect-ratio=(fraction)1/1"), std::string::npos);
  EXPECT_NE(run.record->video_caps.find("interlace-mode=(string)progressive"), std::string::npos);
  EXPECT_EQ(run.record->frames.size(), 72u);
  EXPECT_EQ(run.record->caps_events, 1);
}

TEST_F(ClipJoin, PropertiesDecideBeforeTheClip) {
  for (const char* fit : {"letterbox", "crop", "stretch"}) {
    auto run =
        player({plain, small}, std::string("width=201 height=101 framerate=24/1 fit=") + fit);
    ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
    EXPECT_NE(run.record->video_caps.find("width=(int)201, height=(int)101"), std::string::npos);
    EXPECT_EQ(run.record->frames.size(), 58u);
    EXPECT_EQ(run.record->flashes().size(), 2u);
  }
}

TEST_F(ClipJoin, DownstreamDecidesBeforeProperties) {
  Player run("filesrc location=" + list_file(*dir, {plain}) +
             " ! text/uri-list ! clipjoin name=j width=320 framerate=50/1"
             " j.video ! video/x-raw,format=NV12,width=80,framerate=10/1 ! appsink name=v"
             " j.audio ! audio/x-raw,rate=8000,channels=1,format=F32LE ! fakesink");
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_NE(run.record->video_caps.find("format=(string)NV12"), std::string::npos);
  EXPECT_NE(run.record->video_caps.find("width=(int)80, height=(int)60"), std::string::npos);
  EXPECT_EQ(run.record->frames.size(), 12u);
}

TEST_F(ClipJoin, CapsNobodyCanMeetAreOneError) {
  Player run("filesrc location=" + list_file(*dir, {plain}) +
             " ! text/uri-list ! clipjoin name=j j.video ! video/x-raw,framerate=0/1 ! fakesink");
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
  EXPECT_EQ(run.domain, GST_CORE_ERROR);
  EXPECT_EQ(run.code, GST_CORE_ERROR_NEGOTIATION);
}

TEST_F(ClipJoin, ARotatedClipStandsUpright) {
  clips::run("ffmpeg -nostdin -v error -y -i " + *dir / "plain.mp4" +
             " -c copy -metadata:s:v rotate=90 " + *dir / "turned.mp4");
  auto run = player({*dir / "turned.mp4"});
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_NE(run.record->video_caps.find("width=(int)120, height=(int)160"), std::string::npos);
  EXPECT_EQ(run.record->frames.size(), 30u);
}

TEST_F(ClipJoin, SoundNobodyAskedForIsNotDecoded) {
  auto run = player({plain}, "", false);
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 30u);
  EXPECT_TRUE(run.record->sounds.empty());
}

TEST_F(ClipJoin, AClipWithoutSoundIsSilence) {
  auto run = player({small, plain, small}, "framerate=25/1");
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 90u);
  EXPECT_EQ(run.record->samples, 90u * 1920);
  ASSERT_EQ(run.record->beeps.size(), 1u);
  EXPECT_NEAR(run.record->beeps[0], 76800, 240);
}

// --------------------------------------------------------------------------------- framing, meta

/// A harness whose output is thrown away but counted.
struct Harness {
  Harness() {
    h = gst_harness_new_with_padnames("clipjoin", "sink", "video");
    gst_harness_set_src_caps_str(h, "text/uri-list");
    gst_harness_set_drop_buffers(h, TRUE);
  }
  ~Harness() { gst_harness_teardown(h); }
  void segment(GstFormat format) {
    GstSegment segment;
    gst_segment_init(&segment, format);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
  }
  GstFlowReturn push(const std::string& bytes) { return gst_harness_push(h, buffer(bytes)); }
  static GstBuffer* buffer(const std::string& bytes) {
    return gst_buffer_new_memdup(bytes.data(), bytes.size());
  }
  /// Waits until EOS left the element.
  void drain() {
    gst_harness_push_event(h, gst_event_new_eos());
    wait_for(GST_EVENT_EOS);
  }
  void wait_for(GstEventType type) {
    for (;;) {
      g_autoptr(GstEvent) event = gst_harness_pull_event(h);
      ASSERT_NE(event, nullptr);
      if (GST_EVENT_TYPE(event) == type) return;
    }
  }
  GstHarness* h;
};

TEST_F(ClipJoin, LinesMayBeCutAnywhere) {
  const std::string text =
      "# a comment\r\n\r\n" + plain + "\r\n" + (*dir / "small.mp4") + "\n" + plain;
  for (const size_t step : {1, 7, 1000}) {
    Harness harness;
    harness.segment(GST_FORMAT_BYTES);
    for (size_t i = 0; i < text.size(); i += step)
      ASSERT_EQ(harness.push(text.substr(i, step)), GST_FLOW_OK);
    harness.drain();
    EXPECT_EQ(gst_harness_buffers_received(harness.h), 90u) << step;
  }
}

TEST_F(ClipJoin, ATimedBufferIsOneClipOrSeveral) {
  Harness harness;
  ASSERT_EQ(harness.push(plain), GST_FLOW_OK);
  ASSERT_EQ(harness.push(plain + "\n" + small), GST_FLOW_OK);
  harness.drain();
  EXPECT_EQ(gst_harness_buffers_received(harness.h), 90u);
}

TEST_F(ClipJoin, TheShotRidesOnEveryFrameAndTrimsTheClip) {
  Harness harness;
  gst_harness_set_drop_buffers(harness.h, FALSE);
  const gchar* no_tags[] = {nullptr};
  if (!gst_meta_get_info("GstAigcShotMeta"))
    gst_meta_register_custom("GstAigcShotMeta", no_tags, nullptr, nullptr, nullptr);
  GstBuffer* buffer = Harness::buffer(plain);
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstAigcShotMeta");
  gst_structure_set(gst_custom_meta_get_structure(meta), "id", G_TYPE_STRING, "shot-7", "width",
                    G_TYPE_INT64, gint64(96), "height", G_TYPE_INT64, gint64(64), "duration",
                    G_TYPE_DOUBLE, 0.5, nullptr);
  ASSERT_EQ(gst_harness_push(harness.h, buffer), GST_FLOW_OK);
  harness.drain();
  EXPECT_EQ(gst_harness_buffers_received(harness.h), 13u); // 12.5 frames
  for (int i = 0; i < 13; ++i) {
    g_autoptr(GstBuffer) frame = gst_harness_pull(harness.h);
    EXPECT_EQ(gst_buffer_get_size(frame), 96u * 64 * 3 / 2);
    GstCustomMeta* shot = gst_buffer_get_custom_meta(frame, "GstAigcShotMeta");
    ASSERT_NE(shot, nullptr);
    EXPECT_STREQ(gst_structure_get_string(gst_custom_meta_get_structure(shot), "id"), "shot-7");
  }
}

TEST_F(ClipJoin, EventsOfOthersPassThrough) {
  Harness harness;
  gst_harness_push_event(harness.h, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                                                         gst_structure_new_empty("aigc-cancel")));
  harness.wait_for(GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
  ASSERT_EQ(harness.push(plain), GST_FLOW_OK);
  gst_harness_push_event(harness.h, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                                         gst_structure_new_empty("between")));
  ASSERT_EQ(harness.push(plain), GST_FLOW_OK);
  harness.wait_for(GST_EVENT_CUSTOM_DOWNSTREAM);
  EXPECT_GE(gst_harness_buffers_received(harness.h), 30u);
  harness.drain();
  EXPECT_EQ(gst_harness_buffers_received(harness.h), 60u);
}

TEST_F(ClipJoin, AnswersQueries) {
  Harness harness;
  ASSERT_EQ(harness.push(plain), GST_FLOW_OK);
  harness.drain();
  g_autoptr(GstPad) pad = gst_element_get_static_pad(harness.h->element, "video");
  gint64 position = -1, duration = -1;
  EXPECT_TRUE(gst_pad_query_position(pad, GST_FORMAT_TIME, &position));
  EXPECT_EQ(position, gint64(1200 * GST_MSECOND));
  EXPECT_FALSE(gst_pad_query_duration(pad, GST_FORMAT_TIME, &duration));
  gst_harness_set_upstream_latency(harness.h, 0);
  EXPECT_EQ(gst_harness_query_latency(harness.h), 0u);
}

// -------------------------------------------------------------------------------------- bad clips

struct Bad {
  const char* name;
  std::function<std::string(const TempDir&)> make; ///< returns what stands in the list
  GQuark (*domain)();
  int code;
};

TEST_F(ClipJoin, ABadClipIsOneClearError) {
  const std::string whole = *dir / "plain.mp4";
  const auto cut = [&](const std::string& to, double part) {
    std::filesystem::copy_file(whole, to, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(to, std::uintmax_t(std::filesystem::file_size(to) * part));
    return to;
  };
  const auto text = [](const std::string& to, const std::string& content) {
    std::ofstream(to) << content;
    return to;
  };
  const std::vector<Bad> table = {
      {"missing", [](const TempDir& d) { return d / "nowhere.mp4"; }, gst_resource_error_quark,
       GST_RESOURCE_ERROR_NOT_FOUND},
      {"empty", [&](const TempDir& d) { return text(d / "empty.mp4", ""); }, gst_stream_error_quark,
       GST_STREAM_ERROR_DECODE},
      {"truncated", [&](const TempDir& d) { return cut(d / "cut.mp4", 0.6); },
       gst_stream_error_quark, GST_STREAM_ERROR_DECODE},
      {"text", [&](const TempDir& d) { return text(d / "text.mp4", std::string(5000, 'x')); },
       gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
      {"noise",
       [&](const TempDir& d) {
         std::string noise(20000, '\0');
         guint32 x = 1;
         for (auto& byte : noise)
           byte = char((x = x * 1664525 + 1013904223) >> 24);
         return text(d / "noise.mp4", noise);
       },
       gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
      {"sound only",
       [](const TempDir& d) {
         clips::run("ffmpeg -nostdin -v error -y -f lavfi -i sine=d=1 " + d / "sound.m4a");
         return d / "sound.m4a";
       },
       gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
      {"picture",
       [](const TempDir& d) {
         clips::run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc -frames:v 1 " +
                    d / "still.png");
         return d / "still.png";
       },
       gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
      {"scheme", [](const TempDir&) { return std::string("https://example.com/a.mp4"); },
       gst_resource_error_quark, GST_RESOURCE_ERROR_SETTINGS},
      {"directory", [](const TempDir& d) { return d.path(); }, gst_stream_error_quark,
       GST_STREAM_ERROR_WRONG_TYPE},
      {"escape", [](const TempDir&) { return std::string("file:///tmp/%ZZ"); },
       gst_resource_error_quark, GST_RESOURCE_ERROR_SETTINGS},
  };
  for (const Bad& bad : table) {
    SCOPED_TRACE(bad.name);
    const std::string entry = bad.make(*dir);
    auto run = player({plain, entry, plain});
    ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
    EXPECT_EQ(run.domain, bad.domain()) << run.text;
    EXPECT_EQ(run.code, bad.code) << run.text;
    EXPECT_EQ(run.source, "j");
    EXPECT_NE(run.text.find(entry), std::string::npos) << run.text;
    EXPECT_NE(run.text.find("; "), std::string::npos) << run.text;
    EXPECT_FALSE(run.uri.empty());
  }
}

TEST_F(ClipJoin, AnUnreadableClipIsNotAuthorized) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const std::string locked = *dir / "locked.mp4";
  std::filesystem::copy_file(*dir / "plain.mp4", locked);
  chmod(locked.c_str(), 0);
  auto run = player({locked});
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
  EXPECT_EQ(run.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
}

TEST_F(ClipJoin, WhatIsBeforeABadClipIsStillPlayed) {
  auto run = player({plain, *dir / "nowhere.mp4"});
  for (const char* name : {"v", "a"}) { // an error keeps a pipeline from ending its preroll
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(run.pipeline), name);
    g_object_set(sink, "async", FALSE, nullptr);
  }
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
  GstMessageType end;
  while ((end = run.wait()) == GST_MESSAGE_ERROR) {
  }
  ASSERT_EQ(end, GST_MESSAGE_EOS);
  EXPECT_EQ(run.record->frames.size(), 30u);
  EXPECT_EQ(run.record->samples, 30u * 1920);
}

TEST_F(ClipJoin, AClipThatTurnsBadKeepsItsLastPicture) {
  const std::string path = *dir / "rotten.mp4";
  make(path, {.seconds = 4, .sound = 4, .video = "-c:v libx264 -g 25 -pix_fmt yuv420p -b:v 400k"});
  { // an MP4 of ffmpeg: the media comes first
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path);
    file.seekp(std::streamoff(size / 4));
    file << std::string(size / 4, '\x55');
  }
  auto run = player({path, plain}, "framerate=25/1");
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 130u);
  EXPECT_EQ(run.record->samples, 130u * 1920);
  EXPECT_GE(run.warnings, 1);
}

TEST_F(ClipJoin, NothingLinkedIsAnError) {
  Player run("filesrc location=" + list_file(*dir, {plain}) + " ! text/uri-list ! clipjoin name=j");
  EXPECT_EQ(run.play(), GST_MESSAGE_ERROR);
}

TEST_F(ClipJoin, AListThatIsNotTextIsAnError) {
  Harness harness;
  EXPECT_EQ(harness.push(std::string("\xff\xfe\0abc", 6)), GST_FLOW_ERROR);
  Harness other;
  other.segment(GST_FORMAT_BYTES);
  EXPECT_EQ(other.push(std::string(20000, 'x')), GST_FLOW_ERROR);
}

// ------------------------------------------------------------------------- flush, EOS, state cycle

TEST_F(ClipJoin, NothingInNothingOut) {
  Harness harness;
  harness.drain();
  EXPECT_EQ(gst_harness_buffers_received(harness.h), 0u);
}

TEST_F(ClipJoin, PlaysTwice) {
  auto run = player({plain, small});
  for (int i = 0; i < 2; ++i) {
    run.own = Record();
    ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
    EXPECT_EQ(run.record->frames.size(), 60u);
    EXPECT_EQ(run.record->frames[0].pts, 0u);
    EXPECT_EQ(run.record->samples, 60u * 1920);
    gst_element_set_state(run.pipeline, GST_STATE_NULL);
  }
}

TEST_F(ClipJoin, StartsAfreshAfterAFlush) {
  for (const bool playing : {false, true}) {
    Harness harness;
    gst_harness_set_drop_buffers(harness.h, FALSE);
    if (playing) {
      ASSERT_EQ(harness.push(long_clip), GST_FLOW_OK);
      gst_buffer_unref(gst_harness_pull(harness.h));
    }
    ASSERT_TRUE(gst_harness_push_event(harness.h, gst_event_new_flush_start()));
    ASSERT_TRUE(gst_harness_push_event(harness.h, gst_event_new_flush_stop(TRUE)));
    while (GstBuffer* old = gst_harness_try_pull(harness.h))
      gst_buffer_unref(old);
    harness.segment(GST_FORMAT_TIME);
    ASSERT_EQ(harness.push(plain), GST_FLOW_OK);
    g_autoptr(GstBuffer) first = gst_harness_pull(harness.h);
    EXPECT_EQ(GST_BUFFER_PTS(first), 0u);
    gst_harness_set_drop_buffers(harness.h, TRUE);
    harness.drain();
  }
}

TEST_F(ClipJoin, StopsWithinASecondInAnyPhase) {
  const auto stop = [](GstElement* element) {
    const auto start = std::chrono::steady_clock::now();
    gst_element_set_state(element, GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  };
  const std::string list = list_file(*dir, {long_clip, long_clip, long_clip});
  for (int yields = 0; yields < 4000; yields = yields * 2 + 1) { // opening, probing, prerolling
    Player run(join_line(list));
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    for (int i = 0; i < yields; ++i)
      g_usleep(50);
    stop(run.pipeline);
  }
  { // blocked downstream, in preroll
    Player run(join_line(list));
    gst_element_set_state(run.pipeline, GST_STATE_PAUSED);
    gst_element_get_state(run.pipeline, nullptr, nullptr, 10 * GST_SECOND);
    stop(run.pipeline);
  }
  { // idle, waiting for input
    Harness harness;
    stop(harness.h->element);
  }
}

TEST_F(ClipJoin, SoundIsRequestedOnceBeforeTheStart) {
  Harness harness;
  EXPECT_EQ(gst_element_request_pad_simple(harness.h->element, "audio"), nullptr);
  GstElement* join = gst_element_factory_make("clipjoin", nullptr);
  GstPad* pad = gst_element_request_pad_simple(join, "audio");
  ASSERT_NE(pad, nullptr);
  gst_element_release_request_pad(join, pad);
  gst_object_unref(pad);
  gst_object_unref(join);
}

// ----------------------------------------------------------------------------------------- bounds

TEST_F(ClipJoin, AtMostTwoClipsOfAKindAreOpen) {
  std::vector<std::string> uris;
  for (int i = 0; i < 16; ++i) {
    const std::string copy = *dir / ("copy" + std::to_string(i) + ".mp4");
    std::filesystem::copy_file(*dir / "plain.mp4", copy);
    uris.push_back(copy);
  }
  const auto open_clips = [&] {
    std::set<std::string> open;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry, gone).string();
      if (!gone && target.starts_with(dir->path() + "/copy")) open.insert(target);
    }
    return open.size();
  };
  Player run(join_line(list_file(*dir, uris), "", false));
  gst_element_set_state(run.pipeline, GST_STATE_PAUSED);
  ASSERT_EQ(gst_element_get_state(run.pipeline, nullptr, nullptr, 10 * GST_SECOND),
            GST_STATE_CHANGE_SUCCESS);
  size_t most = 0;
  for (int i = 0; i < 50; ++i) { // blocked in its preroll, it opens what it will and no more
    most = std::max(most, open_clips());
    g_usleep(10000);
  }
  EXPECT_GE(most, 2u);
  EXPECT_LE(most, 3u); // one plays, one is ready, one is being looked at
  EXPECT_EQ(open_clips(), 2u);
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 480u);
  gst_element_set_state(run.pipeline, GST_STATE_NULL);
  EXPECT_EQ(open_clips(), 0u);
}
