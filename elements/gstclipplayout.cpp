// SPDX-License-Identifier: LGPL-2.1-or-later
// clipplayout: the GObject, its properties, signals and pads; what is on air is decided in
// gst/playout and pushed in clipplayout_lane.

/**
 * SECTION:element-clipplayout
 * @title: clipplayout
 *
 * Plays clips against the clock, for ever. Each buffer on the sink pad is the URI of one clip file.
 * Every slot of the frame grid is filled, whatever happens: with the item whose turn it is, else
 * with the last picture for a moment, a clip that was on air before, a filler file, and last the
 * built-in slate. Clips are looked at, and opened, before their turn; one that is damaged is
 * replaced at the next slot.
 *
 * ## Messages
 * - `clipplayout/item`: `event` (queued, ready, started, ended, skipped, failed, removed), `id`,
 *   `uri`, `tier`; of ready `frames` and what was found in the clip; of started, ended, skipped
 *   `frame`, `frames`, `running-time` (ns), `utc` (us); of ended and skipped `held`; `reason`.
 * - `clipplayout/filler`: `event` (enter, leave), `tier`, `frame`, `frames`.
 * - `clipplayout/level`: `items`, `ready`, `low`, `high`, `runs-out`, `behind` (ns), `supply`,
 *   `alarm`; on every change and each 10 s.
 *
 * `stats` has the fields of the level, `waiting`, `open`, `standby`, `on-air`, `tier`, `frame`,
 * `on-hold`, and counts. Downstream hears on both pads what comes on air by a TAG event: title,
 * and extended comments `id=...` and `tier=...`. docs/playout.md says what each field means.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 aishotsrc location=day.jsonl loop=-1 ! aipromptenhance order=ready \
 *   ! qwenimagesrc order=ready ! wanxclipgen order=ready ! clipplayout name=air \
 *   air.video ! videoconvert ! autovideosink  air.audio ! audioconvert ! autoaudiosink
 * ]| A channel of what a list asks for.
 */
#include "gstclipplayout.h"

#include "clipplayout_actions.h"
#include "clipplayout_host.h"
#include "clipplayout_lane.h"
#include "clipplayout_settings.h"
#include "config.h"
#include "media/uri_list.h"
#include "stage/live.h"
#include "stage/pads.h"
#include "stage/report.h"

using namespace aigc;
GST_DEBUG_CATEGORY_STATIC(gst_clip_playout_debug);
#define GST_CAT_DEFAULT gst_clip_playout_debug

namespace {

/// What is left of the second a state change may take.
constexpr std::chrono::milliseconds kFarewell{700};

struct Private {
  explicit Private(GstElement* element)
      : video(element, Side::video, clock), audio(element, Side::audio, clock) {}

  Guarded<PlayoutSettings> settings;
  Guarded<AirFormats> formats;
  Guarded<std::shared_ptr<Desk>> desk; ///< from READY to PAUSED and back
  AirClock clock;
  GstPad* sink = nullptr;
  AirLane video;
  AirLane audio;

  UriList lines; ///< of the sink pad's streaming thread
};

guint clip_ready; ///< signal

} // namespace

struct _GstClipPlayout {
  GstElement parent;
  Private* priv;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstClipPlayout, gst_clip_playout, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(clipplayout, "clipplayout", GST_RANK_NONE, GST_TYPE_CLIP_PLAYOUT)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("text/uri-list"));
static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS(GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL) ", layout=(string)interleaved"));

static Private& of(gpointer self) {
  return *GST_CLIP_PLAYOUT(self)->priv;
}

static AirLane& lane_of(gpointer self, GstPad* pad) {
  return pad == of(self).video.pad() ? of(self).video : of(self).audio;
}

static std::shared_ptr<Desk> desk_of(gpointer self) {
  return of(self).desk.snapshot();
}

// ------------------------------------------------------------------------------------- the desk

