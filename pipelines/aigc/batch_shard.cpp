// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_shard.h.
#include "batch_shard.h"

#include "base/error.h"

#include <charconv>
#include <optional>

namespace aigc::runner {
namespace {

using Environment = std::function<const char*(const char*)>;

constexpr const char* kSlurm = "SLURM_ARRAY_TASK_ID";
constexpr const char* kKubernetes = "JOB_COMPLETION_INDEX";

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw Error(Fault::settings, what, remedy);
}

size_t number(const std::string& name, const std::string& text) {
  size_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end)
    refuse(name + "=" + text + ": not a whole number", "Give a number from 0.");
  return value;
}

std::optional<size_t> variable(const Environment& environment, const char* name) {
  const char* text = environment(name);
  if (!text || !*text) return {};
  return number(name, text);
}

Shard checked(Shard shard) {
  const std::string name =
      "shard " + std::to_string(shard.index) + "/" + std::to_string(shard.count);
  if (shard.count == 0 || shard.index >= shard.count)
    refuse(shard.source + ": there is no " + name,
           "Shards are 0/N to N-1/N; --shard and --shards say which and how many.");
  return shard;
}

/// An array of tasks 5, 7, 9 has the shards 0, 1, 2 of 3.
Shard slurm_shard(size_t task, const Environment& environment) {
  const auto first = variable(environment, "SLURM_ARRAY_TASK_MIN");
  const auto count = variable(environment, "SLURM_ARRAY_TASK_COUNT");
  const size_t step = variable(environment, "SLURM_ARRAY_TASK_STEP").value_or(1);
  if (!first || !count || step == 0 || task < *first)
    refuse(std::string(kSlurm) + " is set, but SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_COUNT do "
                                 "not say of how many it is",
           "Add --shards N, or --shard 0/1 for all rows.");
  if ((task - *first) % step != 0)
    refuse(std::string(kSlurm) + "=" + std::to_string(task) + " is no step of " +
               std::to_string(step) + " from " + std::to_string(*first),
           "Add --shard I/N.");
  return {.index = (task - *first) / step, .count = *count, .source = kSlurm};
}

} // namespace

Shard find_shard(const std::string& shard, const std::string& shards,
                 const Environment& environment) {
  if (!shard.empty()) {
    if (!shards.empty()) refuse("--shard and --shards are both given", "Give --shard I/N alone.");
    const size_t slash = shard.find('/');
    if (slash == shard.npos)
      refuse("--shard=" + shard + ": not I/N", "Give --shard 0/4 for the first of four.");
    return checked({.index = number("--shard", shard.substr(0, slash)),
                    .count = number("--shard", shard.substr(slash + 1)),
                    .source = "--shard"});
  }
  for (const char* name : {kSlurm, kKubernetes}) {
    const auto index = variable(environment, name);
    if (!index) continue;
    if (!shards.empty())
      return checked({.index = *index, .count = number("--shards", shards), .source = name});
    if (name == kSlurm) return checked(slurm_shard(*index, environment));
    refuse(std::string(name) + " is set, but nothing says how many shards there are",
           "Add --shards N with the completions of the job, or --shard 0/1 for all rows.");
  }
  if (!shards.empty())
    refuse("--shards is given, but nothing says which shard this is",
           std::string("Set ") + kSlurm + " or " + kKubernetes + ", or give --shard I/N.");
  return {};
}

} // namespace aigc::runner
