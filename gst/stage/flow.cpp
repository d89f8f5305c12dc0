// SPDX-License-Identifier: LGPL-2.1-or-later
// See flow.h.
#include "stage/flow.h"

#include "shot/shot_meta.h"
#include "stage/report.h"

#include <cmath>

GST_DEBUG_CATEGORY_EXTERN(gst_aigc_stage_debug);
#define GST_CAT_DEFAULT gst_aigc_stage_debug

namespace aigc {

namespace {

GstClockTime to_time(double seconds) {
  return static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
}

/// The time a shot takes: its own, else what it came with, else the common default.
GstClockTime length_of(const Shot& shot, GstClockTime came_with) {
  if (shot.duration > 0) return to_time(shot.duration);
  if (GST_CLOCK_TIME_IS_VALID(came_with) && came_with > 0) return came_with;
  return to_time(kDefaultShotSeconds);
}

} // namespace

StageFlow::StageFlow(GstElement* element, GstPad* src, const StageKind& kind)
    : element_(element), src_(src), kind_(kind) {}

void StageFlow::open(bool has_sink) {
  if (!has_sink && is_blank(kind_.shared_settings().prompt))
    throw Error(Fault::settings, "there are no words to work on",
                "set prompt, or link an element that brings shots to the sink");
  std::shared_ptr<StageRun> run = kind_.begin();
  auto pool = make_pool(run);
  stats_.reset();
  framer_ = Framer(kind_.every_frame());
  {
    auto state = state_.lock();
    *state = State{};
    state->run = std::move(run);
    state->pool = pool;
    state->has_sink = has_sink;
  }
  if (!has_sink) start_source(pool);
}

/// The work holds the element, so a worker that outlives the run still has one to speak for.
std::shared_ptr<Pool> StageFlow::make_pool(std::shared_ptr<StageRun> run) {
  const Pool::Options options{run->max_in_flight(),
                              static_cast<Order>(kind_.shared_settings().order)};
  return std::make_shared<Pool>(
      [self = shared_from_this(), element = share(element_), run](Job job, Cancel& cancel) {
        return self->work(*run, std::move(job), cancel);
      },
      options);
}

void StageFlow::start_source(const std::shared_ptr<Pool>& pool) {
  Job job;
  name_job(job);
  pool->push(std::move(job));
  pool->end();
}

void StageFlow::cancel() {
  stop_with(GST_FLOW_FLUSHING);
}

void StageFlow::close() {
  State old;
  std::swap(old, *state_.lock());
  forget_stream();
}

void StageFlow::flush_stop() {
  std::shared_ptr<StageRun> run = state_.snapshot().run;
  if (!run) return;
  auto fresh = make_pool(run);
  std::shared_ptr<Pool> old;
  {
    auto state = state_.lock();
    old = std::exchange(state->pool, fresh);
    state->flow = GST_FLOW_OK;
    state->position = 0;
  }
  framer_ = Framer(kind_.every_frame());
  forget_stream();
}

void StageFlow::forget_stream() {
  sent_caps_.reset();
  segment_sent_ = buffer_sent_ = false;
}

// --- sink side -----------------------------------------------------------------------------------

void StageFlow::set_caps(GstCaps* caps) {
  framer_.set_caps(caps);
}

void StageFlow::set_segment(const GstSegment& segment) {
  framer_.set_segment(segment);
}

void StageFlow::name_job(Job& job) {
  auto state = state_.lock();
  const guint64 number = state->arrived++;
  if (!job.shot.id.empty()) return;
  job.shot.id = "shot-" + std::to_string(number + 1);
  job.shot.index = static_cast<gint64>(number);
}

GstFlowReturn StageFlow::take_in(std::vector<Job> jobs) {
  auto current = pool();
  if (!current) return GST_FLOW_FLUSHING;
  for (auto& job : jobs) {
    name_job(job);
    if (current->push(std::move(job)) == Pool::Push::taken) continue;
    const GstFlowReturn flow = state_.snapshot().flow;
    return flow == GST_FLOW_OK ? GST_FLOW_FLUSHING : flow;
  }
  return state_.snapshot().flow;
}

GstFlowReturn StageFlow::chain(Ref<GstBuffer> buffer) {
  if (framer_.is_sated()) return GST_FLOW_EOS;
  try {
    auto jobs = framer_.push(std::move(buffer));
    const GstFlowReturn flow = take_in(std::move(jobs));
    if (flow == GST_FLOW_OK && framer_.is_sated())
      report(element_,
             Error(Fault::format,
                   "a video stream is no row of shots: its first frame is the keyframe",
                   "set frames=every to make a clip of each frame"),
             false);
    return flow;
  } catch (const Error& error) {
    fail(error);
    return GST_FLOW_ERROR;
  }
}

void StageFlow::queue_event(Ref<GstEvent> event) {
  if (auto current = pool()) current->push_event(std::move(event));
}

void StageFlow::end_of_stream() {
  auto current = pool();
  if (!current) return;
  try {
    take_in(framer_.finish());
  } catch (const Error& error) {
    fail(error);
  }
  current->end();
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

// --- workers -------------------------------------------------------------------------------------

Outcome StageFlow::work(StageRun& run, Job job, Cancel& cancel) {
  const std::string code = std::string(kind_.stage_name()) + ":" + job.shot.id;
  const Job kept = job;
  if (is_blank(job.shot.words())) job.shot.script = kind_.shared_settings().prompt;
  stats_.begin();
  post_progress(element_, GST_PROGRESS_TYPE_START, code, "started");
  const auto started = std::chrono::steady_clock::now();
  try {
    check_shot(job.shot);
    Product product = run.work(std::move(job), cancel, [&](int percent) {
      post_progress(element_, GST_PROGRESS_TYPE_CONTINUE, code, "working", percent);
    });
    const auto latency = std::chrono::steady_clock::now() - started;
    const auto provenance = product.provenance.value_or(Provenance{});
    stats_.end(latency, product.requests, provenance.cost, provenance.cache_hit);
    if (product.provenance) post_shot_done(element_, product.shot, provenance, latency);
    post_progress(element_, GST_PROGRESS_TYPE_COMPLETE, code, "finished");
    return deliver(std::move(product), kept);
  } catch (const Error& error) {
    stats_.fail(error.fault == Fault::cancelled ? 0 : 1);
    if (error.fault == Fault::cancelled) {
      post_progress(element_, GST_PROGRESS_TYPE_CANCELED, code, "canceled");
      return {};
    }
    Outcome outcome = apply_policy(run, kept, error, cancel);
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, code, error.what());
    return outcome;
  } catch (const std::exception& error) {
    stats_.fail(1);
    fail(Error(Fault::read, error.what(), "report this, it should have been caught"));
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, code, error.what());
    return {};
  }
}

