// SPDX-License-Identifier: LGPL-2.1-or-later
// What is to go on air, in its order: items with a fixed time when they are due, then the
// operators' requests, then the list.
#pragma once

#include "playout/open_clip.h"

#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace aigc {

/// How far an item has come.
enum class Progress {
  queued,   ///< nobody has looked at it yet
  checking, ///< it is looked at, or the application is asked
  ready,    ///< it may go on air
  opening,  ///< and its file is being opened
  open,     ///< it can be on air at the very next slot
};

struct Entry {
  std::shared_ptr<PlayoutItem> item;
  gint64 at = 0; ///< microseconds since the epoch, 0 = whenever its turn is
  Progress progress = Progress::queued;
  guint64 frames = 0; ///< slots it will fill, once it is ready
  Readers readers;    ///< once it is open

  bool is_ready() const { return progress >= Progress::ready; }
};

/// Not thread-safe: its owner's lock guards it.
class Rundown {
 public:
  /// How late an item with a fixed time may be and still cut off what is on air.
  static constexpr gint64 kPunctual = G_USEC_PER_SEC;

  /// So many ids are remembered: what a channel plays in days.
  static constexpr size_t kMostIds = 100'000;

  /// A request goes behind the requests with lower numbers, any other item to the end. Throws
  /// Error{Fault::settings} for an id that was used before and for a time that is none. An item
  /// without a shot of its own gets a number behind its id where it needs one.
  const Entry& add(PlayoutItem item);

  Entry* find(const std::string& id);
  /// Takes the item out; null when there is none of that id.
  std::unique_ptr<Entry> remove(const std::string& id);
  bool move(const std::string& id, size_t position);
  std::vector<std::unique_ptr<Entry>> clear();

  /// The open item that is on air next at `utc`, null when none is. One of a fixed time that is due
  /// goes before all others; one that is not yet due is passed over.
  Entry* next(gint64 utc);
  /// The open item whose fixed time has just come.
  Entry* punctual(gint64 utc);

  /// The next `count` of those that are ready, those with a fixed time within `ahead` included.
  std::vector<Entry*> upcoming(size_t count, gint64 utc, gint64 ahead);
  /// The first in order that nobody has looked at; those with a fixed time within `ahead` go before
  /// all others, those with a later one behind.
  Entry* unchecked(gint64 utc, gint64 ahead);
  /// Whether it is on air before something that is ready.
  bool overtakes(const Entry& entry) const;

  const std::deque<std::unique_ptr<Entry>>& entries() const { return entries_; }
  size_t ready_items() const;
  size_t open_items() const;

 private:
  Entry* first_due(gint64 utc, gint64 since, bool open_only);
  std::string free_id(const std::string& wanted);
  bool is_used(const std::string& id);
  void remember(const std::string& id);

  std::deque<std::unique_ptr<Entry>> entries_;
  std::unordered_set<std::string> used_;
  std::deque<const std::string*> by_age_; ///< of those, the oldest first
  guint64 numbers_ = 1;                   ///< given to items without a shot
};

} // namespace aigc
