// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots that belong together, with the services that the stand-in plays: chains, last frames,
// reference pictures, and who decides on a keyframe.
#include "../standin.h"
#include "launch.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>

#include <gst/app/gstappsrc.h>

using namespace aigc;

namespace {

using Names = std::vector<std::string>;
using Pixels = std::vector<std::uint8_t>;

constexpr int kFps = 10;
constexpr size_t kRow = 640 * 3, kFrame = kRow * 360; ///< of RGB

/// A clip as it was ordered.
struct Order {
  std::string model, prompt;
  std::string first, last; ///< pictures as data URIs
  Names references;
  std::string task;
  gint64 sent = 0, fetched = 0; ///< numbers of calls
};

struct Clip {
  std::string id, path;
};

std::string content_of(const std::string& path) {
  gchar* data = nullptr;
  gsize size = 0;
  EXPECT_TRUE(g_file_get_contents(path.c_str(), &data, &size, nullptr)) << path;
  const Own<gchar> owner(data);
  return {data, size};
}

std::string bytes_of(const std::string& data_uri) {
  gsize size = 0;
  guchar* bytes = g_base64_decode(data_uri.c_str() + data_uri.find(',') + 1, &size);
  const Own<gchar> owner(reinterpret_cast<gchar*>(bytes));
  return {owner.get(), size};
}

double difference(const std::uint8_t* a, const std::uint8_t* b) {
  double sum = 0;
  for (size_t i = 0; i < kFrame; ++i)
    sum += std::abs(a[i] - b[i]);
  return sum / kFrame;
}

bool eventually(const std::function<bool()>& holds) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < limit) {
    if (holds()) return true;
    g_usleep(5'000);
  }
  return false;
}

/// A pipeline whose last element is a fakesink named "end", and the clips that got there.
class Filming {
 public:
  explicit Filming(const std::string& line) : launch(line + " ! fakesink name=end async=false") {
    EXPECT_TRUE(launch.get()) << launch.parse_error;
    auto end = launch.element("end");
    auto pad = adopt(gst_element_get_static_pad(end.get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  }

  Launch launch;

  std::vector<Clip> clips() {
    const std::lock_guard guard(mutex_);
    return clips_;
  }
  Names ids() {
    Names all;
    for (const Clip& clip : clips())
      all.push_back(clip.id);
    return all;
  }

 private:
  static GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Filming*>(data);
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, "GstAigcShotMeta");
    const char* id = gst_structure_get_string(gst_custom_meta_get_structure(meta), "id");
    BufferMap map(buffer, GST_MAP_READ);
    std::string uri(reinterpret_cast<const char*>(map.data()), map.size());
    uri.resize(uri.find_last_not_of('\n') + 1);
    const std::string path = take_string(g_filename_from_uri(uri.c_str(), nullptr, nullptr));
    const std::lock_guard guard(self->mutex_);
    self->clips_.push_back({id, path});
    return GST_PAD_PROBE_OK;
  }

  std::mutex mutex_;
  std::vector<Clip> clips_;
};

class ChainTest : public ElementTest {
 protected:
  ChainTest() {
    for (const char* service : {"deepseek", "dashscope"}) {
      const std::string upper = take_string(g_ascii_strup(service, -1));
      g_setenv((upper + "_BASE_URL").c_str(), standin.address(service).c_str(), TRUE);
      g_setenv((upper + "_API_KEY").c_str(), "sk-standin", TRUE);
    }
    standin.configure(R"({"log_data_uris": true, "limits": "off", "poll_qps": 0,
        "image": {"width": 640, "height": 360}, "video": {"width": 640, "height": 360, "fps": )" +
                      std::to_string(kFps) + "}}");
  }
  ~ChainTest() override {
    for (const char* name :
         {"DEEPSEEK_BASE_URL", "DASHSCOPE_BASE_URL", "DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY"})
      g_setenv(name, "", TRUE);
  }

  std::string list(const std::string& json) {
    const std::string path = folder.path() + "/shots.json";
    g_file_set_contents(path.c_str(), json.c_str(), -1, nullptr);
    return "aishotsrc location=" + path;
  }
  std::string picture(const std::string& name, int width, int height) {
    const std::string path = folder.path() + "/" + name;
    // Without alpha, so that it is sent as it is.
    const Launch launch(
        "videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=" + std::to_string(width) +
        ",height=" + std::to_string(height) + " ! pngenc ! filesink location=" + path);
    EXPECT_TRUE(launch.run().eos) << launch.parse_error;
    return path;
  }

