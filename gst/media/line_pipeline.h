// SPDX-License-Identifier: LGPL-2.1-or-later
// A straight line of elements that does one job inside a call: no main loop, no state seen by the
// application, errors from its bus become aigc::Error.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"

#include <chrono>
#include <string>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

namespace aigc {

class LinePipeline {
 public:
  /// @param fault what an error on the bus is thrown as
  explicit LinePipeline(Fault fault);
  /// Brings every element down to NULL.
  ~LinePipeline();
  LinePipeline(const LinePipeline&) = delete;
  LinePipeline& operator=(const LinePipeline&) = delete;

  /// Adds an element behind the one added before; the pipeline keeps it.
  /// Throws Error{Fault::missing_plugin}.
  GstElement* add(const char* factory);
  void play();

  /// Waits for the end of the stream for at most `limit`; true when it came. Throws the first error
  /// of the bus.
  bool ended(std::chrono::milliseconds limit);

 private:
  [[noreturn]] void raise(GstMessage* message) const;

  Ref<GstElement> pipeline_;
  Ref<GstBus> bus_;
  Fault fault_;
  GstElement* last_ = nullptr;
};

/// How long a private pipeline is left alone before cancellation is looked at.
inline constexpr std::chrono::milliseconds kPipelineSlice{20};

} // namespace aigc
