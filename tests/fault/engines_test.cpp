// SPDX-License-Identifier: LGPL-2.1-or-later
// Every engine that people run themselves, and OpenAI's API: the whole way from words to a film
// with each, and what each failure looks like and costs.
#include "fault/weather.h"

#include <map>
#include <ostream>
#include <utility>

namespace {

struct Engine {
  const char* name; ///< as the stand-in and the property `profile` call it
  const char* picture_route;
  const char* clip_route;
  const char* picture_model = "";
  const char* clip_model = "";   ///< of words
  const char* filmed_model = ""; ///< of a keyframe
};

constexpr Engine kOpenai = {"openai",        "openai-image", "openai-video",
                            "my-qwen-image", "my-wan",       "my-wan"};
constexpr Engine kVllm = {"vllm-omni",       "vllm-omni-image",        "vllm-omni-video",
                          "Qwen/Qwen-Image", "Wan-AI/Wan2.2-T2V-A14B", "Wan-AI/Wan2.2-I2V-A14B"};
constexpr Engine kSglang = {"sglang",
                            "sglang-image",
                            "sglang-video",
                            "Qwen/Qwen-Image",
                            "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
                            "Wan-AI/Wan2.2-I2V-A14B-Diffusers"};
constexpr Engine kLocalai = {"localai",    "localai-image", "localai-video",
                             "qwen-image", "wan2.2-t2v",    "wan2.2-i2v"};
constexpr Engine kSdcpp = {"sdcpp", "sdcpp-img-gen", "sdcpp-video"};
constexpr Engine kComfyui = {"comfyui", "comfyui-prompt", "comfyui-prompt"};

constexpr const char* kCommon =
    " width=160 height=96 timeout=20000 poll-interval=100 max-retries=1 ";

/// A text in which some words are others.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class EnginesTest : public WeatherTest {
 protected:
  EnginesTest() {
    g_setenv("OPENAI_API_KEY", "sk-standin", TRUE);
    configure(R"({"profiles": {"openai": {"models": ["my-qwen-image", "my-wan"]}}})");
  }
  ~EnginesTest() override { g_setenv("OPENAI_API_KEY", "", TRUE); }

  static std::string example(const char* name) {
    return g_getenv("AIGC_DOCS") + ("/workflows/" + std::string(name)) + ".json";
  }

  /// How an element reaches the engine; the profile is found by asking unless it is set.
  std::string reach(const Engine& engine, const char* model, const char* workflow,
                    bool set = false) const {
    const bool comfyui = engine.name == kComfyui.name;
    std::string text = std::string(" backend=") + (comfyui ? "comfyui" : "openai") +
                       " base-url=" + server.address(engine.name);
    if (comfyui) text += " workflow=\"" + example(workflow) + "\"";
    if (!comfyui && set) text += std::string(" profile=") + engine.name;
    if (*model) text += std::string(" model=") + model;
    return text;
  }

  std::map<std::string, size_t> billed_routes() const {
    const auto answer = server.billed();
    const aigc::JsonView list = aigc::JsonView(answer.get())["generations"];
    std::map<std::string, size_t> count;
    for (size_t i = 0; i < list.size(); ++i)
      ++count[list.at(i)["route"].text()];
    return count;
  }
};

struct Way {
  Engine engine;
  bool set;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.engine.name;
}

std::string title(const std::string& name) {
  std::string out;
  for (const char c : name)
    if (g_ascii_isalnum(c)) out += c;
  out[0] = g_ascii_toupper(out[0]);
  return out;
}

class WholeWay : public EnginesTest, public testing::WithParamInterface<Way> {};

} // namespace

