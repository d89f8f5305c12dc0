// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject side of a stage: pads, events, queries, states. What flows is in flow.cpp.
#include "stage/gstaigcstage.h"

#include "shot/shot_meta.h"
#include "stage/context.h"
#include "stage/flow.h"
#include "stage/live.h"
#include "stage/pads.h"
#include "stage/report.h"

GST_DEBUG_CATEGORY(gst_aigc_stage_debug);
#define GST_CAT_DEFAULT gst_aigc_stage_debug

using namespace aigc;

struct GstAigcStagePrivate {
  std::unique_ptr<StageKind> kind;
  std::shared_ptr<StageFlow> flow;
  GstPad* src = nullptr; ///< owned by the element
};

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(GstAigcStage, gst_aigc_stage, GST_TYPE_ELEMENT,
                                 G_ADD_PRIVATE(GstAigcStage)
                                     G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))

static GstAigcStagePrivate* get_private(gpointer stage) {
  return static_cast<GstAigcStagePrivate*>(
      gst_aigc_stage_get_instance_private(GST_AIGC_STAGE(stage)));
}

static StageFlow& flow_of(gpointer stage) {
  return *get_private(stage)->flow;
}

// --- events and queries --------------------------------------------------------------------------

static gboolean start_task(GstPad* src, gpointer stage) {
  return gst_pad_start_task(
      src, [](gpointer self) { flow_of(self).loop(); }, stage, nullptr);
}

static gboolean flush_start(GstElement* element, Ref<GstEvent> event) {
  GstPad* src = get_private(element)->src;
  flow_of(element).cancel();
  const gboolean pushed = gst_pad_push_event(src, event.leak());
  if (GST_PAD_IS_ACTIVE(src)) gst_pad_pause_task(src);
  return pushed;
}

static gboolean flush_stop(GstElement* element, Ref<GstEvent> event) {
  GstPad* src = get_private(element)->src;
  flow_of(element).cancel(); // a FLUSH_STOP may come alone
  GST_PAD_STREAM_LOCK(src);  // the task has left its loop once this is had
  GST_PAD_STREAM_UNLOCK(src);
  flow_of(element).flush_stop();
  const gboolean pushed = gst_pad_push_event(src, event.leak());
  if (GST_PAD_IS_ACTIVE(src)) start_task(src, element);
  return pushed;
}

static gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* raw) {
  auto event = adopt(raw);
  GstElement* element = GST_ELEMENT(parent);
  StageFlow& flow = flow_of(parent);
  GstPad* src = get_private(parent)->src;
  switch (GST_EVENT_TYPE(event.get())) {
  case GST_EVENT_STREAM_START:
    return TRUE;
  case GST_EVENT_CAPS: {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    flow.set_caps(caps);
    return TRUE;
  }
  case GST_EVENT_SEGMENT: {
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    flow.set_segment(*segment);
    return TRUE;
  }
  case GST_EVENT_EOS:
    flow.end_of_stream();
    return TRUE;
  case GST_EVENT_FLUSH_START:
    return flush_start(element, std::move(event));
  case GST_EVENT_FLUSH_STOP:
    return flush_stop(element, std::move(event));
  case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    if (const auto id = cancelled_id(event.get())) flow.drop(*id);
    if (gst_event_has_name(event.get(), kFinishEvent)) flow.finish();
    return gst_pad_push_event(src, event.leak());
  default:
    break;
  }
  if (!GST_EVENT_IS_SERIALIZED(event.get()))
    return gst_pad_event_default(pad, parent, event.leak());
  flow.queue_event(std::move(event));
  return TRUE;
}

static gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) return FALSE;
  if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS) return gst_pad_query_default(pad, parent, query);
  // While running, nothing is taken that could not leave again: an element before this one then
  // finds out before it asks its own service.
  GstPad* src = get_private(parent)->src;
  auto mine = adopt(gst_pad_get_pad_template_caps(pad));
  if (GST_PAD_IS_ACTIVE(src) && gst_pad_is_linked(src)) {
    auto allowed = adopt(gst_pad_peer_query_caps(src, nullptr));
    mine = flow_of(parent).what_is_taken(mine.get(), allowed.get());
  }
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  if (filter) mine = adopt(gst_caps_intersect_full(filter, mine.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, mine.get());
  return TRUE;
}

