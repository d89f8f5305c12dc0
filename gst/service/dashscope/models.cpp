// SPDX-License-Identifier: LGPL-2.1-or-later
// See models.h. The one place for sizes, lengths, limits and rates; the first row that fits the
// inputs is the default.
#include "service/dashscope/models.h"

#include "shot/shot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include <glib.h>

namespace aigc::dashscope {

namespace {

template <typename T, size_t... N> constexpr auto joined(const std::array<T, N>&... lists) {
  std::array<T, (N + ...)> all{};
  size_t at = 0;
  ((std::copy(lists.begin(), lists.end(), all.begin() + at), at += N), ...);
  return all;
}

template <int First, int Last> constexpr auto whole_seconds() {
  std::array<double, Last - First + 1> all{};
  for (int i = First; i <= Last; ++i)
    all[static_cast<size_t>(i - First)] = i;
  return all;
}

constexpr std::array<Size, 5> kQwenSizes = {
    {{1664, 928}, {1472, 1104}, {1328, 1328}, {1104, 1472}, {928, 1664}}};

constexpr std::array<Size, 3> k480 = {{{832, 480}, {480, 832}, {624, 624}}};
constexpr std::array<Size, 5> k720 = {
    {{1280, 720}, {720, 1280}, {960, 960}, {1088, 832}, {832, 1088}}};
constexpr std::array<Size, 5> k1080 = {
    {{1920, 1080}, {1080, 1920}, {1440, 1440}, {1632, 1248}, {1248, 1632}}};
/// A clip that follows its keyframe has any aspect: a 4:3 one is at least as large as this.
constexpr std::array<Size, 2> kFollowing = {{{704, 528}, {528, 704}}};

constexpr auto kLowMiddle = joined(k480, k720);
constexpr auto kLowHigh = joined(k480, k1080);
constexpr auto kMiddleHigh = joined(k720, k1080);
constexpr auto kAll = joined(k480, k720, k1080);
constexpr auto kLowMiddleFollowing = joined(k480, kFollowing, k720);
constexpr auto kLowHighFollowing = joined(k480, kFollowing, k1080);
constexpr auto kAllFollowing = joined(k480, kFollowing, k720, k1080);

constexpr Size kWide720{1280, 720};
constexpr Size kWide1080{1920, 1080};

constexpr std::array<double, 1> kFive = {5};
constexpr std::array<double, 3> kThreeToFive = {3, 4, 5};
constexpr std::array<double, 2> kFiveTen = {5, 10};
constexpr std::array<double, 3> kFiveTenFifteen = {5, 10, 15};
constexpr auto kTwoToTen = whole_seconds<2, 10>();
constexpr auto kTwoToFifteen = whole_seconds<2, 15>();
constexpr auto kTwoToThirty = whole_seconds<2, 30>();

constexpr Pace kQwenTask{"qwen-image", 2, 2};
constexpr Pace kQwenNow{"qwen-image-sync", 2, 0};
constexpr Pace kQwenSlow{"qwen-image-pro", 2.0 / 60, 0};
constexpr Pace kWanOld{"wan2.2", 2, 2};
constexpr Pace kWanNew{"wan2.5", 5, 5};
constexpr unsigned kAtOnceUnlimited = 4; ///< pictures, where the service sets no limit

constexpr size_t kMegabyte = 1'000'000; ///< the smaller reading of "MB"
constexpr PictureLimits kEditPictures{384, 3072, 10 * kMegabyte};
constexpr PictureLimits kFramePictures{240, 8000, 10 * kMegabyte};
constexpr PictureLimits kLargeFramePictures{240, 8000, 20 * kMegabyte};
constexpr PictureLimits kPairPictures{360, 2000, 10 * kMegabyte};
constexpr PictureLimits kMediaPictures{240, 8000, 20 * kMegabyte, 8};

Row picture_row(const char* name, Route route, Pace pace) {
  Row row;
  row.model.name = name;
  row.model.role = Role::picture;
  row.model.default_size = kQwenSizes.front();
  row.model.max_in_flight = pace.concurrent ? pace.concurrent : kAtOnceUnlimited;
  row.model.pace = pace;
  row.model.picture_mime = "image/png";
  row.route = route;
  row.longest_prompt = 800;
  return row;
}

Row listed_picture(const char* name, Route route, Pace pace) {
  Row row = picture_row(name, route, pace);
  row.model.sizes = kQwenSizes;
  return row;
}

Row free_picture(const char* name, Pace pace, gint64 max_area, Size size) {
  Row row = picture_row(name, Route::picture_now, pace);
  row.model.default_size = size;
  row.model.min_area = 512 * 512;
  row.model.max_area = max_area;
  row.model.min_side = kMinSide;
  row.model.max_side = kMaxSide;
  row.model.side_step = 2;
  row.longest_prompt = 1300; // tokens, and a token may be a single character
  return row;
}

Row edit_row(const char* name, Pace pace, int min_side, int max_side) {
  Row row = picture_row(name, Route::edit, pace);
  row.model.inputs = kReferences;
  row.model.min_side = min_side;
  row.model.max_side = max_side;
  row.model.side_step = 16;
  row.pictures = kEditPictures;
  row.max_references = 3;
  return row;
}

/// An editor whose picture has the size of the one it was given.
Row following_edit_row(const char* name, Pace pace) {
  Row row = edit_row(name, pace, kMinSide, kEditPictures.max_side);
  row.takes_size = false;
  return row;
}

Row clip_row(const char* name, Route route, unsigned inputs, std::span<const Size> sizes, Size size,
             std::span<const double> seconds, Pace pace) {
  Row row;
  row.model.name = name;
  row.model.role = Role::clip;
  row.model.inputs = inputs;
  row.model.default_size = size;
  row.model.sizes = sizes;
  row.model.min_seconds = seconds.front();
  row.model.max_seconds = seconds.back();
  row.model.seconds = seconds;
  row.model.max_in_flight = pace.concurrent;
  row.model.pace = pace;
  row.route = route;
  return row;
}

Row text_clip(const char* name, std::span<const Size> sizes, Size size,
              std::span<const double> seconds, Pace pace, size_t longest_prompt) {
  Row row = clip_row(name, Route::text_clip, kWordsOnly, sizes, size, seconds, pace);
  row.longest_prompt = longest_prompt;
  return row;
}

Row keyframe_clip(const char* name, std::span<const Size> sizes, Size size,
                  std::span<const double> seconds, Pace pace, size_t longest_prompt) {
  Row row = clip_row(name, Route::keyframe_clip, kKeyframe, sizes, size, seconds, pace);
  row.longest_prompt = longest_prompt;
  row.pictures = longest_prompt > 800 ? kLargeFramePictures : kFramePictures;
  return row;
}

Row frames_clip(const char* name, std::span<const Size> sizes) {
  Row row =
      clip_row(name, Route::frames_clip, kKeyframe | kLastFrame, sizes, kWide720, kFive, kWanOld);
  row.longest_prompt = 800;
  row.pictures = kPairPictures;
  return row;
}

Row media_clip(const char* name, unsigned inputs, std::span<const Size> sizes,
               std::span<const double> seconds, size_t longest_prompt) {
  Row row = clip_row(name, Route::media_clip, inputs, sizes, kWide1080, seconds, kWanNew);
  row.longest_prompt = longest_prompt;
  row.pictures = kMediaPictures;
  row.max_references = 5;
  return row;
}

std::vector<Row> make_rows() {
  constexpr gint64 four = 2048 * 2048, six = 6'553'600;
  constexpr unsigned all_inputs = kWordsOnly | kKeyframe | kLastFrame | kReferences;
  Row chat;
  chat.model.name = "qwen-plus";
  chat.model.role = Role::words;
  chat.model.max_in_flight = kAtOnceUnlimited;
  chat.route = Route::chat;
  return {
      chat,

      listed_picture("qwen-image-plus", Route::picture_task, kQwenTask),
      listed_picture("qwen-image", Route::picture_task, kQwenTask),
      listed_picture("qwen-image-plus-2026-01-09", Route::picture_now, kQwenNow),
      listed_picture("qwen-image-max", Route::picture_now, kQwenSlow),
      free_picture("qwen-image-2.0", kQwenNow, four, {2048, 2048}),
      free_picture("qwen-image-2.0-pro", kQwenSlow, four, {2048, 2048}),
      free_picture("qwen-image-3.0", kQwenNow, six, kQwenSizes.front()),
      free_picture("qwen-image-3.0-pro", kQwenSlow, six, kQwenSizes.front()),
      edit_row("qwen-image-edit-plus", kQwenNow, 512, 2048),
      edit_row("qwen-image-edit-max", kQwenSlow, 512, 2048),
      following_edit_row("qwen-image-edit", kQwenNow),

      text_clip("wan2.2-t2v-plus", kLowHigh, kWide1080, kFive, kWanOld, 800),
      // Before its -flash, which only Beijing has.
      keyframe_clip("wan2.2-i2v-plus", kLowHighFollowing, kWide1080, kFive, kWanOld, 800),
      frames_clip("wan2.2-kf2v-flash", kAllFollowing),
      media_clip("wan2.7-r2v", kReferences, kMiddleHigh, kTwoToTen, 5000),
      keyframe_clip("wan2.2-i2v-flash", kAllFollowing, kWide720, kFive, kWanOld, 800),
      text_clip("wan2.5-t2v-preview", kAll, kWide1080, kFiveTen, kWanNew, 1500),
      keyframe_clip("wan2.5-i2v-preview", kAllFollowing, kWide1080, kFiveTen, kWanNew, 1500),
      text_clip("wan2.6-t2v", kMiddleHigh, kWide1080, kTwoToFifteen, kWanNew, 1500),
      keyframe_clip("wan2.6-i2v", kMiddleHigh, kWide1080, kTwoToFifteen, kWanNew, 1500),
      keyframe_clip("wan2.6-i2v-flash", kMiddleHigh, kWide1080, kTwoToFifteen, kWanNew, 1500),
      media_clip("wan2.7-t2v", kWordsOnly, kMiddleHigh, kTwoToFifteen, 5000),
      media_clip("wan2.7-i2v", kKeyframe | kLastFrame, kMiddleHigh, kTwoToFifteen, 5000),
      media_clip("wan3.0-video", all_inputs, kAll, kTwoToThirty, 20000),
      media_clip("wan3.0-video-prime", all_inputs, kAll, kTwoToThirty, 20000),
      text_clip("wanx2.1-t2v-turbo", kLowMiddle, kWide720, kFive, kWanOld, 800),
      text_clip("wanx2.1-t2v-plus", k720, kWide720, kFive, kWanOld, 800),
      keyframe_clip("wanx2.1-i2v-turbo", kLowMiddleFollowing, kWide720, kThreeToFive, kWanOld, 800),
      keyframe_clip("wanx2.1-i2v-plus", k720, kWide720, kFive, kWanOld, 800),
      frames_clip("wanx2.1-kf2v-plus", k720),
  };
}

const std::vector<Row>& rows() {
  static const std::vector<Row> table = make_rows();
  return table;
}

/// The length of "-2026-01-09" at the end of a name, or 0.
size_t date_length(std::string_view name) {
  constexpr std::string_view pattern = "-0000-00-00";
  if (name.size() < pattern.size()) return 0;
  const std::string_view tail = name.substr(name.size() - pattern.size());
  for (size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] == '-' ? tail[i] != '-' : !g_ascii_isdigit(tail[i])) return 0;
  return pattern.size();
}

} // namespace