  static void run(Filming& filming) {
    const Ran ran = filming.launch.run();
    EXPECT_TRUE(ran.eos);
    EXPECT_EQ(ran.errors, Names());
    EXPECT_EQ(ran.warnings, Names());
  }

  /// The bodies of all calls on `route` so far.
  std::vector<JsonView> bodies(const std::string& route) {
    log_ = standin.calls();
    const JsonView all = JsonView(log_.get())["calls"];
    std::vector<JsonView> found;
    for (size_t i = 0; i < all.size(); ++i)
      if (all.at(i)["route"].text() == route) found.push_back(all.at(i)["body"]);
    return found;
  }

  std::vector<Order> orders() {
    log_ = standin.calls();
    const JsonView all = JsonView(log_.get())["calls"];
    std::vector<Order> found;
    for (size_t i = 0; i < all.size(); ++i) {
      const JsonView call = all.at(i);
      if (call["route"].text() == "video") found.push_back(order_of(call));
      if (call["route"].text() != "result") continue;
      for (Order& order : found)
        if (call["path"].text().find(order.task) != std::string::npos)
          order.fetched = call["n"].integer().value_or(0);
    }
    return found;
  }

  size_t billed() {
    const auto answer = standin.billed();
    return JsonView(answer.get())["generations"].size();
  }

  /// What `decoder` makes of a file, as RGB.
  Pixels decoded(const std::string& path, const std::string& decoder) {
    const std::string raw = folder.path() + "/pixels";
    const Ran ran = Launch("filesrc location=" + path + " ! " + decoder +
                           " ! videoconvert ! video/x-raw,format=RGB ! filesink location=" + raw)
                        .run();
    EXPECT_TRUE(ran.eos) << path;
    const std::string bytes = content_of(raw);
    return {bytes.begin(), bytes.end()};
  }

  /// Which picture of the clip `data_uri` holds, or -1 for none.
  int place_of(const std::string& data_uri, const Clip& clip) {
    const std::string path = folder.path() + "/sent.png";
    const std::string bytes = bytes_of(data_uri);
    g_file_set_contents(path.c_str(), bytes.data(), static_cast<gssize>(bytes.size()), nullptr);
    const Pixels sent = decoded(path, "pngdec");
    const Pixels all = decoded(clip.path, "qtdemux ! h264parse ! avdec_h264");
    if (sent.size() != kFrame) return -1;
    for (size_t at = 0; at + kFrame <= all.size(); at += kFrame)
      if (difference(sent.data(), all.data() + at) < 0.1) return static_cast<int>(at / kFrame);
    return -1;
  }

  /// Four shots through all stages, with the list's and the writer's word on their keyframes: which
  /// model filmed each.
  std::string filmed(const std::string& writer, const std::string& property) {
    standin.reset();
    standin.configure(R"({"limits": "off", "poll_qps": 0, "chat": {"content":
        "{\"prompt\": \"a fox\", \"motion_prompt\": \"it leaps\", \"keyframe\": \")" +
                      writer + R"(\"}"},
        "image": {"width": 64, "height": 36}, "video": {"width": 64, "height": 36}})");
    Filming filming(list(R"([{"id":"a","script":"a","seed":1,"keyframe":"never"},
                             {"id":"b","script":"b","seed":2,"keyframe":"always"},
                             {"id":"c","script":"c","seed":3,"keyframe":"auto"},
                             {"id":"d","script":"d","seed":4}])") +
                    " ! aipromptenhance use-cache=false ! qwenimagesrc use-cache=false keyframe=" +
                    property + " ! wanxclipgen use-cache=false poll-interval=20 max-in-flight=1");
    run(filming);
    EXPECT_EQ(filming.ids(), (Names{"a", "b", "c", "d"}));
    std::string kinds;
    for (const Order& order : orders())
      kinds += order.model.find("-i2v-") != std::string::npos   ? 'i'
               : order.model.find("-t2v-") != std::string::npos ? 't'
                                                                : '?';
    return kinds;
  }

  Standin standin;

  static constexpr const char* kCamera = " ! wanxclipgen poll-interval=20 ";
  static constexpr const char* kThree = R"([{"id":"a","script":"fox","chain":"c","duration":3},
                                            {"id":"b","script":"owl","chain":"c","duration":3},
                                            {"id":"c","script":"cat","chain":"c","duration":3}])";
  /// The last picture shown of a clip of 5 s that 3 are shown of.
  static constexpr int kLastShown = 3 * kFps - 1;

 private:
  static Order order_of(JsonView call) {
    const JsonView body = call["body"], input = body["input"];
    Order order;
    order.model = body["model"].text();
    order.prompt = input["prompt"].text();
    order.task = call["task_id"].text();
    order.sent = call["n"].integer().value_or(0);
    order.first = input["img_url"].text() + input["first_frame_url"].text();
    order.last = input["last_frame_url"].text();
    for (size_t i = 0; i < input["media"].size(); ++i)
      order.references.push_back(input["media"].at(i)["type"].text() + " " +
                                 input["media"].at(i)["url"].text());
    return order;
  }

  Ref<JsonNode> log_;
};

} // namespace

