// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc: shot lists as a source of words, one buffer a shot.
/**
 * SECTION:element-aishotsrc
 * @title: aishotsrc
 *
 * Sends the shots of a list: one sentence (script), or a file (location) of sentences (TXT) or of
 * shots with their fields (CSV, JSON, JSONL). Every buffer carries its shot as the meta
 * GstAigcShotMeta. The list is checked whole before the first shot is sent; its rows are read one
 * by one, however many there are.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 aishotsrc script="a fox in the snow" ! aipromptenhance ! filesink location=fox.txt
 * gst-launch-1.0 aishotsrc location=shots.csv languages=zh,en ! qwenimagesrc ! fakesink
 * ]|
 */
#include "gstaishotsrc.h"

#include "aishotsrc_actions.h"
#include "aishotsrc_feed.h"
#include "shot/shot_meta.h"
#include "stage/live.h"
#include "stage/pads.h"
#include "stage/report.h"
#include "stage/text.h"

#include <atomic>
#include <cmath>

#include <gst/base/gstpushsrc.h>

using namespace aigc;

namespace {

/// How many rows are told of one by one: nobody reads more, and the bus would keep them all.
constexpr guint kMaxTold = 100;

/// Tells the bus of rows that are left out.
class BadRows {
 public:
  BadRows(GstElement* element, OnBadRow then) : element_(element), then_(then) {}

  void operator()(const std::string& id, const Error& error) {
    if (then_ == OnBadRow::fail) throw error;
    if (++count_ > kMaxTold) return;
    Shot shot;
    shot.id = id;
    const std::string code = "list:" + id;
    post_progress(element_, GST_PROGRESS_TYPE_START, code, "reading");
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, code, error.what());
    post_shot_failed(element_, shot, "list", error, true);
    report(element_, error, false);
  }

  void tell_rest() const {
    if (count_ <= kMaxTold) return;
    const guint more = count_ - kMaxTold;
    const Error error(Fault::settings, std::to_string(more) + " more rows are left out",
                      "correct those named before, and look again");
    Shot shot;
    shot.id = "more";
    post_shot_failed(element_, shot, "list", error, true, more);
    report(element_, error, false);
  }

 private:
  GstElement* element_;
  OnBadRow then_;
  guint count_ = 0;
};

} // namespace

struct GstAiShotSrcPrivate {
  explicit GstAiShotSrcPrivate(ShotFeed::Listener listener) : feed(std::move(listener)) {}

  Guarded<ListSettings> settings;
  std::atomic<bool> ending = false; ///< the user sent EOS
  GstClockTime position = 0;        ///< the streaming thread's
  ShotFeed feed;
};

struct GstAiShotSrc {
  GstPushSrc parent;
  GstAiShotSrcPrivate* priv;
};
struct GstAiShotSrcClass {
  GstPushSrcClass parent_class;
};

GType gst_ai_shot_src_get_type();
G_DEFINE_TYPE_WITH_CODE(GstAiShotSrc, gst_ai_shot_src, GST_TYPE_PUSH_SRC,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(aishotsrc, "aishotsrc", GST_RANK_NONE, gst_ai_shot_src_get_type())

static GstAiShotSrc* cast(gpointer object) {
  return G_TYPE_CHECK_INSTANCE_CAST(object, gst_ai_shot_src_get_type(), GstAiShotSrc);
}

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(AIGC_TEXT_CAPS));

ShotFeed& aigc::shot_feed(GstElement* element) {
  return cast(element)->priv->feed;
}

static gboolean start(GstBaseSrc* source) {
  auto* self = cast(source)->priv;
  self->ending = false;
  self->position = 0;
  try {
    check_list_settings(self->settings.snapshot());
    self->feed.begin();
    return TRUE;
  } catch (...) {
    report(GST_ELEMENT(source), caught_error());
    return FALSE;
  }
}

static gboolean stop(GstBaseSrc* source) {
  cast(source)->priv->feed.end();
  return TRUE;
}

static gboolean unlock(GstBaseSrc* source) {
  cast(source)->priv->feed.stop();
  return TRUE;
}

static gboolean unlock_stop(GstBaseSrc* source) {
  cast(source)->priv->feed.go_on();
  return TRUE;
}

static gboolean is_seekable(GstBaseSrc*) {
  return FALSE;
}

