// SPDX-License-Identifier: LGPL-2.1-or-later
// Workflows of ComfyUI as files: what is taken, what is refused and why, and how slots are filled.
#include "base/error.h"
#include "service/comfyui/workflow.h"
#include "temp_folder.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace aigc;
using namespace aigc::comfyui;

namespace {

constexpr char kSmall[] = R"({
  "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "{prompt}", "clip": ["4", 1]}},
  "2": {"class_type": "KSampler", "inputs": {"seed": "{seed}", "steps": 7, "positive": ["1", 0]}},
  "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x {width}x{height}"}}
})";

std::string node(const std::string& type, const std::string& inputs, const char* title = "") {
  return R"({"class_type": ")" + type + R"(", "inputs": {)" + inputs +
         R"(}, "_meta": {"title": ")" + title + "\"}}";
}

Error refusal(const std::string& text) {
  try {
    Workflow(text, "/tmp/try.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    return error;
  }
  ADD_FAILURE() << "nothing was thrown for " << text;
  return Error(Fault::cancelled, "");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST(Workflow, FillsSlotsWithNumbersAndWords) {
  const Workflow workflow(kSmall, "/some/small.json");
  EXPECT_EQ(workflow.name(), "small");
  EXPECT_EQ(workflow.output(), "3");
  EXPECT_EQ(workflow.role(), Role::picture);
  EXPECT_EQ(workflow.inputs(), kWordsOnly);
  const auto graph = workflow.fill({.prompt = "a \"fox\"\nin snow",
                                    .seed = G_GINT64_CONSTANT(9007199254740991),
                                    .size = {64, 32}});
  const JsonView filled(graph.get());
  EXPECT_EQ(filled["1"]["inputs"]["text"].text(), "a \"fox\"\nin snow");
  EXPECT_EQ(filled["1"]["inputs"]["clip"].at(0).text(), "4");
  EXPECT_EQ(filled["3"]["inputs"]["filename_prefix"].text(), "x 64x32");
  EXPECT_EQ(filled["2"]["class_type"].text(), "KSampler");
  EXPECT_TRUE(has(json_text(graph.get()), ":9007199254740991")); // a number, not a string
}

TEST(Workflow, NeverLooksForSlotsInTheUsersWords) {
  const Workflow workflow(R"({"1": )" + node("A", R"("text": "({prompt}), {negative}")") +
                              R"(, "2": )" + node("SaveImage", "") + "}",
                          "w.json");
  const auto graph = workflow.fill({.prompt = "{seed} {negative}", .negative = "{prompt} {}}{"});
  EXPECT_EQ(JsonView(graph.get())["1"]["inputs"]["text"].text(),
            "({seed} {negative}), {prompt} {}}{");
}

TEST(Workflow, LeavesOtherBracesAlone) {
  for (const std::string text : {"{red|blue} {", "}{ {} {1} {A B}", "{{x y}", "{\\\"a\\\": 1}"}) {
    const Workflow workflow(R"({"1": )" + node("A", R"("t": ")" + text + R"( {prompt}")") +
                                R"(, "2": )" + node("SaveImage", "") + "}",
                            "w.json");
    const auto plain = parse_json("\"" + text + "\"");
    const auto graph = workflow.fill({.prompt = "words"});
    EXPECT_EQ(JsonView(graph.get())["1"]["inputs"]["t"].text(),
              JsonView(plain.get()).text() + " words");
  }
}

TEST(Workflow, TakesDoubledBracesForBraces) {
  const Workflow workflow(
      R"({"1": )" + node("A", R"("t": "{{subject}}, {prompt} {{prompt}}{", "u": "{{red}}")") +
          R"(, "2": )" + node("SaveImage", "") + "}",
      "w.json");
  const auto graph = workflow.fill({.prompt = "{{words}}"});
  const JsonView inputs = JsonView(graph.get())["1"]["inputs"];
  EXPECT_EQ(inputs["t"].text(), "{subject}, {{words}} {prompt}{");
  EXPECT_EQ(inputs["u"].text(), "{red}");
}

TEST(Workflow, IsNamedInUtf8WhateverTheFileIsCalled) {
  const Workflow workflow(kSmall, "/some/caf\xe9.json");
  EXPECT_TRUE(g_utf8_validate(workflow.name().c_str(), -1, nullptr)) << workflow.name();
  EXPECT_TRUE(workflow.name().starts_with("caf"));
  try {
    Workflow::read("/no/caf\xe9.json");
  } catch (const Error& error) {
    EXPECT_TRUE(g_utf8_validate(error.what(), -1, nullptr)) << error.what();
  }
}

TEST(Workflow, FillsTypesOfTheirOwn) {
  const Workflow workflow(
      R"({"1": )" +
          node("A", R"("codec": {"deep": ["{seconds}", "{frames}"]}, "f": "{width}", "on": true)") +
          R"(, "2": )" + node("LoadImage", R"("image": "{image}")") + R"(, "3": )" +
          node("LoadImage", R"("image": "{last-image}")") + R"(, "4": )" +
          node("CreateVideo", R"("fps": 16.0)") + R"(, "5": )" + node("SaveVideo", "") + "}",
      "w.json");
  EXPECT_EQ(workflow.role(), Role::clip);
  EXPECT_EQ(workflow.inputs(), kKeyframe | kLastFrame);
  EXPECT_EQ(workflow.frames(5), 81);
  EXPECT_EQ(workflow.frames(81 / 16.0), 81);
  EXPECT_EQ(workflow.frames(5.1), 85);
  EXPECT_EQ(workflow.frames(0.1), 5);
  const auto graph = workflow.fill(
      {.size = {640, 0}, .frames = 81, .seconds = 2.5, .image = "s/a (1).png", .last_image = "b"});
  const std::string text = json_text(graph.get());
  EXPECT_TRUE(has(text, R"("deep":[2.5,81])")) << text;
  EXPECT_TRUE(has(text, R"("f":640)")) << text;
  EXPECT_TRUE(has(text, R"("on":true)")) << text;
  EXPECT_TRUE(has(text, R"("image":"s/a (1).png")")) << text;
}

TEST(Workflow, SaysHowToExportWhatIsInNoApiFormat) {
  for (const char* text :
       {R"({"nodes": [], "links": [], "version": 0.4})", R"({"3": {"inputs": {}}})",
        R"({"last_node_id": 3})", "[1]", "{}", "{\"a\":", "", "{} {}"}) {
    const Error error = refusal(text);
    EXPECT_TRUE(has(error.remedy, "Export (API)")) << text << ": " << error.what();
    EXPECT_TRUE(has(error.what(), "workflow try")) << error.what();
  }
}

TEST(Workflow, NamesTheSlotThatWasMeant) {
  const auto with = [](const std::string& slot) {
    return R"({"6": )" + node("CLIPTextEncode", R"("text": "{prompt} )" + slot + "\"") +
           R"(, "2": )" + node("SaveImage", "") + "}";
  };
  const Error error = refusal(with("{promt}"));
  EXPECT_TRUE(has(error.what(), "{promt}")) << error.what();
  EXPECT_TRUE(has(error.what(), "node 6 (CLIPTextEncode)")) << error.what();
  EXPECT_TRUE(has(error.remedy, "write {prompt};")) << error.remedy;
  EXPECT_TRUE(has(refusal(with("{negative_prompt}")).remedy, "write {negative};"));
  EXPECT_TRUE(has(refusal(with("{last_image}")).remedy, "write {last-image};"));
  EXPECT_TRUE(has(refusal(with("{wildcards}")).remedy, "{last-image}"));
  EXPECT_FALSE(has(refusal(with("{wildcards}")).remedy, "write"));
}

TEST(Workflow, WantsASlotThatTellsShotsApart) {
  const Error error = refusal(R"({"1": )" + node("SaveImage", R"("a": "{seed}")") + "}");
  EXPECT_TRUE(has(error.what(), "neither")) << error.what();
  EXPECT_TRUE(has(error.remedy, "{prompt}")) << error.remedy;
}

TEST(Workflow, KnowsItsOutput) {
  const std::string words = R"({"1": )" + node("A", R"("t": "{prompt}")");
  const auto output = [&](const std::string& others) {
    return Workflow(words + others + "}", "w.json").output();
  };
  EXPECT_EQ(output(R"(, "2": )" + node("PreviewImage", "") + R"(, "3": )" + node("SaveImage", "")),
            "3");
  EXPECT_EQ(output(R"(, "2": )" + node("PreviewImage", "")), "2");
  EXPECT_EQ(output(R"(, "2": )" + node("SaveImage", "", "Output") + R"(, "3": )" +
                   node("SaveImage", "", "Save")),
            "2");
  EXPECT_EQ(output(R"(, "2": )" + node("SomeSaver", "", "output")), "2");

  Error error = refusal(words + R"(, "2": )" + node("SomeSaver", "") + "}");
  EXPECT_TRUE(has(error.what(), "no node that saves")) << error.what();
  error = refusal(words + R"(, "2": )" + node("SaveImage", "") + R"(, "3": )" +
                  node("SaveVideo", "") + "}");
  EXPECT_TRUE(has(error.what(), "node 2 (SaveImage), node 3 (SaveVideo)")) << error.what();
  EXPECT_TRUE(has(error.remedy, "title \"output\"")) << error.remedy;
  error = refusal(words + R"(, "2": )" + node("A", "", "output") + R"(, "3": )" +
                  node("B", "", "output") + "}");
  EXPECT_TRUE(has(error.what(), "nodes 2, 3")) << error.what();
}

TEST(Workflow, KnowsWhatItMakes) {
  const Workflow picture(kSmall, "small.json");
  EXPECT_NO_THROW(picture.check_makes(Role::picture));
  EXPECT_THROW(picture.check_makes(Role::words), Error);
  try {
    picture.check_makes(Role::clip);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "this stage makes a clip, but the workflow small makes a picture");
    EXPECT_TRUE(has(error.remedy, "SaveVideo")) << error.remedy;
  }
  const Workflow any(R"({"1": )" + node("Strange", R"("t": "{prompt}")", "output") + "}",
                     "any.json");
  EXPECT_FALSE(any.role());
  EXPECT_NO_THROW(any.check_makes(Role::clip));
  EXPECT_THROW(any.check_makes(Role::words), Error);
}

TEST(Workflow, NeedsTheFrameRateToCountFrames) {
  const auto with = [](const std::string& others) {
    return R"({"1": )" + node("A", R"("t": "{prompt}", "n": "{frames}")") + others + R"(, "9": )" +
           node("SaveVideo", "") + "}";
  };
  EXPECT_TRUE(has(refusal(with("")).what(), "no node tells"));
  const std::string two = R"(, "2": )" + node("CreateVideo", R"("fps": 16)") + R"(, "3": )" +
                          node("B", R"("frame_rate": 24)");
  EXPECT_TRUE(has(refusal(with(two)).what(), "do not agree"));
  EXPECT_EQ(Workflow(with(R"(, "2": )" + node("B", R"("frame_rate": 24)")), "w").frames(5), 121);
}

TEST(Workflow, WeighsSamplersByTheirSteps) {
  const auto weights = Workflow(kSmall, "w.json").weights();
  ASSERT_EQ(weights.size(), 3u);
  EXPECT_DOUBLE_EQ(weights.at("2"), 0.8);
  EXPECT_DOUBLE_EQ(weights.at("1"), 0.1);
}

TEST(Workflow, HasADigestOfItsOwn) {
  const std::string text = kSmall;
  std::string spaced = text;
  spaced.insert(1, "\n\n");
  std::string other = text;
  other.replace(other.find("\"steps\": 7"), 10, "\"steps\": 8");
  EXPECT_EQ(Workflow(text, "a.json").digest(), Workflow(spaced, "b.json").digest());
  EXPECT_NE(Workflow(text, "a.json").digest(), Workflow(other, "a.json").digest());
}

TEST(Workflow, ReadsFilesOnly) {
  const auto error_of = [](const std::string& path) {
    try {
      Workflow::read(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::settings);
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  const TempFolder folder;
  const std::string path = folder.path() + "/w.json";
  EXPECT_TRUE(has(error_of(""), "the property is not set"));
  EXPECT_TRUE(has(error_of(path), "No such file"));
  EXPECT_TRUE(has(error_of(folder.path()), "no regular file"));
  std::ofstream(path) << kSmall;
  EXPECT_EQ(Workflow::read(path).name(), "w");
  std::ofstream(path) << std::string(kMaxWorkflowBytes + 1, ' ');
  EXPECT_TRUE(has(error_of(path), "larger than"));
}

TEST(Workflow, TakesTheExamples) {
  ASSERT_TRUE(g_getenv("AIGC_DOCS"));
  const std::string folder = std::string(g_getenv("AIGC_DOCS")) + "/workflows/";
  const Workflow picture = Workflow::read(folder + "qwen_image.json");
  EXPECT_EQ(picture.role(), Role::picture);
  EXPECT_EQ(picture.inputs(), kWordsOnly);
  for (const Slot slot : {Slot::prompt, Slot::negative, Slot::seed, Slot::width, Slot::height})
    EXPECT_TRUE(picture.has(slot)) << slot_name(slot);
  const Workflow clip = Workflow::read(folder + "wan22_i2v.json");
  EXPECT_EQ(clip.role(), Role::clip);
  EXPECT_EQ(clip.inputs(), kKeyframe);
  EXPECT_EQ(clip.frames(5), 81);
  // Every link leads to a node of the workflow.
  for (const Workflow* workflow : {&picture, &clip}) {
    const auto graph = workflow->fill({});
    const JsonView nodes(graph.get());
    for (const std::string& id : nodes.members()) {
      const JsonView inputs = nodes[id.c_str()]["inputs"];
      for (const std::string& input : inputs.members()) {
        const JsonView link = inputs[input.c_str()];
        EXPECT_TRUE(!link.is_array() || !workflow->class_of(link.at(0).text()).empty()) << input;
      }
    }
  }
}
