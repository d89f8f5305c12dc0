// SPDX-License-Identifier: LGPL-2.1-or-later
// See watch.h.
#include "service/comfyui/watch.h"

#include "base/error.h"
#include "media/picture.h"
#include "store/files.h"

#include <algorithm>

namespace aigc::comfyui {

namespace {

/// Kinds of binary messages; the numbers in front of the picture are big-endian, 32 bits each.
constexpr guint32 kPreview = 1;             ///< the picture's type, then the picture
constexpr guint32 kPreviewWithMetadata = 4; ///< the size of a JSON text, it, then the picture
constexpr size_t kWord = 4;

guint32 word_at(std::string_view bytes, size_t at) {
  guint32 word = 0;
  for (size_t i = 0; i < kWord; ++i)
    word = word << 8 | static_cast<guchar>(bytes[at + i]);
  return word;
}

bool is_picture(GBytes* bytes) {
  try {
    const std::string mime = sniff_picture(bytes).mime;
    return mime == "image/png" || mime == "image/jpeg";
  } catch (const Error&) {
    return false;
  }
}

} // namespace

Sketch read_sketch(GBytes* message) {
  const std::string_view bytes = view(message);
  if (bytes.size() < 2 * kWord) return {};
  Sketch sketch;
  size_t start = 2 * kWord;
  const guint32 kind = word_at(bytes, 0);
  if (kind == kPreviewWithMetadata) {
    const guint32 size = word_at(bytes, kWord);
    if (size > bytes.size() - start) return {};
    try {
      const auto metadata = parse_json(bytes.substr(start, size));
      sketch.prompt = JsonView(metadata.get())["prompt_id"].text();
    } catch (const Error&) {
      return {};
    }
    start += size;
  } else if (kind != kPreview) {
    return {};
  }
  auto picture = adopt(g_bytes_new_from_bytes(message, start, bytes.size() - start));
  if (is_picture(picture.get())) sketch.picture = std::move(picture);
  return sketch;
}

void Watch::reach(const std::string& node, double part) {
  const auto known = parts_.find(node);
  if (known != parts_.end()) known->second = std::max(known->second, std::clamp(part, 0.0, 1.0));
}

/// Nodes are worked on one after another.
void Watch::enter(const std::string& node) {
  if (!running_.empty() && running_ != node) reach(running_, 1);
  running_ = node;
}

bool Watch::hear(const std::string& type, JsonView data,
                 const std::map<std::string, double>& weights) {
  if (parts_.empty())
    for (const auto& [id, weight] : weights)
      parts_[id] = 0;
  const std::string node = data["node"].text();
  const auto part_of = [](JsonView progress) {
    const double all = progress["max"].number().value_or(0);
    return all > 0 ? progress["value"].number().value_or(0) / all : 0;
  };
  if (type == "execution_cached") {
    for (size_t i = 0; i < data["nodes"].size(); ++i)
      reach(data["nodes"].at(i).text(), 1);
  } else if (type == "executing") {
    enter(node);
  } else if (type == "executed") {
    reach(node, 1);
  } else if (type == "progress") {
    reach(node.empty() ? running_ : node, part_of(data));
  } else if (type == "progress_state") {
    for (const std::string& id : data["nodes"].members()) {
      const JsonView state = data["nodes"][id.c_str()];
      reach(id, state["state"].text() == "finished" ? 1 : part_of(state));
    }
  }
  double done = 0;
  for (const auto& [id, weight] : weights)
    done += weight * parts_[id];
  percent_ = std::max(percent_, std::min(static_cast<int>(100 * done + 1e-6), 99));
  // The history has it just before the last of these.
  return type == "execution_success" || type == "execution_error" ||
         type == "execution_interrupted" || (type == "executing" && node.empty());
}

} // namespace aigc::comfyui
