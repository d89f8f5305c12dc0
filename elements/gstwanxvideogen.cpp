// SPDX-License-Identifier: LGPL-2.1-or-later
// wanxvideogen: camera and player in one. Words or keyframes in, video and sound out.
/**
 * SECTION:element-wanxvideogen
 * @title: wanxvideogen
 *
 * A bin of wanxclipgen and clipjoin with the properties of both. The pad `video` is always there;
 * `audio` is requested, and then brings continuous sound, silence where a clip has none.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e wanxvideogen prompt="a fox in the snow" duration=3 ! videoconvert ! x264enc \
 *   ! h264parse ! mp4mux ! filesink location=fox.mp4
 * ]|
 */
#include "gstwanxvideogen.h"

#include "base/ref.h"
#include "gstclipjoin.h"
#include "property_proxy.h"
#include "stage/text.h"

using namespace aigc;

struct GstWanxVideoGen {
  GstBin parent;
  GstElement* camera; ///< owned by the bin
  GstElement* player;
};
struct GstWanxVideoGenClass {
  GstBinClass parent_class;
};

GType gst_wanx_clip_gen_get_type();
GType gst_wanx_video_gen_get_type();
G_DEFINE_TYPE_WITH_CODE(GstWanxVideoGen, gst_wanx_video_gen, GST_TYPE_BIN,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(wanxvideogen, "wanxvideogen", GST_RANK_NONE,
                            gst_wanx_video_gen_get_type())

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS(AIGC_TEXT_CAPS "; image/png; image/jpeg; image/webp; "
                                                           "video/x-raw"));
static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE("audio", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS("audio/x-raw"));

static GstWanxVideoGen* cast(gpointer object) {
  return G_TYPE_CHECK_INSTANCE_CAST(object, gst_wanx_video_gen_get_type(), GstWanxVideoGen);
}

static GstPad* request_new_pad(GstElement* element, GstPadTemplate* tmpl, const gchar*,
                               const GstCaps*) {
  auto* self = cast(element);
  const char* name = GST_PAD_TEMPLATE_NAME_TEMPLATE(tmpl);
  const bool is_sink = GST_PAD_TEMPLATE_DIRECTION(tmpl) == GST_PAD_SINK;
  if (adopt(gst_element_get_static_pad(element, name))) return nullptr; // one of each
  GstPad* target = gst_element_request_pad_simple(is_sink ? self->camera : self->player, name);
  if (!target) return nullptr;
  GstPad* ghost = gst_ghost_pad_new_from_template(name, target, tmpl);
  gst_object_unref(target);
  gst_pad_set_active(ghost, TRUE);
  gst_element_add_pad(element, ghost);
  if (is_sink) GST_OBJECT_FLAG_UNSET(element, GST_ELEMENT_FLAG_SOURCE);
  return ghost;
}

static void release_pad(GstElement* element, GstPad* ghost) {
  GstPad* target = gst_ghost_pad_get_target(GST_GHOST_PAD(ghost));
  const bool is_sink = GST_PAD_IS_SINK(ghost);
  // The child first: it sends home an upstream that waits in it, which the ghost would wait for.
  if (target)
    gst_element_release_request_pad(is_sink ? cast(element)->camera : cast(element)->player,
                                    target);
  gst_clear_object(&target);
  gst_pad_set_active(ghost, FALSE);
  gst_element_remove_pad(element, ghost);
  if (is_sink) GST_OBJECT_FLAG_SET(element, GST_ELEMENT_FLAG_SOURCE);
}

static void set_property(GObject* object, guint, const GValue* value, GParamSpec* spec) {
  set_child_property(GST_BIN(object), spec->name, value);
}

static void get_property(GObject* object, guint, GValue* value, GParamSpec* spec) {
  get_child_property(GST_BIN(object), spec->name, value);
}

static void gst_wanx_video_gen_init(GstWanxVideoGen* self) {
  GstElement* element = GST_ELEMENT(self);
  gst_bin_set_suppressed_flags(GST_BIN(self), GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
  self->camera = GST_ELEMENT(g_object_new(gst_wanx_clip_gen_get_type(), "name", "camera", nullptr));
  self->player = GST_ELEMENT(g_object_new(GST_TYPE_CLIP_JOIN, "name", "player", nullptr));
  gst_bin_add_many(GST_BIN(self), self->camera, self->player, nullptr);
  gst_element_link(self->camera, self->player);
  GstPad* video = gst_element_get_static_pad(self->player, "video");
  gst_element_add_pad(element, gst_ghost_pad_new_from_template(
                                   "video", video, gst_element_get_pad_template(element, "video")));
  gst_object_unref(video);
}

static void gst_wanx_video_gen_class_init(GstWanxVideoGenClass* klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  const guint next = install_child_properties(object_class, gst_wanx_clip_gen_get_type(), 1);
  install_child_properties(object_class, GST_TYPE_CLIP_JOIN, next);
  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(
      element_class, "AI video", "Source/Converter/Text/Image/Video/Network",
      "Films shots and plays the clips end to end", "gst-plugins-aigc");
}
