// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that answers as ComfyUI does where a test says nothing else, and the backend for it.
#pragma once

#include "base/guarded.h"
#include "base/json.h"
#include "service/comfyui/comfyui.h"
#include "service/factory.h"
#include "temp_folder.h"
#include "web_frames.h"

#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace comfyui_rig {

using namespace aigc;
using namespace std::chrono_literals;

/// The least that sniff_picture() takes for a PNG, of 1x1.
inline const std::string kPng = [] {
  using web_frames::big_endian;
  return std::string("\x89PNG\r\n\x1a\n", 8) + big_endian(13) + "IHDR" + big_endian(1) +
         big_endian(1) + std::string("\x08\x02\0\0\0", 5) + big_endian(0x907753de);
}();

class Comfy {
 public:
  struct State {
    std::map<std::string, std::string> history; ///< prompt -> entry
    std::vector<std::string> running, pending;
    std::vector<std::string> State::*taken_to = &State::running; ///< where an order goes
    size_t queue_length = 0; ///< what it says of its body; 0 = the truth
    std::string look_status = "200 OK";
    std::string look_body; ///< "" = what is asked for
    std::string prompt_status = "200 OK";
    std::string prompt_body; ///< "" = taken
    bool lose_answer = false;
    std::string upload_body = R"({"name": "aigc (1).png", "subfolder": "in", "type": "input"})";
    std::string stats_body = R"({"system": {"comfyui_version": "0.4"}})";
    int histories = 0;                    ///< how often it was asked for
    std::function<void(State&)> on_queue; ///< after its answer was made up
    std::vector<SocketServer::Connection*> sockets;
    int sockets_ever = 0;
    bool refuse_sockets = false;
  };

  Comfy() : server_([this](auto& peer) { serve(peer); }) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  Guarded<State>& state() { return state_; }
  /// Bodies of all requests to `path`; its whole requests with `whole`.
  std::vector<std::string> sent(const std::string& path, bool whole = false) {
    std::vector<std::string> found;
    for (const std::string& request : server_.requests()) {
      const std::string target = request.substr(request.find(' ') + 1);
      if (!target.starts_with(path)) continue;
      found.push_back(whole ? request : request.substr(request.find("\r\n\r\n") + 4));
    }
    return found;
  }
  bool wait_socket(int times = 1) {
    return state_.lock().wait_for(10s, [=](const State& state) {
      return state.sockets_ever >= times && !state.sockets.empty();
    });
  }
  void tell(const std::string& frames) {
    auto state = state_.lock();
    for (auto* peer : state->sockets)
      peer->say(frames);
  }
  void tell(const std::string& type, const std::string& prompt, const std::string& more = "") {
    tell(web_frames::frame(web_frames::kText, R"({"type": ")" + type +
                                                  R"(", "data": {"prompt_id": ")" + prompt + "\"" +
                                                  (more.empty() ? "" : ", " + more) + "}}"));
  }
  void drop_sockets() {
    auto state = state_.lock();
    for (auto* peer : state->sockets)
      shutdown(peer->peer, SHUT_RDWR);
  }
  void finish(const std::string& prompt, const std::string& outputs,
              const std::string& status = R"({"status_str": "success", "completed": true})") {
    auto state = state_.lock();
    state->running.clear();
    state->history[prompt] = R"({"outputs": )" + outputs + R"(, "status": )" + status + "}";
  }

 private:
  static std::string list(const std::vector<std::string>& prompts) {
    std::string list;
    for (const std::string& prompt : prompts)
      list += (list.empty() ? "" : ", ") + ("[1, \"" + prompt + "\", {}, {}, []]");
    return "[" + list + "]";
  }

  void listen(SocketServer::Connection& peer, const std::string& request) {
    if (state_.lock()->refuse_sockets) return peer.answer("403 Forbidden");
    peer.say(web_frames::handshake(request));
    {
      auto state = state_.lock();
      state->sockets.push_back(&peer);
      ++state->sockets_ever;
    }
    state_.notify();
    peer.hang();
    std::erase(state_.lock()->sockets, &peer);
  }

