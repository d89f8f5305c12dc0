// SPDX-License-Identifier: LGPL-2.1-or-later
// The bus loop.
#include "launcher.h"

#include "base/error.h"
#include "base/guarded.h"
#include "base/ref.h"
#include "bus_messages.h"
#include "packages.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <thread>

namespace aigc::runner {
namespace {

/// How long a pipeline among others may take to stop, and the work of any to end after it.
constexpr std::chrono::seconds kTeardown{5};

/// A program that is to end waits no longer for frames that nobody will see.
constexpr std::chrono::milliseconds kEncoderTime{300};

std::atomic<bool> pipelines_left = false;

/// Notices whether a muxer gets anything at all. One that gets nothing still writes an empty shell
/// of a file, over which demuxers wait in vain.
class MuxerWatch {
 public:
  void attach(GstElement* pipeline) {
    const Own<GstIterator> elements(gst_bin_iterate_recurse(GST_BIN(pipeline)));
    const auto each = [](const GValue* item, gpointer self) {
      auto* element = GST_ELEMENT(g_value_get_object(item));
      const char* kind = gst_element_class_get_metadata(GST_ELEMENT_GET_CLASS(element),
                                                        GST_ELEMENT_METADATA_KLASS);
      if (kind && strstr(kind, "Muxer")) gst_element_foreach_sink_pad(element, add_probe, self);
    };
    while (gst_iterator_foreach(elements.get(), each, this) == GST_ITERATOR_RESYNC)
      gst_iterator_resync(elements.get());
  }
  bool starved() const { return watched_ && !fed_; }

 private:
  static gboolean add_probe(GstElement*, GstPad* pad, gpointer self) {
    static_cast<MuxerWatch*>(self)->watched_ = true;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, nullptr);
    return TRUE;
  }
  static GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo*, gpointer self) {
    static_cast<MuxerWatch*>(self)->fed_ = true;
    return GST_PAD_PROBE_REMOVE;
  }

  bool watched_ = false;
  std::atomic<bool> fed_ = false;
};

using Elements = std::vector<Ref<GstElement>>;

/// Knows when the elements of a pipeline are gone. Work that was cancelled holds the one it is for
/// until it ends, on a busy machine some time after the pipeline.
class ElementWatch {
 public:
  explicit ElementWatch(GstElement* pipeline, const Elements& but = {}) : but_(but) {
    add(pipeline);
    const Own<GstIterator> elements(gst_bin_iterate_recurse(GST_BIN(pipeline)));
    const auto each = [](const GValue* item, gpointer self) {
      static_cast<ElementWatch*>(self)->add(GST_ELEMENT(g_value_get_object(item)));
    };
    while (gst_iterator_foreach(elements.get(), each, this) == GST_ITERATOR_RESYNC)
      gst_iterator_resync(elements.get());
    but_.clear();
  }
  bool all_gone_within(std::chrono::seconds limit) const {
    return alive_->lock().wait_for(limit, [](int count) { return count == 0; });
  }

 private:
  using Alive = std::shared_ptr<Guarded<int>>;

  void add(GstElement* element) {
    const auto is_it = [&](const auto& other) { return other.get() == element; };
    if (std::any_of(but_.begin(), but_.end(), is_it)) return;
    ++*alive_->lock();
    g_object_weak_ref(G_OBJECT(element), on_gone, new Alive(alive_));
  }
  static void on_gone(gpointer data, GObject*) {
    const std::unique_ptr<Alive> alive(static_cast<Alive*>(data));
    --*(*alive)->lock();
    (*alive)->notify();
  }

  Elements but_; ///< while it is made
  const Alive alive_ = std::make_shared<Guarded<int>>();
};

/// Stops a pipeline on a thread of its own, which keeps what the pipeline needs. Returns whether it
/// stopped in time; else it is left to itself.
bool stop_in_time(Ref<GstElement> pipeline, std::shared_ptr<void> keep) {
  auto stopped = std::make_shared<std::promise<void>>();
  std::future<void> future = stopped->get_future();
  std::thread([pipeline = std::move(pipeline), keep = std::move(keep), stopped]() mutable {
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    // Whoever waits may be about to end the program, and shall find nothing alive.
    pipeline.reset();
    keep.reset();
    stopped->set_value();
  }).detach();
  if (future.wait_for(kTeardown) == std::future_status::ready) return true;
  pipelines_left = true;
  return false;
}

