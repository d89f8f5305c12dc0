// SPDX-License-Identifier: LGPL-2.1-or-later
// livepushsink: the GObject, its pads and what it says; the connection is in livepushsink_run.

/**
 * SECTION:element-livepushsink
 * @title: livepushsink
 *
 * Sends H.264 on the pad `video` and AAC on the pad `audio` to an RTMP or SRT peer, and never gives
 * up: a peer that refuses, goes away, hangs or has no name is tried again after a pause that grows
 * from `retry-min` to `retry-max`. Upstream sees none of that: no error, no wait. Each connection
 * begins at time 0 with a key frame, which is asked for upstream. While a peer is slow,
 * `queue-time` is held for it; then all up to the next key frame is dropped. What comes while there
 * is no connection is dropped as well: a live peer wants the present.
 *
 * Both pads are requested, and each must then bring data, since they are muxed together.
 *
 * An element message `livepushsink/connection` tells of each change: `state` (string: connected,
 * lost, retrying), `location` (string, without secrets), `reason` (string) and `retry-in` (guint64,
 * ns). There is one WARNING for each loss, however many tries follow.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! x264enc tune=zerolatency key-int-max=50 ! push.video \
 *   audiotestsrc is-live=true ! avenc_aac ! push.audio \
 *   livepushsink name=push location=rtmp://127.0.0.1/live/test
 * ]|
 */
#include "gstlivepushsink.h"

#include "config.h"
#include "livepushsink_run.h"
#include "stage/properties.h"
#include "stage/report.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video-event.h>

using namespace aigc;

GST_DEBUG_CATEGORY_STATIC(gst_live_push_sink_debug);
#define GST_CAT_DEFAULT gst_live_push_sink_debug

