// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads job files and fills in their variables.
#include "job_file.h"

#include "base/error.h"
#include "base/ref.h"
#include "base/words.h"
#include "brand_values.h"
#include "channel_values.h"
#include "escape.h"
#include "overlay_layout.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include <glib.h>

namespace aigc::runner {
namespace {

/// Cuts the first word off `text`.
std::string_view next_word(std::string_view& text) {
  text = trimmed(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

/// The variables that `name` is computed from; null when it is not.
const std::vector<std::string>* inputs_of(std::string_view name) {
  const auto* inputs = overlay_inputs(name);
  return inputs ? inputs : channel_inputs(name);
}

bool is_name(std::string_view text) {
  return !text.empty() && g_ascii_islower(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '-'; });
}

/// Calls `use(name)` for every `${name}` and returns the text with what it gives in their place.
std::string expand(std::string_view text, const std::function<std::string(std::string_view)>& use) {
  std::string out;
  for (;;) {
    const size_t start = text.find("${");
    const size_t end = start == text.npos ? text.npos : text.find('}', start);
    if (end == text.npos) return out += text;
    out += text.substr(0, start);
    out += use(text.substr(start + 2, end - start - 2));
    text.remove_prefix(end + 1);
  }
}

/// "#RRGGBB" as GStreamer's properties want it: a number, opaque.
std::string opaque_argb(const std::string& colour) {
  return "0xff" + colour.substr(1);
}

/// Seconds as GStreamer's properties want them.
std::string nanoseconds(const std::string& seconds) {
  return std::to_string(std::llround(g_ascii_strtod(seconds.c_str(), nullptr) * 1e9));
}

} // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  for (size_t start = 0;;) {
    const size_t end = text.find(separator, start);
    pieces.emplace_back(trimmed(text.substr(start, end - start)));
    if (end == text.npos) return pieces;
    start = end + 1;
  }
}

/// Takes a job file apart, line by line.
class JobFile::Reader {
 public:
  Reader(JobFile& job, std::string_view text) : job_(job), text_(text) {}

  void read() {
    while (!text_.empty()) {
      ++number_;
      const size_t end = std::min(text_.find('\n'), text_.size());
      read_line(trimmed(text_.substr(0, end)));
      text_.remove_prefix(std::min(end + 1, text_.size()));
    }
    number_ = 0;
    if (job_.summary_.empty()) fail("the first comment must say what the job does");
    if (job_.lines_.empty()) fail("there is no launch line");
    if (std::count_if(job_.variables_.begin(), job_.variables_.end(),
                      [](const Variable& v) { return v.type == Type::output; }) > 1)
      fail("there is more than one output");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const std::string place = number_ ? ":" + std::to_string(number_) : "";
    throw Error(Fault::format, job_.name_ + ".launch" + place + ": " + what,
                "The format is described in docs/jobs.md.");
  }

  void read_line(std::string_view line) {
    if (line.empty()) return;
    if (line.starts_with("#:")) return read_declaration(line.substr(2));
    if (line.starts_with("#")) {
      if (job_.summary_.empty()) job_.summary_ = trimmed(line.substr(1));
      return;
    }
    read_body(line);
  }

  /// `NAME TYPE[(RANGE)][!|=DEFAULT] HELP`, `one-of NAME NAME...` or `some-of NAME NAME...`
  void read_declaration(std::string_view line) {
    const std::string name(next_word(line));
    if (name == "one-of") return read_group(job_.one_of_, name, line);
    if (name == "some-of") return read_group(job_.some_of_, name, line);
    if (!is_name(name)) fail("'" + name + "' is no variable name (lower case, digits and -)");
    if (job_.find(name)) fail(name + " is declared twice");
    Variable variable;
    variable.name = name;
    read_type(variable, next_word(line));
    variable.help = line;
    if (variable.help.empty()) fail(name + " does not say what it is for");
    if (variable.initial) {
      try {
        variable.initial = variable.checked(*variable.initial);
      } catch (const Error& error) {
        fail(std::string("the default is refused: ") + error.what());
      }
    }
    job_.variables_.push_back(std::move(variable));
  }

