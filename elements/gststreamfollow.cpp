// SPDX-License-Identifier: LGPL-2.1-or-later
// streamfollow: the GObject and its pads; what happens to data is in streamfollow_core.

/**
 * SECTION:element-streamfollow
 * @title: streamfollow
 *
 * Holds streams to the length of a main one: music under a film ends with the film. Every sink pad
 * `sink_N` has a src pad `src_N`. The stream on `sink_0` is the main one, unless the pad property
 * `main` says otherwise; it passes unchanged. All others follow: they are cut where the main ends,
 * never stretched, and raw audio (S16LE or F32LE) fades out over the last `fade` of it. With `loop`
 * a follower that ends before starts again from its beginning.
 *
 * The main never waits for a follower. Since nobody knows the end before it comes, the main's input
 * runs ahead of its output by the fade and a second, in a queue of its own: put streamfollow behind
 * the encoder, where this is little memory. No further queues are needed before a muxer.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=300 ! x264enc ! h264parse ! sf.sink_0 \
 *   filesrc location=music.mp3 ! decodebin ! audioconvert ! audioresample ! sf.sink_1 \
 *   streamfollow name=sf fade=1000000000 loop=true \
 *   sf.src_0 ! mp4mux name=m ! filesink location=o.mp4  sf.src_1 ! avenc_aac ! m.
 * ]| Ten seconds of pictures with ten seconds of music, faded out over the last.
 */
#include "gststreamfollow.h"

#include "config.h"
#include "stage/properties.h"
#include "streamfollow_core.h"

using namespace aigc;

GST_DEBUG_CATEGORY_STATIC(gst_stream_follow_debug);
#define GST_CAT_DEFAULT gst_stream_follow_debug

namespace {

struct Settings {
  guint64 fade = 0;
  bool loop = false;
};

const PropertyTable<Settings>& table() {
  static const PropertyTable<Settings> properties({
      {"fade", "Time over which raw audio followers fade out before the end, in ns (default: 0)",
       &Settings::fade, Mutable::ready, 0, 3600.0 * GST_SECOND},
      {"loop", "Whether followers that end early start again (default: false)", &Settings::loop},
  });
  return properties;
}

struct Private {
  explicit Private(GstElement* element) : core(element) {}
  FollowCore core;
  Guarded<Settings> settings;
  guint next = 0; ///< number of the next pad; under the object lock
};

} // namespace

// ------------------------------------------------------------------------------------------- pads

struct _GstStreamFollowPad {
  GstPad parent;
  std::shared_ptr<FollowStream>* stream;
};

G_DEFINE_FINAL_TYPE(GstStreamFollowPad, gst_stream_follow_pad, GST_TYPE_PAD)

static void gst_stream_follow_pad_set_property(GObject* object, guint, const GValue* value,
                                               GParamSpec*) {
  auto& stream = **GST_STREAM_FOLLOW_PAD(object)->stream;
  if (stream.core) stream.core->set_main(stream, g_value_get_boolean(value));
}

static void gst_stream_follow_pad_get_property(GObject* object, guint, GValue* value, GParamSpec*) {
  auto& stream = **GST_STREAM_FOLLOW_PAD(object)->stream;
  g_value_set_boolean(value, stream.core && stream.core->is_main(stream));
}

static void gst_stream_follow_pad_finalize(GObject* object) {
  delete GST_STREAM_FOLLOW_PAD(object)->stream;
  G_OBJECT_CLASS(gst_stream_follow_pad_parent_class)->finalize(object);
}

static void gst_stream_follow_pad_class_init(GstStreamFollowPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_stream_follow_pad_set_property;
  object_class->get_property = gst_stream_follow_pad_get_property;
  object_class->finalize = gst_stream_follow_pad_finalize;
  g_object_class_install_property(
      object_class, 1,
      g_param_spec_boolean("main", "Main",
                           "Whether the others follow this stream (default: true for sink_0 only)",
                           FALSE,
                           static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                    GST_PARAM_MUTABLE_READY)));
}

