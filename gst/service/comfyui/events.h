// SPDX-License-Identifier: LGPL-2.1-or-later
// What a ComfyUI server tells of prompts while it works on them. Nothing depends on it: whoever
// looks at the history learns the same, later.
#pragma once

#include "net/websocket.h"
#include "service/backend.h"
#include "service/comfyui/client.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace aigc::comfyui {

/// Thread-safe. One socket, which is opened when there is something to hear.
class Events {
 public:
  /// `socket` without its query; `weights` of the nodes, see Workflow::weights().
  Events(WebSocket::Target socket, std::map<std::string, double> weights);
  ~Events();

  /// What prompts are sent under, so that the server tells of them.
  const std::string& client_id() const { return client_id_; }

  /// Opens the socket unless it is, or was lost a short time ago. Never blocks.
  void open();
  /// From now on, what happens to the prompt is noted.
  void expect(const std::string& prompt);
  void forget(const std::string& prompt);

  /// Where a prompt was a short time ago, as the server told or saw() noted.
  std::optional<Place> place(const std::string& prompt);
  /// Only of what is expected.
  void saw(const std::string& prompt, Place place);

  /// See Backend::linger(). Forgets the prompt when the wait for it is given up.
  void linger(const std::string& prompt, std::chrono::nanoseconds duration, Call& call);

 private:
  struct State;
  struct News;
  News wait(const std::string& prompt, std::chrono::steady_clock::time_point end, Call& call);

  const std::string client_id_;
  const WebSocket::Target target_;
  const std::shared_ptr<State> state_;
  std::mutex mutex_; ///< for what follows
  std::unique_ptr<WebSocket> socket_;
};

} // namespace aigc::comfyui
