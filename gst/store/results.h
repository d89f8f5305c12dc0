// SPDX-License-Identifier: LGPL-2.1-or-later
// Results on disk by the content of their request.
#pragma once

#include "shot/shot.h"
#include "store/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace aigc {

struct StoredResult {
  Result result;
  Provenance provenance;
  std::string call; ///< the ledger's name of the call it came of; empty for what cost nothing
};

/// A folder of results: `KEY.json` with the words and the provenance, beside it the picture or
/// clip, whose extension says what it is. Files appear whole or not at all, and two processes may
/// share the folder. Beyond kMaxBytes the least recently used go first, never what was used within
/// the last hour or what somebody has a lock or a journal entry for.
class ResultStore {
 public:
  static constexpr std::uintmax_t kMaxBytes = 4ull << 30;
  static constexpr std::uintmax_t kMinFree = 64ull << 20; ///< room for one result

  /// `folder` empty: AIGC_CACHE_DIR, else gst-plugins-aigc in the user's XDG cache folder.
  explicit ResultStore(std::string folder);

  const std::string& folder() const { return folder_; }

  std::optional<StoredResult> find(const std::string& key, Role role) const;

  /// Makes the folders and looks for room of `needed` bytes, so that what cannot be kept is known
  /// before it is paid for. Throws Error{Fault::write}.
  void prepare(std::uintmax_t needed = kMinFree) const;

  /// A path that no one else uses, in the same file system as the store. Throws
  /// Error{Fault::write}.
  std::string scratch(const std::string& key) const;

  /// Keeps `result` of `call`; a clip is moved here and `result.clip_path` follows. Throws
  /// Error{Fault::write}.
  void commit(const std::string& key, Role role, Result& result, const Provenance& provenance,
              const std::string& call = {}) const;

  /// Makes room down to `most` bytes; what was used within `unused` stays.
  void prune(std::uintmax_t most = kMaxBytes,
             std::chrono::nanoseconds unused = std::chrono::hours(1)) const;

  /// Removes the scratch files of `key`, whose lock the caller has: those who left them are dead.
  void sweep(const std::string& key) const;

  /// Where who works on what is written down (lock.h).
  std::string lock_folder() const { return folder_ + "/locks"; }

 private:
  std::string path(const std::string& key, const char* extension) const;
  std::string clip_path(const std::string& key) const;
  void keep_clip(const std::string& key, Result& result) const;

  std::string folder_;
};

} // namespace aigc
