// SPDX-License-Identifier: LGPL-2.1-or-later
// clipjoin: the GObject, its properties and its sink pad; the clips are played in clipjoin_session
// and clipjoin_lane.

/**
 * SECTION:element-clipjoin
 * @title: clipjoin
 *
 * Plays finished clips end to end, as fast as downstream takes them. Each buffer on the sink pad is
 * the URI of one clip file; a file of URIs, one a line, will do. The output has one format from the
 * first frame to the last: downstream's caps decide, else the properties, else the size the first
 * shot asks for, else the first clip. Frames stand on a constant-rate grid without gap or overlap,
 * and the sound, if its pad was requested, is cut or padded with silence to exactly each clip's
 * pictures, so that nothing drifts.
 *
 * The next clip is opened while one plays. The clips' own pipelines are private: nothing they do
 * changes the state of the pipeline around clipjoin, and no queues are needed behind it. A clip
 * that cannot be played is an error; one that turns bad in the middle keeps its last good picture
 * to its end and posts a warning.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e filesrc location=clips.txt ! text/uri-list ! clipjoin name=j \
 *   j.video ! videoconvert ! x264enc ! h264parse ! mp4mux name=m ! filesink location=film.mp4 \
 *   j.audio ! audioconvert ! avenc_aac ! m.
 * ]| Joins the clips named in clips.txt, with their sound.
 */
#include "gstclipjoin.h"

#include "clipjoin_lane.h"
#include "clipjoin_settings.h"
#include "config.h"
#include "media/output_format.h"
#include "media/uri_list.h"
#include "shot/shot_meta.h"
#include "stage/pads.h"
#include "stage/properties.h"
#include "stage/report.h"

using namespace aigc;

GST_DEBUG_CATEGORY_STATIC(gst_clip_join_debug);
#define GST_CAT_DEFAULT gst_clip_join_debug

namespace {

/// What lives from READY to PAUSED and back.
struct Run {
  std::shared_ptr<JoinSession> session;
  std::optional<JoinFormat> format; ///< constant, also over a flush
  guint group_id = 0;
};

struct Private {
  explicit Private(GstElement* element)
      : video(element, Media::video), audio(element, Media::audio) {}

  Guarded<JoinSettings> settings;
  Guarded<Run> run;
  GstPad* sink = nullptr;
  JoinLane video;
  JoinLane audio;
  Guarded<Ref<GstPad>> audio_pad; ///< null while nobody asked for sound

  UriList lines; ///< of the sink pad's streaming thread
};

} // namespace

struct _GstClipJoin {
  GstElement parent;
  Private* priv;
};

G_DEFINE_FINAL_TYPE(GstClipJoin, gst_clip_join, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(clipjoin, "clipjoin", GST_RANK_NONE, GST_TYPE_CLIP_JOIN)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("text/uri-list"));
static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SRC, GST_PAD_REQUEST,
    GST_STATIC_CAPS(GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL) ", layout=(string)interleaved"));

static Private& of(gpointer self) {
  return *GST_CLIP_JOIN(self)->priv;
}

static JoinLane& lane_of(GstClipJoin* self, GstPad* pad) {
  return pad == self->priv->video.pad() ? self->priv->video : self->priv->audio;
}

// ------------------------------------------------------------------------------------- sessions

static JoinFormat choose_format(GstClipJoin* self, const JoinItem& item, const ClipInfo& clip) {
  Private& priv = of(self);
  const JoinSettings settings = priv.settings.snapshot();
  VideoWish wish{settings.width, settings.height, settings.fps_n, settings.fps_d};
  if (wish.width == 0 && wish.height == 0) {
    wish.width = item.width;
    wish.height = item.height;
  }
  JoinFormat format;
  format.video = choose_video_caps(allowed_behind(priv.video.pad()).get(), wish, clip);
  gst_structure_get_fraction(gst_caps_get_structure(format.video.get(), 0), "framerate",
                             &format.grid.fps_n, &format.grid.fps_d);
  if (auto pad = priv.audio_pad.snapshot())
    format.audio = choose_audio_caps(allowed_behind(pad.get()).get());
  GST_INFO_OBJECT(self, "output is %" GST_PTR_FORMAT " and %" GST_PTR_FORMAT, format.video.get(),
                  format.audio.get());
  priv.run.lock()->format = format;
  return format;
}

