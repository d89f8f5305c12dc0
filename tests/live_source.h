// SPDX-License-Identifier: LGPL-2.1-or-later
// A live source with an encoder before a livepushsink: how late its frames ever were, and what was
// said meanwhile.
#pragma once

#include "base/guarded.h"
#include "base/ref.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace aigc {

class LivePush {
 public:
  struct News {
    std::string state, location, reason;
    guint64 retry_in = 0;
  };

  /// `properties` of the sink, with its location.
  explicit LivePush(const std::string& properties,
                    const std::string& picture = "width=64,height=48",
                    const std::string& encoder = "speed-preset=ultrafast") {
    const std::string line =
        "videotestsrc is-live=true pattern=ball name=source ! video/x-raw," + picture +
        ",framerate=25/1 ! x264enc tune=zerolatency key-int-max=500 " + encoder +
        " ! push.video audiotestsrc is-live=true name=tone "
        "! avenc_aac ! push.audio livepushsink name=push " +
        properties;
    ErrorSlot error;
    pipeline_ =
        adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), error.out()))));
    EXPECT_FALSE(error) << error.message();
    auto source = named("source");
    auto pad = adopt(gst_element_get_static_pad(source.get(), "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, watch, this, nullptr);
  }
  ~LivePush() { stop(); }
  LivePush(const LivePush&) = delete;
  LivePush& operator=(const LivePush&) = delete;

  Ref<GstElement> named(const char* name) const {
    return adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  GstStateChangeReturn play() { return gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); }
  /// Returns how long it took, in seconds.
  double stop() {
    const gint64 begin = g_get_monotonic_time();
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    return static_cast<double>(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
  }

  /// Ends the stream and waits until that has come through.
  bool finish() {
    gst_element_send_event(pipeline_.get(), gst_event_new_eos());
    return listen(10, [this] { return ended_; });
  }
  /// Takes messages until one of `state` came that was not waited for before.
  bool wait_for(const std::string& state, double seconds = 20) {
    const size_t seen = seen_;
    return listen(seconds, [&] {
      for (size_t i = seen; i < news.size(); ++i) {
        if (news[i].state != state) continue;
        seen_ = i + 1;
        return true;
      }
      return false;
    });
  }
  void play_on(double seconds) {
    listen(seconds, [] { return false; });
  }

  template <typename T> T stat(const char* field) const {
    auto push = named("push");
    GstStructure* stats = nullptr;
    g_object_get(push.get(), "stats", &stats, nullptr);
    Own<GstStructure> owner(stats);
    T value{};
    EXPECT_TRUE(stats && read(stats, field, value)) << field;
    return value;
  }
  /// The most by which a frame left the source after its time.
  double worst_lateness() const { return pace_.snapshot().worst; }
  int frames() const { return pace_.snapshot().frames; }

  std::vector<News> news;
  std::vector<std::string> warnings, errors;
  std::string said; ///< all messages as text

 private:
  struct Pace {
    double worst = 0;
    int frames = 0;
  };

  static bool read(GstStructure* from, const char* field, guint64& value) {
    return gst_structure_get_uint64(from, field, &value);
  }
  static bool read(GstStructure* from, const char* field, bool& value) {
    gboolean is = FALSE;
    const bool found = gst_structure_get_boolean(from, field, &is);
    value = is;
    return found;
  }
  static bool read(GstStructure* from, const char* field, std::string& value) {
    const char* text = gst_structure_get_string(from, field);
    if (text) value = text;
    return text;
  }

  static GstPadProbeReturn watch(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    auto source = adopt(gst_pad_get_parent_element(pad));
    const GstClockTime now = gst_element_get_current_running_time(source.get());
    const auto late = GST_CLOCK_DIFF(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)), now);
    auto pace = static_cast<LivePush*>(self)->pace_.lock();
    ++pace->frames;
    pace->worst = std::max(pace->worst, static_cast<double>(late) / GST_SECOND);
    return GST_PAD_PROBE_OK;
  }

  template <typename Done> bool listen(double seconds, Done done) {
    auto bus = adopt(gst_element_get_bus(pipeline_.get()));
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(seconds * G_USEC_PER_SEC);
    while (!done()) {
      const gint64 left = end - g_get_monotonic_time();
      if (left <= 0) return false;
      if (auto message = adopt(gst_bus_timed_pop(bus.get(), left * GST_USECOND)))
        take(message.get());
    }
    return true;
  }

  void take(GstMessage* message) {
    ErrorSlot error;
    gchar* debug = nullptr;
    const GstStructure* structure = gst_message_get_structure(message);
    if (structure) said += take_string(gst_structure_to_string(structure)) + "\n";
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      ended_ = true;
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message, error.out(), &debug);
      errors.push_back(error.message() + take_string(debug));
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning(message, error.out(), &debug);
      warnings.push_back(error.message() + take_string(debug));
      break;
    case GST_MESSAGE_ELEMENT: {
      if (!gst_structure_has_name(structure, "livepushsink/connection")) break;
      News what{.state = gst_structure_get_string(structure, "state"),
                .location = gst_structure_get_string(structure, "location"),
                .reason = gst_structure_get_string(structure, "reason")};
      gst_structure_get_uint64(structure, "retry-in", &what.retry_in);
      news.push_back(what);
      break;
    }
    default:
      break;
    }
  }

  Ref<GstElement> pipeline_;
  Guarded<Pace> pace_;
  size_t seen_ = 0;
  bool ended_ = false;
};

} // namespace aigc
