// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips that were on air and may be again, when nothing new is ready.
#pragma once

#include "playout/item.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <random>

namespace aigc {

enum class Reair {
  none,
  lru,     ///< the one that was off the air for longest
  shuffle, ///< by seed; none twice before every other that may was on air
};

/// Not thread-safe: its owner's lock guards it. Times are running times of the channel.
class Library {
 public:
  static constexpr size_t kMaxClips = 1000;  ///< the oldest go first
  static constexpr size_t kMaxIds = 10;      ///< of one clip, besides its own
  static constexpr size_t kMaxBarred = 1000; ///< the oldest come in again first

  Library(Reair how, GstClockTime min_gap, std::uint64_t seed);

  /// `item` left the air at `end`.
  void aired(const PlayoutItem& item, GstClockTime end);
  /// A clip that may be on air at `at`: at least the gap after it was last. Its tier is reair. It
  /// counts as on air from then on, so that two picks ahead are two clips while there are others.
  std::optional<PlayoutItem> pick(GstClockTime at);
  /// A clip that cannot be played any more.
  void forget(const std::string& uri);
  /// A clip that is not to come in any more, whichever item brings it, and however often.
  void bar(const std::string& uri);
  /// Of the clip that an item `id` brought; empty when there is none. Of many items that bring the
  /// same clip the first and the last are known.
  std::string uri_of(const std::string& id) const;
  size_t size() const { return clips_.size(); }

 private:
  struct Aired {
    PlayoutItem item;
    std::deque<std::string> others; ///< ids of items that brought it too
    GstClockTime end;
    guint64 turn; ///< of the shuffle, in which it was on air last
  };
  using Clips = std::deque<Aired>;
  Clips::iterator choose(Clips::iterator rested);
  void keep(Aired clip);

  Reair how_;
  GstClockTime min_gap_;
  std::mt19937_64 random_;
  guint64 turn_ = 0;
  Clips clips_;                    ///< the one off the air for longest first
  std::deque<std::string> barred_; ///< URIs, the oldest first
};

} // namespace aigc
