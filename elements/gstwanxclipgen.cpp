// SPDX-License-Identifier: LGPL-2.1-or-later
// wanxclipgen: the camera. Words or a keyframe in, the URI of one finished clip a shot out.
/**
 * SECTION:element-wanxclipgen
 * @title: wanxclipgen
 *
 * Films each shot: from its words, or from a keyframe that arrives as PNG, JPEG, WebP or a raw
 * frame. What leaves is the URI of a finished file in cache-dir, which keeps the service's size and
 * length; clipjoin plays such files end to end. Where video/quicktime is asked for, the file's
 * bytes leave instead, one buffer a clip; a service that makes WebM or AVI cannot meet that.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 wanxclipgen prompt="waves roll in, push in" duration=3 \
 *   ! filesink location=clip.uri
 * gst-launch-1.0 wanxclipgen prompt="waves roll in" ! video/quicktime ! filesink location=clip.mp4
 * ]|
 */
#include "gstwanxclipgen.h"

#include "media/container.h"
#include "media/last_frame.h"
#include "media/raw_frame.h"
#include "picture_file.h"
#include "sizes.h"
#include "stage/service_run.h"
#include "stage/text.h"

#include <atomic>

using namespace aigc;

namespace {

enum class Frames { first, every };

GType frames_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(Frames::first), "The first frame is the keyframe, the rest is refused",
         "first"},
        {static_cast<int>(Frames::every), "Every frame is the keyframe of a clip", "every"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstWanxFrames", values);
  }();
  return type;
}

struct CameraSettings : RoleSettings {
  CameraSettings() : RoleSettings(1'200'000, OnError::fail) {}
  std::string motion_prompt;
  std::string negative_prompt;
  guint width = 0;
  guint height = 0;
  std::string aspect;
  double duration = kDefaultShotSeconds;
  std::string last_frame;
  bool chain = false;
  int frames = static_cast<int>(Frames::first);
  bool prompt_extend = false;
  bool watermark = false;

  static const PropertyTable<CameraSettings>& table();
};

const PropertyTable<CameraSettings>& CameraSettings::table() {
  using S = CameraSettings;
  static const PropertyTable<S> properties(with_stage_properties<S>({
      {"motion-prompt",
       "What moves and how; {script} stands for the user's words (default: the shot's)",
       &S::motion_prompt, Mutable::playing},
      {"negative-prompt", "What must not be in the clip (default: the shot's)", &S::negative_prompt,
       Mutable::playing},
      {"width", "Width asked for, in pixels, from 16 (0 = the shot's, else the model's)", &S::width,
       Mutable::ready, 0, kMaxSide},
      {"height", "Height asked for, in pixels, from 16 (0 = the shot's, else the model's)",
       &S::height, Mutable::ready, 0, kMaxSide},
      {"aspect", "Aspect as width:height where a side is not given (default: the keyframe's)",
       &S::aspect},
      {"duration", "Length of a shot that brings none, in seconds, from 0.1 to the model's longest",
       &S::duration, Mutable::playing, 0, 86'400},
      {"last-frame", "Path or file:// URI of the picture a clip ends on (default: none)",
       &S::last_frame, Mutable::playing},
      {"chain",
       "Begin each shot with the last frame of the clip before; shots that name a chain always do",
       &S::chain},
      {"frames", "What a raw stream with a frame rate stands for", &S::frames, Mutable::ready, 0, 0,
       frames_type},
      {"prompt-extend", "Let the service rewrite the words", &S::prompt_extend, Mutable::playing},
      {"watermark", "Ask for the service's visible mark", &S::watermark, Mutable::playing},
  }));
  return properties;
}

constexpr const char* kUriCaps = "text/uri-list";
constexpr const char* kFileCaps = "video/quicktime";

std::string with_script(std::string text, const std::string& script) {
  static const std::string mark = "{script}";
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += script.size())
    text.replace(at, mark.size(), script);
  return text;
}

Ref<GBytes> keyframe_of(const Job& job, Cancel& cancel) {
  if (!job.input) return nullptr;
  if (job.kind == InputKind::raw)
    return encode_picture(raster_of_frame(job.input.get(), job.caps.get()), "image/png", cancel);
  BufferMap map(job.input.get(), GST_MAP_READ);
  if (!map) throw Error(Fault::read, "a buffer could not be mapped");
  return adopt(g_bytes_new(map.data(), map.size()));
}

