// SPDX-License-Identifier: LGPL-2.1-or-later
// See virtual_channel.h.
#include "virtual_channel.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <utility>
#include <utime.h>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

namespace soak {

using namespace std::chrono_literals;

/// How long anything may take in real time: more is a hang.
constexpr auto kPatience = 20s;

constexpr int kWidth = 64, kHeight = 36;
constexpr int kBright = 128;                    ///< luma of a flash
constexpr int kLoud = 4000;                     ///< of a beep, of 32767
constexpr GstClockTime kApart = GST_SECOND / 2; ///< flash and beep further apart are not a pair

struct VirtualChannel::Heard {
  mutable std::mutex mutex;
  std::condition_variable changed;

  Faults faults;
  std::uint64_t frames = 0, samples = 0;
  std::uint64_t video_events = 0, audio_events = 0;
  double demand = 0;

  std::uint64_t settled = 0, started = 0, refused = 0;
  std::map<std::string, const Stock*> on_the_way;
  std::set<std::string> judged;                        ///< ids of these that were ready
  std::deque<std::pair<guint64, const Stock*>> on_air; ///< by first frame
  struct OnAir {
    const Stock* stock;
    guint64 planned;
  };
  std::map<std::string, OnAir> not_ended; ///< items, by id
  std::map<std::string, Fate> fates;
  std::optional<Run> filler;
  std::vector<Run> fillers;

  bool bright = false, loud = false;
  std::uint64_t quiet = 0; ///< samples since the last loud one
  std::deque<GstClockTime> flashes, beeps;
  std::map<std::string, Drift> drifts;

  void fault(std::uint64_t& counter, const std::string& what) {
    ++counter;
    if (faults.first.empty()) faults.first = what;
  }
  void pair_up();
  void take_frame(GstSample* sample);
  void take_block(GstSample* sample);
  void take_item(const GstStructure* message);
  void take_end(const GstStructure* message, const std::string& id);
  void take_filler(const GstStructure* message);
};

/// Flashes and beeps that belong together, and to which clip.
void VirtualChannel::Heard::pair_up() {
  while (!flashes.empty() && !beeps.empty()) {
    const GstClockTimeDiff behind = GST_CLOCK_DIFF(flashes.front(), beeps.front());
    if (behind > GstClockTimeDiff(kApart)) {
      flashes.pop_front();
      continue;
    }
    if (behind < -GstClockTimeDiff(kApart)) {
      beeps.pop_front();
      continue;
    }
    const guint64 frame = flashes.front() * kFps / GST_SECOND;
    while (on_air.size() > 1 && on_air[1].first <= frame)
      on_air.pop_front();
    if (!on_air.empty() && on_air.front().first <= frame && on_air.front().second &&
        on_air.front().second->in_step) {
      auto [known, is_new] =
          drifts.try_emplace(on_air.front().second->kind, Drift{behind, behind, 0});
      known->second.last = behind;
      ++known->second.count;
    }
    flashes.pop_front();
    beeps.pop_front();
  }
}

void VirtualChannel::Heard::take_frame(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  GstMapInfo map;
  int luma = 0;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    luma = map.data[kWidth * kHeight / 2 + kWidth / 2];
    gst_buffer_unmap(buffer, &map);
  }
  std::lock_guard guard(mutex);
  const GstClockTime due = gst_util_uint64_scale(frames, GST_SECOND, kFps);
  if (GST_BUFFER_PTS(buffer) != due || GST_BUFFER_DURATION(buffer) != GST_SECOND / kFps)
    fault(faults.missing_slots, "frame " + std::to_string(frames) + " stands at " +
                                    std::to_string(GST_BUFFER_PTS(buffer)) + " ns");
  ++frames;
  const bool is_bright = luma > kBright;
  if (is_bright && !bright) flashes.push_back(due);
  bright = is_bright;
  changed.notify_all();
}

