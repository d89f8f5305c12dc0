// SPDX-License-Identifier: LGPL-2.1-or-later
// What is sent to have a picture or a clip made.
#pragma once

#include "service/backend.h"
#include "service/dashscope/models.h"

#include <string>
#include <vector>

namespace aigc::dashscope {

/// The input pictures of a call as addresses: http(s), data or oss.
struct Inputs {
  std::string keyframe;
  std::string last_frame;
  std::vector<std::string> references;
};

/// The path below the API root.
const char* create_path(const Row& row);

/// Answered with a task.
bool makes_task(const Row& row);

/// The words for the model: what to paint or film and, for clips, the motion; as many as it reads.
std::string prompt_of(const Row& row, const Request& request);

/// The words before they are cut to the model's limit.
std::string whole_prompt_of(const Row& row, const Request& request);

/// The seed that is sent, or -1 for none: each take of a given seed is another one.
gint64 seed_of(const Request& request);

/// Throws Error{Fault::settings} for inputs the model does not take.
std::string create_body(const Row& row, const Request& request, const Inputs& inputs);

} // namespace aigc::dashscope