Outcome StageFlow::apply_policy(StageRun& run, Job job, const Error& error, Cancel& cancel) {
  post_shot_failed(element_, job.shot, kind_.stage_name(), error);
  const auto policy = static_cast<OnError>(kind_.shared_settings().on_error);
  if (policy == OnError::fail) {
    fail(error);
    return {};
  }
  report(element_, error, false);
  if (policy == OnError::fallback) {
    try {
      return deliver(run.fallback(job, cancel), job);
    } catch (const Error& second) {
      if (second.fault == Fault::cancelled) return {};
      fail(second);
      return {};
    }
  }
  Outcome gap;
  gap.kind = Outcome::Kind::gap;
  gap.shot = job.shot;
  gap.pts = job.pts;
  gap.duration = length_of(job.shot, job.duration);
  return gap;
}

Outcome StageFlow::deliver(Product product, const Job& job) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::product;
  outcome.duration = length_of(product.shot, job.duration);
  outcome.pts = job.pts;
  if (product.provenance) product.shot.provenance.push_back(*product.provenance);
  set_buffer_shot(product.buffer.get(), product.shot);
  outcome.shot = std::move(product.shot);
  outcome.buffer = std::move(product.buffer);
  outcome.caps = std::move(product.caps);
  return outcome;
}

/// Ends the run: what is done still leaves, then EOS.
void StageFlow::fail(const Error& error) {
  std::shared_ptr<Pool> current;
  {
    auto state = state_.lock();
    if (state->flow == GST_FLOW_ERROR) return;
    state->flow = GST_FLOW_ERROR;
    current = state->pool;
  }
  report(element_, error);
  if (current) current->finish();
}

// --- source side ---------------------------------------------------------------------------------