void VirtualChannel::Heard::take_block(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  std::lock_guard guard(mutex);
  if (GST_BUFFER_PTS(buffer) != gst_util_uint64_scale(samples, GST_SECOND, kRate))
    fault(faults.sample_gaps, "sample " + std::to_string(samples) + " stands at " +
                                  std::to_string(GST_BUFFER_PTS(buffer)) + " ns");
  const auto* values = reinterpret_cast<const gint16*>(map.data);
  for (gsize i = 0; i < map.size / 2; ++i) {
    if (std::abs(values[i]) < kLoud) {
      if (++quiet > kRate / 10) loud = false;
      continue;
    }
    quiet = 0;
    if (!loud) beeps.push_back(gst_util_uint64_scale(samples + i, GST_SECOND, kRate));
    loud = true;
  }
  samples += map.size / 2;
  gst_buffer_unmap(buffer, &map);
  pair_up();
  changed.notify_all();
}

void VirtualChannel::Heard::take_item(const GstStructure* message) {
  const char* event = gst_structure_get_string(message, "event");
  const char* id = gst_structure_get_string(message, "id");
  const char* tier = gst_structure_get_string(message, "tier");
  if (!event || !id) return;
  std::lock_guard guard(mutex);
  const auto known = on_the_way.find(id);
  const Stock* stock = known == on_the_way.end() ? nullptr : known->second;
  const std::string what = event;
  if (what == "started") {
    guint64 frame = 0;
    gst_structure_get_uint64(message, "frame", &frame);
    const bool is_item = !tier || std::string(tier) == "item";
    if (is_item) ++started;
    on_air.emplace_back(frame, is_item ? stock : nullptr);
    if (is_item && stock) {
      guint64 planned = 0;
      gst_structure_get_uint64(message, "frames", &planned);
      not_ended[id] = {stock, planned};
      on_the_way.erase(known);
      judged.erase(id);
    }
  } else if (what == "ended") {
    take_end(message, id);
  } else if (what == "ready") {
    ++settled;
    judged.insert(id);
  } else if (what == "failed") {
    if (stock) {
      settled += judged.erase(id) == 0; // else its first picture was bad
      ++refused;
      on_the_way.erase(known);
    }
  }
  changed.notify_all();
}

void VirtualChannel::Heard::take_end(const GstStructure* message, const std::string& id) {
  const auto known = not_ended.find(id);
  if (known == not_ended.end()) return;
  guint64 frames = 0;
  gst_structure_get_uint64(message, "frames", &frames);
  const char* reason = gst_structure_get_string(message, "reason");
  const std::string why = reason ? reason : "";
  const auto [stock, planned] = known->second;
  Fate& fate = fates[stock->kind];
  ++fate.aired;
  fate.damaged += why != "played" && why != "cut" && why != "stopped";
  const bool is_whole = frames == planned && why == "played";
  fate.cut += !is_whole;
  if (!is_whole && fate.first.empty())
    fate.first =
        id + ": " + std::to_string(frames) + " of " + std::to_string(planned) + " frames, " + why;
  not_ended.erase(known);
}

void VirtualChannel::Heard::take_filler(const GstStructure* message) {
  const char* event = gst_structure_get_string(message, "event");
  const char* tier = gst_structure_get_string(message, "tier");
  guint64 frame = 0, frames_of = 0;
  gst_structure_get_uint64(message, "frame", &frame);
  gst_structure_get_uint64(message, "frames", &frames_of);
  if (!event) return;
  std::lock_guard guard(mutex);
  if (std::string(event) == "enter")
    filler = Run{frame, 0, tier ? tier : ""};
  else if (filler) {
    filler->frames = frames_of;
    fillers.push_back(*std::exchange(filler, std::nullopt));
  }
}

