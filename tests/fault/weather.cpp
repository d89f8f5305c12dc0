// SPDX-License-Identifier: LGPL-2.1-or-later
// See weather.h.
#include "fault/weather.h"

#include "base/json.h"

#include <algorithm>
#include <array>

using namespace aigc;
using Clock = std::chrono::steady_clock;

namespace {

constexpr GstClockTime kLimit = 30 * GST_SECOND;

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

std::string field(const GstStructure* details, const char* name) {
  const char* text = details ? gst_structure_get_string(details, name) : nullptr;
  return text ? text : "";
}

void take_error(GstMessage* message, Seen& seen) {
  ErrorSlot error;
  gst_message_parse_error(message, error.out(), nullptr);
  seen.domain = g_quark_to_string(error.get()->domain);
  seen.code = error.get()->code;
  seen.text = error.message();
  const GstStructure* details = nullptr;
  gst_message_parse_error_details(message, &details);
  seen.service_code = field(details, "code");
  seen.request_id = field(details, "request-id");
  if (details) gst_structure_get_int(details, "http-status", &seen.http_status);
}

/// Of the services, and of the servers that people run themselves.
bool orders(const std::string& route) {
  if (route == "chat" || route == "image-sync" || route == "image-async" || route == "video")
    return true;
  return std::ranges::any_of(std::array{"-image", "-edit", "-img-gen", "-video", "-prompt"},
                             [&](const char* end) { return route.ends_with(end); });
}

guint64 rendered(const Launch& launch) {
  const auto sink = launch.element("out");
  if (!sink) return 0;
  GstStructure* stats = nullptr;
  g_object_get(sink.get(), "stats", &stats, nullptr);
  guint64 count = 0;
  gst_structure_get_uint64(stats, "rendered", &count);
  gst_structure_free(stats);
  return count;
}

} // namespace

std::string line_of(Stage stage, const std::string& properties) {
  const std::string common =
      " prompt=\"a fox in the snow\" timeout=20000 poll-interval=200 max-retries=2 ";
  switch (stage) {
  case Stage::words:
    return "aipromptenhance backend=deepseek on-error=fail" + common + properties;
  case Stage::picture:
    return "qwenimagesrc backend=dashscope" + common + properties;
  case Stage::picture_sync:
    return "qwenimagesrc backend=dashscope model=qwen-image-max" + common + properties;
  case Stage::clip:
    return "wanxclipgen backend=dashscope width=832 height=480" + common + properties;
  }
  return {};
}

WeatherTest::WeatherTest() {
  for (const char* service : {"DEEPSEEK", "DASHSCOPE"})
    g_setenv((service + std::string("_API_KEY")).c_str(), "sk-standin", TRUE);
  g_setenv("DEEPSEEK_BASE_URL", server.address("deepseek").c_str(), TRUE);
  g_setenv("DASHSCOPE_BASE_URL", server.address("dashscope").c_str(), TRUE);
  configure(R"({"limits": "off"})");
}

void WeatherTest::fault(const std::string& json) {
  server.fail("[" + json + "]");
}

Seen WeatherTest::run(Stage stage, const std::string& properties) {
  return run_line(line_of(stage, properties) + " ! fakesink");
}

Seen WeatherTest::run_line(const std::string& line) {
  Seen seen;
  const Launch launch(line);
  EXPECT_EQ(launch.parse_error, "");
  const auto start = Clock::now();
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  auto message = adopt(
      gst_bus_timed_pop_filtered(launch.bus().get(), kLimit,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  seen.took = since(start);
  if (message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
    take_error(message.get(), seen);
  seen.eos = message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
  if (seen.eos) seen.frames = rendered(launch);
  const auto stop = Clock::now();
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  seen.teardown = since(stop);
  const auto calls = server.calls();
  const JsonView list = JsonView(calls.get())["calls"];
  for (size_t i = 0; i < list.size(); ++i) {
    if (!orders(list.at(i)["route"].text())) continue;
    ++seen.creates;
    seen.billed += list.at(i)["billed"].boolean(false);
  }
  return seen;
}
