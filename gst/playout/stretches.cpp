// SPDX-License-Identifier: LGPL-2.1-or-later
// See stretches.h.
#include "playout/stretches.h"

#include <algorithm>
#include <cmath>

namespace aigc {
namespace {

// The defaults of the filters: blackdetect pixel_black_th and picture_black_ratio_th, freezedetect
// noise, silencedetect noise.
constexpr double kBlackPixel = 0.10;
constexpr double kBlackPicture = 0.98;
constexpr double kFrozenNoise = 0.001;
constexpr double kSilentNoise = 0.001; // -60 dB
constexpr int kMostColumns = 240, kMostRows = 135;
constexpr GstClockTime kPeek = 10 * GST_MSECOND; ///< sound is judged in pieces of this length

double luma_of_rgb(const std::uint8_t* argb) {
  return 0.2126 * argb[1] + 0.7152 * argb[2] + 0.0722 * argb[3];
}

/// Whether the samples stand in the picture as they are looked at: nearly all decoders' pictures.
bool is_plain(const GstVideoFormatInfo* format) {
  const auto odd = GST_VIDEO_FORMAT_FLAG_COMPLEX | GST_VIDEO_FORMAT_FLAG_TILED;
  return GST_VIDEO_FORMAT_INFO_IS_YUV(format) && !(format->flags & odd) && format->bits == 8 &&
         format->n_components >= 3;
}

} // namespace

void StretchFinder::see(bool so, GstClockTime time) {
  if (so && !since_) since_ = time;
  if (so || !since_) return;
  if (time - *since_ >= shortest(kind_)) found_.push_back({kind_, *since_, time - *since_});
  since_.reset();
}

std::vector<Stretch> StretchFinder::finish(GstClockTime end) {
  see(false, std::max(end, since_.value_or(end)));
  return std::exchange(found_, {});
}

bool PictureLook::see(GstBuffer* picture, GstCaps* caps, GstClockTime time) {
  if (!read(picture, caps)) return false;
  black_.see(is_black(), time);
  const bool frozen = is_like_reference();
  if (!frozen) {
    frozen_.see(false, time);
    std::swap(reference_, samples_);
    reference_time_ = time;
  } else {
    frozen_.see(true, reference_time_);
  }
  return true;
}

std::vector<Stretch> PictureLook::finish(GstClockTime end) {
  auto found = black_.finish(end);
  const auto frozen = frozen_.finish(end);
  found.insert(found.end(), frozen.begin(), frozen.end());
  reference_.clear();
  return found;
}

bool PictureLook::read(GstBuffer* picture, GstCaps* caps) {
  if (caps != caps_.get() && !read_format(caps)) return false;
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info_, picture, GST_MAP_READ)) return false;
  const int height = GST_VIDEO_FRAME_HEIGHT(&frame), rows = std::min(height, kMostRows);
  samples_.resize(columns_.size() * static_cast<size_t>(rows));
  Sample* to = samples_.data();
  for (int row = 0; row < rows; ++row, to += columns_.size()) {
    const int y = (2 * row + 1) * height / (2 * rows);
    if (plain_)
      read_plain_row(frame, y, to);
    else
      read_row(frame, y, to);
  }
  gst_video_frame_unmap(&frame);
  return !samples_.empty();
}

bool PictureLook::read_format(GstCaps* caps) {
  if (!gst_video_info_from_caps(&info_, caps)) return false;
  caps_ = share(caps);
  plain_ = is_plain(info_.finfo);
  columns_.resize(static_cast<size_t>(std::min(GST_VIDEO_INFO_WIDTH(&info_), kMostColumns)));
  const auto count = static_cast<int>(columns_.size());
  for (int column = 0; column < count; ++column)
    columns_[static_cast<size_t>(column)] =
        (2 * column + 1) * GST_VIDEO_INFO_WIDTH(&info_) / (2 * count);
  return true;
}

void PictureLook::read_plain_row(const GstVideoFrame& frame, int y, Sample* to) const {
  const GstVideoFormatInfo* format = frame.info.finfo;
  const auto row_of = [&](guint c) {
    return static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame, c)) +
           (y >> format->h_sub[c]) * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c);
  };
  const std::uint8_t *ys = row_of(0), *us = row_of(1), *vs = row_of(2);
  const int sub = static_cast<int>(format->w_sub[1]);
  const int step = format->pixel_stride[0], chroma_step = format->pixel_stride[1];
  for (const int x : columns_) {
    const int chroma = (x >> sub) * chroma_step;
    *to++ = {ys[x * step], us[chroma], vs[chroma]};
  }
}

