// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists: checked whole, then read shot by shot in memory that does not grow with them.
#pragma once

#include "shot/doubtful_names.h"
#include "shot/listed_shot.h"
#include "shot/row_register.h"
#include "shot/takes.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

/// How many rows of a list may have a fixed time: these are held in memory.
inline constexpr size_t kMaxTimedRows = 20'000;

struct ShotListSettings {
  std::string location;
  std::string script; ///< a list of one shot, where there is no location
  bool copy = false;  ///< the file may change while the list runs
  int loop = 1;       ///< turns, -1 = without end
  bool shuffle = false;
  std::uint64_t seed = 0;             ///< of the order
  std::vector<std::string> languages; ///< every shot once for each; none = as it stands
  std::string brand;                  ///< file or name, for shots that bring none
  Takes takes;
  /// One of several shares; shots of one chain are in the same.
  unsigned shard_index = 0, shard_count = 1;
};

class ShotListReader {
 public:
  /// Throws as RowReader and load_brand().
  explicit ShotListReader(ShotListSettings settings);

  using BadRow = std::function<void(const std::string& id, const Error&)>;
  /// Reads the list to its end, before the first next(): what is wrong in it is found before a shot
  /// costs anything. Rows that cannot be used are given to `bad`, which may throw, and are left
  /// out; "rest" is all that follows a place where the list cannot be read on. Throws Error that
  /// names file, row and field; also when no shot is left. After Fault::cancelled the next call
  /// goes on where this one was.
  void check(const BadRow& bad, const Cancel* cancel = nullptr);

  /// What else there is to warn of, once check() is through; each is given once.
  std::vector<Error> warnings() { return names_.take(); }

  /// The next shot; none at the end. Throws as check(). Rows with a fixed time are not among them.
  std::optional<Shot> next(const Cancel* cancel = nullptr);
  /// The next shot of this turn of the loop.
  std::optional<Shot> next_in_turn(const Cancel* cancel = nullptr);
  /// Goes on to the next turn; false when there is none.
  bool next_turn();
  /// Begins the turn `turn` anew.
  void go_to_turn(unsigned turn);
  unsigned turn() const { return turn_; }

  /// The shots with a fixed time, as they stand in the list.
  const std::vector<Shot>& timed() const { return timed_; }

  /// Whether a shot of the list has this id, in whatever turn; once check() is through, from any
  /// thread.
  bool has_id(std::string_view id) const;

 private:
  /// Where a row is, for another order than the list's.
  struct Place {
    RowReader::Mark mark;
    std::uint32_t unit; ///< the first row of its chain, else its own
  };

  // One row.
  std::optional<Row> read_row(const Cancel* cancel);
  ListedShot listed(const Row& row) const;
  Error named(const Row& row, const Error& error) const;
  std::uint32_t unit_of(const std::string& chain, std::uint32_t row);
  bool is_ours(std::uint32_t unit) const;

  // The check.
  bool check_next(const BadRow& bad, const Cancel* cancel);
  void check_row(const Row& row);
  void check_timed(const ListedShot& found);
  void leave_out(std::uint32_t row, const std::string& id, const Error& error, const BadRow& bad);
  void check_result() const;

  // Turns.
  void begin_turn();
  std::optional<Row> good_row(const Cancel* cancel);
  bool advance_in_turn(const Cancel* cancel);
  Shot in_run(const ListedShot& listed, const std::string& language) const;

  const ShotListSettings settings_;
  std::unique_ptr<RowReader> reader_; ///< null for a script
  bool script_read_ = false;

  RowRegister register_;
  DoubtfulNames names_;
  std::set<std::string> unknown_takes_;
  std::vector<std::uint32_t> bad_; ///< numbers of rows that cannot be used
  std::optional<Error> first_bad_;
  bool is_copied_ = false;
  bool is_cut_ = false; ///< from some row on nothing can be read
  bool is_checked_ = false;
  size_t good_ = 0, ours_ = 0;

  unsigned turn_ = 0; ///< from 1
  std::vector<Shot> timed_;
  std::vector<Place> order_; ///< of our rows, when they are shuffled
  size_t at_ = 0;            ///< in order_
  std::optional<ListedShot> current_;
  size_t language_ = 0; ///< the next one of the current row
};

} // namespace aigc
