// SPDX-License-Identifier: LGPL-2.1-or-later
// What the service answers: tasks in every state, results, what was billed.
#pragma once

#include "base/json.h"
#include "service/backend.h"

#include <string>
#include <vector>

namespace aigc::dashscope {

inline constexpr const char* kService = "dashscope";

/// A look at a task. Throws Error, without `retry`, for a task that came to nothing.
Poll read_task(JsonView answer, const Request& request, const Secret& key);

/// The answer of a call that makes its picture at once. Throws Error{Fault::format}.
Result read_picture(JsonView answer, const Request& request, const Secret& key);

/// The billed units in any of the shapes the model families have. For a clip the length and tier
/// that were ordered stand in for what is not said.
Usage read_usage(JsonView usage, const Request& request);

/// The service's id of the call, fit for a message.
std::string request_id_of(JsonView answer, const Secret& key);

/// The words a task was made with, or nothing as long as it does not say.
std::string original_prompt(JsonView answer);

/// How a task stands, in the service's word.
std::string task_state(JsonView answer);

/// A line of the task list.
struct Listed {
  std::string id;
  gint64 created = 0; ///< ms since 1970, 0 = not said
};
std::vector<Listed> read_list(JsonView answer);

} // namespace aigc::dashscope
