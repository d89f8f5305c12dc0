// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots that belong together, filmed by the services that the stand-in plays: what was ordered, and
// what came of it.
#pragma once

#include "../standin.h"
#include "launch.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>

#include <gst/app/gstappsrc.h>

using namespace aigc;

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

inline std::string content_of(const std::string& path) {
  gchar* data = nullptr;
  gsize size = 0;
  EXPECT_TRUE(g_file_get_contents(path.c_str(), &data, &size, nullptr)) << path;
  const Own<gchar> owner(data);
  return {data, size};
}

inline std::string bytes_of(const std::string& data_uri) {
  gsize size = 0;
  guchar* bytes = g_base64_decode(data_uri.c_str() + data_uri.find(',') + 1, &size);
  const Own<gchar> owner(reinterpret_cast<gchar*>(bytes));
  return {owner.get(), size};
}

inline double difference(const std::uint8_t* a, const std::uint8_t* b) {
  double sum = 0;
  for (size_t i = 0; i < kFrame; ++i)
    sum += std::abs(a[i] - b[i]);
  return sum / kFrame;
}

inline bool eventually(const std::function<bool()>& holds) {
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