static void gst_stream_follow_pad_init(GstStreamFollowPad* self) {
  self->stream = new std::shared_ptr<FollowStream>(std::make_shared<FollowStream>());
}

// ---------------------------------------------------------------------------------------- element

struct _GstStreamFollow {
  GstElement parent;
  Private* priv;
};

static void gst_stream_follow_child_proxy_init(gpointer iface, gpointer);

G_DEFINE_FINAL_TYPE_WITH_CODE(GstStreamFollow, gst_stream_follow, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                                    gst_stream_follow_child_proxy_init))
GST_ELEMENT_REGISTER_DEFINE(streamfollow, "streamfollow", GST_RANK_NONE, GST_TYPE_STREAM_FOLLOW)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

static Private& of(gpointer self) {
  return *GST_STREAM_FOLLOW(self)->priv;
}

/// The stream of a sink pad, or of the src pad that belongs to it.
static FollowStream& stream_of(GstPad* pad) {
  gpointer sink = GST_PAD_IS_SINK(pad) ? pad : gst_pad_get_element_private(pad);
  return **GST_STREAM_FOLLOW_PAD(sink)->stream;
}

static GstFlowReturn gst_stream_follow_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return of(parent).core.chain(stream_of(pad), adopt(buffer));
}

static gboolean gst_stream_follow_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return of(parent).core.event(stream_of(pad), adopt(event));
}

static gboolean gst_stream_follow_src_activate(GstPad* pad, GstObject* parent, GstPadMode mode,
                                               gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  if (active)
    of(parent).core.activate(stream_of(pad));
  else
    of(parent).core.deactivate(stream_of(pad));
  return TRUE;
}

/// Queries and upstream events of one stream stay with it.
static GstIterator* gst_stream_follow_links(GstPad* pad, GstObject*) {
  FollowStream& stream = stream_of(pad);
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_PAD);
  g_value_set_object(&value, GST_PAD_IS_SINK(pad) ? stream.src : stream.sink);
  GstIterator* iterator = gst_iterator_new_single(GST_TYPE_PAD, &value);
  g_value_unset(&value);
  return iterator;
}

static guint claim_number(GstStreamFollow* self, const gchar* name) {
  Private& priv = of(self);
  GST_OBJECT_LOCK(self);
  guint number = priv.next;
  if (name && g_str_has_prefix(name, "sink_"))
    number = static_cast<guint>(g_ascii_strtoull(name + 5, nullptr, 10));
  priv.next = std::max(priv.next, number + 1);
  GST_OBJECT_UNLOCK(self);
  return number;
}

static GstPad* make_src_pad(GstPad* sink, const std::string& name) {
  GstPad* src = gst_pad_new_from_static_template(&src_template, name.c_str());
  gst_pad_set_element_private(src, sink);
  gst_pad_set_activatemode_function(src, gst_stream_follow_src_activate);
  gst_pad_set_iterate_internal_links_function(src, gst_stream_follow_links);
  GST_PAD_SET_PROXY_CAPS(src);
  return src;
}

static GstPad* gst_stream_follow_request_pad(GstElement* element, GstPadTemplate* from,
                                             const gchar* name, const GstCaps*) {
  auto* self = GST_STREAM_FOLLOW(element);
  const guint number = claim_number(self, name);
  const std::string sink_name = "sink_" + std::to_string(number);
  if (auto before = adopt(gst_element_get_static_pad(element, sink_name.c_str()))) return nullptr;
  auto* sink = GST_PAD(g_object_new(GST_TYPE_STREAM_FOLLOW_PAD, "name", sink_name.c_str(),
                                    "direction", GST_PAD_SINK, "template", from, nullptr));
  gst_pad_set_chain_function(sink, gst_stream_follow_chain);
  gst_pad_set_event_function(sink, gst_stream_follow_sink_event);
  gst_pad_set_iterate_internal_links_function(sink, gst_stream_follow_links);
  GST_PAD_SET_PROXY_CAPS(sink);
  GstPad* src = make_src_pad(sink, "src_" + std::to_string(number));
  *GST_STREAM_FOLLOW_PAD(sink)->stream = of(self).core.add(sink, src, number == 0);
  gst_element_add_pad(element, src);
  gst_element_add_pad(element, sink);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(sink), GST_OBJECT_NAME(sink));
  return sink;
}

