// SPDX-License-Identifier: LGPL-2.1-or-later
// aipromptenhance: the writer. A vague idea in, a full visual description out.
/**
 * SECTION:element-aipromptenhance
 * @title: aipromptenhance
 *
 * Turns a user's words into a description that a picture or video model can work from: light,
 * composition, colour, material and lens, in the style asked for. Names, quoted text and numbers
 * stay as they were. A shot that already has a prompt passes unchanged. Where the brand is a file,
 * its words stand in every prompt that leaves.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 aipromptenhance prompt="a fox in the snow" style=ink ! filesink location=fox.txt
 * ]|
 */
#include "gstaipromptenhance.h"

#include "stage/service_run.h"
#include "stage/text.h"

using namespace aigc;

namespace {

constexpr const char* kUsualStyle = "cinematic";

struct WriterSettings : RoleSettings {
  WriterSettings() : RoleSettings(60'000, OnError::fallback) {}
  std::string style;
  std::string language = "auto";
  std::string resolution;
  std::string brand;
  std::string system_prompt;
  double temperature = 0.7;
  double top_p = 1;
  guint max_tokens = 800;

  static const PropertyTable<WriterSettings>& table();
};

const PropertyTable<WriterSettings>& WriterSettings::table() {
  using S = WriterSettings;
  static const PropertyTable<S> properties(with_stage_properties<S>({
      {"style",
       "Look of every shot that brings none, such as ink (default: the brand's, else cinematic)",
       &S::style, Mutable::playing},
      {"language", "Language to write in, as BCP 47; auto = the user's own", &S::language,
       Mutable::playing},
      {"resolution", "Resolution the description speaks of, such as 4K (default: none)",
       &S::resolution, Mutable::playing},
      {"brand", "Name, or brand file (.json), of shots that bring none (default: none)", &S::brand,
       Mutable::playing},
      {"system-prompt", "Rules in the place of the writer's own (default: its own)",
       &S::system_prompt, Mutable::playing},
      {"temperature", "How freely the words are chosen", &S::temperature, Mutable::playing, 0, 2},
      {"top-p", "Share of the likeliest words that are chosen from", &S::top_p, Mutable::playing, 0,
       1},
      {"max-tokens", "Longest answer, in tokens", &S::max_tokens, Mutable::playing, 1, 1'000'000},
  }));
  return properties;
}

class WriterRun : public ServiceRun {
 public:
  explicit WriterRun(const KindWith<WriterSettings>& kind)
      : ServiceRun(Role::words, kind.settings()), kind_(kind) {
    check(kind.settings());
  }

  Ref<GstCaps> negotiate(const Shot*, GstCaps* allowed) override {
    auto caps = adopt(gst_caps_from_string(AIGC_TEXT_CAPS));
    if (!gst_caps_can_intersect(caps.get(), allowed))
      throw Error(Fault::negotiation, "nothing behind takes text (text/x-raw, format=utf8)",
                  "link an element that does, such as qwenimagesrc or filesink, and look whether "
                  "what stands behind it can be met");
    return caps;
  }

  Product fallback(Job job, Cancel&) override {
    take_brand(job);
    return text_of(std::move(job));
  }

 protected:
  StageSettings settings() const override { return kind_.settings(); }
  std::string house_brand() const override { return kind_.settings().brand; }

  void take_own(Shot& shot) const override {
    const WriterSettings now = kind_.settings();
    if (shot.style.empty()) shot.style = now.style;
    if (shot.seed < 0) shot.seed = now.seed;
  }

  std::optional<Product> pass(const Job& job) override {
    if (job.shot.prompt.empty()) return std::nullopt;
    return text_of(job);
  }

  void ask(Job& job, const Model&, Request& request) override {
    if (is_blank(job.shot.script))
      throw Error(Fault::settings, "the shot has no words", "give it a script, or set prompt");
    const WriterSettings now = kind_.settings();
    check(now);
    if (job.shot.style.empty()) job.shot.style = now.style.empty() ? kUsualStyle : now.style;
    if (job.shot.language.empty() && now.language != "auto") job.shot.language = now.language;
    // Another take of a shot is another picture of the same words.
    request.take = now.take;
    request.style = job.shot.style;
    request.language = job.shot.language.empty() ? "auto" : job.shot.language;
    request.resolution = now.resolution;
    request.brand = job.shot.brand;
    request.motion = job.shot.motion_prompt;
    request.negative = job.shot.negative_prompt;
    request.seconds = job.shot.duration;
    request.system_prompt = now.system_prompt;
    request.temperature = now.temperature;
    request.top_p = now.top_p;
    request.max_tokens = now.max_tokens;
  }

  Product give(Job job, Done done, Cancel&) override {
    Shot& shot = job.shot;
    shot.prompt = std::move(done.result.prompt);
    const auto fill = [](std::string& field, std::string& answer) {
      if (field.empty()) field = std::move(answer);
    };
    fill(shot.negative_prompt, done.result.negative_prompt);
    fill(shot.motion_prompt, done.result.motion_prompt);
    fill(shot.mood, done.result.mood);
    if (shot.keyframe == "auto") shot.keyframe.clear(); // leaves it to the writer
    fill(shot.keyframe, done.result.keyframe);
    return text_of(std::move(job));
  }

 private:
  static void check(const WriterSettings& settings) {
    check_text("style", settings.style);
    check_text("language", settings.language);
    check_text("resolution", settings.resolution);
    check_text("brand", settings.brand);
    check_text("system-prompt", settings.system_prompt);
  }

  static Product text_of(Job job) {
    if (job.brand) apply_brand(*job.brand, job.shot);
    Product product;
    product.buffer = text_buffer(job.shot.words());
    product.shot = std::move(job.shot);
    return product;
  }

  const KindWith<WriterSettings>& kind_;
};

class WriterKind : public KindWith<WriterSettings> {
 public:
  const char* stage_name() const override { return aigc::stage_name(Role::words); }
  bool wants_key() const override { return ServiceRun::wants_key(Role::words, settings()); }
  std::unique_ptr<StageRun> begin(const Arrivals&) const override {
    return std::make_unique<WriterRun>(*this);
  }
};

} // namespace

struct GstAiPromptEnhance {
  GstAigcStage parent;
};
struct GstAiPromptEnhanceClass {
  GstAigcStageClass parent_class;
};

G_DEFINE_TYPE(GstAiPromptEnhance, gst_ai_prompt_enhance, GST_TYPE_AIGC_STAGE)
GST_ELEMENT_REGISTER_DEFINE(aipromptenhance, "aipromptenhance", GST_RANK_NONE,
                            gst_ai_prompt_enhance_get_type())

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(AIGC_TEXT_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(AIGC_TEXT_CAPS));

static void gst_ai_prompt_enhance_class_init(GstAiPromptEnhanceClass* klass) {
  klass->parent_class.make_kind = []() -> std::unique_ptr<StageKind> {
    return std::make_unique<WriterKind>();
  };
  install_stage_properties<WriterSettings>(G_OBJECT_CLASS(klass));
  auto element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "AI prompt writer", "Source/Filter/Text/Network",
      "Turns a user's words into a full visual description", "gst-plugins-aigc");
}

static void gst_ai_prompt_enhance_init(GstAiPromptEnhance*) {}