TEST_P(WholeWay, MakesAFilmAndPaysOnceForEachStageAndShot) {
  const auto& [engine, set] = GetParam();
  const std::string shots = folder.path() + "/shots.txt";
  std::ofstream(shots) << "a fox in the snow\na heron on the river\n";
  const Seen seen =
      run_line("aishotsrc location=" + shots + " ! aipromptenhance backend=deepseek on-error=fail" +
               " ! qwenimagesrc" + reach(engine, engine.picture_model, "qwen_image", set) +
               kCommon + " ! wanxvideogen" + reach(engine, engine.filmed_model, "wan22_i2v", set) +
               kCommon + " duration=1 ! fakesink name=out sync=false");
  EXPECT_TRUE(seen.eos) << seen.text;
  EXPECT_GE(seen.frames, 2 * 15u); // a second each, of 16 frames or more
  EXPECT_EQ(seen.creates, 6u);
  std::map<std::string, size_t> expected = {{"chat", 2}};
  expected[engine.picture_route] += 2;
  expected[engine.clip_route] += 2;
  EXPECT_EQ(billed_routes(), expected);
}

INSTANTIATE_TEST_SUITE_P(Engines, WholeWay,
                         testing::Values(Way{kOpenai, false}, Way{kOpenai, true}, Way{kVllm, false},
                                         Way{kVllm, true}, Way{kSglang, false}, Way{kSglang, true},
                                         Way{kLocalai, false}, Way{kLocalai, true},
                                         Way{kSdcpp, false}, Way{kSdcpp, true},
                                         Way{kComfyui, false}),
                         [](const auto& info) {
                           return title(info.param.engine.name) +
                                  (info.param.set ? "BySetting" : "ByAsking");
                         });