static void gst_stream_follow_release_pad(GstElement* element, GstPad* pad) {
  FollowStream& stream = stream_of(pad);
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_OBJECT_NAME(pad));
  gst_pad_set_active(stream.src, FALSE);
  gst_pad_set_active(pad, FALSE);
  of(element).core.remove(&stream);
  gst_element_remove_pad(element, stream.src);
  gst_element_remove_pad(element, pad);
}

static GstStateChangeReturn gst_stream_follow_change_state(GstElement* element,
                                                           GstStateChange transition) {
  Private& priv = of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    const Settings settings = priv.settings.snapshot();
    priv.core.start();
    priv.core.set_fade(settings.fade);
    priv.core.set_loop(settings.loop);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    priv.core.stop();
  }
  const auto result =
      GST_ELEMENT_CLASS(gst_stream_follow_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) priv.core.reset();
  return result;
}

static void gst_stream_follow_set_property(GObject* object, guint id, const GValue* value,
                                           GParamSpec* spec) {
  if (!table().set(*of(object).settings.lock(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_stream_follow_get_property(GObject* object, guint id, GValue* value,
                                           GParamSpec* spec) {
  if (!table().get(of(object).settings.snapshot(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_stream_follow_finalize(GObject* object) {
  delete GST_STREAM_FOLLOW(object)->priv;
  G_OBJECT_CLASS(gst_stream_follow_parent_class)->finalize(object);
}

static guint gst_stream_follow_children(GstChildProxy* proxy) {
  GST_OBJECT_LOCK(proxy);
  const guint count = GST_ELEMENT(proxy)->numsinkpads;
  GST_OBJECT_UNLOCK(proxy);
  return count;
}

static GObject* gst_stream_follow_child(GstChildProxy* proxy, guint index) {
  GST_OBJECT_LOCK(proxy);
  gpointer pad = g_list_nth_data(GST_ELEMENT(proxy)->sinkpads, index);
  if (pad) gst_object_ref(pad);
  GST_OBJECT_UNLOCK(proxy);
  return static_cast<GObject*>(pad);
}

static void gst_stream_follow_child_proxy_init(gpointer iface, gpointer) {
  auto* proxy = static_cast<GstChildProxyInterface*>(iface);
  proxy->get_children_count = gst_stream_follow_children;
  proxy->get_child_by_index = gst_stream_follow_child;
}

static void gst_stream_follow_class_init(GstStreamFollowClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_stream_follow_debug, "streamfollow", 0, "streams of equal length");
  object_class->set_property = gst_stream_follow_set_property;
  object_class->get_property = gst_stream_follow_get_property;
  object_class->finalize = gst_stream_follow_finalize;
  table().install(object_class);
  element_class->change_state = gst_stream_follow_change_state;
  element_class->request_new_pad = gst_stream_follow_request_pad;
  element_class->release_pad = gst_stream_follow_release_pad;
  gst_element_class_add_static_pad_template_with_gtype(element_class, &sink_template,
                                                       GST_TYPE_STREAM_FOLLOW_PAD);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Stream follower", "Generic/Audio",
                                        "Cuts streams such as music to the length of a main one",
                                        AIGC_PACKAGE);
  gst_type_mark_as_plugin_api(GST_TYPE_STREAM_FOLLOW_PAD, static_cast<GstPluginAPIFlags>(0));
}

static void gst_stream_follow_init(GstStreamFollow* self) {
  self->priv = new Private(GST_ELEMENT(self));
}
