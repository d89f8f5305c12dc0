// SPDX-License-Identifier: LGPL-2.1-or-later
// ComfyUI's queue: one prompt after the other, told about over WebSockets, kept as history.
#pragma once

#include "comfyui_socket.h"
#include "faults.h"
#include "json.h"
#include "media.h"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace standin {

class Config;

// One file that an output node makes; pictures of a batch may be the same one.
struct ComfyResult {
  std::string node;
  MediaKey key;
  std::string made; // its name in the media
  std::string filename, subfolder, type;
  bool animated = false;
};

// What happens in a run, and when: at that share of its time.
struct ComfyEvent {
  enum class Kind { Text, Preview, Output, Drop, Forget, Error, Interrupt };
  Kind kind;
  double share;
  std::string node; // the one at work
  std::string type; // of a text
  Json data;
};

struct ComfyPrompt {
  std::string id, client;
  int number = 0;
  Json graph, extra;
  std::vector<std::string> outputs; // nodes to execute
  std::optional<Fault> fault;
  std::string text; // what it asks for, in the user's words
  double seconds = 0;

  std::vector<ComfyResult> results;
  size_t unmade = 0;
  std::vector<ComfyEvent> events;
  size_t next = 0;
  double started = 0;
  bool waiting = false; // for a timer
  std::string node;     // executing now
  Json messages;        // of the history's status
  Json done;            // outputs by node
};

using ComfyPromptPtr = std::shared_ptr<ComfyPrompt>;

class Comfy {
 public:
  Comfy(Media& media, Config& config) : media_(media), config_(config) {}

  bool knows(const std::string& id) const;
  int next_number() { return ++number_; }
  void add(const ComfyPromptPtr& prompt, bool front);
  void remove(const std::string& id);
  void remove_all();
  // The running one; only if it has that id, when one is given.
  void interrupt(const std::string& id);

  int remaining() const { return static_cast<int>(pending_.size()) + (running_ ? 1 : 0); }
  Json queue() const;
  Json history(const std::string& id) const; // all of it for ""

  void connect(const std::string& sid, const WebSocketPtr& socket);
  // As after a restart of the server: queue, history and sockets are gone, files are not.
  void forget();
  void reset();

  struct File {
    Bytes bytes;      // of an upload
    std::string made; // or a name in the media
  };
  using Files = std::map<std::string, File>; // by type/subfolder/name
  Files files;

 private:
  Media& media_;
  Config& config_;
  int number_ = 0;
  std::deque<ComfyPromptPtr> pending_;
  ComfyPromptPtr running_;
  std::vector<std::pair<std::string, Json>> history_;
  std::vector<std::pair<std::string, WebSocketPtr>> sockets_;

  void start_next();
  void play();
  // Whether the run goes on.
  bool act(const ComfyEvent& event);
  void output(const std::string& node);
  void succeed();
  void stop(const std::string& type, Json data);
  void finish(const char* status);
  void preview(const ComfyPrompt& prompt);
  void announce_queue();
  WebSocketPtr socket_of(const std::string& client);
  void drop_sockets(const std::string& client);
  void tell(const std::string& client, const std::string& type, const Json& data);
};

std::string comfy_path(const std::string& type, const std::string& subfolder,
                       const std::string& name);

// What the graph says about an output node, or about any node of it.
class ComfyGraph {
 public:
  explicit ComfyGraph(const Json& graph) : graph_(graph) {}
  const Json& node(const std::string& id) const { return graph_[id]; }
  std::string class_of(const std::string& id) const { return graph_[id]["class_type"].text(); }
  // All it depends on, itself first, the nearest first.
  std::vector<std::string> upstream(const std::string& id) const;
  // In an order in which they can be executed.
  std::vector<std::string> order(const std::vector<std::string>& outputs) const;
  // The input's value, also when it comes from a primitive node; null when it has none.
  const Json& value(const std::string& id, std::string_view input) const;
  // The first that is there, of the nodes upstream.
  const Json& nearest(const std::string& id, std::string_view input) const;
  // The text that a sampler's or a video node's positive conditioning is made of.
  std::string prompt_of(const std::string& output) const;

 private:
  const Json& graph_;
  void visit(const std::string& id, std::vector<std::string>& out) const;
};

struct ComfyCheck {
  Json error; // null when at least one output can be executed
  Json node_errors{Json::Object{}};
  std::vector<std::string> outputs;
};
ComfyCheck check_graph(const Json& graph, const Comfy::Files& files, const Json& more_models);

// What the prompt's outputs will be, before anything runs.
std::vector<ComfyResult> plan_results(const ComfyPrompt& prompt, const Comfy::Files& files,
                                      const Config& config);
std::vector<ComfyEvent> plan_events(const ComfyPrompt& prompt, const Config& config);

} // namespace standin