/// Throws Error{Fault::negotiation}.
static void start_desk(GstClipPlayout* self) {
  Private& priv = of(self);
  const PlayoutSettings settings = priv.settings.snapshot();
  const AirFormats asked = priv.formats.snapshot();
  const bool with_video = is_linked_through(priv.video.pad());
  const bool with_audio = is_linked_through(priv.audio.pad());
  if (!with_video && !with_audio)
    throw Error(Fault::negotiation, "neither the video pad nor the audio pad is linked",
                "link them to elements that take raw video and audio");
  // The grid is that of the pictures, also where only sound is taken.
  auto video = air_video_caps(priv.video.pad(), asked.video.get());
  Ref<GstCaps> audio;
  if (with_audio) audio = air_audio_caps(priv.audio.pad(), asked.audio.get());
  auto desk_settings = settings.for_desk(std::move(video), std::move(audio));
  if (!with_video) desk_settings.video.reset();
  priv.lines = {};
  priv.clock.reset();
  DeskHost host = host_for(GST_ELEMENT(self), priv.sink, clip_ready);
  host.behind = [element = share(GST_ELEMENT(self))] {
    Private& priv = of(element.get());
    return std::max(priv.video.behind(), priv.audio.behind());
  };
  const auto desk = Desk::start(std::move(host), std::move(desk_settings));
  const guint group_id = gst_util_group_id_next();
  priv.video.set_desk(with_video ? desk : nullptr, settings.slate_text, group_id);
  priv.audio.set_desk(with_audio ? desk : nullptr, {}, group_id);
  *priv.desk.lock() = desk;
}

/// Only while no task runs.
static void drop_desk(GstClipPlayout* self) {
  Private& priv = of(self);
  std::shared_ptr<Desk> desk;
  priv.desk.lock()->swap(desk);
  for (AirLane* lane : {&priv.video, &priv.audio}) {
    lane->drop_clips();
    lane->set_desk(nullptr, {}, 0);
  }
  if (desk) desk->join(kFarewell);
}

/// Both pads get EOS, soon and after the same slot.
static bool finish(GstClipPlayout* self) {
  const auto desk = desk_of(self);
  if (!desk) return false;
  desk->finish();
  of(self).clock.hurry();
  return true;
}

// ------------------------------------------------------------------------------------- sink pad

static GstFlowReturn add_items(Desk& desk, const std::vector<std::string>& uris,
                               GstBuffer* buffer) {
  for (const auto& uri : uris) {
    const GstFlowReturn flow = desk.add(item_of(uri, buffer));
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

/// What is no list of URIs is left out: the channel stays on air.
static GstFlowReturn gst_clip_playout_chain(GstPad*, GstObject* parent, GstBuffer* data) {
  auto* self = GST_CLIP_PLAYOUT(parent);
  auto buffer = adopt(data);
  const auto desk = desk_of(self);
  if (!desk) return GST_FLOW_FLUSHING;
  try {
    return add_items(*desk, of(self).lines.add(buffer.get()), buffer.get());
  } catch (...) {
    of(self).lines.clear();
    report(GST_ELEMENT(self), caught_error(), false);
    return GST_FLOW_OK;
  }
}

static void end_input(GstClipPlayout* self, Desk& desk) {
  try {
    auto none = adopt(gst_buffer_new());
    add_items(desk, of(self).lines.finish(), none.get());
  } catch (...) {
    report(GST_ELEMENT(self), caught_error(), false);
  }
  GST_ELEMENT_INFO(self, STREAM, FAILED, ("No more items will come; the channel stays on air."),
                   ("EOS on the sink pad"));
}

static gboolean out_of_band(GstClipPlayout* self, Desk* desk, GstEvent* event) {
  if (gst_event_has_name(event, kFinishEvent)) {
    gst_event_unref(event);
    return finish(self);
  }
  if (const auto id = cancelled_id(event); id && desk) desk->remove(*id, "cancelled");
  gst_pad_push_event(of(self).audio.pad(), gst_event_ref(event));
  gst_pad_push_event(of(self).video.pad(), event);
  return TRUE;
}

static gboolean gst_clip_playout_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  auto* self = GST_CLIP_PLAYOUT(parent);
  const auto desk = desk_of(parent);
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_FLUSH_START: // of what is to come; what is on air stays
    if (desk) desk->flush();
    break;
  case GST_EVENT_FLUSH_STOP:
    of(self).lines.clear();
    if (desk) desk->unflush();
    break;
  case GST_EVENT_STREAM_START:
    if (desk) desk->greet();
    break;
  case GST_EVENT_SEGMENT:
    of(self).lines.begin(event);
    break;
  case GST_EVENT_EOS:
    if (desk) end_input(self, *desk);
    break;
  case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    return out_of_band(self, desk.get(), event);
  default: // what describes the list does not describe the pictures
    break;
  }
  gst_event_unref(event);
  return TRUE;
}

