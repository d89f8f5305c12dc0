// SPDX-License-Identifier: LGPL-2.1-or-later
// livehlssink: the bin, its pads and properties.

/**
 * SECTION:element-livehlssink
 * @title: livehlssink
 *
 * Writes a live HLS playlist of one variant that keeps the rules for days: one TARGETDURATION for
 * ever, segments on a grid, airtime of each, what was on air, and no DISCONTINUITY but after a
 * restart, from which it goes on by itself. Properties have the names of hlssink2.
 *
 * One muxer runs from start to end, so continuity counters and times go on across segments, which
 * they do not with splitmuxsink and its reset of the muxer for each file. Trouble with the disk
 * costs segments, which the playlist marks as a GAP, and never stops the stream.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e videotestsrc is-live=true ! video/x-raw,format=I420 \
 *   ! x264enc tune=zerolatency ! h264parse ! hls.video \
 *   audiotestsrc is-live=true ! avenc_aac ! aacparse ! hls.audio \
 *   livehlssink name=hls location=live/s%05d.ts playlist-location=live/live.m3u8
 * ]|
 */
#include "gstlivehlssink.h"

#include "base/ref.h"
#include "config.h"
#include "livehlssink_input.h"
#include "stage/properties.h"
#include "stage/report.h"

#include <array>

using namespace aigc;

static constexpr const char* kVideoPad = "sink_65"; // named by the PID, which must stay the same
static constexpr const char* kAudioPad = "sink_66";
static constexpr const char* kAudioQueue = "audio-queue";
static constexpr auto kDownstream =
    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);

static const PropertyTable<HlsSettings>& table() {
  static const PropertyTable<HlsSettings> properties({
      {"location", "Files of the segments, with one %d for their number (default: s%05d.ts)",
       &HlsSettings::location},
      {"playlist-location", "File of the playlist (default: playlist.m3u8)",
       &HlsSettings::playlist_location},
      {"playlist-root",
       "What stands before the names of segments in the playlist (default: their way from there)",
       &HlsSettings::playlist_root},
      {"playlist-length", "Segments listed (default: 6)", &HlsSettings::playlist_length,
       Mutable::ready, HlsPlaylist::kMinLength, 86400},
      {"max-files",
       "Segments kept; at least two more than twice playlist-length are, as players may still read "
       "them (default: 14)",
       &HlsSettings::max_files, Mutable::ready, 0, G_MAXINT},
      {"target-duration", "Duration of a segment, in seconds (default: 6)",
       &HlsSettings::target_duration, Mutable::ready, 1, 3600},
  });
  return properties;
}

namespace {

struct Private {
  Guarded<HlsSettings> settings;
  GstElement* mux = nullptr; ///< owned by the bin, as the others
  GstElement* cutter = nullptr;
  std::array<GstElement*, 2> queues{}; ///< before the muxer: video, audio

  // From READY to READY.
  std::unique_ptr<LiveHlsRun> run;
  std::optional<LiveHlsVideo> video;
  HlsFormat audio;
};

} // namespace

struct _GstLiveHlsSink {
  GstBin parent;
  Private* priv;
};

G_DEFINE_FINAL_TYPE(GstLiveHlsSink, gst_live_hls_sink, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE(livehlssink, "livehlssink", GST_RANK_NONE, GST_TYPE_LIVE_HLS_SINK)

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("video/x-h264, stream-format=(string)byte-stream, alignment=(string)au; "
                    "video/x-h265, stream-format=(string)byte-stream, alignment=(string)au"));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE("audio", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS("audio/mpeg, framed=(boolean)true, mpegversion=(int)4, "
                                            "stream-format=(string){ adts, raw }"));

static Private& of(gpointer self) {
  return *GST_LIVE_HLS_SINK(self)->priv;
}

// ------------------------------------------------------------------------------------------- data

static GstPadProbeReturn on_video(GstPad*, GstPadProbeInfo* info, gpointer self) {
  try {
    return of(self).video->probe(info);
  } catch (...) {
    report(GST_ELEMENT(self), caught_error());
    return GST_PAD_PROBE_DROP;
  }
}

static GstPadProbeReturn on_audio(GstPad*, GstPadProbeInfo* info, gpointer self) {
  Private& priv = of(self);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    if (priv.run->is_dropping) return GST_PAD_PROBE_DROP;
    priv.audio.on_data();
  } else if (priv.audio.on_event(GST_PAD_PROBE_INFO_EVENT(info))) {
    priv.run->has_other_format = true;
  }
  return GST_PAD_PROBE_OK;
}

/// A muxer that believes to be live stops waiting for what is late, and then audio and video of a
/// segment do not cover the same time. So it is told nothing is live.
static GstPadProbeReturn on_latency(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return GST_PAD_PROBE_OK;
  gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

// ------------------------------------------------------------------------------------------- pads

/// A queue before the muxer, so that streams which are encoded at different speeds hold up nobody.
static GstElement* add_queue(GstLiveHlsSink* self, const char* name, const char* mux_pad) {
  GstElement* queue = gst_element_factory_make("queue", name);
  if (!queue) return nullptr;
  g_object_set(queue, "max-size-buffers", 0u, "max-size-bytes", 0u, "max-size-time",
               guint64{10 * GST_SECOND}, nullptr);
  gst_bin_add(GST_BIN(self), queue);
  gst_element_link_pads(queue, "src", of(self).mux, mux_pad);
  const auto sink = adopt(gst_element_get_static_pad(of(self).mux, mux_pad));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_latency, nullptr, nullptr);
  return queue;
}