  void read_type(Variable& variable, std::string_view word) {
    if (const size_t equals = word.find('='); equals != word.npos) {
      variable.initial = word.substr(equals + 1);
      word = word.substr(0, equals);
    } else if (word.ends_with('!')) {
      variable.required = true;
      word.remove_suffix(1);
    }
    std::string_view argument;
    if (const size_t open = word.find('('); open != word.npos && word.ends_with(')')) {
      argument = word.substr(open + 1, word.size() - open - 2);
      word = word.substr(0, open);
    }
    static const std::map<std::string_view, Type> kTypes = {
        {"string", Type::string}, {"int", Type::integer},  {"number", Type::number},
        {"seconds", Type::time},  {"bool", Type::boolean}, {"enum", Type::choice},
        {"colour", Type::colour}, {"brand", Type::brand},  {"input", Type::input},
        {"output", Type::output}};
    const auto type = kTypes.find(word);
    if (type == kTypes.end()) fail("'" + std::string(word) + "' is no type");
    variable.type = type->second;
    const bool number = variable.is_number();
    if (number && !argument.empty())
      read_range(variable, argument);
    else if (!argument.empty())
      variable.choices = split(argument, '|');
    if (variable.type == Type::choice && variable.choices.empty()) fail("enum has no values");
  }

  void read_range(Variable& variable, std::string_view range) {
    const size_t dots = range.find("..");
    if (dots == range.npos) fail("a range is written LOW..HIGH");
    read_bound(variable.minimum, range.substr(0, dots));
    range.remove_prefix(dots + 2);
    const size_t slash = std::min(range.find('/'), range.size());
    read_bound(variable.maximum, range.substr(0, slash));
    double step = 1;
    if (slash < range.size()) read_bound(step, range.substr(slash + 1));
    if (step < 1) fail("a step is 1 or more");
    variable.step = static_cast<gint64>(step);
  }

  void read_bound(double& bound, std::string_view text) {
    if (text.empty()) return;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, bound).ptr != end)
      fail("'" + std::string(text) + "' is no number");
  }

  void read_group(std::vector<std::vector<std::string>>& groups, const std::string& kind,
                  std::string_view line) {
    std::vector<std::string> names;
    while (!line.empty())
      names.emplace_back(declared(next_word(line)));
    if (names.size() < 2) fail(kind + " needs two names or more");
    groups.push_back(std::move(names));
  }

  std::string declared(std::string_view name) const {
    if (!job_.find(name)) fail("'" + std::string(name) + "' is not declared above");
    return std::string(name);
  }

  /// The variable that decides whether `name` is there: itself, unless it is computed from others.
  std::string source_of(std::string_view name) const {
    const auto* inputs = inputs_of(name);
    if (!inputs) return std::string(name);
    for (const auto& input : *inputs)
      if (const Variable* variable = job_.find(input); !variable)
        fail(std::string(name) + " is computed from " + input + ", which is not declared above");
      else if (input != inputs->front() && !variable->required && !variable->initial)
        fail(std::string(name) + " is computed from " + input + ", which needs a default");
    return inputs->front();
  }

  /// `[NAME]`, `[!NAME]` or `[NAME=PATTERN|PATTERN]` before a line makes it come and go.
  void read_body(std::string_view line) {
    Line read;
    if (line.starts_with('[')) {
      const size_t end = line.find(']');
      if (end == line.npos) fail("[ without ]");
      read.condition = read_condition(line.substr(1, end - 1));
      line = trimmed(line.substr(end + 1));
    }
    read.text = line;
    expand(line, [&](std::string_view name) {
      const Variable& variable = *job_.find(declared(source_of(name)));
      const bool certain =
          variable.required || variable.initial ||
          (read.condition && read.condition->name == variable.name && !read.condition->negated);
      if (!certain)
        fail(variable.name + " may be unset here; start the line with [" + variable.name + "]");
      return std::string();
    });
    job_.lines_.push_back(std::move(read));
  }

  Condition read_condition(std::string_view text) const {
    Condition condition;
    if (text.starts_with('!')) {
      condition.negated = true;
      text.remove_prefix(1);
    }
    const size_t equals = std::min(text.find('='), text.size());
    condition.name = declared(text.substr(0, equals));
    if (equals < text.size()) condition.patterns = split(text.substr(equals + 1), '|');
    return condition;
  }

  JobFile& job_;
  std::string_view text_;
  int number_ = 0;
};