namespace {

const PropertyTable<PushSettings>& table() {
  static const PropertyTable<PushSettings> properties({
      {.name = "location",
       .blurb =
           "Where to: rtmp://HOST/APP/KEY, rtmps://HOST/APP/KEY or "
           "srt://HOST:PORT?mode=caller&latency=125 (default: not set). Write-only: it holds keys",
       .member = &PushSettings::location,
       .secret = true},
      {"retry-min", "Shortest pause before another try, in ms (default: 1000)",
       &PushSettings::retry_min, Mutable::ready, 10, 3'600'000},
      {"retry-max", "Longest pause before another try, in ms (default: 60000)",
       &PushSettings::retry_max, Mutable::ready, 10, 3'600'000},
      {"queue-time",
       "How much is held for a slow peer before frames are dropped, in ns "
       "(default: 2000000000)",
       &PushSettings::queue_time, Mutable::ready, 0, 3600.0 * GST_SECOND},
  });
  return properties;
}

struct Private {
  Guarded<PushSettings> settings;
  Guarded<PushPair<bool>> wanted;
  Guarded<std::shared_ptr<PushRun>> run;
};

const char* state_name(PushNews::State state) {
  switch (state) {
  case PushNews::State::connected:
    return "connected";
  case PushNews::State::lost:
    return "lost";
  case PushNews::State::retrying:
    return "retrying";
  }
  return "";
}

const char* pad_name(PushMedia media) {
  return media == PushMedia::video ? "video" : "audio";
}

void tell(GstElement* element, const PushNews& news) {
  GST_INFO_OBJECT(element, "%s is %s: %s", news.location.c_str(), state_name(news.state),
                  news.reason.c_str());
  if (news.is_first) {
    const bool lost = news.state == PushNews::State::lost;
    report(element,
           Error(Fault::write,
                 (lost ? "the connection to " : "no connection to ") + news.location +
                     (lost ? " was lost: " : ": ") + news.reason,
                 "it is tried again until it is there; look at the peer if that takes long"),
           false);
  }
  gst_element_post_message(
      element, gst_message_new_element(
                   GST_OBJECT(element),
                   gst_structure_new(
                       "livepushsink/connection", "state", G_TYPE_STRING, state_name(news.state),
                       "location", G_TYPE_STRING, news.location.c_str(), "reason", G_TYPE_STRING,
                       news.reason.c_str(), "retry-in", G_TYPE_UINT64, news.retry_in, nullptr)));
}

void ask_for_key_frame(GstElement* element) {
  auto pad = adopt(gst_element_get_static_pad(element, pad_name(PushMedia::video)));
  if (!pad) return;
  gst_pad_push_event(pad.get(),
                     gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

} // namespace

struct _GstLivePushSink {
  GstBin parent;
  Private* priv;
};

G_DEFINE_FINAL_TYPE(GstLivePushSink, gst_live_push_sink, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE(livepushsink, "livepushsink", GST_RANK_NONE, GST_TYPE_LIVE_PUSH_SINK)

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("video/x-h264, stream-format=(string){ avc, byte-stream }, "
                    "alignment=(string)au"));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("audio/mpeg, mpegversion=(int)4, stream-format=(string){ raw, adts }"));

static Private& of(gpointer self) {
  return *GST_LIVE_PUSH_SINK(self)->priv;
}

static std::shared_ptr<PushRun> run_of(gpointer self) {
  return of(self).run.snapshot();
}

// ------------------------------------------------------------------------------------------- pads

/// An appsink with the bin as its user data: it waits for the clock, as any sink, and hands on.
template <PushMedia media> static GstElement* make_entry(GstElement* bin) {
  GstElement* entry = gst_element_factory_make("appsink", pad_name(media));
  if (!entry) return nullptr;
  // No preroll: one pad may bring its first data long after the other.
  g_object_set(entry, "async", FALSE, "qos", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* sink, gpointer self) {
    auto sample = adopt(gst_app_sink_try_pull_sample(sink, 0));
    auto run = run_of(self);
    if (sample && run) run->take(media, sample.get());
    return GST_FLOW_OK;
  };
  callbacks.eos = [](GstAppSink*, gpointer self) {
    if (auto run = run_of(self)) run->end(media);
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(entry), &callbacks, bin, nullptr);
  return entry;
}

static GstPad* gst_live_push_sink_request_pad(GstElement* element, GstPadTemplate* from,
                                              const gchar*, const GstCaps*) {
  const char* name = GST_PAD_TEMPLATE_NAME_TEMPLATE(from);
  const PushMedia media = g_strcmp0(name, "video") == 0 ? PushMedia::video : PushMedia::audio;
  if (adopt(gst_element_get_static_pad(element, name))) return nullptr; // one of each
  GstElement* entry = media == PushMedia::video ? make_entry<PushMedia::video>(element)
                                                : make_entry<PushMedia::audio>(element);
  if (!entry) return nullptr;
  (*of(element).wanted.lock())[media] = true;
  if (auto run = run_of(element)) run->want(media, true);
  gst_bin_add(GST_BIN(element), entry);
  gst_element_sync_state_with_parent(entry);
  auto target = adopt(gst_element_get_static_pad(entry, "sink"));
  GstPad* ghost = gst_ghost_pad_new_from_template(name, target.get(), from);
  gst_pad_set_active(ghost, TRUE);
  gst_element_add_pad(element, ghost);
  return ghost;
}

static void gst_live_push_sink_release_pad(GstElement* element, GstPad* ghost) {
  const PushMedia media =
      g_strcmp0(GST_PAD_NAME(ghost), "video") == 0 ? PushMedia::video : PushMedia::audio;
  auto entry = adopt(gst_bin_get_by_name(GST_BIN(element), pad_name(media)));
  // The sink first: an upstream that waits in it for the clock is sent home.
  if (entry) { // none when the bin is on its way out
    gst_element_set_locked_state(entry.get(), TRUE);
    gst_element_set_state(entry.get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(element), entry.get());
  }
  gst_pad_set_active(ghost, FALSE);
  gst_element_remove_pad(element, ghost);
  (*of(element).wanted.lock())[media] = false;
  if (auto run = run_of(element)) run->want(media, false);
}

// ------------------------------------------------------------------------------------------ states

/// The bin and those beside it are told to stop before any of them is waited for.
static void end(GstElement* element) {
  if (auto run = run_of(element)) {
    run->stop();
    run->finish();
  }
}

/// Throws Error.
static void begin(GstElement* element) {
  Private& priv = of(element);
  auto run = std::make_shared<PushRun>(
      element, PushHost{.tell = tell, .ask_for_key_frame = ask_for_key_frame},
      priv.settings.snapshot());
  const auto wanted = priv.wanted.snapshot();
  for (const PushMedia media : kPushMedia)
    run->want(media, wanted[media]);
  end(element);
  run->start();
  *priv.run.lock() = std::move(run);
}

static GstStateChangeReturn gst_live_push_sink_change_state(GstElement* element,
                                                            GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    try {
      begin(element);
    } catch (...) {
      report(element, caught_error());
      return GST_STATE_CHANGE_FAILURE;
    }
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    if (auto run = run_of(element)) run->stop();
  }
  const auto result =
      GST_ELEMENT_CLASS(gst_live_push_sink_parent_class)->change_state(element, transition);
  const bool has_failed =
      transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (has_failed || transition == GST_STATE_CHANGE_READY_TO_NULL) end(element);
  return result;
}

// -------------------------------------------------------------------------------------- properties

static void gst_live_push_sink_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec* spec) {
  if (!table().set(*of(object).settings.lock(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_live_push_sink_get_property(GObject* object, guint id, GValue* value,
                                            GParamSpec* spec) {
  if (id == table().next_id()) {
    auto run = run_of(object);
    g_value_take_boxed(value, run ? run->stats().release() : nullptr);
  } else if (!table().get(of(object).settings.snapshot(), id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_live_push_sink_finalize(GObject* object) {
  delete GST_LIVE_PUSH_SINK(object)->priv;
  G_OBJECT_CLASS(gst_live_push_sink_parent_class)->finalize(object);
}

static void gst_live_push_sink_class_init(GstLivePushSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_live_push_sink_debug, "livepushsink", 0, "live egress");
  object_class->set_property = gst_live_push_sink_set_property;
  object_class->get_property = gst_live_push_sink_get_property;
  object_class->finalize = gst_live_push_sink_finalize;
  table().install(object_class);
  g_object_class_install_property(
      object_class, table().next_id(),
      g_param_spec_boxed("stats", "Stats",
                         "connected, since (UTC in us), connects, last-error, bytes, "
                         "dropped-frames; none before the first run",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  element_class->change_state = gst_live_push_sink_change_state;
  element_class->request_new_pad = gst_live_push_sink_request_pad;
  element_class->release_pad = gst_live_push_sink_release_pad;
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(
      element_class, "Live push sink", "Sink/Network",
      "Sends a live channel by RTMP or SRT and reconnects by itself", AIGC_PACKAGE);
}

static void gst_live_push_sink_init(GstLivePushSink* self) {
  self->priv = new Private();
}
