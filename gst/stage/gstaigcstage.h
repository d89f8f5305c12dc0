// SPDX-License-Identifier: LGPL-2.1-or-later
// The base element of every AI stage: a source, or a filter once its sink is requested.
#pragma once

#include "stage/kind.h"

#include <gst/gst.h>

#define GST_TYPE_AIGC_STAGE (gst_aigc_stage_get_type())
G_DECLARE_DERIVABLE_TYPE(GstAigcStage, gst_aigc_stage, GST, AIGC_STAGE, GstElement)

/// A subclass adds its two pad templates ("src" always, "sink" on request), its metadata, sets
/// `make_kind` and installs its properties, all in class_init.
struct _GstAigcStageClass {
  GstElementClass parent_class;
  std::unique_ptr<aigc::StageKind> (*make_kind)();
};

namespace aigc {

/// GObject dispatches a property to the class that installed it, so each subclass names these.
void set_stage_property(GObject* object, guint id, const GValue* value, GParamSpec* spec);
void get_stage_property(GObject* object, guint id, GValue* value, GParamSpec* spec);

/// Installs the table's properties and the read-only `stats` behind them.
template <typename S> void install_stage_properties(GObjectClass* klass) {
  klass->set_property = set_stage_property;
  klass->get_property = get_stage_property;
  S::table().install(klass);
  g_object_class_install_property(
      klass, S::table().next_id(),
      g_param_spec_boxed("stats", "Statistics",
                         "Counts, cost and latencies of this run (application/x-aigc-stats)",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

GType order_type();          ///< GEnum of Order
GType backend_choice_type(); ///< GEnum of BackendChoice
GType profile_type();        ///< GEnum of Profile
GType on_error_type();       ///< GEnum of OnError

} // namespace aigc
