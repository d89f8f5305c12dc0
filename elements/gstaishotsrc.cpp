// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc: shot lists as a source of words, one buffer a shot.
/**
 * SECTION:element-aishotsrc
 * @title: aishotsrc
 *
 * Sends the shots of a list: one sentence (script), or a file of sentences (TXT) or shots (JSON,
 * JSONL). Every buffer carries its shot as the meta GstAigcShotMeta.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 aishotsrc script="a fox in the snow" ! aipromptenhance ! filesink location=fox.txt
 * ]|
 */
#include "gstaishotsrc.h"

#include "base/error.h"
#include "base/guarded.h"
#include "shot/shot_list.h"
#include "shot/shot_meta.h"
#include "stage/pads.h"
#include "stage/properties.h"
#include "stage/report.h"
#include "stage/text.h"

#include <cmath>
#include <filesystem>

#include <gst/base/gstpushsrc.h>

using namespace aigc;

namespace {

constexpr gsize kMaxListBytes = 64u << 20;

struct ListSettings {
  std::string script;
  std::string location;

  static const PropertyTable<ListSettings>& table();
};

const PropertyTable<ListSettings>& ListSettings::table() {
  using S = ListSettings;
  static const PropertyTable<S> properties({
      {"script", "One sentence: a list of one shot (default: none)", &S::script},
      {"location",
       "File of shots: .json, .jsonl, anything else is one sentence a line (default: none)",
       &S::location},
  });
  return properties;
}

/// Where the list is; touched on the streaming thread, emptied by stop().
struct Reel {
  std::vector<Shot> shots;
  size_t next = 0;
  GstClockTime position = 0;
  bool loaded = false;
  bool ending = false; ///< the user sent EOS
};

std::string read_list(const std::string& location) {
  if (!g_file_test(location.c_str(), G_FILE_TEST_EXISTS))
    throw Error(Fault::not_found, "location \"" + location + "\" does not exist",
                "give the path of a shot list");
  if (!g_file_test(location.c_str(), G_FILE_TEST_IS_REGULAR))
    throw Error(Fault::read, "location \"" + location + "\" is not a file",
                "give the path of a shot list");
  std::error_code failed;
  if (const auto size = std::filesystem::file_size(location, failed);
      !failed && size > kMaxListBytes)
    throw Error(Fault::format,
                "location \"" + location + "\" is " + std::to_string(size) + " bytes",
                "split it into lists of at most " + std::to_string(kMaxListBytes) + " bytes");
  gchar* data = nullptr;
  gsize size = 0;
  ErrorSlot error;
  if (!g_file_get_contents(location.c_str(), &data, &size, error.out()))
    throw Error(Fault::read, "location \"" + location + "\" cannot be read: " + error.message(),
                "look at its permissions");
  Own<gchar> owner(data);
  return {data, size};
}

std::vector<Shot> load(const ListSettings& settings) {
  if (settings.location.empty()) {
    Shot shot;
    shot.id = "shot-1";
    shot.script = settings.script;
    check_shot(shot);
    return {shot};
  }
  try {
    return parse_shot_list(read_list(settings.location), list_format_of(settings.location));
  } catch (const Error& error) {
    if (std::string(error.what()).find(settings.location) != std::string::npos) throw;
    throw Error(error.fault, settings.location + ": " + error.what(), error.remedy);
  }
}

} // namespace

struct GstAiShotSrcPrivate {
  Guarded<ListSettings> settings;
  Guarded<Reel> reel;
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

static gboolean start(GstBaseSrc* source) {
  auto* self = cast(source)->priv;
  const ListSettings settings = self->settings.snapshot();
  *self->reel.lock() = Reel{};
  const bool script = !is_blank(settings.script), location = !settings.location.empty();
  if (script != location) return TRUE;
  report(GST_ELEMENT(source),
         Error(Fault::settings, script ? "both script and location are set" : "there are no shots",
               "set script to a sentence or location to a shot list, one of them"));
  return FALSE;
}

static gboolean stop(GstBaseSrc* source) {
  *cast(source)->priv->reel.lock() = Reel{};
  return TRUE;
}

static gboolean is_seekable(GstBaseSrc*) {
  return FALSE;
}

/// The file is read here, not in a state change.
static GstFlowReturn create(GstPushSrc* source, GstBuffer** result) {
  auto* self = cast(source)->priv;
  const ListSettings settings = self->settings.snapshot();
  Shot shot;
  GstClockTime pts = 0, duration = 0;
  try {
    auto reel = self->reel.lock();
    if (!std::exchange(reel->loaded, true)) reel->shots = load(settings);
    if (reel->ending || reel->next == reel->shots.size()) return GST_FLOW_EOS;
    shot = reel->shots[reel->next++];
    const double seconds = shot.duration > 0 ? shot.duration : kDefaultShotSeconds;
    duration = static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
    pts = std::exchange(reel->position, reel->position + duration);
  } catch (...) {
    report(GST_ELEMENT(source), caught_error());
    return GST_FLOW_FLUSHING; // GST_FLOW_ERROR would add a second, empty error
  }
  GstBuffer* buffer = text_buffer(shot.words()).leak();
  set_buffer_shot(buffer, shot);
  GST_BUFFER_PTS(buffer) = pts;
  if (shot.duration > 0) GST_BUFFER_DURATION(buffer) = duration;
  *result = buffer;
  return GST_FLOW_OK;
}

/// A user's EOS (Ctrl-C with -e) ends the stages behind as well, however much they have queued.
/// GstBaseSrc would wait here for a streaming thread that waits in them.
static gboolean send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_ai_shot_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  cast(element)->priv->reel.lock()->ending = true;
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
  self->priv = new GstAiShotSrcPrivate;
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
  source_class->is_seekable = is_seekable;
  GST_PUSH_SRC_CLASS(klass)->create = create;
  register_shot_meta();
}
