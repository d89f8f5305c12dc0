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

/// Of large frames.
constexpr size_t kMostHeldBytes = 64 << 20;

/// A channel that runs for months forgets what it has long not shown.
constexpr size_t kMostFound = 1000;

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

/// Whether the one who made the frame may have to wait for it to come back.
bool is_of_a_small_pool(GstBuffer* buffer) {
  for (GstParentBufferMeta* parent = nullptr;; buffer = parent->buffer) {
    if (buffer->pool) {
      const Own<GstStructure> config(gst_buffer_pool_get_config(buffer->pool));
      guint most = 0;
      gst_buffer_pool_config_get_params(config.get(), nullptr, nullptr, nullptr, &most);
      if (most > 0) return true;
    }
    parent = gst_buffer_get_parent_buffer_meta(buffer);
    if (!parent) return false;
  }
}

/// Where a gap ends; nothing for other events.
GstClockTime gap_end(GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_GAP) return GST_CLOCK_TIME_NONE;
  GstClockTime start = 0, length = 0;
  gst_event_parse_gap(event, &start, &length);
  return GST_CLOCK_TIME_IS_VALID(length) ? start + length : start;
}

/// Whether no frame of the clip, or none like those before, follows the event.
bool ends_the_wait(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_STREAM_START:
  case GST_EVENT_CAPS:
  case GST_EVENT_SEGMENT:
  case GST_EVENT_SEGMENT_DONE:
  case GST_EVENT_STREAM_GROUP_DONE:
  case GST_EVENT_EOS:
    return true;
  default:
    return false;
  }
}

} // namespace

void LookMatchCore::set_format(const GstVideoInfo& info) {
  info_ = info;
  painter_ = LookPainter(look_, info_);
}

GstFlowReturn LookMatchCore::chain(Ref<GstBuffer> buffer) {
  if (!info_.finfo)
    throw Error(Fault::negotiation, "frames came before their caps",
                "put a capsfilter or videoconvert in front");
  const auto shot = buffer_shot(buffer.get());
  const std::string clip = clip_of(shot), group = look_group_of(shot.value_or(Shot{}));
  const bool alone = group.empty() && settings.lock()->reference.empty();
  if (!playing_ || alone || clip != clip_ || group != group_) {
    const GstFlowReturn flow = drain();
    if (flow != GST_FLOW_OK) return flow;
    begin_clip(clip, group, alone);
  }
  return begin_or_go_on(std::move(buffer));
}

/// Two lists in one stream may both have a first shot. Without shots, each stretch is a clip.
std::string LookMatchCore::clip_of(const std::optional<Shot>& shot) const {
  return stream_ + "\n" +
         (shot ? shot->id + "\n" + std::to_string(shot->index) : std::to_string(stretch_));
}

/// A clip that was here before, and is sought again, is what it was.
void LookMatchCore::begin_clip(const std::string& clip, const std::string& group, bool alone) {
  playing_ = !alone;
  clip_ = clip;
  group_ = group;
  look_ = {};
  colours_.clear();
  const auto found = found_.find(group_ + "\n" + clip_);
  decided_ = alone || found != found_.end();
  if (!alone && decided_) take(found->second);
}

GstFlowReturn LookMatchCore::begin_or_go_on(Ref<GstBuffer> buffer) {
  if (decided_) return paint_and_push(std::move(buffer));
  const bool telling = look_at_frame(buffer.get());
  if (telling || held_enough(buffer.get())) {
    const GstFlowReturn flow = drain();
    return flow == GST_FLOW_OK ? paint_and_push(std::move(buffer)) : flow;
  }
  ++held_frames_;
  held_bytes_ += gst_buffer_get_size(buffer.get());
  if (is_of_a_small_pool(buffer.get())) buffer = adopt(gst_buffer_copy_deep(buffer.get()));
  held_.push_back({std::move(buffer), {}});
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
bool LookMatchCore::held_enough(GstBuffer* next) const {
  if (held_bytes_ + gst_buffer_get_size(next) > kMostHeldBytes) return true;
  if (held_frames_ >= kMostHeld) return true;
  if (held_.empty() || !GST_BUFFER_PTS_IS_VALID(next)) return false;
  const GstClockTime length =
      GST_BUFFER_DURATION_IS_VALID(next) ? GST_BUFFER_DURATION(next) : GstClockTime(0);
  return held_until(GST_BUFFER_PTS(next) + length);
}

/// Whether waiting until `end` would be too long for the first frame.
bool LookMatchCore::held_until(GstClockTime end) const {
  const GstClockTime first = GST_BUFFER_PTS(held_.front().frame.get());
  return GST_CLOCK_TIME_IS_VALID(first) && GST_CLOCK_TIME_IS_VALID(end) &&
         end > first + kLongestHold;
}

bool LookMatchCore::hold_back(GstEvent* event) {
  if (held_.empty() || ends_the_wait(event) || held_until(gap_end(event))) {
    note_boundary(event);
    drain();
    return false;
  }
  held_.push_back({{}, share(event)});
  return true;
}

/// The segment behind a flush goes on with what played before: a seek.
void LookMatchCore::note_boundary(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    const gchar* id = nullptr;
    gst_event_parse_stream_start(event, &id);
    if (stream_ == id) return;
    stream_ = id;
    ++stretch_;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    if (!std::exchange(flushed_, false)) ++stretch_;
  }
}

GstFlowReturn LookMatchCore::drain() {
  if (playing_ && !decided_) decide();
  held_frames_ = held_bytes_ = 0;
  GstFlowReturn flow = GST_FLOW_OK;
  for (auto& [frame, event] : std::exchange(held_, {})) {
    if (event)
      gst_pad_push_event(src_, event.leak()); // without frames, too: pads keep those that stick
    else if (flow == GST_FLOW_OK)
      flow = paint_and_push(std::move(frame));
  }
  return flow;
}

void LookMatchCore::decide() {
  decided_ = true;
  const LookPoint found = find_look();
  if (found_.size() >= kMostFound) found_.clear();
  found_[group_ + "\n" + clip_] = found;
  take(found);
}

void LookMatchCore::take(const LookPoint& found) {
  const double strength = settings.lock()->strength;
  LookPoint point = found;
  for (double& coordinate : point)
    coordinate *= strength;
  look_ = look_at(point);
  painter_ = LookPainter(look_, info_);
  GST_INFO_OBJECT(src_, "a clip of %s: gain %.3f, gamma %.3f, saturation %.3f, hue %+.1f degrees",
                  group_.empty() ? "no group" : group_.c_str(), look_.gain, look_.gamma,
                  look_.saturation, look_.turn * 180 / G_PI);
}

LookPoint LookMatchCore::find_look() {
  if (contrast_of(colours_) < kTellingContrast) return {};
  const std::string name = settings.lock()->reference;
  const auto model = name.empty() ? groups_.model(group_, clip_, colours_)
                                  : colours_of(reference(name), info_.colorimetry.matrix);
  return model ? point_of(estimate_look(colours_, *model)) : LookPoint{};
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
  for (const auto& [frame, event] : std::exchange(held_, {}))
    if (event && GST_EVENT_IS_STICKY(event.get())) gst_pad_store_sticky_event(src_, event.get());
  held_frames_ = held_bytes_ = 0;
  playing_ = false;
  flushed_ = true;
}

void LookMatchCore::reset() {
  flush();
  flushed_ = false;
  groups_ = {};
  found_.clear();
  reference_.reset();
}

void LookMatchCore::cancel() {
  cancel_.snapshot()->cancel();
}

void LookMatchCore::allow() {
  *cancel_.lock() = std::make_shared<Cancel>();
}

} // namespace aigc
