// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch: the GObject and its pads; what happens to frames is in lookmatch_core.

/**
 * SECTION:element-lookmatch
 * @title: lookmatch
 *
 * Holds the colours of clips that belong together. Clips whose shots name the same `look-group`, or
 * without one the same `chain`, are brought to what the first clip of the group looks like; with
 * `reference` all clips are brought to that picture. Frames of shots with neither pass as they are.
 *
 * Gain, gamma, saturation and hue are matched. Each clip is changed in one way from its first frame
 * to its last, found at its beginning, so nothing flickers and a sunset stays a sunset. The change
 * is limited: what is farther apart is taken for another scene, and only brought nearer.
 *
 * A clip that begins black is held back until it shows something, for half a second or 64 MiB of
 * frames at most. Without shots each stream and each segment is a clip; a seek goes on with it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 aishotsrc location=shots.json ! wanxvideogen ! lookmatch ! videoconvert !
 * autovideosink
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! lookmatch
 * reference=house.jpg \ strength=0.8 ! videoconvert ! autovideosink
 * ]| A list whose shots name look groups; a clip brought to the look of a picture.
 */
#include "gstlookmatch.h"

#include "config.h"
#include "lookmatch_core.h"
#include "stage/properties.h"
#include "stage/report.h"

using namespace aigc;

GST_DEBUG_CATEGORY(gst_look_match_debug);
#define GST_CAT_DEFAULT gst_look_match_debug

struct _GstLookMatch {
  GstElement parent;
  LookMatchCore* core;
};

G_DEFINE_FINAL_TYPE(GstLookMatch, gst_look_match, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(lookmatch, "lookmatch", GST_RANK_NONE, GST_TYPE_LOOK_MATCH)

#define AIGC_LOOK_CAPS                                                                             \
  GST_VIDEO_CAPS_MAKE("{ I420, YV12, NV12, NV21, Y42B, Y444, BGRx, RGBx, xRGB, xBGR, BGRA, RGBA, " \
                      "ARGB, ABGR, RGB, BGR }")

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(AIGC_LOOK_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(AIGC_LOOK_CAPS));

namespace {

const PropertyTable<LookSettings>& table() {
  static const PropertyTable<LookSettings> properties({
      {"reference",
       "Path or file:// URI of a picture that all clips are matched to, instead of to the first of "
       "their group (default: none)",
       &LookSettings::reference},
      {"strength",
       "How much of the difference is taken away, 0 = nothing, 1 = all; counts from the next clip "
       "on (default: 1)",
       &LookSettings::strength, Mutable::playing, 0, 1},
  });
  return properties;
}

LookMatchCore& of(gpointer self) {
  return *GST_LOOK_MATCH(self)->core;
}

/// Exceptions end here, as an error message.
template <typename Work> GstFlowReturn guard(gpointer self, Work work) {
  try {
    return work();
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled) return GST_FLOW_FLUSHING;
    report(GST_ELEMENT(self), error);
    return GST_FLOW_ERROR;
  }
}

} // namespace

static GstFlowReturn gst_look_match_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  Ref<GstBuffer> frame = adopt(buffer);
  return guard(parent, [&] { return of(parent).chain(std::move(frame)); });
}

static gboolean gst_look_match_set_caps(GstObject* self, GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return FALSE;
  of(self).set_format(info);
  return TRUE;
}

static bool gst_look_match_held_back(GstObject* self, GstEvent* event) {
  bool held = false;
  guard(self, [&] {
    held = of(self).hold_back(event);
    return GST_FLOW_OK;
  });
  return held;
}

static gboolean gst_look_match_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  const auto type = GST_EVENT_TYPE(event);
  if (type == GST_EVENT_FLUSH_START)
    of(parent).cancel();
  else if (type == GST_EVENT_FLUSH_STOP)
    of(parent).flush(), of(parent).allow();
  else if (GST_EVENT_IS_SERIALIZED(event) && gst_look_match_held_back(parent, event)) {
    gst_event_unref(event);
    return TRUE;
  }
  if (type == GST_EVENT_CAPS && !gst_look_match_set_caps(parent, event)) {
    gst_event_unref(event);
    return FALSE;
  }
  return gst_pad_event_default(pad, parent, event);
}

/// Of live streams, whose frames may be held back.
static gboolean gst_look_match_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (!gst_pad_query_default(pad, parent, query)) return FALSE;
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return TRUE;
  gboolean live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  if (live && GST_CLOCK_TIME_IS_VALID(most)) most += kLongestHold;
  if (live) gst_query_set_latency(query, live, least + kLongestHold, most);
  return TRUE;
}

static GstStateChangeReturn gst_look_match_change_state(GstElement* element,
                                                        GstStateChange transition) {
  LookMatchCore& core = of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) core.allow();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) core.cancel();
  const auto result =
      GST_ELEMENT_CLASS(gst_look_match_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) core.reset();
  return result;
}

static void gst_look_match_set_property(GObject* object, guint id, const GValue* value,
                                        GParamSpec* spec) {
  if (!table().set(*of(object).settings.lock(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_look_match_get_property(GObject* object, guint id, GValue* value,
                                        GParamSpec* spec) {
  if (!table().get(of(object).settings.snapshot(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_look_match_finalize(GObject* object) {
  delete GST_LOOK_MATCH(object)->core;
  G_OBJECT_CLASS(gst_look_match_parent_class)->finalize(object);
}

static void gst_look_match_class_init(GstLookMatchClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_look_match_debug, "lookmatch", 0, "colours of clips held together");
  object_class->set_property = gst_look_match_set_property;
  object_class->get_property = gst_look_match_get_property;
  object_class->finalize = gst_look_match_finalize;
  table().install(object_class);
  element_class->change_state = gst_look_match_change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Look matcher", "Filter/Effect/Video",
                                        "Holds the colours of clips that belong together",
                                        AIGC_PACKAGE);
}

static void gst_look_match_init(GstLookMatch* self) {
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  GstPad* src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_chain_function(sink, gst_look_match_chain);
  gst_pad_set_event_function(sink, gst_look_match_sink_event);
  gst_pad_set_query_function(src, gst_look_match_src_query);
  for (GstPad* pad : {sink, src}) {
    GST_PAD_SET_PROXY_CAPS(pad);
    gst_element_add_pad(GST_ELEMENT(self), pad);
  }
  GST_PAD_SET_PROXY_ALLOCATION(sink);
  self->core = new LookMatchCore(src);
}
