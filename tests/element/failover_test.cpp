// SPDX-License-Identifier: LGPL-2.1-or-later
// fallback-backends in whole pipelines: two stand-ins, of which one is down, refuses or fails.
#include "../standin.h"
#include "launch.h"

#include <chrono>
#include <sys/stat.h>

using namespace aigc;

namespace {

constexpr const char* kNowhere = "http://127.0.0.1:1";

class FailoverTest : public ElementTest {
 protected:
  FailoverTest() {
    for (const char* service : {"DEEPSEEK", "DASHSCOPE", "OPENAI"})
      g_setenv((service + std::string("_API_KEY")).c_str(), "sk-standin", TRUE);
    one.configure(R"({"limits": "off"})");
    two.configure(R"({"limits": "off"})");
  }
  ~FailoverTest() override {
    for (const char* service : {"DEEPSEEK", "DASHSCOPE", "OPENAI"})
      g_setenv((service + std::string("_API_KEY")).c_str(), "", TRUE);
  }

  static std::string words(const std::string& base_url, const std::string& fallbacks) {
    return "aipromptenhance backend=deepseek on-error=fail max-retries=0 base-url=" + base_url +
           " fallback-backends=\"" + fallbacks + "\" ";
  }
  std::string picture(const std::string& base_url, const std::string& other_url) const {
    return "qwenimagesrc backend=dashscope prompt=fox max-retries=0 poll-interval=100 base-url=" +
           base_url + " fallback-backends=\"dashscope, base-url=" + other_url + key_file() + "\" ";
  }
  /// A fallback at another address than its service's own gets no other key.
  std::string key_file() const {
    const std::string path = folder.path() + "/key";
    std::ofstream(path) << "sk-standin";
    chmod(path.c_str(), 0600);
    return ", key-file=" + path;
  }
  /// The second stand-in as an OpenAI-style server.
  std::string second_writer() const {
    return "openai, base-url=" + two.address("openai") + ", model=deepseek-flash" + key_file();
  }
  std::string shots(int count) {
    const std::string path = folder.path() + "/shots.txt";
    std::ofstream list(path);
    for (int i = 0; i < count; ++i)
      list << "fox " << i << "\n";
    return path;
  }
  static size_t calls(const Standin& server, const std::string& route) {
    const auto log = server.calls();
    const JsonView all = JsonView(log.get())["calls"];
    size_t count = 0;
    for (size_t i = 0; i < all.size(); ++i)
      count += all.at(i)["route"].text() == route;
    return count;
  }
  /// Of each aigc/shot-done.
  static std::vector<std::string> makers(const Ran& ran) {
    std::vector<std::string> names;
    for (const auto& message : ran.elements)
      if (gst_message_has_name(message.get(), "aigc/shot-done"))
        names.push_back(
            gst_structure_get_string(gst_message_get_structure(message.get()), "service"));
    return names;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  Standin one, two;
};

} // namespace

TEST_F(FailoverTest, AnotherServiceWritesWhenTheFirstIsDown) {
  const Ran ran = Launch("aishotsrc location=" + shots(2) + " ! " +
                         words(kNowhere, second_writer()) + " max-in-flight=1 ! fakesink")
                      .run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_EQ(makers(ran), (std::vector<std::string>{"openai", "openai"}));
  ASSERT_EQ(ran.warnings.size(), 1u); // once a run
  EXPECT_TRUE(has(ran.warnings[0], "deepseek at 127.0.0.1:1 is down (")) << ran.warnings[0];
  EXPECT_TRUE(has(ran.warnings[0], "openai at 127.0.0.1:")) << ran.warnings[0];
  EXPECT_TRUE(has(ran.warnings[0], "takes over")) << ran.warnings[0];
}

TEST_F(FailoverTest, AnotherServicePaintsWhatTheFirstObjectsTo) {
  one.fail(R"([{"route":"image-async","times":-1,"kind":"status","status":400,
                "code":"DataInspectionFailed"}])");
  const Ran ran =
      Launch(picture(one.address("dashscope"), two.address("dashscope")) + " ! fakesink").run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_EQ(calls(one, "image-async"), 1u);
  EXPECT_EQ(calls(two, "image-async"), 1u);
  ASSERT_EQ(ran.warnings.size(), 1u);
  EXPECT_TRUE(has(ran.warnings[0], "did not make it")) << ran.warnings[0];
}

