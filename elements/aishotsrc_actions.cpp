// SPDX-License-Identifier: LGPL-2.1-or-later
// See aishotsrc_actions.h.
#include "aishotsrc_actions.h"

#include "aishotsrc_feed.h"
#include "shot/shot_request.h"
#include "stage/report.h"

using namespace aigc;

namespace {

/// Runs an edit; what is wrong with it is a warning, and gives `otherwise`.
template <typename Result, typename Change>
Result edited(GstElement* element, Result otherwise, Change change) {
  try {
    return change(shot_feed(element));
  } catch (...) {
    report(element, caught_error(), false);
    return otherwise;
  }
}

gchar* enqueue_shot(GstElement* element, const GstStructure* shot) {
  return edited<gchar*>(element, nullptr, [&](ShotFeed& feed) {
    return g_strdup(feed.enqueue(shot_from_request(shot)).c_str());
  });
}

gchar* insert_shot(GstElement* element, const GstStructure* shot, guint position) {
  return edited<gchar*>(element, nullptr, [&](ShotFeed& feed) {
    return g_strdup(feed.insert(shot_from_request(shot), position).c_str());
  });
}

gboolean move_shot(GstElement* element, const gchar* id, guint position) {
  return edited<gboolean>(element, FALSE,
                          [&](ShotFeed& feed) { return feed.move(id ? id : "", position); });
}

gboolean remove_shot(GstElement* element, const gchar* id) {
  return edited<gboolean>(element, FALSE,
                          [&](ShotFeed& feed) { return feed.remove(id ? id : ""); });
}

void append(GValue* array, const PendingItem& item) {
  GstStructure* fields = gst_structure_new("shot", "id", G_TYPE_STRING, item.id.c_str(), "script",
                                           G_TYPE_STRING, item.script.c_str(), "state",
                                           G_TYPE_STRING, item.is_sent ? "sent" : "pending",
                                           "request", G_TYPE_INT64, item.request, nullptr);
  if (!item.at.empty()) gst_structure_set(fields, "at", G_TYPE_STRING, item.at.c_str(), nullptr);
  if (item.position)
    gst_structure_set(fields, "position", G_TYPE_UINT, static_cast<guint>(*item.position), nullptr);
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value, fields);
  gst_value_array_append_and_take_value(array, &value);
}

GstStructure* list_shots(GstElement* element) {
  return edited<GstStructure*>(element, nullptr, [](ShotFeed& feed) {
    GValue items = G_VALUE_INIT;
    g_value_init(&items, GST_TYPE_ARRAY);
    for (const auto& item : feed.items())
      append(&items, item);
    GstStructure* result = gst_structure_new_empty("list");
    gst_structure_take_value(result, "items", &items);
    return result;
  });
}

template <typename... Types>
void install(GObjectClass* klass, const char* name, GCallback handler, GType result,
             Types... types) {
  g_signal_new_class_handler(name, G_OBJECT_CLASS_TYPE(klass),
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             handler, nullptr, nullptr, nullptr, result, sizeof...(types),
                             types...);
}

} // namespace

void aigc::install_list_actions(GObjectClass* klass) {
  install(klass, "enqueue", G_CALLBACK(enqueue_shot), G_TYPE_STRING, GST_TYPE_STRUCTURE);
  install(klass, "insert", G_CALLBACK(insert_shot), G_TYPE_STRING, GST_TYPE_STRUCTURE, G_TYPE_UINT);
  install(klass, "move", G_CALLBACK(move_shot), G_TYPE_BOOLEAN, G_TYPE_STRING, G_TYPE_UINT);
  install(klass, "remove", G_CALLBACK(remove_shot), G_TYPE_BOOLEAN, G_TYPE_STRING);
  install(klass, "list", G_CALLBACK(list_shots), GST_TYPE_STRUCTURE);
}
