// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP side of a ComfyUI server.
#pragma once

#include "base/json.h"
#include "net/http.h"
#include "service/access.h"

#include <string>

namespace aigc::comfyui {

inline constexpr const char* kName = "comfyui"; ///< of the backend, for errors

/// An Error of this service.
Error error(Fault fault, const std::string& message, const std::string& remedy);

/// A file the server keeps.
struct Stored {
  std::string filename;
  std::string subfolder;
  std::string type; ///< output, input or temp
};

/// What is known of a prompt that has no history yet; unknown: the queue is too large to look
/// through.
enum class Place { nowhere, pending, running, unknown };

/// Thread-safe. Calls throw Error as HttpClient::send() does, for each refusal, and for what is no
/// answer of ComfyUI.
class Client {
 public:
  explicit Client(const Access& access);

  const Endpoint& endpoint() const { return endpoint_; }
  const Secret& key() const { return access_.key; }
  std::string api(const std::string& path) const { return access_.base_url + path; }

  /// Returns the name a workflow calls the picture by, which is the server's choice.
  std::string upload(GBytes* picture, Call& call) const;
  /// A create. Any status is an answer.
  HttpResponse queue(const std::string& body, Call& call) const;
  /// Null while there is none.
  Ref<JsonNode> history(const std::string& prompt, Call& call) const;
  Place place(const std::string& prompt, Call& call) const;
  /// Takes the prompt out of the queue unless it has begun; true when that was so.
  bool withdraw(const std::string& prompt, Call& call) const;
  std::string address_of(const Stored& file) const;
  /// Throws when nobody answers as ComfyUI does.
  void probe(Call& call) const;

  Ref<JsonNode> read(const HttpResponse& response, size_t max_bytes = kMaxJsonBytes) const;

 private:
  HttpRequest request(const char* method, const std::string& path, const Call& call) const;
  /// At work that goes on by itself: what is no answer of ComfyUI may be one a moment later.
  Ref<JsonNode> look(const HttpRequest& request, Call& call) const;

  const Access access_;
  const Endpoint endpoint_;
};

} // namespace aigc::comfyui
