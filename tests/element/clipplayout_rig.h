// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel in virtual time: slots pass when the test says so, and all that comes out is kept.
#pragma once

#include "clipjoin_run.h"

#include <condition_variable>
#include <fstream>
#include <memory>

#include <gst/app/gstappsrc.h>
#include <gst/check/gsttestclock.h>

namespace clips {

inline constexpr GstClockTime kSlot = GST_SECOND / 25;

/// A clip of one grey, whose middle pixel has about that luma, with a tone; the URI.
inline std::string grey(const std::string& path, int luma, double seconds, bool sound = true) {
  const int value = (luma - 16) * 255 / 219;
  gchar colour[16];
  g_snprintf(colour, sizeof colour, "0x%02x%02x%02x", value, value, value);
  gchar length[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(length, sizeof length, "%.3f", seconds);
  const std::string time = length;
  std::string command = "ffmpeg -nostdin -v error -y -f lavfi -i color=c=" + std::string(colour) +
                        ":s=160x120:r=25:d=" + time;
  if (sound) command += " -f lavfi -i sine=f=500:r=48000:d=" + time + " -c:a aac";
  run(command + " -c:v libx264 -preset ultrafast -pix_fmt yuv420p " + path);
  return uri_of(path);
}

/// What upstream says of a clip.
struct Given {
  std::string id;
  gint64 request = 0;
  std::string at;
  bool preview = false;
  double duration = 0;
};

class Air {
 public:
  static constexpr const char* kSmall =
      " video-caps=\"video/x-raw,format=I420,width=160,height=120,framerate=25/1\" ";

  explicit Air(const std::string& properties = {}, bool video = true, bool audio = true,
               const std::string& caps = kSmall)
      : sides_(static_cast<guint>(video) + audio) {
    std::string line =
        "appsrc name=in format=time caps=text/uri-list ! clipplayout name=air" + caps + properties;
    if (video) line += " air.video ! appsink name=v sync=false";
    if (audio) line += " air.audio ! appsink name=a sync=false";
    g_autoptr(GError) error = nullptr;
    pipeline = gst_parse_launch(line.c_str(), &error);
    EXPECT_EQ(error, nullptr) << error->message;
    gst_object_ref_sink(pipeline);
    clock_ = GST_TEST_CLOCK(gst_test_clock_new());
    gst_pipeline_use_clock(GST_PIPELINE(pipeline), GST_CLOCK(clock_));
    element = gst_bin_get_by_name(GST_BIN(pipeline), "air");
    watch("v", record_frame);
    watch("a", record_sound);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, on_message, this, nullptr);
    g_autoptr(GstPad) sink = gst_element_get_static_pad(element, "sink");
    gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream, this, nullptr);
  }
  ~Air() {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
    for (GstStructure* message : messages_)
      gst_structure_free(message);
    gst_object_unref(element);
    gst_object_unref(pipeline);
    gst_object_unref(clock_);
  }
  Air(const Air&) = delete;
  Air& operator=(const Air&) = delete;

  void play() { gst_element_set_state(pipeline, GST_STATE_PLAYING); }

  /// How long it took to get to NULL.
  GstClockTime stop() {
    const gint64 start = g_get_monotonic_time();
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return static_cast<GstClockTime>(g_get_monotonic_time() - start) * GST_USECOND;
  }

  void add(const std::string& uri, const Given& given = {}) {
    GstBuffer* buffer = gst_buffer_new_memdup(uri.data(), uri.size());
    if (!given.id.empty()) describe(buffer, given);
    g_autoptr(GstElement) in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
    gst_app_src_push_buffer(GST_APP_SRC(in), buffer);
  }

  void send(GstEvent* event) {
    g_autoptr(GstPad) sink = gst_element_get_static_pad(element, "sink");
    gst_pad_send_event(sink, event);
  }