VirtualChannel::VirtualChannel(const std::string& properties) : heard_(std::make_unique<Heard>()) {
  // Its class registers the meta that names a clip's shot.
  gst_object_unref(gst_object_ref_sink(gst_element_factory_make("aishotsrc", nullptr)));
  const std::string line =
      "appsrc name=in caps=text/uri-list format=time block=true max-buffers=1000 "
      "! clipplayout name=air video-caps=video/x-raw,format=I420,width=" +
      std::to_string(kWidth) + ",height=" + std::to_string(kHeight) +
      ",framerate=" + std::to_string(kFps) +
      "/1 audio-caps=audio/x-raw,format=S16LE,rate=" + std::to_string(kRate) + ",channels=1 " +
      properties +
      " air.video ! appsink name=pictures sync=false max-buffers=100"
      " air.audio ! appsink name=sound sync=false max-buffers=100";
  GError* error = nullptr;
  pipeline_ = gst_parse_launch(line.c_str(), &error);
  if (error) {
    const std::string what = error->message;
    g_clear_error(&error);
    throw std::runtime_error(what);
  }
  source_ = gst_bin_get_by_name(GST_BIN(pipeline_), "in");
  air_ = gst_bin_get_by_name(GST_BIN(pipeline_), "air");
  clock_ = GST_TEST_CLOCK(gst_test_clock_new());
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_), GST_CLOCK(clock_));
  gst_element_set_start_time(pipeline_, 0);

  const auto connect = [this](const char* name, auto take) {
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = take;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, heard_.get(), nullptr);
    gst_object_unref(sink);
  };
  connect("pictures", [](GstAppSink* sink, gpointer heard) {
    g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
    if (sample) static_cast<Heard*>(heard)->take_frame(sample);
    return GST_FLOW_OK;
  });
  connect("sound", [](GstAppSink* sink, gpointer heard) {
    g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
    if (sample) static_cast<Heard*>(heard)->take_block(sample);
    return GST_FLOW_OK;
  });
  listen();
  gst_element_set_state(pipeline_, GST_STATE_PLAYING);
}

void VirtualChannel::listen() {
  GstBus* bus = gst_element_get_bus(pipeline_);
  gst_bus_set_sync_handler(
      bus,
      [](GstBus*, GstMessage* message, gpointer data) {
        auto* heard = static_cast<Heard*>(data);
        const GstStructure* structure = gst_message_get_structure(message);
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
          g_autoptr(GError) error = nullptr;
          gst_message_parse_error(message, &error, nullptr);
          std::lock_guard guard(heard->mutex);
          heard->fault(heard->faults.errors, error->message);
        } else if (structure && gst_structure_has_name(structure, "clipplayout/item")) {
          heard->take_item(structure);
        } else if (structure && gst_structure_has_name(structure, "clipplayout/filler")) {
          heard->take_filler(structure);
        }
        gst_message_unref(message);
        return GST_BUS_DROP;
      },
      heard_.get(), nullptr);
  gst_object_unref(bus);
  GstPad* pad = gst_element_get_static_pad(source_, "src");
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
        if (!gst_event_has_name(event, "aigc-demand")) return GST_PAD_PROBE_OK;
        auto* heard = static_cast<Heard*>(data);
        std::lock_guard guard(heard->mutex);
        gst_structure_get_double(gst_event_get_structure(event), "seconds", &heard->demand);
        return GST_PAD_PROBE_OK;
      },
      heard_.get(), nullptr);
  gst_object_unref(pad);
  const auto watch = [this](const char* name, std::uint64_t Heard::*counter) {
    GstPad* src = gst_element_get_static_pad(air_, name);
    struct Data {
      Heard* heard;
      std::uint64_t Heard::*counter;
    };
    gst_pad_add_probe(
        src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer raw) {
          auto* data = static_cast<Data*>(raw);
          const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
          std::lock_guard guard(data->heard->mutex);
          if ((type == GST_EVENT_CAPS || type == GST_EVENT_SEGMENT) &&
              ++(data->heard->*data->counter) > 2)
            data->heard->fault(data->heard->faults.caps_changes, "caps or segment sent again");
          return GST_PAD_PROBE_OK;
        },
        new Data{heard_.get(), counter}, [](gpointer raw) { delete static_cast<Data*>(raw); });
    gst_object_unref(src);
  };
  watch("video", &Heard::video_events);
  watch("audio", &Heard::audio_events);
}

VirtualChannel::~VirtualChannel() {
  stop();
  gst_object_unref(source_);
  gst_object_unref(air_);
  gst_object_unref(clock_);
  gst_object_unref(pipeline_);
}