/// What those behind tell of the air.
static gboolean event(GstBaseSrc* source, GstEvent* event) {
  auto& feed = cast(source)->priv->feed;
  if (const auto seconds = demanded_seconds(event)) {
    feed.demand(*seconds);
    return TRUE;
  }
  if (const auto item = aired_item(event)) {
    feed.aired(item->id);
    return TRUE;
  }
  return GST_BASE_SRC_CLASS(gst_ai_shot_src_parent_class)->event(source, event);
}

static void check_list(GstElement* element, ShotListReader& reader, bool at_beginning,
                       const Cancel* cancel) {
  const auto settings = cast(element)->priv->settings.snapshot();
  BadRows bad(element, at_beginning ? static_cast<OnBadRow>(settings.on_error) : OnBadRow::fail);
  reader.check(std::ref(bad), cancel);
  bad.tell_rest();
  for (const Error& doubt : reader.warnings())
    report(element, doubt, false);
}

/// On a thread of its own: who removes a shot does not wait for the streaming thread.
static void push_cancel(GstElement* element, const std::string& id) {
  gst_element_call_async(
      element,
      [](GstElement* source, gpointer event) {
        gst_pad_push_event(GST_BASE_SRC_PAD(source), gst_event_ref(GST_EVENT(event)));
      },
      cancel_event(id).leak(), [](gpointer event) { gst_event_unref(GST_EVENT(event)); });
}

static ShotFeed::Listener listener(GstElement* element) {
  return {
      .settings = [element] { return cast(element)->priv->settings.snapshot(); },
      .check =
          [element](ShotListReader& reader, bool at_beginning, const Cancel* cancel) {
            check_list(element, reader, at_beginning, cancel);
          },
      .warn = [element](const Error& error) { report(element, error, false); },
      .cancel_shot = [element](const std::string& id) { push_cancel(element, id); },
  };
}

static GstFlowReturn create(GstPushSrc* source, GstBuffer** result) {
  auto* self = cast(source)->priv;
  if (self->ending) return GST_FLOW_EOS;
  std::optional<Shot> shot;
  try {
    shot = self->feed.next();
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled) return self->ending ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
    report(GST_ELEMENT(source), error);
    return GST_FLOW_FLUSHING; // GST_FLOW_ERROR would add a second, empty error
  }
  if (!shot) return GST_FLOW_EOS;
  const double seconds = shot->duration > 0 ? shot->duration : kDefaultShotSeconds;
  const auto duration = static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
  GstBuffer* buffer = text_buffer(shot->words()).leak();
  set_buffer_shot(buffer, *shot);
  GST_BUFFER_PTS(buffer) = self->position;
  if (shot->duration > 0) GST_BUFFER_DURATION(buffer) = duration;
  self->position += duration;
  *result = buffer;
  return GST_FLOW_OK;
}

/// A user's EOS (Ctrl-C with -e) ends the stages behind as well, however much they have queued.
/// GstBaseSrc would wait here for a streaming thread that waits in them.
static gboolean send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_ai_shot_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  auto* self = cast(element)->priv;
  self->ending = true;
  unlock(GST_BASE_SRC(element));
  push_finish(element, GST_BASE_SRC_PAD(element));
  return TRUE;
}

static void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (!ListSettings::table().set(*cast(object)->priv->settings.lock(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (!ListSettings::table().get(cast(object)->priv->settings.snapshot(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void finalize(GObject* object) {
  delete cast(object)->priv;
  G_OBJECT_CLASS(gst_ai_shot_src_parent_class)->finalize(object);
}

static void gst_ai_shot_src_init(GstAiShotSrc* self) {
  self->priv = new GstAiShotSrcPrivate(listener(GST_ELEMENT(self)));
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}

static void gst_ai_shot_src_class_init(GstAiShotSrcClass* klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  ListSettings::table().install(object_class);
  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->send_event = send_event;
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Shot list source", "Source/Text",
                                        "Sends the shots of a list as words", "gst-plugins-aigc");
  auto source_class = GST_BASE_SRC_CLASS(klass);
  source_class->start = start;
  source_class->stop = stop;
  source_class->unlock = unlock;
  source_class->unlock_stop = unlock_stop;
  source_class->is_seekable = is_seekable;
  source_class->event = event;
  GST_PUSH_SRC_CLASS(klass)->create = create;
  install_list_actions(object_class);
  register_shot_meta();
}
