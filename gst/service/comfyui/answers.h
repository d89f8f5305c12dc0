// SPDX-License-Identifier: LGPL-2.1-or-later
// What ComfyUI's answers mean: refused workflows, failed prompts, and where the result is.
#pragma once

#include "base/json.h"
#include "service/comfyui/client.h"
#include "service/comfyui/workflow.h"

namespace aigc::comfyui {

/// Of the body of a refusal, or of a success that leaves parts of the workflow out: names the node,
/// its input and what to do.
Error refused_workflow(JsonView body, const Workflow& workflow);

/// Whether a body says which nodes are wrong.
bool has_node_errors(JsonView body);

/// The result of a finished prompt. Throws Error, `ended`: it failed or was interrupted, or its
/// output is missing, more than one, or nothing that a stage of `role` can use.
Stored result_of(JsonView history, const Workflow& workflow, Role role);

/// Neither queued nor run nor in the history.
Error lost_prompt();

} // namespace aigc::comfyui
