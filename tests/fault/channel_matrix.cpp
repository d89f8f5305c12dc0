// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_matrix.h.
#include "fault/channel_matrix.h"

#include "base/json.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace aigc;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr GstClockTime kSlot = GST_SECOND / LiveChannel::kFps;
constexpr guint64 kRate = 48000, kSamples = kRate / LiveChannel::kFps;
constexpr int kWidth = 160, kHeight = 90;
/// How far behind the clock a busy machine may be at the end.
constexpr gint64 kGrace = 2 * G_USEC_PER_SEC;

/// Shots of one second that all have words of their own, so that the store answers none of them.
std::string make_list(const LiveChannel::Setup& setup) {
  const std::string path = setup.folder + "/day.jsonl";
  std::ofstream list(path);
  for (int i = 1; i <= 2000; ++i)
    list << R"({"id":"shot-)" << i << R"(","script":"fox number )" << i << R"(","duration":)"
         << setup.seconds << setup.shot << "}" << '\n';
  return path;
}

std::string line_of(const LiveChannel::Setup& setup) {
  const std::string stage =
      " on-error=skip max-retries=1 poll-interval=50 timeout=8000 cache-dir=" + setup.folder + " " +
      setup.stages;
  const std::string clips = " backend=dashscope base-url=" + setup.clips_url + stage;
  return "aishotsrc name=list loop=-1 location=" + make_list(setup) + " " + setup.list +
         " ! aipromptenhance backend=deepseek base-url=" + setup.words_url + stage +
         " ! qwenimagesrc keyframe=auto" + clips + " ! wanxclipgen order=ready" + clips + " " +
         setup.camera +
         " ! clipplayout name=air low-water=1500000000 high-water=3000000000 video-caps=\""
         "video/x-raw,format=I420,width=160,height=90,framerate=10/1\" " +
         setup.air +
         " air.video ! appsink name=v sync=false emit-signals=true"
         " air.audio ! appsink name=a sync=false emit-signals=true";
}

std::string text_of(const GstStructure* said, const char* name) {
  const char* text = gst_structure_get_string(said, name);
  return text ? text : "";
}

Ref<GstSample> pull(GstElement* sink) {
  GstSample* sample = nullptr;
  g_signal_emit_by_name(sink, "pull-sample", &sample);
  return adopt(sample);
}

Ref<GstBus> bus_of(const Ref<GstElement>& pipeline) {
  return adopt(gst_element_get_bus(pipeline.get()));
}

/// Cancelled work may outlive its pipeline by a moment, and is no leak.
class NoWorkersAreLeft : public testing::Environment {
 public:
  void TearDown() override {
    for (int i = 0; i < 500 && has_workers(); ++i)
      g_usleep(10'000);
  }

 private:
  static bool has_workers() {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
      std::ifstream name(task.path() / "comm");
      std::string text;
      if (std::getline(name, text) && text == "aigc-worker") return true;
    }
    return false;
  }
};
const auto* const at_the_end = testing::AddGlobalTestEnvironment(new NoWorkersAreLeft);

/// Whether no pixel of an I420 picture is lit.
bool is_black(GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return false;
  const auto size = std::min<size_t>(map.size, size_t(kWidth) * kHeight);
  const bool lit = std::any_of(map.data, map.data + size, [](guint8 luma) { return luma > 40; });
  gst_buffer_unmap(buffer, &map);
  return !lit;
}

} // namespace

const char kSmallAndQuick[] = R"({"limits": "off", "poll_qps": 0,
  "image": {"width": 432, "height": 240}, "video": {"width": 160, "height": 90, "duration": 1.2, "fps": 10}})";

LiveChannel::LiveChannel(const Setup& setup) {
  ErrorSlot error;
  GstElement* made = gst_parse_launch(line_of(setup).c_str(), error.out());
  EXPECT_FALSE(error) << error.message();
  pipeline_ = adopt(GST_ELEMENT(gst_object_ref_sink(made)));
  air_ = element("air");
  const auto pictures = element("v"), sound = element("a");
  g_signal_connect(pictures.get(), "new-sample", G_CALLBACK(on_frame), this);
  g_signal_connect(sound.get(), "new-sample", G_CALLBACK(on_sound), this);
  gst_bus_set_sync_handler(bus_of(pipeline_).get(), on_message, this, nullptr);
}

