// SPDX-License-Identifier: LGPL-2.1-or-later
// A brand file in the stages: what of it arrives at each service, what it is worth to the store,
// and what is said of a file that cannot be read.
#include "../standin.h"
#include "launch.h"

#include <array>

using namespace aigc;

namespace {

constexpr const char* kWords = "soft morning light, rice paper texture";
constexpr const char* kBrand = R"("name": "Acme Tea", "style": "watercolor",
  "words": "soft morning light, rice paper texture", "negative-words": "neon, plastic")";
constexpr const char* kCamera = "wanxclipgen poll-interval=50";
constexpr const char* kPalette = R"(, "palette": [{"name": "tea green", "colour": "#2F5D50"}])";

class BrandTest : public ElementTest {
 protected:
  BrandTest() {
    for (const char* name : {"DEEPSEEK", "DASHSCOPE", "OPENAI"})
      set(name + std::string("_API_KEY"), "sk-standin");
    set("DEEPSEEK_BASE_URL", standin.address("deepseek"));
    set("DASHSCOPE_BASE_URL", standin.address("dashscope"));
    standin.configure(R"({"limits": "off"})");
  }
  ~BrandTest() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder.path() + "/" + name;
    g_file_set_contents(path.c_str(), text.c_str(), -1, nullptr);
    return path;
  }
  /// A brand file with `more` members.
  std::string brand(const std::string& more = kPalette) {
    return write("acme.json", std::string("{") + kBrand + more + "}");
  }
  /// A source of one shot with `members` beside its brand.
  std::string shot(const std::string& members, const std::string& more = kPalette) {
    const std::string path = brand(more);
    return "aishotsrc location=" +
           write("shots.json", R"([{"brand":")" + path + "\"," + members + "}]") + " ! ";
  }

  /// The calls on `route`, in order; alive until the next look.
  std::vector<JsonView> calls(const std::string& route = "") {
    log_ = standin.calls();
    std::vector<JsonView> found;
    const JsonView all = JsonView(log_.get())["calls"];
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string name = all.at(i)["route"].text();
      if (route.empty() ? all.at(i)["billed"].boolean(false) : name == route)
        found.push_back(all.at(i));
    }
    return found;
  }
  JsonView call(const std::string& route) {
    const auto found = calls(route);
    EXPECT_FALSE(found.empty()) << route;
    return found.empty() ? JsonView() : found.back();
  }

  void run(const std::string& line) {
    const Ran ran = Launch(line + " ! fakesink").run();
    EXPECT_TRUE(ran.eos) << line;
    EXPECT_EQ(ran.errors, std::vector<std::string>()) << line;
  }

  Standin standin;

 private:
  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  std::vector<std::string> names_;
  Ref<JsonNode> log_;
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_words(const std::string& prompt) {
  EXPECT_TRUE(prompt.starts_with(kWords)) << prompt;
  EXPECT_EQ(prompt.find(kWords), prompt.rfind(kWords)) << prompt;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The seed a service was sent for each shot; -1 = none.
std::vector<gint64> seeds_of(const std::vector<JsonView>& calls) {
  std::vector<gint64> seeds;
  for (const JsonView& call : calls)
    seeds.push_back(call["body"]["parameters"]["seed"].integer().value_or(-1));
  return seeds;
}

} // namespace

TEST_F(BrandTest, TheWriterIsToldWhatTheBrandIs) {
  run("aipromptenhance prompt=fox brand=" + brand());
  const auto order = parse_json(call("chat")["body"]["messages"].at(1)["content"].text());
  const JsonView view(order.get());
  EXPECT_EQ(view["idea"].text(), "fox");
  EXPECT_EQ(view["brand"].text(), std::string("Acme Tea: ") + kWords + " (tea green #2F5D50)");
  EXPECT_EQ(view["style"].text(), "watercolor");
  EXPECT_EQ(view["avoid"].text(), "neon, plastic");
}

TEST_F(BrandTest, AnotherWriterIsToldTheSame) {
  const std::string path = brand();
  run("aipromptenhance prompt=fox brand=" + path);
  const std::string told = call("chat")["body"]["messages"].at(1)["content"].text();
  run("aipromptenhance prompt=fox backend=openai model=deepseek-flash base-url=" +
      standin.address("openai") + " brand=" + path);
  ASSERT_EQ(calls("chat").size(), 2u);
  EXPECT_EQ(call("chat")["body"]["messages"].at(1)["content"].text(), told);
}

