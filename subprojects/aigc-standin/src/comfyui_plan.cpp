// SPDX-License-Identifier: LGPL-2.1-or-later
// What a prompt will make, and what will be told about it when.
#include "comfyui.h"
#include "orders.h"
#include "util.h"

#include <algorithm>
#include <cmath>

namespace standin {
namespace {

// How an output node saves.
struct Saver {
  const char* format; // also the extension
  const char* rate;   // the input with the frame rate; null for pictures
};

Saver saver_of(const ComfyGraph& graph, const std::string& node) {
  const std::string name = graph.class_of(node);
  if (name == "VHS_VideoCombine") return {"mp4", "frame_rate"};
  if (name == "SaveVideo") return {"mp4", "fps"};
  if (name == "SaveWEBM") return {"webm", "fps"};
  if (name == "SaveAnimatedWEBP") return {"webp", "fps"};
  return {"png", nullptr};
}

// An animated WebP is only its first picture.
MediaKey key_of(const ComfyGraph& graph, const std::string& node, const Saver& saver,
                const std::optional<Fault>& fault, const Config& config) {
  MediaKey key;
  key.clip = saver.rate && saver.format != std::string_view("webp");
  key.format = saver.format;
  const Json& wanted = config[saver.rate ? "video" : "image"];
  key.width = or_override(wanted["width"], graph.nearest(node, "width").number(1024));
  key.height = or_override(wanted["height"], graph.nearest(node, "height").number(1024));
  if (fault && fault->kind == "other-type" && !saver.rate) key.format = "jpeg";
  other_size(fault, key);
  if (!saver.rate) return key;
  key.fps = std::max(1, static_cast<int>(std::lround(graph.nearest(node, saver.rate).number(16))));
  const double asked = wanted["duration"].number();
  key.seconds = asked > 0 ? asked : graph.nearest(node, "length").number(1) / key.fps;
  return key;
}

// "video/take" is the folder video and files take_00001_.mp4.
void set_name(const Json& prefix, const std::string& extension, int counter, ComfyResult& result) {
  std::string text = prefix.is_string() ? prefix.text() : "ComfyUI";
  if (const auto slash = text.rfind('/'); slash != text.npos) {
    result.subfolder = text.substr(0, slash);
    text.erase(0, slash + 1);
  }
  char number[16];
  g_snprintf(number, sizeof number, "_%05d_", counter);
  result.filename = text + number + "." + extension;
}

void add_results(const ComfyPrompt& prompt, const std::string& node, const Config& config,
                 int& counter, std::vector<ComfyResult>& out) {
  const ComfyGraph graph(prompt.graph);
  const Saver saver = saver_of(graph, node);
  const MediaKey key = key_of(graph, node, saver, prompt.fault, config);
  int count = static_cast<int>(graph.nearest(node, "batch_size").number(1));
  // Frames that are saved as pictures are as many pictures.
  if (!saver.rate)
    count *= static_cast<int>(graph.nearest(node, "length").number(1));
  else
    count = 1;
  if (prompt.fault && prompt.fault->kind == "two-outputs") count *= 2;
  for (int i = 0; i < count; ++i) {
    ComfyResult result;
    result.node = node;
    result.key = key;
    result.key.variant = variant(prompt.text, static_cast<size_t>(i));
    const bool there = !prompt.fault || prompt.fault->kind != "view-404";
    result.made = there ? file_or_fault(prompt.fault, result.key.name()) : "missing";
    const bool kept =
        graph.class_of(node) != "PreviewImage" && graph.value(node, "save_output").boolean(true);
    result.type = kept ? "output" : "temp";
    result.animated = saver.rate;
    set_name(graph.value(node, "filename_prefix"), saver.format, counter++, result);
    out.push_back(std::move(result));
  }
}

class Planner {
 public:
  Planner(const ComfyPrompt& prompt, const Config& config)
      : prompt_(prompt), graph_(prompt.graph), order_(graph_.order(prompt.outputs)),
        previews_(config["profiles"]["comfyui"]["previews"].integer() > 0) {
    for (const std::string& node : order_)
      total_ += steps_of(node);
  }

