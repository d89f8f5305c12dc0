// SPDX-License-Identifier: LGPL-2.1-or-later
// Other takes of single shots: which are asked for, and which a film has had.
#pragma once

#include "job_file.h"
#include "launcher.h"
#include "shot/shot.h"
#include "shot/takes.h"

#include <set>

namespace aigc::runner {

/// By the shot's id, less what its language adds.
using TakesById = std::map<std::string, gint64>;

/// FILM.keyframes beside FILM.mp4: what is looked at before clips are paid for, and the takes.
std::string keyframe_folder(const std::string& out);

/// The takes a film shall have from now on.
class TakePlan {
 public:
  /// Whether there is anything to find out: else the values stay as they are.
  static bool is_wanted(const JobFile& job, const Values& values);
  /// Adds what was asked for before to the `takes` that are given, which go first, and one to the
  /// takes of the shots in `retake`. Leaves jobs alone that know no `takes`. Throws
  /// Error{Fault::settings} for a shot that is not in the list, Error{Fault::format} for a record
  /// that cannot be read.
  TakePlan(const JobFile& job, Values values, Report& report, Interrupt* interrupt);

  /// As the job wants them.
  const Values& values() const { return values_; }
  /// The shots that get another take now, by their place in the list.
  const std::set<gint64>& retaken() const { return retaken_; }
  /// The next run shall know them. Throws Error{Fault::write}.
  void remember() const;

 private:
  void ask_again(const std::vector<Shot>& shots, const std::string& retake);
  std::optional<gint64> take_of(const Shot& shot) const;
  void set_takes(const std::vector<Shot>& shots);

  Values values_;
  std::string record_; ///< path
  TakesById takes_;    ///< remembered
  Takes given_;        ///< for this run alone
  std::set<gint64> retaken_;
};

} // namespace aigc::runner
