// SPDX-License-Identifier: LGPL-2.1-or-later
// qwenimagesrc: the art director. Words in, one keyframe a shot out.
/**
 * SECTION:element-qwenimagesrc
 * @title: qwenimagesrc
 *
 * Paints the keyframe of each shot. Downstream decides the form: the picture as the service
 * delivered it, pixels at the size asked for, or another encoding. Caps are settled before the
 * service is asked.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 qwenimagesrc prompt="a lighthouse in a storm" ! filesink location=lighthouse.png
 * gst-launch-1.0 qwenimagesrc prompt="a lighthouse in a storm" width=640 height=360 \
 *   ! videoconvert ! jpegenc ! filesink location=lighthouse.jpg
 * ]|
 */
#include "gstqwenimagesrc.h"

#include "picture_file.h"
#include "picture_output.h"
#include "sizes.h"
#include "stage/service_run.h"
#include "stage/text.h"

using namespace aigc;

namespace {

/// Whether a shot gets a keyframe of its own.
enum class Keyframe { always, automatic, never };

GType keyframe_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(Keyframe::always), "Every shot gets a keyframe", "always"},
        {static_cast<int>(Keyframe::automatic), "As the shot or the writer says", "auto"},
        {static_cast<int>(Keyframe::never), "Words pass to an element that takes them", "never"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstQwenImageKeyframe", values);
  }();
  return type;
}

struct ArtSettings : RoleSettings {
  ArtSettings() : RoleSettings(180'000, OnError::fail) {}
  std::string negative_prompt;
  guint width = 0;
  guint height = 0;
  std::string aspect;
  int keyframe = static_cast<int>(Keyframe::always);
  bool prompt_extend = false;
  bool watermark = false;

  static const PropertyTable<ArtSettings>& table();
};

const PropertyTable<ArtSettings>& ArtSettings::table() {
  using S = ArtSettings;
  static const PropertyTable<S> properties(with_stage_properties<S>({
      {"negative-prompt", "What must not be in the picture (default: the shot's)",
       &S::negative_prompt, Mutable::playing},
      {"width", "Width of the picture, in pixels, from 16 (0 = the shot's, else the model's)",
       &S::width, Mutable::ready, 0, kMaxSide},
      {"height", "Height of the picture, in pixels, from 16 (0 = the shot's, else the model's)",
       &S::height, Mutable::ready, 0, kMaxSide},
      {"aspect", "Aspect as width:height where a side is not given (default: the model's)",
       &S::aspect},
      {"keyframe",
       "Whether shots get a keyframe; words leave only towards an element that takes text",
       &S::keyframe, Mutable::playing, 0, 0, keyframe_type},
      {"prompt-extend", "Let the service rewrite the words", &S::prompt_extend, Mutable::playing},
      {"watermark", "Ask for the service's visible mark", &S::watermark, Mutable::playing},
  }));
  return properties;
}

/// The image formats of the source pad.
#define AIGC_PICTURE_CAPS                                                                          \
  "image/png; image/jpeg; image/webp; video/x-raw, format=(string)RGBA, width=(int)[1,8192], "     \
  "height=(int)[1,8192], framerate=(fraction)0/1"

class ArtRun : public ServiceRun {
 public:
  ArtRun(const KindWith<ArtSettings>& kind, const Arrivals& arrivals)
      : ServiceRun(Role::picture, kind.settings()), kind_(kind) {
    const ArtSettings now = kind.settings();
    check_text("negative-prompt", now.negative_prompt);
    check_sizes(now);
    check_arrivals(arrivals, 0, 0, [&](const Model& model) {
      choose_size(model, asked_size(now, {}), aspect_of(now));
    });
  }

  Ref<GstCaps> negotiate(const Shot* first, GstCaps* allowed) override {
    const ArtSettings now = kind_.settings();
    const Shot shot = first ? *first : Shot{};
    const Model& model = model_for(shot);
    const Size asked = asked_size(now, shot);
    const Size ordered = choose_size(model, asked, aspect_of(now));
    auto text = adopt(gst_caps_from_string(AIGC_TEXT_CAPS));
    State chosen;
    chosen.words_may_leave =
        !gst_caps_is_any(allowed) && gst_caps_can_intersect(allowed, text.get());
    const bool words = passes_words(now, shot, chosen.words_may_leave);
    const bool only_words = static_cast<Keyframe>(now.keyframe) == Keyframe::never && words;
    if (!only_words)
      chosen.output = PictureOutput::choose(allowed, model.picture_mime, asked, ordered);
    auto caps = words ? text : share(chosen.output.caps());
    if (first) *state_.lock() = std::move(chosen);
    return caps;
  }

