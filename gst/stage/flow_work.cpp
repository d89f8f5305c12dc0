// SPDX-License-Identifier: LGPL-2.1-or-later
// See flow.h. Here: what the workers do, from the START of a shot to its end on the bus.
#include "shot/shot_meta.h"
#include "stage/flow.h"
#include "stage/report.h"

#include <cmath>

namespace aigc {

namespace {

/// Percent between two CONTINUE messages.
constexpr int kProgressStep = 10;
/// Between two previews of a shot.
constexpr std::chrono::milliseconds kPreviewGap{100};

GstClockTime to_time(double seconds) {
  return static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
}

/// The time a shot takes: what the stage made of it, else what was known when it came.
GstClockTime length_of(const Shot& shot, const Job& job) {
  return to_time(shot.duration > 0 ? shot.duration : job.seconds);
}

/// The time of a shot of which nothing came.
Outcome gap_for(const Shot& shot, const Job& job) {
  Outcome gap;
  gap.kind = Outcome::Kind::gap;
  gap.shot = shot;
  gap.pts = job.pts;
  gap.duration = length_of(shot, job);
  return gap;
}

} // namespace

/// Whether what comes of `round` still leaves: it was neither flushed nor torn down.
bool StageFlow::counts(const Round& round) {
  auto state = state_.lock();
  return state->round.get() == &round && state->flow != GST_FLOW_FLUSHING;
}

/// One shot from START to its end on the bus; never throws.
Outcome StageFlow::work(const Round& round, Job job, Cancel& cancel) {
  const std::string code = std::string(kind_.stage_name()) + ":" + job.shot.id;
  if (is_blank(job.shot.words())) job.shot.script = kind_.shared_settings().prompt;
  round.stats->begin();
  post_progress(element_, GST_PROGRESS_TYPE_START, code, "started");
  try {
    Outcome outcome = ask(round, job, cancel, code);
    if (counts(round) && !is_dropped(job.shot.id))
      post_progress(element_, GST_PROGRESS_TYPE_COMPLETE, code, "finished");
    else
      post_progress(element_, GST_PROGRESS_TYPE_CANCELED, code, "canceled");
    return outcome;
  } catch (...) {
    const Error error = caught_error();
    if (error.fault == Fault::cancelled || cancel.cancelled()) {
      round.stats->cancel();
      post_progress(element_, GST_PROGRESS_TYPE_CANCELED, code, "canceled");
      return {};
    }
    const bool stands_in = policy(round, error) == OnError::fallback;
    round.stats->fail(error.requests, stands_in);
    Outcome outcome = apply_policy(round, job, error, cancel);
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, code, error.what());
    return outcome;
  }
}

Outcome StageFlow::ask(const Round& round, const Job& job, Cancel& cancel,
                       const std::string& code) {
  const auto started = std::chrono::steady_clock::now();
  check_shot(job.shot);
  StageRun::Progress progress;
  progress.percent = [&, shown = 0](int percent) mutable {
    if (cancel.cancelled() || percent < shown + kProgressStep) return;
    shown = percent;
    post_progress(element_, GST_PROGRESS_TYPE_CONTINUE, code, std::to_string(percent) + " %",
                  percent);
  };
  progress.preview = [&, next = started](GBytes* picture) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (cancel.cancelled() || now < next || !counts(round)) return;
    if (post_shot_preview(element_, job.shot, kind_.stage_name(), picture))
      next = now + kPreviewGap;
  };
  progress.warn = [&](const Error& error) {
    if (counts(round)) report_stage(element_, kind_.stage_name(), error, false);
  };
  progress.news = [&](const ServiceNews& news) {
    if (counts(round)) report_service(element_, kind_.stage_name(), news);
  };
  progress.live = [this] { return is_live(); };
  Product product = round.run->work(job, cancel, progress);
  const auto latency = std::chrono::steady_clock::now() - started - product.rested;
  const auto provenance = product.provenance;
  const unsigned requests = product.requests;
  const auto planned = std::move(product.planned);
  Link link = std::move(product.link);
  const bool is_made = product.buffer || !planned;
  Outcome outcome = is_made ? deliver(std::move(product), job) : gap_for(product.shot, job);
  outcome.link = std::move(link);
  if (planned) post_shot_planned(element_, outcome.shot, *planned, round.run->max_in_flight());
  Stats::Finished finished{latency, requests};
  finished.is_asked = provenance.has_value();
  if (provenance) {
    finished.cost = provenance->cost;
    finished.cache_hit = provenance->cache_hit;
    finished.currency = provenance->currency;
  }
  finished.seconds = static_cast<double>(outcome.duration) / GST_SECOND;
  round.stats->end(finished);
  if (provenance) post_shot_done(element_, outcome.shot, *provenance, latency);
  return outcome;
}

