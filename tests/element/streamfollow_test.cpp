// SPDX-License-Identifier: LGPL-2.1-or-later
// streamfollow: followers end with the main to the sample, fade, loop, and nothing ever hangs.
#include "clipjoin_run.h"

#include <chrono>

using namespace clips;

namespace {

/// 25 frames a second as the main, with `follower` and `properties`.
std::string line(int frames, const std::string& follower, const std::string& properties = "") {
  return "videotestsrc num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,width=16,height=16,framerate=25/1 ! sf.sink_0 " + follower +
         " ! sf.sink_1 streamfollow name=sf " + properties +
         " sf.src_0 ! appsink name=v sf.src_1 ! audio/x-raw,format=S16LE,channels=2 ! appsink "
         "name=a";
}

std::string tone(double seconds) {
  return "audiotestsrc wave=square volume=0.5 samplesperbuffer=1000 num-buffers=" +
         std::to_string(int(seconds * 48)) +
         " ! audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
}

/// The loudest of the samples [from, to) of what `data` gathered.
struct Levels {
  std::vector<gint16> values;
  static GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo* info, gpointer self) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    const auto* samples = reinterpret_cast<const gint16*>(map.data);
    for (gsize i = 0; i < map.size / 4; ++i)
      static_cast<Levels*>(self)->values.push_back(samples[2 * i]);
    gst_buffer_unmap(buffer, &map);
    return GST_PAD_PROBE_OK;
  }
  void watch(GstElement* pipeline) {
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "a");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  }
  int loudest(size_t from, size_t to) const {
    int most = 0;
    for (size_t i = from; i < to && i < values.size(); ++i)
      most = std::max(most, std::abs(values[i]));
    return most;
  }
};

void expect_contiguous(const Record& out) {
  GstClockTime at = 0;
  for (const auto& sound : out.sounds) {
    EXPECT_LE(std::abs(GstClockTimeDiff(sound.pts - at)), 30000) << at;
    at = sound.pts + sound.duration;
  }
}

} // namespace

TEST(StreamFollow, ALongerFollowerIsCutToTheSample) {
  for (const char* properties : {"", "fade=500000000", "fade=9000000000"}) {
    Player run(line(50, tone(10), properties));
    ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
    EXPECT_EQ(run.record->frames.size(), 50u);
    EXPECT_EQ(run.record->samples, 96000u) << properties;
    expect_contiguous(*run.record);
  }
}

TEST(StreamFollow, TheFadeEndsWithTheMain) {
  Player run(line(75, tone(10), "fade=1000000000"));
  Levels levels;
  levels.watch(run.pipeline);
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  ASSERT_EQ(levels.values.size(), 144000u);
  const int full = levels.loudest(0, 1000);
  EXPECT_EQ(levels.loudest(95000, 96000), full);
  EXPECT_NEAR(levels.loudest(119900, 120100), full / 2, full / 100);
  EXPECT_NEAR(levels.loudest(132000, 132100), full / 4, full / 100);
  EXPECT_LT(levels.loudest(143990, 144000), full / 100);
}

/// The end comes as a surprise: what will have to be faded must not have gone out by then.
TEST(StreamFollow, TheFadeIsHeldBack) {
  Player run("appsrc name=s format=time caps=video/x-h264 ! sf.sink_0 " + tone(10) +
             " ! sf.sink_1 streamfollow name=sf fade=1000000000 sf.src_0 ! fakesink async=false "
             "sf.src_1 ! appsink name=a async=false");
  Levels levels;
  levels.watch(run.pipeline);
  g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(run.pipeline), "s");
  g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(run.pipeline), "a");
  gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
  GstFlowReturn flow;
  for (int i = 0; i < 50; ++i) {
    g_autoptr(GstBuffer) buffer = gst_buffer_new_allocate(nullptr, 10, nullptr);
    GST_BUFFER_PTS(buffer) = i * 40 * GST_MSECOND;
    GST_BUFFER_DURATION(buffer) = 40 * GST_MSECOND;
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
  }
  gint64 heard = 0;
  for (int i = 0; i < 30; ++i) { // lets a follower that is not held back give itself away
    gst_element_query_position(sink, GST_FORMAT_TIME, &heard);
    EXPECT_LE(heard, gint64(GST_SECOND));
    g_usleep(10000);
  }
  EXPECT_GE(heard, gint64(950 * GST_MSECOND)); // where the last block began
  g_signal_emit_by_name(source, "end-of-stream", &flow);
  ASSERT_EQ(run.wait(), GST_MESSAGE_EOS) << run.text;
  ASSERT_EQ(levels.values.size(), 96000u);
  EXPECT_NEAR(levels.loudest(71900, 72100), levels.loudest(0, 1000) / 2, 200);
}

