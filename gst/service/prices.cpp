// SPDX-License-Identifier: LGPL-2.1-or-later
// See prices.h.
#include "service/prices.h"

#include "base/error.h"
#include "base/json.h"
#include "service/prices_data.h"
#include "store/files.h"

#include <algorithm>
#include <cmath>

namespace aigc {

namespace {

constexpr double kMillion = 1e6;
constexpr double kDearest = 1e6;    ///< of any price: what is above is a slip of the pen
constexpr double kMostAtOnce = 1e4; ///< of any limit

std::string user_file() {
  return take_string(
      g_build_filename(g_get_user_config_dir(), "gst-plugins-aigc", "prices.json", nullptr));
}

} // namespace

/// Reads members, and says which one is wrong.
struct Prices::Reader {
  const std::string& where;

  [[noreturn]] void refuse(const std::string& member, const std::string& what) const {
    throw Error(Fault::settings, "the price file " + where + ": " + member + " " + what,
                "correct the file, or remove it to use the prices built in");
  }

  double number(const JsonView& value, const std::string& member, double most) const {
    const bool is_number =
        value.node() && JSON_NODE_HOLDS_VALUE(value.node()) && value.text().empty();
    const auto read = is_number ? value.number() : std::nullopt;
    if (!read || !(*read >= 0 && *read <= most))
      refuse(member, "is no number from 0 to " + std::to_string(static_cast<long>(most)));
    return *read;
  }

  JsonView object(const JsonView& parent, const char* member) const {
    const JsonView child = parent[member];
    if (child.exists() && !child.is_object()) refuse(member, "is no object");
    return child;
  }

  Row row(const JsonView& value, const std::string& member) const {
    if (!value.is_object()) refuse(member, "is no object");
    Row row;
    for (const auto& name : value.members()) {
      const JsonView price = value[name.c_str()];
      const std::string at = member + "." + name;
      if (name == "input")
        row.input = number(price, at, kDearest);
      else if (name == "cached-input")
        row.cached_input = number(price, at, kDearest);
      else if (name == "output")
        row.output = number(price, at, kDearest);
      else if (name == "picture")
        row.picture = number(price, at, kDearest);
      else if (name == "second" && price.is_object())
        for (const auto& tier : price.members())
          row.second[tier] = number(price[tier.c_str()], at + "." + tier, kDearest);
      else if (name == "second")
        row.second[""] = number(price, at, kDearest);
      else
        refuse(at, "is unknown: there are input, cached-input, output, picture and second");
    }
    return row;
  }

  LimitOverride limit(const JsonView& value, const std::string& member) const {
    if (!value.is_object()) refuse(member, "is no object");
    LimitOverride limit;
    for (const auto& name : value.members()) {
      const std::string at = member + "." + name;
      const double most = number(value[name.c_str()], at, kMostAtOnce);
      if (name == "per_second")
        limit.per_second = most;
      else if (name == "concurrent" && std::floor(most) == most)
        limit.concurrent = static_cast<unsigned>(most);
      else
        refuse(at, name == "concurrent" ? "is no whole number"
                                        : "is unknown: there are per_second and concurrent");
    }
    return limit;
  }
};

Prices Prices::parse(std::string_view text, const std::string& where) {
  Prices prices;
  prices.where_ = where;
  const Reader reader{prices.where_};
  Ref<JsonNode> root;
  try {
    root = parse_json(text);
  } catch (const Error& error) {
    reader.refuse("it", std::string("is ") + error.what());
  }
  const JsonView file(root.get());
  if (!file.is_object()) reader.refuse("it", "is no JSON object");
  prices.date_ = file["date"].text();
  prices.currency_ = file["currency"].text();
  prices.confirmed_ = file["confirmed"].boolean(false);
  if (prices.date_.empty()) reader.refuse("date", "is missing");
  if (prices.currency_.empty()) reader.refuse("currency", "is missing");
  const JsonView models = reader.object(file, "models"), limits = reader.object(file, "limits");
  for (const auto& name : models.members())
    prices.rows_[name] = reader.row(models[name.c_str()], "models." + name);
  for (const auto& group : limits.members())
    prices.limits_[group] = reader.limit(limits[group.c_str()], "limits." + group);
  return prices;
}

std::shared_ptr<const Prices> Prices::load() {
  const char* named = g_getenv("AIGC_PRICES");
  const std::string path = named && *named ? named : user_file();
  const auto bytes = read_file(path);
  if (bytes) return std::make_shared<Prices>(parse(view(bytes.get()), path));
  if (named && *named)
    throw Error(Fault::settings, "the price file " + path + " of AIGC_PRICES cannot be read",
                "correct the variable, or unset it");
  return std::make_shared<Prices>(parse(kBuiltInPrices, "prices.json (built in)"));
}

std::optional<double> Prices::cost(const std::string& model, const Usage& usage) const {
  const auto at = rows_.find(model);
  if (at == rows_.end()) return std::nullopt;
  const Row& row = at->second;
  double sum = 0;
  bool priced = true;
  const auto add = [&](double units, std::optional<double> price) {
    if (units <= 0) return;
    priced = priced && price;
    sum += units * price.value_or(0);
  };
  const gint64 cached = std::min(usage.cached_tokens, usage.input_tokens);
  add(static_cast<double>(usage.input_tokens - cached) / kMillion, row.input);
  add(static_cast<double>(cached) / kMillion, row.cached_input ? row.cached_input : row.input);
  add(static_cast<double>(usage.output_tokens) / kMillion, row.output);
  add(static_cast<double>(usage.pictures), row.picture);
  if (usage.seconds > 0) {
    std::optional<double> second;
    if (const auto tier = row.second.find(usage.tier); tier != row.second.end())
      second = tier->second;
    else
      for (const auto& [name, price] : row.second)
        second = std::max(second.value_or(0), price);
    add(usage.seconds, second);
  }
  return priced ? std::optional(sum) : std::nullopt;
}

std::optional<LimitOverride> Prices::limits(const std::string& group) const {
  const auto at = limits_.find(group);
  return at == limits_.end() ? std::nullopt : std::optional(at->second);
}

} // namespace aigc
