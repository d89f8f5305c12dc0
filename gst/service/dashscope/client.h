// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP side of DashScope: addresses, headers, and what the answers of failed calls mean.
#pragma once

#include "base/json.h"
#include "net/http.h"
#include "service/access.h"
#include "service/dashscope/inputs.h"

#include <string>

namespace aigc::dashscope {

/// A create as it is sent.
struct Create {
  const char* path;
  std::string body;
  bool makes_task = false;
  bool has_uploads = false; ///< some input is an oss:// address
};

/// Thread-safe. Every call throws Error as HttpClient::send() does and for each refusal.
class Client {
 public:
  explicit Client(const Access& access);

  const Endpoint& endpoint() const { return endpoint_; }
  const Secret& key() const { return key_; }

  Ref<JsonNode> create(const Create& create, Call& call) const;
  /// Whatever may pass comes with `retry`, since the task goes on by itself.
  Ref<JsonNode> task(const std::string& id, Call& call) const;
  /// True when the task was still waiting, and is no more.
  bool cancel(const std::string& id, Call& call) const;
  /// One page of the account's tasks of the last 24 hours, from 1.
  Ref<JsonNode> list(const std::string& model, int page, Call& call) const;
  /// Asks for the account's quotas, which shows that the service is there and takes the key.
  void ask_quotas(Call& call) const;
  /// Uploads for use with one model within 48 hours; returns the oss:// address.
  std::string upload(const Picture& picture, const std::string& model, Call& call) const;

 private:
  HttpRequest request(const char* method, const std::string& path, const Call& call) const;
  std::string task_path(const std::string& id) const;
  Error refusal(const HttpResponse& response) const;

  std::string base_; ///< ends in /api/v1
  Secret key_;
  Endpoint endpoint_;
};

/// The API root of a base URL that is given with or without it, or with the compatible one.
std::string native_root(const std::string& base_url);

} // namespace aigc::dashscope