static GstPad* gst_live_hls_sink_request_pad(GstElement* element, GstPadTemplate* from,
                                             const gchar*, const GstCaps*) {
  auto* self = GST_LIVE_HLS_SINK(element);
  Private& priv = of(self);
  const char* name = GST_PAD_TEMPLATE_NAME_TEMPLATE(from);
  const bool is_audio = g_str_equal(name, "audio");
  if (adopt(gst_element_get_static_pad(element, name))) return nullptr; // one of each
  if (!priv.mux || GST_STATE(element) > GST_STATE_READY) {
    GST_WARNING_OBJECT(self, "pads are requested before PAUSED");
    return nullptr;
  }
  if (is_audio) {
    priv.queues[1] = add_queue(self, kAudioQueue, kAudioPad);
    gst_element_sync_state_with_parent(priv.queues[1]);
  }
  const auto target = adopt(gst_element_get_static_pad(priv.queues[is_audio], "sink"));
  GstPad* ghost = gst_ghost_pad_new_from_template(name, target.get(), from);
  gst_pad_add_probe(ghost, kDownstream, is_audio ? on_audio : on_video, self, nullptr);
  gst_element_add_pad(element, ghost);
  return ghost;
}

static void gst_live_hls_sink_release_pad(GstElement* element, GstPad* pad) {
  const bool is_audio = g_str_equal(GST_PAD_NAME(pad), "audio");
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
  if (!is_audio) return; // the queue of video stays: its pad is the first of the muxer
  of(element).queues[1] = nullptr;
  const auto queue = adopt(gst_bin_get_by_name(GST_BIN(element), kAudioQueue));
  if (!queue) return; // a bin that goes gave its children up before
  gst_element_set_state(queue.get(), GST_STATE_NULL);
  gst_bin_remove(GST_BIN(element), queue.get());
  const auto sink = adopt(gst_element_get_static_pad(of(element).mux, kAudioPad));
  gst_element_release_request_pad(of(element).mux, sink.get());
}

// ------------------------------------------------------------------------------------------ states

static bool start(GstLiveHlsSink* self) {
  Private& priv = of(self);
  try {
    if (!priv.mux)
      throw Error(Fault::missing_plugin, "there is no mpegtsmux or no queue",
                  "install the GStreamer core elements and gst-plugins-bad");
    const auto pad = adopt(gst_element_get_static_pad(GST_ELEMENT(self), "video"));
    if (!pad)
      throw Error(Fault::settings, "nothing is linked to the pad video",
                  "link an encoded stream to it: segments are cut at key frames");
    priv.run = std::make_unique<LiveHlsRun>(priv.settings.snapshot(), priv.queues[1] != nullptr);
    const auto next = adopt(gst_element_get_static_pad(priv.queues[0], "sink"));
    priv.video.emplace(*priv.run, pad.get(), next.get());
  } catch (...) {
    report(GST_ELEMENT(self), caught_error());
    return false;
  }
  gst_live_hls_cutter_set_run(GST_LIVE_HLS_CUTTER(priv.cutter), priv.run.get());
  return true;
}

static GstStateChangeReturn gst_live_hls_sink_change_state(GstElement* element,
                                                           GstStateChange transition) {
  Private& priv = of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(GST_LIVE_HLS_SINK(element)))
    return GST_STATE_CHANGE_FAILURE;
  const auto result =
      GST_ELEMENT_CLASS(gst_live_hls_sink_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    priv.video.reset();
    priv.audio = {};
    gst_live_hls_cutter_set_run(GST_LIVE_HLS_CUTTER(priv.cutter), nullptr);
    priv.run.reset();
  }
  return result;
}

static void gst_live_hls_sink_set_property(GObject* object, guint id, const GValue* value,
                                           GParamSpec* spec) {
  if (!table().set(*of(object).settings.lock(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_live_hls_sink_get_property(GObject* object, guint id, GValue* value,
                                           GParamSpec* spec) {
  if (!table().get(of(object).settings.snapshot(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_live_hls_sink_finalize(GObject* object) {
  delete GST_LIVE_HLS_SINK(object)->priv;
  G_OBJECT_CLASS(gst_live_hls_sink_parent_class)->finalize(object);
}

static void gst_live_hls_sink_class_init(GstLiveHlsSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = gst_live_hls_sink_set_property;
  object_class->get_property = gst_live_hls_sink_get_property;
  object_class->finalize = gst_live_hls_sink_finalize;
  table().install(object_class);
  element_class->change_state = gst_live_hls_sink_change_state;
  element_class->request_new_pad = gst_live_hls_sink_request_pad;
  element_class->release_pad = gst_live_hls_sink_release_pad;
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(element_class, "Live HLS sink", "Sink",
                                        "Writes a live HLS playlist that keeps the rules for days",
                                        AIGC_PACKAGE);
}

static void gst_live_hls_sink_init(GstLiveHlsSink* self) {
  self->priv = new Private;
  Private& priv = *self->priv;
  GstElement* mux = gst_element_factory_make("mpegtsmux", "mux");
  if (!mux) return; // told when it is to start
  priv.cutter = GST_ELEMENT(g_object_new(GST_TYPE_LIVE_HLS_CUTTER, "name", "cutter", nullptr));
  gst_bin_add_many(GST_BIN(self), mux, priv.cutter, nullptr);
  gst_element_link(mux, priv.cutter);
  priv.mux = mux;
  // Each picture has a PCR, so each segment begins with one.
  g_object_set(mux, "pcr-interval", 900u, nullptr);
  // First of the muxer's pads: it has the PCR, so the tables stand before its frames, and of two
  // frames of one time it goes first.
  priv.queues[0] = add_queue(self, "video-queue", kVideoPad);
  if (!priv.queues[0]) priv.mux = nullptr;
}
