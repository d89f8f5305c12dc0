// SPDX-License-Identifier: LGPL-2.1-or-later
// The stages with real services behind them, which the stand-in plays: who is asked for what, what
// is refused before anybody is asked, and how keys come in.
#include "../standin.h"
#include "launch.h"

#include <memory>
#include <set>

using namespace aigc;

namespace {

constexpr const char* kKey = "sk-standin";

class ServicesTest : public ElementTest {
 protected:
  ServicesTest() {
    set("DEEPSEEK_BASE_URL", standin.address("deepseek"));
    set("DASHSCOPE_BASE_URL", standin.address("dashscope"));
  }
  ~ServicesTest() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }

  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  void set_keys() {
    set("DEEPSEEK_API_KEY", kKey);
    set("DASHSCOPE_API_KEY", kKey);
  }

  std::string shots(const std::string& json) {
    const std::string path = folder.path() + "/shots.json";
    g_file_set_contents(path.c_str(), json.c_str(), -1, nullptr);
    return path;
  }

  /// The first call on `route`; keeps the log alive.
  JsonView call(const char* route) {
    log_ = standin.calls();
    const JsonView all = JsonView(log_.get())["calls"];
    for (size_t i = 0; i < all.size(); ++i)
      if (all.at(i)["route"].text() == route) return all.at(i);
    return {};
  }
  size_t calls() {
    log_ = standin.calls();
    return JsonView(log_.get())["calls"].size();
  }

  /// A list of two shots, up to their clips, with `more` on every stage.
  Ran film(const std::string& more) {
    const std::string list = shots(R"([{"script":"fox"},{"script":"owl"}])");
    return Launch("aishotsrc location=" + list + " ! aipromptenhance " + more + " ! qwenimagesrc " +
                  more + " ! wanxclipgen " + more + " ! fakesink")
        .run();
  }

  Standin standin;

 private:
  std::vector<std::string> names_;
  Ref<JsonNode> log_;
};

/// How many shots each stage would have asked for, as "prompt image image".
std::string planned(const Ran& ran) {
  std::multiset<std::string> stages;
  for (const auto& message : ran.elements) {
    const GstStructure* said = gst_message_get_structure(message.get());
    if (!gst_structure_has_name(said, "aigc/shot-planned")) continue;
    stages.insert(gst_structure_get_string(said, "stage"));
    EXPECT_TRUE(gst_structure_has_field(said, "cost"));
    EXPECT_STRNE(gst_structure_get_string(said, "model"), "");
  }
  std::string all;
  for (const auto& stage : stages)
    all += (all.empty() ? "" : " ") + stage;
  return all;
}

/// What an application does that keeps its keys itself.
GstBusSyncReply give_keys(GstBus*, GstMessage* message, gpointer asked) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_NEED_CONTEXT) return GST_BUS_PASS;
  const gchar* type = nullptr;
  gst_message_parse_context_type(message, &type);
  if (g_strcmp0(type, "aigc.credentials") != 0) return GST_BUS_PASS;
  ++*static_cast<int*>(asked);
  GstContext* context = gst_context_new(type, FALSE);
  for (const char* service : {"deepseek", "dashscope"})
    gst_structure_set(gst_context_writable_structure(context), service, G_TYPE_VARIANT,
                      g_variant_new_string(kKey), nullptr);
  gst_element_set_context(GST_ELEMENT(GST_MESSAGE_SRC(message)), context);
  gst_context_unref(context);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

} // namespace

TEST_F(ServicesTest, TheWritersPropertiesReachTheService) {
  set_keys();
  const Ran ran = Launch("aipromptenhance prompt=fox temperature=1.25 top-p=0.5 max-tokens=123 "
                         "system-prompt=\"Answer in json.\" ! fakesink")
                      .run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.warnings, std::vector<std::string>());
  const JsonView body = call("chat")["body"];
  EXPECT_EQ(body["model"].text(), "deepseek-flash");
  EXPECT_EQ(body["temperature"].number(), 1.25);
  EXPECT_EQ(body["top_p"].number(), 0.5);
  EXPECT_EQ(body["max_tokens"].integer(), 123);
  EXPECT_TRUE(body["messages"].at(0)["content"].text().starts_with("Answer in json."));
}

