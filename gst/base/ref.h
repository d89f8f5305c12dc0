// SPDX-License-Identifier: LGPL-2.1-or-later
// Typed owners for GLib and GStreamer objects: Ref for what is reference-counted, Own for what is
// not.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gst/gst.h>
#include <json-glib/json-glib.h>

namespace aigc {

template <typename T> struct RefTraits { // everything derived from GObject
  static T* ref(T* object) { return static_cast<T*>(g_object_ref(object)); }
  static void unref(T* object) { g_object_unref(object); }
};

#define AIGC_REF_TRAITS(Type, ref_function, unref_function)                                        \
  template <> struct RefTraits<Type> {                                                             \
    static Type* ref(Type* object) { return (Type*)ref_function(object); }                         \
    static void unref(Type* object) { unref_function(object); }                                    \
  }

AIGC_REF_TRAITS(GBytes, g_bytes_ref, g_bytes_unref);
AIGC_REF_TRAITS(GDateTime, g_date_time_ref, g_date_time_unref);
AIGC_REF_TRAITS(GMainContext, g_main_context_ref, g_main_context_unref);
AIGC_REF_TRAITS(GstBuffer, gst_buffer_ref, gst_buffer_unref);
AIGC_REF_TRAITS(GstCaps, gst_caps_ref, gst_caps_unref);
AIGC_REF_TRAITS(GstEvent, gst_event_ref, gst_event_unref);
AIGC_REF_TRAITS(GstMessage, gst_message_ref, gst_message_unref);
AIGC_REF_TRAITS(GstQuery, gst_query_ref, gst_query_unref);
AIGC_REF_TRAITS(GstSample, gst_sample_ref, gst_sample_unref);
AIGC_REF_TRAITS(GstTagList, gst_tag_list_ref, gst_tag_list_unref);
AIGC_REF_TRAITS(JsonNode, json_node_ref, json_node_unref);
AIGC_REF_TRAITS(JsonObject, json_object_ref, json_object_unref);
AIGC_REF_TRAITS(JsonArray, json_array_ref, json_array_unref);
AIGC_REF_TRAITS(GstBus, gst_object_ref, gst_object_unref);
AIGC_REF_TRAITS(GstClock, gst_object_ref, gst_object_unref);
AIGC_REF_TRAITS(GstElement, gst_object_ref, gst_object_unref);
AIGC_REF_TRAITS(GstPad, gst_object_ref, gst_object_unref);
#undef AIGC_REF_TRAITS

/// A counted reference. Copying takes another reference, `leak()` hands it to a C function that
/// takes ownership.
template <typename T> class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  Ref(const Ref& other) : object_(other.object_ ? RefTraits<T>::ref(other.object_) : nullptr) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) RefTraits<T>::unref(object_);
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] T* leak() { return std::exchange(object_, nullptr); }
  void reset() { Ref{}.swap(*this); }
  void swap(Ref& other) noexcept { std::swap(object_, other.object_); }

  template <typename U> friend Ref<U> adopt(U* object);

 private:
  T* object_ = nullptr;
};

/// Takes over a reference the caller owns (transfer full).
template <typename T> Ref<T> adopt(T* object) {
  Ref<T> ref;
  ref.object_ = object;
  return ref;
}

/// Adds a reference to a borrowed object (transfer none).
template <typename T> Ref<T> share(T* object) {
  return adopt(object ? RefTraits<T>::ref(object) : nullptr);
}

struct Release {
  void operator()(gchar* text) const { g_free(text); }
  void operator()(gchar** list) const { g_strfreev(list); }
  void operator()(GError* error) const { g_error_free(error); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(GstIterator* iterator) const { gst_iterator_free(iterator); }
  void operator()(GDir* dir) const { g_dir_close(dir); }
};

/// Sole ownership of something that has no reference count.
template <typename T> using Own = std::unique_ptr<T, Release>;

/// The text of an allocated C string, which is freed.
inline std::string take_string(gchar* text) {
  Own<gchar> owner(text);
  return text ? std::string(text) : std::string();
}

/// A GError out-parameter: `g_x(..., error.out())`, then `error.message()`.
class ErrorSlot {
 public:
  ErrorSlot() = default;
  ~ErrorSlot() { g_clear_error(&error_); }
  ErrorSlot(const ErrorSlot&) = delete;
  ErrorSlot& operator=(const ErrorSlot&) = delete;
  GError** out() {
    g_clear_error(&error_);
    return &error_;
  }
  explicit operator bool() const { return error_ != nullptr; }
  const GError* get() const { return error_; }
  std::string message() const { return error_ ? error_->message : ""; }

 private:
  GError* error_ = nullptr;
};

/// A buffer mapped for reading or writing while in scope.
class BufferMap {
 public:
  BufferMap(GstBuffer* buffer, GstMapFlags flags) : buffer_(buffer) {
    mapped_ = gst_buffer_map(buffer, &info_, flags);
  }
  ~BufferMap() {
    if (mapped_) gst_buffer_unmap(buffer_, &info_);
  }
  BufferMap(const BufferMap&) = delete;
  BufferMap& operator=(const BufferMap&) = delete;
  explicit operator bool() const { return mapped_; }
  guint8* data() const { return info_.data; }
  gsize size() const { return info_.size; }

 private:
  GstBuffer* buffer_;
  GstMapInfo info_ = GST_MAP_INFO_INIT;
  bool mapped_ = false;
};

} // namespace aigc
