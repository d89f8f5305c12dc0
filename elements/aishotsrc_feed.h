// SPDX-License-Identifier: LGPL-2.1-or-later
// What aishotsrc sends next: the list, its edits, its journal and the wishes of those behind it,
// for any thread.
#pragma once

#include "aishotsrc_settings.h"
#include "base/cancel.h"
#include "base/guarded.h"
#include "shot/list_journal.h"
#include "shot/list_watch.h"
#include "shot/pending.h"

#include <map>
#include <memory>
#include <thread>

namespace aigc {

class ShotFeed {
 public:
  /// Called without a lock, from any thread.
  struct Listener {
    std::function<ListSettings()> settings;
    /// Reads the list to its end, as ShotListReader::check(), and tells of its bad rows; they are
    /// left out only at the beginning.
    std::function<void(ShotListReader&, bool at_beginning, const Cancel*)> check;
    std::function<void(const Error&)> warn;
    std::function<void(const std::string& id)> cancel_shot; ///< that was sent
  };
  explicit ShotFeed(Listener listener) : listener_(std::move(listener)) {}
  ~ShotFeed() { end(); }
  ShotFeed(const ShotFeed&) = delete;
  ShotFeed& operator=(const ShotFeed&) = delete;

  void begin();
  void end();
  /// Breaks next(), until it is told to go on.
  void stop();
  void go_on();

  /// The next shot, as soon as one may go; none at the end. Throws Error; cancelled after stop().
  std::optional<Shot> next();

  // From any thread; none of these waits for a shot to be sent or a list to be read.
  std::string enqueue(Shot shot);
  std::string insert(Shot shot, size_t position);
  bool move(const std::string& id, size_t position);
  bool remove(const std::string& id);
  std::vector<PendingItem> items();
  void demand(double seconds);
  void aired(const std::string& id);

 private:
  using Reader = std::shared_ptr<ShotListReader>;
  struct State {
    bool is_open = false; ///< `pending` is what the journal says
    PendingShots pending;
    std::unique_ptr<ListJournal> journal;
    bool journal_fails = false; ///< and that was told
    Reader reader;
    bool turn_over = false;
    bool list_over = false;   ///< nothing more comes of the list
    unsigned empty_turns = 0; ///< in a row, of which no shot was to be sent
    bool took_rows = false;   ///< in this turn
    bool has_ended = false;
    std::optional<Error> read_error; ///< once all that was read is sent
    std::shared_ptr<Cancel> cancel = std::make_shared<Cancel>();
    std::uint64_t changes = 0; ///< that next() must look at
    std::vector<Error> warnings;
  };
  using Access = Guarded<State>::Access;

  std::string add(Shot shot, std::optional<size_t> position);
  template <typename Change> auto edit(Change change);
  void open(Access& state);
  void keep(State& state, const Edit& edit);
  void tell_warnings();
  void sync_journal();

  void load(const Cancel* cancel);
  void take_over(const Reader& reader, const Cancel* cancel);
  std::map<std::string, Shot> rows_of(const std::set<std::string>& ids, ShotListReader& reader,
                                      const Cancel* cancel) const;
  void read_ahead(const Cancel* cancel);
  bool end_turn(Access& state);
  std::optional<Shot> take(const Cancel& cancel, std::uint64_t seen, bool& ended);
  static void wait(Access& state, const Cancel& cancel, std::uint64_t seen, gint64 now);

  void watch();
  void read_anew();

  Listener listener_;
  ListSettings settings_; ///< of this run
  Reader loading_;        ///< the streaming thread's, until it is the list
  Guarded<State> state_;
  std::shared_ptr<Cancel> watch_cancel_;
  std::optional<ListWatch> watch_; ///< the streaming thread's, then the watcher's
  std::thread watcher_;
};

} // namespace aigc
