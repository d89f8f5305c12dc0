// SPDX-License-Identifier: LGPL-2.1-or-later
// GObject properties as a table over a settings struct: name, blurb, range and member stand in one
// line, the default is the member's own initialiser.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gst/gst.h>

namespace aigc {

/// When a change takes effect; shown by gst-inspect-1.0.
enum class Mutable { ready = GST_PARAM_MUTABLE_READY, playing = GST_PARAM_MUTABLE_PLAYING };

template <typename S> struct Property {
  using Member = std::variant<std::string S::*, bool S::*, int S::*, guint S::*, guint64 S::*,
                              gint64 S::*, double S::*>;
  const char* name;
  const char* blurb; ///< says unit and default
  Member member;
  Mutable when = Mutable::ready;
  double minimum = 0;
  double maximum = 0;
  GType (*choice)() = nullptr; ///< the GEnum of an int member
  bool secret = false;         ///< write-only: in no dot file, preset or log
};

/// All properties of one element. Property ids count from 1 in table order; further properties of
/// the element start at `next_id()`.
template <typename S> class PropertyTable {
 public:
  explicit PropertyTable(std::vector<Property<S>> rows) : rows_(std::move(rows)) {}

  guint next_id() const { return static_cast<guint>(rows_.size()) + 1; }
  const std::vector<Property<S>>& rows() const { return rows_; }

  void install(GObjectClass* klass) const {
    static const S defaults;
    guint id = 1;
    for (const auto& row : rows_)
      g_object_class_install_property(klass, id++, make_spec(row, defaults));
  }

  /// False when the id is not of this table.
  bool set(S& settings, guint id, const GValue* value) const {
    if (id == 0 || id >= next_id()) return false;
    std::visit([&](auto member) { assign(settings.*member, value); }, rows_[id - 1].member);
    return true;
  }

  bool get(const S& settings, guint id, GValue* value) const {
    if (id == 0 || id >= next_id()) return false;
    std::visit([&](auto member) { fetch(settings.*member, value); }, rows_[id - 1].member);
    return true;
  }

 private:
  static std::string nick(std::string name) {
    std::replace(name.begin(), name.end(), '-', ' ');
    name[0] = g_ascii_toupper(name[0]);
    return name;
  }

  template <typename T> static T clamped(double bound) {
    if (bound >= static_cast<double>(std::numeric_limits<T>::max()))
      return std::numeric_limits<T>::max();
    if (bound <= static_cast<double>(std::numeric_limits<T>::lowest()))
      return std::numeric_limits<T>::lowest();
    return static_cast<T>(bound);
  }

  static GParamSpec* make_spec(const Property<S>& row, const S& defaults) {
    const std::string label = nick(row.name);
    const char* title = g_intern_string(label.c_str());
    auto flags = static_cast<GParamFlags>((row.secret ? G_PARAM_WRITABLE : G_PARAM_READWRITE) |
                                          G_PARAM_STATIC_STRINGS | static_cast<int>(row.when));
    return std::visit([&](auto member) { return spec_for(row, title, defaults.*member, flags); },
                      row.member);
  }

  static GParamSpec* spec_for(const Property<S>& row, const char* title, const std::string& value,
                              GParamFlags flags) {
    const char* initial = value.empty() ? nullptr : g_intern_string(value.c_str());
    return g_param_spec_string(row.name, title, row.blurb, initial, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, bool value,
                              GParamFlags flags) {
    return g_param_spec_boolean(row.name, title, row.blurb, value, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, int value,
                              GParamFlags flags) {
    if (row.choice)
      return g_param_spec_enum(row.name, title, row.blurb, row.choice(), value, flags);
    return g_param_spec_int(row.name, title, row.blurb, clamped<int>(row.minimum),
                            clamped<int>(row.maximum), value, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, guint value,
                              GParamFlags flags) {
    return g_param_spec_uint(row.name, title, row.blurb, clamped<guint>(row.minimum),
                             clamped<guint>(row.maximum), value, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, guint64 value,
                              GParamFlags flags) {
    return g_param_spec_uint64(row.name, title, row.blurb, clamped<guint64>(row.minimum),
                               clamped<guint64>(row.maximum), value, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, gint64 value,
                              GParamFlags flags) {
    return g_param_spec_int64(row.name, title, row.blurb, clamped<gint64>(row.minimum),
                              clamped<gint64>(row.maximum), value, flags);
  }
  static GParamSpec* spec_for(const Property<S>& row, const char* title, double value,
                              GParamFlags flags) {
    return g_param_spec_double(row.name, title, row.blurb, row.minimum, row.maximum, value, flags);
  }

  static void assign(std::string& to, const GValue* value) {
    const char* text = g_value_get_string(value);
    to = text ? text : "";
  }
  static void assign(bool& to, const GValue* value) { to = g_value_get_boolean(value); }
  static void assign(int& to, const GValue* value) {
    to = G_VALUE_HOLDS_ENUM(value) ? g_value_get_enum(value) : g_value_get_int(value);
  }
  static void assign(guint& to, const GValue* value) { to = g_value_get_uint(value); }
  static void assign(guint64& to, const GValue* value) { to = g_value_get_uint64(value); }
  static void assign(gint64& to, const GValue* value) { to = g_value_get_int64(value); }
  static void assign(double& to, const GValue* value) { to = g_value_get_double(value); }

  static void fetch(const std::string& from, GValue* value) {
    g_value_set_string(value, from.empty() ? nullptr : from.c_str());
  }
  static void fetch(bool from, GValue* value) { g_value_set_boolean(value, from); }
  static void fetch(int from, GValue* value) {
    if (G_VALUE_HOLDS_ENUM(value))
      g_value_set_enum(value, from);
    else
      g_value_set_int(value, from);
  }
  static void fetch(guint from, GValue* value) { g_value_set_uint(value, from); }
  static void fetch(guint64 from, GValue* value) { g_value_set_uint64(value, from); }
  static void fetch(gint64 from, GValue* value) { g_value_set_int64(value, from); }
  static void fetch(double from, GValue* value) { g_value_set_double(value, from); }

  std::vector<Property<S>> rows_;
};

} // namespace aigc
