// SPDX-License-Identifier: LGPL-2.1-or-later
// See flow.h. Here: what comes in and what leaves.
#include "stage/flow.h"

#include "stage/arrivals.h"
#include "stage/pads.h"
#include "stage/report.h"

GST_DEBUG_CATEGORY_EXTERN(gst_aigc_stage_debug);
#define GST_CAT_DEFAULT gst_aigc_stage_debug

namespace aigc {

namespace {

/// For workers that tell the service to cancel, on their way out.
constexpr std::chrono::milliseconds kCancelPatience{600};

} // namespace

StageFlow::StageFlow(GstElement* element, GstPad* src, const StageKind& kind)
    : element_(element), src_(src), kind_(kind) {}

void StageFlow::open(GstPad* sink) {
  const bool has_sink = sink != nullptr;
  if (!has_sink && is_blank(kind_.shared_settings().prompt))
    throw Error(Fault::settings, "there are no words to work on",
                "set prompt, or link an element that brings shots to the sink");
  std::shared_ptr<StageRun> run = kind_.begin(arrivals_at(sink));
  framer_ = Framer(kind_.every_frame());
  *state_.lock() = State{};
  begin_round(std::move(run), std::make_shared<Stats>(), has_sink);
}

/// The work holds the element, so a worker that outlives the run still has one to speak for.
std::shared_ptr<Pool> StageFlow::make_pool(std::shared_ptr<const Round> round) {
  const StageSettings settings = kind_.shared_settings();
  Pool::Options options{round->run->max_in_flight(), static_cast<Order>(settings.order)};
  if (settings.cancel_pending) options.patience = kCancelPatience;
  return std::make_shared<Pool>(
      [self = shared_from_this(), element = share(element_), round](Job job, Cancel& cancel) {
        return self->work(*round, std::move(job), cancel);
      },
      options);
}

/// A fresh pool for `run`; without a sink the prompt is its only shot.
Own<GstStructure> StageFlow::stats() const {
  const State now = state_.snapshot();
  auto stats = now.stats->to_structure();
  const unsigned at_once = now.round ? now.round->run->at_once() : 0;
  gst_structure_set(stats.get(), "at-once", G_TYPE_UINT, at_once, nullptr);
  return stats;
}

void StageFlow::begin_round(std::shared_ptr<StageRun> run, std::shared_ptr<Stats> stats,
                            bool has_sink) {
  auto round = std::make_shared<const Round>(Round{std::move(run), std::move(stats)});
  auto pool = make_pool(round);
  std::shared_ptr<Pool> old;
  {
    auto state = state_.lock();
    if (state->shut) return;
    if (state->demand) pool->demand(*state->demand);
    old = std::exchange(state->pool, pool);
    state->stats = round->stats;
    state->round = std::move(round);
    state->flow = GST_FLOW_OK;
    state->failed = false;
    state->position = 0;
    state->has_sink = has_sink;
  }
  if (has_sink) return;
  Job job;
  name_job(job);
  pool->push(std::move(job));
  pool->end();
}

void StageFlow::shut() {
  state_.lock()->shut = true;
  stop_with(GST_FLOW_FLUSHING);
}

void StageFlow::cancel() {
  stop_with(GST_FLOW_FLUSHING);
}

void StageFlow::close() {
  State old;
  {
    auto state = state_.lock();
    old = std::exchange(*state, State{});
    state->stats = old.stats;
  }
  framer_ = Framer();
  sent_caps_.reset();
  segment_sent_ = buffer_sent_ = false;
}

void StageFlow::flush_stop() {
  const State now = state_.snapshot();
  if (!now.round) return;
  framer_.flush();
  sent_caps_.reset();
  segment_sent_ = buffer_sent_ = false;
  try {
    begin_round(now.round->run, now.stats, now.has_sink);
  } catch (...) {
    report_stage(element_, kind_.stage_name(), caught_error());
  }
}

// --- sink side -----------------------------------------------------------------------------------

void StageFlow::set_caps(GstCaps* caps) {
  framer_.set_caps(caps);
}

void StageFlow::set_segment(const GstSegment& segment) {
  framer_.set_segment(segment);
}

void StageFlow::name_job(Job& job) {
  std::shared_ptr<const Round> round;
  {
    auto state = state_.lock();
    round = state->round;
    const guint64 number = state->arrived++;
    if (job.shot.id.empty()) {
      job.shot.id = "shot-" + std::to_string(number + 1);
      job.shot.index = static_cast<gint64>(number);
    }
  }
  if (!round) return;
  job.chain = round->run->chain_of(job.shot);
  job.seconds = round->run->default_seconds();
  if (GST_CLOCK_TIME_IS_VALID(job.duration) && job.duration > 0)
    job.seconds = static_cast<double>(job.duration) / GST_SECOND;
  if (job.shot.duration > 0) job.seconds = job.shot.duration;
}

GstFlowReturn StageFlow::take_in(std::vector<Job> jobs) {
  auto current = pool();
  if (!current) return GST_FLOW_FLUSHING;
  for (auto& job : jobs) {
    name_job(job);
    if (current->push(std::move(job)) == Pool::Push::taken) continue;
    const GstFlowReturn flow = state_.snapshot().flow;
    return flow == GST_FLOW_OK ? GST_FLOW_EOS : flow;
  }
  return state_.snapshot().flow;
}

GstFlowReturn StageFlow::chain(Ref<GstBuffer> buffer) {
  if (framer_.is_sated()) return GST_FLOW_EOS;
  const auto round = state_.snapshot().round;
  if (!round) return GST_FLOW_FLUSHING;
  try {
    const GstFlowReturn flow = take_in(framer_.push(std::move(buffer)));
    if (flow != GST_FLOW_OK || !framer_.is_sated()) return flow;
  } catch (...) {
    fail(*round, caught_error());
    return GST_FLOW_ERROR;
  }
  report_stage(element_, kind_.stage_name(),
               Error(Fault::format,
                     "a video stream is no row of shots: its first frame is the keyframe",
                     "set frames=every to make a clip of each frame"),
               false);
  end_input();
  return GST_FLOW_OK;
}

void StageFlow::queue_event(Ref<GstEvent> event) {
  auto current = pool();
  if (!current) return;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP) {
    GstClockTime start = 0, duration = 0;
    gst_event_parse_gap(event.get(), &start, &duration);
    start = framer_.running_time(start);
    if (!GST_CLOCK_TIME_IS_VALID(start)) return;
    event = adopt(gst_event_new_gap(start, duration));
  }
  current->push_event(std::move(event));
}

