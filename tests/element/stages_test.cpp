// SPDX-License-Identifier: LGPL-2.1-or-later
// The AI elements as users launch them: what leaves, in which form, at which size and time.
#include "launch.h"
#include "picture_file.h"

#include <gst/video/video.h>

using namespace aigc;

namespace {

struct Frames {
  int count = 0;
  GstClockTime end = 0;
  bool on_grid = true;
  std::string caps;
  bool has_meta = true;
};

/// Counts what passes the sink pad of the element named `name`.
void watch(const Launch& launch, const char* name, Frames* frames) {
  auto element = launch.element(name);
  auto pad = adopt(gst_element_get_static_pad(element.get(), "sink"));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad* probed, GstPadProbeInfo* info, gpointer data) {
        auto* seen = static_cast<Frames*>(data);
        GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
        if (GST_BUFFER_PTS(buffer) != seen->end) seen->on_grid = false;
        seen->end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
        seen->has_meta &= gst_buffer_get_custom_meta(buffer, "GstAigcShotMeta") != nullptr;
        auto caps = adopt(gst_pad_get_current_caps(probed));
        seen->caps = take_string(gst_caps_to_string(caps.get()));
        ++seen->count;
        return GST_PAD_PROBE_OK;
      },
      frames, nullptr);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

class StagesTest : public ElementTest {};

TEST_F(StagesTest, ASentenceBecomesFramesAtTheSizeAskedFor) {
  Launch launch("aipromptenhance prompt=\"机械狐狸在未来城市奔跑\" style=cyberpunk ! "
                "qwenimagesrc width=320 height=180 ! wanxvideogen duration=0.5 ! fakesink name=s");
  ASSERT_EQ(launch.parse_error, "");
  Frames frames;
  watch(launch, "s", &frames);
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_TRUE(ran.errors.empty());
  EXPECT_EQ(frames.count, 15);
  EXPECT_TRUE(frames.on_grid);
  EXPECT_TRUE(frames.has_meta);
  EXPECT_EQ(frames.end, GST_SECOND / 2);
  EXPECT_TRUE(holds(frames.caps, "width=(int)320")) << frames.caps;
  EXPECT_TRUE(holds(frames.caps, "height=(int)180"));
  EXPECT_TRUE(holds(frames.caps, "colorimetry=(string)bt709"));
  const std::vector<std::string> expected = {"start prompt:shot-1", "end prompt:shot-1",
                                             "start image:shot-1",  "end image:shot-1",
                                             "start video:shot-1",  "end video:shot-1"};
  EXPECT_EQ(ran.progress, expected);
  EXPECT_EQ(ran.elements.size(), 3u);
}

TEST_F(StagesTest, SoundIsContinuousWhenItIsAskedFor) {
  Launch launch("wanxvideogen name=v prompt=fox width=64 height=64 duration=1 "
                "v.video ! fakesink v.audio ! audio/x-raw,rate=48000 ! fakesink name=s");
  ASSERT_EQ(launch.parse_error, "");
  Frames sound;
  watch(launch, "s", &sound);
  EXPECT_TRUE(launch.run().eos);
  EXPECT_TRUE(sound.on_grid);
  EXPECT_EQ(sound.end, GST_SECOND);
}

TEST_F(StagesTest, AUsersPictureIsFilmedWithThePromptOfTheElement) {
  const std::string picture = folder.path() + "/cat.png";
  write_test_picture(picture, 200, 100);
  Launch launch("filesrc location=" + picture +
                " ! pngparse ! wanxvideogen prompt=\"push in\" duration=0.2 ! fakesink name=s");
  ASSERT_EQ(launch.parse_error, "");
  Frames frames;
  watch(launch, "s", &frames);
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(frames.count, 6);
  auto caps = adopt(gst_caps_from_string(frames.caps.c_str()));
  GstVideoInfo info;
  ASSERT_TRUE(gst_video_info_from_caps(&info, caps.get()));
  EXPECT_NEAR(static_cast<double>(info.width) / info.height, 2.0, 0.01);
}

TEST_F(StagesTest, AVideoStreamGivesItsFirstFrameAndAWarning) {
  Launch launch("videotestsrc num-buffers=1000 ! video/x-raw,width=64,height=64,framerate=25/1 ! "
                "wanxvideogen prompt=x width=64 height=64 duration=0.2 ! fakesink name=s");
  Frames frames;
  watch(launch, "s", &frames);
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(frames.count, 6);
  ASSERT_EQ(ran.warnings.size(), 1u);
  EXPECT_TRUE(holds(ran.warnings[0], "frames=every")) << ran.warnings[0];
}

