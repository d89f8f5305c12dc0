// SPDX-License-Identifier: LGPL-2.1-or-later
// A job: a launch line with declared variables and parts that come and go with them. The format is
// described in docs/jobs.md.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <glib.h>

namespace aigc::runner {

enum class Type { string, integer, number, time, boolean, choice, colour, brand, input, output };

struct Variable {
  std::string name;
  Type type = Type::string;
  std::vector<std::string> choices; ///< words of a choice; file name endings of a file
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  gint64 step = 1; ///< an int is a multiple of this
  bool required = false;
  std::optional<std::string> initial; ///< the value nobody has to give
  std::string help;

  bool is_number() const;
  /// What may stand after `name=`: "TEXT", "FILE", "0.1..60".
  std::string placeholder() const;
  /// The value as the launch line wants it. Throws Error{Fault::settings} when it is of the wrong
  /// type or out of range.
  std::string checked(const std::string& value) const;
};

using Values = std::map<std::string, std::string>;

class JobFile {
 public:
  /// Throws Error{Fault::format} with file name and line when the text is not a job.
  static JobFile parse(const std::string& name, std::string_view text);

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }
  const std::vector<Variable>& variables() const { return variables_; }
  /// Null when there is none of this name.
  const Variable* find(std::string_view name) const;
  /// The variable that names the file made; null for a job that makes none.
  const Variable* output() const;

  /// Checks what was given and adds what a brand says, the defaults, and what is computed from all
  /// of it. Throws Error{Fault::settings}.
  Values complete(const Values& given) const;
  /// The launch line for completed values, on one line.
  std::string render(const Values& values) const;

 private:
  struct Condition {
    std::string name;
    bool negated = false;
    std::vector<std::string> patterns; ///< empty: the variable is set and not false
  };
  struct Line {
    std::optional<Condition> condition;
    std::string text;
  };
  class Reader;

  void check_group(const std::vector<std::string>& names, const Values& values, bool several) const;
  void add_brand(Values& values) const;
  static bool holds(const Condition& condition, const Values& values);
  std::string fill(const std::string& text, const Values& values) const;

  std::string name_;
  std::string summary_;
  std::vector<Variable> variables_;
  std::vector<std::vector<std::string>> one_of_, some_of_; ///< exactly one, or more, is given
  std::vector<Line> lines_;
};

/// Pieces of `text` between separators, trimmed.
std::vector<std::string> split(std::string_view text, char separator);

} // namespace aigc::runner
