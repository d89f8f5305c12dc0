// SPDX-License-Identifier: LGPL-2.1-or-later
// What is the same for tasks of every server: their ids, their ends, and when one is lost.
#pragma once

#include "base/guarded.h"
#include "service/openai/server.h"

#include <map>
#include <string>

namespace aigc::openai {

/// The task in the answer to a create. Throws Error{Fault::format, unclear} where there is none, or
/// none that can be kept and asked for.
Task task_in(const Server& server, JsonView answer);

/// A task's id as the request id of errors and results.
std::string request_id_of(const Server& server, const Task& task);

/// `error` as the end of its task.
Error ended(Error error, const Server& server, const Task& task);

/// Says once that a state is new, which is taken for running.
void warn_of_state(const std::string& state);

/// Thread-safe count of the looks in a row at which a server did not know a task: behind a
/// balancer, or while a server starts, another may have answered.
class Misses {
 public:
  /// `lost` once more. It ends the task when that happened often enough, and may be tried again
  /// before.
  Error add(Error lost, const Task& task);
  /// The task was seen.
  void clear(const Task& task);

 private:
  Guarded<std::map<std::string, unsigned>> counts_;
};

} // namespace aigc::openai
