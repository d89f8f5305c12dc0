// SPDX-License-Identifier: LGPL-2.1-or-later
// See stage_rig.h.
#include "stage_rig.h"

#include "shot/shot_meta.h"

#include <map>

using namespace std::chrono_literals;

namespace aigc {

namespace {

constexpr auto kDeadline = 10s;

std::string describe(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
  case GST_MESSAGE_ERROR:
    return "error";
  case GST_MESSAGE_WARNING:
    return "warning";
  case GST_MESSAGE_ELEMENT:
    return gst_structure_get_name(gst_message_get_structure(message));
  case GST_MESSAGE_PROGRESS: {
    GstProgressType type;
    gchar* code = nullptr;
    gst_message_parse_progress(message, &type, &code, nullptr);
    static const std::map<GstProgressType, std::string> names = {
        {GST_PROGRESS_TYPE_START, "start "},
        {GST_PROGRESS_TYPE_CONTINUE, "continue "},
        {GST_PROGRESS_TYPE_COMPLETE, "complete "},
        {GST_PROGRESS_TYPE_CANCELED, "canceled "},
        {GST_PROGRESS_TYPE_ERROR, "failed "}};
    return names.at(type) + take_string(code);
  }
  default:
    return "";
  }
}

} // namespace

Rig::Rig(Role role) {
  element_ = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
  script_ = script_of(element());
  bus_ = adopt(gst_bus_new());
  gst_bus_set_sync_handler(bus_.get(), on_message, this, nullptr);
  gst_element_set_bus(element(), bus_.get());
  down_ = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("down", GST_PAD_SINK))));
  gst_pad_set_element_private(down_.get(), this);
  gst_pad_set_chain_function(down_.get(), on_chain);
  gst_pad_set_event_function(down_.get(), on_event);
  gst_pad_set_query_function(down_.get(), on_query);
  auto src = adopt(gst_element_get_static_pad(element(), "src"));
  gst_pad_link(src.get(), down_.get());
  if (role == Role::source) return;
  up_ = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("up", GST_PAD_SRC))));
  gst_pad_set_element_private(up_.get(), this);
  gst_pad_set_event_function(up_.get(), on_upstream_event);
  sink_ = adopt(gst_element_request_pad_simple(element(), "sink"));
  gst_pad_link(up_.get(), sink_.get());
}

Rig::~Rig() {
  stop();
  gst_bus_set_flushing(bus_.get(), TRUE);
  gst_element_set_bus(element(), nullptr);
  auto src = adopt(gst_element_get_static_pad(element(), "src"));
  gst_pad_unlink(src.get(), down_.get());
  if (!up_) return;
  gst_pad_unlink(up_.get(), sink_.get());
  gst_element_release_request_pad(element(), sink_.get());
}

void Rig::unlink_down() {
  auto src = adopt(gst_element_get_static_pad(element(), "src"));
  gst_pad_unlink(src.get(), down_.get());
}

GstStateChangeReturn Rig::start() {
  *side_.lock() = Side{.accepts = accepts_};
  gst_pad_set_active(down_.get(), TRUE);
  const auto result = gst_element_set_state(element(), GST_STATE_PLAYING);
  if (up_) gst_pad_set_active(up_.get(), TRUE);
  return result;
}

