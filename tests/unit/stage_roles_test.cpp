// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: source and filter, pads, settings, negotiation before any work, queries.
#include "stage_rig.h"

#include <gtest/gtest.h>

#include <gst/check/gstharness.h>

using namespace aigc;

namespace {

using Words = std::vector<std::string>;

bool has_source_flag(GstElement* element) {
  return GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SOURCE);
}

Ref<GstElement> parse(const char* line) {
  register_fake_stage();
  ErrorSlot error;
  GstElement* pipeline = gst_parse_launch(line, error.out());
  EXPECT_FALSE(error) << error.message();
  return adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
}

/// The first ERROR or EOS on the pipeline's bus.
GstMessageType run_to_end(GstElement* pipeline) {
  auto bus = adopt(gst_element_get_bus(pipeline));
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  auto message = adopt(
      gst_bus_timed_pop_filtered(bus.get(), 10 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
  const auto type = message ? GST_MESSAGE_TYPE(message.get()) : GST_MESSAGE_UNKNOWN;
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return type;
}

} // namespace

TEST(StageRoles, ASourceMakesOneShotOfItsPrompt) {
  Rig rig(Rig::Role::source);
  rig.set("prompt", "a fox");
  EXPECT_TRUE(has_source_flag(rig.element()));
  rig.start();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer eos");
  EXPECT_EQ(rig.texts(), Words{"a fox"});
}

TEST(StageRoles, AFilterWorksOnWhatComes) {
  Rig rig;
  EXPECT_FALSE(has_source_flag(rig.element()));
  rig.start();
  rig.open_time();
  EXPECT_EQ(rig.push("a"), GST_FLOW_OK);
  EXPECT_EQ(rig.push("b"), GST_FLOW_OK);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer buffer eos");
  EXPECT_EQ(rig.texts(), (Words{"a", "b"}));
  EXPECT_EQ(rig.push("late"), GST_FLOW_EOS);
}

TEST(StageRoles, ThePromptFillsInWhereAShotHasNoWords) {
  Rig rig;
  rig.set("prompt", "push in");
  rig.start();
  rig.open_time();
  rig.push("");
  rig.push("own");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.script().seen.lock()->words, (Words{"push in", "own"}));
}

TEST(StageRoles, AFallbackKeepsThePrompt) {
  Rig rig(Rig::Role::source);
  rig.set("prompt", "a fox");
  rig.set("on-error", "fallback");
  rig.script().on_work = [](auto&&...) { throw Error(Fault::read, "down"); };
  rig.start();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), Words{"fallback a fox"});
}

TEST(StageRoles, NeitherPromptNorSinkIsASettingsError) {
  Rig rig(Rig::Role::source);
  EXPECT_EQ(rig.start(), GST_STATE_CHANGE_FAILURE);
  ASSERT_EQ(rig.count_said("error"), 1u);
  EXPECT_TRUE(
      is_error(rig.message("error").get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  EXPECT_NE(detail_of(rig.message("error").get(), "remedy"), "");
  rig.set("prompt", " \n");
  EXPECT_EQ(rig.start(), GST_STATE_CHANGE_FAILURE);
  rig.set("prompt", "now");
  EXPECT_NE(rig.start(), GST_STATE_CHANGE_FAILURE);
  EXPECT_TRUE(rig.wait_left("eos"));
}

TEST(StageRoles, OneSinkAtMostAndOnlyBeforePaused) {
  Rig rig(Rig::Role::source);
  auto first = adopt(gst_element_request_pad_simple(rig.element(), "sink"));
  ASSERT_TRUE(first);
  EXPECT_FALSE(has_source_flag(rig.element()));
  auto tmpl = gst_element_get_pad_template(rig.element(), "sink");
  EXPECT_EQ(gst_element_request_pad(rig.element(), tmpl, nullptr, nullptr), nullptr);
  gst_element_release_request_pad(rig.element(), first.get());
  EXPECT_TRUE(has_source_flag(rig.element()));
  rig.set("prompt", "a");
  rig.start();
  EXPECT_EQ(gst_element_request_pad(rig.element(), tmpl, nullptr, nullptr), nullptr);
}

TEST(StageRoles, LaunchLinesLinkStagesAlsoThroughABin) {
  auto pipeline = parse("fakestage name=a prompt=\"a fox\" ! fakestage name=b "
                        "! ( fakestage name=c ! identity ) ! fakesink sync=false");
  auto last = adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "c"));
  auto script = script_of(last.get());
  EXPECT_EQ(run_to_end(pipeline.get()), GST_MESSAGE_EOS);
  EXPECT_EQ(script->seen.lock()->words, Words{"a fox"});
  EXPECT_EQ(script->seen.lock()->jobs.at(0).shot.provenance.size(), 2u);
}

TEST(StageRoles, AnUnlinkedSourcePadIsOneErrorAndNoWork) {
  Rig rig(Rig::Role::source);
  rig.set("prompt", "a");
  rig.unlink_down();
  rig.start();
  ASSERT_TRUE(rig.wait_said("error"));
  rig.stop();
  EXPECT_EQ(rig.count_said("error"), 1u);
  EXPECT_TRUE(is_error(rig.message("error").get(), GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION));
  EXPECT_EQ(rig.script().seen.lock()->words, Words{});
}

TEST(StageRoles, ABinWithAnUnlinkedGhostPadIsAnErrorToo) {
  auto pipeline = adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  ErrorSlot error;
  register_fake_stage();
  GstElement* bin = gst_parse_bin_from_description("fakestage name=a prompt=x", TRUE, error.out());
  gst_bin_add(GST_BIN(pipeline.get()), bin);
  auto stage = adopt(gst_bin_get_by_name(GST_BIN(bin), "a"));
  auto script = script_of(stage.get());
  EXPECT_EQ(run_to_end(pipeline.get()), GST_MESSAGE_ERROR);
  EXPECT_EQ(script->seen.lock()->words, Words{});
}