TEST_F(ServicesTest, ABrandIsOfTheShotElseOfTheElement) {
  set_keys();
  const std::string list = shots(R"([{"script":"fox"},{"script":"owl","brand":"Owl Ltd"}])");
  Launch("aishotsrc location=" + list +
         " ! aipromptenhance brand=\"Fox Inc\" max-in-flight=1 ! fakesink")
      .run();
  const auto log = standin.calls();
  const JsonView all = JsonView(log.get())["calls"];
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all.at(0)["body"]["messages"].at(1)["content"].text().find("Fox Inc"),
            std::string::npos);
  EXPECT_NE(all.at(1)["body"]["messages"].at(1)["content"].text().find("Owl Ltd"),
            std::string::npos);
}

TEST_F(ServicesTest, TheWriterKnowsWhatTheShotBrings) {
  set_keys();
  const std::string list = shots(R"([{"script":"fox","motion-prompt":"it leaps",)"
                                 R"("negative-prompt":"snow","duration":3}])");
  Launch("aishotsrc location=" + list + " ! aipromptenhance ! fakesink").run();
  const auto order = parse_json(call("chat")["body"]["messages"].at(1)["content"].text());
  const JsonView view(order.get());
  EXPECT_EQ(view["motion"].text(), "it leaps");
  EXPECT_EQ(view["avoid"].text(), "snow");
  EXPECT_EQ(view["seconds"].number(), 3);
}

TEST_F(ServicesTest, AServiceThatCannotBeReachedIsNamed) {
  set_keys();
  set("DASHSCOPE_BASE_URL", "http://127.0.0.1:1/api/v1");
  const Launch launch("qwenimagesrc prompt=fox max-retries=0 ! fakesink");
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  auto message =
      adopt(gst_bus_timed_pop_filtered(launch.bus().get(), 30 * GST_SECOND, GST_MESSAGE_ERROR));
  ASSERT_TRUE(message);
  const GstStructure* details = nullptr;
  gst_message_parse_error_details(message.get(), &details);
  ASSERT_TRUE(details);
  EXPECT_STREQ(gst_structure_get_string(details, "service"), "dashscope");
  EXPECT_STREQ(gst_structure_get_string(details, "stage"), "image");
}

TEST_F(ServicesTest, ALongShotChoosesAModelThatMakesIt) {
  set_keys();
  const Ran ran = Launch("wanxclipgen prompt=fox duration=8 ! fakesink").run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  const JsonView body = call("video")["body"];
  EXPECT_EQ(body["model"].text(), "wan2.5-t2v-preview");
  EXPECT_EQ(body["parameters"]["duration"].integer(), 10);
}

TEST_F(ServicesTest, AFilmIsWrittenPaintedAndFilmed) {
  set_keys();
  const Ran ran = Launch("aipromptenhance prompt=fox ! qwenimagesrc prompt-extend=true "
                         "watermark=true ! wanxclipgen watermark=true ! fakesink")
                      .run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_EQ(ran.warnings, std::vector<std::string>());
  const JsonView picture = call("image-async")["body"]["parameters"];
  EXPECT_TRUE(picture["prompt_extend"].boolean(false));
  EXPECT_TRUE(picture["watermark"].boolean(false));
  const JsonView clip = call("video")["body"];
  EXPECT_EQ(clip["model"].text(), "wan2.2-i2v-plus");
  EXPECT_FALSE(clip["parameters"]["prompt_extend"].boolean(true));
  EXPECT_TRUE(clip["parameters"]["watermark"].boolean(false));
}

