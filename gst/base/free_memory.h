// SPDX-License-Identifier: LGPL-2.1-or-later
// For a process that runs for days and opens and closes decoders all the time.
#pragma once

namespace aigc {

/// Gives what is free in the heap back to the system. glibc keeps the pictures of a closed decoder
/// in the arenas of its threads; as each clip has threads of its own, a channel would grow to
/// several times of what it needs.
void return_free_memory();

} // namespace aigc
