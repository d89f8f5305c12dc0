// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of one prompt that is being worked on, from the messages about it.
#pragma once

#include "base/json.h"

#include <map>
#include <string>
#include <string_view>

namespace aigc::comfyui {

/// A picture inside a binary message, and whose it is.
struct Sketch {
  Ref<GBytes> picture; ///< PNG or JPEG; null when there is none
  std::string prompt;  ///< empty = of the prompt that runs
};
Sketch read_sketch(GBytes* message);

class Watch {
 public:
  /// Takes in a message of `type` about the prompt. Returns whether the history is worth a look.
  bool hear(const std::string& type, JsonView data, const std::map<std::string, double>& weights);

  /// Of all nodes, never backwards and never 100, since what is done is in the history; -1 =
  /// nothing was heard.
  int percent() const { return percent_; }

 private:
  void reach(const std::string& node, double part);
  void enter(const std::string& node);

  std::string running_;                 ///< the node
  std::map<std::string, double> parts_; ///< of each node of the workflow, how much is done
  int percent_ = -1;
};

} // namespace aigc::comfyui
