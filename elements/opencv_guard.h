// SPDX-License-Identifier: LGPL-2.1-or-later
// OpenCV reports by exceptions of its own; behind this they are ours.
#pragma once

#include "base/error.h"

#include <opencv2/core.hpp>

namespace aigc {

/// Calls `work`; what OpenCV throws becomes Error{Fault::format}. `task` completes "could not ...".
template <typename Work> auto with_opencv(const char* task, Work work) {
  try {
    return work();
  } catch (const cv::Exception& error) {
    throw Error(Fault::format, std::string("OpenCV could not ") + task + ": " + error.err,
                "put videoconvert ! videoscale in front, to give it pictures of a usual form");
  }
}

} // namespace aigc
