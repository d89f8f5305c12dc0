// SPDX-License-Identifier: LGPL-2.1-or-later
// All parts of the stand-in, and the routes that work with them.
#pragma once

#include "calls.h"
#include "comfyui.h"
#include "config.h"
#include "exchange.h"
#include "faults.h"
#include "limits.h"
#include "media.h"
#include "tasks.h"
#include "uploads.h"

#include <map>
#include <string>

namespace standin {

struct Standin {
  Config config;
  Calls calls;
  Faults faults;
  Limits limits;
  Tasks tasks{
      [this](const std::string& group) { return Limits::of(group, config["limits"]).concurrent; }};
  Media media;
  Uploads uploads;
  Comfy comfy{media, config};
  std::map<std::string, int> chats;           // in flight, by group
  std::string api, results;                   // origins
  std::map<std::string, std::string> origins; // of the profiles, by their names

  std::map<std::string, std::string> hosted; // files of the profiles, by their paths

  Json addresses() const;
  // Calls, tasks, uploads, limits, faults and the configuration as at the start.
  void reset();
};

// Each answers its exchange, now or later.
void chat_route(Standin&, const ExchangePtr&);
void models_route(Standin&, const ExchangePtr&);
void balance_route(Standin&, const ExchangePtr&);
void image_sync_route(Standin&, const ExchangePtr&);
void image_async_route(Standin&, const ExchangePtr&);
void video_route(Standin&, const ExchangePtr&);
void task_route(Standin&, const ExchangePtr&);
void cancel_route(Standin&, const ExchangePtr&);
void list_route(Standin&, const ExchangePtr&);
void quotas_route(Standin&, const ExchangePtr&);
void uploads_route(Standin&, const ExchangePtr&);
void oss_route(Standin&, const ExchangePtr&);
void result_route(Standin&, const ExchangePtr&);
void control_route(Standin&, const ExchangePtr&);

// The signed address of a file, valid from that time on for as long as the configuration says.
std::string result_url(const Standin&, const std::string& id, size_t index, const std::string& file,
                       int64_t from_ms, const std::optional<Fault>&);
// What lies behind an address of results, or null.
Bytes result_file(const Standin&, const std::string& file);
// Sends it, or the part of it that the Range header wants.
void send_file(const Standin&, const ExchangePtr&, const std::string& file, Headers headers = {});

} // namespace standin