  void serve(SocketServer::Connection& peer) {
    for (;;) {
      const std::string request = peer.request();
      if (request.empty()) return;
      const std::string line = request.substr(0, request.find("\r\n"));
      const auto is = [&](const char* begin) { return line.starts_with(begin); };
      if (is("GET /ws")) return listen(peer, request);
      auto state = state_.lock();
      const bool is_look = is("GET /history/") || is("GET /queue");
      if (is_look && (!state->look_body.empty() || state->look_status != "200 OK")) {
        peer.answer(state->look_status, state->look_body);
      } else if (is("GET /queue") && state->queue_length) {
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(state->queue_length) +
                 "\r\n\r\n");
      } else if (is("GET /history/")) {
        ++state->histories;
        const std::string prompt = line.substr(13, line.rfind(' ') - 13);
        const auto entry = state->history.find(prompt);
        peer.answer("200 OK", entry == state->history.end()
                                  ? "{}"
                                  : "{\"" + prompt + "\": " + entry->second + "}");
      } else if (is("GET /queue")) {
        peer.answer("200 OK", "{\"queue_running\": " + list(state->running) +
                                  ", \"queue_pending\": " + list(state->pending) + "}");
        if (state->on_queue) state->on_queue(*state);
      } else if (is("POST /queue")) {
        state->pending.clear();
        peer.answer("200 OK");
      } else if (is("POST /interrupt")) {
        state->running.clear();
        peer.answer("200 OK");
      } else if (is("POST /upload/image")) {
        peer.answer("200 OK", state->upload_body);
      } else if (is("GET /system_stats")) {
        peer.answer("200 OK", state->stats_body);
      } else if (is("POST /prompt")) {
        const auto body = parse_json(request.substr(request.find("\r\n\r\n") + 4));
        const std::string prompt = JsonView(body.get())["prompt_id"].text();
        if (state->prompt_status.starts_with("200"))
          ((*state).*(state->taken_to)).push_back(prompt);
        if (state->lose_answer) return;
        peer.answer(state->prompt_status,
                    !state->prompt_body.empty()
                        ? state->prompt_body
                        : R"({"prompt_id": ")" + prompt + R"(", "number": 4, "node_errors": {}})");
      } else {
        peer.answer("404 Not Found", "404: Not Found");
      }
    }
  }

  Guarded<State> state_;
  SocketServer server_; // last: its threads use all above
};

inline constexpr char kPictures[] = R"({
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{prompt}", "clip": ["4", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "{negative}", "clip": ["4", 1]}},
  "3": {"class_type": "KSampler", "inputs": {"seed": "{seed}", "steps": 6, "positive": ["6", 0]}},
  "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "w": "{width}"}}
})";
inline constexpr char kClips[] = R"({
  "1": {"class_type": "LoadImage", "inputs": {"image": "{image}"}},
  "2": {"class_type": "Wan", "inputs": {"t": "{prompt}", "length": "{frames}", "i": ["1", 0]}},
  "3": {"class_type": "CreateVideo", "inputs": {"fps": 16, "images": ["2", 0]}},
  "9": {"class_type": "SaveVideo", "inputs": {"video": ["3", 0]}}
})";

struct ComfyuiTest : testing::Test {
  std::shared_ptr<Backend> backend_for(const std::string& workflow,
                                       std::optional<Role> role = std::nullopt,
                                       const std::string& key = "") {
    const std::string path = folder.path() + "/flow.json";
    std::ofstream(path) << workflow;
    return make_backend(
        BackendChoice::comfyui,
        {.base_url = comfy.url(), .key = Secret(key), .workflow = path, .role = role});
  }
  Call call() { return call(prompt); }
  Call call(const std::string& id) {
    Call call{cancel, std::chrono::steady_clock::now() + 10s, [](int) {}, {}, {}, {}};
    call.id = id;
    return call;
  }
  Task submit() {
    auto now = call();
    return std::get<Task>(backend->submit(request, now));
  }
  Poll poll() {
    auto now = call();
    return backend->poll({prompt}, request, now);
  }
  template <typename Action> Error error_of(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(Fault::cancelled, "nothing was thrown");
  }
  Error poll_error() {
    return error_of([this] { poll(); });
  }
  Error submit_error() {
    return error_of([this] { submit(); });
  }
  void make_clips() {
    backend = backend_for(kClips);
    request = {
        .role = Role::clip, .model = "flow", .words = "a fox", .motion = "it runs", .seconds = 5};
    request.keyframe = adopt(g_bytes_new(kPng.data(), kPng.size()));
  }

  Comfy comfy;
  TempFolder folder;
  Cancel cancel;
  std::string prompt = take_string(g_uuid_string_random());
  std::shared_ptr<Backend> backend = backend_for(kPictures);
  Request request{.role = Role::picture,
                  .model = "flow",
                  .words = "a fox",
                  .negative = "dogs",
                  .size = {64, 32}};
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace comfyui_rig
