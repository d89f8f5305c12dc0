// SPDX-License-Identifier: LGPL-2.1-or-later
// See tasks.h.
#include "service/openai/tasks.h"

#include "service/http_error.h"
#include "service/openai/log.h"

#include <mutex>

namespace aigc::openai {

namespace {

using namespace std::chrono_literals;

constexpr size_t kLongestTask = 512; ///< it goes into addresses and file names
constexpr size_t kLongestId = 128;
constexpr unsigned kMisses = 3; ///< in a row
constexpr auto kBetweenMisses = 1s;
constexpr size_t kMostTasks = 1000; ///< that are missed at once, before all are forgotten

} // namespace

Task task_in(const Server& server, JsonView answer) {
  const std::string id = answer["id"].text();
  if (!id.empty() && id.size() <= kLongestTask) return {id};
  const char* what = id.empty() ? "took the call, but named no task"
                                : "took the call, but named a task by more than 512 bytes";
  Error error = server.error(Fault::format, what,
                             "check base-url, and look into the server's log before running again");
  error.unclear = true;
  throw error;
}

std::string request_id_of(const Server& server, const Task& task) {
  return printable_token(task.id, kLongestId, server.access().key);
}

Error ended(Error error, const Server& server, const Task& task) {
  error.ended = true;
  error.retry = false;
  error.unclear = false;
  error.service = kName;
  if (error.request_id.empty()) error.request_id = request_id_of(server, task);
  return error;
}

void warn_of_state(const std::string& state) {
  static std::once_flag once;
  std::call_once(once, [&] {
    GST_WARNING("a task is in the state \"%.32s\", which is new; it is taken for running",
                state.c_str());
  });
}

Error Misses::add(Error lost, const Task& task) {
  auto counts = counts_.lock();
  if (counts->size() >= kMostTasks) counts->clear();
  if (++(*counts)[task.id] >= kMisses) {
    counts->erase(task.id);
    return lost;
  }
  lost.ended = false;
  lost.retry = true;
  lost.retry_after = kBetweenMisses;
  return lost;
}

void Misses::clear(const Task& task) {
  counts_.lock()->erase(task.id);
}

} // namespace aigc::openai
