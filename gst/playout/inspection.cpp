// SPDX-License-Identifier: LGPL-2.1-or-later
// See inspection.h.
#include "playout/inspection.h"

#include "media/clip_decoding.h"
#include "playout/stretches.h"

#include <algorithm>
#include <chrono>

namespace aigc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr GstClockTime kWhole = 120 * GST_SECOND; ///< a longer clip is looked at in parts
constexpr GstClockTime kPart = 10 * GST_SECOND;
constexpr guint64 kParts = 12;
constexpr std::chrono::seconds kHaste{20};

struct Part {
  GstClockTime start; ///< from the clip's first frame
  GstClockTime length;
};

std::vector<Part> parts_of(const ClipInfo& clip) {
  if (clip.span <= kWhole) return {{0, clip.span}};
  std::vector<Part> parts;
  for (guint64 i = 0; i < kParts; ++i)
    parts.push_back({gst_util_uint64_scale(clip.span - kPart, i, kParts - 1), kPart});
  return parts;
}

struct Times {
  GstClockTimeDiff running, stream;
};

/// None where it has no place.
std::optional<Times> times_of(GstPad* pad, GstBuffer* buffer) {
  const auto event = adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  if (!event || !GST_BUFFER_PTS_IS_VALID(buffer)) return std::nullopt;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  guint64 running = 0, stream = 0;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  const int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, pts, &running);
  const int side = gst_segment_to_stream_time_full(segment, GST_FORMAT_TIME, pts, &stream);
  if (sign == 0 || side == 0) return std::nullopt;
  return Times{sign * static_cast<GstClockTimeDiff>(running),
               side * static_cast<GstClockTimeDiff>(stream)};
}

/// What one look through a clip found.
struct Seen {
  GstClockTime inspected = 0;
  std::vector<Stretch> stretches;
  std::optional<Error> trouble;
};

/// One look through a clip, at its pictures or its sound.
template <typename Look> class Pass {
 public:
  Pass(const ClipInfo& clip, Clock::time_point deadline) : clip_(clip), deadline_(deadline) {}

  Seen run(Cancel& cancel) {
    try {
      look_through(cancel);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) throw;
      seen_.trouble = error;
      finish_part(reached_);
    }
    return std::move(seen_);
  }

 private:
  static constexpr bool kPictures = std::is_same_v<Look, PictureLook>;

  void look_through(Cancel& cancel) {
    const auto parts = parts_of(clip_);
    const auto take = [this](GstPad* pad, GstBuffer* buffer) { return see(pad, buffer); };
    base_ = next_base_ = -static_cast<GstClockTimeDiff>(clip_.origin);
    ClipDecoding decoding(clip_, {take, [this] { restart(); }},
                          kPictures ? ClipKind::pictures : ClipKind::sound,
                          ClipDecoding::Threads::one);
    decoding.prepare(cancel);
    for (const Part& part : parts) {
      const auto start = static_cast<gint64>(clip_.origin + part.start) + ahead_.value_or(0);
      next_base_ = static_cast<GstClockTimeDiff>(part.start);
      part_start_ = part.start;
      if (parts.size() > 1 && !decoding.seek(start, start + static_cast<gint64>(part.length)))
        throw Error(Fault::damaged, "the clip " + clip_.uri + " cannot be searched",
                    "make or download the clip again");
      decoding.play(cancel);
      const GstClockTime end = part.start + part.length;
      const bool in_time = Clock::now() < deadline_;
      if (in_time) look_for_holes(end);
      finish_part(in_time ? end : reached_);
      if (!in_time) return;
    }
  }

  bool see(GstPad* pad, GstBuffer* buffer) {
    const auto times = times_of(pad, buffer);
    const auto caps = adopt(gst_pad_get_current_caps(pad));
    if (!times || !caps) return true;
    if (!ahead_) ahead_ = times->stream - times->running;
    const auto time =
        static_cast<GstClockTime>(std::max<GstClockTimeDiff>(0, times->running + base_));
    if (!look_.see(buffer, caps.get(), time)) return true;
    look_for_holes(time);
    reached_ = time;
    any_ = true;
    return Clock::now() < deadline_;
  }

  /// As where clips are played: a picture that stays longer than any in the file hides lost ones.
  void look_for_holes(GstClockTime next) {
    if (!kPictures || !any_ || seen_.trouble) return;
    if (next <= reached_ + clip_.longest_frame + clip_.longest_frame / 2) return;
    seen_.trouble = Error(Fault::damaged, "pictures are missing in the clip " + clip_.uri,
                          "make or download the clip again");
  }

  void restart() {
    look_ = Look();
    base_ = next_base_;
    any_ = false;
  }

  void finish_part(GstClockTime end) {
    if (!any_) return;
    const auto found = look_.finish(end);
    seen_.stretches.insert(seen_.stretches.end(), found.begin(), found.end());
    seen_.inspected += end > part_start_ ? end - part_start_ : 0;
    any_ = false;
  }

  const ClipInfo& clip_;
  Clock::time_point deadline_;
  Look look_;
  GstClockTimeDiff base_ = 0; ///< to be added to running times
  GstClockTimeDiff next_base_ = 0;
  std::optional<GstClockTimeDiff> ahead_; ///< of stream time before running time, till a seek
  GstClockTime part_start_ = 0;
  GstClockTime reached_ = 0;
  bool any_ = false; ///< something was seen in this part
  Seen seen_;
};

} // namespace