TEST_F(ChainTest, EachShotBeginsWhereTheClipBeforeItEnds) {
  Filming filming(list(kThree) + kCamera);
  run(filming);
  ASSERT_EQ(filming.ids(), (Names{"a", "b", "c"}));
  const auto clips = filming.clips();
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].first, "");
  EXPECT_EQ(sent[0].model, "wan2.2-t2v-plus");
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(sent[i].model, "wan2.2-i2v-plus");
    EXPECT_EQ(place_of(sent[i].first, clips[i - 1]), kLastShown);
    EXPECT_LT(sent[i - 1].fetched, sent[i].sent);
  }
  // Which says nothing where all clips are the same.
  EXPECT_EQ(place_of(sent[2].first, clips[0]), -1);
}

TEST_F(ChainTest, OfAShotThatGoesOnItsWordsAreSaidToo) {
  Filming filming(list(R"([{"script":"a fox","motion-prompt":"it leaps","chain":"c"},
                           {"script":"an owl","motion-prompt":"it flies","chain":"c"}])") +
                  " ! qwenimagesrc" + kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].prompt, "it leaps"); // its keyframe shows the fox
  EXPECT_EQ(sent[1].prompt, "it flies\nan owl");
}

TEST_F(ChainTest, TheReferencesOfAShotAreFilmedFrom) {
  const std::string hero = picture("hero.png", 512, 512);
  Filming filming(list(R"([{"script":"fox","chain":"c","references":[")" + hero +
                       R"("]},{"script":"owl","chain":"c","references":[")" + hero + R"("]}])") +
                  kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].model, "wan2.7-r2v");
  ASSERT_EQ(sent[0].references.size(), 1u);
  EXPECT_TRUE(sent[0].references[0].starts_with("reference_image data:image/png;base64,"));
  EXPECT_TRUE(bytes_of(sent[0].references[0]) == content_of(hero));
  // A clip has one beginning: from the second on it is the frame before.
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, TheReferencesOfEachShotArePaintedFrom) {
  const std::string hero = picture("hero.png", 512, 512), place = picture("place.png", 512, 400);
  Filming filming(list(R"([{"script":"fox","chain":"c","references":[")" + hero +
                       R"("]},{"script":"owl","chain":"c","references":[")" + hero + R"(",")" +
                       place + R"("]}])") +
                  " ! qwenimagesrc max-in-flight=1" + kCamera);
  run(filming);
  const auto painted = bodies("image-sync");
  ASSERT_EQ(painted.size(), 2u);
  const auto sent_picture = [&](size_t shot, size_t number) {
    const JsonView content = painted[shot]["input"]["messages"].at(0)["content"];
    return bytes_of(content.at(number)["image"].text());
  };
  EXPECT_TRUE(sent_picture(0, 0) == content_of(hero));
  EXPECT_TRUE(sent_picture(1, 0) == content_of(hero));
  EXPECT_TRUE(sent_picture(1, 1) == content_of(place));
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[0].first, "");
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, ChainsRunAtOnceEachOneAfterAnother) {
  standin.fail(R"([{"route":"task","kind":"task-state","state":"RUNNING","times":-1}])");
  Filming filming(list(R"([{"id":"a1","script":"fox","chain":"a"},
                           {"id":"a2","script":"fox again","chain":"a"},
                           {"id":"b1","script":"owl","chain":"b"},
                           {"id":"b2","script":"owl again","chain":"b"}])") +
                  kCamera + "max-in-flight=4");
  gst_element_set_state(filming.launch.get(), GST_STATE_PLAYING);
  // Nothing ends, and the first of both chains are under way.
  EXPECT_TRUE(eventually([&] { return orders().size() == 2; }));
  standin.fail("[]");
  run(filming);
  EXPECT_EQ(filming.ids(), (Names{"a1", "a2", "b1", "b2"}));
  const auto clips = filming.clips();
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].first + sent[1].first, "");
  EXPECT_LT(std::max(sent[0].sent, sent[1].sent), std::min(sent[0].fetched, sent[1].fetched));
  for (const size_t before : {0u, 2u}) { // in the order of the list
    int begin_there = 0;
    for (const size_t later : {2u, 3u})
      begin_there += place_of(sent[later].first, clips[before]) == 5 * kFps - 1;
    EXPECT_GE(begin_there, 1) << before;
  }
  for (const size_t later : {2u, 3u})
    EXPECT_GT(sent[later].sent, std::min(sent[0].fetched, sent[1].fetched));
}

