// SPDX-License-Identifier: LGPL-2.1-or-later
// See aishotsrc_settings.h.
#include "aishotsrc_settings.h"

#include "base/error.h"
#include "shot/language.h"

namespace aigc {

namespace {

GType on_bad_row_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(OnBadRow::fail), "The pipeline stops with an error", "fail"},
        {static_cast<int>(OnBadRow::skip), "The row is left out, with a warning", "skip"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAiShotSrcOnError", values);
  }();
  return type;
}

} // namespace

const PropertyTable<ListSettings>& ListSettings::table() {
  using S = ListSettings;
  constexpr auto kWhen = Mutable::ready;
  static const PropertyTable<S> properties({
      {"script", "One sentence: a list of one shot (default: none)", &S::script},
      {"location",
       "File of shots: .csv, .tsv, .json, .jsonl, anything else is one sentence a line (default: "
       "none)",
       &S::location},
      {"loop", "How many times the list is sent, 1 or more; -1 = without end", &S::loop, kWhen, -1,
       G_MAXINT},
      {"shuffle", "Whether the shots come in an order by seed, another in each turn of the loop",
       &S::shuffle},
      {"seed", "Order of shuffle; -1 = another in each run", &S::seed, kWhen, -1, 2147483647},
      {"languages",
       "Languages that every shot is sent in, as BCP 47 with commas between them (default: as it "
       "stands)",
       &S::languages},
      {"brand", "Brand file, or name of a brand, of shots that bring none (default: none)",
       &S::brand},
      {"takes", "Takes of single shots by number or id, such as 3=1,7=2 (default: the shots' own)",
       &S::takes},
      {"shard-index", "Which share of the list is sent, from 0", &S::shard_index, kWhen, 0,
       G_MAXINT},
      {"shard-count", "How many shares the list has; chains stay whole", &S::shard_count, kWhen, 1,
       G_MAXINT},
      {"watch", "Whether changes of the file at location are taken over while it plays", &S::watch},
      {"journal",
       "File that keeps what is pending, sent and on air, to go on from after a restart (default: "
       "none)",
       &S::journal},
      {"on-error", "What becomes of a row that cannot be used", &S::on_error, kWhen, 0, 0,
       on_bad_row_type},
  });
  return properties;
}

ShotListSettings list_settings(const ListSettings& from) {
  ShotListSettings settings;
  settings.script = from.script;
  settings.location = from.location;
  settings.loop = from.loop;
  settings.shuffle = from.shuffle;
  settings.seed = from.seed < 0 ? g_random_int() : static_cast<std::uint64_t>(from.seed);
  if (!is_blank(from.languages)) settings.languages = read_languages(from.languages);
  settings.brand = from.brand;
  settings.copy = from.watch || !from.journal.empty();
  settings.takes = Takes(from.takes);
  settings.shard_index = from.shard_index;
  settings.shard_count = from.shard_count;
  return settings;
}

void check_list_settings(const ListSettings& settings) {
  const auto refuse = [](const std::string& what, const std::string& remedy) {
    throw Error(Fault::settings, what, remedy);
  };
  const bool script = !is_blank(settings.script), location = !settings.location.empty();
  if (script && location)
    refuse("both script and location are set",
           "set script to a sentence or location to a shot list, one of them");
  if (settings.watch && !location)
    refuse("watch is set, and location is not", "set location to the file that is to be watched");
  if (!settings.has_list() && settings.journal.empty())
    refuse("there are no shots", "set script to a sentence or location to a shot list, one of "
                                 "them, or journal for a channel of requests alone");
  if (settings.watch && settings.shard_count > 1)
    refuse("watch is set, and shard-count is " + std::to_string(settings.shard_count),
           "watch a whole list: rows change their share with the rows before them");
  if (settings.loop == 0) refuse("loop is 0", "set how many times the list is sent, or -1");
  if (settings.shard_index >= settings.shard_count)
    refuse("shard-index is " + std::to_string(settings.shard_index) + " of " +
               std::to_string(settings.shard_count),
           "count from 0, and set shard-count");
  list_settings(settings);
}

} // namespace aigc
