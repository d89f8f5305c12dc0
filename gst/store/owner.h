// SPDX-License-Identifier: LGPL-2.1-or-later
// Who wrote a file in a folder that machines share: names of machines and processes that no other
// has.
#pragma once

#include <string>

#include <glib.h>

namespace aigc {

/// Processes of the same host see each other's ids: one machine, one container. Pods of one index
/// have it all in common on two nodes, but for the boot.
const std::string& this_host();
const std::string& this_boot();

/// Of host and boot: eight digits for the name of a file.
const std::string& this_machine();

/// When a living process of this machine was started, in ticks since boot; empty for a dead one, or
/// a zombie.
std::string start_of(gint64 pid);

} // namespace aigc