void StageFlow::end_of_stream() {
  const auto round = state_.snapshot().round;
  if (!round) return;
  try {
    take_in(framer_.finish());
  } catch (...) {
    fail(*round, caught_error());
  }
  end_input();
}

void StageFlow::end_input() {
  if (auto current = pool()) current->end();
}

void StageFlow::finish() {
  std::shared_ptr<Pool> current;
  {
    auto state = state_.lock();
    current = state->pool;
    if (state->flow == GST_FLOW_OK) state->flow = GST_FLOW_EOS;
  }
  if (current) current->finish();
}

// --- source side ---------------------------------------------------------------------------------

Ref<GstCaps> StageFlow::negotiate(const Round& round, const Shot* first) {
  if (!is_linked_through(src_))
    throw Error(Fault::negotiation, "the source pad is not linked",
                "link it to an element that takes the result, such as filesink");
  auto allowed = adopt(gst_pad_peer_query_caps(src_, nullptr)); // unfiltered: ANY stays ANY
  auto caps = round.run->negotiate(first, allowed.get());
  if (first && caps && !gst_pad_peer_query_accept_caps(src_, caps.get()))
    throw Error(Fault::negotiation,
                "downstream refuses " + take_string(gst_caps_to_string(caps.get())),
                "put a converter behind, or ask for another format");
  return caps;
}

void StageFlow::check_downstream() {
  if (const auto round = state_.snapshot().round) negotiate(*round, nullptr);
}

Ref<GstCaps> StageFlow::what_is_taken(GstCaps* caps, GstCaps* allowed) {
  const auto round = state_.snapshot().round;
  if (!round) return share(caps);
  try {
    round->run->negotiate(nullptr, allowed);
    return what_run_takes(*round->run, caps);
  } catch (...) {
    return adopt(gst_caps_new_empty());
  }
}

bool StageFlow::push_caps(GstCaps* caps) {
  if (!caps || (sent_caps_ && gst_caps_is_equal(sent_caps_.get(), caps))) return true;
  sent_caps_ = share(caps);
  return gst_pad_push_event(src_, gst_event_new_caps(caps));
}

/// Once a run: a flushed pad keeps its stream.
void StageFlow::start_stream(const Round& round) {
  const auto is_stored = [this] {
    return static_cast<bool>(adopt(gst_pad_get_sticky_event(src_, GST_EVENT_STREAM_START, 0)));
  };
  if (is_stored()) return;
  Own<gchar> id(gst_pad_create_stream_id(src_, element_, kind_.stage_name()));
  GstEvent* start = gst_event_new_stream_start(id.get());
  gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  gst_event_set_group_id(start, gst_util_group_id_next());
  gst_pad_push_event(src_, start);
  if (!is_stored()) return; // a flush came first, the next round starts it
  if (std::string notice = round.run->notice(); !notice.empty())
    report_stage(element_, kind_.stage_name(), Error(Fault::settings, notice), false);
}