void VirtualChannel::stop() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
}

void VirtualChannel::deliver(const Delivery& delivery) {
  {
    std::lock_guard guard(heard_->mutex);
    heard_->on_the_way[delivery.id] = delivery.stock;
  }
  ++delivered_;
  if (g_autofree gchar* path = g_filename_from_uri(delivery.stock->uri.c_str(), nullptr, nullptr))
    utime(path, nullptr); // each is a new clip, which the channel does not know yet
  GstBuffer* buffer = gst_buffer_new_memdup(delivery.stock->uri.data(), delivery.stock->uri.size());
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstAigcShotMeta");
  gst_structure_set(gst_custom_meta_get_structure(meta), "id", G_TYPE_STRING, delivery.id.c_str(),
                    nullptr);
  gst_app_src_push_buffer(GST_APP_SRC(source_), buffer);
  std::unique_lock lock(heard_->mutex);
  if (!heard_->changed.wait_for(lock, kPatience, [this] { return heard_->settled >= delivered_; }))
    throw std::runtime_error("nothing was said of " + delivery.id);
}

bool VirtualChannel::is_ready() const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    g_autoptr(GstStructure) stats = nullptr;
    g_object_get(air_, "stats", &stats, nullptr);
    guint items = 0, open = 0;
    gst_structure_get(stats, "items", G_TYPE_UINT, &items, "open", G_TYPE_UINT, &open, nullptr);
    if (open >= std::min(items, 2u)) return items > 0;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("an item that is ready does not open");
    g_usleep(200);
  }
}

bool VirtualChannel::is_at_its_usual() const {
  g_autoptr(GstStructure) stats = nullptr;
  g_object_get(air_, "stats", &stats, nullptr);
  guint open = 0, standby = 0;
  gst_structure_get(stats, "open", G_TYPE_UINT, &open, "standby", G_TYPE_UINT, &standby, nullptr);
  return open == 2 && standby == 1 &&
         g_strcmp0(gst_structure_get_string(stats, "tier"), "item") == 0;
}

bool VirtualChannel::play_slot() {
  GList* pending = nullptr;
  if (!gst_test_clock_timed_wait_for_multiple_pending_ids(
          clock_, 2, std::chrono::milliseconds(kPatience).count(), &pending))
    return false;
  gst_test_clock_set_time(clock_, std::max(now(), gst_clock_get_time(GST_CLOCK(clock_))));
  gst_test_clock_process_id_list(clock_, pending);
  g_list_free_full(pending, gst_clock_id_unref);
  const std::uint64_t frames = ++slot_;
  const std::uint64_t samples = gst_util_uint64_scale_round(frames, kRate, kFps);
  std::unique_lock lock(heard_->mutex);
  return heard_->changed.wait_for(
      lock, kPatience, [&] { return heard_->frames >= frames && heard_->samples >= samples; });
}

double VirtualChannel::demand() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->demand;
}

Faults VirtualChannel::faults() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->faults;
}

std::uint64_t VirtualChannel::started() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->started;
}

std::uint64_t VirtualChannel::refused() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->refused;
}

std::map<std::string, Fate> VirtualChannel::fates() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->fates;
}

guint64 VirtualChannel::counted(const char* name) const {
  g_autoptr(GstStructure) stats = nullptr;
  g_object_get(air_, "stats", &stats, nullptr);
  guint64 count = 0;
  gst_structure_get_uint64(stats, name, &count);
  return count;
}

void VirtualChannel::settle() const {
  std::unique_lock lock(heard_->mutex);
  heard_->changed.wait_for(lock, kPatience, [this] { return heard_->not_ended.size() <= 1; });
  lock.unlock();
  g_usleep(200'000); // clips that were played are closed
}

std::vector<Run> VirtualChannel::take_filler() {
  std::lock_guard guard(heard_->mutex);
  return std::exchange(heard_->fillers, {});
}

std::map<std::string, VirtualChannel::Drift> VirtualChannel::drifts() const {
  std::lock_guard guard(heard_->mutex);
  return heard_->drifts;
}

} // namespace soak