  std::vector<ComfyEvent> plan() {
    const bool cached = kind() == "fully-cached";
    Json nodes{Json::Array{}};
    if (cached)
      for (const std::string& node : order_)
        nodes.push(node);
    text("execution_start", "", stamped());
    Json data = stamped();
    data.set("nodes", std::move(nodes));
    text("execution_cached", "", std::move(data));
    for (const std::string& node : order_)
      cached ? output(node) : execute(node);
    add_fault();
    return std::move(events_);
  }

 private:
  using Kind = ComfyEvent::Kind;
  const ComfyPrompt& prompt_;
  ComfyGraph graph_;
  std::vector<std::string> order_;
  bool previews_;
  double done_ = 0, total_ = 0;
  std::vector<ComfyEvent> events_;

  std::string kind() const { return prompt_.fault ? prompt_.fault->kind : ""; }

  int steps_of(const std::string& node) const {
    const std::string name = graph_.class_of(node);
    if (name != "KSampler" && name != "KSamplerAdvanced" && name != "SamplerCustomAdvanced")
      return 0;
    const int steps = static_cast<int>(graph_.nearest(node, "steps").number(1));
    const int first = static_cast<int>(graph_.value(node, "start_at_step").number(0));
    const int last = static_cast<int>(graph_.value(node, "end_at_step").number(steps));
    return std::max(1, std::min(last, steps) - first);
  }

  Json stamped() const {
    return Json::object({{"prompt_id", prompt_.id}, {"timestamp", now_ms()}});
  }

  void add(Kind kind, const std::string& node, const std::string& type = "", Json data = {}) {
    const double share = total_ > 0 ? done_ / total_ : 1;
    events_.push_back({kind, share, node, type, std::move(data)});
  }
  void text(const char* type, const std::string& node, Json data) {
    add(Kind::Text, node, type, std::move(data));
  }

  void execute(const std::string& node) {
    text("executing", node,
         Json::object({{"node", node}, {"display_node", node}, {"prompt_id", prompt_.id}}));
    const int steps = steps_of(node);
    for (int i = 1; i <= steps; ++i) {
      ++done_;
      if (previews_) add(Kind::Preview, node);
      progress(node, i, steps);
    }
    output(node);
  }

  void progress(const std::string& node, int value, int most) {
    Json state = Json::object({{"value", value},
                               {"max", most},
                               {"state", value < most ? "running" : "finished"},
                               {"node_id", node},
                               {"prompt_id", prompt_.id}});
    text("progress_state", node,
         Json::object(
             {{"prompt_id", prompt_.id}, {"nodes", Json::object({{node, std::move(state)}})}}));
    text(
        "progress", node,
        Json::object({{"value", value}, {"max", most}, {"prompt_id", prompt_.id}, {"node", node}}));
  }

  void output(const std::string& node) {
    if (std::find(prompt_.outputs.begin(), prompt_.outputs.end(), node) == prompt_.outputs.end())
      return;
    done_ = total_;
    add(Kind::Output, node);
  }

  // The place of the fault: where its node begins, or in the middle.
  size_t fault_place() const {
    const std::string& wanted = prompt_.fault->spec["node"].text();
    for (size_t i = 0; i < events_.size(); ++i)
      if (!wanted.empty() && events_[i].type == "executing" &&
          (events_[i].node == wanted || graph_.class_of(events_[i].node) == wanted))
        return i;
    return events_.size() / 2;
  }

  void add_fault() {
    const std::string name = kind();
    const bool error = name == "execution-error", interrupt = name == "interrupted";
    if (!error && !interrupt && name != "ws-drop" && name != "forget") return;
    const size_t place = fault_place();
    const ComfyEvent at = events_[place];
    const Kind kind = error              ? Kind::Error
                      : interrupt        ? Kind::Interrupt
                      : name == "forget" ? Kind::Forget
                                         : Kind::Drop;
    events_.insert(events_.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                   {kind, at.share, at.node, "", {}});
  }
};

} // namespace

std::vector<ComfyResult> plan_results(const ComfyPrompt& prompt, const Comfy::Files& files,
                                      const Config& config) {
  std::vector<ComfyResult> out;
  int counter = static_cast<int>(files.size()) + 1;
  for (const std::string& node : prompt.outputs)
    add_results(prompt, node, config, counter, out);
  return out;
}

std::vector<ComfyEvent> plan_events(const ComfyPrompt& prompt, const Config& config) {
  return Planner(prompt, config).plan();
}

} // namespace standin
