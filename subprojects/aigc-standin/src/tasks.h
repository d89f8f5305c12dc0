// SPDX-License-Identifier: LGPL-2.1-or-later
// The tasks and their clock: queued per model group, run, ended, forgotten after their time to
// live.
#pragma once

#include "faults.h"
#include "json.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace standin {

enum class TaskState { Pending, Running, Ended, Cancelled };

struct Task {
  std::string id, request_id, model, group, key_hash;
  std::string profile; // "" for DashScope's
  bool video = false;
  std::string prompt, actual_prompt; // actual_prompt "" when there is none
  std::vector<std::string> files;    // names of the media
  Json usage;                        // or, of a profile, what its object says besides the usual
  std::optional<Fault> fault;        // how it ends, when not well
  double seconds = 0, pending_seconds = 0;

  TaskState state = TaskState::Pending;
  bool made = false;                                // its files exist
  double created = 0, started = 0, planned_end = 0; // monotonic
  int64_t created_ms = 0, started_ms = 0, ended_ms = 0;
};

using TaskPtr = std::shared_ptr<Task>;

class Tasks {
 public:
  using Concurrency = std::function<int(const std::string& group)>; // 0: no limit
  explicit Tasks(Concurrency concurrency) : concurrency_(std::move(concurrency)) {}

  void add(TaskPtr task);
  // Its files have been made: from now on it may end.
  void made(const TaskPtr& task);
  // Null when there is none of that id that is younger than the time to live.
  TaskPtr find(const std::string& id, double ttl_seconds);
  bool cancel(Task& task);
  void remove(const TaskPtr& task);
  // All tasks of a profile, as after a restart of its server.
  void forget_profile(const std::string& profile);
  const std::deque<TaskPtr>& all(double ttl_seconds);
  void reset();

 private:
  struct Group {
    std::deque<TaskPtr> pending;
    std::multimap<double, TaskPtr> running; // by the time they end; never when not made yet
    double last_end = 0;
  };
  Concurrency concurrency_;
  std::deque<TaskPtr> tasks_;
  std::unordered_map<std::string, TaskPtr> by_id_;
  std::map<std::string, Group> groups_;

  void advance(const std::string& name);
  bool start_one(Group& group, int limit, double now);
  bool end_one(Group& group, double now);
  void forget(double ttl_seconds);
};

} // namespace standin
