// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of clipjoin: URIs go in at one side, open clips come out at the other, for pictures and
// sound apart. A thread of its own probes, opens and closes clips, so that no streaming thread
// does.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "media/clip_reader.h"
#include "media/grid.h"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace aigc {

enum class Media { video, audio };

/// What came in: a clip, or an event that stands between two clips.
struct JoinItem {
  std::string uri;
  Ref<GstBuffer> origin; ///< the buffer that brought it
  double duration = 0;   ///< seconds asked for, 0 = the whole clip
  int width = 0;         ///< pixels asked for, 0 = not said
  int height = 0;
  Ref<GstEvent> event; ///< instead of all above
};

/// An item with its place on the output's grid.
struct JoinPlan {
  JoinItem item;
  ClipInfo clip;
  guint64 first_frame = 0;
  guint64 frames = 0;
};

struct JoinFormat {
  Ref<GstCaps> video;
  Ref<GstCaps> audio; ///< null when no sound is wanted
  Grid grid;
};

/// A clip ready to be played by one side.
struct JoinPart {
  std::shared_ptr<const JoinPlan> plan;
  std::unique_ptr<ClipReader> reader; ///< none for an event, and for sound a clip has none of
};

/// The element, as far as the session's thread needs it. Called without locks held.
struct JoinHost {
  std::function<JoinFormat(const JoinItem&, const ClipInfo&)> choose_format; ///< throws Error
  std::function<void(const Error&, const std::string& uri)> fail;
};

class JoinSession {
 public:
  /// @param format of an earlier run to go on with, if any
  JoinSession(JoinHost host, bool with_audio, Fit fit, std::optional<JoinFormat> format);
  /// Stops and waits for the thread.
  ~JoinSession();

  /// Waits for room, then takes the item in.
  GstFlowReturn add(JoinItem item);
  /// No more items.
  void finish();
  /// The user wants the end: nothing more is played, not even the rest of the clip that plays.
  void cut();
  bool is_cut() { return state_.lock()->cut; }
  /// Why add() would refuse.
  void refuse(GstFlowReturn flow);

  /// Waits until the format stands; none when the run ends without a clip, or is stopped.
  std::optional<JoinFormat> wait_format();
  /// Downstream of `media` knows the format: its clips may be opened.
  void begin(Media media, bool any_stride);
  /// Waits for the next part; none at the end. Throws Error{Fault::cancelled}.
  std::optional<JoinPart> take(Media media);
  /// Gives a part back when it has been played, which makes room for the one after the next.
  void give_back(Media media, std::unique_ptr<ClipReader> reader);
  /// Nobody will take from `media` any more. Returns whether the other side has ended as well.
  bool leave(Media media);

  /// Wakes everyone; from now on all calls return at once.
  void stop();

 private:
  static constexpr size_t kOpenClips = 2; ///< per side: the one that plays and the next
  static constexpr size_t kWaitingItems = 2;

  struct Side {
    bool wanted = false;
    bool begun = false;
    bool any_stride = false;
    size_t next = 0; ///< plan to open next
    size_t open = 0; ///< parts opened and not given back, one being opened included
    bool opening = false;
    std::deque<JoinPart> ready;
  };
  struct State {
    std::deque<JoinItem> waiting;
    bool finished = false;
    bool cut = false;
    bool stopped = false;
    bool planning = false;
    GstFlowReturn flow = GST_FLOW_OK;
    std::optional<JoinFormat> format;
    std::deque<std::shared_ptr<const JoinPlan>> plans;
    size_t first_plan = 0;        ///< number of plans.front()
    size_t last_plan = G_MAXSIZE; ///< one past the last that can be played
    guint64 frames = 0;           ///< of all plans
    std::array<Side, 2> sides;
    std::vector<std::pair<Media, std::unique_ptr<ClipReader>>> retired;

    Side& side(Media media) { return sides[static_cast<size_t>(media)]; }
    size_t plan_end() const { return std::min(first_plan + plans.size(), last_plan); }
    bool exhausted() const { return waiting.empty() && !planning && finished; }
  };
  struct Job {
    enum { none, retire, open, plan } kind = none;
    Media media = Media::video;
    std::shared_ptr<const JoinPlan> to_open;
    JoinItem to_plan;
  };

  void run();
  Job next_job();
  static bool pick_job(State& state, Job& job);
  static bool pick_open(State& state, Job& job);
  void retire();
  void open(Job job);
  void plan(JoinItem item);
  void fail(const Error& error, const std::string& uri);

  const JoinHost host_;
  const Fit fit_;
  Cancel cancel_;
  Guarded<State> state_;
  std::thread thread_; // last: uses all above
};

} // namespace aigc
