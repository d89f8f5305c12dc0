// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties of a bin that stand for those of its children.
#pragma once

#include <gst/gst.h>

namespace aigc {

/// Installs every property that `child_type` itself (not its parents) adds and `klass` lacks, with
/// ids from `first_id`; returns the next free id.
guint install_child_properties(GObjectClass* klass, GType child_type, guint first_id);

/// Sets `name` on every child that has it.
void set_child_property(GstBin* bin, const char* name, const GValue* value);

/// Reads `name` from the first child that has it.
void get_child_property(GstBin* bin, const char* name, GValue* value);

} // namespace aigc