TEST_F(StagesTest, APictureLeavesAsDownstreamWantsIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"fakesink name=s", "image/png"},
      {"image/jpeg ! fakesink name=s", "image/jpeg"},
      {"video/x-raw ! fakesink name=s", "width=(int)1280"},
      {"video/x-raw,width=100,height=60 ! fakesink name=s", "width=(int)100"},
      {"videoconvert ! video/x-raw,format=I420 ! fakesink name=s", "framerate=(fraction)0/1"},
  };
  for (const auto& [tail, expected] : cases) {
    Launch launch("qwenimagesrc prompt=\"a red lighthouse\" ! " + tail);
    ASSERT_EQ(launch.parse_error, "") << tail;
    Frames frames;
    watch(launch, "s", &frames);
    const Ran ran = launch.run();
    EXPECT_TRUE(ran.eos) << tail;
    EXPECT_EQ(frames.count, 1);
    EXPECT_TRUE(holds(frames.caps, expected)) << frames.caps;
  }
}

TEST_F(StagesTest, WordsPassWhereNoKeyframeIsWantedAndTheNextStageTakesThem) {
  Launch to_camera("qwenimagesrc name=q prompt=fox keyframe=never ! wanxclipgen name=c width=64 "
                   "height=64 duration=0.2 ! fakesink");
  Frames frames;
  watch(to_camera, "c", &frames);
  EXPECT_EQ(to_camera.run().eos, true);
  EXPECT_TRUE(holds(frames.caps, "text/x-raw")) << frames.caps;
  Launch only_words("qwenimagesrc prompt=fox keyframe=never ! text/x-raw ! fakesink name=s");
  Frames words;
  watch(only_words, "s", &words);
  EXPECT_TRUE(only_words.run().eos);
  EXPECT_EQ(words.count, 1);
  Launch to_anything("qwenimagesrc prompt=fox width=64 height=64 keyframe=never ! fakesink name=s");
  Frames picture;
  watch(to_anything, "s", &picture);
  EXPECT_TRUE(to_anything.run().eos);
  EXPECT_EQ(picture.caps, "image/png");
}

TEST_F(StagesTest, AListOfShotsKeepsItsOrderAndLengths) {
  const std::string list = folder.path() + "/list.json";
  ASSERT_TRUE(g_file_set_contents(
      list.c_str(), R"([{"script":"fox","duration":0.2},{"script":"cat","duration":0.4}])", -1,
      nullptr));
  Launch launch("aishotsrc location=" + list +
                " ! aipromptenhance ! wanxvideogen width=64 height=64 ! fakesink name=s");
  Frames frames;
  watch(launch, "s", &frames);
  EXPECT_TRUE(launch.run().eos);
  EXPECT_EQ(frames.count, 6 + 12);
  EXPECT_TRUE(frames.on_grid);
}

TEST_F(StagesTest, TheSecondRunIsAnsweredFromTheCache) {
  const std::string line = "qwenimagesrc name=q prompt=fox width=64 height=64 ! fakesink";
  for (guint64 hits : {0, 1}) {
    Launch launch(line);
    EXPECT_TRUE(launch.run().eos);
    GstStructure* stats = nullptr;
    auto element = launch.element("q");
    g_object_get(element.get(), "stats", &stats, nullptr);
    Own<GstStructure> owner(stats);
    guint64 seen = 99;
    gst_structure_get_uint64(stats, "cache-hits", &seen);
    EXPECT_EQ(seen, hits);
  }
}

TEST_F(StagesTest, EveryElementCyclesThroughItsStatesTwice) {
  for (const char* line :
       {"aishotsrc script=fox ! fakesink", "aipromptenhance prompt=fox ! fakesink",
        "qwenimagesrc prompt=fox width=64 height=64 ! fakesink",
        "wanxclipgen prompt=fox width=64 height=64 duration=0.2 ! fakesink",
        "wanxvideogen prompt=fox width=64 height=64 duration=0.2 ! fakesink"}) {
    Launch launch(line);
    for (int round = 0; round < 2; ++round) {
      EXPECT_TRUE(launch.run().eos) << line;
      EXPECT_EQ(gst_element_set_state(launch.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    }
  }
}

TEST_F(StagesTest, UnconfiguredElementsReachReadyAndShowTheirDefaults) {
  for (const char* name :
       {"aishotsrc", "aipromptenhance", "qwenimagesrc", "wanxclipgen", "wanxvideogen"}) {
    auto element = adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(name, nullptr))));
    EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
    for (guint i = 0; i < count; ++i) {
      EXPECT_GT(std::string(g_param_spec_get_blurb(specs[i])).size(), 0u) << specs[i]->name;
      if (!(specs[i]->flags & G_PARAM_READABLE)) continue;
      GValue value = G_VALUE_INIT;
      g_object_get_property(G_OBJECT(element.get()), specs[i]->name, &value);
      const bool is_stats = std::string_view(specs[i]->name) == "stats";
      const bool is_ours = g_type_is_a(specs[i]->owner_type, GST_TYPE_ELEMENT) &&
                           specs[i]->owner_type != GST_TYPE_BIN;
      if (is_ours && !is_stats) {
        EXPECT_TRUE(g_param_value_defaults(specs[i], &value)) << specs[i]->name;
      }
      g_value_unset(&value);
    }
    g_free(specs);
  }
}