TEST_F(BrandTest, ItsWordsStandInWhatEveryServicePaintsAndFilms) {
  const std::string source = shot(R"("script":"fox","motion-prompt":"it leaps")");
  run(source + "aipromptenhance ! qwenimagesrc ! " + kCamera);
  const JsonView picture = call("image-async")["body"]["input"];
  expect_words(picture["prompt"].text());
  EXPECT_TRUE(picture["negative_prompt"].text().starts_with("neon, plastic"));
  const JsonView clip = call("video")["body"]["input"];
  EXPECT_EQ(clip["prompt"].text(), std::string(kWords) + ", it leaps");
  EXPECT_TRUE(clip["negative_prompt"].text().starts_with("neon, plastic"));

  run(source + kCamera);
  EXPECT_EQ(call("video")["body"]["input"]["prompt"].text(),
            std::string(kWords) + ", fox\nit leaps");

  run(source +
      "qwenimagesrc backend=openai model=gpt-image-1 base-url=" + standin.address("openai"));
  EXPECT_EQ(call("openai-image")["body"]["prompt"].text(), std::string(kWords) + ", fox");

  run(source +
      "qwenimagesrc backend=openai model=Qwen/Qwen-Image base-url=" + standin.address("sglang"));
  EXPECT_EQ(call("sglang-image")["body"]["prompt"].text(), std::string(kWords) + ", fox");
  EXPECT_EQ(call("sglang-image")["body"]["negative_prompt"].text(), "neon, plastic");
}

TEST_F(BrandTest, TheBuiltInArtistGetsItsWordsAndColours) {
  const std::string path = folder.path() + "/fox.png";
  run(shot(R"("script":"fox")") +
      "aipromptenhance backend=preview ! qwenimagesrc backend=preview " +
      "width=320 height=180 ! tee name=t ! queue ! filesink location=" + path + " t. ! queue");
  const std::string bytes = bytes_of(path);
  EXPECT_TRUE(holds(bytes, std::string(R"("prompt":")") + kWords));
  EXPECT_TRUE(holds(bytes, R"("style":"watercolor")"));
  EXPECT_TRUE(holds(bytes, R"("palette":[3104080])")); // 0x2F5D50
}

TEST_F(BrandTest, TheNegativePromptOfAnElementGetsItsWordsToo) {
  run(shot(R"("script":"fox")") + "qwenimagesrc negative-prompt=snow");
  EXPECT_EQ(call("image-async")["body"]["input"]["negative_prompt"].text(), "neon, plastic, snow");
}

TEST_F(BrandTest, AShotsOwnPromptAndAWriterThatFailsGetItsWordsToo) {
  run(shot(R"("script":"fox","prompt":"a red fox")") + "aipromptenhance ! qwenimagesrc");
  EXPECT_EQ(call("image-async")["body"]["input"]["prompt"].text(),
            std::string(kWords) + ", a red fox");
  EXPECT_EQ(calls("chat").size(), 0u);

  standin.fail(R"([{"route":"chat","times":-1,"kind":"status","status":500}])");
  run("aipromptenhance max-retries=0 prompt=owl brand=" + brand() + " ! qwenimagesrc");
  EXPECT_EQ(call("image-async")["body"]["input"]["prompt"].text(), std::string(kWords) + ", owl");
}

TEST_F(BrandTest, WhateverTheWriterDidItsWordsLeaveIt) {
  const auto written = [&](const std::string& members) {
    const std::string path = folder.path() + "/words.txt";
    const Ran ran =
        Launch(shot(members) + "aipromptenhance max-retries=0 ! filesink location=" + path).run();
    EXPECT_TRUE(ran.eos);
    return bytes_of(path);
  };
  expect_words(written(R"("script":"fox")"));
  EXPECT_EQ(written(R"("script":"fox","prompt":"a red fox")"), std::string(kWords) + ", a red fox");
  // Words that the writer has put in front already are not said twice.
  standin.configure(R"({"chat":{"content":"{\"prompt\":\")" + std::string(kWords) +
                    R"(, an owl at dawn\"}"}})");
  EXPECT_EQ(written(R"("script":"owl")"), std::string(kWords) + ", an owl at dawn");
  standin.fail(R"([{"route":"chat","times":-1,"kind":"status","status":500}])");
  EXPECT_EQ(written(R"("script":"cat")"), std::string(kWords) + ", cat");
}

TEST_F(BrandTest, ItsWordsAreReadWhereTheRestIsTooLong) {
  const std::string words(900, 'w'), motion(900, 'm');
  const std::string source =
      shot(R"("script":"fox","prompt":")" + words + R"(","motion-prompt":")" + motion + "\"");
  run(source + "qwenimagesrc ! " + kCamera);
  run(source + kCamera + " model=wan2.2-t2v-plus");
  const std::string picture = call("image-async")["body"]["input"]["prompt"].text();
  EXPECT_EQ(picture.size(), 800u);
  expect_words(picture);
  ASSERT_EQ(calls("video").size(), 2u);
  for (const JsonView& clip : calls("video")) {
    const std::string prompt = clip["body"]["input"]["prompt"].text();
    EXPECT_EQ(prompt.size(), 800u);
    expect_words(prompt);
    EXPECT_TRUE(prompt.ends_with("mmm")) << prompt;
  }
}