TEST_F(ChainTest, AfterALinkThatFailedTheNextBeginsWithItsOwnKeyframe) {
  const std::string shots = list(kThree);
  ASSERT_TRUE(Launch(shots + " ! qwenimagesrc ! multifilesink location=" + folder.path() + "/k%d")
                  .run()
                  .eos);
  for (const char* state : {"FAILED", "CANCELED"}) {
    SCOPED_TRACE(state);
    const size_t before = orders().size();
    standin.fail(R"([{"route":"video","kind":"task-state","skip":1,"state":")" +
                 std::string(state) + R"("}])");
    Filming filming(shots + " ! qwenimagesrc ! wanxclipgen poll-interval=20 on-error=skip "
                            "use-cache=false max-retries=0");
    const Ran ran = filming.launch.run();
    EXPECT_TRUE(ran.eos);
    EXPECT_EQ(ran.warnings.size(), 1u);
    EXPECT_EQ(filming.ids(), (Names{"a", "c"}));
    auto sent = orders();
    sent.erase(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(before));
    ASSERT_EQ(sent.size(), 3u);
    EXPECT_TRUE(bytes_of(sent[0].first) == content_of(folder.path() + "/k0"));
    EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), kLastShown);
    EXPECT_TRUE(bytes_of(sent[2].first) == content_of(folder.path() + "/k2"));
  }
}

TEST_F(ChainTest, AClipEndsOnTheLastFrameAskedFor) {
  const std::string end = picture("end.png", 640, 360);
  Filming filming(list(kThree) +
                  " ! qwenimagesrc ! wanxclipgen poll-interval=20 last-frame=" + end);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  for (const Order& order : sent) {
    EXPECT_EQ(order.model, "wan2.2-kf2v-flash");
    EXPECT_TRUE(bytes_of(order.last) == content_of(end));
  }
  EXPECT_EQ(place_of(sent[0].first, filming.clips()[0]), -1); // its keyframe
  for (size_t i = 1; i < 3; ++i)
    EXPECT_EQ(place_of(sent[i].first, filming.clips()[i - 1]), kLastShown);
}

TEST_F(ChainTest, AnotherRunPaysNothing) {
  const std::string line = list(kThree) + " ! qwenimagesrc" + kCamera;
  Filming first(line);
  run(first);
  const size_t paid = billed(), asked = orders().size();
  EXPECT_EQ(paid, 6u);
  Filming second(line);
  run(second);
  EXPECT_EQ(billed(), paid);
  EXPECT_EQ(orders().size(), asked);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(first.clips()[i].path, second.clips()[i].path);
}

