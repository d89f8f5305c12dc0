// SPDX-License-Identifier: LGPL-2.1-or-later
// See preview_backend.h. Every answer comes at once, so there are no tasks.
#include "service/preview/preview_backend.h"

#include "config.h"
#include "service/preview/preview.h"

#include <array>

namespace aigc {

namespace {

constexpr Size kSize{1280, 720};
constexpr int kSmallest = 16, kLargest = 4096;
constexpr double kLongest = 60;
constexpr unsigned kAtOnce = 2;

constexpr std::array<Model, 3> kModels = {{
    {.name = "grammar-1", .role = Role::words, .max_in_flight = kAtOnce},
    {.name = "storyboard-1",
     .role = Role::picture,
     .inputs = kWordsOnly | kReferences,
     .default_size = kSize,
     .min_side = kSmallest,
     .max_side = kLargest,
     .side_step = 2,
     .max_in_flight = kAtOnce,
     .picture_mime = "image/png"},
    {.name = "camera-1",
     .role = Role::clip,
     .inputs = kWordsOnly | kKeyframe | kLastFrame | kReferences,
     .default_size = kSize,
     .min_side = kSmallest,
     .max_side = kLargest,
     .side_step = 2,
     .min_seconds = kMinShotSeconds,
     .max_seconds = kLongest,
     .max_in_flight = kAtOnce},
}};

/// A seed nobody gave follows from the words and the take (FNV-1a), so reruns look alike.
gint64 seed_of(const Request& request) {
  if (request.seed >= 0) return request.seed + request.take * kTakeStride;
  guint64 hash = 14695981039346656037ull;
  for (const unsigned char c : request.script + "|" + std::to_string(request.take))
    hash = (hash ^ c) * 1099511628211ull;
  return static_cast<gint64>(hash % 2147483648ull);
}

preview::Scene scene_of(const Request& request) {
  preview::Scene scene;
  scene.script = request.script;
  scene.prompt = request.words == request.script ? "" : request.words;
  scene.style = request.style;
  scene.mood = request.mood;
  scene.motion = request.motion;
  scene.width = request.size.width;
  scene.height = request.size.height;
  scene.seed = seed_of(request);
  scene.palette = request.palette;
  return scene;
}

Result write(const Request& request) {
  const auto written =
      preview::write({request.words, request.style, request.language, request.resolution});
  Result result;
  result.prompt = written.prompt;
  result.negative_prompt = written.negative_prompt;
  result.motion_prompt = written.motion_prompt;
  result.keyframe = written.keyframe;
  result.mood = written.mood;
  return result;
}

} // namespace

std::string PreviewBackend::edition() const {
  return std::string("preview ") + AIGC_VERSION;
}

std::span<const Model> PreviewBackend::models() const {
  return kModels;
}

std::variant<Result, Task> PreviewBackend::submit(const Request& request, Call& call) {
  Result result;
  if (request.role == Role::words) {
    result = write(request);
  } else if (request.role == Role::picture) {
    result.picture = preview::paint(scene_of(request), call.cancel);
  } else {
    preview::FilmOrder order;
    order.scene = scene_of(request);
    order.keyframe = request.keyframe;
    order.last_frame = request.last_frame;
    order.duration = request.seconds;
    order.path = call.scratch;
    preview::film(order, call.cancel, call.progress);
    result.clip_path = call.scratch;
  }
  result.seed = seed_of(request);
  return result;
}

Poll PreviewBackend::poll(const Task&, const Request&, Call&) {
  throw Error(Fault::not_found, "preview has no tasks", "");
}

bool PreviewBackend::cancel(const Task&, Call&) {
  return true;
}

} // namespace aigc
