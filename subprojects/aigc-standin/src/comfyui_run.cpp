// SPDX-License-Identifier: LGPL-2.1-or-later
// The queue at work: prompts run one after the other, and their clients hear of it.
#include "comfyui.h"
#include "config.h"
#include "util.h"

#include <algorithm>

namespace standin {
namespace {

// The history knows a prompt a moment after its success was told: clients must not count on it.
constexpr double history_seconds = 0.03;

Json with_id(const ComfyPrompt& prompt) {
  return Json::object({{"prompt_id", prompt.id}, {"timestamp", now_ms()}});
}

Json names(const std::vector<std::string>& list) {
  Json out{Json::Array{}};
  for (const std::string& name : list)
    out.push(name);
  return out;
}

Json entry(const ComfyPrompt& prompt) {
  return Json::array({prompt.number, prompt.id, prompt.graph, prompt.extra, names(prompt.outputs)});
}

Json file_json(const ComfyResult& result, bool by_vhs) {
  Json out = Json::object(
      {{"filename", result.filename}, {"subfolder", result.subfolder}, {"type", result.type}});
  if (by_vhs) {
    out.set("format", "video/h264-mp4");
    out.set("frame_rate", result.key.fps);
  }
  return out;
}

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
}

} // namespace

bool Comfy::knows(const std::string& id) const {
  auto is = [&](const ComfyPromptPtr& prompt) { return prompt && prompt->id == id; };
  return is(running_) || std::any_of(pending_.begin(), pending_.end(), is) ||
         std::any_of(history_.begin(), history_.end(),
                     [&](const auto& past) { return past.first == id; });
}

void Comfy::add(const ComfyPromptPtr& prompt, bool front) {
  prompt->results = plan_results(*prompt, files, config_);
  // The names are taken from now on, the files are there when they have been made.
  for (const ComfyResult& result : prompt->results)
    files[comfy_path(result.type, result.subfolder, result.filename)] = {};
  prompt->unmade = prompt->results.size();
  prompt->seconds = prompt->results.front().animated ? config_.next_video_seconds()
                                                     : config_.next_image_seconds();
  front ? pending_.push_front(prompt) : pending_.push_back(prompt);
  for (const ComfyResult& result : prompt->results)
    media_.get(result.key, [this, prompt](const Bytes&) {
      --prompt->unmade;
      if (prompt == running_ && prompt->unmade == 0) play();
    });
  announce_queue();
  // Never inside the request: its answer comes first.
  later([this] { start_next(); });
}

void Comfy::remove(const std::string& id) {
  std::erase_if(pending_, [&](const ComfyPromptPtr& prompt) { return prompt->id == id; });
  announce_queue();
}

void Comfy::remove_all() {
  pending_.clear();
  announce_queue();
}

void Comfy::interrupt(const std::string& id) {
  if (running_ && (id.empty() || running_->id == id)) stop("execution_interrupted", {});
}

Json Comfy::queue() const {
  Json running{Json::Array{}}, pending{Json::Array{}};
  if (running_) running.push(entry(*running_));
  for (const ComfyPromptPtr& prompt : pending_)
    pending.push(entry(*prompt));
  return Json::object(
      {{"queue_running", std::move(running)}, {"queue_pending", std::move(pending)}});
}

Json Comfy::history(const std::string& id) const {
  Json out{Json::Object{}};
  for (const auto& [name, past] : history_)
    if (id.empty() || name == id) out.set(name, past);
  return out;
}

void Comfy::start_next() {
  if (running_ || pending_.empty()) return;
  running_ = pending_.front();
  pending_.pop_front();
  running_->events = plan_events(*running_, config_);
  running_->started = now_seconds();
  if (running_->fault && running_->fault->kind == "fragmented-frames")
    if (const WebSocketPtr socket = socket_of(running_->client)) socket->fragmented = true;
  play();
}