LiveChannel::~LiveChannel() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  gst_bus_set_sync_handler(bus_of(pipeline_).get(), nullptr, nullptr, nullptr);
}

void LiveChannel::play() {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

// ------------------------------------------------------------------------------ what comes out

void LiveChannel::take_slot(LaneCheck& lane, GstBuffer* buffer, guint64 samples, bool is_black) {
  const gint64 now = g_get_monotonic_time();
  const GstClockTime due = lane.slots * kSlot;
  std::unique_lock lock(mutex_);
  const auto blame = [&](const std::string& what) {
    if (lane.first_fault.empty())
      lane.first_fault = "slot " + std::to_string(lane.slots) + " " + what;
  };
  if (GST_BUFFER_PTS(buffer) != due || GST_BUFFER_DURATION(buffer) != kSlot)
    blame("is at " + std::to_string(GST_BUFFER_PTS(buffer)));
  if (&lane == &audio_ && samples != kSamples) blame("has " + std::to_string(samples) + " samples");
  if (is_black) blame("is black");
  if (lane.slots == 0) lane.first = now;
  lane.longest_wait = std::max(lane.longest_wait, lane.slots ? now - lane.last : 0);
  lane.last = now;
  lane.samples += samples;
  ++lane.slots;
  changed_.notify_all();
}

GstFlowReturn LiveChannel::on_frame(GstElement* sink, gpointer data) {
  auto* self = static_cast<LiveChannel*>(data);
  const auto sample = pull(sink);
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  self->take_slot(self->video_, buffer, 0, is_black(buffer));
  return GST_FLOW_OK;
}

GstFlowReturn LiveChannel::on_sound(GstElement* sink, gpointer data) {
  auto* self = static_cast<LiveChannel*>(data);
  const auto sample = pull(sink);
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  self->take_slot(self->audio_, buffer, gst_buffer_get_size(buffer) / 4, false); // S16LE stereo
  return GST_FLOW_OK;
}

// ----------------------------------------------------------------------------- what is said

GstBusSyncReply LiveChannel::on_message(GstBus*, GstMessage* message, gpointer data) {
  static_cast<LiveChannel*>(data)->take(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void LiveChannel::take(GstMessage* message) {
  ErrorSlot error;
  std::unique_lock lock(mutex_);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, error.out(), nullptr);
    errors_.push_back(error.message());
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning(message, error.out(), nullptr);
    warnings_.push_back(error.message());
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT) {
    const GstStructure* fields = gst_message_get_structure(message);
    if (gst_structure_has_name(fields, "aigc/service")) states_.push_back(text_of(fields, "state"));
    const bool item = gst_structure_has_name(fields, "clipplayout/item");
    if (!item && !gst_structure_has_name(fields, "clipplayout/filler")) return;
    Said said{text_of(fields, "event"), text_of(fields, item ? "id" : "tier"),
              text_of(fields, "uri"), text_of(fields, "reason")};
    gst_structure_get_uint64(fields, "frame", &said.frame);
    gst_structure_get_uint64(fields, "frames", &said.frames);
    said_.push_back(std::move(said));
  }
  changed_.notify_all();
}

bool LiveChannel::until(const char* what, const std::function<bool()>& is_so, Seconds longest) {
  const auto end = Clock::now() + longest;
  while (!is_so()) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20ms);
    if (Clock::now() < end && errors_.empty()) continue;
    std::string heard;
    for (const Said& said : said_)
      heard += "\n  " + said.what + " " + said.id + " " + said.reason;
    for (const auto& warning : warnings_)
      heard += "\n  warning: " + warning;
    for (const auto& error : errors_)
      heard += "\n  ERROR: " + error;
    ADD_FAILURE() << what << " did not come within " << longest.count() << " s; heard:" << heard;
    return false;
  }
  return true;
}

