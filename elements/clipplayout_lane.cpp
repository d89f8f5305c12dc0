// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipplayout_lane.h.
#include "clipplayout_lane.h"

#include "playout/wall_clock.h"
#include "stage/report.h"

namespace aigc {

void AirLane::set_desk(std::shared_ptr<Desk> desk, std::string slate_text, guint group_id) {
  desk_ = std::move(desk);
  slate_text_ = std::move(slate_text);
  group_id_ = group_id;
  position_ = 0;
  begun_ = false;
  number_ = 0;
  key_units_ = 0;
  was_flushed_ = was_unlinked_ = false;
}

void AirLane::drop_clips() {
  pictures_.reset();
  sounds_.reset();
}

GstClockTime AirLane::behind() const {
  const auto now = clock_.running_time();
  return now && begun_ && *now > position_ ? *now - position_ : 0;
}

void AirLane::turn() {
  if (!desk_) {
    gst_pad_pause_task(pad_);
    return;
  }
  GstFlowReturn flow;
  try {
    flow = step();
  } catch (...) {
    const Error error = caught_error();
    flow = error.fault == Fault::cancelled ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
    if (flow == GST_FLOW_ERROR) report(element_, error);
  }
  if (flow != GST_FLOW_OK) end(flow);
}

GstFlowReturn AirLane::step() {
  const Grid& grid = desk_->settings().rules.grid;
  if (!begun_) {
    if (!clock_.wait_playing()) return GST_FLOW_FLUSHING;
    begin();
  }
  const auto lateness = clock_.wait(side_, grid.time_of(number_));
  if (!lateness) return GST_FLOW_FLUSHING;
  // After a standstill downstream the slots that are due are made up for, no faster than clips can
  // be opened and decoded.
  if (*lateness >= kPatience) clock_.rest(std::chrono::nanoseconds(grid.time_of(1) / kCatchUp));
  return play(*lateness);
}

void AirLane::begin() {
  begun_ = true;
  push_stream_start();
  GstCaps* caps =
      side_ == Side::video ? desk_->settings().video.get() : desk_->settings().audio.get();
  gst_pad_push_event(pad_, gst_event_new_caps(caps));
  push_segment();
  if (side_ == Side::video)
    pictures_.emplace(desk_, slate_text_);
  else
    sounds_.emplace(desk_);
  desk_->begin(side_, side_ == Side::video && any_stride(caps));
}

void AirLane::push_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(pad_, gst_event_new_segment(&segment));
}

void AirLane::push_stream_start() {
  Own<gchar> id(gst_pad_create_stream_id(pad_, element_, side_ == Side::video ? "video" : "audio"));
  GstEvent* event = gst_event_new_stream_start(id.get());
  gst_event_set_group_id(event, group_id_);
  gst_pad_push_event(pad_, event);
}

/// Whether downstream reads GstVideoMeta, so that decoders need not copy into plain rows.
bool AirLane::any_stride(GstCaps* caps) {
  auto query = adopt(gst_query_new_allocation(caps, FALSE));
  return gst_pad_peer_query(pad_, query.get()) &&
         gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr);
}

GstFlowReturn AirLane::play(GstClockTime lateness) {
  const GstClockTime least = desk_->settings().rules.grid.time_of(1) / 2;
  const std::chrono::nanoseconds patience(
      std::max(kPatience - std::min(lateness, kPatience), least));
  const gint64 utc = utc_now() - static_cast<gint64>(lateness / GST_USECOND);
  const auto play = [&](auto& track) {
    auto result = track.play(number_, utc, patience);
    if (result.slot.ended) return GST_FLOW_EOS;
    const Span* span = result.slot.span.get();
    if (result.begins && span) announce(*span);
    return push(std::move(result.buffer), span);
  };
  return pictures_ ? play(*pictures_) : play(*sounds_);
}

