// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the front of a pipeline alone.
#pragma once

#include "base/ref.h"

#include <functional>
#include <string>
#include <vector>

namespace aigc::runner {

/// The elements of a pipeline, less those inside of others, for which `wanted` is true.
std::vector<Ref<GstElement>> find_elements(GstElement* pipeline,
                                           const std::function<bool(GstElement*)>& wanted);
/// The same of one factory.
std::vector<Ref<GstElement>> find_made_by(GstElement* pipeline, const std::string& factory);

/// Keeps `ends` and all that leads to them, and removes the rest. Where a stream led to that, there
/// is now what `make_sink` gives, which is taken over. To be called before the pipeline starts.
void cut_behind(GstElement* pipeline, const std::vector<Ref<GstElement>>& ends,
                const std::function<GstElement*()>& make_sink);

/// Hands each sample to `take`, which has to outlive it, on the streaming thread. What that throws
/// is an error of the pipeline.
GstElement* make_taker(const std::function<void(GstSample*)>& take);

/// Takes everything and does nothing with it.
GstElement* make_drain();

} // namespace aigc::runner
