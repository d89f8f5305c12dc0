// SPDX-License-Identifier: LGPL-2.1-or-later
// See property_proxy.h.
#include "property_proxy.h"

#include "base/ref.h"

namespace aigc {

namespace {

/// A spec of its own for the bin: GObject takes each spec for one class only.
GParamSpec* copy_of(GParamSpec* spec) {
  const char* name = spec->name;
  const char* nick = g_param_spec_get_nick(spec);
  const char* blurb = g_param_spec_get_blurb(spec);
  const GParamFlags flags = spec->flags;
  if (G_IS_PARAM_SPEC_STRING(spec))
    return g_param_spec_string(name, nick, blurb, G_PARAM_SPEC_STRING(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    return g_param_spec_boolean(name, nick, blurb, G_PARAM_SPEC_BOOLEAN(spec)->default_value,
                                flags);
  if (G_IS_PARAM_SPEC_ENUM(spec))
    return g_param_spec_enum(name, nick, blurb, spec->value_type,
                             G_PARAM_SPEC_ENUM(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOXED(spec))
    return g_param_spec_boxed(name, nick, blurb, spec->value_type, flags);
  if (GST_IS_PARAM_SPEC_FRACTION(spec)) {
    auto* own = GST_PARAM_SPEC_FRACTION(spec);
    return gst_param_spec_fraction(name, nick, blurb, own->min_num, own->min_den, own->max_num,
                                   own->max_den, own->def_num, own->def_den, flags);
  }
#define AIGC_COPY_NUMBER(Type, type)                                                               \
  if (G_IS_PARAM_SPEC_##Type(spec)) {                                                              \
    auto* own = G_PARAM_SPEC_##Type(spec);                                                         \
    return g_param_spec_##type(name, nick, blurb, own->minimum, own->maximum, own->default_value,  \
                               flags);                                                             \
  }
  AIGC_COPY_NUMBER(INT, int)
  AIGC_COPY_NUMBER(UINT, uint)
  AIGC_COPY_NUMBER(INT64, int64)
  AIGC_COPY_NUMBER(UINT64, uint64)
  AIGC_COPY_NUMBER(DOUBLE, double)
#undef AIGC_COPY_NUMBER
  g_return_val_if_reached(nullptr);
}

/// The first child from `start` on that has the property, or null.
GstElement* child_with(GList* start, const char* name) {
  for (GList* at = start; at; at = at->next)
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(at->data), name))
      return GST_ELEMENT(at->data);
  return nullptr;
}

} // namespace

guint install_child_properties(GObjectClass* klass, GType child_type, guint first_id) {
  auto* child_class = static_cast<GObjectClass*>(g_type_class_ref(child_type));
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(child_class, &count);
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type != child_type) continue;
    if (g_object_class_find_property(klass, specs[i]->name)) continue;
    g_object_class_install_property(klass, first_id++, copy_of(specs[i]));
  }
  g_free(specs);
  g_type_class_unref(child_class);
  return first_id;
}

void set_child_property(GstBin* bin, const char* name, const GValue* value) {
  for (GList* at = bin->children; at; at = at->next)
    if (child_with(at, name) == at->data) g_object_set_property(G_OBJECT(at->data), name, value);
}

void get_child_property(GstBin* bin, const char* name, GValue* value) {
  if (GstElement* child = child_with(bin->children, name))
    g_object_get_property(G_OBJECT(child), name, value);
}

} // namespace aigc