GstClockTime shortest(Stretch::Kind kind) {
  return kind == Stretch::Kind::black ? GST_SECOND / 2 : 2 * GST_SECOND;
}

double Inspection::share(Stretch::Kind kind) const {
  if (inspected == 0) return 0;
  double length = 0;
  for (const Stretch& stretch : stretches)
    if (stretch.kind == kind) length += static_cast<double>(stretch.length);
  return std::min(1.0, length / static_cast<double>(inspected));
}

Inspection inspect_clip(const std::string& uri, Cancel& cancel) {
  Inspection inspection;
  inspection.clip = probe_clip(uri, cancel);
  const ClipInfo& clip = inspection.clip;
  const auto deadline = Clock::now() + kHaste;
  Seen pictures = Pass<PictureLook>(clip, deadline).run(cancel);
  if (pictures.inspected == 0)
    throw pictures.trouble
        ? *pictures.trouble
        : Error(Fault::damaged, "no picture of the clip " + uri + " can be decoded",
                "make or download the clip again");
  inspection.inspected = pictures.inspected;
  inspection.stretches = std::move(pictures.stretches);
  inspection.damage = std::move(pictures.trouble);
  if (clip.has_audio) {
    Seen sound = Pass<SoundLook>(clip, deadline).run(cancel);
    inspection.stretches.insert(inspection.stretches.end(), sound.stretches.begin(),
                                sound.stretches.end());
    if (!inspection.damage) inspection.damage = std::move(sound.trouble);
  }
  std::stable_sort(inspection.stretches.begin(), inspection.stretches.end(),
                   [](const Stretch& a, const Stretch& b) { return a.start < b.start; });
  return inspection;
}

std::optional<Error> unfit_for_air(const Inspection& inspection) {
  constexpr double kAll = 0.98;
  if (inspection.share(Stretch::Kind::black) < kAll) return std::nullopt;
  return Error(Fault::format, "the clip " + inspection.clip.uri + " is black from start to end",
               "have it made again with another seed or prompt");
}

void put_inspection(const Inspection& inspection, GstStructure* structure) {
  const ClipInfo& clip = inspection.clip;
  gst_structure_set(structure, "duration", G_TYPE_UINT64, clip.span, "inspected", G_TYPE_UINT64,
                    inspection.inspected, "width", G_TYPE_INT, clip.width, "height", G_TYPE_INT,
                    clip.height, "framerate", GST_TYPE_FRACTION, clip.fps_n, clip.fps_d,
                    "has-audio", G_TYPE_BOOLEAN, static_cast<gboolean>(clip.has_audio), "damaged",
                    G_TYPE_BOOLEAN, static_cast<gboolean>(inspection.damage.has_value()), "black",
                    G_TYPE_DOUBLE, inspection.share(Stretch::Kind::black), "frozen", G_TYPE_DOUBLE,
                    inspection.share(Stretch::Kind::frozen), "silent", G_TYPE_DOUBLE,
                    inspection.share(Stretch::Kind::silent), nullptr);
}

} // namespace aigc