static gboolean src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) {
    gst_event_unref(event);
    return FALSE;
  }
  if (const auto seconds = demanded_seconds(event)) {
    gst_event_unref(event);
    gst_pad_event_default(pad, parent, demand_event(flow_of(parent).demand(*seconds)).leak());
    return TRUE;
  }
  return gst_pad_event_default(pad, parent, event);
}

/// Before caps are settled the properties narrow what the template has.
static bool answer_caps(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (gst_pad_has_current_caps(pad)) return false;
  auto offered = get_private(parent)->kind->offered();
  if (!offered) return false;
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  if (filter)
    offered = adopt(gst_caps_intersect_full(filter, offered.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, offered.get());
  return true;
}

static gboolean src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
  case GST_QUERY_POSITION: {
    GstFormat format;
    gst_query_parse_position(query, &format, nullptr);
    if (format != GST_FORMAT_TIME) return FALSE;
    gst_query_set_position(query, format, static_cast<gint64>(flow_of(parent).position()));
    return TRUE;
  }
  case GST_QUERY_SEEKING: {
    GstFormat format;
    gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
    gst_query_set_seeking(query, format, FALSE, 0, -1);
    return TRUE;
  }
  case GST_QUERY_LATENCY:
    if (GST_ELEMENT(parent)->numsinkpads > 0) break;
    gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  case GST_QUERY_DURATION:
    return FALSE;
  case GST_QUERY_CUSTOM:
    if (!is_supply_query(query)) break;
    gst_pad_query_default(pad, parent, query); // those in front, if there are any
    set_supply_facts(query, flow_of(parent).with_supply(supply_facts(query)));
    return TRUE;
  case GST_QUERY_CAPS:
    if (answer_caps(pad, parent, query)) return TRUE;
    break;
  default:
    break;
  }
  return gst_pad_query_default(pad, parent, query);
}

static GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  return flow_of(parent).chain(adopt(buffer));
}

// --- pads and states -----------------------------------------------------------------------------

static gboolean activate_src(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  if (!active) {
    flow_of(parent).cancel();
    return gst_pad_stop_task(pad);
  }
  return start_task(pad, parent);
}

static GstPad* request_new_pad(GstElement* element, GstPadTemplate* tmpl, const gchar*,
                               const GstCaps*) {
  GST_OBJECT_LOCK(element);
  bool possible = element->numsinkpads == 0 && GST_STATE(element) <= GST_STATE_READY;
  GST_OBJECT_UNLOCK(element);
  possible = possible && !flow_of(element).is_open();
  if (!possible) {
    GST_ERROR_OBJECT(element, "one sink at most, and only before PAUSED");
    return nullptr;
  }
  GstPad* pad = gst_pad_new_from_template(tmpl, "sink");
  gst_pad_set_chain_function(pad, chain);
  gst_pad_set_event_function(pad, sink_event);
  gst_pad_set_query_function(pad, sink_query);
  gst_element_add_pad(element, pad);
  GST_OBJECT_FLAG_UNSET(element, GST_ELEMENT_FLAG_SOURCE);
  return pad;
}

static void release_pad(GstElement* element, GstPad* pad) {
  flow_of(element).end_input(); // an upstream that waits in chain() would hold the pad
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
  GST_OBJECT_FLAG_SET(element, GST_ELEMENT_FLAG_SOURCE);
}

/// The sink of a filter, if there is one.
static Ref<GstPad> sink_of(GstElement* element) {
  return adopt(gst_element_get_static_pad(element, "sink"));
}

static gboolean send_event(GstElement* element, GstEvent* raw) {
  auto event = adopt(raw);
  switch (GST_EVENT_TYPE(event.get())) {
  case GST_EVENT_EOS:
    flow_of(element).finish();
    push_finish(element, get_private(element)->src);
    return TRUE;
  case GST_EVENT_FLUSH_START:
    if (auto sink = sink_of(element)) return gst_pad_send_event(sink.get(), event.leak());
    return flush_start(element, std::move(event));
  case GST_EVENT_FLUSH_STOP:
    if (auto sink = sink_of(element)) return gst_pad_send_event(sink.get(), event.leak());
    return flush_stop(element, std::move(event));
  case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    if (const auto id = cancelled_id(event.get())) {
      flow_of(element).drop(*id);
      return gst_pad_push_event(get_private(element)->src, event.leak());
    }
    [[fallthrough]];
  default:
    return GST_ELEMENT_CLASS(gst_aigc_stage_parent_class)->send_event(element, event.leak());
  }
}

