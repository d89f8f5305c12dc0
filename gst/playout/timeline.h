// SPDX-License-Identifier: LGPL-2.1-or-later
// What each slot of the grid shows. The side of the channel that reaches a slot first decides it,
// the other follows; no slot is ever decided twice once both have seen it.
#pragma once

#include "media/grid.h"
#include "playout/as_run.h"
#include "playout/open_clip.h"

#include <deque>
#include <optional>
#include <vector>

namespace aigc {

/// A run of slots that show one thing. What stands first never changes and may be read without
/// the owner's lock; what stands under `state` may not.
struct Span {
  Tier tier = Tier::slate;
  std::shared_ptr<const PlayoutItem> item; ///< null for repeat and slate
  guint64 first = 0;                       ///< slot
  guint64 planned = 0;                     ///< slots; 0 = open end
  guint64 fade = 0;                        ///< slots at its start, mixed with the span before
  bool cuts = false;                       ///< that span off, before its end
  guint64 from = 0;                        ///< first slot of that span, where mixed or cut off
  guint64 played = 0; ///< slots of the clip that were on air before, where it goes on

  struct {
    bool over = false;
    bool after_item = false; ///< a repeat that follows an item
    EndReason reason = EndReason::played;
    std::string fault;
    bool slow = false; ///< at fault was how it came, not what is in it
    guint64 held = 0;
    gint64 utc = 0; ///< when `first` was due
    Readers readers;
  } state;
};

/// For a side that comes from `now` to `next`: whether `now` was taken back.
bool takes_back(const Span* next, const Span* now);
/// Whether `next` began before the end of `before`, which goes on if `next` is taken back.
bool breaks_into(const Span* next, const Span* before);
/// Whether `next` is the rest of the clip of `before`.
bool goes_on_with(const Span* next, const Span* before);

/// What one side of the channel plays at a slot.
struct Slot {
  std::shared_ptr<Span> span; ///< null for slots this side was too late for
  guint64 index = 0;          ///< slot of the span
  bool is_last = false;       ///< of the span, as planned
  bool ended = false;         ///< the channel is over
};

/// Where the timeline gets what it shows. Called with the owner's lock held.
class Offers {
 public:
  virtual ~Offers() = default;
  /// Slots of the item that could start at `utc`; 0 when none can.
  virtual guint64 item_frames(gint64 utc) = 0;
  /// Whether an item has to start at `utc`, whatever is on air.
  virtual bool is_punctual(gint64 utc) = 0;
  virtual OpenClip take_item(gint64 utc) = 0;
  /// A clip of the library or of the filler files.
  virtual std::optional<OpenClip> take_filler() = 0;
};

/// Not thread-safe: its owner's lock guards it.
class Timeline {
 public:
  struct Rules {
    Grid grid;
    guint64 repeat_max = 0; ///< slots
    bool immediate = false; ///< items cut off re-aired clips and fillers
    guint64 fade = 0;       ///< slots of a crossfade, 0 = cut
  };
  /// Something the channel tells about itself.
  struct Change {
    enum class Kind {
      begins,
      ends,
      fails, ///< it never was on air
    };
    std::shared_ptr<Span> span;
    Kind kind;
    guint64 frames = 0; ///< it had
  };

  Timeline(Rules rules, Offers& offers) : rules_(rules), offers_(offers) {}

  /// A clip that begins is on trial until settle(), or until a later slot is asked for: nothing is
  /// told of it, and what was on air before is not over, unless it was skipped.
  Slot slot(Side side, guint64 number, gint64 utc);
  /// The pictures of `span` are on air.
  void settle(const Span& span);
  /// The reader of the span on that side, once; null where there is none or it was given up.
  std::unique_ptr<ClipReader> take_reader(Side side, Span& span);
  /// `span` cannot go on at slot `number`, where `side` is: it ends at the first slot that neither
  /// side has played. One on trial is taken back, whatever was heard of its first slot: that slot
  /// is decided anew.
  void fence(Side side, Span& span, guint64 number, const std::string& fault);
  void hold_picture(Span& span) { ++span.state.held; }

  void skip() { skip_ = true; }
  void hold(bool on) { hold_ = on; }
  bool holds() const { return hold_; }
  /// Both sides end at the same slot: the first not decided yet.
  void finish();
  /// That side plays no more.
  void leave(Side side);

  /// Slots decided so far.
  guint64 end() const { return end_; }
  const Span* on_air() const { return spans_.empty() ? nullptr : spans_.back().get(); }
  /// What was on air before, where it may be again: while the one on air is on trial or fades in.
  const Span* may_return() const;
  /// Slots left of the clip on air.
  guint64 left() const;

  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }
  /// Readers nobody will use any more.
  std::vector<std::unique_ptr<ClipReader>> take_given_up() { return std::exchange(given_up_, {}); }

 private:
  static constexpr size_t kSpans = 32;     ///< kept for a side that lags
  static constexpr size_t kSpansAhead = 4; ///< whose readers are kept for it

  void decide(guint64 number, gint64 utc);
  bool goes_on(guint64 number, gint64 utc);
  bool is_to_be_cut(gint64 utc) const;
  void settle();
  void settle_unseen();
  void take_back();
  bool returns(guint64 number, gint64 utc);
  void follow(guint64 number, gint64 utc);
  void climb_down(guint64 number, gint64 utc);
  void end_span(const std::shared_ptr<Span>& span, guint64 number, EndReason reason);
  Span& begin(guint64 number, gint64 utc, Tier tier);
  void begin_clip(guint64 number, gint64 utc, OpenClip clip);
  void begin_item(guint64 number, gint64 utc);
  bool can_mix_at(guint64 number, gint64 utc);
  void forget_played();
  void give_up(Span& span);

  const Rules rules_;
  Offers& offers_;
  std::deque<std::shared_ptr<Span>> spans_;
  std::shared_ptr<Span> before_;  ///< the last of them
  bool trial_ = false;            ///< the last of them is
  std::array<guint64, 2> told_{}; ///< by Side: the first slot it has not asked for
  guint64 end_ = 0;
  std::optional<guint64> stop_;
  bool skip_ = false;
  bool hold_ = false;
  std::vector<Change> changes_;
  std::vector<std::unique_ptr<ClipReader>> given_up_;
};

} // namespace aigc
