// SPDX-License-Identifier: LGPL-2.1-or-later
// What a channel shows of its events while it is on air.
#pragma once

#include "base/json.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace aigc::runner {

class ChannelDisplay {
 public:
  using Title = std::function<std::string(const std::string& id)>;

  virtual ~ChannelDisplay() = default;
  virtual void show(const Ref<JsonObject>& event, const std::string& line) = 0;
};

/// A line an item, and what goes wrong.
std::unique_ptr<ChannelDisplay> channel_text(int fps, ChannelDisplay::Title title);
/// Every event, as its line.
std::unique_ptr<ChannelDisplay> channel_lines();

} // namespace aigc::runner