namespace {

enum class Ends { error, film };

/// One row of the table: a fault of an engine, and all that may come of it.
struct Trouble {
  const char* name;
  Engine engine;
  Stage stage;
  const char* config; ///< the stand-in's
  Ends ends;
  const char* says;
  GQuark (*domain)();
  int code;
  size_t creates; ///< orders that were sent
  size_t billed;  ///< of those, what the engine accepted
  const char* properties = "";
  const char* other = ""; ///< instead of the engine's address: another's
  std::pair<const char*, const char*> edit = {"", ""}; ///< of ComfyUI's workflow
};

void PrintTo(const Trouble& trouble, std::ostream* out) {
  *out << trouble.name;
}

constexpr auto resource = gst_resource_error_quark;
constexpr auto stream = gst_stream_error_quark;

#define ONCE(route, rest) R"({"faults":[{"route":")" route R"(","times":1,)" rest "}]}"
#define EVER(route, rest) R"({"faults":[{"route":")" route R"(","times":-1,)" rest "}]}"
#define FILM Ends::film, "", nullptr, 0

const Trouble kTable[] = {
    // --- OpenAI's API
    // -----------------------------------------------------------------------------
    {"OpenaiEarlyContent404", kOpenai, Stage::clip,
     R"({"faults":[{"route":"openai-video-content","times":2,"kind":"status","status":404}]})",
     FILM, 1, 1},
    {"OpenaiEarlyContent409", kOpenai, Stage::clip,
     R"({"faults":[{"route":"openai-video-content","times":2,"kind":"status","status":409}]})",
     FILM, 1, 1},
    {"OpenaiNoKey", kOpenai, Stage::picture, R"({"keys":["another"]})", Ends::error,
     "check the key", resource, GST_RESOURCE_ERROR_NOT_AUTHORIZED, 1, 0, "profile=openai"},
    {"OpenaiTooFast", kOpenai, Stage::picture,
     ONCE("openai-image", R"("kind":"status","status":429,"retry_after":1)"), FILM, 2, 1},
    {"OpenaiNoPicture", kOpenai, Stage::picture, EVER("openai-image", R"("kind":"data-empty")"),
     Ends::error, "without any picture", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"OpenaiOddBase64", kOpenai, Stage::picture,
     EVER("openai-image", R"("kind":"base64-newlines")"), FILM, 1, 1},
    {"OpenaiOtherType", kOpenai, Stage::picture,
     EVER("openai-image", R"("kind":"other-type","type":"jpeg")"), FILM, 1, 1},
    {"OpenaiNotAClip", kOpenai, Stage::clip, EVER("openai-video", R"("kind":"not-a-clip")"),
     Ends::error, "is not a video", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"OpenaiNoSuchModel", kOpenai, Stage::picture, "{}", Ends::error, "no-such-model", resource,
     GST_RESOURCE_ERROR_NOT_FOUND, 1, 0, "model=no-such-model"},

    // --- vLLM-Omni
    // --------------------------------------------------------------------------------
    {"VllmForgets", kVllm, Stage::clip,
     EVER("vllm-omni-video-task", R"("kind":"status","status":404)"), Ends::error, "run again",
     resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"VllmRefusesJson", kVllm, Stage::clip, "{}", Ends::error, "body.prompt: Field required",
     resource, GST_RESOURCE_ERROR_SETTINGS, 1, 0, "profile=sglang"},
    {"VllmDetailList", kVllm, Stage::picture,
     EVER("vllm-omni-image", R"("kind":"status","status":422,"message":)"
                             R"([{"loc":["body","size"],"msg":"no such size","type":"value"}])"),
     Ends::error, "no such size", resource, GST_RESOURCE_ERROR_SETTINGS, 1, 0},
    {"VllmNoSuchModel", kVllm, Stage::picture, "{}", Ends::error, "Qwen/Qwen-Image", resource,
     GST_RESOURCE_ERROR_SETTINGS, 1, 0, "model=no-such-model"},
    {"VllmFails", kVllm, Stage::clip,
     EVER("vllm-omni-video", R"("kind":"task-state","state":"FAILED","message":"CUDA is full")"),
     Ends::error, "CUDA is full", resource, GST_RESOURCE_ERROR_READ, 1, 1},
    {"VllmFarOffSize", kVllm, Stage::picture,
     EVER("vllm-omni-image", R"("kind":"other-size","width":32,"height":16)"), Ends::error,
     "width and height", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"VllmShortClip", kVllm, Stage::clip, R"({"video":{"duration":0.2}})", Ends::error,
     "set duration to what the server's model makes", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"VllmAnswerLost", kVllm, Stage::picture,
     ONCE("vllm-omni-image", R"("kind":"accept-then-close")"), Ends::error,
     "running again asks for it anew", resource, GST_RESOURCE_ERROR_READ, 1, 1},
    {"VllmChunked", kVllm, Stage::clip, EVER("vllm-omni-video-content", R"("kind":"chunked")"),
     FILM, 1, 1},

    // --- SGLang
    // -----------------------------------------------------------------------------------
    {"SglangForgets", kSglang, Stage::clip,
     EVER("sglang-video-task", R"("kind":"status","status":404)"), Ends::error, "run again",
     resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"SglangFailsBare", kSglang, Stage::clip,
     EVER("sglang-video", R"("kind":"task-state","state":"FAILED-bare")"), Ends::error,
     "without saying why", resource, GST_RESOURCE_ERROR_READ, 1, 1},
    {"SglangContentLate", kSglang, Stage::clip,
     R"({"faults":[{"route":"sglang-video-content","times":2,"kind":"status","status":404}]})",
     FILM, 1, 1},
    {"SglangPollHtml", kSglang, Stage::clip,
     ONCE("sglang-video-task", R"("kind":"html","status":502)"), FILM, 1, 1},

    // --- LocalAI
    // ----------------------------------------------------------------------------------
    {"LocalaiNoSuchModel", kLocalai, Stage::clip, "{}", Ends::error, "wan2.2-t2v", resource,
     GST_RESOURCE_ERROR_NOT_FOUND, 1, 0, "model=no-such-model"},
    {"LocalaiRelativeAddress", kLocalai, Stage::clip,
     R"({"profiles":{"localai":{"relative_url":true}}})", FILM, 1, 1},
    {"LocalaiNeitherNor", kLocalai, Stage::clip,
     EVER("localai-video", R"("kind":"item-without-content")"), Ends::error,
     "neither a clip nor its address", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"LocalaiAnswerLost", kLocalai, Stage::clip,
     ONCE("localai-video", R"("kind":"accept-then-close")"), Ends::error,
     "running again asks for it anew", resource, GST_RESOURCE_ERROR_READ, 1, 1},

    // --- stable-diffusion.cpp
    // ---------------------------------------------------------------------
    {"SdcppQueueFull", kSdcpp, Stage::picture, R"({"profiles":{"sdcpp":{"queue":0}}})", Ends::error,
     "lower max-in-flight", resource, GST_RESOURCE_ERROR_READ, 2, 0},
    {"SdcppExpired", kSdcpp, Stage::clip, R"({"profiles":{"sdcpp":{"keep_seconds":0}}})",
     Ends::error, "run again", resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"SdcppForgets", kSdcpp, Stage::clip, EVER("sdcpp-job", R"("kind":"status","status":404)"),
     Ends::error, "run again", resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"SdcppFails", kSdcpp, Stage::picture,
     EVER("sdcpp-img-gen", R"("kind":"task-state","state":"FAILED","message":"no memory")"),
     Ends::error, "no memory", resource, GST_RESOURCE_ERROR_READ, 1, 1},
    {"SdcppDataUri", kSdcpp, Stage::clip, EVER("sdcpp-video", R"("kind":"base64-data-uri")"), FILM,
     1, 1},

    // --- ComfyUI
    // ----------------------------------------------------------------------------------
    {"ComfyuiSocketLost", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"ws-drop")"),
     FILM, 1, 1},
    {"ComfyuiNoSocket", kComfyui, Stage::picture, EVER("comfyui-ws", R"("kind":"ws-refuse")"), FILM,
     1, 1},
    {"ComfyuiPieces", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"fragmented-frames")"), FILM, 1, 1},
    {"ComfyuiForeignMessages", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"foreign-messages")"), FILM, 1, 1},
    {"ComfyuiCached", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"fully-cached")"),
     FILM, 1, 1},
    {"ComfyuiNodeFails", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"execution-error","node":"KSampler","message":"no room")"),
     Ends::error, "KSampler", resource, GST_RESOURCE_ERROR_READ, 1, 1},
    {"ComfyuiInterrupted", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"interrupted")"), Ends::error, "interrupted", resource,
     GST_RESOURCE_ERROR_READ, 1, 1},
    {"ComfyuiRestarts", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"forget")"),
     Ends::error, "restarted", resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"ComfyuiNoOutputs", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"missing-outputs")"), Ends::error, "left no file", stream,
     GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"ComfyuiTwoFiles", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"two-outputs")"),
     Ends::error, "batch_size", stream, GST_STREAM_ERROR_WRONG_TYPE, 1, 1},
    {"ComfyuiFileGone", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"view-404")"),
     Ends::error, "orders anew", resource, GST_RESOURCE_ERROR_NOT_FOUND, 1, 1},
    {"ComfyuiAnswerLost", kComfyui, Stage::picture,
     ONCE("comfyui-prompt", R"("kind":"accept-then-close")"), FILM, 1, 1},
    {"ComfyuiOtherType", kComfyui, Stage::picture, ONCE("comfyui-prompt", R"("kind":"other-type")"),
     FILM, 1, 1},
    {"ComfyuiNoSuchModel",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "mine.safetensors",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     1,
     0,
     "",
     "",
     {"qwen_image_fp8_e4m3fn.safetensors", "mine.safetensors"}},
    {"ComfyuiUnknownNode",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "ModelSamplingOfMine",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     1,
     0,
     "",
     "",
     {"ModelSamplingAuraFlow", "ModelSamplingOfMine"}},
    {"ComfyuiNodeError",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "steps",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     1,
     0,
     "",
     "",
     {"\"steps\": 20", "\"steps\": 0"}},
    {"ComfyuiWithoutSlot",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "{prompt}",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     0,
     0,
     "",
     "",
     {"{prompt}", "a fox"}},
    {"ComfyuiMisspeltSlot",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "{sead}",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     0,
     0,
     "",
     "",
     {"{seed}", "{sead}"}},
    {"ComfyuiTwoOutputs",
     kComfyui,
     Stage::picture,
     "{}",
     Ends::error,
     "output",
     resource,
     GST_RESOURCE_ERROR_SETTINGS,
     0,
     0,
     "",
     "",
     {"\"_meta\": {\"title\": \"output\"}",
      "\"_meta\": {}}, \"second\": {\"class_type\": \"SaveImage\", \"inputs\": "
      "{\"images\": [\"pixels\", 0], \"filename_prefix\": \"x\"}"}},
    {"ComfyuiPictureForAClip", kComfyui, Stage::clip, "{}", Ends::error, "workflow", resource,
     GST_RESOURCE_ERROR_SETTINGS, 0, 0},

    // --- a server of another kind
    // -----------------------------------------------------------------
    {"OpenaiAtComfyui", kOpenai, Stage::picture, "{}", Ends::error, "base-url", resource,
     GST_RESOURCE_ERROR_SETTINGS, 0, 0, "", "comfyui"},
    {"ComfyuiAtVllm", kComfyui, Stage::picture, "{}", Ends::error, "base-url", resource,
     GST_RESOURCE_ERROR_NOT_FOUND, 0, 0, "", "vllm-omni"},
    {"SdcppAtLocalai", kSdcpp, Stage::picture, "{}", Ends::error, "base-url", resource,
     GST_RESOURCE_ERROR_NOT_FOUND, 0, 0, "profile=sdcpp", "localai"},
    {"LocalaiAtSglang", kLocalai, Stage::clip, "{}", Ends::error, "unset profile", resource,
     GST_RESOURCE_ERROR_NOT_FOUND, 0, 0, "profile=localai", "sglang"},
};

