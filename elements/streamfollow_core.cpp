// SPDX-License-Identifier: LGPL-2.1-or-later
// See streamfollow_core.h.
#include "streamfollow_core.h"

#include "audio_fade.h"

#include <algorithm>

namespace aigc {
namespace {

/// How far a main runs ahead beyond the fade: enough for what encoders and muxers behind a follower
/// hold back.
constexpr GstClockTime kMargin = GST_SECOND;

/// Followers are let out in pieces of at least this length.
constexpr GstClockTime kPiece = 10 * GST_MSECOND;

GstClockTime running_time(const GstSegment& segment, GstClockTime time) {
  return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, time);
}

} // namespace

std::shared_ptr<FollowStream> FollowCore::add(GstPad* sink, GstPad* src, bool main) {
  auto stream = std::make_shared<FollowStream>();
  stream->core = this;
  stream->sink = sink;
  stream->src = src;
  stream->main = main;
  clear(*stream);
  state_.lock()->streams.push_back(stream);
  state_.notify();
  return stream;
}

void FollowCore::remove(const FollowStream* stream) {
  std::erase_if(state_.lock()->streams, [&](const auto& one) { return one.get() == stream; });
  state_.notify();
}

void FollowCore::set_main(FollowStream& stream, bool main) {
  auto state = state_.lock();
  stream.main = main;
}

bool FollowCore::is_main(FollowStream& stream) {
  auto state = state_.lock();
  return stream.main;
}

void FollowCore::clear(FollowStream& stream) {
  stream.flushing = stream.ended = stream.seeking = false;
  stream.position = stream.released = 0;
  stream.flow = GST_FLOW_OK;
  stream.queue.clear();
  gst_segment_init(&stream.segment, GST_FORMAT_TIME);
  stream.done = stream.segment_sent = stream.data_since_start = false;
  stream.offset = stream.end = 0;
  stream.last_start = GST_CLOCK_TIME_NONE;
}

void FollowCore::stop() {
  state_.lock()->stopped = true;
  state_.notify();
}

void FollowCore::reset() {
  auto state = state_.lock();
  state->stopped = false;
  for (const auto& stream : state->streams)
    clear(*stream);
}

void FollowCore::activate(FollowStream& stream) {
  {
    auto state = state_.lock();
    stream.flushing = false;
  }
  if (is_main(stream)) gst_pad_start_task(stream.src, run, &stream, nullptr);
}

void FollowCore::deactivate(FollowStream& stream) {
  {
    auto state = state_.lock();
    stream.flushing = true;
  }
  state_.notify();
  gst_pad_stop_task(stream.src);
}

GstFlowReturn FollowCore::chain(FollowStream& stream, Ref<GstBuffer> buffer) {
  return is_main(stream) ? chain_main(stream, std::move(buffer))
                         : chain_follower(stream, std::move(buffer));
}

gboolean FollowCore::event(FollowStream& stream, Ref<GstEvent> event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_START)
    return flush_start(stream, std::move(event));
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_STOP)
    return flush_stop(stream, std::move(event));
  if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event.get())) & GST_EVENT_TYPE_SERIALIZED))
    return gst_pad_push_event(stream.src, event.leak());
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT && !take_segment(stream, event.get()))
    return FALSE;
  return is_main(stream) ? event_main(stream, std::move(event))
                         : event_follower(stream, std::move(event));
}

bool FollowCore::take_segment(FollowStream& stream, GstEvent* event) {
  gst_event_copy_segment(event, &stream.segment);
  if (stream.segment.format == GST_FORMAT_TIME) return true;
  GST_ELEMENT_ERROR(element_, STREAM, FORMAT,
                    ("%s needs streams with timestamps; put a parser or demuxer before pad %s",
                     GST_OBJECT_NAME(element_), GST_OBJECT_NAME(stream.sink)),
                    (nullptr));
  return false;
}

// ------------------------------------------------------------------------------------------ mains

