// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and sound mixed and faded: exact at the ends, whatever the strides are.
#include "base/error.h"
#include "playout/transition.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

using namespace aigc;

namespace {

GstVideoInfo video(GstVideoFormat format, int width, int height) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
  return info;
}

/// Every row `extra` bytes longer than need be, which only the meta says.
Ref<GstBuffer> strided(const GstVideoInfo& info, int extra, guint8 seed) {
  gsize offset[GST_VIDEO_MAX_PLANES] = {};
  gint stride[GST_VIDEO_MAX_PLANES] = {};
  gsize size = 16;
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES(&info); ++p) {
    offset[p] = size;
    stride[p] = GST_VIDEO_INFO_PLANE_STRIDE(&info, p) + extra;
    size += static_cast<gsize>(stride[p]) * static_cast<gsize>(info.height);
  }
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
  gst_buffer_memset(buffer.get(), 0, 0xEE, size);
  gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE,
                                 GST_VIDEO_INFO_FORMAT(&info), static_cast<guint>(info.width),
                                 static_cast<guint>(info.height), GST_VIDEO_INFO_N_PLANES(&info),
                                 offset, stride);
  GstVideoFrame frame;
  gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE);
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(&frame); ++c)
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); ++y)
      for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); ++x)
        GST_VIDEO_FRAME_COMP_DATA(&frame, c)
  [y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) + x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)] =
      static_cast<guint8>(seed + (37 + seed) * x + 11 * y + 50 * int(c));
  gst_video_frame_unmap(&frame);
  return buffer;
}

std::vector<int> samples_of(const GstVideoInfo& info, GstBuffer* buffer) {
  std::vector<int> samples;
  GstVideoFrame frame;
  EXPECT_TRUE(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(&frame); ++c)
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); ++y)
      for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); ++x)
        samples.push_back(
            GST_VIDEO_FRAME_COMP_DATA(&frame, c)[y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) +
                                                 x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)]);
  gst_video_frame_unmap(&frame);
  return samples;
}

GstAudioInfo audio(GstAudioFormat format, int channels = 2) {
  GstAudioInfo info;
  gst_audio_info_set_format(&info, format, 48000, channels, nullptr);
  return info;
}

template <typename Sample> Ref<GstBuffer> sound(const std::vector<Sample>& samples) {
  const gsize size = samples.size() * sizeof(Sample);
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
  gst_buffer_fill(buffer.get(), 0, samples.data(), size);
  return buffer;
}

template <typename Sample> std::vector<Sample> samples_of(GstBuffer* buffer) {
  std::vector<Sample> samples(gst_buffer_get_size(buffer) / sizeof(Sample));
  gst_buffer_extract(buffer, 0, samples.data(), samples.size() * sizeof(Sample));
  return samples;
}

} // namespace

TEST(MixFrames, IsExactInEveryFormatOfEightBits) {
  for (const auto format : {GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_YUY2,
                            GST_VIDEO_FORMAT_UYVY, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGRA,
                            GST_VIDEO_FORMAT_Y444, GST_VIDEO_FORMAT_GRAY8, GST_VIDEO_FORMAT_A420})
    for (const auto& [width, height] : {std::pair(37, 11), {64, 32}}) {
      const auto info = video(format, width, height);
      ASSERT_TRUE(can_mix(info));
      const auto from = strided(info, 12, 3), to = strided(info, 40, 102);
      const auto a = samples_of(info, from.get()), b = samples_of(info, to.get());
      EXPECT_EQ(samples_of(info, mix_frames(from.get(), to.get(), info, 0).get()), a);
      EXPECT_EQ(samples_of(info, mix_frames(from.get(), to.get(), info, 1).get()), b);
      const auto mixed = samples_of(info, mix_frames(from.get(), to.get(), info, 0.25).get());
      ASSERT_EQ(mixed.size(), a.size());
      for (size_t i = 0; i < mixed.size(); ++i)
        ASSERT_NEAR(mixed[i], 0.75 * a[i] + 0.25 * b[i], 0.51)
            << gst_video_format_to_string(format) << " " << width << " " << i;
    }
}

TEST(MixFrames, AShareOutOfRangeIsTheNearestInIt) {
  const auto info = video(GST_VIDEO_FORMAT_I420, 32, 16);
  const auto from = strided(info, 0, 3), to = strided(info, 0, 101);
  const auto a = samples_of(info, from.get()), b = samples_of(info, to.get());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double low : {-1.0, nan})
    EXPECT_EQ(samples_of(info, mix_frames(from.get(), to.get(), info, low).get()), a);
  EXPECT_EQ(samples_of(info, mix_frames(from.get(), to.get(), info, 7).get()), b);
}

TEST(MixFrames, OtherFormatsAreRefusedBeforehand) {
  for (const auto format : {GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_P010_10LE,
                            GST_VIDEO_FORMAT_RGB16, GST_VIDEO_FORMAT_v210, GST_VIDEO_FORMAT_RGB8P,
                            GST_VIDEO_FORMAT_NV12_64Z32, GST_VIDEO_FORMAT_ENCODED})
    EXPECT_FALSE(can_mix(video(format, 64, 32))) << gst_video_format_to_string(format);
  EXPECT_FALSE(can_mix(GstVideoInfo{}));
}

TEST(MixFrames, AFrameThatIsTooSmallIsAnError) {
  const auto info = video(GST_VIDEO_FORMAT_I420, 32, 16);
  const auto whole = strided(info, 0, 3);
  const auto half = adopt(gst_buffer_new_allocate(nullptr, info.size / 2, nullptr));
  EXPECT_THROW(mix_frames(whole.get(), half.get(), info, 0.5), Error);
}