TEST(StageRoles, CapsNobodyCanMeetAreOneErrorAndNoWork) {
  for (auto role : {Rig::Role::source, Rig::Role::filter}) {
    Rig rig(role);
    rig.set("prompt", "a");
    rig.set_accepts("audio/x-raw");
    EXPECT_EQ(rig.start(), GST_STATE_CHANGE_FAILURE);
    ASSERT_TRUE(rig.wait_said("error"));
    rig.stop();
    EXPECT_EQ(rig.count_said("error"), 1u);
    EXPECT_TRUE(is_error(rig.message("error").get(), GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION));
    EXPECT_EQ(rig.script().seen.lock()->words, Words{});
  }
}

TEST(StageRoles, TheSinkTakesItsTemplateWhileResultsCanLeave) {
  Rig rig;
  auto before = adopt(gst_pad_peer_query_caps(rig.up(), nullptr));
  EXPECT_EQ(gst_caps_get_size(before.get()), 3u);
  rig.start();
  auto text = adopt(gst_caps_from_string("text/x-raw, format=(string)utf8; audio/x-raw"));
  auto running = adopt(gst_pad_peer_query_caps(rig.up(), text.get()));
  EXPECT_EQ(take_string(gst_caps_to_string(running.get())), "text/x-raw, format=(string)utf8");
  rig.change_accepts("audio/x-raw");
  auto nothing = adopt(gst_pad_peer_query_caps(rig.up(), nullptr));
  EXPECT_TRUE(gst_caps_is_empty(nothing.get()));
}

TEST(StageRoles, QueriesAreAnsweredWhileWorkBlocks) {
  auto element = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
  GstHarness* harness = gst_harness_new_with_element(element.get(), "sink", "src");
  auto script = script_of(harness->element);
  auto gate = std::make_shared<Gate>();
  script->on_work = [gate](const Job&, Cancel& cancel, auto&) { gate->pass(cancel); };
  gst_harness_set_src_caps_str(harness, "text/x-raw, format=(string)utf8");
  gst_harness_push(harness, buffer_of("a").leak());
  ASSERT_TRUE(script->began(1));
  gst_harness_set_upstream_latency(harness, 7 * GST_MSECOND);
  EXPECT_EQ(gst_harness_query_latency(harness), 7 * GST_MSECOND);
  auto src = adopt(gst_element_get_static_pad(harness->element, "src"));
  gint64 position = -1;
  EXPECT_TRUE(gst_pad_query_position(src.get(), GST_FORMAT_TIME, &position));
  EXPECT_EQ(position, 0);
  EXPECT_FALSE(gst_pad_query_duration(src.get(), GST_FORMAT_TIME, &position));
  auto query = adopt(gst_query_new_seeking(GST_FORMAT_TIME));
  EXPECT_TRUE(gst_pad_query(src.get(), query.get()));
  gboolean seekable = TRUE;
  gst_query_parse_seeking(query.get(), nullptr, &seekable, nullptr, nullptr);
  EXPECT_FALSE(seekable);
  EXPECT_FALSE(gst_harness_push_upstream_event(
      harness, gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                                  GST_SEEK_TYPE_NONE, -1)));
  gate->open();
  auto buffer = adopt(gst_harness_pull(harness));
  EXPECT_TRUE(buffer);
  EXPECT_TRUE(gst_pad_query_position(src.get(), GST_FORMAT_TIME, &position));
  EXPECT_EQ(position, 5 * GST_SECOND);
  gst_harness_teardown(harness);
}

TEST(StageRoles, ASourceAnswersLatencyItself) {
  Rig rig(Rig::Role::source);
  auto query = adopt(gst_query_new_latency());
  EXPECT_TRUE(gst_pad_peer_query(rig.down(), query.get()));
  gboolean live = TRUE;
  gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  EXPECT_FALSE(live);
}

TEST(StageRoles, AReleasedSinkEndsTheStreamAndFreesItsUpstream) {
  Rig rig(Rig::Role::source);
  auto up = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("up", GST_PAD_SRC))));
  auto sink = adopt(gst_element_request_pad_simple(rig.element(), "sink"));
  gst_pad_link(up.get(), sink.get());
  Gate gate;
  rig.script().on_work = [&](const Job&, Cancel& cancel, auto&) { gate.pass(cancel); };
  rig.start();
  gst_pad_set_active(up.get(), TRUE);
  gst_pad_push_event(up.get(), gst_event_new_stream_start("x"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(up.get(), gst_event_new_segment(&segment));
  std::atomic<int> pushed = 0;
  std::thread upstream([&] {
    while (gst_pad_push(up.get(), buffer_of("a").leak()) == GST_FLOW_OK)
      ++pushed;
  });
  ASSERT_TRUE(eventually([&] { return pushed == 2; })); // the third waits in chain
  gst_element_release_request_pad(rig.element(), sink.get());
  upstream.join();
  gate.open();
  EXPECT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts().size(), 2u);
  gst_pad_set_active(up.get(), FALSE);
}

TEST(StageRoles, PropertiesThatChangeWhilePlayingCountForTheNextShot) {
  Rig rig;
  rig.set("prompt", "first");
  rig.start();
  rig.open_time();
  rig.push("");
  ASSERT_TRUE(rig.wait_left("buffer", 1));
  rig.set("prompt", "second");
  rig.push("");
  ASSERT_TRUE(rig.wait_left("buffer", 2));
  EXPECT_EQ(rig.texts(), (Words{"first", "second"}));
  rig.set("on-error", "skip");
  rig.push("x");
  EXPECT_TRUE(rig.wait_left("buffer", 3));
}
