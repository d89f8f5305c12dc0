// SPDX-License-Identifier: LGPL-2.1-or-later
// clipplayout on a clock that goes from slot to slot as fast as the machine can, and what comes out
// of it, looked at buffer by buffer.
#pragma once

#include "clip_factory.h"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

namespace soak {

/// What was wrong with the output, counted.
struct Faults {
  std::uint64_t missing_slots = 0; ///< frames not exactly one slot behind the one before
  std::uint64_t sample_gaps = 0;   ///< blocks that do not begin where the one before ended
  std::uint64_t caps_changes = 0;  ///< events beyond the first caps and segment of a pad
  std::uint64_t errors = 0;        ///< on the bus
  std::string first;               ///< in words
};

/// What became of the items of one kind.
struct Fate {
  std::uint64_t aired = 0;   ///< on air, and off it again
  std::uint64_t cut = 0;     ///< of these, with frames missing or another end than their own
  std::uint64_t damaged = 0; ///< of these, given up on air
  std::string first;         ///< cut, in words
};

/// A stretch of slots, from messages.
struct Run {
  guint64 first = 0;
  guint64 frames = 0;
  std::string what; ///< the item's id, or the tier
};

class VirtualChannel {
 public:
  static constexpr int kFps = 10;
  static constexpr int kRate = 8000;

  /// `properties` of clipplayout as gst-launch takes them.
  explicit VirtualChannel(const std::string& properties);
  ~VirtualChannel();
  VirtualChannel(const VirtualChannel&) = delete;
  VirtualChannel& operator=(const VirtualChannel&) = delete;

  /// Gives clipplayout a clip and waits until it is ready to air or refused.
  void deliver(const Delivery& delivery);
  /// Waits until the items that are next are open, as they are in real time. Returns whether there
  /// is one.
  bool is_ready() const;
  /// Plays the slot that is due next on both pads. False when a lane stands still.
  bool play_slot();
  /// The slot that play_slot() plays next.
  guint64 next_slot() const { return slot_; }
  GstClockTime now() const { return slot_ * GST_SECOND / kFps; }
  void stop();

  /// What clipplayout asks for upstream, in seconds.
  double demand() const;
  GstElement* element() const { return air_; }

  Faults faults() const;
  std::uint64_t started() const;             ///< items that went on air
  std::uint64_t refused() const;             ///< items that failed before they could
  std::map<std::string, Fate> fates() const; ///< by kind of clip
  /// As `stats` says.
  guint64 counted(const char* name) const;
  /// Waits until all that left the air was told.
  void settle() const;
  std::vector<Run> take_filler(); ///< stretches of filler that are over, since the last call
  /// How much the beep is behind the flash, in ns, by kind of clip: of the first and the last item.
  struct Drift {
    gint64 first, last;
    std::uint64_t count;
  };
  std::map<std::string, Drift> drifts() const;

 private:
  struct Heard; // what streaming threads write down

  void listen();

  std::unique_ptr<Heard> heard_;
  GstElement* pipeline_ = nullptr;
  GstElement* source_ = nullptr;
  GstElement* air_ = nullptr;
  GstTestClock* clock_ = nullptr;
  guint64 slot_ = 0;
  std::uint64_t delivered_ = 0;
};

} // namespace soak
