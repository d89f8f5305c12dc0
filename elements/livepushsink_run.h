// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of livepushsink: what comes from upstream waits here, and a thread of its own keeps a
// connection that takes it.
#pragma once

#include "base/guarded.h"
#include "livepushsink_connection.h"
#include "livepushsink_queue.h"

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace aigc {

struct PushSettings {
  std::string location;
  guint retry_min = 1000;
  guint retry_max = 60'000;
  guint64 queue_time = 2 * GST_SECOND;
};

/// What happened to the connection, for the bus. Times in nanoseconds.
struct PushNews {
  enum class State { connected, lost, retrying } state = State::connected;
  std::string location; ///< without secrets
  std::string reason;
  guint64 retry_in = 0;
  bool is_first = false; ///< of the failures since it was connected
};

/// The element, as far as the thread needs it. Called without locks held.
struct PushHost {
  std::function<void(GstElement*, const PushNews&)> tell;
  std::function<void(GstElement*)> ask_for_key_frame;
};

class PushRun : public std::enable_shared_from_this<PushRun> {
 public:
  /// Throws Error: settings that cannot work, or elements that are missing.
  PushRun(GstElement* element, PushHost host, PushSettings settings);

  void start();
  /// Tells the thread to end, and does not wait.
  void stop();
  /// Waits for it, but not for long: one that hangs is left to end by itself.
  void finish();

  /// A pad came or went.
  void want(PushMedia media, bool wanted);
  /// From upstream; never waits.
  void take(PushMedia media, GstSample* sample);
  /// No more comes; the last lane waits a moment until all was sent.
  void end(PushMedia media);
  Own<GstStructure> stats();

 private:
  using Clock = std::chrono::steady_clock;

  struct State {
    bool stopped = false;
    bool over = false; ///< the thread is at its end
    PushPair<bool> wanted{};
    PushPair<bool> ended{};
    PushFormat format;
    PushQueue queue;
    bool is_open = false;   ///< what comes is queued
    bool connected = false; ///< a peer takes it
    bool rebuild = false;   ///< the connection no longer fits the format
    bool finished = false;
    std::optional<Error> failure;
    guint64 connects = 0;
    guint64 bytes = 0;
    gint64 since = 0; ///< wall clock in microseconds, of the connection or the loss
    std::string last_error;

    bool has_format() const;
    bool all_ended() const;
  };

  void run();
  bool wait_format();
  std::optional<Error> serve();
  Error explained(const Error& error) const;
  void open();
  void bring_up(PushConnection& connection);
  void feed(PushConnection& connection);
  bool feed_some(PushConnection& connection);
  bool push_next(PushConnection& connection, PushMedia media);
  void check_progress(PushConnection& connection);
  bool is_held_up(PushConnection& connection);
  void drain(PushConnection& connection);
  void count_bytes(PushConnection& connection);
  void check();
  void close();
  void recover(const Error& error);
  std::chrono::milliseconds delay();
  void tell(const PushNews& news);
  void ask_for_key_frame();
  Ref<GstElement> element();

  GstElement* const element_; ///< alive until stop()
  const PushHost host_;
  const PushSettings settings_;
  const PushTarget target_;
  Ref<GCancellable> cancel_;
  Guarded<State> state_;
  // Of the thread only:
  PushFormat format_;
  std::optional<GstClockTimeDiff> base_; ///< running time that is 0 in this connection
  bool was_up_ = false;
  unsigned tries_ = 0; ///< failed in a row
  bool is_told_ = false;
  guint64 taken_ = 0; ///< bytes of this connection
  Clock::time_point began_, up_, progress_;
  std::thread thread_;
  Clock::time_point stopped_; ///< when it was told to end
};

} // namespace aigc