/// What downstream has to know of what comes on air before its first frame.
void AirLane::announce(const Span& span) {
  const GstClockTime time = desk_->settings().rules.grid.time_of(number_);
  GstTagList* tags = gst_tag_list_new_empty();
  const auto add = [tags](const char* tag, const std::string& text) {
    gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, tag, text.c_str(), nullptr);
  };
  if (span.item) {
    const std::string& script = span.item->shot.script;
    add(GST_TAG_TITLE, script.empty() ? span.item->id : script);
    add(GST_TAG_EXTENDED_COMMENT, "id=" + span.item->id);
  }
  add(GST_TAG_EXTENDED_COMMENT, std::string("tier=") + tier_name(span.tier));
  add(GST_TAG_EXTENDED_COMMENT, "start=" + std::to_string(time)); // encoders change the order
  gst_pad_push_event(pad_, gst_event_new_tag(tags));
  // The first frame is a key frame anyway, and x264enc of GStreamer 1.22 misreads the time of an
  // event before it and then ignores all others for being too soon after it.
  if (side_ == Side::video && span.tier != Tier::repeat && number_ > 0)
    gst_pad_push_event(
        pad_, gst_video_event_new_downstream_force_key_unit(time, time, time, TRUE, key_units_++));
}

GstFlowReturn AirLane::push(Ref<GstBuffer> data, const Span* span) {
  const Grid& grid = desk_->settings().rules.grid;
  GstBuffer* buffer = gst_buffer_make_writable(data.leak());
  GstClockTime end = grid.time_of(number_ + 1);
  GST_BUFFER_PTS(buffer) = grid.time_of(number_);
  GST_BUFFER_OFFSET(buffer) = number_;
  GST_BUFFER_OFFSET_END(buffer) = number_ + 1;
  if (side_ == Side::audio) {
    const int rate = GST_AUDIO_INFO_RATE(&sounds_->info());
    const guint64 first = grid.sample_of(number_, rate);
    const guint64 last = grid.sample_of(number_ + 1, rate);
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(first, GST_SECOND, rate);
    end = gst_util_uint64_scale(last, GST_SECOND, rate);
    GST_BUFFER_OFFSET(buffer) = first;
    GST_BUFFER_OFFSET_END(buffer) = last;
  } else if (span && span->item && span->item->origin) {
    gst_buffer_copy_into(buffer, span->item->origin.get(), GST_BUFFER_COPY_META, 0, -1);
  }
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = end - GST_BUFFER_PTS(buffer);
  GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC);
  if (number_ == 0) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  ++number_;
  if (std::exchange(was_flushed_, false)) push_segment();
  const GstFlowReturn flow = gst_pad_push(pad_, buffer);
  position_ = end;
  return go_on_after(flow);
}

/// The grid goes on while somebody behind flushes, or takes the pad away and brings it back.
GstFlowReturn AirLane::go_on_after(GstFlowReturn flow) {
  if (clock_.is_stopped()) return flow;
  if (flow == GST_FLOW_FLUSHING) {
    was_flushed_ = true;
    return GST_FLOW_OK;
  }
  if (flow != GST_FLOW_NOT_LINKED) return flow;
  if (!std::exchange(was_unlinked_, true))
    report(element_,
           Error(Fault::negotiation,
                 std::string("what the pad ") + GST_PAD_NAME(pad_) + " gives goes nowhere",
                 "link it again; the channel goes on meanwhile"),
           false);
  return GST_FLOW_OK;
}

/// The task stops here: at the end, on a state change, or because downstream takes no more.
void AirLane::end(GstFlowReturn flow) {
  gst_pad_pause_task(pad_);
  if (flow == GST_FLOW_FLUSHING) return;
  begun_ = false; // nothing is due any more
  drop_clips();
  desk_->leave(side_);
  if (flow < GST_FLOW_EOS) GST_ELEMENT_FLOW_ERROR(element_, flow);
  gst_pad_push_event(pad_, gst_event_new_eos());
}

} // namespace aigc
