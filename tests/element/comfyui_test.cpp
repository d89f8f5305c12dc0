// SPDX-License-Identifier: LGPL-2.1-or-later
// ComfyUI in whole pipelines: the example workflows make a film on the stand-in, and workflows that
// do not fit their stage are refused before anything is sent.
#include "../standin.h"
#include "launch.h"

using namespace aigc;

namespace {

class ComfyuiTest : public ElementTest {
 protected:
  ComfyuiTest() { server.configure(R"({"image": {"seconds": 0.2}, "video": {"seconds": 0.2}})"); }

  std::string by(const std::string& workflow) const {
    return " backend=comfyui base-url=" + server.address("comfyui") +
           (workflow.empty() ? "" : " workflow=" + docs + "/workflows/" + workflow) + " ";
  }
  std::string refusal(const std::string& line) const {
    const Ran ran = Launch(line).run();
    EXPECT_EQ(ran.errors.size(), 1u) << line;
    return ran.errors.empty() ? "" : ran.errors[0];
  }
  size_t billed() const {
    const auto list = server.billed();
    return static_cast<size_t>(JsonView(list.get())["count"].integer().value_or(-1));
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  const std::string docs = g_getenv("AIGC_DOCS");
  Standin server;
};

} // namespace

TEST_F(ComfyuiTest, MakesAFilm) {
  const Ran ran =
      Launch("qwenimagesrc prompt=fox width=128 height=64" + by("qwen_image.json") +
             "! wanxvideogen width=128 height=64 duration=1" + by("wan22_i2v.json") + "! fakesink")
          .run();
  EXPECT_TRUE(ran.eos);
  EXPECT_TRUE(ran.errors.empty()) << ran.errors[0];
  EXPECT_EQ(ran.progress, (std::vector<std::string>{"start image:shot-1", "end image:shot-1",
                                                    "start video:shot-1", "end video:shot-1"}));
  EXPECT_EQ(billed(), 2u);
}

TEST_F(ComfyuiTest, RefusesAWorkflowThatDoesNotFit) {
  const std::string picture = "qwenimagesrc prompt=fox", clip = "wanxclipgen prompt=fox";
  EXPECT_TRUE(has(refusal(picture + by("") + "! fakesink"), "set workflow to a file"));
  EXPECT_TRUE(has(refusal(picture + by("none.json") + "! fakesink"), "No such file"));
  EXPECT_TRUE(has(refusal(picture + by("wan22_i2v.json") + "! fakesink"),
                  "this stage makes a picture, but the workflow wan22_i2v makes a clip"));
  EXPECT_TRUE(has(refusal(clip + by("wan22_i2v.json") + "! fakesink"), "of words alone"));
  EXPECT_TRUE(has(refusal("aipromptenhance prompt=fox" + by("qwen_image.json") + "! fakesink"),
                  "choose another backend"));
  EXPECT_EQ(billed(), 0u);
}
