// SPDX-License-Identifier: LGPL-2.1-or-later
// See report.h.
#include "stage/report.h"

#include "base/ref.h"
#include "media/picture.h"
#include "stage/kind.h"

namespace aigc {

namespace {

struct GstCode {
  GQuark domain;
  int code;
};

GstCode gst_code(Fault fault) {
  switch (fault) {
  case Fault::settings:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS};
  case Fault::negotiation:
    return {GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION};
  case Fault::not_found:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
  case Fault::not_authorized:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED};
  case Fault::no_funds:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
  case Fault::moderation:
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT};
  case Fault::format:
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE};
  case Fault::damaged:
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE};
  case Fault::write:
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE};
  case Fault::missing_plugin:
    return {GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN};
  case Fault::read:
  case Fault::timeout:
  case Fault::cancelled:
    break;
  }
  return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ};
}

const char* fault_name(Fault fault) {
  switch (fault) {
  case Fault::settings:
    return "settings";
  case Fault::negotiation:
    return "negotiation";
  case Fault::not_found:
    return "not-found";
  case Fault::not_authorized:
    return "not-authorized";
  case Fault::no_funds:
    return "no-funds";
  case Fault::moderation:
    return "moderation";
  case Fault::format:
    return "format";
  case Fault::damaged:
    return "damaged";
  case Fault::read:
    return "read";
  case Fault::write:
    return "write";
  case Fault::timeout:
    return "timeout";
  case Fault::missing_plugin:
    return "missing-plugin";
  case Fault::cancelled:
    return "cancelled";
  }
  return "";
}

/// The service's own code where it gave one, else ours.
std::string code_of(const Error& error) {
  return error.code.empty() ? fault_name(error.fault) : error.code;
}

void post(GstElement* element, GstStructure* fields) {
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), fields));
}

/// The details get one `field` more, unless its value is empty.
void report_with(GstElement* element, const Error& error, bool fatal, const char* field,
                 const std::string& value) {
  Own<gchar> name(gst_object_get_name(GST_OBJECT(element)));
  std::string text = std::string(name.get()) + ": " + error.what();
  if (!error.remedy.empty()) text += "; " + error.remedy;
  GstStructure* details = gst_structure_new(
      "aigc-details", "element", G_TYPE_STRING, name.get(), "code", G_TYPE_STRING,
      code_of(error).c_str(), "http-status", G_TYPE_INT, error.http_status, "request-id",
      G_TYPE_STRING, error.request_id.c_str(), "service", G_TYPE_STRING, error.service.c_str(),
      "remedy", G_TYPE_STRING, error.remedy.c_str(), nullptr);
  if (!value.empty()) gst_structure_set(details, field, G_TYPE_STRING, value.c_str(), nullptr);
  const GstCode code = gst_code(error.fault);
  gst_element_message_full_with_details(element, fatal ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING,
                                        code.domain, code.code, g_strdup(text.c_str()), nullptr,
                                        __FILE__, GST_FUNCTION, __LINE__, details);
}

} // namespace

void report(GstElement* element, const Error& error, bool fatal, const std::string& uri) {
  report_with(element, error, fatal, "uri", uri);
}

void report_stage(GstElement* element, const std::string& stage, const Error& error, bool fatal) {
  report_with(element, error, fatal, "stage", stage);
}

void report_service(GstElement* element, const std::string& stage, const ServiceNews& news) {
  using namespace std::chrono;
  const auto since = duration_cast<microseconds>(news.since.time_since_epoch()).count();
  post(element, gst_structure_new("aigc/service", "stage", G_TYPE_STRING, stage.c_str(), "service",
                                  G_TYPE_STRING, news.service.c_str(), "state", G_TYPE_STRING,
                                  news.rests ? "resting" : "back", "reason", G_TYPE_STRING,
                                  news.reason, "message", G_TYPE_STRING, news.why.what(), "since",
                                  G_TYPE_INT64, static_cast<gint64>(since), nullptr));
  if (!news.rests) return;
  const std::string who = news.why.own_limit || news.why.fault == Fault::write
                              ? "nothing is ordered for now"
                              : news.service + " rests";
  report_stage(element, stage, news.why.in_words(who + ": " + news.why.what()), false);
}

void post_progress(GstElement* element, GstProgressType type, const std::string& code,
                   const std::string& text, int percent) {
  GstMessage* message =
      gst_message_new_progress(GST_OBJECT(element), type, code.c_str(), text.c_str());
  if (type == GST_PROGRESS_TYPE_CONTINUE)
    gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent,
                      nullptr);
  gst_element_post_message(element, message);
}

