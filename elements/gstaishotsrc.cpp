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

#include "base/cancel.h"
#include "base/error.h"
#include "base/guarded.h"
#include "shot/language.h"
#include "shot/shot_list.h"
#include "shot/shot_meta.h"
#include "stage/pads.h"
#include "stage/properties.h"
#include "stage/report.h"
#include "stage/text.h"

#include <cmath>
#include <functional>

#include <gst/base/gstpushsrc.h>

using namespace aigc;

namespace {

enum class OnBadRow { fail, skip };

GType on_bad_row_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(OnBadRow::fail), "The pipeline stops with an error", "fail"},
        {static_cast<int>(OnBadRow::skip), "The row is left out, with a warning", "skip"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAiShotSrcOnError", values);
  }();
  return type;
}

struct ListSettings {
  std::string script;
  std::string location;
  int loop = 1;
  bool shuffle = false;
  gint64 seed = -1;
  std::string languages;
  std::string brand;
  std::string takes;
  guint shard_index = 0;
  guint shard_count = 1;
  int on_error = static_cast<int>(OnBadRow::fail);

  static const PropertyTable<ListSettings>& table();
};

const PropertyTable<ListSettings>& ListSettings::table() {
  using S = ListSettings;
  constexpr auto kWhen = Mutable::ready;
  static const PropertyTable<S> properties({
      {"script", "One sentence: a list of one shot (default: none)", &S::script},
      {"location",
       "File of shots: .csv, .tsv, .json, .jsonl, anything else is one sentence a line (default: "
       "none)",
       &S::location},
      {"loop", "How many times the list is sent, 1 or more; -1 = without end", &S::loop, kWhen, -1,
       G_MAXINT},
      {"shuffle", "Whether the shots come in an order by seed, another in each turn of the loop",
       &S::shuffle},
      {"seed", "Order of shuffle; -1 = another in each run", &S::seed, kWhen, -1, 2147483647},
      {"languages",
       "Languages that every shot is sent in, as BCP 47 with commas between them (default: as it "
       "stands)",
       &S::languages},
      {"brand", "Brand file, or name of a brand, of shots that bring none (default: none)",
       &S::brand},
      {"takes", "Takes of single shots by number or id, such as 3=1,7=2 (default: the shots' own)",
       &S::takes},
      {"shard-index", "Which share of the list is sent, from 0", &S::shard_index, kWhen, 0,
       G_MAXINT},
      {"shard-count", "How many shares the list has; chains stay whole", &S::shard_count, kWhen, 1,
       G_MAXINT},
      {"on-error", "What becomes of a row that cannot be used", &S::on_error, kWhen, 0, 0,
       on_bad_row_type},
  });
  return properties;
}

ShotListSettings list_settings(const ListSettings& from) {
  ShotListSettings settings;
  settings.script = from.script;
  settings.location = from.location;
  settings.loop = from.loop;
  settings.shuffle = from.shuffle;
  settings.seed = from.seed < 0 ? g_random_int() : static_cast<std::uint64_t>(from.seed);
  if (!is_blank(from.languages)) settings.languages = read_languages(from.languages);
  settings.brand = from.brand;
  settings.takes = Takes(from.takes);
  settings.shard_index = from.shard_index;
  settings.shard_count = from.shard_count;
  return settings;
}

void check(const ListSettings& settings) {
  const bool script = !is_blank(settings.script), location = !settings.location.empty();
  if (script == location)
    throw Error(Fault::settings, script ? "both script and location are set" : "there are no shots",
                "set script to a sentence or location to a shot list, one of them");
  if (settings.loop == 0)
    throw Error(Fault::settings, "loop is 0", "set how many times the list is sent, or -1");
  if (settings.shard_index >= settings.shard_count)
    throw Error(Fault::settings,
                "shard-index is " + std::to_string(settings.shard_index) + " of " +
                    std::to_string(settings.shard_count),
                "count from 0, and set shard-count");
  list_settings(settings);
}

/// Where the list is. The reader is the streaming thread's alone while it runs.
struct Reel {
  std::shared_ptr<ShotListReader> reader;
  std::shared_ptr<Cancel> cancel = std::make_shared<Cancel>(); ///< what breaks a long read
  GstClockTime position = 0;
  bool ending = false; ///< the user sent EOS
};

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
  *self->reel.lock() = Reel{};
  try {
    check(self->settings.snapshot());
    return TRUE;
  } catch (...) {
    report(GST_ELEMENT(source), caught_error());
    return FALSE;
  }
}

static gboolean stop(GstBaseSrc* source) {
  *cast(source)->priv->reel.lock() = Reel{};
  return TRUE;
}

static gboolean unlock(GstBaseSrc* source) {
  const auto cancel = cast(source)->priv->reel.lock()->cancel;
  cancel->cancel();
  return TRUE;
}

static gboolean unlock_stop(GstBaseSrc* source) {
  cast(source)->priv->reel.lock()->cancel = std::make_shared<Cancel>();
  return TRUE;
}

static gboolean is_seekable(GstBaseSrc*) {
  return FALSE;
}

/// The next shot; none at the end. Files are read here, not in a state change.
static std::optional<Shot> next_shot(GstElement* element, const Reel& reel) {
  auto* self = cast(element)->priv;
  auto reader = reel.reader;
  const ListSettings settings = self->settings.snapshot();
  if (!reader) {
    reader = std::make_shared<ShotListReader>(list_settings(settings));
    self->reel.lock()->reader = reader;
  }
  BadRows bad(element, static_cast<OnBadRow>(settings.on_error));
  reader->check(std::ref(bad), reel.cancel.get());
  bad.tell_rest();
  for (const Error& doubt : reader->warnings())
    report(element, doubt, false);
  return reader->next(reel.cancel.get());
}

static GstFlowReturn create(GstPushSrc* source, GstBuffer** result) {
  auto* self = cast(source)->priv;
  const Reel reel = *self->reel.lock();
  if (reel.ending) return GST_FLOW_EOS;
  std::optional<Shot> shot;
  try {
    shot = next_shot(GST_ELEMENT(source), reel);
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled)
      return self->reel.lock()->ending ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
    report(GST_ELEMENT(source), error);
    return GST_FLOW_FLUSHING; // GST_FLOW_ERROR would add a second, empty error
  }
  if (!shot) return GST_FLOW_EOS;
  const double seconds = shot->duration > 0 ? shot->duration : kDefaultShotSeconds;
  const auto duration = static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
  GstBuffer* buffer = text_buffer(shot->words()).leak();
  set_buffer_shot(buffer, *shot);
  GST_BUFFER_PTS(buffer) = reel.position;
  if (shot->duration > 0) GST_BUFFER_DURATION(buffer) = duration;
  self->reel.lock()->position = reel.position + duration;
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
  self->reel.lock()->ending = true;
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
  source_class->unlock = unlock;
  source_class->unlock_stop = unlock_stop;
  source_class->is_seekable = is_seekable;
  GST_PUSH_SRC_CLASS(klass)->create = create;
  register_shot_meta();
}