TEST(StreamFollow, AFollowerMayEndEarly) {
  Player run(line(100, tone(1), "fade=500000000"));
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 100u);
  EXPECT_EQ(run.record->samples, 48000u);
}

TEST(StreamFollow, ALoopGoesOnWithoutABreak) {
  TempDir dir;
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i sine=d=0.7:r=48000 -ac 2 " +
             dir / "music.wav");
  const std::string music =
      "filesrc location=" + dir / "music.wav" + " ! decodebin ! audioconvert ! audioresample";
  Player run(line(125, music, "loop=true fade=300000000"));
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 125u);
  EXPECT_NEAR(run.record->samples, 240000, 8); // a round's end may be off by part of a sample
  expect_contiguous(*run.record);
  EXPECT_EQ(run.moves, 0);
}

TEST(StreamFollow, AFollowerThatCannotLoopEndsWithAWarning) {
  Player run("videotestsrc num-buffers=50 ! video/x-raw,framerate=25/1 ! sf.sink_0 "
             "appsrc name=s format=time caps=audio/x-raw,format=S16LE,rate=48000,channels=2,"
             "layout=interleaved ! sf.sink_1 streamfollow name=sf loop=true "
             "sf.src_0 ! appsink name=v sf.src_1 ! appsink name=a");
  g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(run.pipeline), "s");
  GstFlowReturn flow;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 48000 * 4, nullptr);
  gst_buffer_memset(buffer, 0, 0, 48000 * 4);
  GST_BUFFER_PTS(buffer) = 0;
  g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
  gst_buffer_unref(buffer);
  g_signal_emit_by_name(source, "end-of-stream", &flow);
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.warnings, 1);
  EXPECT_EQ(run.record->samples, 48000u);
  EXPECT_EQ(run.record->frames.size(), 50u);
}

TEST(StreamFollow, EndsWithAnEmptyMainAndWithAnEmptyFollower) {
  Player none(line(0, tone(5)));
  ASSERT_EQ(none.play(), GST_MESSAGE_EOS) << none.text;
  EXPECT_EQ(none.record->samples, 0u);
  Player silent(
      line(50, "audiotestsrc num-buffers=0 ! audio/x-raw,format=S16LE,channels=2", "loop=true"));
  ASSERT_EQ(silent.play(), GST_MESSAGE_EOS) << silent.text;
  EXPECT_EQ(silent.record->frames.size(), 50u);
}

TEST(StreamFollow, OthersMayBeMain) {
  Player run(
      "videotestsrc num-buffers=500 ! video/x-raw,width=16,height=16,framerate=25/1 ! sf.sink_0 " +
      tone(2) +
      " ! sf.sink_1 streamfollow name=sf sink_0::main=false sink_1::main=true "
      "sf.src_0 ! appsink name=v sf.src_1 ! appsink name=a");
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->samples, 96000u);
  EXPECT_EQ(run.record->frames.size(), 50u);
}

TEST(StreamFollow, EncodedFollowersAreCut) {
  Player run("videotestsrc num-buffers=50 ! video/x-raw,framerate=25/1 ! sf.sink_0 " + tone(10) +
             " ! audioconvert ! avenc_aac ! sf.sink_1 streamfollow name=sf fade=1000000000 "
             "sf.src_0 ! appsink name=v sf.src_1 ! fakesink name=f");
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 50u);
}

TEST(StreamFollow, FeedsAMuxerWithoutQueues) {
  TempDir dir;
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i sine=d=0.9:r=44100 " + dir / "music.mp3");
  for (const char* mux : {"mp4mux", "matroskamux", "mpegtsmux"}) {
    Player run(
        "videotestsrc num-buffers=200 ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc "
        "! h264parse ! sf.sink_0 filesrc location=" +
        dir / "music.mp3" +
        " ! decodebin ! audioconvert ! audioresample ! sf.sink_1 "
        "streamfollow name=sf fade=2000000000 loop=true sf.src_0 ! " +
        mux + " name=m ! filesink location=" + dir / "out" + " sf.src_1 ! avenc_aac ! m.");
    ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << mux << run.text;
    EXPECT_GT(std::filesystem::file_size(dir / "out"), 10000u);
  }
}