void post_shot_done(GstElement* element, const Shot& shot, const Provenance& provenance,
                    std::chrono::nanoseconds latency) {
  post(element,
       gst_structure_new(
           "aigc/shot-done", "id", G_TYPE_STRING, shot.id.c_str(), "stage", G_TYPE_STRING,
           provenance.stage.c_str(), "service", G_TYPE_STRING, provenance.service.c_str(), "model",
           G_TYPE_STRING, provenance.model.c_str(), "request-id", G_TYPE_STRING,
           provenance.request_id.c_str(), "seed", G_TYPE_INT64, provenance.seed, "cost",
           G_TYPE_DOUBLE, provenance.cost, "currency", G_TYPE_STRING, provenance.currency.c_str(),
           "latency", G_TYPE_UINT64, static_cast<guint64>(latency.count()), "cache-hit",
           G_TYPE_BOOLEAN, static_cast<gboolean>(provenance.cache_hit), nullptr));
}

void post_shot_planned(GstElement* element, const Shot& shot, const Planned& planned,
                       unsigned at_once) {
  const Expectation& expected = planned.expected;
  const Usage& usage = expected.usage;
  GstStructure* fields = gst_structure_new(
      "aigc/shot-planned", "id", G_TYPE_STRING, shot.id.c_str(), "index", G_TYPE_INT64, shot.index,
      "stage", G_TYPE_STRING, planned.provenance.stage.c_str(), "service", G_TYPE_STRING,
      planned.provenance.service.c_str(), "model", G_TYPE_STRING, planned.provenance.model.c_str(),
      "seconds", G_TYPE_DOUBLE, expected.seconds, "at-once", G_TYPE_UINT, at_once, "concurrent",
      G_TYPE_UINT, expected.concurrent, "per-second", G_TYPE_DOUBLE, expected.per_second, "open",
      G_TYPE_BOOLEAN, static_cast<gboolean>(planned.is_open), "key", G_TYPE_STRING,
      planned.key.c_str(), "input-tokens", G_TYPE_INT64, usage.input_tokens, "output-tokens",
      G_TYPE_INT64, usage.output_tokens, "pictures", G_TYPE_INT64, usage.pictures, "film-seconds",
      G_TYPE_DOUBLE, usage.seconds, nullptr);
  if (!planned.chain.empty())
    gst_structure_set(fields, "chain", G_TYPE_STRING, planned.chain.c_str(), nullptr);
  if (expected.cost)
    gst_structure_set(fields, "cost", G_TYPE_DOUBLE, *expected.cost, "currency", G_TYPE_STRING,
                      expected.currency.c_str(), nullptr);
  post(element, fields);
}

bool post_shot_preview(GstElement* element, const Shot& shot, const std::string& stage,
                       GBytes* picture) {
  std::string mime;
  try {
    mime = sniff_picture(picture).mime;
  } catch (const Error&) {
    return false; // a sketch is no reason to fail
  }
  if (mime != "image/png" && mime != "image/jpeg") return false;
  auto buffer = adopt(gst_buffer_new_wrapped_bytes(picture));
  auto caps = adopt(gst_caps_new_empty_simple(mime.c_str()));
  auto sample = adopt(gst_sample_new(buffer.get(), caps.get(), nullptr, nullptr));
  post(element, gst_structure_new("aigc/shot-preview", "id", G_TYPE_STRING, shot.id.c_str(),
                                  "stage", G_TYPE_STRING, stage.c_str(), "picture", GST_TYPE_SAMPLE,
                                  sample.get(), nullptr));
  return true;
}

void post_shot_failed(GstElement* element, const Shot& shot, const std::string& stage,
                      const Error& error, bool is_left_out, unsigned count) {
  post(element,
       gst_structure_new("aigc/shot-failed", "id", G_TYPE_STRING, shot.id.c_str(), "stage",
                         G_TYPE_STRING, stage.c_str(), "code", G_TYPE_STRING,
                         code_of(error).c_str(), "message", G_TYPE_STRING, error.what(), "remedy",
                         G_TYPE_STRING, error.remedy.c_str(), "left-out", G_TYPE_BOOLEAN,
                         static_cast<gboolean>(is_left_out), "count", G_TYPE_UINT, count, nullptr));
}

} // namespace aigc