/// What the clip of `job` begins with: where the clip before it in its chain ended, else its own
/// keyframe.
Ref<GBytes> first_frame_of(const Job& job, Cancel& cancel, const StageRun::Progress& progress) {
  if (job.before.clip.empty()) return keyframe_of(job, cancel);
  try {
    const std::string uri =
        take_string(g_filename_to_uri(job.before.clip.c_str(), nullptr, nullptr));
    return last_frame_of(probe_clip(uri, cancel), job.before.seconds, cancel);
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    progress.warn(
        error.in_words(job.shot.id + " does not go on from the clip before it: " + error.what()));
    return keyframe_of(job, cancel);
  }
}

/// A finished file as one buffer, mapped, not copied. Throws Error{Fault::format} when it is not
/// what its caps say.
Ref<GstBuffer> file_buffer(const std::string& path) {
  if (const Container container = container_of(path); container != Container::mp4)
    throw Error(Fault::format,
                std::string("the clip is ") + name_of(container) + " where " + kFileCaps +
                    " is asked for",
                "take its URI (text/uri-list) instead, which clipjoin plays whatever it is");
  ErrorSlot error;
  GMappedFile* file = g_mapped_file_new(path.c_str(), FALSE, error.out());
  if (!file)
    throw Error(Fault::read, "the clip cannot be read: " + error.message(),
                "look at cache-dir and its permissions");
  auto bytes = adopt(g_mapped_file_get_bytes(file));
  g_mapped_file_unref(file);
  return adopt(gst_buffer_new_wrapped_bytes(bytes.get()));
}

/// A model that needs a keyframe cannot do with the last one alone.
void check_last_frame(const Model& model, bool has_keyframe, bool has_last_frame) {
  if (!has_last_frame || has_keyframe || (model.inputs & kWordsOnly)) return;
  throw Error(Fault::settings,
              std::string(model.name) + " takes a last frame only beside a keyframe",
              "send keyframes to the sink, or unset last-frame");
}

class CameraRun : public ServiceRun {
 public:
  CameraRun(const KindWith<CameraSettings>& kind, const Arrivals& arrivals)
      : ServiceRun(Role::clip, kind.settings()), kind_(kind) {
    const CameraSettings now = kind.settings();
    check_text("motion-prompt", now.motion_prompt);
    check_text("negative-prompt", now.negative_prompt);
    check_text("last-frame", now.last_frame);
    check_sizes(now);
    check(arrivals);
    if (now.chain) check_chain([this] { check({false, false, true}); });
  }

