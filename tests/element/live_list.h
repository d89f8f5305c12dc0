// SPDX-License-Identifier: LGPL-2.1-or-later
// A running aishotsrc before a sink that notes what comes and tells of the air as playout does.
#pragma once

#include "launch.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

using Texts = std::vector<std::string>;

class LiveList {
 public:
  explicit LiveList(const std::string& settings)
      : launch("aishotsrc name=l " + settings + " ! fakesink name=s sync=false async=false") {
    EXPECT_EQ(launch.parse_error, "");
    list = launch.element("l");
    sink_ = aigc::adopt(gst_element_get_static_pad(launch.element("s").get(), "sink"));
    gst_pad_add_probe(sink_.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      note, this, nullptr);
  }
  ~LiveList() { gst_element_set_state(launch.get(), GST_STATE_NULL); }

  /// With a demand that is told before the first shot.
  void play(std::optional<double> seconds = {}) {
    first_demand_ = seconds;
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  }

  // What playout tells.
  void demand(double seconds) const {
    tell(gst_structure_new("aigc-demand", "seconds", G_TYPE_DOUBLE, seconds, nullptr));
  }
  void aired(const std::string& id, bool aired = true) const {
    tell(gst_structure_new("aigc-aired", "id", G_TYPE_STRING, id.c_str(), "aired", G_TYPE_BOOLEAN,
                           static_cast<gboolean>(aired), nullptr));
  }

  // What operators do.
  std::string enqueue(const char* script, const char* id = nullptr) const {
    gchar* given = nullptr;
    aigc::Own<GstStructure> shot(
        gst_structure_new("shot", "script", G_TYPE_STRING, script, nullptr));
    if (id) gst_structure_set(shot.get(), "id", G_TYPE_STRING, id, nullptr);
    g_signal_emit_by_name(list.get(), "enqueue", shot.get(), &given);
    return aigc::take_string(given);
  }
  std::string insert(const char* fields, guint position) const {
    gchar* given = nullptr;
    aigc::Own<GstStructure> shot(gst_structure_from_string(fields, nullptr));
    g_signal_emit_by_name(list.get(), "insert", shot.get(), position, &given);
    return aigc::take_string(given);
  }
  bool move(const char* id, guint position) const {
    gboolean done = FALSE;
    g_signal_emit_by_name(list.get(), "move", id, position, &done);
    return done;
  }
  bool remove(const std::string& id) const {
    gboolean done = FALSE;
    g_signal_emit_by_name(list.get(), "remove", id.c_str(), &done);
    return done;
  }
  /// "id:state" of every item, and its position where it has one.
  Texts items() const {
    GstStructure* told = nullptr;
    g_signal_emit_by_name(list.get(), "list", &told);
    aigc::Own<GstStructure> owner(told);
    Texts items;
    const GValue* array = gst_structure_get_value(told, "items");
    for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
      const auto* item = gst_value_get_structure(gst_value_array_get_value(array, i));
      guint position = 0;
      items.push_back(std::string(gst_structure_get_string(item, "id")) + ":" +
                      gst_structure_get_string(item, "state"));
      if (gst_structure_get_uint(item, "position", &position))
        items.back() += ":" + std::to_string(position);
    }
    return items;
  }

  // What came.
  Texts ids() const {
    std::lock_guard guard(mutex_);
    return ids_;
  }
  Texts cancelled() const {
    std::lock_guard guard(mutex_);
    return cancelled_;
  }
  std::string words(const std::string& id) const {
    std::lock_guard guard(mutex_);
    for (size_t i = 0; i < ids_.size(); ++i)
      if (ids_[i] == id) return words_[i];
    return "nothing";
  }
  /// The ids, once there are as many; fails when they do not come.
  Texts wait_for(size_t count) const {
    EXPECT_TRUE(until([&] { return ids().size() >= count; })) << "only " << ids().size();
    return ids();
  }
  /// The ids, when nothing has come for a while.
  Texts when_quiet() const {
    size_t before = 0;
    do {
      before = ids().size();
      g_usleep(150'000);
    } while (ids().size() != before);
    return ids();
  }
  static bool until(const std::function<bool()>& ready) {
    for (int i = 0; i < 2000 && !ready(); ++i)
      g_usleep(5'000);
    return ready();
  }
  /// The next warning; fails when there is none.
  std::string warning() const {
    auto message = aigc::adopt(
        gst_bus_timed_pop_filtered(launch.bus().get(), 15 * GST_SECOND, GST_MESSAGE_WARNING));
    EXPECT_TRUE(message) << "no warning";
    if (!message) return "";
    aigc::ErrorSlot error;
    gst_message_parse_warning(message.get(), error.out(), nullptr);
    return error.message();
  }
  std::string error() const {
    auto message = aigc::adopt(
        gst_bus_timed_pop_filtered(launch.bus().get(), 15 * GST_SECOND, GST_MESSAGE_ERROR));
    aigc::ErrorSlot error;
    if (message) gst_message_parse_error(message.get(), error.out(), nullptr);
    return error.message();
  }
  bool has_ended() const { return eos_; }

  Launch launch;
  aigc::Ref<GstElement> list;
  std::atomic<bool> is_blocked = false; ///< the sink takes nothing while it is

 private:
  void tell(GstStructure* fields) const {
    gst_pad_push_event(sink_.get(), gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, fields));
  }

  static GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<LiveList*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      self->note_buffer(GST_PAD_PROBE_INFO_BUFFER(info));
      until([&] { return !self->is_blocked; });
      return GST_PAD_PROBE_OK;
    }
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START && self->first_demand_)
      self->demand(*self->first_demand_);
    std::lock_guard guard(self->mutex_);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) self->eos_ = true;
    if (gst_event_has_name(event, "aigc-cancel"))
      self->cancelled_.emplace_back(gst_structure_get_string(gst_event_get_structure(event), "id"));
    return GST_PAD_PROBE_OK;
  }

  void note_buffer(GstBuffer* buffer) {
    const auto* meta = gst_buffer_get_custom_meta(buffer, "GstAigcShotMeta");
    const auto* shot = gst_custom_meta_get_structure(const_cast<GstCustomMeta*>(meta));
    const aigc::BufferMap map(buffer, GST_MAP_READ);
    std::lock_guard guard(mutex_);
    ids_.emplace_back(gst_structure_get_string(shot, "id"));
    words_.emplace_back(reinterpret_cast<const char*>(map.data()), map.size());
  }

  aigc::Ref<GstPad> sink_;
  std::optional<double> first_demand_;
  mutable std::mutex mutex_;
  Texts ids_, words_, cancelled_;
  std::atomic<bool> eos_ = false;
};

class LiveListTest : public ElementTest {
 protected:
  std::string file(const std::string& name, std::string_view bytes) const {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string journal() const { return " journal=" + folder.path() + "/day.journal "; }
};