// --- credentials ---------------------------------------------------------------------------------

/// Takes the keys of the context; where one is wanted that nobody gave, the application is asked
/// for it, which answers before the message has been posted, or not at all.
static void find_keys(GstElement* element) {
  StageKind& kind = *get_private(element)->kind;
  kind.set_keys(keys_of_context(element));
  if (!kind.wants_key()) return;
  gst_element_post_message(element,
                           gst_message_new_need_context(GST_OBJECT(element), kCredentialsContext));
  kind.set_keys(keys_of_context(element));
}

static GstStateChangeReturn change_state(GstElement* element, GstStateChange change) {
  StageFlow& flow = flow_of(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED) {
    try {
      find_keys(element);
      flow.open(sink_of(element).get());
      flow.check_downstream();
    } catch (...) {
      report_stage(element, get_private(element)->kind->stage_name(), caught_error());
      flow.close();
      return GST_STATE_CHANGE_FAILURE;
    }
  }
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) flow.shut();
  auto result = GST_ELEMENT_CLASS(gst_aigc_stage_parent_class)->change_state(element, change);
  const bool failed_start =
      change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY || failed_start) flow.close();
  return result;
}

// --- GObject -------------------------------------------------------------------------------------

static void constructed(GObject* object) {
  auto* self = get_private(object);
  GstElement* element = GST_ELEMENT(object);
  self->kind = GST_AIGC_STAGE_GET_CLASS(object)->make_kind();
  self->src = gst_pad_new_from_template(gst_element_get_pad_template(element, "src"), "src");
  gst_pad_set_activatemode_function(self->src, activate_src);
  gst_pad_set_event_function(self->src, src_event);
  gst_pad_set_query_function(self->src, src_query);
  gst_pad_use_fixed_caps(self->src);
  gst_element_add_pad(element, self->src);
  self->flow = std::make_shared<StageFlow>(element, self->src, *self->kind);
  GST_OBJECT_FLAG_SET(element, GST_ELEMENT_FLAG_SOURCE);
  G_OBJECT_CLASS(gst_aigc_stage_parent_class)->constructed(object);
}

static void finalize(GObject* object) {
  get_private(object)->~GstAigcStagePrivate();
  G_OBJECT_CLASS(gst_aigc_stage_parent_class)->finalize(object);
}

static void gst_aigc_stage_init(GstAigcStage* self) {
  new (get_private(self)) GstAigcStagePrivate;
}

static void gst_aigc_stage_class_init(GstAigcStageClass* klass) {
  GST_DEBUG_CATEGORY_INIT(gst_aigc_stage_debug, "aigcstage", 0, "base of the AI stages");
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->constructed = constructed;
  object_class->finalize = finalize;
  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  element_class->send_event = send_event;
  element_class->change_state = change_state;
  register_shot_meta();
  const auto api = static_cast<GstPluginAPIFlags>(0);
  for (GType type :
       {GST_TYPE_AIGC_STAGE, order_type(), on_error_type(), backend_choice_type(), profile_type()})
    gst_type_mark_as_plugin_api(type, api);
}

namespace aigc {

void set_stage_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (!get_private(object)->kind->set_property(id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_stage_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  auto& kind = *get_private(object)->kind;
  if (id == kind.stats_id())
    g_value_take_boxed(value, flow_of(object).stats().release());
  else if (!kind.get_property(id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

GType order_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(Order::input),
         "Results leave in the order the shots came; in a live channel operators' requests first",
         "input"},
        {static_cast<int>(Order::ready), "Results leave as soon as they are ready", "ready"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAigcOrder", values);
  }();
  return type;
}

GType on_error_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(OnError::fail), "The pipeline stops with an error", "fail"},
        {static_cast<int>(OnError::skip), "The shot is left out: a gap and a warning", "skip"},
        {static_cast<int>(OnError::fallback),
         "Words go on as the user wrote them; a picture or clip is made by preview", "fallback"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAigcOnError", values);
  }();
  return type;
}

} // namespace aigc
