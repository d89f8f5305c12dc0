// SPDX-License-Identifier: LGPL-2.1-or-later
// The faults asked for: which request meets which, and how often.
#pragma once

#include "json.h"

#include <optional>
#include <string>
#include <vector>

namespace standin {

enum class FaultPhase {
  Before,  // instead of the request's work: nothing is made, nothing is billed
  Reply,   // the work is done and billed, the answer suffers
  Content, // the route itself makes the odd answer
};

struct Fault {
  std::string kind;
  FaultPhase phase;
  Json spec;
};

class Faults {
 public:
  // Starts counting anew when the list is another than before.
  void load(const Json& list);
  void reset() { rules_.clear(), loaded_.clear(); }
  // The first rule that meets this request, counted.
  std::optional<Fault> take(const std::string& route, const std::string& method,
                            const std::string& model);

 private:
  struct Rule {
    std::string route, method, model;
    Fault fault;
    int64_t skip, times; // times < 0: for ever
  };
  std::vector<Rule> rules_;
  std::string loaded_;
};

std::optional<std::string> check_faults(const Json& list);

} // namespace standin
