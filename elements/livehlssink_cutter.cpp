// SPDX-License-Identifier: LGPL-2.1-or-later
// See livehlssink_cutter.h.
#include "livehlssink_cutter.h"

#include "base/ref.h"
#include "config.h"
#include "stage/report.h"

#include <gst/video/video.h>

using namespace aigc;

static constexpr const char* kEnd = "aigc-hls-end";

GstEvent* aigc::hls_begin_event(GstClockTime time, bool discontinuity) {
  // mpegtsmux sends this on right before the tables and the frame, and keeps the count.
  return gst_video_event_new_downstream_force_key_unit(time, time, time, TRUE, discontinuity);
}

GstEvent* aigc::hls_end_event(GstClockTime time) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                              gst_structure_new(kEnd, "time", G_TYPE_UINT64, time, nullptr));
}

struct _GstLiveHlsCutter {
  GstBaseSink parent;
  LiveHlsRun* run;
};

G_DEFINE_FINAL_TYPE(GstLiveHlsCutter, gst_live_hls_cutter, GST_TYPE_BASE_SINK)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("video/mpegts, systemstream=(boolean)true, packetsize=(int)188"));

void gst_live_hls_cutter_set_run(GstLiveHlsCutter* self, LiveHlsRun* run) {
  self->run = run;
}

/// What the running time 0 was by the clock on the wall, in microseconds since the epoch.
static gint64 utc_of_zero(GstElement* element) {
  const auto clock = adopt(gst_element_get_clock(element));
  const gint64 now = g_get_real_time();
  if (!clock) return now;
  const auto running =
      GST_CLOCK_DIFF(gst_element_get_base_time(element), gst_clock_get_time(clock.get()));
  return now - running / 1000;
}

/// Tells the folder of the items that went on air before `time`.
static void take_marks(LiveHlsRun& run, GstClockTime time) {
  if (!run.folder.has_clock()) return;
  for (;;) {
    HlsMark mark;
    {
      auto marks = run.marks.lock();
      if (marks->empty() || marks->front().time >= time) return;
      mark = std::move(marks->front());
      marks->pop_front();
    }
    run.folder.item(mark.time, std::move(mark.range));
  }
}

static void cut(LiveHlsRun& run, GstEvent* event) {
  GstClockTime time = 0;
  if (gst_video_event_is_force_key_unit(event)) {
    guint discontinuity = 0;
    gst_video_event_parse_downstream_force_key_unit(event, nullptr, nullptr, &time, nullptr,
                                                    &discontinuity);
    take_marks(run, time);
    run.folder.begin(time, discontinuity != 0);
  } else if (gst_event_has_name(event, kEnd)) {
    gst_structure_get_uint64(gst_event_get_structure(event), "time", &time);
    take_marks(run, time);
    run.folder.end(time);
  }
}

static gboolean gst_live_hls_cutter_event(GstBaseSink* sink, GstEvent* event) {
  auto* self = GST_LIVE_HLS_CUTTER(sink);
  std::optional<Error> trouble;
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_CUSTOM_DOWNSTREAM:
    cut(*self->run, event);
    break;
  case GST_EVENT_EOS:
    take_marks(*self->run, self->run->end);
    self->run->folder.finish(self->run->end);
    break;
  case GST_EVENT_FLUSH_STOP:
    self->run->folder.interrupt();
    break;
  default:
    break;
  }
  if (GST_EVENT_IS_SERIALIZED(event)) trouble = self->run->folder.take_trouble();
  if (trouble) report(GST_ELEMENT(GST_OBJECT_PARENT(self)), *trouble, false);
  return GST_BASE_SINK_CLASS(gst_live_hls_cutter_parent_class)->event(sink, event);
}

static GstFlowReturn gst_live_hls_cutter_render(GstBaseSink* sink, GstBuffer* buffer) {
  auto* self = GST_LIVE_HLS_CUTTER(sink);
  HlsFolder& folder = self->run->folder;
  if (!folder.has_clock()) folder.set_clock(utc_of_zero(GST_ELEMENT(self)));
  const BufferMap map(buffer, GST_MAP_READ);
  if (map) folder.write(map.data(), map.size());
  return GST_FLOW_OK;
}

static void gst_live_hls_cutter_class_init(GstLiveHlsCutterClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* sink_class = GST_BASE_SINK_CLASS(klass);
  sink_class->event = gst_live_hls_cutter_event;
  sink_class->render = gst_live_hls_cutter_render;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_set_static_metadata(element_class, "HLS cutter", "Sink",
                                        "Cuts a transport stream into segments", AIGC_PACKAGE);
}

static void gst_live_hls_cutter_init(GstLiveHlsCutter* self) {
  // What comes is taken as it comes: a live source paces it, and nobody waits for a first frame.
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
}
