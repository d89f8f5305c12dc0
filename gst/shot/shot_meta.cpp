// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as GstStructure and buffer meta: everything follows the field tables.
#include "shot/shot_meta.h"

#include "base/error.h"
#include "shot/provenance.h"

#include <mutex>
#include <type_traits>

namespace aigc {

namespace {

constexpr const char* kProvenance = "provenance";

class Value {
 public:
  explicit Value(GType type) { g_value_init(&value_, type); }
  ~Value() {
    if (G_IS_VALUE(&value_)) g_value_unset(&value_);
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  GValue* get() { return &value_; }
  void move_into(GstStructure* structure, const char* name) {
    gst_structure_take_value(structure, name, &value_);
  }
  void move_into(GValue* list) { gst_value_list_append_and_take_value(list, &value_); }

 private:
  GValue value_ = G_VALUE_INIT;
};

void write(GstStructure* structure, const char* name, const std::string& value) {
  gst_structure_set(structure, name, G_TYPE_STRING, value.c_str(), nullptr);
}
void write(GstStructure* structure, const char* name, gint64 value) {
  gst_structure_set(structure, name, G_TYPE_INT64, value, nullptr);
}
void write(GstStructure* structure, const char* name, double value) {
  gst_structure_set(structure, name, G_TYPE_DOUBLE, value, nullptr);
}
void write(GstStructure* structure, const char* name, bool value) {
  gst_structure_set(structure, name, G_TYPE_BOOLEAN, static_cast<gboolean>(value), nullptr);
}
void write(GstStructure* structure, const char* name, const std::vector<std::string>& value) {
  Value list(GST_TYPE_LIST);
  for (const auto& item : value) {
    Value text(G_TYPE_STRING);
    g_value_set_string(text.get(), item.c_str());
    text.move_into(list.get());
  }
  list.move_into(structure, name);
}

[[noreturn]] void wrong_type(const std::string& name, const GValue* value) {
  throw Error(Fault::settings,
              "field " + name + " of the shot has the type " + G_VALUE_TYPE_NAME(value),
              "correct the element that wrote the shot meta");
}

void read(const char* name, const GValue* value, std::string& to) {
  if (!G_VALUE_HOLDS_STRING(value)) wrong_type(name, value);
  const char* text = g_value_get_string(value);
  to = text ? text : "";
}
void read(const char* name, const GValue* value, gint64& to) {
  if (!G_VALUE_HOLDS_INT64(value)) wrong_type(name, value);
  to = g_value_get_int64(value);
}
void read(const char* name, const GValue* value, double& to) {
  if (!G_VALUE_HOLDS_DOUBLE(value)) wrong_type(name, value);
  to = g_value_get_double(value);
}
void read(const char* name, const GValue* value, bool& to) {
  if (!G_VALUE_HOLDS_BOOLEAN(value)) wrong_type(name, value);
  to = g_value_get_boolean(value);
}
void read(const char* name, const GValue* value, std::vector<std::string>& to) {
  if (!GST_VALUE_HOLDS_LIST(value)) wrong_type(name, value);
  for (guint i = 0; i < gst_value_list_get_size(value); ++i) {
    std::string item;
    read(name, gst_value_list_get_value(value, i), item);
    to.push_back(item);
  }
}

void write_history(GstStructure* structure, const std::vector<Provenance>& history) {
  Value list(GST_TYPE_LIST);
  for (const auto& one : history) {
    Own<GstStructure> record(gst_structure_new_empty(kProvenance));
    for (const auto& field : provenance_fields())
      std::visit([&](auto member) { write(record.get(), field.name, one.*member); }, field.member);
    Value entry(GST_TYPE_STRUCTURE);
    g_value_take_boxed(entry.get(), record.release());
    entry.move_into(list.get());
  }
  list.move_into(structure, kProvenance);
}

std::vector<Provenance> read_history(const GValue* value) {
  if (!GST_VALUE_HOLDS_LIST(value)) wrong_type(kProvenance, value);
  std::vector<Provenance> history;
  for (guint i = 0; i < gst_value_list_get_size(value); ++i) {
    const GValue* entry = gst_value_list_get_value(value, i);
    if (!GST_VALUE_HOLDS_STRUCTURE(entry)) wrong_type(kProvenance, entry);
    const GstStructure* record = gst_value_get_structure(entry);
    Provenance one;
    for (const auto& field : provenance_fields()) {
      const GValue* member_value = gst_structure_get_value(record, field.name);
      if (member_value)
        std::visit([&](auto member) { read(field.name, member_value, one.*member); }, field.member);
    }
    history.push_back(one);
  }
  return history;
}

} // namespace

void register_shot_meta() {
  static std::once_flag once;
  std::call_once(once, [] {
    const gchar* no_tags[] = {nullptr};
    if (!gst_meta_get_info(kShotMetaName))
      gst_meta_register_custom(kShotMetaName, no_tags, nullptr, nullptr, nullptr);
  });
}

void shot_to_structure(const Shot& shot, GstStructure* structure) {
  static const Shot unset;
  for (const auto& field : shot_fields()) {
    std::visit(
        [&](auto member) {
          if (shot.*member != unset.*member) write(structure, field.name, shot.*member);
        },
        field.member);
  }
  if (!shot.provenance.empty()) write_history(structure, shot.provenance);
}

Shot shot_from_structure(const GstStructure* structure) {
  Shot shot;
  for (const auto& field : shot_fields()) {
    const GValue* value = gst_structure_get_value(structure, field.name);
    if (value)
      std::visit([&](auto member) { read(field.name, value, shot.*member); }, field.member);
  }
  const GValue* history = gst_structure_get_value(structure, kProvenance);
  if (history) shot.provenance = read_history(history);
  return shot;
}

void set_buffer_shot(GstBuffer* buffer, const Shot& shot) {
  register_shot_meta();
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, kShotMetaName);
  if (!meta) meta = gst_buffer_add_custom_meta(buffer, kShotMetaName);
  GstStructure* structure = gst_custom_meta_get_structure(meta);
  gst_structure_remove_all_fields(structure);
  shot_to_structure(shot, structure);
}

std::optional<Shot> buffer_shot(GstBuffer* buffer) {
  register_shot_meta();
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, kShotMetaName);
  if (!meta) return std::nullopt;
  return shot_from_structure(gst_custom_meta_get_structure(meta));
}

} // namespace aigc