TEST_F(BrandTest, OnlyWhatIsSentIsWorthANewCall) {
  const auto film = [&](const std::string& more) {
    run(shot(R"("script":"fox")", more) + "aipromptenhance ! qwenimagesrc ! " + kCamera);
    return calls().size();
  };
  write("logo.png", "\x89PNG\r\n\x1a\n");
  ASSERT_EQ(film(kPalette), 3u);
  const std::string dress = R"(, "logo": {"file": "logo.png"}, "text": {"font": "Sans"},
                               "grade": {"saturation": 0.9}, "limits": {"legibility": 3})";
  EXPECT_EQ(film(kPalette + dress), 3u);
  // The colours are told to the writer; what it answers is the same here, and so is the rest.
  EXPECT_EQ(film(R"(, "palette": ["#C8443A"])" + dress), 4u);
  EXPECT_EQ(calls("chat").size(), 2u);
  // The same file elsewhere is the same brand.
  std::filesystem::create_directory(folder.path() + "/b");
  const std::string copy = write("b/other.json", std::string("{") + kBrand + kPalette + "}");
  run("aishotsrc location=" +
      write("shots.json", R"([{"brand":")" + copy + R"(","script":"fox"}])") +
      " ! aipromptenhance ! qwenimagesrc ! " + kCamera);
  EXPECT_EQ(calls().size(), 4u);
}

TEST_F(BrandTest, AShotsSeedGoesFirstThenTheElementsThenTheBrands) {
  const std::string path = brand(R"(, "seed": {"policy": "fixed", "value": 42})");
  const std::string list =
      write("shots.json", R"([{"script":"fox","seed":7},{"script":"owl"},{"script":"cat"}])");
  // The list's second and third shot have no seed of their own.
  run("aishotsrc location=" + list + " ! aipromptenhance backend=preview brand=" + path +
      " ! qwenimagesrc seed=9 max-in-flight=1");
  EXPECT_EQ(seeds_of(calls("image-async")), (std::vector<gint64>{7, 42, 42}));
  // What one stage settled holds for those behind it.
  run("aipromptenhance backend=preview prompt=dog seed=8 brand=" + path + " ! qwenimagesrc seed=9");
  EXPECT_EQ(seeds_of(calls("image-async")).back(), 8);
  run(shot(R"("script":"hen")", R"(, "seed": {"policy": "fixed", "value": 42})") +
      "qwenimagesrc seed=9");
  EXPECT_EQ(seeds_of(calls("image-async")).back(), 9);
  run("aishotsrc script=pig brand=" + path + " ! qwenimagesrc seed=10");
  EXPECT_EQ(seeds_of(calls("image-async")).back(), 10);
  run("aishotsrc script=cow brand=" + path + " ! qwenimagesrc");
  EXPECT_EQ(seeds_of(calls("image-async")).back(), 42);
}

TEST_F(BrandTest, SeedsPerShotAreStableAndDiffer) {
  const std::string path = brand(R"(, "seed": {"policy": "per-shot", "value": 5})");
  const std::string members = R"("brand":")" + path + "\"";
  const auto paint = [&](const std::string& ids) {
    run("aishotsrc location=" + write("shots.json", ids) +
        " ! qwenimagesrc max-in-flight=1 use-cache=false");
    return seeds_of(calls("image-async"));
  };
  const auto seeds = paint("[{\"id\":\"a\",\"script\":\"x\"," + members +
                           "},{\"id\":\"b\",\"script\":\"x\"," + members + "}]");
  ASSERT_EQ(seeds.size(), 2u);
  EXPECT_NE(seeds[0], seeds[1]);
  // The order of the list does not matter.
  const auto again = paint("[{\"id\":\"b\",\"script\":\"x\"," + members + "}]");
  EXPECT_EQ(again.back(), seeds[1]);
}

