// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel.h.
#include "channel.h"

#include "base/error.h"
#include "channel_display.h"
#include "channel_events.h"
#include "channel_folder.h"
#include "channel_outputs.h"
#include "channel_pipeline.h"
#include "interrupt.h"
#include "launcher.h"
#include "preview_gate.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

namespace aigc::runner {
namespace {

using Clock = std::chrono::steady_clock;

/// The pause before what broke is built anew; twice as long each time.
constexpr unsigned kFirstPause = 1, kLongestPause = 60; ///< seconds

/// Who was on air for so long has recovered.
constexpr std::chrono::seconds kRecovered{60};

/// What was given, with what follows from it.
Values completed(const JobFile& job, const CommandLine& line) {
  Values values = job.complete(line.values);
  if (values.at("backend") != "auto" || !auto_is_preview()) return values;
  if (!line.allow_preview) refuse_preview("the channel");
  values["backend"] = "preview";
  return values;
}

void make_live_folder(const Values& values) {
  const auto folder = values.find("hls");
  if (folder == values.end()) return;
  if (g_mkdir_with_parents(folder->second.c_str(), 0755) != 0)
    throw Error(Fault::settings, "hls=" + folder->second + ": " + g_strerror(errno),
                "Give a folder that can be made and written.");
}

class Channel {
 public:
  Channel(std::string line, const Values& values, bool json)
      : line_(std::move(line)), monitor_(values.at("name")),
        display_(json ? channel_lines()
                      : channel_text(std::stoi(values.at("fps")),
                                     [this](const std::string& id) { return monitor_.title(id); })),
        commands_(monitor_, elements_, channel_outputs(values), [this] { ask_for_end(); }),
        loop_(g_main_loop_new(nullptr, FALSE)),
        server_(control_path(values.at("state")),
                [this](auto request) { return commands_.answer(request); }) {}
  ~Channel() { g_main_loop_unref(loop_); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void tell(const Ref<JsonObject>& event) {
    const std::string line =
        event_line(event, std::chrono::duration<double>(Clock::now() - begun_).count());
    display_->show(event, line);
    server_.tell(line);
  }

  /// Whether the programme was ended.
  bool run() {
    signals_.emplace(interrupt_);
    const Cancel::Hook stop(interrupt_.finish, [this] { g_main_loop_quit(loop_); });
    for (unsigned pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
      const auto begun = Clock::now();
      const auto breakdown = run_pipeline();
      if (is_interrupted() || !breakdown) break;
      monitor_.broke(breakdown->problem);
      tell(problem_event("error", breakdown->problem));
      if (Clock::now() - begun > kRecovered) pause = kFirstPause;
      wait(pause);
      if (is_interrupted() || is_over_) break;
    }
    return !is_interrupted();
  }

 private:
  bool is_interrupted() const { return interrupt_.finish.cancelled(); }

  /// None when it has ended as it was told. Throws Error for what would break again.
  std::optional<Breakdown> run_pipeline() {
    const bool is_first = !std::exchange(was_built_, true);
    std::optional<Breakdown> breakdown;
    try {
      pipeline_.emplace(
          line_, monitor_, [this](const auto& event) { tell(event); }, loop_);
      *elements_.lock() = pipeline_->elements();
      pipeline_->start();
      g_main_loop_run(loop_);
      breakdown = pipeline_->breakdown();
    } catch (const Error& error) {
      breakdown = Breakdown{.problem = {.message = error.what(), .remedy = error.remedy},
                            .by_settings = true};
    }
    // From here on a signal ends the program, even if the elements take their time to stop.
    if (is_interrupted()) signals_.reset();
    if (is_interrupted() && pipeline_) pipeline_->leave();
    *elements_.lock() = {};
    pipeline_.reset();
    // It holds the journal and may buy on: only the end of the process rids the channel of it.
    if (has_left_pipelines() && !is_interrupted())
      throw Error(Fault::read, "the channel ends, as its pipeline does not",
                  "Start it again: it goes on where it was.");
    if (!is_first || !breakdown || !breakdown->by_settings) return breakdown;
    const Problem& problem = breakdown->problem;
    const std::string who = problem.element.empty() ? "" : problem.element + ": ";
    throw Error(Fault::settings, who + problem.message, problem.remedy);
  }

  static gboolean on_waited(gpointer self) {
    g_main_loop_quit(static_cast<Channel*>(self)->loop_);
    return G_SOURCE_CONTINUE;
  }

  void wait(unsigned seconds) {
    const guint timer = g_timeout_add_seconds(seconds, on_waited, this);
    if (!is_over_) g_main_loop_run(loop_);
    g_source_remove(timer);
  }

  static gboolean on_end(gpointer self) {
    auto* channel = static_cast<Channel*>(self);
    if (channel->pipeline_)
      channel->pipeline_->end();
    else
      g_main_loop_quit(channel->loop_);
    return G_SOURCE_REMOVE;
  }

  /// On the thread of the control socket.
  void ask_for_end() {
    is_over_ = true;
    g_idle_add(on_end, this);
  }

  const Clock::time_point begun_ = Clock::now();
  const std::string line_;
  ChannelMonitor monitor_;
  Guarded<ChannelElements> elements_;
  const std::unique_ptr<ChannelDisplay> display_;
  const ChannelCommands commands_;
  GMainLoop* const loop_;
  Interrupt interrupt_;
  std::optional<SignalWatch> signals_;
  std::optional<ChannelPipeline> pipeline_;
  std::atomic<bool> is_over_ = false;
  bool was_built_ = false;
  ControlServer server_; // last: its thread uses all above
};

/// What somebody who has just started it wants to know.
Ref<JsonObject> start_event(const Values& values, const std::string& ask) {
  auto start = adopt(json_object_new());
  json_object_set_string_member(start.get(), "event", "start");
  json_object_set_string_member(start.get(), "channel", values.at("name").c_str());
  std::string out;
  for (const ChannelOutput& output : channel_outputs(values)) {
    out += (out.empty() ? "" : ", ") + output.to;
    if (output.name == "hls")
      json_object_set_string_member(start.get(), "playlist", output.to.c_str());
  }
  json_object_set_string_member(start.get(), "out", out.c_str());
  json_object_set_string_member(start.get(), "control", control_path(values.at("state")).c_str());
  json_object_set_string_member(start.get(), "ask", ask.c_str());
  return start;
}

/// The command that reaches it.
std::string ctl_of(const Values& values, bool has_state) {
  if (has_state) return "aigc ctl --socket " + control_path(values.at("state"));
  const std::string& name = values.at("name");
  return name == kDefaultChannel ? "aigc ctl" : "aigc ctl --channel " + name;
}

} // namespace

/// It is shown: an address that stands in a file stays there.
std::string channel_line(const JobFile& job, const CommandLine& line) {
  return job.render(completed(job, line));
}

bool run_channel(const JobFile& job, const CommandLine& line) {
  Values values = completed(job, line);
  const bool has_state = values.contains("state");
  if (!has_state) {
    CommandLine with_state = line;
    with_state.values["state"] = channel_folder(values.at("name"));
    values = completed(job, with_state);
  }
  read_addresses(values);
  const OnAirLock lock(values.at("state"));
  make_live_folder(values);
  Channel channel(job.render(values), values, line.json);
  channel.tell(start_event(values, ctl_of(values, has_state)));
  return channel.run();
}

} // namespace aigc::runner
