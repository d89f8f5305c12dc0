// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of aishotsrc, and what of them goes together.
#pragma once

#include "shot/shot_list.h"
#include "stage/properties.h"

namespace aigc {

enum class OnBadRow { fail, skip };

struct ListSettings {
  std::string script;
  std::string location;
  int loop = 1;
  bool shuffle = false;
  gint64 seed = -1;
  std::string languages;
  std::string brand;
  std::string takes;
  guint shard_index = 0;
  guint shard_count = 1;
  bool watch = false;
  std::string journal;
  int on_error = static_cast<int>(OnBadRow::fail);

  static const PropertyTable<ListSettings>& table();

  bool has_list() const { return !is_blank(script) || !location.empty(); }
  /// Whether it waits for more once all is sent, instead of EOS.
  bool stays() const { return watch || loop < 0 || !journal.empty(); }
};

/// Throws Error{Fault::settings}.
ShotListSettings list_settings(const ListSettings& from);
void check_list_settings(const ListSettings& settings);

} // namespace aigc