void Comfy::play() {
  const ComfyPromptPtr prompt = running_;
  while (prompt == running_ && prompt->next < prompt->events.size()) {
    const ComfyEvent& event = prompt->events[prompt->next];
    const double wait = prompt->started + event.share * prompt->seconds - now_seconds();
    if (wait > 0.0005) {
      if (prompt->waiting) return;
      prompt->waiting = true;
      return after(wait, [this, prompt] {
        prompt->waiting = false;
        if (prompt == running_) play();
      });
    }
    if (event.kind == ComfyEvent::Kind::Output && prompt->unmade > 0) return; // play comes again
    ++prompt->next;
    if (!act(event)) return;
  }
  if (prompt == running_) succeed();
}

bool Comfy::act(const ComfyEvent& event) {
  ComfyPrompt& prompt = *running_;
  using enum ComfyEvent::Kind;
  switch (event.kind) {
  case Text:
    if (event.type == "executing") prompt.node = event.node;
    if (event.type.starts_with("execution_"))
      prompt.messages.push(Json::array({event.type, event.data}));
    tell(prompt.client, event.type, event.data);
    return true;
  case Preview:
    preview(prompt);
    return true;
  case Output:
    output(event.node);
    return true;
  case Drop:
    drop_sockets(prompt.client);
    return true;
  case Forget:
    forget();
    return false;
  case Interrupt:
    stop("execution_interrupted", {});
    return false;
  case Error:
    break;
  }
  const Json& message = prompt.fault->spec["message"];
  stop("execution_error",
       Json::object({{"exception_type", "torch.OutOfMemoryError"},
                     {"exception_message",
                      message.is_string() ? message : Json("the stand-in was told to fail")},
                     {"traceback", Json::array({"  File \"/standin/execution.py\", line 1\n"})},
                     {"current_inputs", Json(Json::Object{})},
                     {"current_outputs", Json(Json::Array{})}}));
  return false;
}

void Comfy::output(const std::string& node) {
  ComfyPrompt& prompt = *running_;
  if (prompt.fault && prompt.fault->kind == "missing-outputs") return;
  const std::string name = ComfyGraph(prompt.graph).class_of(node);
  const bool by_vhs = name == "VHS_VideoCombine";
  Json list{Json::Array{}};
  bool animated = false;
  for (const ComfyResult& result : prompt.results) {
    if (result.node != node) continue;
    files[comfy_path(result.type, result.subfolder, result.filename)].made = result.made;
    animated = result.animated;
    list.push(file_json(result, by_vhs));
  }
  Json out = Json::object({{by_vhs ? "gifs" : "images", std::move(list)}});
  if (animated && !by_vhs) out.set("animated", Json::array({true}));
  prompt.done.set(node, out);
  tell(prompt.client, "executed",
       Json::object({{"node", node},
                     {"display_node", node},
                     {"output", std::move(out)},
                     {"prompt_id", prompt.id}}));
}

void Comfy::succeed() {
  const ComfyPromptPtr prompt = running_;
  Json data = with_id(*prompt);
  prompt->messages.push(Json::array({"execution_success", data}));
  tell(prompt->client, "execution_success", data);
  after(history_seconds, [this, prompt] {
    if (prompt == running_) finish("success");
  });
}

void Comfy::stop(const std::string& type, Json data) {
  ComfyPrompt& prompt = *running_;
  Json whole = with_id(prompt);
  whole.set("node_id", prompt.node);
  whole.set("node_type", ComfyGraph(prompt.graph).class_of(prompt.node));
  whole.set("executed", Json(Json::Array{}));
  for (const auto& [name, value] : data.members())
    whole.set(name, value);
  prompt.messages.push(Json::array({type, whole}));
  tell(prompt.client, type, whole);
  finish("error");
}

