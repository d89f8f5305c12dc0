// SPDX-License-Identifier: LGPL-2.1-or-later
// What the control socket understands, done to the pipeline that is on air.
#pragma once

#include "base/guarded.h"
#include "base/ref.h"
#include "channel_monitor.h"
#include "channel_outputs.h"
#include "control.h"

#include <functional>

namespace aigc::runner {

/// The elements commands are for; none while the pipeline is built anew.
struct ChannelElements {
  Ref<GstElement> list;                 ///< aishotsrc
  Ref<GstElement> air;                  ///< clipplayout
  std::vector<Ref<GstElement>> senders; ///< livepushsink
};

class ChannelCommands {
 public:
  /// `end`: the programme is over. All have to outlive it.
  ChannelCommands(ChannelMonitor& monitor, Guarded<ChannelElements>& elements,
                  std::vector<ChannelOutput> outputs, std::function<void()> end)
      : monitor_(monitor), elements_(elements), outputs_(std::move(outputs)), end_(std::move(end)) {
  }

  /// Throws Error for what cannot be done.
  ControlAnswer answer(std::string_view line) const;

 private:
  ChannelElements elements() const;
  std::string add(const JsonView& request) const;
  std::string move(const JsonView& request) const;
  std::string remove(const JsonView& request) const;
  std::string list() const;
  std::string status() const;
  std::string act(const char* action) const;
  std::string hold(bool on) const;
  std::string end() const;

  ChannelMonitor& monitor_;
  Guarded<ChannelElements>& elements_;
  const std::vector<ChannelOutput> outputs_;
  const std::function<void()> end_;
};

} // namespace aigc::runner