/// Only while no task runs.
static void start_session(GstClipJoin* self) {
  Private& priv = of(self);
  const bool with_audio = static_cast<bool>(priv.audio_pad.snapshot());
  JoinHost host{[self](const JoinItem& item, const ClipInfo& clip) {
                  return choose_format(self, item, clip);
                },
                [self](const Error& error, const std::string& uri) {
                  report(GST_ELEMENT(self), error, true, uri);
                }};
  const auto fit = static_cast<Fit>(priv.settings.snapshot().fit);
  priv.lines = {};
  auto run = priv.run.lock();
  run->session = std::make_shared<JoinSession>(std::move(host), with_audio, fit, run->format);
  priv.video.set_session(run->session, run->group_id);
  if (with_audio) priv.audio.set_session(run->session, run->group_id);
}

/// Only while no task runs: what is left of the session ends here.
static void drop_session(GstClipJoin* self) {
  Private& priv = of(self);
  priv.video.set_session(nullptr, 0);
  priv.audio.set_session(nullptr, 0);
  std::shared_ptr<JoinSession> session;
  priv.run.lock()->session.swap(session);
}

static std::shared_ptr<JoinSession> session_of(GstClipJoin* self) {
  return of(self).run.lock()->session;
}

/// Looks whether all behind take what will be played. Throws Error{Fault::negotiation}.
static void check_downstream(GstClipJoin* self) {
  GstPad* video = of(self).video.pad();
  bool linked = false;
  for (const auto& pad : {share(video), of(self).audio_pad.snapshot()}) {
    if (!pad || !is_linked_through(pad.get())) continue;
    linked = true;
    const auto allowed = allowed_behind(pad.get());
    pad.get() == video ? possible_video_caps(allowed.get()) : choose_audio_caps(allowed.get());
  }
  if (!linked)
    throw Error(Fault::negotiation, "the video pad is not linked",
                "link it to an element that takes raw video, such as videoconvert");
}

// ------------------------------------------------------------------------------------- sink pad

static JoinItem item_for(const std::string& uri, GstBuffer* buffer) {
  JoinItem item;
  item.uri = uri;
  item.origin = share(buffer);
  if (const auto shot = buffer_shot(buffer)) {
    item.duration = shot->duration;
    item.width = static_cast<int>(std::clamp<gint64>(shot->width, 0, 8192));
    item.height = static_cast<int>(std::clamp<gint64>(shot->height, 0, 8192));
  }
  return item;
}

