// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs for a pool, and work that a test holds at gates.
#pragma once

#include "stage/pool.h"
#include "stage_fake.h"

#include <set>
#include <string>
#include <vector>

namespace aigc {

inline Job job_named(const std::string& id) {
  Job job;
  job.shot.id = id;
  return job;
}

inline Outcome product_of(const Job& job) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::product;
  outcome.shot = job.shot;
  return outcome;
}

inline Outcome at_once(Job job, Cancel&) {
  return product_of(job);
}

inline Ref<GstEvent> event_named(const char* name) {
  return adopt(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name)));
}

inline std::string name_of(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::event)
    return gst_structure_get_name(gst_event_get_structure(outcome.event.get()));
  return outcome.shot.id;
}

inline std::vector<std::string> drain(Pool& pool) {
  std::vector<std::string> names;
  while (auto outcome = pool.next())
    names.push_back(name_of(*outcome));
  return names;
}

inline Job link_of(const std::string& chain, int number) {
  Job job = job_named(chain + std::to_string(number));
  job.chain = chain;
  return job;
}

/// Work that waits at a gate of its own for each job, and keeps who is at work.
struct Bench {
  struct Seen {
    std::vector<std::string> begun;
    std::vector<std::string> before; ///< the clip each goes on from
    std::set<std::string> running;
    std::set<std::string> open; ///< may end
    bool all_open = false;
  };

  Outcome operator()(Job job, Cancel& cancel) {
    const std::string id = job.shot.id;
    Cancel::Hook wake(cancel, [this] { seen.notify(); });
    {
      auto now = seen.lock();
      now->begun.push_back(id);
      now->before.push_back(job.before.clip);
      now->running.insert(id);
    }
    seen.notify();
    {
      auto now = seen.lock();
      now.wait(
          [&](const Seen& s) { return s.all_open || s.open.contains(id) || cancel.cancelled(); });
      now->running.erase(id);
    }
    seen.notify();
    Outcome outcome = product_of(job);
    if (id != fails) outcome.link = {id + ".mp4", 1};
    return outcome;
  }

  bool is_running(std::set<std::string> who) {
    return seen.lock().wait_for(std::chrono::seconds(10),
                                [&](const Seen& s) { return s.running == who; });
  }
  void end(const std::string& id) {
    seen.lock()->open.insert(id);
    seen.notify();
  }
  void end_all() {
    seen.lock()->all_open = true;
    seen.notify();
  }

  Guarded<Seen> seen;
  std::string fails;
};

inline Pool::Work at(Bench& bench) {
  return [&bench](Job job, Cancel& cancel) { return bench(std::move(job), cancel); };
}

} // namespace aigc
