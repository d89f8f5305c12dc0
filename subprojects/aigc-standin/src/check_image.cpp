// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of picture requests.
#include "check.h"
#include "util.h"

#include <algorithm>

namespace standin {
namespace {

int side16(int side) {
  return std::max(16, (side + 8) / 16 * 16);
}

Checked size_from(const Json& parameters, const PictureInfo& input, ImageJob& job) {
  const ImageModel& model = *job.model;
  const Size follow = input.width > 0 ? Size{std::clamp(side16(input.width), 512, 2048),
                                             std::clamp(side16(input.height), 512, 2048)}
                                      : Size{1024, 1024};
  if (!parameters.has("size") || model.rule == SizeRule::FollowsInput) {
    job.size = model.default_size.width > 0 && input.format.empty() ? model.default_size : follow;
    return {};
  }
  const std::string& text = parameters["size"].text();
  const Size size = parse_size(text);
  if (size.width == 0) return invalid("parameters.size must be like 1328*1328: " + text);
  job.size = size;
  const int64_t area = int64_t{size.width} * size.height;
  switch (model.rule) {
  case SizeRule::List:
    for (const Size& legal : image_sizes())
      if (legal.width == size.width && legal.height == size.height) return {};
    return invalid("size is not match, size must be in 1664*928, 1472*1104, 1328*1328, 1104*1472, "
                   "928*1664: " +
                   text);
  case SizeRule::Area:
    if (area < model.least_area || area > model.most_area || size.width > 8 * size.height ||
        size.height > 8 * size.width)
      return invalid("the area of parameters.size must be in [" + std::to_string(model.least_area) +
                     ", " + std::to_string(model.most_area) + "]: " + text);
    return {};
  case SizeRule::Sides:
    if (std::min(size.width, size.height) < 512 || std::max(size.width, size.height) > 2048)
      return invalid("the sides of parameters.size must be in [512, 2048]: " + text);
    job.size = {side16(size.width), side16(size.height)};
    return {};
  case SizeRule::FollowsInput:
    break;
  }
  return {};
}

Checked parameters_from(const Json& input, const Json& parameters, const PictureInfo& picture,
                        ImageJob& job) {
  if (auto bad = check_common(input, parameters)) return bad;
  for (const char* name : {"resolution", "ratio", "duration", "shot_type"})
    if (parameters.has(name)) return invalid("parameters." + std::string(name) + " is not allowed");
  const int64_t count = parameters["n"].integer(1);
  if (count < 1 || count > job.model->most)
    return invalid(job.model->most == 1
                       ? "num_images_per_prompt must be 1"
                       : "parameters.n must be in [1, " + std::to_string(job.model->most) + "]");
  job.count = static_cast<int>(count);
  job.extend = parameters["prompt_extend"].boolean(true);
  job.seed = parameters["seed"];
  return size_from(parameters, picture, job);
}

Checked model_from(const Json& body, ImageJob& job) {
  if (!body["model"].is_string()) return invalid("Field required: model");
  job.model = find_image_model(body["model"].text());
  if (!job.model) return Problem{404, "ModelNotFound", "Model not exist: " + body["model"].text()};
  if (!body["input"].is_object()) return invalid("Field required: input");
  return check_type(body, "body", "parameters", "object");
}

// One message of one text, after the pictures of an edit.
Checked content_from(const Standin& standin, const Exchange& exchange, const Json& input,
                     PictureInfo& last, ImageJob& job) {
  const Json& messages = input["messages"];
  if (!messages.is_array()) return invalid("Field required: input.messages");
  if (messages.items().size() != 1) return invalid("messages length only support 1");
  const Json& message = messages.items().front();
  if (message["role"].text() != "user") return invalid("input.messages.0.role must be user");
  if (!message["content"].is_array())
    return invalid("Input should be a valid array: input.messages.0.content");
  size_t pictures = 0, texts = 0;
  for (const Json& item : message["content"].items()) {
    if (item.has("image")) {
      const PictureRule rule{1, 8000, size_t{10} << 20, true, true};
      const std::string name = "input.messages.0.content." + std::to_string(pictures) + ".image";
      if (texts > 0) return invalid("the text must come after the pictures");
      if (auto bad =
              check_picture(standin, exchange, item["image"], name, job.model->name, rule, last))
        return bad;
      ++pictures;
    } else if (item["text"].is_string()) {
      ++texts;
      job.prompt = item["text"].text();
    } else {
      return invalid("input.messages.0.content must hold {\"text\"} and {\"image\"} only");
    }
  }
  if (texts != 1) return invalid("input.messages.0.content must hold exactly one text");
  const bool only_edits = job.model->edits && job.model->rule != SizeRule::Area;
  if (pictures > 3 || (only_edits && pictures == 0))
    return invalid("input.messages.0.content must hold 1 to 3 images");
  if (pictures > 0 && !job.model->edits) return invalid(job.model->name + " takes no images");
  return {};
}

Checked finish(ImageJob& job) {
  if (job.prompt.find_first_not_of(" \t\r\n") == std::string::npos)
    return Problem{400, "BadRequest.EmptyInput", "the prompt is empty"};
  job.prompt = cut(job.prompt, job.model->prompt_characters);
  return {};
}

} // namespace

Checked check_image_sync(const Standin& standin, const Exchange& exchange, ImageJob& job) {
  const Json& body = *exchange.json;
  if (auto bad = model_from(body, job)) return bad;
  PictureInfo picture;
  if (auto bad = content_from(standin, exchange, body["input"], picture, job)) return bad;
  if (auto bad = parameters_from(body["input"], body["parameters"], picture, job)) return bad;
  return finish(job);
}

Checked check_image_async(const Standin&, const Exchange& exchange, ImageJob& job) {
  const Json& body = *exchange.json;
  if (auto bad = model_from(body, job)) return bad;
  if (!job.model->asynchronous)
    return Problem{403, "AccessDenied",
                   "current user api does not support asynchronous calls: " + job.model->name};
  if (!body["input"].has("prompt")) return invalid("Field required: input.prompt");
  if (auto bad = parameters_from(body["input"], body["parameters"], {}, job)) return bad;
  job.prompt = body["input"]["prompt"].text();
  return finish(job);
}

} // namespace standin
