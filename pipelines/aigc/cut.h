// SPDX-License-Identifier: LGPL-2.1-or-later
// A job's pipeline without what stands behind its AI stages: nothing is encoded and no file made.
#pragma once

#include "base/ref.h"

#include <vector>

namespace aigc::runner {

/// The AI stages of a pipeline, bins looked into.
std::vector<Ref<GstElement>> stages_of(GstElement* pipeline);

/// Whether a stage is of that kind of element, such as "wanxclipgen".
bool is_made_by(GstElement* element, const char* factory);

/// Keeps the AI stages and what stands in front of them; to be called before the pipeline starts.
/// Each branch then ends in a sink that takes the same caps as what stood there, so that the stages
/// ask for the same as in the whole line. Throws Error{Fault::settings} when there is no AI stage.
void cut_behind_stages(GstElement* pipeline);

} // namespace aigc::runner
