// SPDX-License-Identifier: LGPL-2.1-or-later
// See look_colours.h. Frames are made small by OpenCV, then counted in cells of the colour space.
#include "look_colours.h"

#include "opencv_guard.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>

namespace aigc {

namespace {

/// Pictures are compared at this size at most: enough for the shares of colours, small enough to be
/// done within a frame's time.
constexpr int kWidth = 128, kHeight = 72;

/// Cells of the colour space along brightness, and along each of the chromas.
constexpr float kLumaCells = 12, kChromaCells = 30;

/// Large areas count for more than small ones, but not as much more as they are larger: how much of
/// a picture is sky is the scene, that its sky is blue is the look.
constexpr double kAreaPower = 0.6;

/// Fewer than this is noise.
constexpr float kLeastAlpha = 128;

/// Gathers pixels into colours.
class Counter {
 public:
  void add(float y, float cb, float cr) {
    const auto cell = [](float value, float cells) {
      return static_cast<int>(std::floor(value * cells));
    };
    const int key = (cell(y, kLumaCells) * 64 + cell(cb + 0.5f, kChromaCells)) * 64 +
                    cell(cr + 0.5f, kChromaCells);
    PictureColour& sum = cells_[key];
    sum.y += y;
    sum.cb += cb;
    sum.cr += cr;
    sum.weight += 1;
  }

  PictureColours colours() const {
    PictureColours all;
    for (const auto& [key, sum] : cells_)
      all.push_back({sum.y / sum.weight, sum.cb / sum.weight, sum.cr / sum.weight, sum.weight});
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& one, const auto& other) { return one.weight > other.weight; });
    all.resize(std::min(all.size(), kMostColours));
    float total = 0;
    for (auto& colour : all)
      total += colour.weight = static_cast<float>(std::pow(colour.weight, kAreaPower));
    for (auto& colour : all)
      colour.weight /= total;
    return all;
  }

 private:
  std::map<int, PictureColour> cells_;
};

/// The components of the frame at the size of comparison, as float. Each plane is made small once,
/// however many components it holds.
std::vector<cv::Mat> small_components(GstVideoFrame* frame, cv::Size size) {
  cv::Mat planes[GST_VIDEO_MAX_PLANES];
  std::vector<cv::Mat> components;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS(frame); ++i) {
    const int plane = GST_VIDEO_FRAME_COMP_PLANE(frame, i);
    if (planes[plane].empty()) {
      const cv::Mat all(GST_VIDEO_FRAME_COMP_HEIGHT(frame, i), GST_VIDEO_FRAME_COMP_WIDTH(frame, i),
                        CV_8UC(GST_VIDEO_FRAME_COMP_PSTRIDE(frame, i)),
                        GST_VIDEO_FRAME_PLANE_DATA(frame, plane),
                        static_cast<size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane)));
      cv::resize(all, planes[plane], size, 0, 0, cv::INTER_AREA);
    }
    cv::Mat one, floats;
    cv::extractChannel(planes[plane], one, GST_VIDEO_FRAME_COMP_POFFSET(frame, i));
    one.convertTo(floats, CV_32F);
    components.push_back(floats);
  }
  return components;
}

/// Turns red, green and blue, 0..255, into Y'CbCr and counts it.
void add_rgb(Counter& counter, const LumaShares& shares, float red, float green, float blue) {
  const auto kr = static_cast<float>(shares.red), kb = static_cast<float>(shares.blue);
  const float y = (kr * red + (1 - kr - kb) * green + kb * blue) / 255;
  counter.add(y, (blue / 255 - y) / (2 - 2 * kb), (red / 255 - y) / (2 - 2 * kr));
}

PictureColours count(GstVideoFrame* frame) {
  const GstVideoInfo& info = frame->info;
  const cv::Size size(std::min(info.width, kWidth), std::min(info.height, kHeight));
  const std::vector<cv::Mat> components = small_components(frame, size);
  const bool rgb = GST_VIDEO_INFO_IS_RGB(&info);
  const LumaShares shares = luma_shares(info.colorimetry.matrix);
  gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
  gst_video_color_range_offsets(info.colorimetry.range, info.finfo, offset, scale);
  Counter counter;
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const auto value = [&](size_t i) { return components[i].at<float>(y, x); };
      const auto level = [&](size_t i) {
        return (value(i) - float(offset[i])) / float(std::max(scale[i], 1));
      };
      if (components.size() > 3 && value(3) < kLeastAlpha) continue;
      if (rgb)
        add_rgb(counter, shares, value(0), value(1), value(2));
      else
        counter.add(level(0), level(1), level(2));
    }
  return counter.colours();
}

} // namespace

PictureColours colours_of(GstVideoFrame* frame) {
  return with_opencv("compare a frame", [&] { return count(frame); });
}

Raster for_comparison(const Raster& picture) {
  const double scale =
      std::min({1.0, double(kWidth) / picture.width, double(kHeight) / picture.height});
  const auto side = [&](int pixels) {
    return std::max(1, static_cast<int>(std::lround(pixels * scale)));
  };
  return fit_picture(picture, side(picture.width), side(picture.height));
}

PictureColours colours_of(const Raster& picture, GstVideoColorMatrix matrix) {
  const LumaShares shares = luma_shares(matrix);
  Counter counter;
  for (size_t i = 0; i + 3 < picture.rgba.size(); i += 4)
    if (picture.rgba[i + 3] >= kLeastAlpha)
      add_rgb(counter, shares, picture.rgba[i], picture.rgba[i + 1], picture.rgba[i + 2]);
  return counter.colours();
}

double contrast_of(const PictureColours& colours) {
  double mean = 0, square = 0;
  for (const auto& colour : colours) {
    mean += double(colour.weight) * colour.y;
    square += double(colour.weight) * colour.y * colour.y;
  }
  return std::sqrt(std::max(0.0, square - mean * mean));
}

LumaShares luma_shares(GstVideoColorMatrix matrix) {
  LumaShares shares{};
  if (!gst_video_color_matrix_get_Kr_Kb(matrix, &shares.red, &shares.blue))
    gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT709, &shares.red, &shares.blue);
  return shares;
}

} // namespace aigc
