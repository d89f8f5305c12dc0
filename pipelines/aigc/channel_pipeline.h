// SPDX-License-Identifier: LGPL-2.1-or-later
// The pipeline of a channel, from its start until it breaks or is told to end.
#pragma once

#include "base/guarded.h"
#include "bus_messages.h"
#include "channel_commands.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>

namespace aigc::runner {

/// What ended a pipeline that was not told to stop.
struct Breakdown {
  Problem problem;
  bool by_settings = false; ///< it never worked, and will not the next time
};

class ChannelPipeline {
 public:
  using Tell = std::function<void(const Ref<JsonObject>& event)>;

  /// Builds it; its bus is watched on the default main context of this thread. `loop` is quit when
  /// it has ended. Throws Error as build_pipeline().
  ChannelPipeline(const std::string& line, ChannelMonitor& monitor, Tell tell, GMainLoop* loop);
  ~ChannelPipeline();
  ChannelPipeline(const ChannelPipeline&) = delete;
  ChannelPipeline& operator=(const ChannelPipeline&) = delete;

  void start();
  /// The programme is over: its end goes through all elements.
  void end();

  /// The program ends with it.
  void leave() { leaving_ = true; }

  ChannelElements elements() const { return elements_; }
  /// None while it runs, and when it has ended as it was told.
  const std::optional<Breakdown>& breakdown() const { return breakdown_; }

 private:
  static gboolean on_message(GstBus* bus, GstMessage* message, gpointer self);
  static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_list(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  /// Lives no longer than this, whatever becomes of the element.
  void watch(GstElement* element, const char* pad, GstPadProbeType what, GstPadProbeCallback hear);
  static gboolean on_look(gpointer self);
  void handle(GstMessage* message);
  void fail(GstMessage* message);
  void look();
  void stop(std::optional<Breakdown> breakdown);

  ChannelMonitor& monitor_;
  const Tell tell_;
  GMainLoop* loop_;
  Ref<GstElement> pipeline_;
  ChannelElements elements_;
  std::vector<std::pair<Ref<GstPad>, gulong>> watches_;
  guint timer_ = 0;
  std::atomic<guint64> frames_ = 0;
  guint64 seen_ = 0;    ///< frames at the last look
  unsigned still_ = 0;  ///< looks without another one since
  bool ending_ = false; ///< it was told to end
  bool leaving_ = false;
  std::optional<Breakdown> breakdown_;
};

} // namespace aigc::runner
