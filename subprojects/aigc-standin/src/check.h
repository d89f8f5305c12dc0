// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of requests, as strict as the services'.
#pragma once

#include "models.h"
#include "picture.h"
#include "standin.h"

#include <optional>
#include <string>

namespace standin {

struct Problem {
  int status;
  std::string code, message;
};
using Checked = std::optional<Problem>; // nothing: it is right

Problem invalid(const std::string& message);

// What an accepted picture request asks for.
struct ImageJob {
  const ImageModel* model = nullptr;
  std::string prompt;
  Size size;
  int count = 1;
  bool extend = true;
  Json seed;
};

// What an accepted clip request asks for.
struct VideoJob {
  const VideoModel* model = nullptr;
  std::string prompt;
  Size size;
  int tier = 0;
  int seconds = 5;
  bool extend = true, sound = false;
  Json seed;
};

Checked check_image_sync(const Standin&, const Exchange&, ImageJob& job);
Checked check_image_async(const Standin&, const Exchange&, ImageJob& job);
Checked check_video(const Standin&, const Exchange&, VideoJob& job);

// Shared by them.
Checked check_type(const Json& parent, const char* place, const char* name, const char* type);
Checked check_common(const Json& input, const Json& parameters);

struct PictureRule {
  int least_side, most_side;
  size_t most_bytes;
  bool alpha_allowed;
  bool wide_formats; // GIF and TIFF, too
};
// A picture given as data URI, oss:// or http(s). info is left empty when nobody can know.
Checked check_picture(const Standin&, const Exchange&, const Json& url, const std::string& name,
                      const std::string& model, const PictureRule& rule, PictureInfo& info);
// Any medium given by address: sound, clips.
Checked check_medium(const Standin&, const Exchange&, const Json& url, const std::string& name,
                     const std::string& model);

} // namespace standin