bool LiveChannel::hear(const std::string& what, const std::string& id, Seconds longest) {
  return until((what + " " + id).c_str(),
               [&] { return id.empty() ? count(what) > 0 : !last(what, id).what.empty(); },
               longest);
}

bool LiveChannel::airs(size_t items, Seconds longest) {
  const size_t before = count("started");
  return until(
      "the next item on air", [&] { return count("started") >= before + items; }, longest);
}

bool LiveChannel::passes(guint64 more, Seconds longest) {
  const auto now = [this] { return std::min(slots("video"), slots("audio")); };
  const guint64 before = now();
  return until(
      "the next slot", [&] { return now() >= before + more; }, longest);
}

size_t LiveChannel::count(const std::string& what) const {
  std::unique_lock lock(mutex_);
  return static_cast<size_t>(std::count_if(said_.begin(), said_.end(),
                                           [&](const Said& said) { return said.what == what; }));
}

Said LiveChannel::last(const std::string& what, const std::string& id) const {
  std::unique_lock lock(mutex_);
  for (auto said = said_.rbegin(); said != said_.rend(); ++said)
    if (said->what == what && said->id == id) return *said;
  return {};
}

std::vector<std::string> LiveChannel::ids(const std::string& what) const {
  std::unique_lock lock(mutex_);
  std::vector<std::string> found;
  for (const Said& said : said_)
    if (said.what == what) found.push_back(said.id);
  return found;
}

guint64 LiveChannel::slots(const std::string& side) const {
  std::unique_lock lock(mutex_);
  return (side == "video" ? video_ : audio_).slots;
}

std::vector<std::string> LiveChannel::warnings() const {
  std::unique_lock lock(mutex_);
  return warnings_;
}

std::vector<std::string> LiveChannel::states() const {
  std::unique_lock lock(mutex_);
  return states_;
}

void LiveChannel::stop() {
  const gint64 end = g_get_monotonic_time();
  LaneCheck lanes[2];
  {
    std::unique_lock lock(mutex_);
    lanes[0] = video_, lanes[1] = audio_;
  }
  for (const LaneCheck& lane : lanes) {
    const char* name = &lane == lanes ? "video" : "audio";
    EXPECT_EQ(lane.first_fault, "") << name;
    const gint64 due = (end - lane.first - kGrace) * kFps / G_USEC_PER_SEC;
    EXPECT_GE(gint64(lane.slots), due) << name << " is behind its clock";
  }
  EXPECT_EQ(lanes[1].samples, lanes[1].slots * kSamples);
  const auto from = Clock::now();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  const auto took = Clock::now() - from;
  testing::Test::RecordProperty("to-null-ms", int(took / 1ms));
  EXPECT_LT(took, 1s) << "to NULL";
  std::unique_lock lock(mutex_);
  EXPECT_EQ(errors_, std::vector<std::string>());
}

// ------------------------------------------------------------------------------------ the rig

void put_keys() {
  for (const char* variable : {"DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY"})
    g_setenv(variable, "sk-standin", TRUE);
}

LiveChannel::Setup setup_for(const Standin& server, const std::string& folder) {
  LiveChannel::Setup setup;
  setup.words_url = server.address("deepseek");
  setup.clips_url = server.address("dashscope");
  setup.folder = folder;
  return setup;
}

ChannelMatrix::ChannelMatrix() {
  put_keys();
  server.configure(kSmallAndQuick);
}

LiveChannel::Setup ChannelMatrix::setup() const {
  return setup_for(server, folder.path());
}

size_t ChannelMatrix::spoiled() const {
  const auto log = server.calls();
  const JsonView calls = JsonView(log.get())["calls"];
  size_t count = 0;
  for (size_t i = 0; i < calls.size(); ++i)
    count += !calls.at(i)["fault"].text().empty();
  return count;
}
