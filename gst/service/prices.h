// SPDX-License-Identifier: LGPL-2.1-or-later
// What services charge and how fast they may be asked, from one dated file that users may replace.
#pragma once

#include "store/result.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aigc {

/// Quotas differ by account, so a price file may set other limits than the model table.
struct LimitOverride {
  double per_second = 0;   ///< 0 = no limit
  unsigned concurrent = 0; ///< 0 = no limit
};

class Prices {
 public:
  /// The file named by AIGC_PRICES, else gst-plugins-aigc/prices.json in the user's XDG
  /// configuration folder, else the one built in. Throws Error{Fault::settings} naming file and
  /// line or member.
  static std::shared_ptr<const Prices> load();
  /// `where`: what errors and where() call the text.
  static Prices parse(std::string_view text, const std::string& where);

  /// None when the model, or what it charges for, has no price. A tier the file does not know
  /// counts as the dearest one.
  std::optional<double> cost(const std::string& model, const Usage& usage) const;
  std::optional<LimitOverride> limits(const std::string& group) const;

  const std::string& where() const { return where_; }
  const std::string& date() const { return date_; }
  const std::string& currency() const { return currency_; }
  bool confirmed() const { return confirmed_; } ///< against a bill

 private:
  struct Row {
    std::optional<double> input, cached_input, output; ///< of a million tokens
    std::optional<double> picture;
    std::map<std::string, double> second; ///< by tier; "" = all
  };
  struct Reader;

  std::string where_, date_, currency_;
  bool confirmed_ = false;
  std::map<std::string, Row> rows_;
  std::map<std::string, LimitOverride> limits_;
};

} // namespace aigc
