// SPDX-License-Identifier: LGPL-2.1-or-later
// A stage in a live channel under bad weather: it is asked for air before its first shot, and what
// was said is kept.
#pragma once

#include "base/json.h"
#include "fault/weather.h"

#include <memory>
#include <vector>

namespace aigc {

/// What was said on the bus so far.
struct Heard {
  size_t done = 0, failed = 0;
  std::vector<std::string> states; ///< of aigc/service
  std::vector<std::string> warnings;
  std::string error;
  bool eos = false;
};

class Channel : public WeatherTest {
 protected:
  using Clock = std::chrono::steady_clock;

  /// Plays with a demand, as clipplayout has one. No shot goes out before that is heard: it would
  /// be of a film.
  void play(Stage stage, const std::string& properties, int shots) {
    std::string text;
    for (int i = 0; i < shots; ++i)
      text += "fox number " + std::to_string(i) + "\n";
    const std::string list = folder.path() + "/list.txt";
    g_file_set_contents(list.c_str(), text.c_str(), -1, nullptr);
    line_ = "aishotsrc name=list location=" + list + " ! " +
            line_of(stage,
                    "on-error=skip max-in-flight=5 poll-interval=50 max-retries=1 " + properties) +
            " ! fakesink name=out sync=false";
    launch_ = std::make_unique<Launch>(line_);
    ASSERT_EQ(launch_->parse_error, "");
    const auto first = adopt(gst_element_get_static_pad(launch_->element("list").get(), "src"));
    const auto hold = [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; };
    const gulong held =
        gst_pad_add_probe(first.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, nullptr, nullptr);
    gst_element_set_state(launch_->get(), GST_STATE_PLAYING);
    const auto sink = launch_->element("out");
    const auto pad = adopt(gst_element_get_static_pad(sink.get(), "sink"));
    const auto demand = [] {
      return gst_event_new_custom(
          GST_EVENT_CUSTOM_UPSTREAM,
          gst_structure_new("aigc-demand", "seconds", G_TYPE_DOUBLE, 1000.0, nullptr));
    };
    while (!gst_pad_push_event(pad.get(), demand()))
      g_usleep(200);
    gst_pad_remove_probe(first.get(), held);
  }

  /// Listens until `is_over`, or an ERROR, or for too long.
  template <typename Over>
  void listen(Over is_over, std::chrono::seconds longest = std::chrono::seconds(20)) {
    const auto end = Clock::now() + longest;
    while (!is_over() && heard.error.empty() && Clock::now() < end) {
      auto message = adopt(gst_bus_timed_pop(launch_->bus().get(), 10 * GST_MSECOND));
      if (message) take(message.get());
    }
  }

  size_t creates() {
    size_t count = 0;
    const auto log = server.calls();
    const JsonView all = JsonView(log.get())["calls"];
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string route = all.at(i)["route"].text();
      count += route == "chat" || route == "video";
    }
    return count;
  }

  void stop() {
    const auto from = Clock::now();
    gst_element_set_state(launch_->get(), GST_STATE_NULL);
    EXPECT_LT(Clock::now() - from, std::chrono::seconds(1));
    launch_.reset();
  }

  Heard heard;

 private:
  void take(GstMessage* message) {
    ErrorSlot error;
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message, error.out(), nullptr);
      heard.error = error.message();
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning(message, error.out(), nullptr);
      heard.warnings.push_back(error.message());
      break;
    case GST_MESSAGE_EOS:
      heard.eos = true;
      break;
    case GST_MESSAGE_ELEMENT: {
      const GstStructure* said = gst_message_get_structure(message);
      heard.done += gst_structure_has_name(said, "aigc/shot-done");
      heard.failed += gst_structure_has_name(said, "aigc/shot-failed");
      if (gst_structure_has_name(said, "aigc/service"))
        heard.states.push_back(gst_structure_get_string(said, "state"));
      break;
    }
    default:
      break;
    }
  }

  std::string line_;
  std::unique_ptr<Launch> launch_;
};

} // namespace aigc
