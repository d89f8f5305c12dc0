// SPDX-License-Identifier: LGPL-2.1-or-later
// One request and its answer: now, later, in pieces, or as a fault wants it.
#pragma once

#include "calls.h"
#include "faults.h"
#include "form.h"
#include "json.h"

#include <functional>
#include <libsoup/soup.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace standin {

// How errors look: DashScope's own, or OpenAI's, as DeepSeek and DashScope's compatible paths do,
// or one of the servers' that people run themselves.
enum class Style {
  Native,
  DeepSeek,
  Compatible,
  Oss,
  OpenAi,
  FastApi,
  ErrorObject,
  LocalAi,
  SdCpp,
  ComfyUi
};

using Bytes = std::shared_ptr<const std::string>;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Reply {
  int status = 200;
  std::string type = "application/json";
  Bytes body;
  Headers headers;
  size_t from = 0, length = std::string::npos; // the part of the body to send
};

// A part of an answer of unknown length, and how long after the start it is sent.
struct Piece {
  double at = 0;
  std::string bytes;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(SoupServerMessage* message, std::shared_ptr<Call> call);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  std::string method;
  std::string path;      // decoded
  std::string raw_query; // as sent
  std::map<std::string, std::string> query;
  std::string body;
  std::optional<Json> json; // the body, when it is JSON
  std::optional<Form> form; // the body, when it is multipart/form-data
  Style style = Style::Native;
  std::string request_id;
  std::shared_ptr<Call> call;
  std::optional<Fault> fault;

  std::string header(const char* name) const; // "" when absent
  bool has_content_fault(const char* kind) const;

  void send(Reply reply);
  void send(const Json& json, int status = 200);
  // The native or OpenAI-style body, by style.
  void error(int status, const std::string& code, const std::string& message, Headers headers = {});
  // An answer of unknown length. With hold it never ends.
  void stream(const std::string& type, std::vector<Piece> pieces, bool hold = false);

  std::shared_ptr<void> held; // let go of with the exchange

  // The client has gone; nothing can be sent any more.
  bool gone() const { return gone_; }
  // Plays a fault that replaces the request's work.
  void play(const Fault& fault, const std::string& results_origin);
  // Hands the connection over, for what is no HTTP any more; the answer is the taker's.
  void take(std::function<void(GIOStream*)> taker);
  // The handler returns: an exchange that is not answered yet waits.
  void leave_handler();

 private:
  SoupServerMessage* message_;
  gulong finished_ = 0, disconnected_ = 0;
  bool in_handler_ = true, paused_ = false, answered_ = false, gone_ = false;
  std::vector<Piece> pieces_;
  size_t next_piece_ = 0;
  double started_ = 0;

  void send_plain(const Reply& reply);
  bool spoil(Reply& reply);
  void raw(std::string bytes, bool hold);
  void raw(std::vector<struct WireStep> steps, bool hold);
  void resume();
  void next_piece(bool hold);
  std::string head(const Reply& reply, size_t length) const;
};

using ExchangePtr = std::shared_ptr<Exchange>;

Bytes bytes(std::string text);
Json error_body(Style style, int status, const std::string& code, const std::string& message,
                const std::string& request_id);

} // namespace standin
