// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_message.h.
#include "clip_message.h"

#include "base/ref.h"

namespace aigc {
namespace {

struct Code {
  GQuark domain;
  gint code;
};

Code code_of(Fault fault) {
  switch (fault) {
  case Fault::settings:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS};
  case Fault::negotiation:
    return {GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION};
  case Fault::not_found:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
  case Fault::not_authorized:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED};
  case Fault::format:
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE};
  case Fault::read:
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE};
  case Fault::missing_plugin:
    return {GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN};
  default:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ};
  }
}

} // namespace

void post_clip_message(GstElement* element, GstMessageType type, const Error& error,
                       const std::string& uri) {
  const Code code = code_of(error.fault);
  Own<gchar> name(gst_object_get_name(GST_OBJECT(element)));
  std::string text = std::string(name.get()) + ": " + error.what();
  if (!error.remedy.empty()) text += "; " + error.remedy;
  GstStructure* details = gst_structure_new("details", "uri", G_TYPE_STRING, uri.c_str(), nullptr);
  gst_element_message_full_with_details(element, type, code.domain, code.code,
                                        g_strdup(text.c_str()), nullptr, __FILE__, G_STRFUNC,
                                        __LINE__, details);
}

} // namespace aigc