/// Stream-start, then caps once the first shot is here; false when the run is over.
bool StageFlow::open_stream(const Round& round, Pool& pool) {
  try {
    start_stream(round);
    const auto first = pool.first();
    if (!first) {
      const State now = state_.snapshot();
      if (now.flow == GST_FLOW_OK && now.arrived == 0 && pool.empty())
        report_stage(element_, kind_.stage_name(),
                     Error(Fault::format, "upstream ended without a shot", "send at least one"),
                     false);
      return true;
    }
    push_caps(negotiate(round, &*first).get());
  } catch (...) {
    fail(round, caught_error());
    return false;
  }
  pool.start();
  return true;
}

bool StageFlow::settle(const Round& round, GstFlowReturn flow) {
  if (flow == GST_FLOW_OK) return true;
  const bool is_error = flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS;
  if (is_error && claim_failure(round)) {
    const bool is_format = flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_NOT_NEGOTIATED;
    report_stage(
        element_, kind_.stage_name(),
        Error(is_format ? Fault::negotiation : Fault::write,
              std::string("downstream refused the result (") + gst_flow_get_name(flow) + ")",
              "look at the first error of the elements behind"));
  }
  stop_with(flow);
  return false;
}

void StageFlow::stop_with(GstFlowReturn flow) {
  std::shared_ptr<Pool> current;
  {
    auto state = state_.lock();
    state->flow = flow;
    current = state->pool;
  }
  if (current) current->cancel();
}

void StageFlow::push_segment() {
  if (std::exchange(segment_sent_, true)) return;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(src_, gst_event_new_segment(&segment));
}

bool StageFlow::leave_product(const Round& round, Outcome outcome) {
  if (!push_caps(outcome.caps.get())) return settle(round, GST_FLOW_FLUSHING);
  push_segment();
  if (!std::exchange(buffer_sent_, true))
    GST_BUFFER_FLAG_SET(outcome.buffer.get(), GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_PTS(outcome.buffer.get()) = outcome.pts;
  GST_BUFFER_DTS(outcome.buffer.get()) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(outcome.buffer.get()) = outcome.duration;
  if (!settle(round, gst_pad_push(src_, outcome.buffer.leak()))) return false;
  // A cancel that came meanwhile may have overtaken its shot.
  if (is_dropped(outcome.shot.id)) gst_pad_push_event(src_, cancel_event(outcome.shot.id).leak());
  return true;
}

/// What of an upstream gap lies behind what has left already.
void StageFlow::leave_gap(GstEvent* event) {
  GstClockTime start = 0, duration = 0;
  gst_event_parse_gap(event, &start, &duration);
  const bool is_open = !GST_CLOCK_TIME_IS_VALID(duration);
  GstClockTime end = is_open ? start : start + duration;
  {
    auto state = state_.lock();
    start = std::max(start, state->position);
    end = std::max(end, state->position);
    state->position = end;
  }
  if (end > start || is_open)
    gst_pad_push_event(src_, gst_event_new_gap(start, is_open ? duration : end - start));
}

/// Pushes one outcome at its time; false when the stream is over.
bool StageFlow::leave(const Round& round, Outcome outcome) {
  if (outcome.kind == Outcome::Kind::nothing) return true;
  if (outcome.kind == Outcome::Kind::event) {
    push_segment();
    if (GST_EVENT_TYPE(outcome.event.get()) == GST_EVENT_GAP)
      leave_gap(outcome.event.get());
    else
      gst_pad_push_event(src_, outcome.event.leak());
    return true;
  }
  {
    auto state = state_.lock();
    if (!GST_CLOCK_TIME_IS_VALID(outcome.pts) || outcome.pts < state->position)
      outcome.pts = state->position;
    state->position = outcome.pts + outcome.duration;
  }
  if (outcome.kind == Outcome::Kind::product) return leave_product(round, std::move(outcome));
  push_segment();
  gst_pad_push_event(src_, gst_event_new_gap(outcome.pts, outcome.duration));
  return true;
}

void StageFlow::loop() {
  const State now = state_.snapshot();
  if (now.pool && open_stream(*now.round, *now.pool)) {
    while (auto outcome = now.pool->next())
      if (!leave(*now.round, std::move(*outcome))) break;
  }
  GstFlowReturn flow = GST_FLOW_FLUSHING;
  {
    auto state = state_.lock();
    if (state->flow == GST_FLOW_OK) state->flow = GST_FLOW_EOS; // what still comes is refused
    flow = state->flow;
  }
  // After an error EOS finishes the file of what has left. Without anything there is no file, and a
  // muxer that gets EOS while the application shuts it down trips over its missing caps.
  const bool nothing_to_finish = flow == GST_FLOW_ERROR && !buffer_sent_;
  if (now.pool && flow != GST_FLOW_FLUSHING && !nothing_to_finish) {
    GST_DEBUG_OBJECT(element_, "stream over (%s)", gst_flow_get_name(flow));
    gst_pad_push_event(src_, gst_event_new_eos());
  }
  gst_pad_pause_task(src_);
}

} // namespace aigc
