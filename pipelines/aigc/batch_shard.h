// SPDX-License-Identifier: LGPL-2.1-or-later
// The share of a batch that one of several processes makes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace aigc::runner {

struct Shard {
  size_t index = 0, count = 1;
  std::string source; ///< what says so; empty when nothing does: then it is all of it

  /// Rows count from 1.
  bool has(size_t row) const { return (row - 1) % count == index; }
};

/// `shard`, "I/N", else what the environment says: SLURM_ARRAY_TASK_ID of an array job, else
/// JOB_COMPLETION_INDEX. `shards`, N, says how many there are, where the environment does not or
/// the array is only a part. `environment` returns a variable or null. Throws
/// Error{Fault::settings}.
Shard find_shard(const std::string& shard, const std::string& shards,
                 const std::function<const char*(const char*)>& environment);

} // namespace aigc::runner
