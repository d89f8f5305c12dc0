// SPDX-License-Identifier: LGPL-2.1-or-later
// A key that must not be found again: a whole film on the stand-in, in a child process with
// GStreamer's log at its highest, and then a look into everything that was written or said.
#include "../standin.h"
#include "launch.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sys/stat.h>

using namespace aigc;
namespace fs = std::filesystem;

namespace {

constexpr const char* kWriterKey = "sk-CANARYwriter4711";
constexpr const char* kCameraKey = "sk-CANARYcamera0815";
constexpr const char* kWay = "AIGC_CANARY_WAY"; ///< set in the child: how the keys come in

std::string text_of(const GstStructure* structure) {
  return structure ? take_string(gst_structure_to_string(structure)) + "\n" : "";
}

void give_context(GstElement* element) {
  GstContext* context = gst_context_new("aigc.credentials", TRUE);
  GstStructure* fields = gst_context_writable_structure(context);
  gst_structure_set(fields, "deepseek", G_TYPE_VARIANT, g_variant_new_string(kWriterKey),
                    "dashscope", G_TYPE_VARIANT, g_variant_new_string(kCameraKey), nullptr);
  gst_element_set_context(element, context);
  gst_context_unref(context);
}

/// All that the bus, the pipeline's picture and the statistics say.
std::string tell(const Launch& launch) {
  std::string said;
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  auto bus = launch.bus();
  for (bool over = false; !over;) {
    auto message = adopt(gst_bus_timed_pop(bus.get(), 30 * GST_SECOND));
    if (!message) break;
    said += text_of(gst_message_get_structure(message.get()));
    const auto type = GST_MESSAGE_TYPE(message.get());
    over = type == GST_MESSAGE_EOS || type == GST_MESSAGE_ERROR;
    if (over) said += std::string("end: ") + GST_MESSAGE_TYPE_NAME(message.get()) + "\n";
  }
  said +=
      take_string(gst_debug_bin_to_dot_data(GST_BIN(launch.get()), GST_DEBUG_GRAPH_SHOW_VERBOSE));
  for (const char* name : {"writer", "painter", "camera"}) {
    GstStructure* stats = nullptr;
    g_object_get(launch.element(name).get(), "stats", &stats, nullptr);
    said += text_of(stats);
    gst_structure_free(stats);
  }
  return said;
}

class CanaryTest : public ElementTest {
 protected:
  /// Runs the child; `environment` is added to ours.
  void run_child(const std::string& way, const std::map<std::string, std::string>& environment) {
    auto launcher = adopt(g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE)));
    const auto set = [&](const char* name, const std::string& value) {
      g_subprocess_launcher_setenv(launcher.get(), name, value.c_str(), TRUE);
    };
    g_subprocess_launcher_set_cwd(launcher.get(), folder.path().c_str());
    set(kWay, way);
    set("AIGC_CACHE_DIR", folder.path() + "/store");
    set("GST_DEBUG", "9");
    set("GST_DEBUG_FILE", folder.path() + "/log");
    set("G_MESSAGES_DEBUG", "all");
    set("DEEPSEEK_BASE_URL", standin.address("deepseek"));
    set("DASHSCOPE_BASE_URL", standin.address("dashscope"));
    for (const auto& [name, value] : environment)
      set(name.c_str(), value);
    const std::string self = fs::read_symlink("/proc/self/exe");
    const char* arguments[] = {self.c_str(), "--gtest_filter=CanaryChild.*", nullptr};
    auto child = adopt(g_subprocess_launcher_spawnv(launcher.get(), arguments, nullptr));
    ASSERT_TRUE(child);
    gchar* out = nullptr;
    g_subprocess_communicate_utf8(child.get(), nullptr, nullptr, &out, nullptr, nullptr);
    const std::string text = take_string(out);
    EXPECT_EQ(g_subprocess_get_exit_status(child.get()), 0) << text.substr(0, 4000);
    g_file_set_contents((folder.path() + "/out").c_str(), text.c_str(), -1, nullptr);
  }

  /// No file in the folder but the key files may hold a key in any writing.
  void expect_no_key() const {
    size_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
      if (!entry.is_regular_file() || entry.path().extension() == ".key") continue;
      gchar* data = nullptr;
      gsize size = 0;
      ASSERT_TRUE(g_file_get_contents(entry.path().c_str(), &data, &size, nullptr));
      const Own<gchar> owner(data);
      const std::string_view text(data, size);
      bytes += size;
      for (const std::string key : {kWriterKey, kCameraKey}) {
        EXPECT_EQ(text.find(key.substr(3)), std::string_view::npos) << entry.path();
        for (const std::string& written : {hex(key), base64(key)})
          EXPECT_EQ(text.find(written), std::string_view::npos) << entry.path();
      }
    }
    EXPECT_GT(bytes, 1'000'000u) << "the log is missing";
  }

  /// Each service was asked with its own key, and the results' server with none.
  void expect_keys_arrived() const {
    const auto log = standin.calls();
    const JsonView calls = JsonView(log.get())["calls"];
    std::map<std::string, int> seen;
    for (size_t i = 0; i < calls.size(); ++i) {
      const std::string key = calls.at(i)["headers"]["Authorization"].text();
      const std::string route = calls.at(i)["route"].text();
      ++seen[route == "chat" ? "chat" : key.empty() ? "none" : "dashscope"];
      if (key.empty()) continue;
      EXPECT_EQ(key, std::string("Bearer ") + (route == "chat" ? kWriterKey : kCameraKey)) << route;
    }
    EXPECT_EQ(seen["chat"], 1);
    EXPECT_GE(seen["dashscope"], 2);
  }

  std::string key_file(const char* name, const char* key) {
    const std::string path = folder.path() + "/" + name + ".key";
    g_file_set_contents(path.c_str(), key, -1, nullptr);
    chmod(path.c_str(), 0600);
    return path;
  }

  void prepare() {
    standin.configure(std::string(R"({"keys": [")") + kWriterKey + "\", \"" + kCameraKey + "\"]}");
  }

  Standin standin;

 private:
  static std::string hex(const std::string& text) {
    std::string all;
    for (const char c : text)
      all += take_string(g_strdup_printf("%02x", static_cast<unsigned char>(c)));
    return all;
  }
  static std::string base64(const std::string& text) {
    const std::string whole = text.substr(0, text.size() / 3 * 3);
    return take_string(
        g_base64_encode(reinterpret_cast<const guchar*>(whole.data()), whole.size()));
  }
};

} // namespace

