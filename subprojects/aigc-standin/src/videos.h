// SPDX-License-Identifier: LGPL-2.1-or-later
// What the servers with /v1/videos share: states, progress, the list, the content.
#pragma once

#include "orders.h"
#include "profiles.h"

#include <optional>
#include <string>
#include <vector>

namespace standin {

// The task of a profile that a path names at /v1/videos/ID; as this one look sees it, when the
// exchange has a fault about it. Nothing when there is none.
std::optional<Task> video_of(Standin&, const Exchange&, const std::string& profile);
TaskPtr find_job(Standin&, const std::string& profile, const std::string& id);
Task seen(const Exchange&, const Task&);
// As the answer to its creation tells it: queued, whatever happened since.
Task as_created(const Task&);

// "" when nothing was scripted.
std::string scripted_state(const Task&);
// queued, the word for running, completed, failed, or what a fault wants.
std::string state_word(const Task&, const char* running = "in_progress");
bool has_failed(const Task&);
bool has_content(const Task&);
int percent(const Task&);
// {code, message}, or without the code, or null, as the fault wants it.
Json failure(const Task&, const Json& usual_code);

// The newest first, or with order=asc the oldest; after and limit of the query.
struct VideoPage {
  std::vector<TaskPtr> tasks;
  bool more = false;
};
VideoPage page_of_videos(Standin&, const Exchange&, const std::string& profile, size_t limit);
void send_clip(const Standin&, const ExchangePtr&, const Task&);

// A width and a height with an x between; 0 x 0 when it is none.
Size parse_x_size(const std::string& text);
std::string print_x_size(const Size&);
// An id of hexadecimal digits.
std::string hex_id(const std::string& prefix);

} // namespace standin