void Comfy::finish(const char* status) {
  const ComfyPromptPtr prompt = std::move(running_);
  running_ = nullptr;
  const bool good = std::string_view(status) == "success";
  Json past =
      Json::object({{"prompt", entry(*prompt)},
                    {"outputs", prompt->done.is_object() ? prompt->done : Json(Json::Object{})},
                    {"status", Json::object({{"status_str", status},
                                             {"completed", good},
                                             {"messages", prompt->messages}})},
                    {"meta", Json(Json::Object{})}});
  history_.emplace_back(prompt->id, std::move(past));
  tell(prompt->client, "executing", Json::object({{"node", Json()}, {"prompt_id", prompt->id}}));
  announce_queue();
  later([this] { start_next(); });
}

void Comfy::preview(const ComfyPrompt& prompt) {
  const WebSocketPtr socket = socket_of(prompt.client);
  if (!socket) return;
  constexpr uint32_t plain = 1, with_data = 4, png = 2;
  constexpr int side = 64;
  const MediaKey& key = prompt.results.front().key;
  const std::string picture =
      make_png(side, std::max(8, side * key.height / std::max(1, key.width)), key.variant);
  std::string out;
  if (config_["profiles"]["comfyui"]["previews"].integer() == with_data) {
    const std::string data =
        Json::object(
            {{"node_id", prompt.node}, {"prompt_id", prompt.id}, {"image_type", "image/png"}})
            .print();
    put_u32(out, with_data);
    put_u32(out, static_cast<uint32_t>(data.size()));
    out += data;
  } else {
    put_u32(out, plain);
    put_u32(out, png);
  }
  socket->binary(out + picture);
}

void Comfy::connect(const std::string& sid, const WebSocketPtr& socket) {
  std::erase_if(sockets_, [](const auto& one) { return !one.second->open(); });
  sockets_.emplace_back(sid, socket);
  const Json info = Json::object({{"exec_info", Json::object({{"queue_remaining", remaining()}})}});
  tell(sid, "status", Json::object({{"status", info}, {"sid", sid}}));
  // One that comes back is told where its prompt is.
  if (running_ && running_->client == sid && !running_->node.empty())
    tell(sid, "executing", Json::object({{"node", running_->node}}));
}

void Comfy::forget() {
  running_ = nullptr;
  pending_.clear();
  history_.clear();
  for (const auto& [sid, socket] : sockets_)
    socket->drop();
  sockets_.clear();
}

void Comfy::reset() {
  forget();
  files.clear();
  number_ = 0;
}

void Comfy::announce_queue() {
  const Json info = Json::object({{"exec_info", Json::object({{"queue_remaining", remaining()}})}});
  const std::string message =
      Json::object({{"type", "status"}, {"data", Json::object({{"status", info}})}}).print();
  for (const auto& [sid, socket] : sockets_)
    socket->text(message);
}

// The newest of that client; one before it hears nothing any more.
WebSocketPtr Comfy::socket_of(const std::string& client) {
  for (auto one = sockets_.rbegin(); one != sockets_.rend(); ++one)
    if (one->first == client) return one->second;
  return nullptr;
}

void Comfy::drop_sockets(const std::string& client) {
  for (const auto& [sid, socket] : sockets_)
    if (sid == client) socket->hang_up();
  std::erase_if(sockets_, [&](const auto& one) { return one.first == client; });
}

void Comfy::tell(const std::string& client, const std::string& type, const Json& data) {
  const WebSocketPtr socket = socket_of(client);
  if (!socket) return;
  const bool foreign = running_ && running_->fault && running_->fault->kind == "foreign-messages";
  if (foreign && data.has("prompt_id") && type != "execution_start") {
    // Of somebody else's prompt, which is always ahead.
    Json other = data;
    other.set("prompt_id", "00000000-0000-4000-8000-000000000000");
    auto send = [&](const char* name, const Json& what) {
      socket->text(Json::object({{"type", name}, {"data", what}}).print());
    };
    send(type.c_str(), other);
    send("execution_success", other);
    other.set("node", Json());
    send("executing", other);
  }
  socket->text(Json::object({{"type", type}, {"data", data}}).print());
}

} // namespace standin
