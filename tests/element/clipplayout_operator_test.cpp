// SPDX-License-Identifier: LGPL-2.1-or-later
// What people and applications do to a live channel, and what it tells them.
#include "clipplayout_rig.h"

using namespace clips;

namespace {

class ClipPlayoutOperator : public testing::Test {
 protected:
  TempDir dir;

  std::string clip(const std::string& id, double seconds = 0.2) {
    return grey(dir / (id + ".mp4"), 160, seconds);
  }
  static bool act(Air& air, const char* action, const char* id) {
    gboolean done = FALSE;
    g_signal_emit_by_name(air.element, action, id, &done);
    return done;
  }
};

std::string listed(Air& air) {
  GstStructure* list = nullptr;
  g_signal_emit_by_name(air.element, "list", &list);
  const GValue* items = gst_structure_get_value(list, "items");
  std::string text;
  for (guint i = 0; i < gst_value_array_get_size(items); ++i) {
    const auto* item = gst_value_get_structure(gst_value_array_get_value(items, i));
    text += gst_structure_get_string(item, "id") + std::string(":") +
            gst_structure_get_string(item, "state") + " ";
  }
  gst_structure_free(list);
  return text;
}

TEST_F(ClipPlayoutOperator, RequestsGoFirstAndTheListIsEdited) {
  Air air;
  air.play();
  for (const char* id : {"a", "b", "c"})
    air.add(clip(id), {id});
  air.add(clip("r2"), {"r2", 2});
  air.add(clip("r1"), {"r1", 1});
  ASSERT_TRUE(air.reach("items", 5));
  gboolean moved = FALSE;
  g_signal_emit_by_name(air.element, "move", "c", 2u, &moved);
  EXPECT_TRUE(moved);
  EXPECT_TRUE(act(air, "remove", "b"));
  EXPECT_FALSE(act(air, "remove", "b"));
  const auto in_order = [&] { return listed(air).find("r1:open r2:open c:") == 0; };
  for (int i = 0; i < 2000 && !in_order(); ++i)
    g_usleep(2000);
  EXPECT_TRUE(in_order()) << listed(air);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(air.pass(5));
    if (i < 3) air.reach("open", i < 2 ? 2 : 1);
  }
  air.settle();
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "r1 r2 c a ");
  EXPECT_EQ(air.stat("unopened"), 0u);
}

TEST_F(ClipPlayoutOperator, SkipsAndHolds) {
  Air air;
  air.play();
  for (const char* id : {"a", "b", "c"})
    air.add(clip(id, 2), {id});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(3));
  g_signal_emit_by_name(air.element, "skip");
  ASSERT_TRUE(air.pass(1));
  EXPECT_EQ(air.started(), "a b ");
  EXPECT_TRUE(air.hear("clipplayout/item", "skipped", "a"));
  g_signal_emit_by_name(air.element, "hold");
  g_signal_emit_by_name(air.element, "skip");
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(40));
  EXPECT_EQ(air.started(), "a b ");
  g_signal_emit_by_name(air.element, "resume");
  ASSERT_TRUE(air.pass(2));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "a b c ");
}

TEST_F(ClipPlayoutOperator, AnIdIsUsedOnce) {
  Air air;
  air.play();
  air.add(clip("a"), {"a"});
  air.add(clip("b"), {"a"});
  EXPECT_TRUE(air.hear("clipplayout/item", "failed", "a"));
  EXPECT_NE(air.reason("failed", "a").find("used before"), std::string::npos);
  EXPECT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(6));
  air.add(clip("c"), {"a"});
  std::unique_lock lock(air.mutex());
  const std::vector<std::string> expected{"started a", "never a"};
  EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5), [&] {
    return air.upstream == expected;
  })) << "nobody waits for the third; the second is the first to those upstream";
}

TEST_F(ClipPlayoutOperator, TheApplicationHasTheLastWord) {
  Air air;
  const auto judge = [](GstElement*, GstStructure* clip, gpointer) -> gboolean {
    guint64 duration = 0;
    EXPECT_TRUE(gst_structure_get_uint64(clip, "duration", &duration));
    EXPECT_EQ(duration, 200 * GST_MSECOND);
    return g_strcmp0(gst_structure_get_string(clip, "id"), "no") != 0;
  };
  g_signal_connect(
      air.element, "clip-ready",
      G_CALLBACK(static_cast<gboolean (*)(GstElement*, GstStructure*, gpointer)>(judge)), nullptr);
  air.play();
  air.add(clip("no"), {"no"});
  air.add(clip("yes"), {"yes"});
  EXPECT_TRUE(air.hear("clipplayout/item", "failed", "no"));
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(2));
  EXPECT_EQ(air.started(), "yes ");
}