Ref<GstCaps> StageFlow::negotiate(const Shot* first) {
  if (!gst_pad_is_linked(src_))
    throw Error(Fault::negotiation, "the source pad is not linked",
                "link it to an element that takes the result, such as filesink");
  auto tmpl = adopt(gst_pad_get_pad_template_caps(src_));
  auto allowed = adopt(gst_pad_peer_query_caps(src_, tmpl.get()));
  auto run = state_.snapshot().run;
  if (!run) return nullptr;
  return run->negotiate(first, allowed.get());
}

bool StageFlow::can_produce(GstCaps* allowed) {
  auto run = state_.snapshot().run;
  if (!run) return true;
  try {
    run->negotiate(nullptr, allowed);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool StageFlow::push_caps(GstCaps* caps) {
  if (!caps || (sent_caps_ && gst_caps_is_equal(sent_caps_.get(), caps))) return true;
  sent_caps_ = share(caps);
  return gst_pad_push_event(src_, gst_event_new_caps(caps));
}

/// Stream-start, then caps and segment once the first shot is here; false when the run is over.
bool StageFlow::open_stream(Pool& pool) {
  Own<gchar> id(gst_pad_create_stream_id(src_, element_, kind_.stage_name()));
  GstEvent* start = gst_event_new_stream_start(id.get());
  gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  gst_event_set_group_id(start, gst_util_group_id_next());
  gst_pad_push_event(src_, start);
  try {
    auto run = state_.snapshot().run;
    if (!run) return false;
    if (std::string notice = run->notice(); !notice.empty())
      report(element_, Error(Fault::settings, notice), false);
    negotiate(nullptr);
    const auto first = pool.first();
    if (!first) {
      const State now = state_.snapshot();
      if (now.flow == GST_FLOW_OK && now.arrived == 0 && pool.empty())
        report(element_, Error(Fault::format, "upstream ended without a shot", "send at least one"),
               false);
      return true;
    }
    auto caps = negotiate(&*first);
    push_caps(caps.get());
  } catch (const Error& error) {
    fail(error);
    return false;
  }
  pool.start();
  return true;
}

bool StageFlow::settle(GstFlowReturn flow) {
  if (flow == GST_FLOW_OK) return true;
  stop_with(flow);
  if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS) return false;
  Error error(flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_NOT_NEGOTIATED ? Fault::negotiation
                                                                             : Fault::write,
              std::string("downstream refused the result (") + gst_flow_get_name(flow) + ")",
              "look at the first error of the elements behind");
  report(element_, error);
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

bool StageFlow::leave_product(Outcome outcome) {
  if (!push_caps(outcome.caps.get())) return settle(GST_FLOW_NOT_NEGOTIATED);
  push_segment();
  if (!std::exchange(buffer_sent_, true))
    GST_BUFFER_FLAG_SET(outcome.buffer.get(), GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_PTS(outcome.buffer.get()) = outcome.pts;
  GST_BUFFER_DTS(outcome.buffer.get()) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(outcome.buffer.get()) = outcome.duration;
  return settle(gst_pad_push(src_, outcome.buffer.leak()));
}

/// Pushes one outcome at its time; false when the stream is over.
bool StageFlow::leave(Outcome outcome) {
  if (outcome.kind == Outcome::Kind::nothing) return true;
  if (outcome.kind == Outcome::Kind::event) {
    push_segment();
    gst_pad_push_event(src_, outcome.event.leak());
    return true;
  }
  {
    auto state = state_.lock();
    if (!GST_CLOCK_TIME_IS_VALID(outcome.pts) || outcome.pts < state->position)
      outcome.pts = state->position;
    state->position = outcome.pts + outcome.duration;
  }
  if (outcome.kind == Outcome::Kind::product) return leave_product(std::move(outcome));
  push_segment();
  gst_pad_push_event(src_, gst_event_new_gap(outcome.pts, outcome.duration));
  return true;
}

void StageFlow::loop() {
  auto current = pool();
  if (!current) {
    gst_pad_pause_task(src_);
    return;
  }
  if (open_stream(*current)) {
    while (auto outcome = current->next())
      if (!leave(std::move(*outcome))) break;
  }
  const GstFlowReturn flow = state_.snapshot().flow;
  if (flow != GST_FLOW_FLUSHING) {
    GST_DEBUG_OBJECT(element_, "stream over (%s)", gst_flow_get_name(flow));
    gst_pad_push_event(src_, gst_event_new_eos());
  }
  gst_pad_pause_task(src_);
}

} // namespace aigc