// -------------------------------------------------------------------------------------- src pads

static gboolean gst_clip_playout_src_activate(GstPad* pad, GstObject* parent, GstPadMode mode,
                                              gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  if (!active) return gst_pad_stop_task(pad);
  lane_of(parent, pad).start_task();
  return TRUE;
}

static void answer_latency(GstClipPlayout* self, GstQuery* query) {
  const auto desk = desk_of(self);
  const Grid grid = desk ? desk->settings().rules.grid : Grid{};
  gst_query_set_latency(query, TRUE, grid.time_of(1) + kPatience, GST_CLOCK_TIME_NONE);
}

static gboolean gst_clip_playout_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  GstFormat format;
  switch (GST_QUERY_TYPE(query)) {
  case GST_QUERY_LATENCY:
    answer_latency(GST_CLIP_PLAYOUT(parent), query);
    return TRUE;
  case GST_QUERY_POSITION:
    gst_query_parse_position(query, &format, nullptr);
    if (format != GST_FORMAT_TIME) return FALSE;
    gst_query_set_position(query, GST_FORMAT_TIME, lane_of(parent, pad).position());
    return TRUE;
  case GST_QUERY_DURATION: // it has no end
    return FALSE;
  case GST_QUERY_SEEKING:
    gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
    gst_query_set_seeking(query, format, FALSE, 0, -1);
    return TRUE;
  default:
    return gst_pad_query_default(pad, parent, query);
  }
}

static gboolean gst_clip_playout_src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_SEEK:
    gst_event_unref(event);
    return FALSE;
  case GST_EVENT_QOS:         // frames are never left out
  case GST_EVENT_RECONFIGURE: // the format never changes
  case GST_EVENT_LATENCY:     // nothing in front is live
    gst_event_unref(event);
    return TRUE;
  default:
    return gst_pad_event_default(pad, parent, event);
  }
}

static void add_src_pad(GstClipPlayout* self, AirLane& lane, GstStaticPadTemplate* from) {
  GstPad* pad = gst_pad_new_from_static_template(from, from->name_template);
  gst_pad_set_activatemode_function(pad, gst_clip_playout_src_activate);
  gst_pad_set_query_function(pad, gst_clip_playout_src_query);
  gst_pad_set_event_function(pad, gst_clip_playout_src_event);
  gst_pad_use_fixed_caps(pad);
  lane.set_pad(pad);
  gst_element_add_pad(GST_ELEMENT(self), pad);
}

// --------------------------------------------------------------------------------------- element

static bool start_clock(GstClipPlayout* self) {
  auto clock = adopt(gst_element_get_clock(GST_ELEMENT(self)));
  if (!clock) {
    GST_ELEMENT_ERROR(self, CORE, CLOCK, ("A live channel needs a clock."),
                      ("put clipplayout into a pipeline"));
    return false;
  }
  of(self).clock.play(std::move(clock), gst_element_get_base_time(GST_ELEMENT(self)));
  return true;
}

static GstStateChangeReturn gst_clip_playout_change_state(GstElement* element,
                                                          GstStateChange transition) {
  auto* self = GST_CLIP_PLAYOUT(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    try {
      start_desk(self);
    } catch (...) {
      report(element, caught_error());
      return GST_STATE_CHANGE_FAILURE;
    }
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    if (!start_clock(self)) return GST_STATE_CHANGE_FAILURE;
  } else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    of(self).clock.pause();
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    if (const auto desk = desk_of(self)) desk->stop();
    of(self).clock.stop();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_clip_playout_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) drop_desk(self);
  const bool live = transition == GST_STATE_CHANGE_READY_TO_PAUSED ||
                    transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
  return live && result == GST_STATE_CHANGE_SUCCESS ? GST_STATE_CHANGE_NO_PREROLL : result;
}

/// A user's EOS ends the channel; nothing else does.
static gboolean gst_clip_playout_send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_clip_playout_parent_class)->send_event(element, event);
  gst_event_unref(event);
  return finish(GST_CLIP_PLAYOUT(element));
}