  bool takes(InputKind kind) const override {
    const bool words = kind == InputKind::words;
    try {
      check({words, words, !words});
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  bool makes_clips() const override { return true; }

  double default_seconds() const override { return kind_.settings().duration; }

  /// A list that runs once for each language, or over and over, has its chains once for each.
  std::string chain_of(const Shot& shot) const override {
    const std::string run = "\n" + shot.run;
    if (!shot.chain.empty()) return "chain " + shot.chain + run;
    return kind_.settings().chain ? "all" + run : "";
  }

  Ref<GstCaps> negotiate(const Shot* first, GstCaps* allowed) override {
    for (const char* form : {kUriCaps, kFileCaps}) {
      auto caps = adopt(gst_caps_new_empty_simple(form));
      if (!gst_caps_can_intersect(caps.get(), allowed)) continue;
      if (first) gives_files_ = form == kFileCaps;
      return caps;
    }
    throw Error(Fault::negotiation, "nothing behind takes clips (text/uri-list, video/quicktime)",
                "link clipjoin, which plays them, or use wanxvideogen, which has both; and look "
                "whether the caps behind them can be met");
  }

 protected:
  StageSettings settings() const override { return kind_.settings(); }

  void gather(const Job& job, Request& request, Cancel& cancel,
              const Progress& progress) const override {
    const CameraSettings now = kind_.settings();
    if (!job.chain.empty()) check_chain([&] { model(inputs_beside(now, kKeyframe)); });
    request.keyframe = first_frame_of(job, cancel, progress);
    if (!request.keyframe && job.before.is_planned)
      request.keyframe = blank_frame(now, job, cancel);
    if (!request.keyframe) request.references = references_of(job.shot);
    request.seconds = job.shot.duration > 0 ? job.shot.duration : now.duration;
    if (!now.last_frame.empty())
      request.last_frame = read_picture_file("last-frame", now.last_frame);
  }

  void ask(Job& job, const Model& model, Request& request) override {
    const CameraSettings now = kind_.settings();
    if (!request.keyframe && is_blank(job.shot.words()))
      throw Error(Fault::settings, "the shot has neither words nor a keyframe",
                  "give it a script, or set prompt");
    check_last_frame(model, bool(request.keyframe), bool(request.last_frame));
    request.size = order_size(now, model, job.shot, request.keyframe.get());
    job.shot.duration = request.seconds;
    request.seconds = choose_seconds(model, request.seconds);
    request.motion = now.motion_prompt.empty() ? job.shot.motion_prompt
                                               : with_script(now.motion_prompt, job.shot.script);
    // A keyframe shows what its shot is about, the end of another clip does not.
    if (!job.before.clip.empty() && !is_blank(request.motion))
      request.motion += "\n" + request.words;
    request.negative = now.negative_prompt.empty() ? job.shot.negative_prompt : now.negative_prompt;
    request.prompt_extend = now.prompt_extend;
    request.watermark = now.watermark;
  }

  Product give(Job job, Done done, Cancel&) override {
    Product product;
    product.shot = std::move(job.shot);
    product.link = {done.result.clip_path, product.shot.duration};
    if (gives_files_) {
      product.buffer = file_buffer(done.result.clip_path);
      return product;
    }
    std::string uri =
        take_string(g_filename_to_uri(done.result.clip_path.c_str(), nullptr, nullptr));
    uri += "\n";
    product.buffer = text_buffer(uri);
    return product;
  }

 private:
  void check(const Arrivals& arrivals) const {
    const CameraSettings now = kind_.settings();
    const bool ends = !now.last_frame.empty();
    check_arrivals(arrivals, inputs_beside(now, 0), now.duration, [&](const Model& model) {
      check_last_frame(model, arrivals.pictures, ends);
      choose_size(model, asked_size(now, {}), aspect_of(now));
      choose_seconds(model, now.duration);
    });
  }

  static unsigned inputs_beside(const CameraSettings& settings, unsigned inputs) {
    return settings.last_frame.empty() ? inputs : inputs | kLastFrame;
  }

  /// On a dry run, for the frame that a clip is to begin with.
  static Ref<GBytes> blank_frame(const CameraSettings& now, const Job& job, Cancel& cancel) {
    const Size asked = asked_size(now, job.shot);
    const bool is_square = !asked.width || !asked.height;
    return blank_picture(is_square ? 1 : asked.width, is_square ? 1 : asked.height, cancel);
  }

  /// Says of what `look` for a model finds that it is the chain which cannot be filmed.
  template <typename Look> static void check_chain(Look look) {
    try {
      look();
    } catch (const Error& error) {
      throw error.in_words(std::string("the shots of a chain begin with a picture, but ") +
                           error.what());
    }
  }

  /// Asked sides go into the shot for clipjoin; without any, the keyframe's aspect decides.
  static Size order_size(const CameraSettings& now, const Model& model, Shot& shot,
                         GBytes* keyframe) {
    const Size asked = asked_size(now, shot);
    if (asked.width) shot.width = asked.width;
    if (asked.height) shot.height = asked.height;
    double aspect = aspect_of(now);
    if (keyframe) {
      const PictureInfo info = sniff_picture(keyframe);
      if (aspect <= 0) aspect = static_cast<double>(info.width) / info.height;
    }
    return choose_size(model, asked, aspect);
  }

  const KindWith<CameraSettings>& kind_;
  std::atomic<bool> gives_files_ = false;
};

class CameraKind : public KindWith<CameraSettings> {
 public:
  const char* stage_name() const override { return aigc::stage_name(Role::clip); }
  bool every_frame() const override { return settings().frames == static_cast<int>(Frames::every); }
  bool wants_key() const override { return ServiceRun::wants_key(Role::clip, settings()); }
  std::unique_ptr<StageRun> begin(const Arrivals& arrivals) const override {
    return std::make_unique<CameraRun>(*this, arrivals);
  }
};

} // namespace

struct GstWanxClipGen {
  GstAigcStage parent;
};
struct GstWanxClipGenClass {
  GstAigcStageClass parent_class;
};

G_DEFINE_TYPE(GstWanxClipGen, gst_wanx_clip_gen, GST_TYPE_AIGC_STAGE)
GST_ELEMENT_REGISTER_DEFINE(wanxclipgen, "wanxclipgen", GST_RANK_NONE, gst_wanx_clip_gen_get_type())

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS(AIGC_TEXT_CAPS "; image/png; image/jpeg; image/webp; "
                                                           "video/x-raw"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("text/uri-list; video/quicktime"));

static void gst_wanx_clip_gen_class_init(GstWanxClipGenClass* klass) {
  klass->parent_class.make_kind = []() -> std::unique_ptr<StageKind> {
    return std::make_unique<CameraKind>();
  };
  install_stage_properties<CameraSettings>(G_OBJECT_CLASS(klass));
  gst_type_mark_as_plugin_api(frames_type(), static_cast<GstPluginAPIFlags>(0));
  auto element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "AI camera", "Source/Converter/Text/Image/Video/Network",
      "Films each shot from its words or keyframe and gives the URI of the clip",
      "gst-plugins-aigc");
}

static void gst_wanx_clip_gen_init(GstWanxClipGen*) {}