static GstFlowReturn add_clips(JoinSession& session, const std::vector<std::string>& uris,
                               GstBuffer* buffer) {
  for (const auto& uri : uris) {
    const GstFlowReturn flow = session.add(item_for(uri, buffer));
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

static GstFlowReturn gst_clip_join_chain(GstPad*, GstObject* parent, GstBuffer* data) {
  auto* self = GST_CLIP_JOIN(parent);
  auto buffer = adopt(data);
  const auto session = session_of(self);
  if (!session) return GST_FLOW_FLUSHING;
  try {
    return add_clips(*session, of(self).lines.add(buffer.get()), buffer.get());
  } catch (const Error& error) {
    report(GST_ELEMENT(self), error);
    session->refuse(GST_FLOW_ERROR);
    return GST_FLOW_ERROR;
  }
}

static void end_input(GstClipJoin* self, JoinSession& session) {
  try {
    auto none = adopt(gst_buffer_new());
    add_clips(session, of(self).lines.finish(), none.get());
  } catch (const Error& error) {
    report(GST_ELEMENT(self), error);
  }
  session.finish();
}

static void push_to_all(GstClipJoin* self, GstEvent* event) {
  Private& priv = of(self);
  if (auto audio = priv.audio_pad.snapshot()) gst_pad_push_event(audio.get(), gst_event_ref(event));
  gst_pad_push_event(priv.video.pad(), event);
}

static void flush_start(GstClipJoin* self, GstEvent* event) {
  Private& priv = of(self);
  if (const auto session = session_of(self)) session->stop();
  push_to_all(self, event);
  gst_pad_pause_task(priv.video.pad());
  if (auto audio = priv.audio_pad.snapshot()) gst_pad_pause_task(audio.get());
}

static void flush_stop(GstClipJoin* self, GstEvent* event) {
  Private& priv = of(self);
  const bool running = static_cast<bool>(session_of(self));
  drop_session(self);
  push_to_all(self, event);
  if (!running) return;
  start_session(self);
  priv.video.start_task();
  if (priv.audio_pad.snapshot()) priv.audio.start_task();
}

static gboolean gst_clip_join_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  auto* self = GST_CLIP_JOIN(parent);
  const auto session = session_of(self);
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_FLUSH_START:
    flush_start(self, event);
    return TRUE;
  case GST_EVENT_FLUSH_STOP:
    flush_stop(self, event);
    return TRUE;
  case GST_EVENT_SEGMENT:
    of(self).lines.begin(event);
    break;
  case GST_EVENT_EOS:
    if (session) end_input(self, *session);
    break;
  case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    if (session && gst_event_has_name(event, kFinishEvent)) session->cut();
    push_to_all(self, event);
    return TRUE;
  case GST_EVENT_CUSTOM_DOWNSTREAM:
  case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY: {
    JoinItem item;
    item.event = adopt(event);
    return session && session->add(std::move(item)) == GST_FLOW_OK;
  }
  default: // what describes the list does not describe the pictures
    break;
  }
  gst_event_unref(event);
  return TRUE;
}

/// Nothing is taken that could not be played: an element before this one then finds out before it
/// asks its own service.
static gboolean gst_clip_join_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS && session_of(GST_CLIP_JOIN(parent))) {
    try {
      check_downstream(GST_CLIP_JOIN(parent));
    } catch (const Error&) {
      auto none = adopt(gst_caps_new_empty());
      gst_query_set_caps_result(query, none.get());
      return TRUE;
    }
  }
  return gst_pad_query_default(pad, parent, query);
}

// -------------------------------------------------------------------------------------- src pads

static gboolean gst_clip_join_src_activate(GstPad* pad, GstObject* parent, GstPadMode mode,
                                           gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  JoinLane& lane = lane_of(GST_CLIP_JOIN(parent), pad);
  if (active) {
    lane.start_task();
    return TRUE;
  }
  lane.leave();
  return gst_pad_stop_task(pad);
}

static gboolean gst_clip_join_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  GstFormat format;
  switch (GST_QUERY_TYPE(query)) {
  case GST_QUERY_POSITION:
    gst_query_parse_position(query, &format, nullptr);
    if (format != GST_FORMAT_TIME) return FALSE;
    gst_query_set_position(query, GST_FORMAT_TIME, lane_of(GST_CLIP_JOIN(parent), pad).position());
    return TRUE;
  case GST_QUERY_DURATION: // known only at the end
    return FALSE;
  case GST_QUERY_SEEKING:
    gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
    gst_query_set_seeking(query, format, FALSE, 0, -1);
    return TRUE;
  default:
    return gst_pad_query_default(pad, parent, query);
  }
}

static gboolean gst_clip_join_src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_SEEK:
    gst_event_unref(event);
    return FALSE;
  case GST_EVENT_QOS:         // frames are never left out
  case GST_EVENT_RECONFIGURE: // the format never changes
    gst_event_unref(event);
    return TRUE;
  default:
    return gst_pad_event_default(pad, parent, event);
  }
}

static GstPad* make_src_pad(JoinLane& lane, GstStaticPadTemplate* from) {
  GstPad* pad = gst_pad_new_from_static_template(from, from->name_template);
  gst_pad_set_activatemode_function(pad, gst_clip_join_src_activate);
  gst_pad_set_query_function(pad, gst_clip_join_src_query);
  gst_pad_set_event_function(pad, gst_clip_join_src_event);
  gst_pad_use_fixed_caps(pad);
  lane.set_pad(pad);
  return pad;
}