void PictureLook::read_row(const GstVideoFrame& frame, int y, Sample* to) {
  const GstVideoFormatInfo* format = frame.info.finfo;
  const bool wide =
      GST_VIDEO_FORMAT_INFO_BITS(gst_video_format_get_info(format->unpack_format)) > 8;
  const bool rgb = GST_VIDEO_FORMAT_INFO_IS_RGB(format);
  const int width = GST_VIDEO_FRAME_WIDTH(&frame);
  line_.resize(static_cast<size_t>(width) * (wide ? 8 : 4));
  format->unpack_func(format, GST_VIDEO_PACK_FLAG_NONE, line_.data(), frame.data, frame.info.stride,
                      0, y, width);
  for (const int column : columns_) {
    const auto x = static_cast<size_t>(column);
    std::uint8_t argb[4];
    for (size_t c = 0; c < 4; ++c)
      argb[c] = wide ? static_cast<std::uint8_t>(
                           reinterpret_cast<const std::uint16_t*>(line_.data())[4 * x + c] >> 8)
                     : line_[4 * x + c];
    *to++ = {rgb ? static_cast<std::uint8_t>(luma_of_rgb(argb)) : argb[1], argb[2], argb[3]};
  }
}

bool PictureLook::is_black() const {
  const bool full =
      GST_VIDEO_INFO_IS_RGB(&info_) || info_.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  const double most = full ? kBlackPixel * 255 : 16 + kBlackPixel * (235 - 16);
  const auto black = std::count_if(samples_.begin(), samples_.end(),
                                   [&](const Sample& sample) { return sample.y <= most; });
  return static_cast<double>(black) >= kBlackPicture * static_cast<double>(samples_.size());
}

bool PictureLook::is_like_reference() const {
  if (reference_.size() != samples_.size()) return false;
  // Of 4:2:0, which has four samples of y for each of u and v.
  const auto most =
      static_cast<std::int64_t>(kFrozenNoise * 256 * 6 * static_cast<double>(samples_.size()));
  std::int64_t difference = 0;
  for (size_t i = 0; i < samples_.size() && difference <= most; ++i)
    difference += 4 * std::abs(samples_[i].y - reference_[i].y) +
                  std::abs(samples_[i].u - reference_[i].u) +
                  std::abs(samples_[i].v - reference_[i].v);
  return difference <= most;
}

bool SoundLook::see(GstBuffer* block, GstCaps* caps, GstClockTime time) {
  if (caps != caps_.get()) {
    if (!gst_audio_info_from_caps(&info_, caps)) return false;
    caps_ = share(caps);
  }
  GstAudioBuffer sound;
  if (!gst_audio_buffer_map(&sound, &info_, block, GST_MAP_READ)) return false;
  const GstAudioFormatInfo* format = info_.finfo;
  const bool floating = format->unpack_format == GST_AUDIO_FORMAT_F64;
  const size_t in_plane = info_.layout == GST_AUDIO_LAYOUT_INTERLEAVED
                              ? static_cast<size_t>(GST_AUDIO_INFO_CHANNELS(&info_))
                              : 1;
  const size_t values = sound.n_samples * in_plane;
  const auto rate = static_cast<guint64>(GST_AUDIO_INFO_RATE(&info_));
  const size_t piece = std::max<size_t>(1, gst_util_uint64_scale_int(rate, 1, 100));
  raw_.resize(values * 8);
  loud_.assign((sound.n_samples + piece - 1) / piece, false);
  for (int plane = 0; plane < sound.n_planes; ++plane) {
    format->unpack_func(format, GST_AUDIO_PACK_FLAG_NONE, raw_.data(), sound.planes[plane],
                        static_cast<gint>(values));
    for (size_t i = 0; i < values; ++i) {
      const double value =
          floating ? reinterpret_cast<const double*>(raw_.data())[i]
                   : reinterpret_cast<const std::int32_t*>(raw_.data())[i] / 2147483648.0;
      if (std::abs(value) >= kSilentNoise) loud_[i / in_plane / piece] = true;
    }
  }
  for (size_t i = 0; i < loud_.size(); ++i)
    silent_.see(!loud_[i], time + i * kPeek);
  reached_ = time + gst_util_uint64_scale(sound.n_samples, GST_SECOND, rate);
  gst_audio_buffer_unmap(&sound);
  return true;
}

std::vector<Stretch> SoundLook::finish(GstClockTime end) {
  silent_.see(true, reached_); // sound that ends before the pictures leaves silence
  return silent_.finish(end);
}

} // namespace aigc