  /// Lets so many slots pass, on all sides that are linked. False where one does not come.
  bool pass(guint slots) {
    for (guint i = 0; i < slots; ++i)
      if (!pass_one(sides_)) return false;
    settle();
    return true;
  }
  /// Time goes by while nobody waits for it, as when all sides are blocked.
  void advance(GstClockTime time) { gst_test_clock_advance_time(clock_, time); }
  GstClockTime now() const { return gst_clock_get_time(GST_CLOCK(clock_)); }
  guint waiting() const { return gst_test_clock_peek_id_count(clock_); }
  /// With `sides` that still move.
  bool pass_one(guint sides) {
    GList* waiting = nullptr;
    if (!gst_test_clock_timed_wait_for_multiple_pending_ids(clock_, sides, 10'000, &waiting)) {
      ADD_FAILURE() << "nobody waits for slot " << record.frames.size();
      return false;
    }
    gst_test_clock_set_time(clock_, gst_test_clock_id_list_get_latest_time(waiting));
    gst_test_clock_process_id_list(clock_, waiting);
    g_list_free_full(waiting, gst_clock_id_unref);
    return true;
  }
  /// All that passed has come out at the other end; a side that is late catches up.
  void settle() {
    for (bool late = true; late;) {
      GList* waiting = nullptr;
      if (!gst_test_clock_timed_wait_for_multiple_pending_ids(clock_, sides_, 10'000, &waiting)) {
        ADD_FAILURE() << "nobody waits for the next slot";
        return;
      }
      const GstClockTime now = gst_clock_get_time(GST_CLOCK(clock_));
      late = false;
      for (GList* one = waiting; one; one = one->next) {
        if (GST_CLOCK_ENTRY_TIME(static_cast<GstClockEntry*>(one->data)) > now) continue;
        const GList single{one->data, nullptr, nullptr};
        gst_test_clock_process_id_list(clock_, &single);
        late = true;
      }
      g_list_free_full(waiting, gst_clock_id_unref);
    }
  }

  guint64 stat(const char* name) {
    GstStructure* stats = nullptr;
    g_object_get(element, "stats", &stats, nullptr);
    guint64 wide = 0;
    guint narrow = 0;
    if (stats && !gst_structure_get_uint64(stats, name, &wide) &&
        gst_structure_get_uint(stats, name, &narrow))
      wide = narrow;
    if (stats) gst_structure_free(stats);
    return wide;
  }
  /// Real time passes until `name` is at least `least`; no slot does.
  bool reach(const char* name, guint64 least) {
    for (int i = 0; i < 5000; ++i) {
      if (stat(name) >= least) return true;
      g_usleep(2000);
    }
    ADD_FAILURE() << name << " stays at " << stat(name) << " of " << least;
    return false;
  }

  /// Waits until `name` was posted with those fields.
  bool hear(const char* name, const char* event, const std::string& id = {}) {
    std::unique_lock lock(mutex_);
    const auto heard = [&] { return count(name, event, id) > 0; };
    if (changed_.wait_for(lock, std::chrono::seconds(20), heard)) return true;
    ADD_FAILURE() << name << " " << event << " " << id << " was never posted";
    return false;
  }
  /// Of the first such message; null without one.
  const GstStructure* message(const char* name, const char* event, const std::string& id = {}) {
    std::unique_lock lock(mutex_);
    for (const GstStructure* said : messages_)
      if (fits(said, name, event, id)) return said;
    return nullptr;
  }
  std::string reason(const char* event, const std::string& id) {
    const GstStructure* said = message("clipplayout/item", event, id);
    const char* text = said ? gst_structure_get_string(said, "reason") : nullptr;
    return text ? text : "";
  }
  /// Ids of the items that started, in their order.
  std::string started() {
    const guint64 aired = stat("aired"); // messages come a moment later
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5),
                      [&] { return count("clipplayout/item", "started", {}) >= aired; });
    std::string ids;
    for (const GstStructure* said : messages_)
      if (fits(said, "clipplayout/item", "started", {}))
        ids += gst_structure_get_string(said, "id") + std::string(" ");
    return ids;
  }
  std::vector<std::string> warnings, errors;
  std::vector<std::string> upstream; ///< "started ID", "never ID"
  double demand = -1;
  bool eos = false;
  std::function<void()> on_bus; ///< in the thread that posts; set before play()

  std::mutex& mutex() { return mutex_; }
  std::condition_variable& changed() { return changed_; }

  /// Every slot once, every sample once, both sides equally long.
  void expect_on_grid(bool video = true, bool audio = true) {
    for (size_t i = 0; video && i < record.frames.size(); ++i) {
      ASSERT_EQ(record.frames[i].pts, i * kSlot);
      ASSERT_EQ(record.frames[i].duration, kSlot);
    }
    guint64 samples = 0;
    for (const Sound& sound : record.sounds) {
      if (!audio) break;
      ASSERT_EQ(sound.pts, gst_util_uint64_scale(samples, GST_SECOND, 48000));
      ASSERT_EQ(sound.samples, 1920u);
      samples += sound.samples;
    }
    if (video && audio) {
      EXPECT_EQ(record.samples, record.frames.size() * 1920);
    }
    EXPECT_LE(record.segments, 1);
  }