static GstPad* gst_clip_join_request_pad(GstElement* element, GstPadTemplate*, const gchar*,
                                         const GstCaps*) {
  auto* self = GST_CLIP_JOIN(element);
  if (session_of(self) || of(self).audio_pad.snapshot()) {
    GST_INFO_OBJECT(self, "sound has to be requested once, before the start");
    return nullptr;
  }
  GstPad* pad = make_src_pad(of(self).audio, &audio_template);
  *of(self).audio_pad.lock() = share(pad);
  gst_element_add_pad(element, pad);
  return pad;
}

static void gst_clip_join_release_pad(GstElement* element, GstPad* pad) {
  Private& priv = of(element);
  gst_pad_set_active(pad, FALSE);
  priv.audio.set_session(nullptr, 0);
  priv.audio_pad.lock()->reset();
  gst_element_remove_pad(element, pad);
}

// --------------------------------------------------------------------------------------- element

static GstStateChangeReturn gst_clip_join_change_state(GstElement* element,
                                                       GstStateChange transition) {
  auto* self = GST_CLIP_JOIN(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    try {
      check_downstream(self);
    } catch (const Error& error) {
      report(element, error);
      return GST_STATE_CHANGE_FAILURE;
    }
    of(self).run.lock()->group_id = gst_util_group_id_next();
    start_session(self);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    if (const auto session = session_of(self)) session->stop();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_clip_join_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    drop_session(self);
    of(self).run.lock()->format.reset();
  }
  return result;
}

static void gst_clip_join_set_property(GObject* object, guint id, const GValue* value,
                                       GParamSpec* spec) {
  auto settings = of(object).settings.lock();
  if (JoinSettings::table().set(*settings, id, value)) return;
  if (id == JoinSettings::table().next_id()) {
    settings->fps_n = gst_value_get_fraction_numerator(value);
    settings->fps_d = gst_value_get_fraction_denominator(value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_clip_join_get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const JoinSettings settings = of(object).settings.snapshot();
  if (JoinSettings::table().get(settings, id, value)) return;
  if (id == JoinSettings::table().next_id())
    gst_value_set_fraction(value, settings.fps_n, settings.fps_d);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_clip_join_finalize(GObject* object) {
  delete GST_CLIP_JOIN(object)->priv;
  G_OBJECT_CLASS(gst_clip_join_parent_class)->finalize(object);
}

static void gst_clip_join_class_init(GstClipJoinClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_clip_join_debug, "clipjoin", 0, "clips end to end");
  object_class->set_property = gst_clip_join_set_property;
  object_class->get_property = gst_clip_join_get_property;
  object_class->finalize = gst_clip_join_finalize;
  JoinSettings::table().install(object_class);
  g_object_class_install_property(
      object_class, JoinSettings::table().next_id(),
      gst_param_spec_fraction("framerate", "Framerate",
                              "Frames per second, 0/1 = automatic (default: 0/1)", 0, 1, 240, 1, 0,
                              1,
                              static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                       GST_PARAM_MUTABLE_READY)));
  element_class->change_state = gst_clip_join_change_state;
  element_class->request_new_pad = gst_clip_join_request_pad;
  element_class->release_pad = gst_clip_join_release_pad;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(
      element_class, "Clip joiner", "Codec/Demuxer/Decoder/Video/Audio",
      "Plays finished clips end to end in one constant format", AIGC_PACKAGE);
  gst_type_mark_as_plugin_api(GST_TYPE_CLIP_FIT, static_cast<GstPluginAPIFlags>(0));
}

static void gst_clip_join_init(GstClipJoin* self) {
  self->priv = new Private(GST_ELEMENT(self));
  self->priv->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->priv->sink, gst_clip_join_chain);
  gst_pad_set_event_function(self->priv->sink, gst_clip_join_sink_event);
  gst_pad_set_query_function(self->priv->sink, gst_clip_join_sink_query);
  gst_element_add_pad(GST_ELEMENT(self), self->priv->sink);
  gst_element_add_pad(GST_ELEMENT(self), make_src_pad(self->priv->video, &video_template));
}
