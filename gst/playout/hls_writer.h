// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the files of a live HLS stream on a thread of its own, so that a disk which stands still
// holds up nobody.
#pragma once

#include "base/guarded.h"
#include "playout/hls_folder.h"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

namespace aigc {

/// What is to be done is done in that order, later. A disk that does not keep up costs whole
/// segments, listed as a GAP, until nearly all that waits is written: so memory is bounded, and
/// what is listed afterwards has few seams. Calls are those of HlsFolder, made by one thread;
/// others may only call flush() meanwhile.
class HlsWriter {
 public:
  /// Throws Error{Fault::settings}.
  explicit HlsWriter(HlsSettings settings);
  /// Gives what waits a moment to be written; a disk that stands still is left to itself.
  ~HlsWriter();
  HlsWriter(const HlsWriter&) = delete;
  HlsWriter& operator=(const HlsWriter&) = delete;

  /// Goes on from what an earlier run left, and tells the longest duration of a segment, in
  /// seconds; nothing as long as the disk has not answered. A live stream waits only for a moment,
  /// and loses segments where the disk does not keep up; any other waits for it. Throws as
  /// HlsFolder::resume() does, at each call.
  std::optional<unsigned> resume(bool is_live);

  bool has_clock() const { return has_clock_; }
  void set_clock(gint64 utc_of_zero);
  void begin(GstClockTime time, bool discontinuity, std::optional<gint64> utc_of_zero);
  void write(const guint8* data, size_t size);
  void end(GstClockTime time);
  void interrupt();
  void item(GstClockTime time, HlsDateRange range);
  /// All is on the disk when it returns, but after flush(true), and where a live stream waits for a
  /// disk that stands still.
  void finish(GstClockTime time);

  /// Nobody waits for the disk while it flushes.
  void flush(bool on);

  /// What went wrong, each once.
  std::optional<Error> take_trouble();

 private:
  using Clock = std::chrono::steady_clock;

  struct Step {
    std::function<void(HlsFolder&)> act; ///< empty for bytes of the open segment
    std::string bytes;
    size_t extra = 0; ///< bytes that `act` holds
    size_t cost() const { return sizeof(Step) + bytes.size() + extra; }
  };

  struct State {
    std::deque<Step> steps;
    size_t cost = 0; ///< of all steps, and of the one that is under way
    std::deque<Error> troubles;
    std::exception_ptr failure; ///< of resume()
    unsigned target = 0;        ///< seconds; 0 = not known yet
    bool busy = false;          ///< with resume(), or with a step that was taken out
    Clock::time_point since;    ///< of that
    bool flushing = false;
    bool closing = false;       ///< no step comes any more
    bool over = false;          ///< the thread has ended, or is about to
    bool losing = false;        ///< what comes, until nearly all is written
    bool discontinuity = false; ///< of a segment that was lost

    bool idle() const { return steps.empty() && !busy; }
    bool stands_still(Clock::duration limit) const;
    bool has_room(size_t size) const;
    void add(Step step);
    void lose_segment();
  };

  struct Shared {
    explicit Shared(HlsSettings settings) : folder(std::in_place, std::move(settings)) {}
    std::optional<HlsFolder> folder; ///< of the thread, once there is one
    Guarded<State> state;
  };

  void add(std::function<void(HlsFolder&)> act, size_t extra = 0);
  static void resume(Shared& shared);
  static std::optional<Step> next_step(Shared& shared);
  static void run(Shared& shared);

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
  bool is_live_ = true;
  bool is_late_ = false; ///< the disk, at the start
  bool has_clock_ = false;
};

} // namespace aigc