/// Lets the input run ahead of the output by the fade and a margin, so that followers can be let
/// out as far as a muxer behind needs them, and still be faded when the end comes as a surprise.
GstFlowReturn FollowCore::chain_main(FollowStream& stream, Ref<GstBuffer> buffer) {
  const GstClockTime pts =
      GST_BUFFER_PTS_IS_VALID(buffer.get()) ? GST_BUFFER_PTS(buffer.get()) : GST_CLOCK_TIME_NONE;
  const GstClockTime begin =
      GST_CLOCK_TIME_IS_VALID(pts) ? running_time(stream.segment, pts) : GST_CLOCK_TIME_NONE;
  GstClockTime length =
      GST_BUFFER_DURATION_IS_VALID(buffer.get()) ? GST_BUFFER_DURATION(buffer.get()) : 0;
  if (length == 0 && GST_CLOCK_TIME_IS_VALID(stream.last_start) && GST_CLOCK_TIME_IS_VALID(begin) &&
      begin > stream.last_start)
    length = begin - stream.last_start;
  stream.last_start = begin;
  {
    auto state = state_.lock();
    state.wait([&stream](const State& s) {
      return s.stopped || stream.flushing || stream.flow != GST_FLOW_OK || stream.queue.empty() ||
             stream.position <= stream.released + s.fade + kMargin;
    });
    if (state->stopped || stream.flushing) return GST_FLOW_FLUSHING;
    if (stream.flow != GST_FLOW_OK) return stream.flow;
    const GstClockTime start = GST_CLOCK_TIME_IS_VALID(begin) ? begin : stream.position;
    stream.position = std::max(stream.position, start + length);
    stream.queue.push_back({std::move(buffer), nullptr, start});
  }
  state_.notify();
  return GST_FLOW_OK;
}

gboolean FollowCore::event_main(FollowStream& stream, Ref<GstEvent> event) {
  {
    auto state = state_.lock();
    if (stream.flushing || state->stopped) return FALSE;
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) stream.ended = true;
    stream.queue.push_back({nullptr, std::move(event), stream.position});
  }
  state_.notify();
  return TRUE;
}

void FollowCore::run(gpointer data) {
  auto* stream = static_cast<FollowStream*>(data);
  stream->core->turn(*stream);
}

/// One turn of a main's task: the front of the queue goes out.
void FollowCore::turn(FollowStream& stream) {
  FollowStream::Item item;
  {
    auto state = state_.lock();
    state.wait([&stream](const State& s) {
      return s.stopped || stream.flushing || !stream.queue.empty();
    });
    if (state->stopped || stream.flushing) {
      gst_pad_pause_task(stream.src);
      return;
    }
    item = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (item.buffer) stream.released = std::max(stream.released, item.start);
  }
  state_.notify();
  if (item.event) {
    const bool last = GST_EVENT_TYPE(item.event.get()) == GST_EVENT_EOS;
    gst_pad_push_event(stream.src, item.event.leak());
    if (last) gst_pad_pause_task(stream.src);
    return;
  }
  const GstFlowReturn flow = gst_pad_push(stream.src, item.buffer.leak());
  if (flow == GST_FLOW_OK) return;
  bool ended;
  {
    auto state = state_.lock();
    stream.flow = flow;
    ended = stream.ended;
  }
  state_.notify();
  gst_pad_pause_task(stream.src);
  // Upstream has gone after its EOS: nobody but us can tell what happened, or end what is behind.
  const bool broken = flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS;
  if (!ended || !(broken || flow == GST_FLOW_EOS)) return;
  if (broken) GST_ELEMENT_FLOW_ERROR(element_, flow);
  gst_pad_push_event(stream.src, gst_event_new_eos());
}

// -------------------------------------------------------------------------------------- followers

FollowCore::Limit FollowCore::limit(const State& state, const FollowStream& follower) {
  GstClockTime soonest = GST_CLOCK_TIME_NONE, latest = 0;
  bool any = false;
  for (const auto& stream : state.streams) {
    if (!stream->main) continue;
    any = true;
    latest = std::max(latest, stream->position);
    if (!stream->ended) soonest = std::min(soonest, stream->position);
  }
  Limit limit;
  limit.final = any && !GST_CLOCK_TIME_IS_VALID(soonest);
  limit.time = limit.final ? latest : soonest; // without a main: no limit
  if (any && follower.raw && can_fade(follower.audio))
    limit.fade = std::min(state.fade, limit.time);
  return limit;
}

/// Waits until a buffer, or a piece of it, may go out. False when it never may.
bool FollowCore::wait_turn(FollowStream& stream, GstClockTime start, GstClockTime length,
                           Limit& limit) {
  auto state = state_.lock();
  state.wait([&](const State& s) {
    if (s.stopped || stream.flushing) return true;
    limit = FollowCore::limit(s, stream);
    const GstClockTime until = limit.time - limit.fade;
    const GstClockTime least = stream.raw ? std::min(length, kPiece) : 1;
    return limit.final || until >= start + least;
  });
  return !state->stopped && !stream.flushing;
}

