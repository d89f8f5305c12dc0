// SPDX-License-Identifier: LGPL-2.1-or-later
// See doubtful_names.h.
#include "shot/doubtful_names.h"

#include "base/json.h"
#include "base/words.h"

namespace aigc {

namespace {

/// Nobody has more columns, and rows of JSON may each bring names of their own.
constexpr size_t kMostNames = 1000;

/// The fields that `name` may have been meant for.
std::vector<std::string> near_fields(const std::string& name) {
  std::vector<std::string> fields;
  for (const auto& field : shot_fields())
    if (field.in_json && is_mistyped(name, field.name)) fields.emplace_back(field.name);
  return fields;
}

bool has_words(const ListedShot& listed) {
  return !is_blank(listed.shot.script) || !is_blank(listed.shot.prompt) ||
         !listed.scripts.empty() || !listed.prompts.empty();
}

} // namespace

void DoubtfulNames::look(const ListedShot& listed, const std::string& place) {
  has_words_ |= has_words(listed);
  if (listed.shot.extra.empty()) return;
  const auto extra = parse_json(listed.shot.extra);
  for (const auto& name : JsonView(extra.get()).members()) {
    if (seen_.size() == kMostNames || !seen_.insert(name).second) continue;
    const auto fields = near_fields(canonical(name.substr(0, name.find(':'))));
    if (fields.empty()) continue;
    std::string guess;
    for (const auto& field : fields)
      guess += (guess.empty() ? "" : " or ") + field;
    const Error doubt(Fault::settings,
                      place + ": \"" + std::string(bounded(name, 60)) +
                          "\" is no field, it does nothing",
                      "did you mean " + guess + "?");
    doubts_.push_back(doubt);
    if (fields.front() == "script" || fields.front() == "prompt") words_.push_back(doubt);
  }
}

void DoubtfulNames::check_words() const {
  if (!has_words_ && !words_.empty())
    throw words_.front().in_words(std::string(words_.front().what()) +
                                  ", and there are no words in the list");
}

} // namespace aigc
