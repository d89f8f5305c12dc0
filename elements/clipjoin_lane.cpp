// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipjoin_lane.h.
#include "clipjoin_lane.h"

#include "stage/report.h"

namespace aigc {

void JoinLane::set_session(std::shared_ptr<JoinSession> session, guint group_id) {
  group_id_ = group_id;
  position_ = 0;
  begun_ = false;
  first_ = true;
  plan_.reset();
  frames_.reset();
  sound_.reset();
  *session_.lock() = std::move(session);
}

void JoinLane::leave() {
  if (auto session = session_.snapshot()) session->leave(media_);
}

void JoinLane::turn() {
  const auto session = session_.snapshot();
  if (!session) {
    gst_pad_pause_task(pad_);
    return;
  }
  GstFlowReturn flow;
  try {
    flow = step(*session);
  } catch (const Error& error) {
    flow = error.fault == Fault::cancelled ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
    if (flow == GST_FLOW_ERROR) report(element_, error, true, plan_ ? plan_->item.uri : "");
  }
  if (flow != GST_FLOW_OK) end(*session, flow);
}

GstFlowReturn JoinLane::step(JoinSession& session) {
  if (session.is_cut()) return GST_FLOW_EOS;
  if (!begun_) {
    begun_ = true;
    if (!begin(session)) return GST_FLOW_EOS;
  }
  if (!frames_ && !sound_) return take(session) ? GST_FLOW_OK : GST_FLOW_EOS;
  auto buffer = frames_ ? frames_->next() : sound_->next();
  warn(frames_ ? frames_->damage() : sound_->damage());
  if (!buffer) {
    put_back(session);
    return GST_FLOW_OK;
  }
  return frames_ ? push_frame(std::move(buffer)) : push_sound(std::move(buffer));
}

bool JoinLane::begin(JoinSession& session) {
  push_stream_start();
  const auto format = session.wait_format();
  if (!format) return false;
  grid_ = format->grid;
  GstCaps* caps = media_ == Media::video ? format->video.get() : format->audio.get();
  if (media_ == Media::audio) gst_audio_info_from_caps(&audio_, caps);
  auto current = adopt(gst_pad_get_current_caps(pad_));
  if (!current) gst_pad_push_event(pad_, gst_event_new_caps(caps));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(pad_, gst_event_new_segment(&segment));
  session.begin(media_, media_ == Media::video && any_stride(caps));
  return true;
}

void JoinLane::push_stream_start() {
  auto before = adopt(gst_pad_get_sticky_event(pad_, GST_EVENT_STREAM_START, 0));
  if (before) return;
  Own<gchar> id(
      gst_pad_create_stream_id(pad_, element_, media_ == Media::video ? "video" : "audio"));
  GstEvent* event = gst_event_new_stream_start(id.get());
  gst_event_set_group_id(event, group_id_);
  gst_pad_push_event(pad_, event);
}

/// Whether downstream reads GstVideoMeta, so that decoders need not copy into plain rows.
bool JoinLane::any_stride(GstCaps* caps) {
  auto query = adopt(gst_query_new_allocation(caps, FALSE));
  return gst_pad_peer_query(pad_, query.get()) &&
         gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr);
}

bool JoinLane::take(JoinSession& session) {
  auto part = session.take(media_);
  if (!part) return false;
  plan_ = part->plan;
  warned_ = false;
  if (plan_->item.event) {
    gst_pad_push_event(pad_, gst_event_ref(plan_->item.event.get()));
    session.give_back(media_, nullptr);
  } else if (media_ == Media::video) {
    number_ = plan_->first_frame;
    frames_.emplace(std::move(part->reader), grid_, plan_->frames);
  } else {
    const int rate = GST_AUDIO_INFO_RATE(&audio_);
    number_ = grid_.sample_of(plan_->first_frame, rate);
    const guint64 stop = grid_.sample_of(plan_->first_frame + plan_->frames, rate);
    sound_.emplace(std::move(part->reader), audio_, stop - number_);
  }
  return true;
}

void JoinLane::put_back(JoinSession& session) {
  if (frames_) session.give_back(media_, frames_->release());
  if (sound_) session.give_back(media_, sound_->release());
  frames_.reset();
  sound_.reset();
}

void JoinLane::warn(const std::optional<Error>& damage) {
  if (!damage || std::exchange(warned_, true)) return;
  report(element_, *damage, false, plan_->item.uri);
}

GstFlowReturn JoinLane::push_frame(Ref<GstBuffer> frame) {
  GstBuffer* buffer = gst_buffer_make_writable(frame.leak());
  GST_BUFFER_PTS(buffer) = grid_.time_of(number_);
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = grid_.time_of(number_ + 1) - GST_BUFFER_PTS(buffer);
  GST_BUFFER_OFFSET(buffer) = number_++;
  GST_BUFFER_OFFSET_END(buffer) = number_;
  GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC);
  if (std::exchange(first_, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  gst_buffer_copy_into(buffer, plan_->item.origin.get(), GST_BUFFER_COPY_META, 0, -1);
  const GstClockTime end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
  const GstFlowReturn flow = gst_pad_push(pad_, buffer);
  if (flow == GST_FLOW_OK) position_ = end;
  return flow;
}

GstFlowReturn JoinLane::push_sound(Ref<GstBuffer> block) {
  const guint64 rate = GST_AUDIO_INFO_RATE(&audio_);
  const guint64 samples = gst_buffer_get_size(block.get()) / GST_AUDIO_INFO_BPF(&audio_);
  GstBuffer* buffer = gst_buffer_make_writable(block.leak());
  GST_BUFFER_OFFSET(buffer) = number_;
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(number_, GST_SECOND, rate);
  number_ += samples;
  GST_BUFFER_OFFSET_END(buffer) = number_;
  const GstClockTime end = gst_util_uint64_scale(number_, GST_SECOND, rate);
  GST_BUFFER_DURATION(buffer) = end - GST_BUFFER_PTS(buffer);
  GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC);
  if (std::exchange(first_, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  const GstFlowReturn flow = gst_pad_push(pad_, buffer);
  if (flow == GST_FLOW_OK) position_ = end;
  return flow;
}

/// The task stops here: at the end, on a flush, or because downstream takes no more.
void JoinLane::end(JoinSession& session, GstFlowReturn flow) {
  put_back(session);
  gst_pad_pause_task(pad_);
  if (flow == GST_FLOW_FLUSHING) return;
  const bool broken = flow < GST_FLOW_EOS;
  if (broken) session.refuse(flow);
  const bool last = session.leave(media_);
  if (broken || (flow == GST_FLOW_NOT_LINKED && last)) {
    session.refuse(flow);
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  }
  gst_pad_push_event(pad_, gst_event_new_eos());
}

} // namespace aigc