GstFlowReturn FollowCore::chain_follower(FollowStream& stream, Ref<GstBuffer> buffer) {
  if (stream.done) return GST_FLOW_EOS;
  GstClockTime start = stream.end;
  if (GST_BUFFER_PTS_IS_VALID(buffer.get())) {
    start = running_time(stream.segment, GST_BUFFER_PTS(buffer.get()));
    if (!GST_CLOCK_TIME_IS_VALID(start)) return GST_FLOW_OK; // outside its segment
    start += stream.offset;
  }
  GstClockTime length =
      GST_BUFFER_DURATION_IS_VALID(buffer.get()) ? GST_BUFFER_DURATION(buffer.get()) : 0;
  if (stream.raw)
    length =
        gst_util_uint64_scale(gst_buffer_get_size(buffer.get()) / GST_AUDIO_INFO_BPF(&stream.audio),
                              GST_SECOND, GST_AUDIO_INFO_RATE(&stream.audio));
  stream.data_since_start = true;
  while (buffer) {
    Limit limit;
    if (!wait_turn(stream, start, length, limit)) return GST_FLOW_FLUSHING;
    const GstFlowReturn flow = let_out(stream, buffer, limit, start, length);
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

/// Pushes what `limit` allows; what has to wait stays in `buffer`.
GstFlowReturn FollowCore::let_out(FollowStream& stream, Ref<GstBuffer>& buffer, const Limit& limit,
                                  GstClockTime& start, GstClockTime& length) {
  const bool past_end = limit.final && start >= limit.time;
  if (past_end) {
    end_follower(stream);
    return GST_FLOW_EOS;
  }
  const GstClockTime until = limit.final ? limit.time : limit.time - limit.fade;
  if (!stream.raw) {
    const GstFlowReturn flow = push(stream, std::move(buffer), start, length);
    buffer.reset();
    return flow;
  }
  const gsize frame = GST_AUDIO_INFO_BPF(&stream.audio);
  const gsize size = gst_buffer_get_size(buffer.get()) / frame;
  Ref<GstBuffer> piece = buffer;
  gsize samples = size;
  if (start + length > until)
    samples = std::min<gsize>(
        size,
        gst_util_uint64_scale_round(until - start, GST_AUDIO_INFO_RATE(&stream.audio), GST_SECOND));
  const auto span = gst_util_uint64_scale(samples, GST_SECOND, GST_AUDIO_INFO_RATE(&stream.audio));
  if (samples < size) {
    piece = adopt(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_MEMORY, 0, samples * frame));
    buffer = adopt(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_MEMORY, samples * frame,
                                          (size - samples) * frame));
  } else {
    buffer.reset();
  }
  if (limit.final && limit.fade > 0 && start + span > limit.time - limit.fade)
    piece = fade_out(std::move(piece), stream.audio, start, limit.time, limit.fade);
  const GstFlowReturn flow =
      samples > 0 ? push(stream, std::move(piece), start, span) : GST_FLOW_OK;
  start += span;
  length -= std::min(length, span);
  if (flow != GST_FLOW_OK || !limit.final || (!buffer && start < limit.time)) return flow;
  end_follower(stream);
  return GST_FLOW_EOS;
}

GstFlowReturn FollowCore::push(FollowStream& stream, Ref<GstBuffer> held, GstClockTime start,
                               GstClockTime length) {
  GstBuffer* buffer = gst_buffer_make_writable(held.leak());
  if (GST_BUFFER_DTS_IS_VALID(buffer)) {
    const GstClockTime dts = running_time(stream.segment, GST_BUFFER_DTS(buffer));
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_IS_VALID(dts) ? dts + stream.offset : dts;
  }
  GST_BUFFER_PTS(buffer) = start;
  if (length > 0) GST_BUFFER_DURATION(buffer) = length;
  GST_BUFFER_OFFSET(buffer) = GST_BUFFER_OFFSET_END(buffer) = GST_BUFFER_OFFSET_NONE;
  // Rounds follow each other without a break, though each begins with one.
  if (stream.offset > 0 && start <= stream.end + kPiece)
    GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT);
  stream.end = std::max(stream.end, start + length);
  return gst_pad_push(stream.src, buffer);
}

void FollowCore::end_follower(FollowStream& stream) {
  if (!stream.done.exchange(true)) gst_pad_push_event(stream.src, gst_event_new_eos());
}

gboolean FollowCore::event_follower(FollowStream& stream, Ref<GstEvent> event) {
  switch (GST_EVENT_TYPE(event.get())) {
  case GST_EVENT_CAPS:
    take_caps(stream, event.get());
    break;
  case GST_EVENT_SEGMENT: { // ours counts running time, through all rounds
    if (std::exchange(stream.segment_sent, true)) return TRUE;
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    return gst_pad_push_event(stream.src, gst_event_new_segment(&segment));
  }
  case GST_EVENT_GAP:
    pass_gap(stream, event.get());
    return TRUE;
  case GST_EVENT_EOS:
    if (may_start_over(stream))
      start_over(stream);
    else
      end_follower(stream);
    return TRUE;
  default:
    break;
  }
  return gst_pad_push_event(stream.src, event.leak());
}

