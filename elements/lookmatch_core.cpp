// SPDX-License-Identifier: LGPL-2.1-or-later
// See lookmatch_core.h.
#include "lookmatch_core.h"

#include "look_estimate.h"
#include "picture_file.h"
#include "shot/shot_meta.h"

GST_DEBUG_CATEGORY_EXTERN(gst_look_match_debug);
#define GST_CAT_DEFAULT gst_look_match_debug

namespace aigc {

namespace {

/// Below this a frame is black, blank or close to it, and says nothing about its clip.
constexpr double kTellingContrast = 0.04;

/// Of streams whose frames have no times.
constexpr size_t kMostHeld = 30;

class MappedFrame {
 public:
  MappedFrame(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags) {
    if (!gst_video_frame_map(&frame_, &info, buffer, flags))
      throw Error(Fault::format, "a frame does not match its caps",
                  "correct the element that made the frame, or put videoconvert in front");
  }
  ~MappedFrame() { gst_video_frame_unmap(&frame_); }
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;
  GstVideoFrame* get() { return &frame_; }

 private:
  GstVideoFrame frame_{};
};

} // namespace

void LookMatchCore::set_format(const GstVideoInfo& info) {
  info_ = info;
  painter_ = LookPainter(look_, info_);
}

GstFlowReturn LookMatchCore::chain(Ref<GstBuffer> buffer) {
  if (!info_.finfo)
    throw Error(Fault::negotiation, "frames came before their caps",
                "put a capsfilter or videoconvert in front");
  const Shot shot = buffer_shot(buffer.get()).value_or(Shot{});
  const std::string group = look_group_of(shot);
  const bool alone = group.empty() && settings.lock()->reference.empty();
  const std::string clip = shot.id + "\n" + std::to_string(shot.index);
  if (!playing_ || alone || clip != clip_ || group != group_) {
    const GstFlowReturn flow = drain();
    if (flow != GST_FLOW_OK) return flow;
    playing_ = !alone;
    decided_ = alone;
    clip_ = clip;
    group_ = group;
    look_ = {};
    colours_.clear();
  }
  return begin_or_go_on(std::move(buffer));
}

GstFlowReturn LookMatchCore::begin_or_go_on(Ref<GstBuffer> buffer) {
  if (decided_) return paint_and_push(std::move(buffer));
  const bool telling = look_at_frame(buffer.get());
  if (telling || held_long_enough(buffer.get())) {
    const GstFlowReturn flow = drain();
    return flow == GST_FLOW_OK ? paint_and_push(std::move(buffer)) : flow;
  }
  // A copy: the pool upstream may have no more than a few.
  held_.push_back(adopt(gst_buffer_copy_deep(buffer.get())));
  return GST_FLOW_OK;
}

/// Whether there is enough in it to compare by.
bool LookMatchCore::look_at_frame(GstBuffer* buffer) {
  MappedFrame frame(info_, buffer, GST_MAP_READ);
  PictureColours colours = colours_of(frame.get());
  const double contrast = contrast_of(colours);
  if (colours_.empty() || contrast > contrast_of(colours_)) colours_ = std::move(colours);
  return contrast >= kTellingContrast;
}

/// Whether holding `next` back as well would be too much.
bool LookMatchCore::held_long_enough(GstBuffer* next) const {
  if (held_.empty()) return false;
  if (held_.size() >= kMostHeld) return true;
  const GstClockTime first = GST_BUFFER_PTS(held_.front().get()), last = GST_BUFFER_PTS(next);
  if (!GST_CLOCK_TIME_IS_VALID(first) || !GST_CLOCK_TIME_IS_VALID(last)) return false;
  const GstClockTime length =
      GST_BUFFER_DURATION_IS_VALID(next) ? GST_BUFFER_DURATION(next) : GstClockTime(0);
  return last + length > first + kLongestHold;
}

GstFlowReturn LookMatchCore::drain() {
  if (playing_ && !decided_) decide();
  auto held = std::exchange(held_, {});
  for (auto& buffer : held) {
    const GstFlowReturn flow = paint_and_push(std::move(buffer));
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

void LookMatchCore::decide() {
  decided_ = true;
  look_ = find_look();
  painter_ = LookPainter(look_, info_);
  GST_INFO_OBJECT(src_, "a clip of %s: gain %.3f, gamma %.3f, saturation %.3f, hue %+.1f degrees",
                  group_.empty() ? "no group" : group_.c_str(), look_.gain, look_.gamma,
                  look_.saturation, look_.turn * 180 / G_PI);
}

Look LookMatchCore::find_look() {
  const LookSettings now = settings.snapshot();
  if (contrast_of(colours_) < kTellingContrast) return {};
  std::optional<PictureColours> model;
  if (now.reference.empty())
    model = groups_.model(group_, clip_, colours_);
  else
    model = colours_of(reference(now.reference), info_.colorimetry.matrix);
  if (!model) return {};
  LookPoint point = point_of(estimate_look(colours_, *model));
  for (double& coordinate : point)
    coordinate *= now.strength;
  return look_at(point);
}

/// Read with the first frame, not in a state change, which must not wait for a disk.
const Raster& LookMatchCore::reference(const std::string& name) {
  if (!reference_) {
    const auto cancel = cancel_.snapshot();
    reference_ = for_comparison(
        decode_picture(read_picture_file("lookmatch: reference", name).get(), *cancel));
  }
  return *reference_;
}

GstFlowReturn LookMatchCore::paint_and_push(Ref<GstBuffer> buffer) {
  if (look_ != Look{}) {
    buffer = adopt(gst_buffer_make_writable(buffer.leak()));
    MappedFrame frame(info_, buffer.get(), GST_MAP_READWRITE);
    painter_.paint(frame.get());
  }
  return gst_pad_push(src_, buffer.leak());
}

void LookMatchCore::flush() {
  held_.clear();
  playing_ = false;
}

void LookMatchCore::reset() {
  flush();
  groups_ = {};
  reference_.reset();
}

void LookMatchCore::cancel() {
  cancel_.snapshot()->cancel();
}

void LookMatchCore::allow() {
  *cancel_.lock() = std::make_shared<Cancel>();
}

} // namespace aigc