  /// What the frames show, such as "slate*2 60*25": luma, rounded to tens.
  std::string shown(guint64 from = 0) const {
    std::string text, now;
    size_t run = 0;
    const auto flush = [&] {
      if (run > 0) text += now + "*" + std::to_string(run) + " ";
      run = 0;
    };
    for (size_t i = from; i < record.frames.size(); ++i) {
      const int luma = (record.frames[i].luma + 5) / 10 * 10;
      const std::string seen = std::to_string(luma);
      if (seen != now) flush();
      now = seen;
      ++run;
    }
    flush();
    return text;
  }

  GstElement* pipeline = nullptr;
  GstElement* element = nullptr;
  Record record;

 private:
  static void describe(GstBuffer* buffer, const Given& given) {
    static const gchar* no_tags[] = {nullptr};
    if (!gst_meta_get_info("GstAigcShotMeta"))
      gst_meta_register_custom("GstAigcShotMeta", no_tags, nullptr, nullptr, nullptr);
    GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstAigcShotMeta");
    GstStructure* shot = gst_custom_meta_get_structure(meta);
    gst_structure_set(shot, "id", G_TYPE_STRING, given.id.c_str(), nullptr);
    if (given.request) gst_structure_set(shot, "request", G_TYPE_INT64, given.request, nullptr);
    if (!given.at.empty()) gst_structure_set(shot, "at", G_TYPE_STRING, given.at.c_str(), nullptr);
    if (given.duration > 0)
      gst_structure_set(shot, "duration", G_TYPE_DOUBLE, given.duration, nullptr);
    if (!given.preview) return;
    GValue list = G_VALUE_INIT, value = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, gst_structure_new("provenance", "stage", G_TYPE_STRING, "video",
                                                 "service", G_TYPE_STRING, "preview", "preview",
                                                 G_TYPE_BOOLEAN, TRUE, nullptr));
    gst_value_list_append_and_take_value(&list, &value);
    gst_structure_take_value(shot, "provenance", &list);
  }

  void watch(const char* name, GstFlowReturn (*on_sample)(GstAppSink*, gpointer)) {
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
    if (!sink) return;
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_sample;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, &record, nullptr);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
    if (name[0] == 'v')
      gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, record_event, &record, nullptr);
  }

  static bool fits(const GstStructure* said, const char* name, const char* event,
                   const std::string& id) {
    return gst_structure_has_name(said, name) &&
           g_strcmp0(gst_structure_get_string(said, "event"), event) == 0 &&
           (id.empty() || id == gst_structure_get_string(said, "id"));
  }
  size_t count(const char* name, const char* event, const std::string& id) const {
    return static_cast<size_t>(
        std::count_if(messages_.begin(), messages_.end(),
                      [&](const GstStructure* said) { return fits(said, name, event, id); }));
  }

  static GstBusSyncReply on_message(GstBus*, GstMessage* message, gpointer data) {
    auto* self = static_cast<Air*>(data);
    if (self->on_bus && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT) self->on_bus();
    {
      std::unique_lock lock(self->mutex_);
      g_autoptr(GError) error = nullptr;
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT)
        self->messages_.push_back(gst_structure_copy(gst_message_get_structure(message)));
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) self->eos = true;
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
        gst_message_parse_warning(message, &error, nullptr);
        self->warnings.push_back(error->message);
      } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, nullptr);
        self->errors.push_back(error->message);
      }
    }
    self->changed_.notify_all();
    gst_message_unref(message);
    return GST_BUS_DROP;
  }

  static GstPadProbeReturn on_upstream(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Air*>(data);
    const GstStructure* said = gst_event_get_structure(GST_PAD_PROBE_INFO_EVENT(info));
    if (!said) return GST_PAD_PROBE_OK;
    std::unique_lock lock(self->mutex_);
    gboolean aired = FALSE;
    if (gst_structure_get_boolean(said, "aired", &aired))
      self->upstream.push_back((aired ? "started " : "never ") +
                               std::string(gst_structure_get_string(said, "id")));
    gst_structure_get_double(said, "seconds", &self->demand);
    return GST_PAD_PROBE_OK;
  }

  const guint sides_;
  GstTestClock* clock_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<GstStructure*> messages_;
};

} // namespace clips