TEST(StreamFollow, AStreamWithoutTimestampsIsAnError) {
  TempDir dir;
  std::ofstream(dir / "x") << "abc";
  Player run("filesrc location=" + dir / "x" + " ! streamfollow ! fakesink");
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
  EXPECT_EQ(run.code, GST_STREAM_ERROR_FORMAT);
}

TEST(StreamFollow, AFailingFollowerDoesNotHoldAnythingUp) {
  Player run(line(500, tone(10) + " ! identity error-after=20"));
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
}

/// By then upstream has sent its EOS into the queue and gone: nobody else can tell.
TEST(StreamFollow, AMainThatFailsAfterItsEndIsAnError) {
  Player run("videotestsrc num-buffers=25 ! video/x-raw,width=16,height=16,framerate=25/1 ! "
             "streamfollow ! appsink name=x sync=false");
  g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(run.pipeline), "x");
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink*, gpointer) {
    g_usleep(300000);
    return GST_FLOW_ERROR;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, nullptr, nullptr);
  ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
  EXPECT_EQ(run.code, GST_STREAM_ERROR_FAILED);
}

TEST(StreamFollow, GoesOnAfterAFlush) {
  Player run(line(-1, tone(60), "fade=500000000"));
  gst_element_set_state(run.pipeline, GST_STATE_PAUSED);
  ASSERT_EQ(gst_element_get_state(run.pipeline, nullptr, nullptr, 10 * GST_SECOND),
            GST_STATE_CHANGE_SUCCESS);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(gst_element_seek(run.pipeline, 1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                 GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, 2 * GST_SECOND));
    ASSERT_EQ(gst_element_get_state(run.pipeline, nullptr, nullptr, 10 * GST_SECOND),
              GST_STATE_CHANGE_SUCCESS);
  }
  run.own = Record();
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_NEAR(run.record->frames.size(), 50, 1); // the preroll frame was taken before
  EXPECT_NEAR(run.record->samples, 96000, 4000);
}

TEST(StreamFollow, StopsWithinASecondInAnyPhase) {
  const auto stop = [](GstElement* pipeline) {
    const auto start = std::chrono::steady_clock::now();
    gst_element_set_state(pipeline, GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  };
  for (int wait = 0; wait < 100000; wait = wait * 4 + 100) {
    Player run(line(5000, tone(500), "fade=1000000000 loop=true"));
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    g_usleep(wait);
    stop(run.pipeline);
  }
  { // the follower waits for a main that never comes
    Player run("appsrc ! sf.sink_0 " + tone(5) +
               " ! sf.sink_1 streamfollow name=sf sf.src_0 ! fakesink sf.src_1 ! fakesink");
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    stop(run.pipeline);
  }
  { // twice
    Player run(line(50, tone(10)));
    for (int i = 0; i < 2; ++i) {
      run.own = Record();
      ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
      EXPECT_EQ(run.record->samples, 96000u);
      stop(run.pipeline);
    }
  }
}

TEST(StreamFollow, PadsComeAndGoTogether) {
  GstElement* follow = gst_element_factory_make("streamfollow", nullptr);
  gst_object_ref_sink(follow);
  g_autoptr(GstPad) first = gst_element_request_pad_simple(follow, "sink_%u");
  g_autoptr(GstPad) third = gst_element_request_pad_simple(follow, "sink_2");
  g_autoptr(GstPad) fourth = gst_element_request_pad_simple(follow, "sink_%u");
  EXPECT_STREQ(GST_PAD_NAME(first), "sink_0");
  EXPECT_STREQ(GST_PAD_NAME(fourth), "sink_3");
  gboolean main = FALSE;
  g_object_get(first, "main", &main, nullptr);
  EXPECT_TRUE(main);
  g_object_get(third, "main", &main, nullptr);
  EXPECT_FALSE(main);
  EXPECT_EQ(follow->numsrcpads, 3);
  gst_element_release_request_pad(follow, third);
  EXPECT_EQ(follow->numsrcpads, 2);
  gst_object_unref(follow);
}
