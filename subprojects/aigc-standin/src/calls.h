// SPDX-License-Identifier: LGPL-2.1-or-later
// The call log and the list of what was billed: what tests ask to know what a client really did.
#pragma once

#include "json.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace standin {

struct Call {
  int64_t n = 0;
  int64_t time_ms = 0;
  std::string route, method, path, query;
  std::string headers; // JSON
  std::string body;    // JSON
  int status = 0;      // 0: no answer was sent, or not yet
  bool billed = false;
  std::string task_id;
  std::string fault; // the kind that was played, if any
};

class Calls {
 public:
  std::shared_ptr<Call> add();
  void bill(Call& call, const std::string& model, const std::string& prompt, const Json& seed);

  std::string print() const;
  std::string print_billed() const;
  void reset();

 private:
  struct Billed {
    int64_t call, time_ms;
    std::string route, model, prompt, task_id;
    Json seed;
  };
  std::deque<std::shared_ptr<Call>> calls_;
  std::deque<Billed> billed_;
  int64_t count_ = 0;
  int64_t billed_count_ = 0;
};

// The body as the log shows it: JSON, with data URIs shortened to their length unless `whole`, or a
// string.
std::string log_body(const Json* json, const std::string& raw, bool whole);

} // namespace standin
