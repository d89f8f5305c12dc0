// SPDX-License-Identifier: LGPL-2.1-or-later
// See free_memory.h.
#include "base/free_memory.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace aigc {

void return_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

} // namespace aigc