/// A frame lasts 16 ms at 60 a second; mixing must be a small part of that on any machine.
TEST(MixFrames, IsFast) {
  const auto info = video(GST_VIDEO_FORMAT_I420, 1280, 720);
  const auto from = strided(info, 0, 3), to = strided(info, 64, 101);
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    mix_frames(from.get(), to.get(), info, i / 20.0);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
  }
  RecordProperty("microseconds", static_cast<int>(best.count() / 1000));
#ifndef __SANITIZE_ADDRESS__ // which looks at every byte
  EXPECT_LT(best, std::chrono::milliseconds(2));
#endif
}

TEST(MixSound, KeepsThePowerAndTheEnds) {
  const auto info = audio(GST_AUDIO_FORMAT_F32, 1);
  const size_t samples = 1000;
  const auto ones = sound(std::vector<float>(samples, 1.0f)),
             none = sound(std::vector<float>(samples, 0.0f));
  const auto out = samples_of<float>(mix_sound(ones.get(), none.get(), info, 0, 1).get());
  const auto in = samples_of<float>(mix_sound(none.get(), ones.get(), info, 0, 1).get());
  ASSERT_EQ(out.size(), samples);
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(in[0], 0.0f);
  for (size_t i = 0; i < samples; ++i)
    ASSERT_NEAR(out[i] * out[i] + in[i] * in[i], 1.0, 1e-6);
  EXPECT_NEAR(in[samples / 2], std::sqrt(0.5), 1e-6);
  EXPECT_GT(out[samples - 1], 0.0f); // 1 is reached behind the last
}

TEST(MixSound, BlocksOfOneTransitionGoOnFromEachOther) {
  const auto info = audio(GST_AUDIO_FORMAT_F64, 1);
  const auto block = [](size_t samples) { return sound(std::vector<double>(samples, 1.0)); };
  const auto none = [](size_t samples) { return sound(std::vector<double>(samples, 0.0)); };
  auto parts =
      samples_of<double>(mix_sound(block(300).get(), none(300).get(), info, 0, 0.375).get());
  const auto rest =
      samples_of<double>(mix_sound(block(500).get(), none(500).get(), info, 0.375, 1).get());
  parts.insert(parts.end(), rest.begin(), rest.end());
  const auto whole =
      samples_of<double>(mix_sound(block(800).get(), none(800).get(), info, 0, 1).get());
  for (size_t i = 0; i < whole.size(); ++i)
    ASSERT_NEAR(parts[i], whole[i], 1e-12) << i;
}

TEST(MixSound, WholeNumbersDoNotWrapAround) {
  const auto loud = sound(std::vector<gint16>(64, 32000)),
             low = sound(std::vector<gint16>(64, -32000));
  const auto info = audio(GST_AUDIO_FORMAT_S16);
  EXPECT_EQ(samples_of<gint16>(mix_sound(loud.get(), loud.get(), info, 0.5, 0.5).get())[9], 32767);
  EXPECT_EQ(samples_of<gint16>(mix_sound(low.get(), low.get(), info, 0.5, 0.5).get())[9], -32768);
  const auto loud32 = sound(std::vector<gint32>(64, G_MAXINT32));
  EXPECT_EQ(
      samples_of<gint32>(
          mix_sound(loud32.get(), loud32.get(), audio(GST_AUDIO_FORMAT_S32), 0.5, 0.5).get())[9],
      G_MAXINT32);
}

TEST(MixSound, ChannelsAreNotMixedWithEachOther) {
  const auto a = sound(std::vector<gint16>{1000, -1000, 1000, -1000}),
             b = sound(std::vector<gint16>{500, 0, 500, 0});
  const auto mixed =
      samples_of<gint16>(mix_sound(a.get(), b.get(), audio(GST_AUDIO_FORMAT_S16), 0, 1).get());
  EXPECT_EQ(mixed, (std::vector<gint16>{1000, -1000, 1061, -707}));
}

TEST(MixSound, WhatDoesNotFitIsRefused) {
  auto planar = audio(GST_AUDIO_FORMAT_S16);
  planar.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  for (const auto& info :
       {planar, audio(GST_AUDIO_FORMAT_U8), audio(GST_AUDIO_FORMAT_S24), GstAudioInfo{}})
    EXPECT_FALSE(can_mix(info));
  const auto a = sound(std::vector<gint16>(8)), b = sound(std::vector<gint16>(6));
  EXPECT_THROW(mix_sound(a.get(), b.get(), audio(GST_AUDIO_FORMAT_S16), 0, 1), Error);
  EXPECT_THROW(fade_sound(a, audio(GST_AUDIO_FORMAT_S24), 0, 1), Error);
}

TEST(FadeSound, IsLinearAndLeavesTheOriginal) {
  const auto info = audio(GST_AUDIO_FORMAT_S16, 1);
  const auto block = sound(std::vector<gint16>(100, 1000));
  const auto faded = samples_of<gint16>(fade_sound(block, info, 1, 0).get());
  for (size_t i = 0; i < faded.size(); ++i)
    EXPECT_EQ(faded[i], 1000 - 10 * int(i));
  EXPECT_EQ(samples_of<gint16>(block.get()), std::vector<gint16>(100, 1000));
  EXPECT_EQ(samples_of<gint16>(fade_sound(block, info, 0, 0).get()), std::vector<gint16>(100, 0));
  EXPECT_EQ(fade_sound(block, info, 1, 1).get(), block.get());
}