struct Gate {
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  int inside = 0;
};

gboolean wait_at(GstElement*, GstStructure*, gpointer data) {
  auto* gate = static_cast<Gate*>(data);
  std::unique_lock lock(gate->mutex);
  ++gate->inside;
  gate->opened.wait(lock, [&] { return gate->open; });
  --gate->inside;
  gate->opened.notify_all();
  return TRUE;
}

TEST_F(ClipPlayoutOperator, NoAnswerMeansNo) {
  Gate gate;
  {
    Air air("veto-timeout=50");
    g_signal_connect(air.element, "clip-ready", G_CALLBACK(wait_at), &gate);
    air.play();
    air.add(clip("a"), {"a"});
    EXPECT_TRUE(air.hear("clipplayout/item", "failed", "a"));
    EXPECT_NE(air.reason("failed", "a").find("in time"), std::string::npos);
    ASSERT_TRUE(air.pass(2));
    EXPECT_LT(air.stop(), GST_SECOND) << "with a handler that hangs";
  }
  std::unique_lock lock(gate.mutex);
  gate.open = true;
  gate.opened.notify_all();
  gate.opened.wait(lock, [&] { return gate.inside == 0; });
  lock.unlock();
  g_usleep(100'000); // the thread lets go of the element, else it counts as leaked
}

TEST_F(ClipPlayoutOperator, PreviewsStayOffTheAir) {
  for (const bool allowed : {false, true}) {
    Air air(allowed ? "allow-preview=true" : "");
    air.play();
    air.add(clip("a"), {.id = "a", .preview = true});
    if (allowed) {
      EXPECT_TRUE(air.reach("open", 1));
      continue;
    }
    EXPECT_TRUE(air.hear("clipplayout/item", "failed", "a"));
    EXPECT_NE(air.reason("failed", "a").find("preview"), std::string::npos);
  }
}

TEST_F(ClipPlayoutOperator, TheShotSaysHowLong) {
  Air air;
  air.play();
  air.add(clip("a", 2), {.id = "a", .duration = 0.4});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(12));
  EXPECT_EQ(air.stat("item-frames"), 10u);
}

TEST_F(ClipPlayoutOperator, UpstreamHearsWhatIsWantedAndWhatWasAired) {
  Air air("low-water=2000000000 high-water=10000000000");
  air.play();
  air.add(clip("a", 2), {"a"});
  air.add(clip("b", 2), {"b"});
  air.add(clip("c", 2), {"c"});
  ASSERT_TRUE(air.reach("items", 3));
  air.send(
      gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                           gst_structure_new("aigc-cancel", "id", G_TYPE_STRING, "c", nullptr)));
  EXPECT_TRUE(air.hear("clipplayout/item", "removed", "c"));
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(1));
  std::unique_lock lock(air.mutex());
  const std::vector<std::string> expected{"never c", "started a"};
  EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5),
                                     [&] { return air.upstream == expected; }));
  // Ten seconds wanted, four are there, one slot of them is played.
  EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5), [&] {
    return std::abs(air.demand - 6.04) < 0.05;
  })) << air.demand;
}

struct Announced {
  std::vector<std::string> titles;
  std::vector<guint64> key_frames; ///< before these frames
  guint64 frames = 0;
  std::vector<std::string> ids; ///< of the shots of the frames
};

GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* announced = static_cast<Announced*>(data);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    ++announced->frames;
    auto* meta = gst_buffer_get_custom_meta(GST_PAD_PROBE_INFO_BUFFER(info), "GstAigcShotMeta");
    const char* id =
        meta ? gst_structure_get_string(gst_custom_meta_get_structure(meta), "id") : "none";
    if (announced->ids.empty() || announced->ids.back() != id) announced->ids.push_back(id);
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (gst_video_event_is_force_key_unit(event)) announced->key_frames.push_back(announced->frames);
  if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
    GstTagList* tags = nullptr;
    gst_event_parse_tag(event, &tags);
    const gchar *title = "", *comment = nullptr;
    gst_tag_list_peek_string_index(tags, GST_TAG_TITLE, 0, &title);
    std::string text = title;
    for (guint i = 0; i < gst_tag_list_get_tag_size(tags, GST_TAG_EXTENDED_COMMENT); ++i) {
      gst_tag_list_peek_string_index(tags, GST_TAG_EXTENDED_COMMENT, i, &comment);
      text += "/" + std::string(comment);
    }
    announced->titles.push_back(text);
  }
  return GST_PAD_PROBE_OK;
}

