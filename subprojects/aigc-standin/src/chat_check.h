// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of chat requests.
#pragma once

#include "check.h"

namespace standin {

// DeepSeek's own models, or those of DashScope's compatible path.
Checked check_chat(const Standin&, const Exchange&);

} // namespace standin
