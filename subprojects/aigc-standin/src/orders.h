// SPDX-License-Identifier: LGPL-2.1-or-later
// Accepted orders of pictures and clips: billed, made, and given out as the faults want it. What
// the routes of all services share.
#pragma once

#include "models.h"
#include "standin.h"

#include <functional>
#include <string>
#include <vector>

namespace standin {

struct PictureOrder {
  std::string model, prompt;
  Size size;
  int count = 1;
  std::string format = "png";
  Json seed;
};

struct ClipOrder {
  std::string id, model, prompt;
  Size size;
  double seconds = 4;
  int fps = 24;
  bool sound = false;
  std::string format = "mp4";
  Json seed;
  Json facts; // what its object says besides the usual
};

using Files = std::vector<std::string>; // names of media

int or_override(const Json& value, int otherwise);
int variant(const std::string& prompt, size_t index);
// The faults that put another file in the place of the one that was made.
std::string file_or_fault(const std::optional<Fault>&, std::string file);
void other_size(const std::optional<Fault>&, MediaKey&);
std::optional<Fault> content_fault(const Exchange&);

// Calls done with the names of all files when they are made.
void make_files(Standin&, const std::optional<Fault>&, const std::vector<MediaKey>&,
                std::function<void(Files)> done);
std::vector<MediaKey> picture_keys(const Standin&, const std::optional<Fault>&,
                                   const PictureOrder&);

// Bills the order and calls done with the pictures after the seconds the configuration says.
void order_pictures(Standin&, const ExchangePtr&, const PictureOrder&,
                    std::function<void(Files)> done);
// Bill the order and start its task, of that profile.
TaskPtr order_picture_task(Standin&, const ExchangePtr&, const std::string& profile,
                           const std::string& id, const PictureOrder&, Json facts);
TaskPtr order_clip(Standin&, const ExchangePtr&, const std::string& profile, const ClipOrder&);
// Bills the order and calls done with the clip, without a task; null when it could not be made.
void order_clip_now(Standin&, const ExchangePtr&, const ClipOrder&,
                    std::function<void(const std::string& file)> done);

// Base64 of a file, as the fault wants it.
std::string inline_media(const Standin&, const std::optional<Fault>&, const std::string& file);
// The items of "data", with b64_json, or with the address of each file.
Json data_items(const Standin&, const std::optional<Fault>&, const Files&,
                const std::function<std::string(size_t)>& address = nullptr);

} // namespace standin
