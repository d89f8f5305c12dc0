// SPDX-License-Identifier: LGPL-2.1-or-later
// What the stand-in does, as JSON: the start-up file and POST /_standin/config are merged into it.
#pragma once

#include "json.h"

#include <optional>
#include <random>
#include <string>

namespace standin {

class Config {
 public:
  Config();

  // Merges; names what is wrong, or nothing. On an error nothing is changed.
  std::optional<std::string> merge(const Json& changes);
  // What merge made until now is what reset goes back to.
  void keep() { kept_ = tree_; }
  void reset();

  const Json& operator[](std::string_view section) const { return tree_[section]; }
  const Json& tree() const { return tree_; }

  bool key_is_legal(const std::string& key) const;
  // How long the next picture, or clip, takes.
  double next_image_seconds();
  double next_video_seconds();

 private:
  Json tree_;
  Json kept_;
  size_t pictures_ = 0, clips_ = 0;
  std::mt19937_64 random_;
  void start_over();
};

} // namespace standin
