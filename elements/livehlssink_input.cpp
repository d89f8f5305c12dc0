// SPDX-License-Identifier: LGPL-2.1-or-later
// See livehlssink_input.h.
#include "livehlssink_input.h"

#include "playout/hls_access_unit.h"

#include <cstdlib>

#include <gst/video/video.h>

namespace aigc {

bool HlsFormat::on_event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return false;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const bool other = has_data_ && !gst_caps_is_equal(caps_.get(), caps);
  caps_ = share(caps);
  return other;
}

GstPadProbeReturn LiveHlsVideo::probe(GstPadProbeInfo* info) {
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    return on_frame(GST_PAD_PROBE_INFO_BUFFER(info));
  return on_event(GST_PAD_PROBE_INFO_EVENT(info));
}

void LiveHlsVideo::flush() {
  cut_.reset();
  run_.marks.lock()->clear();
  run_.end = 0;
  has_started_ = item_.item.empty() && item_.tier.empty();
}

GstPadProbeReturn LiveHlsVideo::on_event(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
  case GST_EVENT_SEGMENT:
    gst_event_copy_segment(event, &segment_);
    break;
  case GST_EVENT_CAPS:
    if (format_.on_event(event)) run_.has_other_format = true;
    break;
  case GST_EVENT_TAG:
    take_tags(event);
    break;
  case GST_EVENT_FLUSH_STOP:
    flush();
    break;
  default:
    // A key frame that others asked for is no reason to cut.
    if (gst_video_event_is_force_key_unit(event)) return GST_PAD_PROBE_DROP;
    break;
  }
  return GST_PAD_PROBE_OK;
}

void LiveHlsVideo::take_tags(GstEvent* event) {
  GstTagList* tags = nullptr;
  gst_event_parse_tag(event, &tags);
  HlsDateRange item;
  GstClockTime start = GST_CLOCK_TIME_NONE;
  for (guint i = 0; i < gst_tag_list_get_tag_size(tags, GST_TAG_EXTENDED_COMMENT); ++i) {
    const gchar* comment = nullptr;
    gst_tag_list_peek_string_index(tags, GST_TAG_EXTENDED_COMMENT, i, &comment);
    const std::string_view text(comment);
    if (text.substr(0, 3) == "id=") item.item = text.substr(3);
    if (text.substr(0, 5) == "tier=") item.tier = text.substr(5);
    if (text.substr(0, 6) == "start=") start = g_ascii_strtoull(comment + 6, nullptr, 10);
  }
  const gchar* title = nullptr;
  if (gst_tag_list_peek_string_index(tags, GST_TAG_TITLE, 0, &title)) item.title = title;
  if (item.item.empty() && item.tier.empty()) return; // not of what is on air
  // Parsers repeat the tags with what they find out.
  if (item.item == item_.item && item.tier == item_.tier && start == start_) return;
  start_ = start;
  item_ = std::move(item);
  has_started_ = false;
}

void LiveHlsVideo::begin_item(GstClockTime frame) {
  // The first picture that is sent need not be the first that is seen, and encoders send tags again
  // that belong to pictures they still hold.
  const bool is_told =
      GST_CLOCK_TIME_IS_VALID(start_) && std::abs(GST_CLOCK_DIFF(start_, frame)) < kMostDelay;
  if (has_started_ || (is_told && frame < start_)) return;
  has_started_ = true;
  run_.marks.lock()->push_back({is_told ? start_ : frame, item_});
}

void LiveHlsVideo::ask_for_key(GstClockTime time) {
  // Not with all headers: such an event h264parse keeps, and reads without a lock in a thread that
  // may be another one.
  gst_pad_push_event(pad_, gst_video_event_new_upstream_force_key_unit(time, FALSE, 0));
}

/// Whether time goes on if nobody takes what comes; that is believed of who does not tell.
bool LiveHlsVideo::is_live() const {
  const auto query = adopt(gst_query_new_latency());
  gboolean live = TRUE;
  if (gst_pad_peer_query(pad_, query.get()))
    gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  return live;
}

bool LiveHlsVideo::is_key(GstBuffer* buffer) const {
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) return false;
  const BufferMap map(buffer, GST_MAP_READ);
  const bool is_h265 =
      gst_structure_has_name(gst_caps_get_structure(format_.caps(), 0), "video/x-h265");
  return map && is_random_access({map.data(), map.size()}, is_h265);
}

/// Nothing as long as, or because, nothing can be written.
std::optional<unsigned> LiveHlsVideo::find_target() {
  if (has_failed_) return std::nullopt;
  if (!is_live_) is_live_ = is_live();
  try {
    const auto target = run_.writer.resume(*is_live_);
    run_.is_dropping = !target;
    hls_tell_trouble(run_, GST_ELEMENT(GST_PAD_PARENT(pad_)));
    return target;
  } catch (...) {
    run_.is_dropping = has_failed_ = true;
    throw;
  }
}

GstPadProbeReturn LiveHlsVideo::on_frame(GstBuffer* buffer) {
  const GstClockTime time =
      gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(time)) return cut_ ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
  if (!cut_) {
    const auto target = find_target();
    if (!target) return GST_PAD_PROBE_DROP;
    cut_.emplace(*target * GST_SECOND);
    // Encoders of GStreamer 1.22 that shift their times, as x264enc does, misread the time of a key
    // frame that was forced before their first frame was out, and then take all others for too
    // soon after it. One at once sets that right.
    ask_for_key(GST_CLOCK_TIME_NONE);
  }
  format_.on_data();
  if (run_.has_other_format) cut_->cut_at_next_key();
  begin_item(time);
  const GstClockTime duration =
      GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
  const HlsDecision decision = cut_->frame(time, duration, is_key(buffer));
  if (decision.end) {
    gst_pad_send_event(next_, hls_end_event(*decision.end));
    if (!decision.begin) ask_for_key(GST_CLOCK_TIME_NONE);
  }
  if (decision.begin)
    gst_pad_send_event(next_, hls_begin_event(time, run_.has_other_format.exchange(false)));
  for (auto wanted = cut_->next_request(); GST_CLOCK_TIME_IS_VALID(wanted);
       wanted = cut_->next_request())
    ask_for_key(wanted);
  run_.end = cut_->end();
  return decision.keep ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

} // namespace aigc
