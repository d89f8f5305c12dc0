// SPDX-License-Identifier: LGPL-2.1-or-later
// A fake stage between two pads and a bus of the test: what goes in, what comes out, what is said.
#pragma once

#include "shot/shot.h"
#include "stage_fake.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace aigc {

/// Something that left the stage.
struct Left {
  std::string what; ///< "buffer", or the event's name such as "caps", "gap", "eos"
  std::string text; ///< of a buffer; the caps; the name of a custom event's structure
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  bool discont = false;
  std::optional<Shot> shot;
  std::thread::id thread;
};

class Rig {
 public:
  enum class Role { source, filter };
  explicit Rig(Role role = Role::filter);
  ~Rig();
  Rig(const Rig&) = delete;

  GstElement* element() const { return element_.get(); }
  Script& script() { return *script_; }
  void set(const char* property, const char* value) {
    gst_util_set_object_arg(G_OBJECT(element()), property, value);
  }
  /// What the pad behind takes; default anything. Before start().
  void set_accepts(const char* caps) { accepts_ = caps; }
  /// The same while it runs.
  void change_accepts(const char* caps) { side_.lock()->accepts = caps; }
  void unlink_down();

  GstStateChangeReturn start();
  /// To NULL; returns the milliseconds it took.
  unsigned stop();

  // Upstream
  void open_time(const char* caps = "text/x-raw, format=(string)utf8");
  void open_bytes(const char* caps = nullptr);
  GstFlowReturn push(const std::string& bytes, GstClockTime pts = GST_CLOCK_TIME_NONE,
                     GstClockTime duration = GST_CLOCK_TIME_NONE);
  GstFlowReturn push_shot(const Shot& shot, const std::string& bytes = {});
  bool send(GstEvent* event) { return gst_pad_push_event(up_.get(), event); }
  void eos() { send(gst_event_new_eos()); }
  void flush() {
    send(gst_event_new_flush_start());
    send(gst_event_new_flush_stop(TRUE));
  }
  /// The upstream events that came out of the sink.
  std::vector<Ref<GstEvent>> heard() { return heard_.snapshot(); }
  GstPad* up() const { return up_.get(); }
  GstPad* down() const { return down_.get(); }

  // Downstream
  /// The pad behind keeps the next buffer in its chain function until release() or a flush.
  void hold();
  void release();
  bool wait_held();
  void answer(GstFlowReturn flow) { side_.lock()->answer = flow; }

  std::vector<Left> left() { return side_.lock()->left; }
  void forget_left() { side_.lock()->left.clear(); }
  /// Waits until `count` things of that kind have left.
  bool wait_left(const std::string& what, size_t count = 1);
  /// The kinds in order, such as "stream-start caps segment buffer eos".
  std::string sequence();
  std::vector<std::string> texts();

  // Bus: "error", "warning", "start CODE", "continue CODE", "complete CODE", "canceled CODE",
  // "failed CODE" of progress, and the names of element messages.
  std::vector<std::string> said() { return *said_.lock(); }
  size_t count_said(const std::string& what);
  bool wait_said(const std::string& what, size_t count = 1);
  /// The newest message of that kind; null when there is none.
  Ref<GstMessage> message(const std::string& what);
  Own<GstStructure> stats();
  guint64 stat(const char* name);
  /// Every START has exactly one end.
  bool progress_is_paired();

 private:
  struct Side {
    std::vector<Left> left;
    std::string accepts;
    GstFlowReturn answer = GST_FLOW_OK;
    bool holding = false, held = false, flushing = false;
  };
  static GstFlowReturn on_chain(GstPad*, GstObject*, GstBuffer* buffer);
  static gboolean on_event(GstPad*, GstObject*, GstEvent* event);
  static gboolean on_upstream_event(GstPad*, GstObject*, GstEvent* event);
  static gboolean on_query(GstPad*, GstObject*, GstQuery* query);
  static GstBusSyncReply on_message(GstBus*, GstMessage* message, gpointer rig);
  void add(Left item);
  void push_segment(GstFormat format, const char* caps);

  Ref<GstElement> element_;
  std::shared_ptr<Script> script_;
  Ref<GstPad> up_, down_, sink_;
  Ref<GstBus> bus_;
  std::string accepts_;
  Guarded<Side> side_;
  Guarded<std::vector<Ref<GstEvent>>> heard_;
  Guarded<std::vector<std::string>> said_;
  Guarded<std::vector<Ref<GstMessage>>> messages_;
};

/// The ERROR or WARNING's details.
std::string detail_of(GstMessage* message, const char* field);
/// Its domain and code.
bool is_error(GstMessage* message, GQuark domain, int code);
} // namespace aigc