TEST(CanaryChild, MakesAFilm) {
  const char* way = g_getenv(kWay);
  if (!way) GTEST_SKIP() << "only in a child of the tests below";
  Launch launch("aipromptenhance name=writer prompt=fox ! qwenimagesrc name=painter "
                "! wanxclipgen name=camera ! filesink location=clip.uri");
  if (g_strcmp0(way, "property") == 0) {
    g_object_set(launch.element("writer").get(), "api-key", kWriterKey, "backend", 2, nullptr);
    for (const char* name : {"painter", "camera"})
      g_object_set(launch.element(name).get(), "api-key", kCameraKey, "backend", 3, nullptr);
  }
  if (g_strcmp0(way, "context") == 0) give_context(launch.get());
  const std::string said = tell(launch);
  const bool refused = g_strcmp0(way, "refused") == 0;
  EXPECT_EQ(said.find("end: eos") != said.npos, !refused) << said;
  g_file_set_contents("said", said.c_str(), -1, nullptr);
}

TEST_F(CanaryTest, AKeyGivenByPropertyIsNeverShown) {
  prepare();
  run_child("property", {});
  expect_keys_arrived();
  expect_no_key();
}

TEST_F(CanaryTest, AKeyOfTheContextIsNeverShown) {
  prepare();
  run_child("context", {});
  expect_keys_arrived();
  expect_no_key();
}

TEST_F(CanaryTest, AKeyInAFileIsNeverShown) {
  prepare();
  run_child("file", {{"DEEPSEEK_API_KEY_FILE", key_file("writer", kWriterKey)},
                     {"DASHSCOPE_API_KEY_FILE", key_file("camera", kCameraKey)}});
  expect_keys_arrived();
  expect_no_key();
}

TEST_F(CanaryTest, AKeyOfTheEnvironmentIsNeverShown) {
  prepare();
  run_child("environment", {{"DEEPSEEK_API_KEY", kWriterKey}, {"DASHSCOPE_API_KEY", kCameraKey}});
  expect_keys_arrived();
  expect_no_key();
}

TEST_F(CanaryTest, ARefusedKeyIsNotShownEither) {
  standin.configure(R"({"keys": ["another"]})");
  run_child("refused", {{"DEEPSEEK_API_KEY", kWriterKey}, {"DASHSCOPE_API_KEY", kCameraKey}});
  expect_no_key();
}
