// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs clipjoin in a pipeline and writes down everything that comes out.
#pragma once

#include "../clips.h"

#include <cmath>
#include <functional>
#include <mutex>
#include <vector>

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <gst/video/video.h>

namespace clips {

struct Frame {
  GstClockTime pts, duration;
  int luma; ///< of the middle pixel
};

struct Sound {
  GstClockTime pts, duration;
  guint64 samples;
};

/// What came out of a run. Filled from streaming threads, read after run().
struct Record {
  std::vector<Frame> frames;
  std::vector<Sound> sounds;
  std::vector<guint64> beeps; ///< first sample of each beep
  guint64 samples = 0;
  guint64 last_loud = 0;
  bool heard = false;
  int caps_events = 0, segments = 0;
  std::string video_caps, audio_caps;
  std::vector<std::string> names; ///< of custom events on the video pad
  std::function<void()> on_frame;

  std::vector<GstClockTime> flashes() const {
    std::vector<GstClockTime> found;
    for (size_t i = 0; i < frames.size(); ++i)
      if (frames[i].luma > 128 && (i == 0 || frames[i - 1].luma <= 128))
        found.push_back(frames[i].pts);
    return found;
  }
};

inline GstFlowReturn record_frame(GstAppSink* sink, gpointer data) {
  auto* record = static_cast<Record*>(data);
  g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  GstVideoInfo info;
  gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) return GST_FLOW_ERROR;
  const auto* row = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                    GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) * (GST_VIDEO_INFO_HEIGHT(&info) / 2);
  record->frames.push_back(
      {GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer),
       row[GST_VIDEO_INFO_WIDTH(&info) / 2 * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0)]});
  gst_video_frame_unmap(&frame);
  if (record->on_frame) record->on_frame();
  return GST_FLOW_OK;
}

inline GstFlowReturn record_sound(GstAppSink* sink, gpointer data) {
  auto* record = static_cast<Record*>(data);
  g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_READ);
  const auto* values = reinterpret_cast<const gint16*>(map.data);
  const guint64 samples = map.size / 4; // S16LE stereo
  for (guint64 i = 0; i < samples; ++i) {
    if (std::abs(values[2 * i]) < 3000) continue;
    const guint64 at = record->samples + i;
    if (!record->heard || at - record->last_loud > 4800) record->beeps.push_back(at);
    record->heard = true;
    record->last_loud = at;
  }
  record->sounds.push_back({GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), samples});
  record->samples += samples;
  gst_buffer_unmap(buffer, &map);
  return GST_FLOW_OK;
}

inline GstPadProbeReturn record_event(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* record = static_cast<Record*>(data);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps;
    gst_event_parse_caps(event, &caps);
    g_autofree gchar* text = gst_caps_to_string(caps);
    record->caps_events++;
    record->video_caps = text;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    record->segments++;
  } else if (gst_event_get_structure(event) && GST_EVENT_TYPE(event) >= GST_EVENT_CUSTOM_UPSTREAM) {
    record->names.push_back(gst_structure_get_name(gst_event_get_structure(event)));
  }
  return GST_PAD_PROBE_OK;
}

/// A pipeline "SOURCE ! clipjoin name=j ..." with sinks that record.
class Player {
 public:
  explicit Player(const std::string& line, Record* into = nullptr) {
    if (into) record = into;
    g_autoptr(GError) error = nullptr;
    pipeline = gst_parse_launch(line.c_str(), &error);
    EXPECT_EQ(error, nullptr) << error->message;
    gst_object_ref_sink(pipeline);
    watch("v", record_frame);
    watch("a", record_sound);
    if (g_autoptr(GstElement) join = gst_bin_get_by_name(GST_BIN(pipeline), "j")) {
      g_autoptr(GstPad) pad = gst_element_get_static_pad(join, "video");
      gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, record_event, record, nullptr);
    }
  }
  ~Player() {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  /// Plays to EOS or ERROR; returns which, and keeps all messages' findings.
  GstMessageType play() {
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    return wait();
  }

  GstMessageType wait() {
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    for (;;) {
      g_autoptr(GstMessage) message = gst_bus_timed_pop(bus, 30 * GST_SECOND);
      if (!message) return GST_MESSAGE_UNKNOWN;
      note(message);
      if (GST_MESSAGE_TYPE(message) & (GST_MESSAGE_EOS | GST_MESSAGE_ERROR))
        return GST_MESSAGE_TYPE(message);
    }
  }

  GstElement* pipeline = nullptr;
  Record own;
  Record* record = &own;
  GQuark domain = 0;
  gint code = 0;
  std::string text, uri, source;
  int warnings = 0;
  int moves = 0; ///< state changes of the pipeline, or lost states, after it reached PLAYING

 private:
  void watch(const char* name, GstFlowReturn (*on_sample)(GstAppSink*, gpointer)) {
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
    if (!sink) return;
    g_object_set(sink, "sync", FALSE, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_sample;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, record, nullptr);
  }

  void note(GstMessage* message) {
    const bool ours = GST_MESSAGE_SRC(message) == GST_OBJECT(pipeline);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_STATE_CHANGED && ours) {
      GstState old, now;
      gst_message_parse_state_changed(message, &old, &now, nullptr);
      if (playing_) ++moves;
      playing_ = playing_ || now == GST_STATE_PLAYING;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ASYNC_START && playing_) {
      ++moves;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
      ++warnings;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      g_autoptr(GError) error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      domain = error->domain;
      code = error->code;
      text = error->message;
      source = GST_OBJECT_NAME(GST_MESSAGE_SRC(message));
      const GstStructure* details = nullptr;
      gst_message_parse_error_details(message, &details);
      if (details && gst_structure_has_field(details, "uri"))
        uri = gst_structure_get_string(details, "uri");
    }
  }

  bool playing_ = false;
};

inline std::string list_file(const TempDir& dir, const std::vector<std::string>& uris) {
  const std::string path = dir / "list.txt";
  std::ofstream file(path);
  for (const auto& uri : uris)
    file << uri << "\n";
  return path;
}

inline std::string join_line(const std::string& list, const std::string& properties = "",
                             bool sound = true) {
  return "filesrc location=" + list + " ! text/uri-list ! clipjoin name=j " + properties +
         " j.video ! appsink name=v" + (sound ? " j.audio ! appsink name=a" : "");
}

} // namespace clips