/// A live channel outlives each of its shots; what has to be set otherwise before anything can be
/// made is told as an error there, too.
OnError StageFlow::policy(const Round& round, const Error& error) const {
  const auto asked = static_cast<OnError>(kind_.shared_settings().on_error);
  if (asked != OnError::fail || !is_live()) return asked;
  const bool is_setup = error.fault == Fault::settings || error.fault == Fault::negotiation ||
                        error.fault == Fault::missing_plugin;
  const bool is_hopeless = is_setup && error.service.empty() && !round.stats->any_done();
  return is_hopeless ? OnError::fail : OnError::skip;
}

Outcome StageFlow::apply_policy(const Round& round, const Job& job, const Error& error,
                                Cancel& cancel) {
  const OnError policy = this->policy(round, error);
  post_shot_failed(element_, job.shot, kind_.stage_name(), error, policy == OnError::skip);
  // Falling back helps when a service fails, not when the shot itself cannot be worked on, as
  // without a file it names, nor when a key is refused: what comes behind would be paid for in
  // vain.
  const bool lacks_file = error.fault == Fault::not_found && error.service.empty();
  const bool is_refused = error.fault == Fault::not_authorized && !is_live(); // that goes on
  const bool is_unusable =
      policy == OnError::fallback && (error.fault == Fault::settings || is_refused || lacks_file);
  if (policy == OnError::fail || is_unusable) {
    fail(round, error);
    return {};
  }
  report_stage(element_, kind_.stage_name(), error, false);
  if (policy == OnError::fallback) {
    try {
      // A chain does not go on from what only stands in.
      return deliver(round.run->fallback(job, cancel), job);
    } catch (...) {
      const Error second = caught_error();
      if (second.fault != Fault::cancelled && !cancel.cancelled()) fail(round, second);
      return {};
    }
  }
  tell_never_airs(job.shot.id);
  return gap_for(job.shot, job);
}

Outcome StageFlow::deliver(Product product, const Job& job) {
  if (!product.buffer) throw Error(Fault::read, "the service gave no result", "try again");
  Outcome outcome;
  outcome.kind = Outcome::Kind::product;
  outcome.duration = length_of(product.shot, job);
  outcome.pts = job.pts;
  if (product.provenance) product.shot.provenance.push_back(*product.provenance);
  outcome.buffer = adopt(gst_buffer_make_writable(product.buffer.leak()));
  set_buffer_shot(outcome.buffer.get(), product.shot);
  outcome.shot = std::move(product.shot);
  outcome.caps = std::move(product.caps);
  return outcome;
}

/// True for the first to report an error of a round that still counts.
bool StageFlow::claim_failure(const Round& round) {
  if (!counts(round)) return false;
  return !std::exchange(state_.lock()->failed, true);
}

/// Ends the run: what is done still leaves, then EOS. Upstream hears of it after the bus, so that
/// the cause is the first error an application sees.
void StageFlow::fail(const Round& round, const Error& error) {
  if (!claim_failure(round)) return;
  report_stage(element_, kind_.stage_name(), error);
  std::shared_ptr<Pool> current;
  {
    auto state = state_.lock();
    if (state->round.get() != &round || state->flow == GST_FLOW_FLUSHING) return;
    state->flow = GST_FLOW_ERROR;
    current = state->pool;
  }
  current->finish();
}

} // namespace aigc