 protected:
  StageSettings settings() const override { return kind_.settings(); }

  std::optional<Product> pass(const Job& job) override {
    const std::string& words = job.shot.words();
    if (is_blank(words) ||
        !passes_words(kind_.settings(), job.shot, state_.snapshot().words_may_leave))
      return std::nullopt;
    Product product;
    product.buffer = text_buffer(words);
    product.caps = adopt(gst_caps_from_string(AIGC_TEXT_CAPS));
    product.shot = job.shot;
    return product;
  }

  void gather(const Job& job, Request& request, Cancel&, const Progress&) const override {
    request.references = references_of(job.shot);
  }

  void ask(Job& job, const Model& model, Request& request) override {
    if (is_blank(job.shot.words()))
      throw Error(Fault::settings, "the shot has no words", "give it a script, or set prompt");
    const ArtSettings now = kind_.settings();
    Size asked = asked_size(now, job.shot);
    if (!asked.width && !asked.height) asked = state_.snapshot().output.size();
    request.size = choose_size(model, asked, aspect_of(now));
    request.negative = now.negative_prompt.empty() ? job.shot.negative_prompt : now.negative_prompt;
    if (asked.width) job.shot.width = asked.width;
    if (asked.height) job.shot.height = asked.height;
    request.prompt_extend = now.prompt_extend;
    request.watermark = now.watermark;
  }

  Product give(Job job, Done done, Cancel& cancel) override {
    const PictureOutput output = state_.snapshot().output;
    Product product;
    product.buffer = output.make(done.result.picture.get(), cancel, std::move(done.result.pixels));
    product.caps = share(output.caps());
    product.shot = std::move(job.shot);
    return product;
  }

 private:
  struct State {
    PictureOutput output;
    bool words_may_leave = false;
  };

  /// A model that only edits is the one to ask about, too, while no shot has come.
  const Model& model_for(const Shot& shot) const {
    if (!shot.references.empty()) return model(kReferences);
    try {
      return model(kWordsOnly);
    } catch (const Error&) {
      return model(kReferences);
    }
  }

  static bool passes_words(const ArtSettings& settings, const Shot& shot, bool possible) {
    if (!possible) return false;
    const auto keyframe = static_cast<Keyframe>(settings.keyframe);
    return keyframe == Keyframe::never ||
           (keyframe == Keyframe::automatic && shot.keyframe == "never");
  }

  const KindWith<ArtSettings>& kind_;
  Guarded<State> state_;
};

class ArtKind : public KindWith<ArtSettings> {
 public:
  const char* stage_name() const override { return aigc::stage_name(Role::picture); }
  bool wants_key() const override { return ServiceRun::wants_key(Role::picture, settings()); }
  Ref<GstCaps> offered() const override {
    if (static_cast<Keyframe>(settings().keyframe) != Keyframe::always) return nullptr;
    return adopt(gst_caps_from_string(AIGC_PICTURE_CAPS));
  }
  std::unique_ptr<StageRun> begin(const Arrivals& arrivals) const override {
    return std::make_unique<ArtRun>(*this, arrivals);
  }
};

} // namespace

struct GstQwenImageSrc {
  GstAigcStage parent;
};
struct GstQwenImageSrcClass {
  GstAigcStageClass parent_class;
};

G_DEFINE_TYPE(GstQwenImageSrc, gst_qwen_image_src, GST_TYPE_AIGC_STAGE)
GST_ELEMENT_REGISTER_DEFINE(qwenimagesrc, "qwenimagesrc", GST_RANK_NONE,
                            gst_qwen_image_src_get_type())

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(AIGC_TEXT_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(AIGC_PICTURE_CAPS "; " AIGC_TEXT_CAPS));

static void gst_qwen_image_src_class_init(GstQwenImageSrcClass* klass) {
  klass->parent_class.make_kind = []() -> std::unique_ptr<StageKind> {
    return std::make_unique<ArtKind>();
  };
  install_stage_properties<ArtSettings>(G_OBJECT_CLASS(klass));
  gst_type_mark_as_plugin_api(keyframe_type(), static_cast<GstPluginAPIFlags>(0));
  auto element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "AI keyframe painter",
                                        "Source/Image/Network", "Paints the keyframe of each shot",
                                        "gst-plugins-aigc");
}

static void gst_qwen_image_src_init(GstQwenImageSrc*) {}
