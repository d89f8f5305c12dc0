// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests of the HTTP client share.
#pragma once

#include "../socket_server.h"
#include "base/error.h"
#include "net/http.h"

#include <functional>
#include <gtest/gtest.h>

inline aigc::HttpRequest get(const std::string& url) {
  aigc::HttpRequest request;
  request.url = url;
  request.private_allowed = true;
  return request;
}

inline aigc::HttpRequest create(const std::string& url, const std::string& body = "{}") {
  aigc::HttpRequest request = get(url);
  request.method = "POST";
  request.content_type = "application/json";
  request.body = aigc::adopt(g_bytes_new(body.data(), body.size()));
  request.creates = true;
  return request;
}

/// What `action` throws; Fault::settings "nothing was thrown" when it does not.
inline aigc::Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const aigc::Error& error) {
    return error;
  }
  return aigc::Error(aigc::Fault::settings, "nothing was thrown");
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
