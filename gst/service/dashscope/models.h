// SPDX-License-Identifier: LGPL-2.1-or-later
// The models of DashScope, and what each of them takes and how it is called.
#pragma once

#include "service/model.h"

#include <optional>
#include <span>
#include <string>

namespace aigc::dashscope {

/// How a call of a model looks.
enum class Route {
  chat,
  picture_now,   ///< one message, answered with the picture
  picture_task,  ///< prompt and size, a task
  edit,          ///< picture_now with pictures before the words
  text_clip,     ///< size
  keyframe_clip, ///< img_url and a tier
  frames_clip,   ///< first and last frame and a tier, on a path of its own
  media_clip,    ///< one list of media, tier and ratio
};

/// What the pictures sent along have to be.
struct PictureLimits {
  int min_side = 0; ///< pixels
  int max_side = 0;
  size_t max_bytes = 0;
  double max_ratio = 0; ///< of the longer side to the shorter, 0 = any
};

struct Row {
  Model model;
  Route route;
  size_t longest_prompt = 0; ///< characters; what is longer is cut by the service without a word
  PictureLimits pictures;
  size_t max_references = 0;
  bool takes_size = true;
};

std::span<const Model> models();

/// The row of a name in the table, or null.
const Row* find_row(const std::string& name);

/// The row of a dated snapshot, a regional name or another spelling of a model in the table; its
/// name is the table's. Nothing for other names.
std::optional<Row> derive_row(const std::string& name);

/// The nearest of 16:9, 4:3, 1:1, 3:4 and 9:16.
const char* ratio_of(Size size);

} // namespace aigc::dashscope