Elements video_encoders(GstElement* pipeline) {
  Elements found;
  const Own<GstIterator> elements(gst_bin_iterate_recurse(GST_BIN(pipeline)));
  const auto look = [](const GValue* item, gpointer found) {
    auto* element = GST_ELEMENT(g_value_get_object(item));
    GstElementFactory* factory = gst_element_get_factory(element);
    if (factory &&
        gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER))
      static_cast<Elements*>(found)->push_back(share(element));
  };
  while (gst_iterator_foreach(elements.get(), look, &found) == GST_ITERATOR_RESYNC) {
    found.clear();
    gst_iterator_resync(elements.get());
  }
  return found;
}

/// Takes an element out of its bin, which need not wait for it then.
void detach(GstElement* element) {
  if (const Ref<GstObject> bin = adopt(gst_object_get_parent(GST_OBJECT(element))))
    gst_bin_remove(GST_BIN(bin.get()), element);
}

class Run {
 public:
  Run(Ref<GstElement> pipeline, Report& report, const LaunchOptions& options)
      : pipeline_(std::move(pipeline)), report_(report), options_(options),
        context_(adopt(g_main_context_ref_thread_default())),
        loop_(g_main_loop_new(context_.get(), FALSE)) {
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline_.get()));
    gst_bus_add_watch(bus.get(), on_message, this);
    muxers_->attach(pipeline_.get());
    wake_ = g_source_new(&kWakeFunctions, sizeof(GSource));
    g_source_set_callback(wake_, on_wake, this, nullptr);
    g_source_attach(wake_, context_.get());
    Interrupt* interrupt = options.interrupt;
    if (!interrupt) {
      interrupt = &own_interrupt_;
      signals_.emplace(own_interrupt_);
    }
    at_once_ = &interrupt->at_once;
    for (Cancel* cancel : {&interrupt->finish, &interrupt->at_once})
      hooks_.emplace_back(
          std::make_unique<Cancel::Hook>(*cancel, [this] { g_source_set_ready_time(wake_, 0); }));
  }

  ~Run() {
    g_main_loop_unref(loop_);
    g_source_unref(wake_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Ending go() {
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      fail_to_start();
    else
      g_main_loop_run(loop_);
    stop();
    return ending_;
  }

 private:
  static gboolean on_message(GstBus*, GstMessage* message, gpointer self) {
    static_cast<Run*>(self)->handle(message);
    return G_SOURCE_CONTINUE;
  }

  /// A source that becomes ready when another thread says so.
  static inline GSourceFuncs kWakeFunctions = {
      .dispatch = [](GSource* source, GSourceFunc callback, gpointer self) {
        g_source_set_ready_time(source, -1);
        return callback(self);
      }};

  static gboolean on_wake(gpointer self) {
    static_cast<Run*>(self)->interrupt();
    return G_SOURCE_CONTINUE;
  }

  void end(Ending ending) {
    if (ending_ != Ending::failed) ending_ = ending;
    g_main_loop_quit(loop_);
  }

  void stop() {
    // From here on a signal ends the program, even if the elements take their time to stop.
    signals_.reset();
    hooks_.clear();
    g_source_destroy(wake_);
    gst_bus_remove_watch(adopt(gst_element_get_bus(pipeline_.get())).get());
    if (!options_.interrupt) {
      gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    } else if (!stop_in_time(pipeline_, muxers_)) {
      fail({.message = "the pipeline does not stop",
            .remedy = "Look at the line with --print, and run it with GST_DEBUG=3."});
    }
  }

  /// The reason is on the bus, unless the element has kept it to itself.
  void fail_to_start() {
    while (g_main_context_iteration(context_.get(), FALSE)) {
    }
    if (ending_ == Ending::finished)
      fail({.message = "the pipeline does not start, and no element says why",
            .remedy = "Look at the line with --print, and run it with GST_DEBUG=3."});
  }

  void interrupt() {
    if (!interrupted_) ask_for_end();
    if (!at_once_->cancelled()) return;
    if (options_.drop) options_.drop();
    end(Ending::stopped);
  }

  void ask_for_end() {
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
      if (!interrupted_) return end(Ending::finished);
      return end(muxers_->starved() ? Ending::stopped : Ending::interrupted);
    case GST_MESSAGE_ERROR:
      return fail(read_problem(message));
    case GST_MESSAGE_WARNING:
      return report_.warning(read_problem(message));
    case GST_MESSAGE_PROGRESS:
      if (const auto step = read_step(message)) report_.step(*step);
      return;
    case GST_MESSAGE_ELEMENT: {
      const GstStructure* structure = gst_message_get_structure(message);
      const bool is_sketch = gst_structure_has_name(structure, "aigc/shot-preview"); // no text
      if (is_sketch || !g_str_has_prefix(gst_structure_get_name(structure), "aigc/")) return;
      if (options_.hear) options_.hear(structure);
      return report_.element_message(speaker(GST_MESSAGE_SRC(message)), structure);
    }
    default:
      return;
    }
  }

  void fail(const Problem& problem) {
    if (ending_ == Ending::failed) return;
    // Interrupted before the first frame, a muxer may complain that it has nothing to finish.
    const bool expected = interrupted_ && muxers_->starved();
    ending_ = expected ? Ending::stopped : Ending::failed;
    if (!expected) report_.error(problem);
    g_main_loop_quit(loop_);
  }

  Ref<GstElement> pipeline_;
  Report& report_;
  const LaunchOptions& options_;
  const std::shared_ptr<MuxerWatch> muxers_ = std::make_shared<MuxerWatch>();
  const Ref<GMainContext> context_;
  GMainLoop* loop_;
  GSource* wake_;
  Interrupt own_interrupt_;
  const Cancel* at_once_;
  std::optional<SignalWatch> signals_;
  std::vector<std::unique_ptr<Cancel::Hook>> hooks_;
  Ending ending_ = Ending::finished;
  bool interrupted_ = false;
};

} // namespace

