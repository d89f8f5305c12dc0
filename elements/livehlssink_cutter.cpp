// SPDX-License-Identifier: LGPL-2.1-or-later
// See livehlssink_cutter.h.
#include "livehlssink_cutter.h"

#include "base/ref.h"
#include "config.h"
#include "playout/wall_clock.h"
#include "stage/report.h"

#include <gst/video/video.h>

using namespace aigc;

static constexpr const char* kEnd = "aigc-hls-end";
static constexpr size_t kPacket = 188;
static constexpr guint64 kMuxBase = guint64{3600} * 90000; ///< mpegtsmux begins at an hour
static constexpr guint64 kTimeMask = (guint64{1} << 33) - 1;

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
  gint64 now = utc_now();
  if (!clock) return now;
  // A thread that is put aside between two clocks would see one of them set.
  GstClockTime before = gst_clock_get_time(clock.get()), after = before;
  for (int look = 0; look < 3; ++look) {
    now = utc_now();
    after = gst_clock_get_time(clock.get());
    if (after - before < GST_MSECOND) break;
    before = after;
  }
  return now - GST_CLOCK_DIFF(gst_element_get_base_time(element), after) / 1000;
}

/// Tells the writer of the items that went on air before `time`.
static void take_marks(LiveHlsRun& run, GstClockTime time) {
  if (!run.writer.has_clock()) return;
  for (;;) {
    HlsMark mark;
    {
      auto marks = run.marks.lock();
      if (marks->empty() || marks->front().time >= time) return;
      mark = std::move(marks->front());
      marks->pop_front();
    }
    run.writer.item(mark.time, std::move(mark.range));
  }
}

static void begin_next(GstLiveHlsCutter* self) {
  LiveHlsRun& run = *self->run;
  if (!run.next) return;
  const HlsNext next = std::move(*std::exchange(run.next, std::nullopt));
  take_marks(run, next.time);
  run.writer.begin(next.time, next.discontinuity, utc_of_zero(GST_ELEMENT(self)));
  run.writer.write(reinterpret_cast<const guint8*>(next.packets.data()), next.packets.size());
}

/// Whether the packet begins a frame of sound that starts at `time` or after it.
static bool is_sound_from(const guint8* packet, GstClockTime time) {
  if ((packet[1] & 0x40) == 0) return false; // goes on with a frame
  const size_t start = 4 + ((packet[3] & 0x20) != 0 ? 1u + packet[4] : 0u);
  if (start + 14 > kPacket || (packet[start + 7] & 0x80) == 0) return false;
  const guint8* stamp = packet + start + 9;
  const guint64 pts = (guint64{stamp[0]} >> 1 & 7) << 30 | guint64{stamp[1]} << 22 |
                      (guint64{stamp[2]} >> 1) << 15 | guint64{stamp[3]} << 7 | stamp[4] >> 1;
  const guint64 ticks = gst_util_uint64_scale(time, 90000, GST_SECOND) + kMuxBase;
  // Times have 33 bits; one tick for what was rounded.
  return ((pts - ticks + 1) & kTimeMask) < kTimeMask / 2;
}

/// Of a packet while a segment waits to begin.
static void sort(GstLiveHlsCutter* self, const guint8* packet) {
  LiveHlsRun& run = *self->run;
  const int pid = (packet[1] & 0x1F) << 8 | packet[2];
  if (pid == kHlsAudioPid && is_sound_from(packet, run.next->time)) begin_next(self);
  if (run.next && pid != kHlsAudioPid)
    run.next->packets.append(reinterpret_cast<const char*>(packet), kPacket);
  else
    run.writer.write(packet, kPacket);
}

static void cut(GstLiveHlsCutter* self, GstEvent* event) {
  LiveHlsRun& run = *self->run;
  GstClockTime time = 0;
  if (gst_video_event_is_force_key_unit(event)) {
    guint discontinuity = 0;
    gst_video_event_parse_downstream_force_key_unit(event, nullptr, nullptr, &time, nullptr,
                                                    &discontinuity);
    begin_next(self);
    run.next = HlsNext{time, discontinuity != 0, {}};
    if (!run.has_sound) begin_next(self);
  } else if (gst_event_has_name(event, kEnd)) {
    gst_structure_get_uint64(gst_event_get_structure(event), "time", &time);
    begin_next(self);
    take_marks(run, time);
    run.writer.end(time);
  }
}

void aigc::hls_tell_trouble(LiveHlsRun& run, GstElement* bin) {
  while (const auto trouble = run.writer.take_trouble())
    report(bin, *trouble, false);
}

static void tell_trouble(GstLiveHlsCutter* self) {
  hls_tell_trouble(*self->run, GST_ELEMENT(GST_OBJECT_PARENT(self)));
}

static gboolean gst_live_hls_cutter_event(GstBaseSink* sink, GstEvent* event) {
  auto* self = GST_LIVE_HLS_CUTTER(sink);
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_CUSTOM_DOWNSTREAM:
    cut(self, event);
    break;
  case GST_EVENT_EOS:
    begin_next(self);
    take_marks(*self->run, self->run->end);
    self->run->writer.finish(self->run->end);
    break;
  case GST_EVENT_FLUSH_STOP:
    self->run->next.reset();
    self->run->writer.interrupt();
    break;
  default:
    break;
  }
  if (GST_EVENT_IS_SERIALIZED(event)) tell_trouble(self);
  return GST_BASE_SINK_CLASS(gst_live_hls_cutter_parent_class)->event(sink, event);
}

static GstFlowReturn gst_live_hls_cutter_render(GstBaseSink* sink, GstBuffer* buffer) {
  auto* self = GST_LIVE_HLS_CUTTER(sink);
  LiveHlsRun& run = *self->run;
  // Not before: in PAUSED no time runs.
  if (!run.writer.has_clock()) run.writer.set_clock(utc_of_zero(GST_ELEMENT(self)));
  const BufferMap map(buffer, GST_MAP_READ);
  size_t at = 0;
  for (; map && run.next && at + kPacket <= map.size(); at += kPacket)
    sort(self, map.data() + at);
  if (map) run.writer.write(map.data() + at, map.size() - at);
  tell_trouble(self);
  return GST_FLOW_OK;
}

static gboolean gst_live_hls_cutter_unlock(GstBaseSink* sink) {
  if (LiveHlsRun* run = GST_LIVE_HLS_CUTTER(sink)->run) run->writer.flush(true);
  return TRUE;
}

static gboolean gst_live_hls_cutter_unlock_stop(GstBaseSink* sink) {
  if (LiveHlsRun* run = GST_LIVE_HLS_CUTTER(sink)->run) run->writer.flush(false);
  return TRUE;
}

static void gst_live_hls_cutter_class_init(GstLiveHlsCutterClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* sink_class = GST_BASE_SINK_CLASS(klass);
  sink_class->event = gst_live_hls_cutter_event;
  sink_class->render = gst_live_hls_cutter_render;
  sink_class->unlock = gst_live_hls_cutter_unlock;
  sink_class->unlock_stop = gst_live_hls_cutter_unlock_stop;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_set_static_metadata(element_class, "HLS cutter", "Sink",
                                        "Cuts a transport stream into segments", AIGC_PACKAGE);
}

static void gst_live_hls_cutter_init(GstLiveHlsCutter* self) {
  // What comes is taken as it comes: a live source paces it, and nobody waits for a first frame.
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
}
