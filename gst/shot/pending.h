// SPDX-License-Identifier: LGPL-2.1-or-later
// What is still to be sent of a list that is edited while it runs, what was sent and is not yet on
// air, and what of it goes next. Every change is an Edit, so that a journal can bring it all back.
#pragma once

#include "base/error.h"
#include "shot/shot.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace aigc {

/// How many rows of the list are read ahead: those an edit can name by their position.
inline constexpr size_t kWindowShots = 100;
/// How long before its time a shot is sent, in µs: long enough for words, picture and clip.
inline constexpr gint64 kAirLead = 10 * 60 * G_USEC_PER_SEC;
/// How late a fixed time may be, in µs, before its shot is left out.
inline constexpr gint64 kAirGrace = 60 * G_USEC_PER_SEC;
/// Requests go out until so many seconds more than were asked for are on their way.
inline constexpr double kRequestCredit = 60;
/// How many requests may wait: all of them are paid for, and stand in the journal.
inline constexpr size_t kMaxRequests = 1000;
/// How many shots that were sent and never heard of are remembered.
inline constexpr size_t kMaxSent = 500;

/// One change; `shot` and the numbers mean what the kind says.
struct Edit {
  enum class Kind {
    insert,  ///< an operator's `shot` at `number`
    take_up, ///< a row of the list, as `shot`, joins those that edits have ordered
    move,    ///< `id` to `number`
    remove,  ///< `id`
    send,    ///< `shot`
    air,     ///< `id` is on air, or never will be
    turn,    ///< the loop begins turn `number`
    // What a short journal begins with:
    counts, ///< `number` requests were sent, `made` ids were made
    used,   ///< `id` was a request's
    done,   ///< the shot with the digest `number` was sent in this turn
    time,   ///< the shot `id` of a fixed time was sent for `at` the `number`th time
  };
  Kind kind;
  std::string id;
  std::uint64_t number = 0;
  std::uint64_t made = 0;
  gint64 at = 0; ///< µs since 1970
  bool listed = false;
  Shot shot;
};

/// A shot as operators see it.
struct PendingItem {
  std::string id;
  std::string script;
  std::string at;
  bool is_sent = false;
  gint64 request = 0;             ///< its number, or the one it will have; 0 = of the list
  std::optional<size_t> position; ///< of what is pending and has no fixed time
};

/// Requests come first, then what edits have put before the list, then the list row by row. Not
/// thread-safe.
class PendingShots {
 public:
  using Record = std::function<void(const Edit&)>;
  using HasId = std::function<bool(const std::string& id)>;

  /// Whether what was sent of the list in this turn is not sent again when the list is read
  /// anew.
  void remember(bool remembers) { remembers_ = remembers; }
  /// Who is told of every change, once it is made.
  void record(Record record) { record_ = std::move(record); }

  // --- what operators do ---

  /// Behind all requests. The id, which is made when there is none. Throws Error{Fault::settings}
  /// when it was used before or looks like a made one, the shot has a fixed time that is over, or
  /// too many wait.
  std::string enqueue(Shot shot, gint64 now) { return insert(std::move(shot), requests_, now); }
  /// Before what has this position now; behind a list's rows it is one of them, else a request. At
  /// most at the end of the window.
  std::string insert(Shot shot, size_t position, gint64 now);
  /// False for what is not in the window.
  bool move(const std::string& id, size_t position);
  enum class Removed { unknown, pending, sent };
  Removed remove(const std::string& id);
  std::vector<PendingItem> items() const;

  // --- the list ---