unsigned Rig::stop() {
  const auto before = std::chrono::steady_clock::now();
  side_.lock()->flushing = true;
  side_.notify();
  gst_pad_set_active(down_.get(), FALSE);
  gst_element_set_state(element(), GST_STATE_NULL);
  const auto took = std::chrono::steady_clock::now() - before;
  if (up_) gst_pad_set_active(up_.get(), FALSE);
  return static_cast<unsigned>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

void Rig::push_segment(GstFormat format, const char* caps) {
  send(gst_event_new_stream_start("rig"));
  if (caps) {
    auto parsed = adopt(gst_caps_from_string(caps));
    send(gst_event_new_caps(parsed.get()));
  }
  GstSegment segment;
  gst_segment_init(&segment, format);
  send(gst_event_new_segment(&segment));
}

void Rig::open_time(const char* caps) {
  push_segment(GST_FORMAT_TIME, caps);
}

void Rig::open_bytes(const char* caps) {
  push_segment(GST_FORMAT_BYTES, caps);
}

GstFlowReturn Rig::push(const std::string& bytes, GstClockTime pts, GstClockTime duration) {
  GstBuffer* buffer = buffer_of(bytes).leak();
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return gst_pad_push(up_.get(), buffer);
}

GstFlowReturn Rig::push_shot(const Shot& shot, const std::string& bytes) {
  GstBuffer* buffer = buffer_of(bytes).leak();
  set_buffer_shot(buffer, shot);
  return gst_pad_push(up_.get(), buffer);
}

// --- downstream ----------------------------------------------------------------------------------

void Rig::hold() {
  auto side = side_.lock();
  side->holding = true;
  side->held = false;
}

void Rig::release() {
  side_.lock()->holding = false;
  side_.notify();
}

bool Rig::wait_held() {
  return side_.lock().wait_for(kDeadline, [](const Side& s) { return s.held; });
}

bool Rig::wait_left(const std::string& what, size_t count) {
  return side_.lock().wait_for(kDeadline, [&](const Side& s) {
    return static_cast<size_t>(std::count_if(s.left.begin(), s.left.end(), [&](const Left& l) {
             return l.what == what;
           })) >= count;
  });
}

std::string Rig::sequence() {
  std::string all;
  for (const auto& item : left())
    all += (all.empty() ? "" : " ") + item.what;
  return all;
}

std::vector<std::string> Rig::texts() {
  std::vector<std::string> all;
  for (const auto& item : left())
    if (item.what == "buffer") all.push_back(item.text);
  return all;
}

void Rig::add(Left item) {
  item.thread = std::this_thread::get_id();
  side_.lock()->left.push_back(std::move(item));
  side_.notify();
}

GstFlowReturn Rig::on_chain(GstPad* pad, GstObject*, GstBuffer* raw) {
  auto& rig = *static_cast<Rig*>(gst_pad_get_element_private(pad));
  auto buffer = adopt(raw);
  Left item{"buffer", {}, GST_BUFFER_PTS(raw), GST_BUFFER_DURATION(raw)};
  item.discont = GST_BUFFER_FLAG_IS_SET(raw, GST_BUFFER_FLAG_DISCONT);
  item.shot = buffer_shot(raw);
  {
    BufferMap map(raw, GST_MAP_READ);
    item.text.assign(reinterpret_cast<const char*>(map.data()), map.size());
  }
  {
    auto side = rig.side_.lock();
    if (side->holding) {
      side->held = true;
      rig.side_.notify();
      side.wait([](const Side& s) { return s.flushing || !s.holding; });
    }
    if (side->flushing) return GST_FLOW_FLUSHING;
    if (side->answer != GST_FLOW_OK) return side->answer;
  }
  rig.add(std::move(item));
  return GST_FLOW_OK;
}

gboolean Rig::on_event(GstPad* pad, GstObject*, GstEvent* raw) {
  auto& rig = *static_cast<Rig*>(gst_pad_get_element_private(pad));
  auto event = adopt(raw);
  Left item{GST_EVENT_TYPE_NAME(raw), {}};
  if (GST_EVENT_TYPE(raw) == GST_EVENT_FLUSH_START || GST_EVENT_TYPE(raw) == GST_EVENT_FLUSH_STOP) {
    {
      auto side = rig.side_.lock();
      side->flushing = GST_EVENT_TYPE(raw) == GST_EVENT_FLUSH_START;
      side->holding = side->holding && !side->flushing;
    }
    rig.side_.notify();
  }
  if (GST_EVENT_TYPE(raw) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(raw, &caps);
    item.text = take_string(gst_caps_to_string(caps));
  }
  if (GST_EVENT_TYPE(raw) == GST_EVENT_GAP) gst_event_parse_gap(raw, &item.pts, &item.duration);
  if (GST_EVENT_TYPE(raw) >= GST_EVENT_CUSTOM_UPSTREAM)
    item.text = gst_structure_get_name(gst_event_get_structure(raw));
  rig.add(std::move(item));
  return TRUE;
}

gboolean Rig::on_upstream_event(GstPad* pad, GstObject*, GstEvent* event) {
  auto& rig = *static_cast<Rig*>(gst_pad_get_element_private(pad));
  rig.heard_.lock()->push_back(adopt(event));
  return TRUE;
}

gboolean Rig::on_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  auto& rig = *static_cast<Rig*>(gst_pad_get_element_private(pad));
  const std::string accepts = rig.side_.lock()->accepts;
  if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS || accepts.empty())
    return gst_pad_query_default(pad, parent, query);
  auto caps = adopt(gst_caps_from_string(accepts.c_str()));
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  if (filter) caps = adopt(gst_caps_intersect(filter, caps.get()));
  gst_query_set_caps_result(query, caps.get());
  return TRUE;
}

