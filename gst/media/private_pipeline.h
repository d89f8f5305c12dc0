// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline inside an element that nobody outside sees: its messages end here, and it is stopped
// when it goes out of scope.
#pragma once

#include "base/error.h"
#include "base/ref.h"

#include <functional>
#include <string>

namespace aigc {

class PrivatePipeline {
 public:
  /// @param on_message gets every message, on the thread that posted it
  explicit PrivatePipeline(std::function<void(GstMessage*)> on_message);
  ~PrivatePipeline();
  PrivatePipeline(const PrivatePipeline&) = delete;
  PrivatePipeline& operator=(const PrivatePipeline&) = delete;

  GstElement* get() const { return pipeline_.get(); }

  /// Makes an element and puts it in. Throws Error{Fault::missing_plugin} naming the factory.
  GstElement* add(const char* factory);

  /// Starts playing and returns at once; what fails arrives as an ERROR message.
  void start();

 private:
  Ref<GstElement> pipeline_;
  std::function<void(GstMessage*)> on_message_;
};

/// What an ERROR or WARNING message about the clip `uri` means to the one who gave the clip.
Error clip_error(GstMessage* message, const std::string& uri);

/// The description of a missing-plugin element message, empty for any other.
std::string missing_plugin_description(GstMessage* message);

} // namespace aigc