TEST_F(BrandTest, AFileThatCannotBeReadIsOneErrorBeforeAnythingIsPaid) {
  std::filesystem::create_directory(folder.path() + "/folder.json");
  const std::vector<std::array<std::string, 3>> cases = {
      {write("typo.json", R"({"name": "A", "grade": {"saturaton": 1}})"), "grade.saturaton",
       "did you mean saturation?"},
      {write("none.json", R"({"name": "A", "palette": []})"), "palette", "0 colours"},
      {write("syntax.json", "{\n\"name\": }"), "line 2", ""},
      {write("type.json", R"({"name": 7})"), "name must be a string", ""},
      {folder.path() + "/missing.json", "no such brand file", ""},
      {folder.path() + "/folder.json", "is not a file", ""},
  };
  for (const auto& [path, part, other] : cases) {
    const std::string source =
        "aishotsrc location=" +
        write("shots.json", R"([{"script":"fox","brand":")" + path + "\"}]") + " ! ";
    for (const std::string& line :
         {"aipromptenhance prompt=fox brand=" + path, source + "aipromptenhance",
          source + "qwenimagesrc on-error=fallback", source + "wanxclipgen"}) {
      const Ran ran = Launch(line + " ! fakesink").run();
      EXPECT_FALSE(ran.eos) << line;
      EXPECT_EQ(ran.warnings, std::vector<std::string>()) << line;
      ASSERT_EQ(ran.errors.size(), 1u) << line;
      for (const std::string& wanted : {path, part, other})
        EXPECT_TRUE(holds(ran.errors[0], wanted)) << ran.errors[0];
    }
  }
  EXPECT_EQ(calls().size(), 0u);
}

TEST_F(BrandTest, AMissingFileIsNotFoundAndATypoASetting) {
  for (const auto& [path, code] :
       {std::pair{folder.path() + "/missing.json", GST_RESOURCE_ERROR_NOT_FOUND},
        std::pair{write("typo.json", R"({"nam": "A"})"), GST_RESOURCE_ERROR_SETTINGS}}) {
    const Launch launch("aipromptenhance prompt=fox brand=" + path + " ! fakesink");
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    auto message =
        adopt(gst_bus_timed_pop_filtered(launch.bus().get(), 30 * GST_SECOND, GST_MESSAGE_ERROR));
    ASSERT_TRUE(message);
    ErrorSlot error;
    gst_message_parse_error(message.get(), error.out(), nullptr);
    EXPECT_TRUE(g_error_matches(error.get(), GST_RESOURCE_ERROR, code)) << error.message();
  }
}

TEST_F(BrandTest, WithSkipAListThatNamesABrokenBrandIsStillRefusedWithItsRow) {
  const std::string list =
      write("shots.json", R"([{"script":"owl"},{"script":"fox","brand":"none.json"}])");
  const Ran ran =
      Launch("aishotsrc location=" + list + " ! qwenimagesrc on-error=skip ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  for (const char* part : {"row 2", "none.json"})
    EXPECT_TRUE(holds(ran.errors[0], part)) << ran.errors[0];
  EXPECT_EQ(calls().size(), 0u);
}

TEST_F(BrandTest, ABrandThatIsOnlyANameIsLeftToTheWriter) {
  run("aipromptenhance prompt=fox brand=\"Fox Inc\" ! qwenimagesrc");
  const auto order = parse_json(call("chat")["body"]["messages"].at(1)["content"].text());
  EXPECT_EQ(JsonView(order.get())["brand"].text(), "Fox Inc");
}
