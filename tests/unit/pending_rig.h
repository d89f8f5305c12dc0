// SPDX-License-Identifier: LGPL-2.1-or-later
// What is pending of a list of a few letters.
#pragma once

#include "shot/pending.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

using namespace aigc;

using Texts = std::vector<std::string>;

struct PendingRig {
  static Shot shot(const std::string& id) {
    Shot shot;
    shot.id = id;
    shot.script = "words";
    return shot;
  }

  bool read(const std::string& id) { return pending.read_ahead(shot(id)); }

  /// Reads rows; the list has `all`, or no more than them. Returns how many are to be sent.
  size_t rows(const Texts& ids, std::set<std::string> all = {}) {
    all.insert(ids.begin(), ids.end());
    change(all, "words");
    size_t count = 0;
    for (const auto& id : ids)
      count += read(id);
    return count;
  }

  Texts change(const std::set<std::string>& all, const std::string& words) {
    const auto find = [&](const std::string& id) -> std::optional<Shot> {
      if (!all.count(id)) return std::nullopt;
      Shot row = shot(id);
      row.script = words;
      return row;
    };
    return pending.change_list([all](const std::string& id) { return all.count(id) > 0; }, find);
  }

  std::string enqueue(const std::string& words, const std::string& id = {}) {
    Shot request = shot(id);
    request.script = words;
    return pending.enqueue(request, now);
  }
  std::string insert(const std::string& words, size_t position) {
    Shot request = shot("");
    request.script = words;
    return pending.insert(request, position, now);
  }

  /// Sends at most `most`.
  Texts sent(size_t most) {
    Texts ids;
    while (ids.size() < most) {
      auto next = pending.take(now);
      if (!next) break;
      ids.push_back(next->id);
      numbers.push_back(next->request);
      last = *next;
    }
    return ids;
  }

  /// What is pending and has a position.
  std::string order() const {
    std::string order;
    for (const auto& item : pending.items())
      if (item.position) order += (order.empty() ? "" : " ") + item.id;
    return order;
  }

  PendingShots pending;
  gint64 now = 0;
  std::vector<gint64> numbers; ///< of requests
  Shot last;
};
