// SPDX-License-Identifier: LGPL-2.1-or-later
// The built-in engines behind the interface every service has.
#pragma once

#include "service/backend.h"

namespace aigc {

class PreviewBackend : public Backend {
 public:
  const char* name() const override { return "preview"; }
  std::string edition() const override;
  bool is_preview() const override { return true; }
  std::span<const Model> models() const override;
  std::variant<Result, Task> submit(const Request& request, Call& call) override;
  Poll poll(const Task& task, const Request& request, Call& call) override;
  bool cancel(const Task& task, Call& call) override;
};

} // namespace aigc
