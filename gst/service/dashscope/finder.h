// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the task of a create whose answer was lost.
#pragma once

#include "service/backend.h"
#include "service/dashscope/client.h"

#include <string>

namespace aigc::dashscope {

struct Sought {
  std::string model;
  std::string prompt; ///< as it was sent
};

/// Looks through the account's task list for what was created at `intent.sent` and belongs to no
/// other call. Throws Error as Client does.
Found find_task(const Client& client, const Sought& sought, const Intent& intent, Call& call);

} // namespace aigc::dashscope
