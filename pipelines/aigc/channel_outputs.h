// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a channel goes to, without what is secret in it.
#pragma once

#include "base/json.h"
#include "base/ref.h"

#include <map>
#include <string>
#include <vector>

#include <gst/gst.h>

namespace aigc::runner {

struct ChannelOutput {
  std::string name; ///< of the variable, and of the element
  std::string to;   ///< what may be shown of it
};

/// Of the job's values.
std::vector<ChannelOutput> channel_outputs(const std::map<std::string, std::string>& values);

/// An address that begins with @ names the file that holds it: command lines are seen by everybody
/// on the machine. Throws Error{Fault::settings} where it cannot be read.
void read_addresses(std::map<std::string, std::string>& values);

/// With what the elements that send, if they are there, say of their connections.
std::vector<JsonObjectMaker> outputs_json(const std::vector<ChannelOutput>& outputs,
                                          const std::vector<Ref<GstElement>>& senders);

} // namespace aigc::runner