// --- bus -----------------------------------------------------------------------------------------

GstBusSyncReply Rig::on_message(GstBus*, GstMessage* message, gpointer self) {
  auto& rig = *static_cast<Rig*>(self);
  const std::string what = describe(message);
  if (!what.empty()) {
    rig.messages_.lock()->push_back(share(message));
    rig.said_.lock()->push_back(what);
    rig.said_.notify();
  }
  return GST_BUS_PASS;
}

size_t Rig::count_said(const std::string& what) {
  const auto all = said();
  return static_cast<size_t>(std::count(all.begin(), all.end(), what));
}

bool Rig::wait_said(const std::string& what, size_t count) {
  return said_.lock().wait_for(kDeadline, [&](const std::vector<std::string>& all) {
    return static_cast<size_t>(std::count(all.begin(), all.end(), what)) >= count;
  });
}

Ref<GstMessage> Rig::message(const std::string& what) {
  auto all = messages_.snapshot();
  for (auto it = all.rbegin(); it != all.rend(); ++it)
    if (describe(it->get()) == what) return *it;
  return nullptr;
}

Own<GstStructure> Rig::stats() {
  GstStructure* stats = nullptr;
  g_object_get(element(), "stats", &stats, nullptr);
  return Own<GstStructure>(stats);
}

guint64 Rig::stat(const char* name) {
  guint64 value = G_MAXUINT64;
  gst_structure_get_uint64(stats().get(), name, &value);
  return value;
}

bool Rig::progress_is_paired() {
  std::map<std::string, int> open;
  for (const auto& what : said()) {
    const auto space = what.find(' ');
    if (space == std::string::npos) continue;
    const auto verb = what.substr(0, space);
    if (verb != "continue") open[what.substr(space)] += verb == "start" ? 1 : -1;
  }
  return std::all_of(open.begin(), open.end(), [](const auto& pair) { return pair.second == 0; });
}

// --- helpers -------------------------------------------------------------------------------------

namespace {
struct Parsed {
  explicit Parsed(GstMessage* message) {
    const GstStructure* view = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
      gst_message_parse_error_details(message, &view);
    } else {
      gst_message_parse_warning(message, &error, nullptr);
      gst_message_parse_warning_details(message, &view);
    }
    details = view;
  }
  ~Parsed() { g_clear_error(&error); }
  GError* error = nullptr;
  const GstStructure* details = nullptr;
};
} // namespace

std::string detail_of(GstMessage* message, const char* field) {
  Parsed parsed(message);
  const char* text = gst_structure_get_string(parsed.details, field);
  return text ? text : "";
}

bool is_error(GstMessage* message, GQuark domain, int code) {
  Parsed parsed(message);
  return g_error_matches(parsed.error, domain, code);
}

} // namespace aigc
