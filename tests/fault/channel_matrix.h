// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole channel in real time, small: a list, the three services of the stand-in, the air. All
// that comes out is held to the grid as it comes, and all that is said is kept.
#pragma once

#include "base/ref.h"
#include "standin.h"
#include "temp_folder.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <string>
#include <vector>

#include <gst/gst.h>

/// What a channel said of an item, or of a filler.
struct Said {
  std::string what; ///< "started", "failed", ...; "enter" and "leave" of fillers
  std::string id;   ///< the tier of a filler
  std::string uri;
  std::string reason;
  guint64 frame = 0, frames = 0;
};

/// What has come out of one side so far.
struct LaneCheck {
  guint64 slots = 0;
  guint64 samples = 0;        ///< sound
  std::string first_fault;    ///< off the grid, or black
  gint64 first = 0, last = 0; ///< monotonic time, us
  gint64 longest_wait = 0;    ///< between two slots, us
};

class LiveChannel {
 public:
  static constexpr int kFps = 10;

  struct Setup {
    std::string words_url, clips_url; ///< of DeepSeek and of DashScope
    std::string folder;               ///< for the store and the list
    std::string stages;               ///< properties of all stages
    std::string list;                 ///< of aishotsrc
    double seconds = 1;               ///< of each shot
    std::string shot;                 ///< more fields of all shots, JSON
    std::string camera;               ///< of wanxclipgen
    std::string air;                  ///< of clipplayout
  };
  explicit LiveChannel(const Setup& setup);
  ~LiveChannel();
  LiveChannel(const LiveChannel&) = delete;
  LiveChannel& operator=(const LiveChannel&) = delete;

  void play();

  using Seconds = std::chrono::seconds;
  /// Waits until that was said of `id`, or of any; a failure with all that was said when it is not
  /// in time.
  bool hear(const std::string& what, const std::string& id = {}, Seconds longest = Seconds(20));
  /// Items that began after this call.
  bool airs(size_t items, Seconds longest = Seconds(20));
  /// So many more slots come out, on both sides.
  bool passes(guint64 more, Seconds longest = Seconds(20));
  bool until(const char* what, const std::function<bool()>& is_so, Seconds longest = Seconds(20));
  size_t count(const std::string& what) const;
  /// The last such; one without a name where there is none.
  Said last(const std::string& what, const std::string& id) const;
  /// Of all such, in their order.
  std::vector<std::string> ids(const std::string& what) const;
  guint64 slots(const std::string& side) const; ///< that came out of "video" or "audio"
  std::vector<std::string> warnings() const;
  /// Of aigc/service: "resting", "back".
  std::vector<std::string> states() const;

  /// Both sides complete and in time, no ERROR, nothing black; and NULL within a second.
  void stop();

  GstElement* air() const { return air_.get(); }
  aigc::Ref<GstElement> element(const char* name) const {
    return aigc::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }

 private:
  static GstFlowReturn on_frame(GstElement* sink, gpointer data);
  static GstFlowReturn on_sound(GstElement* sink, gpointer data);
  static GstBusSyncReply on_message(GstBus* bus, GstMessage* message, gpointer data);
  void take(GstMessage* message);
  void take_slot(LaneCheck& lane, GstBuffer* buffer, guint64 samples, bool is_black);

  aigc::Ref<GstElement> pipeline_;
  aigc::Ref<GstElement> air_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  LaneCheck video_, audio_;
  std::vector<Said> said_;
  std::vector<std::string> errors_, warnings_, states_;
};

/// A stand-in of small clips of a second, an empty store, keys in the environment.
class ChannelMatrix : public testing::Test {
 protected:
  ChannelMatrix();

  LiveChannel::Setup setup() const;
  /// Answers that the stand-in spoiled.
  size_t spoiled() const;

  Standin server;
  TempFolder folder;
};

/// The configuration that makes the stand-in quick and its media small.
extern const char kSmallAndQuick[];
void put_keys();
LiveChannel::Setup setup_for(const Standin& server, const std::string& folder);