  /// Its shots with fixed times; the `loop` of the list says how often those of every day come.
  /// Those whose time is over are told.
  std::vector<Error> set_timed(const std::vector<Shot>& shots, int loop, gint64 now);
  /// Whether more rows are to be read ahead.
  bool wants_rows() const { return window_.size() < kWindowShots; }
  /// The next row. False when it is not to be sent: it was already, or was removed, or a request
  /// has its id.
  bool read_ahead(Shot shot);
  bool is_request(const std::string& id) const { return used_.count(id) > 0; }
  /// Whether rows of this turn are to be sent yet.
  bool has_rows() const { return front_.size() > requests_ || !window_.empty(); }
  /// Whether nothing is to be sent at all.
  bool is_empty() const {
    return front_.empty() && window_.empty() && timed_.empty() && again_ == 0;
  }
  void begin_turn(unsigned turn);
  unsigned turn() const { return turn_; }

  /// Another version of the list takes its place: what was read ahead is forgotten. `find` gives
  /// the row of an id that edits have ordered, as it is now, or nothing. Returns the ids of shots
  /// that were sent and are in the list no more.
  std::vector<std::string>
  change_list(const HasId& has_id,
              const std::function<std::optional<Shot>(const std::string&)>& find);
  /// Ids of rows that change_list() will ask for.
  std::set<std::string> ordered_rows() const;

  // --- what goes out ---

  /// Seconds of air that are wanted; nobody ever said so = no limit.
  void demand(double seconds) { demand_ = seconds; }
  /// The next shot, if one may go now. `nothing_else`: fixed times are not waited for.
  std::optional<Shot> take(gint64 now, bool nothing_else = false);
  /// When the next fixed time becomes due.
  std::optional<gint64> due() const;
  /// A shot that was sent is on air, or never will be.
  void aired(const std::string& id);

  // --- the journal ---

  /// Makes a change that was recorded before.
  void apply(const Edit& edit);
  /// After the last of them: what was sent and is not on air is sent once more, first. Tells of
  /// fixed times that are over.
  std::vector<Error> resume(gint64 now);
  /// What is the list's is forgotten, requests stay.
  void forget_list();
  /// The shortest row of edits that gives this state.
  std::vector<Edit> edits() const;

 private:
  struct Entry {
    Shot shot;
    bool listed = false;
  };
  struct Sent : Entry {
    bool again = false;
  };
  struct Timed : Entry {
    gint64 when = 0;
    std::uint64_t count = 1; ///< which of its days this is
    bool daily = false;
  };
  struct Aired {
    std::uint64_t count = 0;
    gint64 when = 0;
  };

  void make(const Edit& edit);
  bool is_used(const std::string& id) const;
  std::string new_id() const;
  bool is_done(const std::string& id) const;
  void check_request(const Shot& shot, gint64 now) const;
  size_t waiting() const;
  size_t reach(size_t position);
  std::optional<Shot> send(Entry entry);
  bool may_go(bool is_request) const;
  std::optional<Shot> take_again();
  std::optional<Shot> take_timed(gint64 now, bool nothing_else);
  void add_timed(Timed timed);
  void schedule_next_day(const Timed& timed);
  void place(Entry entry, size_t position, bool is_request);

  void apply_insert(const Edit& edit);
  void apply_move(const Edit& edit);
  void apply_remove(const std::string& id);
  void apply_send(const Edit& edit);

  bool remembers_ = false;
  Record record_;
  HasId has_id_;

  std::deque<Entry> front_; ///< in the order that operators gave them
  size_t requests_ = 0;     ///< how many of them are requests
  std::deque<Shot> window_; ///< rows that were read ahead
  std::deque<Timed> timed_; ///< by their time
  std::deque<Sent> sent_;   ///< and not on air, in their order
  size_t again_ = 0;        ///< how many of them are sent once more
  int loop_ = 1;

  unsigned turn_ = 1;
  std::unordered_set<std::uint64_t> done_; ///< digests of the ids that are over in this turn
  std::map<std::string, Aired> times_;     ///< fixed times that were sent, by the id of the first
  std::set<std::string> used_;             ///< ids of all requests whose ids were not made
  std::uint64_t made_ = 0;                 ///< ids
  std::uint64_t requested_ = 0;            ///< requests that were sent
  std::optional<double> demand_;
};

} // namespace aigc
