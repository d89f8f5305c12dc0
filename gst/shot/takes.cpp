// SPDX-License-Identifier: LGPL-2.1-or-later
// See takes.h.
#include "shot/takes.h"

#include "base/error.h"
#include "base/words.h"
#include "shot/shot.h"

#include <charconv>

namespace aigc {

std::vector<std::string> shot_names(size_t number, const std::string& id) {
  std::vector<std::string> names{std::to_string(number)};
  if (id.find_first_not_of("0123456789") != id.npos) names.push_back(id);
  return names;
}

Takes::Takes(std::string_view text) {
  const auto refuse = [&](const std::string& what) {
    throw Error(Fault::settings, "takes=" + std::string(text) + ": " + what,
                "write number=take or id=take, such as 3=1,7=2");
  };
  for (size_t begin = 0, end = 0; !is_blank(text) && end != text.npos; begin = end + 1) {
    end = text.find(',', begin);
    const auto pair = trimmed(text.substr(begin, end - begin));
    const size_t equals = pair.rfind('=');
    if (equals == pair.npos) refuse("'" + std::string(pair) + "' has no take");
    const std::string name(trimmed(pair.substr(0, equals)));
    const auto digits = trimmed(pair.substr(equals + 1));
    Shot shot;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), shot.take);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || shot.take < 0)
      refuse("'" + std::string(digits) + "' is no take");
    check_shot(shot);
    if (name.empty()) refuse("'" + std::string(pair) + "' names no shot");
    if (!takes_.emplace(name, shot.take).second) refuse(name + " is there twice");
  }
}

const std::pair<const std::string, gint64>* Takes::find(size_t number,
                                                        const std::string& id) const {
  if (takes_.empty()) return nullptr;
  for (const auto& name : shot_names(number, id))
    if (const auto found = takes_.find(name); found != takes_.end()) return &*found;
  return nullptr;
}

std::set<std::string> Takes::names() const {
  std::set<std::string> names;
  for (const auto& [name, take] : takes_)
    names.insert(name);
  return names;
}

} // namespace aigc
