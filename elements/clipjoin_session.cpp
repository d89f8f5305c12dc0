// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipjoin_session.h.
#include "clipjoin_session.h"

#include <algorithm>

namespace aigc {

JoinSession::JoinSession(JoinHost host, bool with_audio, Fit fit, std::optional<JoinFormat> format)
    : host_(std::move(host)), fit_(fit) {
  {
    auto state = state_.lock();
    state->format = std::move(format);
    state->side(Media::video).wanted = true;
    state->side(Media::audio).wanted = with_audio;
  }
  thread_ = std::thread([this] { run(); });
}

JoinSession::~JoinSession() {
  stop();
  thread_.join();
}

void JoinSession::stop() {
  {
    auto state = state_.lock();
    state->stopped = true;
    state->flow = GST_FLOW_FLUSHING;
  }
  state_.notify();
  cancel_.cancel();
}

GstFlowReturn JoinSession::add(JoinItem item) {
  {
    auto state = state_.lock();
    state.wait(
        [](const State& s) { return s.flow != GST_FLOW_OK || s.waiting.size() < kWaitingItems; });
    if (state->flow != GST_FLOW_OK) return state->flow;
    state->waiting.push_back(std::move(item));
  }
  state_.notify();
  return GST_FLOW_OK;
}

void JoinSession::finish() {
  state_.lock()->finished = true;
  state_.notify();
}

void JoinSession::cut() {
  {
    auto state = state_.lock();
    state->cut = state->finished = true;
    state->waiting.clear();
    if (state->flow == GST_FLOW_OK) state->flow = GST_FLOW_EOS;
  }
  state_.notify();
}

void JoinSession::refuse(GstFlowReturn flow) {
  {
    auto state = state_.lock();
    if (state->flow == GST_FLOW_OK) state->flow = flow;
  }
  state_.notify();
}

std::optional<JoinFormat> JoinSession::wait_format() {
  auto state = state_.lock();
  state.wait([](const State& s) { return s.stopped || s.cut || s.format || s.exhausted(); });
  if (state->stopped) throw Error(Fault::cancelled, "cancelled");
  return state->format;
}

void JoinSession::begin(Media media, bool any_stride) {
  {
    auto state = state_.lock();
    state->side(media).begun = true;
    state->side(media).any_stride = any_stride;
  }
  state_.notify();
}

std::optional<JoinPart> JoinSession::take(Media media) {
  auto state = state_.lock();
  Side& side = state->side(media);
  state.wait([&side](const State& s) {
    return s.stopped || s.cut || !side.wanted || !side.ready.empty() ||
           (!side.opening && side.next >= s.plan_end() && s.exhausted());
  });
  if (state->stopped) throw Error(Fault::cancelled, "cancelled");
  if (state->cut || side.ready.empty()) return std::nullopt;
  std::optional<JoinPart> part(std::move(side.ready.front()));
  side.ready.pop_front();
  return part;
}

void JoinSession::give_back(Media media, std::unique_ptr<ClipReader> reader) {
  state_.lock()->retired.emplace_back(media, std::move(reader));
  state_.notify();
}

bool JoinSession::leave(Media media) {
  bool alone = true;
  {
    auto state = state_.lock();
    state->side(media).wanted = false;
    for (auto& part : state->side(media).ready)
      state->retired.emplace_back(media, std::move(part.reader));
    state->side(media).ready.clear();
    for (const auto& side : state->sides)
      alone = alone && !side.wanted;
    if (alone && state->flow == GST_FLOW_OK) state->flow = GST_FLOW_EOS;
  }
  state_.notify();
  return alone;
}

void JoinSession::run() {
  for (;;) {
    Job job = next_job();
    switch (job.kind) {
    case Job::none:
      return;
    case Job::retire:
      retire();
      break;
    case Job::open:
      open(std::move(job));
      break;
    case Job::plan:
      plan(std::move(job.to_plan));
      break;
    }
  }
}

JoinSession::Job JoinSession::next_job() {
  Job job;
  auto state = state_.lock();
  state.wait([&job](State& s) { return s.stopped || pick_job(s, job); });
  if (state->stopped) job = {};
  return job;
}

/// Closing goes before opening: it bounds what is open. Opening goes before planning.
bool JoinSession::pick_job(State& state, Job& job) {
  if (!state.retired.empty()) {
    job.kind = Job::retire;
    return true;
  }
  if (pick_open(state, job)) return true;
  const bool hungry = std::any_of(state.sides.begin(), state.sides.end(), [&](const Side& side) {
    return side.wanted && side.next >= state.plan_end();
  });
  if (!hungry || state.waiting.empty()) return false;
  job.kind = Job::plan;
  job.to_plan = std::move(state.waiting.front());
  state.waiting.pop_front();
  state.planning = true;
  return true;
}

bool JoinSession::pick_open(State& state, Job& job) {
  for (const Media media : {Media::video, Media::audio}) {
    Side& side = state.side(media);
    if (!side.wanted || !side.begun || side.open >= kOpenClips || side.next >= state.plan_end())
      continue;
    job.kind = Job::open;
    job.media = media;
    job.to_open = state.plans[side.next - state.first_plan];
    ++side.next;
    ++side.open;
    side.opening = true;
    return true;
  }
  return false;
}

void JoinSession::retire() {
  std::vector<std::pair<Media, std::unique_ptr<ClipReader>>> gone;
  gone.swap(state_.lock()->retired);
  for (auto& [media, reader] : gone)
    reader.reset(); // stops its threads: not under the lock
  auto state = state_.lock();
  for (auto& [media, reader] : gone)
    --state->side(media).open;
}

void JoinSession::open(Job job) {
  const auto& plan = job.to_open;
  JoinPart part{plan, nullptr};
  bool any_stride;
  JoinFormat format;
  {
    auto state = state_.lock();
    any_stride = state->side(job.media).any_stride;
    format = *state->format;
  }
  std::optional<Error> error;
  try {
    if (plan->item.event) {
      // goes out as it is
    } else if (job.media == Media::video) {
      part.reader = std::make_unique<ClipReader>(
          plan->clip, VideoTarget{format.video, fit_, any_stride}, cancel_);
      part.reader->wait_ready();
    } else if (plan->clip.has_audio) {
      part.reader = std::make_unique<ClipReader>(plan->clip, format.audio.get(), cancel_);
    }
  } catch (const Error& caught) {
    error = caught;
    part.reader.reset();
  }
  {
    auto state = state_.lock();
    Side& side = state->side(job.media);
    side.opening = false;
    if (error) {
      --side.open;
      --side.next;
    } else if (side.wanted) {
      side.ready.push_back(std::move(part));
    } else {
      state->retired.emplace_back(job.media, std::move(part.reader));
    }
    while (!state->plans.empty() &&
           std::all_of(state->sides.begin(), state->sides.end(),
                       [&](const Side& s) { return !s.wanted || s.next > state->first_plan; })) {
      state->plans.pop_front();
      ++state->first_plan;
    }
    if (error) state->last_plan = std::min(state->last_plan, side.next);
  }
  if (error)
    fail(*error, plan->item.uri);
  else
    state_.notify();
}

void JoinSession::plan(JoinItem item) {
  try {
    auto plan = std::make_shared<JoinPlan>();
    plan->item = item;
    if (!plan->item.event) {
      plan->clip = probe_clip(plan->item.uri, cancel_);
      if (!state_.lock()->format) {
        JoinFormat format = host_.choose_format(plan->item, plan->clip);
        state_.lock()->format = std::move(format);
      }
    }
    auto state = state_.lock();
    if (!plan->item.event) {
      const auto asked = static_cast<GstClockTime>(plan->item.duration * GST_SECOND);
      const GstClockTime span = asked > 0 ? std::min(asked, plan->clip.span) : plan->clip.span;
      plan->frames = state->format->grid.frames_in(span);
    }
    plan->first_frame = state->frames;
    state->frames += plan->frames;
    state->plans.push_back(std::move(plan));
    state->planning = false;
  } catch (const Error& error) {
    fail(error, item.uri);
    return;
  }
  state_.notify();
}

/// Nothing is played after the clip that failed; what is before it is. The message goes first, so
/// that upstream's own complaint about the refused flow comes after it.
void JoinSession::fail(const Error& error, const std::string& uri) {
  const bool report = error.fault != Fault::cancelled;
  if (report) host_.fail(error, uri);
  {
    auto state = state_.lock();
    state->planning = false;
    state->finished = true;
    state->waiting.clear();
    if (report && state->flow == GST_FLOW_OK) state->flow = GST_FLOW_ERROR;
  }
  state_.notify();
}

} // namespace aigc
