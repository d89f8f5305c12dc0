// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of models.
#include "models.h"

#include <charconv>

namespace standin {
namespace {

std::vector<int> range(int from, int to) {
  std::vector<int> out;
  for (int i = from; i <= to; ++i)
    out.push_back(i);
  return out;
}

ImageModel listed(const char* name, const char* group, bool asynchronous) {
  return {.name = name,
          .group = group,
          .rule = SizeRule::List,
          .asynchronous = asynchronous,
          .metric = true,
          .default_size = {1664, 928}};
}

ImageModel free_area(const char* name, const char* group, int64_t least, int64_t most,
                     size_t characters, Size size) {
  return {.name = name,
          .group = group,
          .rule = SizeRule::Area,
          .most = 6,
          .prompt_characters = characters,
          .edits = true,
          .least_area = least,
          .most_area = most,
          .default_size = size};
}

ImageModel editor(const char* name, const char* group) {
  return {.name = name, .group = group, .rule = SizeRule::Sides, .most = 6, .edits = true};
}

const std::vector<ImageModel>& image_models() {
  constexpr int64_t quarter = 512 * 512, four = 2048 * 2048, most3 = 6553600;
  static const std::vector<ImageModel> table = {
      listed("qwen-image", "qwen-image", true),
      listed("qwen-image-plus", "qwen-image", true),
      listed("qwen-image-plus-2026-01-09", "qwen-image-2", false),
      listed("qwen-image-max", "qwen-image-pro", false),
      listed("qwen-image-max-2025-12-30", "qwen-image-pro", false),
      free_area("qwen-image-2.0", "qwen-image-2", quarter, four, 1300, {2048, 2048}),
      free_area("qwen-image-2.0-2026-03-03", "qwen-image-2", quarter, four, 1300, {2048, 2048}),
      free_area("qwen-image-2.0-pro", "qwen-image-pro", quarter, four, 1300, {2048, 2048}),
      free_area("qwen-image-2.0-pro-2026-04-22", "qwen-image-pro", quarter, four, 1300,
                {2048, 2048}),
      free_area("qwen-image-3.0", "qwen-image-2", quarter, most3, 1300, {1664, 928}),
      free_area("qwen-image-3.0-pro", "qwen-image-pro", quarter, most3, 1300, {1664, 928}),
      {.name = "qwen-image-edit",
       .group = "qwen-image-2",
       .rule = SizeRule::FollowsInput,
       .edits = true},
      editor("qwen-image-edit-plus", "qwen-image-2"),
      editor("qwen-image-edit-max", "qwen-image-pro"),
  };
  return table;
}

VideoModel old_model(const char* name, VideoMode mode, std::vector<int> tiers, int tier,
                     const char* usage, std::vector<int> durations = {5}) {
  return {.name = name,
          .group = "wan2.2",
          .mode = mode,
          .tiers = std::move(tiers),
          .default_tier = tier,
          .durations = std::move(durations),
          .prompt_characters = 800,
          .usage = usage};
}

VideoModel frames_model(const char* name, std::vector<int> tiers, const char* usage) {
  VideoModel model = old_model(name, VideoMode::Frames, std::move(tiers), 720, usage);
  model.least_side = 360, model.most_side = 2000;
  return model;
}

VideoModel sound_model(const char* name, VideoMode mode, std::vector<int> tiers,
                       std::vector<int> durations, const char* usage) {
  const bool six = name[5] == '6';
  return {.name = name,
          .group = "wan2.5+",
          .mode = mode,
          .tiers = std::move(tiers),
          .default_tier = 1080,
          .durations = std::move(durations),
          .prompt_characters = 1500,
          .sound = true,
          .shot_type = six,
          .audio_url = true,
          .picture_mb = 20,
          .usage = usage,
          .never_actual_prompt = six};
}

VideoModel new_model(const char* name, VideoMode mode, std::vector<int> durations) {
  return {.name = name,
          .group = "wan2.5+",
          .mode = mode,
          .tiers = {720, 1080},
          .default_tier = 1080,
          .durations = std::move(durations),
          .prompt_characters = 5000,
          .sound = true,
          .picture_mb = 20,
          .usage = "2.6",
          .never_actual_prompt = true};
}

std::vector<VideoModel> make_video_models() {
  using enum VideoMode;
  const std::vector<int> all = {480, 720, 1080}, high = {720, 1080}, low = {480, 720};
  std::vector<VideoModel> table = {
      sound_model("wan2.6-t2v", Text, high, range(2, 15), "2.6"),
      sound_model("wan2.6-t2v-us", Text, high, {5, 10, 15}, "2.6"),
      sound_model("wan2.5-t2v-preview", Text, all, {5, 10}, "t2v"),
      old_model("wan2.2-t2v-plus", Text, {480, 1080}, 1080, "t2v"),
      sound_model("wan2.6-i2v", Picture, high, range(2, 15), "2.6"),
      sound_model("wan2.6-i2v-flash", Picture, high, range(2, 15), "2.6"),
      sound_model("wan2.6-i2v-us", Picture, high, {5, 10, 15}, "2.6"),
      sound_model("wan2.5-i2v-preview", Picture, all, {5, 10}, "i2v"),
      old_model("wan2.2-i2v-flash", Picture, all, 720, "i2v"),
      old_model("wan2.2-i2v-plus", Picture, {480, 1080}, 1080, "i2v"),
      frames_model("wan2.2-kf2v-flash", all, "kf2v"),
      new_model("wan2.7-t2v", NewText, range(2, 15)),
      new_model("wan2.7-i2v", NewMedia, range(2, 15)),
      new_model("wan2.7-r2v", References, range(2, 10)),
  };
  for (const std::string prefix : {"wan", "wanx"}) { // Singapore's and Beijing's spelling
    auto named = [&](const char* tail) { return prefix + "2.1-" + tail; };
    table.push_back(old_model(named("t2v-turbo").c_str(), Text, low, 720, "2.1"));
    table.push_back(old_model(named("t2v-plus").c_str(), Text, {720}, 720, "2.1"));
    table.push_back(old_model(named("i2v-turbo").c_str(), Picture, low, 720, "2.1", {3, 4, 5}));
    table.push_back(old_model(named("i2v-plus").c_str(), Picture, {720}, 720, "2.1"));
    table.push_back(frames_model(named("kf2v-plus").c_str(), {720}, "2.1"));
  }
  for (VideoModel& model : table)
    if (model.name == "wan2.6-i2v-flash") model.audio_switch = true;
  for (const char* name : {"wan3.0-video", "wan3.0-video-prime"}) {
    VideoModel model = new_model(name, Anything, range(2, 30));
    model.group = "wan3.0";
    model.tiers = all;
    model.prompt_characters = 20000;
    model.audio_switch = true;
    table.push_back(std::move(model));
  }
  return table;
}

const std::vector<VideoModel>& video_models() {
  static const std::vector<VideoModel> table = make_video_models();
  return table;
}

template <typename Model>
const Model* find(const std::vector<Model>& table, const std::string& name) {
  for (const Model& model : table)
    if (model.name == name) return &model;
  return nullptr;
}

} // namespace

const ImageModel* find_image_model(const std::string& name) {
  return find(image_models(), name);
}

const VideoModel* find_video_model(const std::string& name) {
  return find(video_models(), name);
}

const std::vector<Size>& image_sizes() {
  static const std::vector<Size> sizes = {
      {1664, 928}, {1472, 1104}, {1328, 1328}, {1104, 1472}, {928, 1664}};
  return sizes;
}

const std::vector<Size>& tier_sizes(int tier) {
  static const std::vector<Size> low = {{832, 480}, {480, 832}, {624, 624}};
  static const std::vector<Size> middle = {
      {1280, 720}, {720, 1280}, {960, 960}, {1088, 832}, {832, 1088}};
  static const std::vector<Size> high = {
      {1920, 1080}, {1080, 1920}, {1440, 1440}, {1632, 1248}, {1248, 1632}};
  return tier == 480 ? low : tier == 720 ? middle : high;
}

int64_t tier_area(int tier) {
  const Size& size = tier_sizes(tier).front();
  return int64_t{size.width} * size.height;
}

Size parse_size(const std::string& text) {
  Size size;
  const char* end = text.data() + text.size();
  const auto [star, error] = std::from_chars(text.data(), end, size.width);
  if (error != std::errc() || star == end || *star != '*') return {};
  const auto [stop, error2] = std::from_chars(star + 1, end, size.height);
  if (error2 != std::errc() || stop != end || size.width < 1 || size.height < 1) return {};
  return size;
}

std::string print_size(const Size& size) {
  return std::to_string(size.width) + "*" + std::to_string(size.height);
}

} // namespace standin