TEST_F(ServicesTest, ReferencesCallForAModelThatTakesThem) {
  set_keys();
  const std::string picture = folder.path() + "/a.png";
  Launch("qwenimagesrc backend=preview prompt=a width=512 height=512 ! filesink location=" +
         picture)
      .run();
  const std::string list = shots(R"([{"script":"fox","references":[")" + picture + R"("]}])");
  const Ran ran = Launch("aishotsrc location=" + list + " ! qwenimagesrc ! fakesink").run();
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_TRUE(ran.eos);
  const JsonView body = call("image-sync")["body"];
  EXPECT_NE(body["model"].text().find("edit"), std::string::npos) << body["model"].text();
}

TEST_F(ServicesTest, AReferenceThatCannotBeReadIsNamed) {
  set_keys();
  const std::string list = shots(R"([{"id":"opening","script":"fox","references":["none.png"]}])");
  for (const char* stage : {"qwenimagesrc", "wanxclipgen"}) {
    const Ran ran = Launch("aishotsrc location=" + list + " ! " + stage + " ! fakesink").run();
    ASSERT_EQ(ran.errors.size(), 1u);
    for (const char* part : {"opening", "references[0]", "none.png"})
      EXPECT_NE(ran.errors[0].find(part), std::string::npos) << ran.errors[0];
  }
  EXPECT_EQ(calls(), 0u);
}

TEST_F(ServicesTest, WhatAModelDoesNotTakeIsRefusedBeforeAnybodyIsAsked) {
  set_keys();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"qwenimagesrc prompt=fox ! wanxclipgen model=wan2.2-t2v-plus", "take a keyframe"},
      {"qwenimagesrc prompt=fox ! wanxvideogen model=wan2.2-t2v-plus", "take a keyframe"},
      {"aipromptenhance prompt=fox ! wanxclipgen model=wan2.2-i2v-plus", "take words alone"},
      {"wanxclipgen prompt=fox model=wan2.2-i2v-plus", "take words alone"},
      {"qwenimagesrc prompt=fox model=qwen-image-edit-plus", "take words alone"},
      {"qwenimagesrc prompt=fox ! wanxclipgen duration=20 model=wan2.2-i2v-plus", "0.1 to 5 s"},
      {"qwenimagesrc prompt=fox width=4000 model=qwen-image", "1664x928"},
      {"aipromptenhance prompt=fox ! wanxclipgen last-frame=a.png model=wan2.2-kf2v-flash",
       "only beside a keyframe"},
      {"wanxclipgen prompt=fox model=wan9", "wan9"},
  };
  for (const auto& [line, part] : cases) {
    SCOPED_TRACE(line);
    const Ran ran = Launch(line + " ! fakesink").run();
    ASSERT_EQ(ran.errors.size(), 1u);
    EXPECT_NE(ran.errors[0].find(part), std::string::npos) << ran.errors[0];
    EXPECT_EQ(ran.progress, std::vector<std::string>());
  }
  EXPECT_EQ(calls(), 0u);
}

