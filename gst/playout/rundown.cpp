// SPDX-License-Identifier: LGPL-2.1-or-later
// See rundown.h.
#include "playout/rundown.h"

#include "playout/wall_clock.h"

#include <algorithm>

namespace aigc {

bool Rundown::is_used(const std::string& id) {
  return used_.contains(id) || find(id);
}

void Rundown::remember(const std::string& id) {
  const auto [known, is_new] = used_.insert(id);
  if (is_new) by_age_.push_back(&*known);
  if (by_age_.size() <= kMostIds) return;
  used_.erase(used_.find(*by_age_.front()));
  by_age_.pop_front();
}

/// The numbers count on, so that a file which comes again and again is not counted anew each time.
std::string Rundown::free_id(const std::string& wanted) {
  std::string id = wanted;
  while (is_used(id))
    id = wanted + "-" + std::to_string(++numbers_);
  return id;
}

const Entry& Rundown::add(PlayoutItem item) {
  const bool has_shot = !item.shot.id.empty();
  if (!has_shot) item.id = free_id(item.id);
  if (is_used(item.id))
    throw Error(Fault::settings, "the id " + item.id + " was used before in this channel",
                "give every shot an id of its own");
  auto entry = std::make_unique<Entry>();
  if (!item.shot.at.empty()) {
    const auto at = utc_of(item.shot.at);
    if (!at)
      throw Error(Fault::settings,
                  "the air time " + item.shot.at + " of " + item.id +
                      " is not ISO 8601 with a zone",
                  "write it as 2026-11-29T20:15:00+01:00");
    entry->at = *at;
  }
  remember(item.id);
  const gint64 request = item.shot.request;
  entry->item = std::make_shared<PlayoutItem>(std::move(item));
  auto place = entries_.end();
  if (request > 0) {
    const auto last = std::find_if(entries_.rbegin(), entries_.rend(), [&](const auto& other) {
      const gint64 number = other->item->shot.request;
      return number > 0 && number < request;
    });
    place = last.base();
  }
  return **entries_.insert(place, std::move(entry));
}

Entry* Rundown::find(const std::string& id) {
  for (const auto& entry : entries_)
    if (entry->item->id == id) return entry.get();
  return nullptr;
}

std::unique_ptr<Entry> Rundown::remove(const std::string& id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return entry->item->id == id; });
  if (found == entries_.end()) return nullptr;
  auto entry = std::move(*found);
  entries_.erase(found);
  return entry;
}

bool Rundown::move(const std::string& id, size_t position) {
  auto entry = remove(id);
  if (!entry) return false;
  const auto place = std::min(position, entries_.size());
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(place), std::move(entry));
  return true;
}

std::vector<std::unique_ptr<Entry>> Rundown::clear() {
  std::vector<std::unique_ptr<Entry>> all(std::make_move_iterator(entries_.begin()),
                                          std::make_move_iterator(entries_.end()));
  entries_.clear();
  return all;
}

/// Of the fixed times in (since, utc] the earliest.
Entry* Rundown::first_due(gint64 utc, gint64 since, bool open_only) {
  Entry* first = nullptr;
  for (const auto& entry : entries_) {
    if (entry->at == 0 || entry->at > utc || entry->at <= since) continue;
    if (open_only ? entry->progress != Progress::open : !entry->is_ready()) continue;
    if (!first || entry->at < first->at) first = entry.get();
  }
  return first;
}

Entry* Rundown::next(gint64 utc) {
  if (Entry* due = first_due(utc, 0, true)) return due;
  for (const auto& entry : entries_)
    if (entry->at == 0 && entry->progress == Progress::open) return entry.get();
  return nullptr;
}

Entry* Rundown::punctual(gint64 utc) {
  return first_due(utc, utc - kPunctual, true);
}

std::vector<Entry*> Rundown::upcoming(size_t count, gint64 utc, gint64 ahead) {
  std::vector<Entry*> fixed, free;
  for (const auto& entry : entries_) {
    if (!entry->is_ready()) continue;
    if (entry->at == 0 && free.size() < count) free.push_back(entry.get());
    if (entry->at != 0 && entry->at <= utc + ahead) fixed.push_back(entry.get());
  }
  std::stable_sort(fixed.begin(), fixed.end(),
                   [](const Entry* a, const Entry* b) { return a->at < b->at; });
  if (fixed.size() > count) fixed.resize(count);
  fixed.insert(fixed.end(), free.begin(), free.end());
  return fixed;
}

Entry* Rundown::unchecked(gint64 utc, gint64 ahead) {
  Entry *first = nullptr, *fixed = nullptr;
  for (const auto& entry : entries_) {
    if (entry->progress != Progress::queued) continue;
    if (entry->at == 0 && !first) first = entry.get();
    if (entry->at != 0 && (!fixed || entry->at < fixed->at)) fixed = entry.get();
  }
  return fixed && (!first || fixed->at <= utc + ahead) ? fixed : first;
}

bool Rundown::overtakes(const Entry& entry) const {
  const auto self = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const auto& other) { return other.get() == &entry; });
  return entry.at == 0 && std::any_of(self, entries_.end(), [](const auto& other) {
           return other->at == 0 && other->is_ready();
         });
}

size_t Rundown::open_items() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry->progress == Progress::open;
  }));
}

size_t Rundown::ready_items() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(),
                                           [](const auto& entry) { return entry->is_ready(); }));
}

} // namespace aigc
