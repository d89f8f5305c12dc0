// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that are paid for, or may be, and not yet brought home: one file per result's key.
#pragma once

#include "base/json.h"
#include "store/result.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace aigc {

struct JournalEntry {
  enum class State {
    intent, ///< about to be sent, or sent and not answered
    task,   ///< the service works on `task`, or its result waits at `url`
  };
  State state = State::intent;
  std::string call; ///< unique; what the ledger knows the call by
  std::string service;
  std::string host;    ///< where it was sent; empty in entries of old
  std::string account; ///< a digest of the key it was sent with; empty in entries of old
  std::string model;
  std::string stage;
  gint64 sent = 0; ///< ms since the epoch
  std::string task;
  double cost = 0; ///< what is expected, in `currency`
  std::string currency;
  // Of a service that answered at once, with an address:
  std::string url;
  std::string request_id;
  gint64 seed = -1;
  Usage usage;
};

class Journal {
 public:
  /// In the folder of a store.
  explicit Journal(const std::string& store_folder) : folder_(store_folder + "/journal") {}

  bool has(const std::string& key) const;
  /// Throws Error{Fault::format} for an entry that cannot be read: money may hang on it.
  std::optional<JournalEntry> read(const std::string& key) const;
  /// It is on the disk when this returns. Throws Error{Fault::write}. What is known later is added
  /// to the entry's file as a line of its own, of which the last whole one counts.
  void write(const std::string& key, const JournalEntry& entry) const;
  void clear(const std::string& key) const;
  /// Of the file of an entry.
  std::string path(const std::string& key) const { return folder_ + "/" + key + ".json"; }
  /// Of all calls that are open.
  std::vector<std::string> keys() const;
  /// The task ids of all entries but that of `key`.
  std::set<std::string> tasks_but(const std::string& key) const;

 private:
  std::string folder_;
};

/// What is not zero, as a JSON object, and back.
JsonObjectMaker usage_json(const Usage& usage);
Usage usage_from(const JsonView& object);

} // namespace aigc
