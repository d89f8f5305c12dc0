// SPDX-License-Identifier: LGPL-2.1-or-later
// The tasks' clock. Nothing runs between two looks at it: what should have happened is caught up
// with the times at which it would have.
#include "tasks.h"

#include "util.h"

#include <algorithm>
#include <limits>

namespace standin {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

int64_t wall(double monotonic) {
  return now_ms() - static_cast<int64_t>((now_seconds() - monotonic) * 1000);
}

} // namespace

void Tasks::add(TaskPtr task) {
  task->created = now_seconds();
  task->created_ms = now_ms();
  tasks_.push_back(task);
  by_id_[task->id] = task;
  groups_[task->group].pending.push_back(task);
  advance(task->group);
}

void Tasks::made(const TaskPtr& task) {
  task->made = true;
  Group& group = groups_[task->group];
  const auto [first, last] = group.running.equal_range(never);
  for (auto place = first; place != last; ++place)
    if (place->second == task) {
      group.running.erase(place);
      group.running.emplace(std::max(task->planned_end, now_seconds()), task);
      break;
    }
}

bool Tasks::start_one(Group& group, int limit, double now) {
  if (group.pending.empty()) return false;
  if (limit > 0 && static_cast<int>(group.running.size()) >= limit) return false;
  const TaskPtr task = group.pending.front();
  const double start = std::max(task->created + task->pending_seconds, group.last_end);
  if (start > now) return false;
  group.pending.pop_front();
  task->state = TaskState::Running;
  task->started = std::max(start, task->created);
  task->started_ms = wall(task->started);
  task->planned_end = task->started + task->seconds;
  group.running.emplace(task->made ? task->planned_end : never, task);
  return true;
}

bool Tasks::end_one(Group& group, double now) {
  if (group.running.empty() || group.running.begin()->first > now) return false;
  const auto [end, task] = *group.running.begin();
  group.running.erase(group.running.begin());
  task->state = TaskState::Ended;
  task->ended_ms = wall(end);
  group.last_end = std::max(group.last_end, end);
  return true;
}

void Tasks::advance(const std::string& name) {
  Group& group = groups_[name];
  const double now = now_seconds();
  const int limit = concurrency_(name);
  while (start_one(group, limit, now) || end_one(group, now)) {
  }
}

TaskPtr Tasks::find(const std::string& id, double ttl_seconds) {
  forget(ttl_seconds);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  advance(found->second->group);
  return found->second;
}

bool Tasks::cancel(Task& task) {
  advance(task.group);
  if (task.state != TaskState::Pending) return false;
  auto& pending = groups_[task.group].pending;
  std::erase_if(pending, [&](const TaskPtr& other) { return other.get() == &task; });
  task.state = TaskState::Cancelled;
  task.ended_ms = now_ms();
  return true;
}

const std::deque<TaskPtr>& Tasks::all(double ttl_seconds) {
  forget(ttl_seconds);
  for (const auto& [name, group] : groups_)
    advance(name);
  return tasks_;
}

void Tasks::forget(double ttl_seconds) {
  const double oldest = now_seconds() - ttl_seconds;
  while (!tasks_.empty() && tasks_.front()->created < oldest) {
    const TaskPtr task = tasks_.front();
    remove(task);
  }
}

void Tasks::remove(const TaskPtr& task) {
  std::erase(tasks_, task);
  by_id_.erase(task->id);
  Group& group = groups_[task->group];
  std::erase(group.pending, task);
  std::erase_if(group.running, [&](const auto& entry) { return entry.second == task; });
}

void Tasks::forget_profile(const std::string& profile) {
  const auto tasks = tasks_;
  for (const TaskPtr& task : tasks)
    if (task->profile == profile) remove(task);
}

void Tasks::reset() {
  tasks_.clear();
  by_id_.clear();
  groups_.clear();
}

} // namespace standin
