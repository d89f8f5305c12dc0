// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of clip requests.
#include "check.h"
#include "util.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace standin {
namespace {

using Names = std::set<std::string>;

// Members that belong to another model's request are refused, not skipped: that is how mixed-up
// shapes are found.
Checked only(const Json& object, const char* place, const Names& known) {
  for (const auto& [name, value] : object.members())
    if (!known.contains(name))
      return invalid("Extra inputs are not permitted: " + std::string(place) + "." + name);
  return {};
}

Size sides_of(int64_t area, double aspect) {
  const double height = std::sqrt(static_cast<double>(area) / aspect);
  auto even = [](double side) { return std::max(2, static_cast<int>(std::lround(side / 2)) * 2); };
  return {even(height * aspect), even(height)};
}

Checked size_from(const Json& parameters, VideoJob& job) {
  const auto& tiers = job.model->tiers;
  job.tier = job.model->default_tier;
  job.size = tier_sizes(job.tier).front();
  if (!parameters.has("size")) return {};
  const Size size = parse_size(parameters["size"].text());
  for (const int tier : tiers)
    for (const Size& legal : tier_sizes(tier))
      if (legal.width == size.width && legal.height == size.height) {
        job.tier = tier, job.size = size;
        return {};
      }
  return invalid("size is not match: " + parameters["size"].text() + " is not supported by " +
                 job.model->name);
}

Checked tier_from(const Json& parameters, VideoJob& job) {
  job.tier = job.model->default_tier;
  if (!parameters.has("resolution")) return {};
  for (const int tier : job.model->tiers)
    if (parameters["resolution"].text() == std::to_string(tier) + "P") {
      job.tier = tier;
      return {};
    }
  return invalid("parameters.resolution is not supported by " + job.model->name + ": " +
                 parameters["resolution"].text());
}

Checked ratio_from(const Json& parameters, const PictureInfo& picture, VideoJob& job) {
  const std::string ratio = parameters.has("ratio") ? parameters["ratio"].text()
                            : picture.width > 0     ? "adaptive"
                                                    : "16:9";
  constexpr std::pair<const char*, double> legal[] = {
      {"16:9", 16. / 9}, {"9:16", 9. / 16}, {"1:1", 1}, {"4:3", 4. / 3}, {"3:4", 3. / 4}};
  const bool adaptive = job.model->mode == VideoMode::Anything || !parameters.has("ratio");
  if (ratio == "adaptive" && adaptive) {
    const double aspect =
        picture.width > 0 ? static_cast<double>(picture.width) / picture.height : 16. / 9;
    job.size = sides_of(tier_area(job.tier), aspect);
    return {};
  }
  for (const auto& [name, aspect] : legal)
    if (ratio == name) {
      job.size = sides_of(tier_area(job.tier), aspect);
      return {};
    }
  return invalid("parameters.ratio is not supported: " + ratio);
}

// A size of the tier's area with the picture's aspect.
void follow(const PictureInfo& picture, VideoJob& job) {
  const double aspect =
      picture.width > 0 ? static_cast<double>(picture.width) / picture.height : 16. / 9;
  job.size = sides_of(tier_area(job.tier), aspect);
}

PictureRule rule_of(const VideoModel& model) {
  return {model.least_side, model.most_side, static_cast<size_t>(model.picture_mb) << 20, false,
          false};
}

Names parameter_names(const VideoModel& model) {
  Names names = {"duration", "prompt_extend", "watermark", "seed", "n"};
  switch (model.mode) {
  case VideoMode::Text:
    names.insert("size");
    break;
  case VideoMode::NewText:
  case VideoMode::References:
  case VideoMode::Anything:
    names.insert("ratio");
    [[fallthrough]];
  default:
    names.insert("resolution");
  }
  if (model.shot_type) names.insert("shot_type");
  if (model.audio_switch) names.insert("audio");
  return names;
}

Checked parameters_from(const Json& input, const Json& parameters, VideoJob& job) {
  const VideoModel& model = *job.model;
  if (auto bad = check_common(input, parameters)) return bad;
  if (auto bad = check_type(parameters, "parameters", "audio", "boolean")) return bad;
  if (auto bad = only(parameters, "parameters", parameter_names(model))) return bad;
  if (parameters["n"].integer(1) != 1) return invalid("parameters.n must be 1");
  const int seconds = static_cast<int>(parameters["duration"].integer(5));
  if (std::find(model.durations.begin(), model.durations.end(), seconds) == model.durations.end())
    return invalid("parameters.duration is not supported by " + model.name + ": " +
                   std::to_string(seconds));
  if (const std::string& shot = parameters["shot_type"].text();
      parameters.has("shot_type") && shot != "single" && shot != "multi")
    return invalid("parameters.shot_type must be single or multi: " + shot);
  job.seconds = seconds;
  job.extend = parameters["prompt_extend"].boolean(true);
  job.sound = model.sound && parameters["audio"].boolean(true);
  job.seed = parameters["seed"];
  return {};
}

Checked audio_from(const Standin& standin, const Exchange& exchange, const Json& input,
                   const VideoModel& model) {
  if (!input.has("audio_url")) return {};
  return check_medium(standin, exchange, input["audio_url"], "input.audio_url", model.name);
}

Names input_names(const VideoModel& model, Names names) {
  names.insert({"prompt", "negative_prompt"});
  if (model.audio_url) names.insert("audio_url");
  return names;
}

Checked need_prompt(const Json& input) {
  if (input["prompt"].text().empty()) return invalid("Field required: input.prompt");
  return {};
}

Checked text_request(const Json& input, const Json& parameters, VideoJob& job) {
  if (auto bad = need_prompt(input)) return bad;
  if (auto bad = only(input, "input", input_names(*job.model, {}))) return bad;
  if (job.model->mode == VideoMode::Text) return size_from(parameters, job);
  if (auto bad = tier_from(parameters, job)) return bad;
  return ratio_from(parameters, {}, job);
}

Checked picture_request(const Standin& standin, const Exchange& exchange, const Json& input,
                        const Json& parameters, VideoJob& job) {
  const VideoModel& model = *job.model;
  if (!input.has("img_url")) return invalid("Field required: input.img_url");
  if (auto bad = only(input, "input", input_names(model, {"img_url", "template"}))) return bad;
  if (auto bad = tier_from(parameters, job)) return bad;
  PictureInfo picture;
  if (auto bad = check_picture(standin, exchange, input["img_url"], "input.img_url", model.name,
                               rule_of(model), picture))
    return bad;
  follow(picture, job);
  return {};
}

Checked frames_request(const Standin& standin, const Exchange& exchange, const Json& input,
                       const Json& parameters, VideoJob& job) {
  const VideoModel& model = *job.model;
  if (!input.has("first_frame_url")) return invalid("Field required: input.first_frame_url");
  if (auto bad = only(input, "input",
                      input_names(model, {"first_frame_url", "last_frame_url", "template"})))
    return bad;
  if (auto bad = tier_from(parameters, job)) return bad;
  PictureInfo first, last;
  if (auto bad = check_picture(standin, exchange, input["first_frame_url"], "input.first_frame_url",
                               model.name, rule_of(model), first))
    return bad;
  if (input.has("last_frame_url"))
    if (auto bad = check_picture(standin, exchange, input["last_frame_url"], "input.last_frame_url",
                                 model.name, rule_of(model), last))
      return bad;
  follow(first, job);
  return {};
}

Names media_types(VideoMode mode) {
  switch (mode) {
  case VideoMode::NewMedia:
    return {"first_frame", "last_frame", "driving_audio", "first_clip"};
  case VideoMode::References:
    return {"reference_image", "reference_video", "reference_voice"};
  default:
    return {"first_frame",     "last_frame",      "driving_audio",   "first_clip",      "file",
            "reference_image", "reference_video", "reference_voice", "reference_audio", "link"};
  }
}

Checked legal_set(const VideoModel& model, const std::multiset<std::string>& types) {
  if (model.mode == VideoMode::References) {
    if (types.size() > 5) return invalid("input.media must hold at most 5 references");
    if (types.count("reference_image") + types.count("reference_video") == 0)
      return invalid("input.media must hold a reference_image or a reference_video");
    return {};
  }
  using Set = std::multiset<std::string>;
  const Set sets[] = {{"first_frame"},
                      {"first_frame", "driving_audio"},
                      {"first_frame", "last_frame"},
                      {"first_frame", "last_frame", "driving_audio"},
                      {"first_clip"},
                      {"first_clip", "last_frame"}};
  if (model.mode == VideoMode::Anything && !types.contains("first_frame") &&
      !types.contains("last_frame") && !types.contains("first_clip"))
    return {};
  if (std::find(std::begin(sets), std::end(sets), types) == std::end(sets))
    return invalid("input.media holds no legal combination of types");
  return {};
}

Checked one_medium(const Standin& standin, const Exchange& exchange, const Json& item, size_t place,
                   const VideoModel& model, PictureInfo& first) {
  const std::string name = "input.media." + std::to_string(place);
  const std::string& type = item["type"].text();
  if (!media_types(model.mode).contains(type))
    return invalid(name + ".type is not supported by " + model.name + ": " + type);
  const bool picture = type == "first_frame" || type == "last_frame" || type == "reference_image";
  if (!picture) return check_medium(standin, exchange, item["url"], name + ".url", model.name);
  PictureInfo info;
  if (auto bad = check_picture(standin, exchange, item["url"], name + ".url", model.name,
                               rule_of(model), info))
    return bad;
  if (info.width > 8 * info.height || info.height > 8 * info.width)
    return Problem{400, "InvalidImageResolution",
                   "the ratio of " + name + " must be in [1:8, 8:1]"};
  if (type != "last_frame" && first.width == 0) first = info;
  return {};
}

Checked media_request(const Standin& standin, const Exchange& exchange, const Json& input,
                      const Json& parameters, VideoJob& job) {
  const VideoModel& model = *job.model;
  const bool may_be_bare = model.mode == VideoMode::Anything;
  if (!may_be_bare && !input.has("media")) return invalid("Field required: input.media");
  if (auto bad = check_type(input, "input", "media", "array")) return bad;
  if (auto bad = only(input, "input", input_names(model, {"media"}))) return bad;
  if (model.mode != VideoMode::NewMedia)
    if (auto bad = need_prompt(input)) return bad;
  if (auto bad = tier_from(parameters, job)) return bad;
  PictureInfo first;
  std::multiset<std::string> types;
  size_t place = 0;
  for (const Json& item : input["media"].items()) {
    if (auto bad = one_medium(standin, exchange, item, place++, model, first)) return bad;
    types.insert(item["type"].text());
  }
  if (!types.empty() || !may_be_bare)
    if (auto bad = legal_set(model, types)) return bad;
  return ratio_from(parameters, first, job);
}

Checked by_mode(const Standin& standin, const Exchange& exchange, const Json& input,
                const Json& parameters, VideoJob& job) {
  switch (job.model->mode) {
  case VideoMode::Text:
  case VideoMode::NewText:
    return text_request(input, parameters, job);
  case VideoMode::Picture:
    return picture_request(standin, exchange, input, parameters, job);
  case VideoMode::Frames:
    return frames_request(standin, exchange, input, parameters, job);
  default:
    return media_request(standin, exchange, input, parameters, job);
  }
}

} // namespace

Checked check_video(const Standin& standin, const Exchange& exchange, VideoJob& job) {
  const Json& body = *exchange.json;
  if (!body["model"].is_string()) return invalid("Field required: model");
  const std::string& name = body["model"].text();
  // The path is another for models of first and last frame, by their name.
  const bool frames = name.find("kf2v") != std::string::npos;
  if (frames != (exchange.path.find("/image2video/") != std::string::npos))
    return invalid("url error, please check url!");
  job.model = find_video_model(name);
  if (!job.model) return Problem{404, "ModelNotFound", "Model not exist: " + name};
  if (!body["input"].is_object()) return invalid("Field required: input");
  if (auto bad = check_type(body, "body", "parameters", "object")) return bad;
  const Json &input = body["input"], &parameters = body["parameters"];
  if (auto bad = parameters_from(input, parameters, job)) return bad;
  if (auto bad = by_mode(standin, exchange, input, parameters, job)) return bad;
  if (auto bad = audio_from(standin, exchange, input, *job.model)) return bad;
  job.prompt = cut(input["prompt"].text(), job.model->prompt_characters);
  return {};
}

} // namespace standin