Ref<GstElement> build_pipeline(const std::string& line) {
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
  throw Error(Fault::negotiation, "the launch line cannot be built: " + error.message(),
              "Look at it with --print.");
}

Ending launch(const std::string& line, Report& report, const LaunchOptions& options) {
  Ref<GstElement> pipeline = build_pipeline(line);
  if (options.prepare) options.prepare(pipeline.get());
  const ElementWatch elements(pipeline.get());
  const Ending ending = Run(std::move(pipeline), report, options).go();
  if (!pipelines_left && !elements.all_gone_within(kTeardown)) pipelines_left = true;
  return ending;
}

bool end_pipeline(Ref<GstElement> pipeline) {
  const ElementWatch elements(pipeline.get());
  if (!stop_in_time(std::move(pipeline), {})) return false;
  if (!elements.all_gone_within(kTeardown)) pipelines_left = true;
  return true;
}

bool leave_pipeline(Ref<GstElement> pipeline) {
  auto encoders = video_encoders(pipeline.get());
  const ElementWatch others(pipeline.get(), encoders);
  auto rest = std::make_shared<std::promise<void>>(), all = std::make_shared<std::promise<void>>();
  std::future<void> rest_stopped = rest->get_future(), all_stopped = all->get_future();
  std::thread([pipeline = std::move(pipeline), encoders = std::move(encoders), rest,
               all]() mutable {
    for (const auto& encoder : encoders)
      gst_element_set_locked_state(encoder.get(), TRUE);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    for (const auto& encoder : encoders)
      detach(encoder.get());
    pipeline.reset();
    rest->set_value();
    for (const auto& encoder : encoders)
      gst_element_set_state(encoder.get(), GST_STATE_NULL);
    encoders.clear();
    all->set_value();
  }).detach();
  const bool is_stopped = rest_stopped.wait_for(kTeardown) == std::future_status::ready;
  const auto encoders_end = std::chrono::steady_clock::now() + kEncoderTime;
  if (!is_stopped || !others.all_gone_within(kTeardown) ||
      all_stopped.wait_until(encoders_end) != std::future_status::ready)
    pipelines_left = true;
  return is_stopped;
}

bool has_left_pipelines() {
  return pipelines_left;
}

} // namespace aigc::runner
