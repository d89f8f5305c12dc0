// SPDX-License-Identifier: LGPL-2.1-or-later
// Words and columns for people's terminals.
#pragma once

#include <map>
#include <string>

namespace aigc::runner {

/// As printf, up to 255 bytes.
__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

/// As short as it can be read back, without an exponent.
std::string plain(double number);

/// "0.25 CNY", or "none".
std::string cost_text(const std::map<std::string, double>& cost);

/// How many columns of a terminal a text takes; East Asian letters take two.
int columns(const std::string& text);
/// With blanks up to that many columns.
std::string padded(const std::string& text, int columns);

} // namespace aigc::runner