JobFile JobFile::parse(const std::string& name, std::string_view text) {
  JobFile job;
  job.name_ = name;
  Reader(job, text).read();
  return job;
}

const Variable* JobFile::find(std::string_view name) const {
  for (const auto& variable : variables_)
    if (variable.name == name) return &variable;
  return nullptr;
}

const Variable* JobFile::output() const {
  for (const auto& variable : variables_)
    if (variable.type == Type::output) return &variable;
  return nullptr;
}

void JobFile::check_group(const std::vector<std::string>& names, const Values& values,
                          bool several) const {
  std::string all;
  for (const auto& name : names)
    all += (all.empty() ? "" : " or ") + name;
  const auto count = std::count_if(names.begin(), names.end(),
                                   [&](const auto& name) { return values.contains(name); });
  if (count == 1 || (several && count > 1)) return;
  throw Error(Fault::settings, name_ + (count ? " takes only one of " : " needs ") + all,
              "Give " + all + ", as name=value. See aigc " + name_ + " --help.");
}

Values JobFile::complete(const Values& given) const {
  Values values;
  for (const auto& [name, value] : given) {
    const Variable* variable = find(name);
    if (!variable) {
      std::vector<std::string> names;
      for (const auto& known : variables_)
        names.push_back(known.name);
      const std::string guess = did_you_mean(name, names);
      throw Error(Fault::settings,
                  name_ + " has no variable " + name + (guess.empty() ? "" : "; " + guess),
                  "See aigc " + name_ + " --help.");
    }
    values[name] = variable->checked(value);
  }
  add_brand(values);
  for (const auto& names : one_of_)
    check_group(names, values, false);
  for (const auto& names : some_of_)
    check_group(names, values, true);
  for (const auto& variable : variables_) {
    if (values.contains(variable.name)) continue;
    if (variable.required)
      throw Error(Fault::settings, name_ + " needs " + variable.name + ": " + variable.help,
                  "Add " + variable.name + "=" + variable.placeholder() + ".");
    if (variable.initial) values[variable.name] = *variable.initial;
  }
  values.merge(lay_out_overlays(values));
  values.merge(channel_values(values));
  return values;
}

/// What was given goes before what the brand says.
void JobFile::add_brand(Values& values) const {
  for (const auto& variable : variables_) {
    if (variable.type != Type::brand || !values.contains(variable.name)) continue;
    for (const auto& [name, value] : brand_values(*load_brand(values.at(variable.name))))
      if (const Variable* known = find(name)) values.emplace(name, known->checked(value));
  }
}

bool JobFile::holds(const Condition& condition, const Values& values) {
  const auto value = values.find(condition.name);
  bool met = value != values.end() && value->second != "false";
  if (met && !condition.patterns.empty()) {
    const std::string text = take_string(g_ascii_strdown(value->second.c_str(), -1));
    met =
        std::any_of(condition.patterns.begin(), condition.patterns.end(), [&](const auto& pattern) {
          return g_pattern_match_simple(pattern.c_str(), text.c_str());
        });
  }
  return met != condition.negated;
}

std::string JobFile::fill(const std::string& text, const Values& values) const {
  return expand(text, [&](std::string_view name) {
    const std::string& value = values.at(std::string(name));
    if (inputs_of(name)) return launch_quote(value);
    const Variable& variable = *find(name);
    if (variable.type == Type::time) return nanoseconds(value);
    if (variable.type == Type::colour) return opaque_argb(value);
    const bool bare =
        variable.is_number() || variable.type == Type::boolean || variable.type == Type::choice;
    return bare ? value : launch_quote(value);
  });
}

std::string JobFile::render(const Values& values) const {
  std::string line;
  for (const auto& part : lines_) {
    if (part.condition && !holds(*part.condition, values)) continue;
    line += (line.empty() ? "" : " ") + fill(part.text, values);
  }
  return line;
}

} // namespace aigc::runner