void FollowCore::take_caps(FollowStream& stream, GstEvent* event) {
  GstCaps* caps;
  gst_event_parse_caps(event, &caps);
  stream.raw = gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw") &&
               gst_audio_info_from_caps(&stream.audio, caps) &&
               GST_AUDIO_INFO_LAYOUT(&stream.audio) == GST_AUDIO_LAYOUT_INTERLEAVED;
}

void FollowCore::pass_gap(FollowStream& stream, GstEvent* event) {
  GstClockTime time, length;
  gst_event_parse_gap(event, &time, &length);
  const GstClockTime running = running_time(stream.segment, time);
  if (!GST_CLOCK_TIME_IS_VALID(running) || stream.done) return;
  const GstClockTime start = running + stream.offset;
  Limit limit;
  if (!wait_turn(stream, start, 1, limit)) return;
  if (limit.final && start >= limit.time) {
    end_follower(stream);
    return;
  }
  if (limit.final && GST_CLOCK_TIME_IS_VALID(length)) length = std::min(length, limit.time - start);
  gst_pad_push_event(stream.src, gst_event_new_gap(start, length));
}

// ------------------------------------------------------------------------------------------ loops

bool FollowCore::may_start_over(FollowStream& stream) {
  if (stream.done || !stream.data_since_start) return false;
  auto state = state_.lock();
  const Limit most = limit(*state, stream);
  const bool full = most.final && stream.end >= most.time;
  return state->loop && !state->stopped && !stream.flushing && !full;
}

/// A flushing seek must not be sent from the thread that it flushes.
void FollowCore::start_over(FollowStream& stream) {
  stream.offset = stream.end;
  stream.data_since_start = false;
  std::shared_ptr<FollowStream> self;
  {
    auto state = state_.lock();
    stream.seeking = true;
    for (const auto& one : state->streams)
      if (one.get() == &stream) self = one;
  }
  gst_element_call_async(
      element_,
      [](GstElement*, gpointer data) {
        auto& held = *static_cast<std::shared_ptr<FollowStream>*>(data);
        if (held) held->core->seek_to_start(*held);
      },
      new std::shared_ptr<FollowStream>(self),
      [](gpointer data) { delete static_cast<std::shared_ptr<FollowStream>*>(data); });
}

void FollowCore::seek_to_start(FollowStream& stream) {
  GstEvent* seek = gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                      0, GST_SEEK_TYPE_NONE, GST_CLOCK_TIME_NONE);
  if (gst_pad_push_event(stream.sink, seek)) return;
  {
    auto state = state_.lock();
    stream.seeking = false;
    if (state->stopped || stream.flushing) return;
  }
  GST_ELEMENT_WARNING(element_, STREAM, FAILED,
                      ("%s cannot repeat the stream on pad %s: it is not seekable; it ends early",
                       GST_OBJECT_NAME(element_), GST_OBJECT_NAME(stream.sink)),
                      (nullptr));
  end_follower(stream);
}

// ---------------------------------------------------------------------------------------- flushes

/// The flush of our own seek stays upstream: for downstream the stream goes on.
gboolean FollowCore::flush_start(FollowStream& stream, Ref<GstEvent> event) {
  bool own, main;
  {
    auto state = state_.lock();
    own = stream.seeking;
    main = stream.main;
    stream.flushing = true;
    if (!own) stream.queue.clear();
  }
  state_.notify();
  if (own) return TRUE;
  const gboolean result = gst_pad_push_event(stream.src, event.leak());
  if (main) gst_pad_pause_task(stream.src);
  return result;
}

gboolean FollowCore::flush_stop(FollowStream& stream, Ref<GstEvent> event) {
  bool own, main;
  {
    auto state = state_.lock();
    own = std::exchange(stream.seeking, false);
    main = stream.main;
    if (own) {
      stream.flushing = false;
      gst_segment_init(&stream.segment, GST_FORMAT_TIME);
    } else {
      clear(stream);
    }
  }
  if (own) return TRUE;
  const gboolean result = gst_pad_push_event(stream.src, event.leak());
  if (main && GST_PAD_IS_ACTIVE(stream.src)) gst_pad_start_task(stream.src, run, &stream, nullptr);
  return result;
}

} // namespace aigc
