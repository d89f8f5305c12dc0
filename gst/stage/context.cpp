// SPDX-License-Identifier: LGPL-2.1-or-later
// See context.h.
#include "stage/context.h"

namespace aigc {

namespace {

/// The context's key for one service: a GVariant, which GStreamer's own log does not print, or what
/// it does.
Secret key_in(const GstStructure* fields, const char* name) {
  const GValue* value = gst_structure_get_value(fields, name);
  if (!value) return {};
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    return Secret(text ? text : "");
  }
  if (G_VALUE_HOLDS_VARIANT(value)) {
    GVariant* variant = g_value_get_variant(value);
    const bool is_text = variant && g_variant_is_of_type(variant, G_VARIANT_TYPE_STRING);
    return Secret(is_text ? g_variant_get_string(variant, nullptr) : "");
  }
  if (!G_VALUE_HOLDS(value, G_TYPE_BYTES)) return {};
  gsize size = 0;
  const auto* bytes = static_cast<GBytes*>(g_value_get_boxed(value));
  const auto* data = bytes ? g_bytes_get_data(const_cast<GBytes*>(bytes), &size) : nullptr;
  return Secret(std::string(static_cast<const char*>(data), size));
}

} // namespace

KeyRing keys_of_context(GstElement* element) {
  KeyRing keys;
  GstContext* context = gst_element_get_context(element, kCredentialsContext);
  if (!context) return keys;
  for (const Service& service : services())
    if (Secret key = key_in(gst_context_get_structure(context), service.name); !key.empty())
      keys.emplace(service.name, std::move(key));
  gst_context_unref(context);
  return keys;
}

} // namespace aigc
