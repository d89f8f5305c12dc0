// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots in, results out: a bounded queue, a few worker threads, and the order of what leaves.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "base/ref.h"
#include "shot/brand.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace aigc {

/// What the input of a job is; decides how a stage reads it.
enum class InputKind { words, picture, raw };

/// What the next shot of a chain goes on from; without a clip it starts afresh.
struct Link {
  std::string clip;        ///< path of a finished file
  double seconds = 0;      ///< how much of it is shown
  bool is_planned = false; ///< on a dry run: there will be one
};

/// One shot to be worked on.
struct Job {
  Shot shot;
  InputKind kind = InputKind::words;
  Ref<GstBuffer> input;                   ///< picture or raw frame; empty for words
  Ref<GstCaps> caps;                      ///< of `input`
  GstClockTime pts = GST_CLOCK_TIME_NONE; ///< running time it came with
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  double seconds = kDefaultShotSeconds; ///< of air, as far as the stage knows
  std::string chain;                  ///< jobs of one chain run one after another; empty = of none
  Link before;                        ///< of the job before it in its chain
  std::shared_ptr<const Brand> brand; ///< the shot's brand file, from when it is worked on
};

/// What leaves towards downstream in the place of a job.
struct Outcome {
  enum class Kind {
    product, ///< `buffer` with `caps`
    gap,     ///< nothing came of the shot, its time passes
    event,   ///< a serialized event that came between two shots
    nothing, ///< cancelled: no trace of it
  };
  Kind kind = Kind::nothing;
  Shot shot;
  Ref<GstBuffer> buffer;
  Ref<GstCaps> caps;
  Ref<GstEvent> event;
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  Link link; ///< for the job after it in its chain
};

enum class Order { input, ready };

/// The concurrent part of a stage, without pads. Producer: push(), push_event(), end(). Consumer:
/// first(), start(), next(). Anyone: drop(), demand(), finish(), cancel(). Every wait ends on
/// cancel(). Workers are threads that begin when there are shots for them.
///
/// With Order::ready operators' requests are worked on and leave first, by their number, then shots
/// with an air time, the earliest first, then the others as they came; chains keep their order.
/// With Order::input nobody overtakes, but requests and shots with an air time do where there is a
/// demand.
class Pool {
 public:
  /// Runs on worker threads, several at once; must return soon after `cancel`, which is the job's
  /// own, fires.
  using Work = std::function<Outcome(Job job, Cancel& cancel)>;

  struct Options {
    unsigned workers = 1;
    Order order = Order::input;
    std::chrono::milliseconds patience{250}; ///< for workers that are cancelled
  };

  Pool(Work work, Options options);
  /// Cancels, and waits at most Options::patience for the workers: one that hangs is left to end
  /// alone.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  enum class Push {
    taken,
    finishing, ///< after end() or finish()
    cancelled,
  };

  /// Waits while the queue is full: at most kPerWorker for each worker wait, run or are ready at
  /// once, where a chain counts as one, so that those behind a long one have their turn; and
  /// kMaxChained shots. Up to kMaxRequests requests that overtake never wait for the others. A
  /// shot that has been dropped is taken and forgotten.
  Push push(Job job);
  /// Takes its place between the shots around it. Events do not count as shots: any number may come
  /// before start(), kMaxEvents afterwards.
  Push push_event(Ref<GstEvent> event);
  /// No more shots will come; a push() that waits is refused.
  void end();

  /// The first shot, before anything is worked on; empty when there will be none.
  std::optional<Shot> first();
  /// Lets the workers begin. Until then nothing is worked on, so nothing is paid.
  void start();
  /// The next outcome; empty once everything has left, or on cancel.
  std::optional<Outcome> next();

  /// The shot `id` is wanted no more: it waits no longer, what works on it is cancelled, what is
  /// done does not leave; one that comes later goes the same way. The next of its chain begins
  /// afresh. Never blocks.
  void drop(const std::string& id);
  /// Whether drop() was called for it, as far back as kMaxDropped.
  bool is_dropped(const std::string& id) const;

  /// So many seconds of air are wanted beyond what has left; from now on a job begins only while
  /// they exceed those of all that is under way, done, or gone since. Requests and shots with an
  /// air time begin regardless. Never blocks. Returns what is still wanted of those in front:
  /// beyond all that is inside, and no more than there is room for, so that a request never stands
  /// behind a shot that waits for it.
  double demand(double seconds);
  /// Shots that wait, run, are ready, or are about to leave.
  unsigned inside() const;

  /// Begins no further job, cancels those under way, keeps what is done for next().
  void finish();
  /// Ends every wait and every job; next() gives nothing any more.
  void cancel();
  /// Nothing waits, runs or is ready to leave.
  bool empty() const;

  static constexpr unsigned kPerWorker = 2;
  /// Once somebody says what is wanted: those who send then wait for that, not for a place.
  static constexpr unsigned kPerWorkerOnDemand = 4;
  static constexpr unsigned kMaxRequests = 64;
  static constexpr size_t kMaxDropped = 1024;
  static constexpr size_t kMaxEvents = 1024;
  static constexpr unsigned kMaxChained = 32;
  /// Chains of which nothing is inside, for a list that comes back to one; the one left longest ago
  /// is forgotten first, and begins afresh.
  static constexpr size_t kMaxRemembered = 1024;

 private:
  struct Shared;
  static void run_worker(std::shared_ptr<Shared> shared);
  void employ(unsigned workers);
  void leave_workers();

  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> threads_;
};

} // namespace aigc