TEST_F(ServicesTest, CapsOfferWhatTheModelTakes) {
  set_keys();
  for (const auto& [model, takes, refuses] :
       {std::array{"wan2.2-t2v-plus", "text/x-raw", "image/png"},
        std::array{"wan2.2-i2v-plus", "image/png", "text/x-raw"}}) {
    Launch launch(std::string("wanxclipgen name=c model=") + model + " ! fakesink async=false");
    auto camera = launch.element("c");
    auto sink = adopt(gst_element_request_pad_simple(camera.get(), "sink"));
    ASSERT_NE(gst_element_set_state(launch.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    auto caps = adopt(gst_pad_query_caps(sink.get(), nullptr));
    const auto has = [&](const char* name) {
      auto wanted = adopt(gst_caps_new_empty_simple(name));
      return gst_caps_can_intersect(caps.get(), wanted.get());
    };
    EXPECT_TRUE(has(takes)) << model << ": " << take_string(gst_caps_to_string(caps.get()));
    EXPECT_FALSE(has(refuses)) << model << ": " << take_string(gst_caps_to_string(caps.get()));
  }
}

TEST_F(ServicesTest, AKeyOfTheApplicationIsAskedFor) {
  set("DEEPSEEK_BASE_URL", "");
  set("DASHSCOPE_BASE_URL", "");
  Launch launch("aipromptenhance prompt=fox backend=deepseek base-url=" +
                standin.address("deepseek") + " ! fakesink");
  int asked = 0;
  gst_bus_set_sync_handler(launch.bus().get(), give_keys, &asked, nullptr);
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.warnings, std::vector<std::string>());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(call("chat")["status"].integer(), 200);
}

TEST_F(ServicesTest, AContextSetOnThePipelineReachesTheCamera) {
  Launch launch("wanxvideogen name=v prompt=fox backend=dashscope ! fakesink");
  GstContext* context = gst_context_new("aigc.credentials", TRUE);
  gst_structure_set(gst_context_writable_structure(context), "dashscope", G_TYPE_STRING, kKey,
                    nullptr);
  gst_element_set_context(launch.get(), context);
  gst_context_unref(context);
  EXPECT_NE(gst_element_set_state(launch.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  gst_element_set_state(launch.get(), GST_STATE_NULL);
}

TEST_F(ServicesTest, NobodyIsAskedForAKeyThatIsThereOrNotWanted) {
  int asked = 0;
  Launch preview("aipromptenhance prompt=fox backend=preview ! fakesink");
  gst_bus_set_sync_handler(preview.bus().get(), give_keys, &asked, nullptr);
  EXPECT_TRUE(preview.run().eos);
  set_keys();
  Launch keyed("aipromptenhance prompt=fox ! fakesink");
  gst_bus_set_sync_handler(keyed.bus().get(), give_keys, &asked, nullptr);
  EXPECT_TRUE(keyed.run().eos);
  EXPECT_EQ(asked, 0);
}

TEST_F(ServicesTest, ACostLimitThatIsNoNumberIsRefused) {
  set_keys();
  set("AIGC_MAX_COST", "ten");
  const Ran ran = Launch("aipromptenhance prompt=fox on-error=fail ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find("AIGC_MAX_COST"), std::string::npos) << ran.errors[0];
  EXPECT_EQ(calls(), 0u);
}

TEST_F(ServicesTest, ADryRunTellsWhatItWouldAskAndAsksNobody) {
  set_keys();
  const Ran ran = film("dry-run=true");
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_EQ(planned(ran), "image image prompt prompt video video");
  EXPECT_EQ(calls(), 0u);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    EXPECT_TRUE(entry.is_directory() || entry.path().filename() == "shots.json") << entry.path();
}

TEST_F(ServicesTest, ADryRunTakesFromTheStoreWhatIsThere) {
  set_keys();
  ASSERT_EQ(film("max-in-flight=2").errors, std::vector<std::string>());
  const size_t before = calls();
  const Ran all = film("dry-run=true");
  EXPECT_TRUE(all.eos);
  EXPECT_EQ(planned(all), "");
  // Another take of the clips alone: their words and keyframes are there.
  const std::string list = folder.path() + "/shots.json";
  const Ran takes = Launch("aishotsrc location=" + list +
                           " ! aipromptenhance dry-run=true ! qwenimagesrc dry-run=true"
                           " ! wanxclipgen dry-run=true take=1 ! fakesink")
                        .run();
  EXPECT_EQ(planned(takes), "video video");
  EXPECT_EQ(calls(), before);
}

TEST_F(ServicesTest, ADryRunRefusesWhatARealOneWould) {
  set_keys();
  const std::string list = shots(R"([{"script":"fox","duration":3600}])");
  const Ran ran =
      Launch("aishotsrc location=" + list + " ! wanxclipgen dry-run=true ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find("3600"), std::string::npos) << ran.errors[0];
  EXPECT_EQ(calls(), 0u);
}