enum { kPropVideoCaps, kPropAudioCaps, kPropStats };

static guint own_property(guint id) {
  return id - PlayoutSettings::table().next_id();
}

static void gst_clip_playout_set_property(GObject* object, guint id, const GValue* value,
                                          GParamSpec* spec) {
  if (PlayoutSettings::table().set(*of(object).settings.lock(), id, value)) return;
  const GstCaps* given = own_property(id) == kPropStats ? nullptr : gst_value_get_caps(value);
  auto caps = given ? adopt(gst_caps_copy(given)) : nullptr;
  auto formats = of(object).formats.lock();
  if (own_property(id) == kPropVideoCaps)
    formats->video = caps ? caps : AirFormats::default_video();
  else if (own_property(id) == kPropAudioCaps)
    formats->audio = caps ? caps : AirFormats::default_audio();
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_clip_playout_get_property(GObject* object, guint id, GValue* value,
                                          GParamSpec* spec) {
  if (PlayoutSettings::table().get(of(object).settings.snapshot(), id, value)) return;
  const AirFormats formats = of(object).formats.snapshot();
  if (own_property(id) == kPropVideoCaps) {
    gst_value_set_caps(value, formats.video.get());
  } else if (own_property(id) == kPropAudioCaps) {
    gst_value_set_caps(value, formats.audio.get());
  } else if (own_property(id) == kPropStats) {
    const auto desk = desk_of(object);
    g_value_take_boxed(value, desk ? desk->stats().release() : nullptr);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_clip_playout_finalize(GObject* object) {
  delete GST_CLIP_PLAYOUT(object)->priv;
  G_OBJECT_CLASS(gst_clip_playout_parent_class)->finalize(object);
}

static void add_properties(GObjectClass* object_class) {
  PlayoutSettings::table().install(object_class);
  const guint first = PlayoutSettings::table().next_id();
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      object_class, first + kPropVideoCaps,
      g_param_spec_boxed(
          "video-caps", "Video caps",
          "Format of the pictures, for the whole run (default: 1280x720, 25 frames per "
          "second, I420 where downstream takes it)",
          GST_TYPE_CAPS, flags));
  g_object_class_install_property(
      object_class, first + kPropAudioCaps,
      g_param_spec_boxed("audio-caps", "Audio caps",
                         "Format of the sound, for the whole run (default: 48000 Hz, stereo, S16LE "
                         "where downstream takes it)",
                         GST_TYPE_CAPS, flags));
  g_object_class_install_property(
      object_class, first + kPropStats,
      g_param_spec_boxed(
          "stats", "Stats", "What is on air, what is ready in ns, and counts (default: none)",
          GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static void gst_clip_playout_class_init(GstClipPlayoutClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_clip_playout_debug, "clipplayout", 0, "a live channel");
  object_class->set_property = gst_clip_playout_set_property;
  object_class->get_property = gst_clip_playout_get_property;
  object_class->finalize = gst_clip_playout_finalize;
  add_properties(object_class);
  clip_ready = add_clip_playout_signals(G_TYPE_FROM_CLASS(klass), desk_of);
  element_class->change_state = gst_clip_playout_change_state;
  element_class->send_event = gst_clip_playout_send_event;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(
      element_class, "Clip playout", "Source/Codec/Demuxer/Decoder/Video/Audio",
      "Plays clips against the clock for ever, and fills in when none is ready", AIGC_PACKAGE);
  for (const GType type : {gst_clip_reair_get_type(), gst_clip_return_policy_get_type(),
                           gst_clip_transition_get_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

static void gst_clip_playout_init(GstClipPlayout* self) {
  self->priv = new Private(GST_ELEMENT(self));
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  self->priv->sink = sink;
  gst_pad_set_chain_function(sink, gst_clip_playout_chain);
  gst_pad_set_event_function(sink, gst_clip_playout_sink_event);
  gst_element_add_pad(GST_ELEMENT(self), sink);
  add_src_pad(self, self->priv->video, &video_template);
  add_src_pad(self, self->priv->audio, &audio_template);
  // A user's EOS, which bins give to their sources, has to end the channel.
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}