TEST_F(FailoverTest, WhenAllRefuseTheFirstIsTheErrorAndTheOtherIsNamed) {
  for (Standin* server : {&one, &two})
    server->fail(R"([{"route":"chat","times":-1,"kind":"status","status":402,"code":"x"}])");
  const Ran ran =
      Launch(words(one.address("deepseek"), second_writer()) + " prompt=fox ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_TRUE(has(ran.errors[0], ": deepseek wants the account paid")) << ran.errors[0];
  EXPECT_TRUE(has(ran.errors[0], "openai at 127.0.0.1:")) << ran.errors[0];
  EXPECT_TRUE(has(ran.errors[0], "run again")) << ran.errors[0]; // the remedy
}

TEST_F(FailoverTest, ARunAfterAStopGoesOnWhereItWasBegun) {
  two.configure(R"({"image": {"seconds": 1}})");
  {
    Launch first(picture(kNowhere, two.address("dashscope")) + " ! fakesink");
    gst_element_set_state(first.get(), GST_STATE_PLAYING);
    for (int i = 0; i < 2'000 && calls(two, "task") == 0; ++i)
      g_usleep(5'000);
  }
  const Ran ran =
      Launch(picture(one.address("dashscope"), two.address("dashscope")) + " ! fakesink").run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  EXPECT_EQ(calls(one, "image-async"), 0u);
  EXPECT_EQ(calls(two, "image-async"), 1u);
}

TEST_F(FailoverTest, WhatGoesOnAtTheFirstIsNotOrderedAtTheOther) {
  one.configure(R"({"image": {"seconds": 2}})");
  const std::string line = picture(one.address("dashscope"), two.address("dashscope"));
  const Ran late = Launch(line + "on-error=fail timeout=1000 ! fakesink").run();
  ASSERT_EQ(late.errors.size(), 1u);
  EXPECT_EQ(calls(one, "image-async"), 1u);
  EXPECT_EQ(calls(two, "image-async"), 0u);
  const size_t looks = calls(one, "task");
  const Ran again = Launch(line + "on-error=fail ! fakesink").run();
  EXPECT_TRUE(again.eos);
  EXPECT_GT(calls(one, "task"), looks);
  EXPECT_EQ(calls(one, "image-async"), 1u);
  EXPECT_EQ(calls(two, "image-async"), 0u);
}

TEST_F(FailoverTest, AFallbackElsewhereDoesNotSeeTheServicesKey) {
  Launch("aishotsrc location=" + shots(1) + " ! " +
         words(kNowhere, "openai, base-url=" + two.address("openai") + ", model=deepseek-flash") +
         " ! fakesink")
      .run();
  const auto log = two.calls();
  const JsonView all = JsonView(log.get())["calls"];
  ASSERT_GT(all.size(), 0u);
  for (size_t i = 0; i < all.size(); ++i)
    EXPECT_FALSE(all.at(i)["headers"]["Authorization"].exists());
}

TEST_F(FailoverTest, AServiceThatFailedFiveTimesIsLeftInPeace) {
  one.fail(R"([{"route":"chat","times":-1,"kind":"status","status":500,"code":"x"}])");
  const Ran ran =
      Launch("aishotsrc location=" + shots(9) + " ! " +
             words(one.address("deepseek"), second_writer()) + " max-in-flight=1 ! fakesink")
          .run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(makers(ran).size(), 9u);
  EXPECT_EQ(calls(one, "chat"), 5u);
  EXPECT_EQ(calls(two, "chat"), 9u);
  EXPECT_EQ(ran.warnings.size(), 1u);
}

TEST_F(FailoverTest, TeardownIsQuickWhileAllRest) {
  for (Standin* server : {&one, &two})
    server->fail(R"([{"route":"chat","times":-1,"kind":"status","status":500,"code":"x"}])");
  Launch launch("aishotsrc location=" + shots(9) + " ! " +
                words(one.address("deepseek"), second_writer()) +
                " on-error=skip max-in-flight=1 ! fakesink");
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  for (int failed = 0; failed < 5; ++failed) {
    auto message =
        adopt(gst_bus_timed_pop_filtered(launch.bus().get(), 20 * GST_SECOND, GST_MESSAGE_WARNING));
    ASSERT_TRUE(message);
  }
  g_usleep(100'000); // the sixth has begun to wait
  EXPECT_EQ(calls(one, "chat"), 5u);
  EXPECT_EQ(calls(two, "chat"), 5u);
  const auto start = std::chrono::steady_clock::now();
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(FailoverTest, WhatAFallbackCannotMakeIsRefusedBeforeAnybodyIsAsked) {
  const std::string url = one.address("dashscope");
  const std::string camera = "wanxclipgen prompt=fox backend=dashscope base-url=" + url +
                             " duration=12 model=wan2.6-t2v fallback-backends=";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {camera + "\"dashscope, model=wan2.2-t2v-plus\"", "entry 1 (dashscope): "},
      {camera + "\"dashscope, model=wan2.6-t2v; dashscope, model=wan2.6-i2v\"",
       "entry 2 (dashscope): the model wan2.6-i2v does not take words alone"},
      {camera + "deepseek", "entry 1 (deepseek): model for video is unknown"},
      {camera + "preview", "entry 1 (preview)"},
      {camera + "\"dashscope, api-key=sk-secret\"", "entry 1 (dashscope): a key"},
      {"wanxvideogen prompt=fox backend=dashscope fallback-backends=nowhere", "entry 1 (nowhere)"},
      {"qwenimagesrc prompt=fox backend=preview fallback-backends=dashscope", "no first service"},
  };
  for (const auto& [line, part] : cases) {
    SCOPED_TRACE(line);
    const Ran ran = Launch(line + " ! fakesink").run();
    ASSERT_EQ(ran.errors.size(), 1u);
    EXPECT_TRUE(has(ran.errors[0], part)) << ran.errors[0];
    EXPECT_FALSE(has(ran.errors[0], "sk-secret")) << ran.errors[0];
    EXPECT_EQ(ran.progress, std::vector<std::string>());
  }
  g_setenv("DEEPSEEK_API_KEY", "", TRUE);
  const Ran ran =
      Launch("aipromptenhance prompt=fox backend=openai base-url=" + two.address("openai") +
             " fallback-backends=deepseek ! fakesink")
          .run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_TRUE(has(ran.errors[0], "entry 1 (deepseek): there is no key")) << ran.errors[0];
  EXPECT_EQ(calls(one, "video") + calls(two, "chat"), 0u);
}