class TroubleTable : public EnginesTest, public testing::WithParamInterface<Trouble> {
 protected:
  std::string line(const Trouble& trouble) const {
    const bool clip = trouble.stage == Stage::clip;
    const Engine& engine = trouble.engine;
    std::string way = reach(engine, clip ? engine.clip_model : engine.picture_model, "qwen_image");
    if (*trouble.other)
      way = replaced(way, server.address(engine.name), server.address(trouble.other));
    if (*trouble.edit.first) {
      const std::string path = folder.path() + "/workflow.json";
      std::ofstream(path) << replaced(content_of(example("qwen_image")), trouble.edit.first,
                                      trouble.edit.second);
      way = replaced(way, example("qwen_image"), path);
    }
    return std::string(clip ? "wanxclipgen duration=1" : "qwenimagesrc") + way + kCommon +
           " prompt=\"a fox in the snow\" " + trouble.properties + " ! fakesink";
  }
};

} // namespace

TEST_P(TroubleTable, HasItsNamedErrorAndPaysOnce) {
  const Trouble& trouble = GetParam();
  configure(trouble.config);
  const Seen seen = run_line(line(trouble));
  EXPECT_EQ(seen.creates, trouble.creates) << seen.text;
  EXPECT_EQ(seen.billed, trouble.billed) << seen.text;
  EXPECT_LT(seen.teardown, std::chrono::seconds(1));
  EXPECT_EQ(seen.text.find("sk-standin"), std::string::npos);
  EXPECT_EQ(seen.text.find("<html"), std::string::npos) << seen.text;
  if (trouble.ends == Ends::film) {
    EXPECT_TRUE(seen.eos) << seen.text;
    return;
  }
  EXPECT_FALSE(seen.eos);
  EXPECT_EQ(seen.domain, g_quark_to_string(trouble.domain())) << seen.text;
  EXPECT_EQ(seen.code, trouble.code) << seen.text;
  EXPECT_NE(seen.text.find(trouble.says), std::string::npos) << seen.text;
}

TEST_F(EnginesTest, AClipThatIsBilledAndNotHandedOutIsFetchedInTheNextRun) {
  const std::string line = "wanxclipgen duration=1" + reach(kOpenai, kOpenai.clip_model, "") +
                           kCommon + " prompt=\"a fox in the snow\" ! fakesink";
  configure(EVER("openai-video-content", R"("kind":"status","status":404)"));
  const Seen late = run_line(line);
  EXPECT_EQ(late.domain, g_quark_to_string(GST_RESOURCE_ERROR)) << late.text;
  EXPECT_EQ(late.code, GST_RESOURCE_ERROR_NOT_FOUND) << late.text;
  EXPECT_NE(late.text.find("asks for it once more"), std::string::npos) << late.text;
  configure(R"({"faults":[]})");
  const Seen again = run_line(line);
  EXPECT_TRUE(again.eos) << again.text;
  EXPECT_EQ(again.creates, 1u); // of both runs
  EXPECT_EQ(again.billed, 1u);
}

INSTANTIATE_TEST_SUITE_P(Engines, TroubleTable, testing::ValuesIn(kTable),
                         [](const auto& info) { return std::string(info.param.name); });
