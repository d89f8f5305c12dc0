// SPDX-License-Identifier: LGPL-2.1-or-later
// See orders.h.
#include "service/dashscope/orders.h"

#include "base/error.h"
#include "base/json.h"
#include "shot/shot.h"

#include <algorithm>
#include <cmath>

namespace aigc::dashscope {

namespace {

constexpr size_t kLongestNegative = 500; ///< characters
constexpr gint64 kSeeds = 2147483648;

/// In characters.
size_t length_of(const std::string& text) {
  return static_cast<size_t>(g_utf8_strlen(text.c_str(), -1));
}

/// The first `count` characters.
std::string head(const std::string& text, size_t count) {
  if (length_of(text) <= count) return text;
  const char* end = g_utf8_offset_to_pointer(text.c_str(), static_cast<glong>(count));
  return {text.c_str(), end};
}

/// At most `longest` characters. The words give way to the motion, which stands behind them, down
/// to half of it: what they begin with is never lost.
std::string prompt_within(const Row& row, const Request& request, size_t longest) {
  if (row.model.role != Role::clip || is_blank(request.motion)) return head(request.words, longest);
  // A keyframe shows what there is; what is left to say is how it moves.
  if (request.keyframe || is_blank(request.words)) return head(request.motion, longest);
  const size_t kept = std::min(length_of(request.words) + 1, longest / 2);
  const std::string motion = head(request.motion, longest - kept);
  return head(request.words, longest - length_of(motion) - 1) + "\n" + motion;
}

std::string negative_of(const Request& request) {
  return head(request.negative, kLongestNegative);
}

std::string size_text(Size size) {
  return std::to_string(size.width) + "*" + std::to_string(size.height);
}

JsonObjectMaker member(const char* name, const std::string& value) {
  JsonObjectMaker object;
  object.set(name, value);
  return object;
}

JsonObjectMaker medium(const char* type, const std::string& url) {
  JsonObjectMaker object;
  object.set("type", type).set("url", url);
  return object;
}

/// Said every time: the service rewrites the words where nobody says otherwise.
JsonObjectMaker parameters_of(const Request& request) {
  JsonObjectMaker parameters;
  parameters.set("prompt_extend", request.prompt_extend).set("watermark", request.watermark);
  if (const gint64 seed = seed_of(request); seed >= 0) parameters.set("seed", seed);
  return parameters;
}

JsonObjectMaker picture_parameters(const Row& row, const Request& request) {
  JsonObjectMaker parameters = parameters_of(request);
  if (row.takes_size) parameters.set("size", size_text(request.size));
  parameters.set("n", 1);
  if (!request.negative.empty()) parameters.set("negative_prompt", negative_of(request));
  return parameters;
}

JsonObjectMaker clip_input(const Row& row, const Request& request) {
  JsonObjectMaker input = member("prompt", prompt_of(row, request));
  if (!request.negative.empty()) input.set("negative_prompt", negative_of(request));
  return input;
}

gint64 whole_seconds(const Request& request) {
  return std::lround(std::ceil(request.seconds - 1e-6));
}

JsonObjectMaker body_of(const Row& row, const JsonObjectMaker& input,
                        const JsonObjectMaker& parameters) {
  JsonObjectMaker body = member("model", row.model.name);
  body.set("input", input).set("parameters", parameters);
  return body;
}

JsonObjectMaker message_body(const Row& row, const Request& request, const Inputs& inputs) {
  std::vector<JsonObjectMaker> content;
  for (const std::string& reference : inputs.references)
    content.push_back(member("image", reference));
  content.push_back(member("text", prompt_of(row, request)));
  JsonObjectMaker message = member("role", "user");
  message.set("content", content);
  JsonObjectMaker input;
  input.set("messages", std::vector{message});
  return body_of(row, input, picture_parameters(row, request));
}

/// The service's documents name two places for the negative prompt of a picture task: it stands in
/// both.
JsonObjectMaker picture_task_body(const Row& row, const Request& request) {
  return body_of(row, clip_input(row, request), picture_parameters(row, request));
}

JsonObjectMaker text_clip_body(const Row& row, const Request& request) {
  JsonObjectMaker parameters = parameters_of(request);
  parameters.set("size", size_text(request.size)).set("duration", whole_seconds(request));
  return body_of(row, clip_input(row, request), parameters);
}

JsonObjectMaker keyframe_clip_body(const Row& row, const Request& request, const Inputs& inputs) {
  JsonObjectMaker input = clip_input(row, request);
  input.set("img_url", inputs.keyframe);
  JsonObjectMaker parameters = parameters_of(request);
  parameters.set("resolution", tier_of(request.size)).set("duration", whole_seconds(request));
  return body_of(row, input, parameters);
}

/// The length is fixed and is not sent.
JsonObjectMaker frames_clip_body(const Row& row, const Request& request, const Inputs& inputs) {
  JsonObjectMaker input = clip_input(row, request);
  input.set("first_frame_url", inputs.keyframe);
  if (!inputs.last_frame.empty()) input.set("last_frame_url", inputs.last_frame);
  JsonObjectMaker parameters = parameters_of(request);
  parameters.set("resolution", tier_of(request.size));
  return body_of(row, input, parameters);
}

/// The ratio follows from a keyframe where there is one.
JsonObjectMaker media_clip_body(const Row& row, const Request& request, const Inputs& inputs) {
  JsonObjectMaker input = clip_input(row, request);
  std::vector<JsonObjectMaker> media;
  if (!inputs.keyframe.empty()) media.push_back(medium("first_frame", inputs.keyframe));
  if (!inputs.last_frame.empty()) media.push_back(medium("last_frame", inputs.last_frame));
  for (const std::string& reference : inputs.references)
    media.push_back(medium("reference_image", reference));
  if (!media.empty()) input.set("media", media);
  JsonObjectMaker parameters = parameters_of(request);
  parameters.set("resolution", tier_of(request.size)).set("duration", whole_seconds(request));
  if (inputs.keyframe.empty()) parameters.set("ratio", ratio_of(request.size));
  return body_of(row, input, parameters);
}

} // namespace

const char* create_path(const Row& row) {
  switch (row.route) {
  case Route::picture_now:
  case Route::edit:
    return "/services/aigc/multimodal-generation/generation";
  case Route::picture_task:
    return "/services/aigc/text2image/image-synthesis";
  case Route::frames_clip:
    return "/services/aigc/image2video/video-synthesis";
  default:
    return "/services/aigc/video-generation/video-synthesis";
  }
}

bool makes_task(const Row& row) {
  return row.route != Route::picture_now && row.route != Route::edit && row.route != Route::chat;
}

std::string whole_prompt_of(const Row& row, const Request& request) {
  return prompt_within(row, request, std::string::npos);
}

std::string prompt_of(const Row& row, const Request& request) {
  return prompt_within(row, request, row.longest_prompt);
}

gint64 seed_of(const Request& request) {
  return request.seed < 0 ? -1 : (request.seed + request.take * kTakeStride) % kSeeds;
}

std::string create_body(const Row& row, const Request& request, const Inputs& inputs) {
  switch (row.route) {
  case Route::picture_now:
  case Route::edit:
    return message_body(row, request, inputs).text();
  case Route::picture_task:
    return picture_task_body(row, request).text();
  case Route::text_clip:
    return text_clip_body(row, request).text();
  case Route::keyframe_clip:
    return keyframe_clip_body(row, request, inputs).text();
  case Route::frames_clip:
    return frames_clip_body(row, request, inputs).text();
  case Route::media_clip:
    return media_clip_body(row, request, inputs).text();
  case Route::chat:
    break;
  }
  throw Error(Fault::settings, std::string(row.model.name) + " makes no pictures and no clips",
              "choose another model");
}

} // namespace aigc::dashscope