std::span<const Model> models() {
  static const std::vector<Model> table = [] {
    std::vector<Model> all;
    for (const Row& row : rows())
      all.push_back(row.model);
    return all;
  }();
  return table;
}

const Row* find_row(const std::string& name) {
  for (const Row& row : rows())
    if (name == row.model.name) return &row;
  return nullptr;
}

std::optional<Row> derive_row(const std::string& name) {
  constexpr size_t longest = 64;
  if (name.size() > longest) return std::nullopt;
  if (const Row* row = find_row(name)) return *row;
  if (const size_t length = date_length(name)) {
    auto row = derive_row(name.substr(0, name.size() - length));
    // Snapshots of picture models answer at once; only the two mainline names make tasks.
    if (row && row->route == Route::picture_task) {
      row->route = Route::picture_now;
      row->model.pace = kQwenNow;
      row->model.max_in_flight = kAtOnceUnlimited;
    }
    return row;
  }
  if (name.ends_with("-us")) {
    auto row = derive_row(name.substr(0, name.size() - 3));
    if (row && row->model.max_seconds > kFiveTenFifteen.back() - 1) {
      row->model.seconds = kFiveTenFifteen;
      row->model.min_seconds = kFiveTenFifteen.front();
      row->model.max_seconds = kFiveTenFifteen.back();
    }
    return row;
  }
  // Singapore's spelling of Beijing's wanx2.1.
  if (name.starts_with("wan2.1-")) return derive_row("wanx" + name.substr(3));
  return std::nullopt;
}

const char* ratio_of(Size size) {
  constexpr std::array<std::pair<const char*, double>, 5> ratios = {
      {{"16:9", 16.0 / 9}, {"4:3", 4.0 / 3}, {"1:1", 1}, {"3:4", 3.0 / 4}, {"9:16", 9.0 / 16}}};
  const double wanted = std::log(static_cast<double>(size.width) / size.height);
  return std::ranges::min_element(
             ratios, {},
             [&](const auto& ratio) { return std::abs(std::log(ratio.second) - wanted); })
      ->first;
}

} // namespace aigc::dashscope