TEST_F(ChainTest, EachTurnOfALoopIsTheSameChainAgain) {
  Filming filming(list(R"([{"id":"a","script":"fox","chain":"c"},
                           {"id":"b","script":"owl","chain":"c"}])") +
                  " loop=2" + kCamera);
  run(filming);
  EXPECT_EQ(filming.ids(), (Names{"a", "b", "a~2", "b~2"}));
  EXPECT_EQ(orders().size(), 2u);
  const auto clips = filming.clips();
  EXPECT_EQ(clips[0].path, clips[2].path);
  EXPECT_EQ(clips[1].path, clips[3].path);
}

TEST_F(ChainTest, EachLanguageIsAChainOfItsOwn) {
  Filming filming(list(R"([{"id":"a","script":"fox","chain":"c"},
                           {"id":"b","script":"owl","chain":"c"}])") +
                  " languages=zh,en" + kCamera + "seed=1 use-cache=false");
  run(filming);
  size_t afresh = 0;
  for (const Order& order : orders())
    afresh += order.first.empty();
  EXPECT_EQ(afresh, 2u);
  EXPECT_EQ(orders().size(), 4u);
}

TEST_F(ChainTest, AChainMayHaveShotsInSeveralLanguages) {
  Filming filming(list(R"([{"script":"fox","chain":"c","language":"en"},
                           {"script":"owl","chain":"c","language":"zh"}])") +
                  kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, IdsThatEndAsIfInALanguageOrTurnBreakNoChain) {
  Filming filming(list(R"([{"id":"scene~1","script":"fox","chain":"c"},
                           {"id":"a.en","script":"owl","chain":"c","language":"en"},
                           {"id":"b","script":"cat","chain":"c","language":"en"}])") +
                  kCamera);
  run(filming);
  size_t afresh = 0;
  for (const Order& order : orders())
    afresh += order.first.empty();
  EXPECT_EQ(afresh, 1u);
  EXPECT_EQ(orders().size(), 3u);
}

TEST_F(ChainTest, StoppedInTheMiddleItIsPaidOnce) {
  standin.configure(R"({"video": {"seconds_list": [0, 1.5, 0]}})");
  const std::string line = list(kThree) + kCamera;
  {
    Filming first(line);
    gst_element_set_state(first.launch.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(eventually([&] { return orders().size() == 2; }));
    const auto begun = std::chrono::steady_clock::now();
    gst_element_set_state(first.launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  }
  Filming again(line);
  run(again);
  EXPECT_EQ(again.ids(), (Names{"a", "b", "c"}));
  EXPECT_EQ(billed(), 3u);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(place_of(sent[2].first, again.clips()[1]), kLastShown);
}

TEST_F(ChainTest, AfterAFlushTheNextShotBeginsAfresh) {
  standin.configure(R"({"video": {"seconds_list": [0, 600, 0, 0]}})");
  Filming filming("appsrc name=words format=time caps=\"text/x-raw,format=(string)utf8\" "
                  "! wanxclipgen chain=true poll-interval=20");
  const auto words = filming.launch.element("words");
  const auto push = [&](const std::string& text) {
    GstBuffer* buffer = gst_buffer_new_memdup(text.data(), text.size());
    EXPECT_EQ(gst_app_src_push_buffer(GST_APP_SRC(words.get()), buffer), GST_FLOW_OK);
  };
  gst_element_set_state(filming.launch.get(), GST_STATE_PLAYING);
  push("fox");
  push("owl");
  ASSERT_TRUE(eventually([&] { return orders().size() == 2; }));
  gst_element_send_event(words.get(), gst_event_new_flush_start());
  gst_element_send_event(words.get(), gst_event_new_flush_stop(TRUE));
  push("cat");
  push("dog");
  gst_app_src_end_of_stream(GST_APP_SRC(words.get()));
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_NE(sent[1].first, "");
  EXPECT_EQ(sent[2].first, "");
  const auto clips = filming.clips();
  EXPECT_EQ(place_of(sent[3].first, clips[clips.size() - 2]), 5 * kFps - 1);
}

TEST_F(ChainTest, TheListGoesBeforeTheWriterAndThePropertyBeforeTheList) {
  EXPECT_EQ(filmed("never", "auto"), "titt");
  EXPECT_EQ(filmed("always", "auto"), "tiii");
  EXPECT_EQ(filmed("never", "always"), "iiii");
  EXPECT_EQ(filmed("always", "never"), "tttt");
}
