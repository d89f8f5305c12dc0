// SPDX-License-Identifier: LGPL-2.1-or-later
// The bus loop.
#include "launcher.h"

#include "base/error.h"
#include "base/ref.h"
#include "packages.h"

#include <csignal>
#include <unistd.h>

#include <glib-unix.h>

namespace aigc::runner {
namespace {

/// How long teardown may take once the user has asked twice.
constexpr unsigned kStopSeconds = 1;

std::string name_of(GstObject* object) {
  if (!object) return "";
  if (!GST_IS_ELEMENT(object)) return take_string(gst_object_get_name(object));
  GstElementFactory* factory = gst_element_get_factory(GST_ELEMENT(object));
  return factory ? GST_OBJECT_NAME(factory) : take_string(gst_object_get_name(object));
}

/// Stock elements say what happened in the debug text: "file(line): function (): path:\nreason".
std::string reason_in(const char* debug) {
  const std::string text = debug ? debug : "";
  const size_t line = text.find(":\n");
  return line == std::string::npos ? "" : text.substr(line + 2);
}

Problem read_problem(GstMessage* message) {
  ErrorSlot error;
  gchar* debug = nullptr;
  const GstStructure* details = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, error.out(), &debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, error.out(), &debug);
    gst_message_parse_warning_details(message, &details);
  }
  const std::string reason = reason_in(take_string(debug).c_str());
  Problem problem{.element = name_of(GST_MESSAGE_SRC(message)), .message = error.message()};
  const char* remedy = details ? gst_structure_get_string(details, "remedy") : nullptr;
  if (remedy)
    problem.remedy = remedy;
  else if (!reason.empty())
    problem.message += " (" + reason + ")";
  return problem;
}

Ref<GstElement> build(const std::string& line) {
  GstParseContext* context = gst_parse_context_new();
  ErrorSlot error;
  GstElement* built =
      gst_parse_launch_full(line.c_str(), context, GST_PARSE_FLAG_FATAL_ERRORS, error.out());
  const Own<gchar*> missing(gst_parse_context_get_missing_elements(context));
  gst_parse_context_free(context);
  if (built && !GST_IS_PIPELINE(built)) {
    GstElement* pipeline = gst_pipeline_new(nullptr);
    gst_bin_add(GST_BIN(pipeline), built);
    return adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  }
  if (built) return adopt(GST_ELEMENT(gst_object_ref_sink(built)));
  if (missing && missing.get()[0])
    throw Error(Fault::missing_plugin, std::string("there is no element ") + missing.get()[0],
                package_hint(missing.get()[0]));
  throw Error(Fault::settings, "the launch line cannot be built: " + error.message(),
              "Look at it with --print.");
}

class Run {
 public:
  Run(Ref<GstElement> pipeline, Report& report)
      : pipeline_(std::move(pipeline)), report_(report), loop_(g_main_loop_new(nullptr, FALSE)) {
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline_.get()));
    gst_bus_add_watch(bus.get(), on_message, this);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
      g_unix_signal_add(signal, on_signal, this);
  }

  ~Run() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    gst_bus_remove_watch(adopt(gst_element_get_bus(pipeline_.get())).get());
    g_main_loop_unref(loop_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Ending go() {
    // The error that goes with a failed change of state is on the bus.
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    g_main_loop_run(loop_);
    return ending_;
  }

 private:
  static gboolean on_message(GstBus*, GstMessage* message, gpointer self) {
    static_cast<Run*>(self)->handle(message);
    return G_SOURCE_CONTINUE;
  }

  static gboolean on_signal(gpointer self) {
    static_cast<Run*>(self)->interrupt();
    return G_SOURCE_CONTINUE;
  }

  void end(Ending ending) {
    if (ending_ != Ending::failed) ending_ = ending;
    g_main_loop_quit(loop_);
  }

  void interrupt() {
    if (interrupted_) {
      std::signal(SIGALRM, [](int) { _exit(130); });
      alarm(kStopSeconds);
      return end(Ending::stopped);
    }
    interrupted_ = true;
    report_.interrupt();
    // The thread that asks must not be the one that answers: an element may wait in its handler.
    gst_element_call_async(
        pipeline_.get(),
        [](GstElement* pipeline, gpointer) {
          gst_element_send_event(pipeline, gst_event_new_eos());
        },
        nullptr, nullptr);
  }

  void handle(GstMessage* message) {
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      return end(interrupted_ ? Ending::interrupted : Ending::finished);
    case GST_MESSAGE_ERROR:
      return fail(read_problem(message));
    case GST_MESSAGE_WARNING:
      return report_.warning(read_problem(message));
    case GST_MESSAGE_PROGRESS:
      return progress(message);
    case GST_MESSAGE_ELEMENT: {
      const GstStructure* structure = gst_message_get_structure(message);
      if (g_str_has_prefix(gst_structure_get_name(structure), "aigc/"))
        report_.element_message(name_of(GST_MESSAGE_SRC(message)), structure);
      return;
    }
    default:
      return;
    }
  }

  void fail(const Problem& problem) {
    if (ending_ == Ending::failed) return;
    ending_ = Ending::failed;
    // Cut off before the first frame, a muxer has nothing to finish; that is no news.
    if (interrupted_)
      ending_ = Ending::stopped;
    else
      report_.error(problem);
    g_main_loop_quit(loop_);
  }

  void progress(GstMessage* message) {
    Step step;
    gchar *code = nullptr, *text = nullptr;
    gst_message_parse_progress(message, &step.type, &code, &text);
    const std::string whole = take_string(code);
    step.text = take_string(text);
    const size_t colon = whole.find(':');
    if (colon == std::string::npos) return; // not one of ours
    step.stage = whole.substr(0, colon);
    step.id = whole.substr(colon + 1);
    gst_structure_get_int(gst_message_get_structure(message), "percent", &step.percent);
    report_.step(step);
  }

  Ref<GstElement> pipeline_;
  Report& report_;
  GMainLoop* loop_;
  Ending ending_ = Ending::finished;
  bool interrupted_ = false;
};

} // namespace

Ending launch(const std::string& line, Report& report) {
  return Run(build(line), report).go();
}

} // namespace aigc::runner