TEST_F(ClipPlayoutOperator, WhateverComesOnAirIsAnnouncedDownstream) {
  Announced pictures, sound;
  Air air("repeat-frame-max=80000000 reair=lru reair-min-gap=0 filler=" + clip("fill"));
  for (const auto& [name, announced] : {std::pair("video", &pictures), {"audio", &sound}}) {
    g_autoptr(GstPad) pad = gst_element_get_static_pad(air.element, name);
    constexpr int kinds = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
    gst_pad_add_probe(pad, static_cast<GstPadProbeType>(kinds), note, announced, nullptr);
  }
  air.play();
  air.add(clip("a"), {"a"});
  air.add(clip("b"), {"b"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.reach("standby", 1)); // fill
  ASSERT_TRUE(air.pass(5 + 5 + 2 + 1));
  ASSERT_TRUE(air.reach("standby", 1)); // a once more
  ASSERT_TRUE(air.pass(5));
  const auto at = [](guint64 slot) { return "/start=" + std::to_string(slot * clips::kSlot); };
  EXPECT_EQ(pictures.titles,
            (std::vector<std::string>{
                "a/id=a/tier=item" + at(0), "b/id=b/tier=item" + at(5), "/tier=repeat" + at(10),
                "fill.mp4/id=fill.mp4/tier=filler" + at(12), "a/id=a/tier=reair" + at(17)}));
  EXPECT_EQ(sound.titles, pictures.titles);
  EXPECT_EQ(pictures.key_frames, (std::vector<guint64>{5, 12, 17}))
      << "none for the first frame, which is one, and none for the repeat";
  EXPECT_EQ(pictures.ids, (std::vector<std::string>{"a", "b", "none", "a"}));
}

TEST_F(ClipPlayoutOperator, UpstreamKnowsWhatIsWantedBeforeItSendsAnything) {
  struct Heard {
    Air& air;
    double first = -1;
  };
  Air air("high-water=7000000000");
  Heard heard{air};
  g_autoptr(GstPad) sink = gst_element_get_static_pad(air.element, "sink");
  gst_pad_add_probe(
      sink, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer data) {
        auto* heard = static_cast<Heard*>(data);
        std::lock_guard guard(heard->air.mutex());
        heard->first = heard->air.demand;
        return GST_PAD_PROBE_REMOVE;
      },
      &heard, nullptr);
  air.add(clip("a"), {"a"});
  air.play();
  ASSERT_TRUE(air.reach("open", 1));
  EXPECT_EQ(heard.first, 7.0);
}

TEST_F(ClipPlayoutOperator, AMessageThatNobodyTakesHoldsNothingUp) {
  const std::string path = dir / "as-run.jsonl";
  Gate gate;
  {
    Air air("as-run=" + path);
    air.on_bus = [&gate] { wait_at(nullptr, nullptr, &gate); };
    air.play();
    air.add(clip("a"), {"a"});
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(8));
    std::unique_lock lock(air.mutex());
    EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5),
                                       [&] { return !air.upstream.empty(); }));
    lock.unlock();
    for (int i = 0; i < 500 && !std::filesystem::exists(path); ++i)
      g_usleep(10'000);
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_EQ(gate.inside, 1);
    EXPECT_LT(air.stop(), GST_SECOND) << "with a bus handler that hangs";
    std::lock_guard guard(gate.mutex);
    gate.open = true;
    gate.opened.notify_all();
  }
}

TEST_F(ClipPlayoutOperator, WritesWhatWasOnAir) {
  const std::string path = dir / "as-run.jsonl";
  {
    Air air("as-run=" + path);
    air.play();
    air.add(clip("a"), {"a"});
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(8));
  }
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  ASSERT_EQ(lines.size(), 2u); // a, the last picture
  EXPECT_NE(lines[0].find("\"a\""), std::string::npos);
  EXPECT_NE(lines[1].find("repeat"), std::string::npos);
}

} // namespace
