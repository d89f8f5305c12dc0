// SPDX-License-Identifier: LGPL-2.1-or-later
// See transition.h.
#include "playout/transition.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace aigc {
namespace {

// Written as vectors, since the compiler makes none of a loop at the levels it is shipped with.
constexpr size_t kLanes = 8;
typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef std::uint16_t Words __attribute__((vector_size(2 * kLanes)));
constexpr unsigned kWhole = 256; ///< the weights of both, together

void mix_row(const std::uint8_t* from, const std::uint8_t* to, std::uint8_t* mixed, size_t size,
             unsigned weight) {
  const auto to_weight = static_cast<std::uint16_t>(weight),
             from_weight = static_cast<std::uint16_t>(kWhole - weight);
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    Bytes a, b;
    std::memcpy(&a, from + i, kLanes);
    std::memcpy(&b, to + i, kLanes);
    const Words sum = __builtin_convertvector(a, Words) * from_weight +
                      __builtin_convertvector(b, Words) * to_weight + std::uint16_t(kWhole / 2);
    const Bytes bytes = __builtin_convertvector(sum >> 8, Bytes);
    std::memcpy(mixed + i, &bytes, kLanes);
  }
  for (; i < size; ++i)
    mixed[i] = static_cast<std::uint8_t>((from[i] * from_weight + to[i] * to_weight + 128) >> 8);
}

class Frame {
 public:
  Frame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags flags) {
    if (!gst_video_frame_map(&frame_, &info, buffer, flags))
      throw Error(Fault::read, "a frame to mix does not match its caps", "use transition=cut");
  }
  ~Frame() { gst_video_frame_unmap(&frame_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  std::uint8_t* row(guint plane, int y) {
    auto* data = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane));
    return data + static_cast<ptrdiff_t>(y) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane);
  }

 private:
  GstVideoFrame frame_;
};

struct Plane {
  int rows = 0;
  size_t bytes = 0; ///< of a row, without what fills it up
};

Plane plane_of(const GstVideoInfo& info, guint number) {
  Plane plane;
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS(&info); ++c) {
    if (static_cast<guint>(GST_VIDEO_INFO_COMP_PLANE(&info, c)) != number) continue;
    plane.rows = std::max(plane.rows, GST_VIDEO_INFO_COMP_HEIGHT(&info, c));
    plane.bytes = std::max(plane.bytes, static_cast<size_t>(GST_VIDEO_INFO_COMP_WIDTH(&info, c) *
                                                            GST_VIDEO_INFO_COMP_PSTRIDE(&info, c)));
  }
  // A picture of odd width ends in half a group of packed samples.
  plane.bytes =
      std::min(plane.bytes, static_cast<size_t>(GST_VIDEO_INFO_PLANE_STRIDE(&info, number)));
  return plane;
}

double in_range(double share) {
  return share > 0 ? std::min(share, 1.0) : 0.0; // what is no number is 0 as well
}

template <typename Sample> Sample saturated(double value) {
  if constexpr (std::is_floating_point_v<Sample>) {
    return static_cast<Sample>(value);
  } else {
    using Limits = std::numeric_limits<Sample>;
    return static_cast<Sample>(
        std::llrint(std::clamp(value, double(Limits::min()), double(Limits::max()))));
  }
}

/// Gives `work` a null sample of the type, and returns whether there is such a type.
template <typename Work> bool with_type(const GstAudioInfo& info, Work work) {
  switch (GST_AUDIO_INFO_FORMAT(&info)) {
  case GST_AUDIO_FORMAT_S16:
    work(std::int16_t{});
    return true;
  case GST_AUDIO_FORMAT_S32:
    work(std::int32_t{});
    return true;
  case GST_AUDIO_FORMAT_F32:
    work(float{});
    return true;
  case GST_AUDIO_FORMAT_F64:
    work(double{});
    return true;
  default:
    return false;
  }
}

[[noreturn]] void cannot_change_sound() {
  throw Error(Fault::read, "a block of sound cannot be mixed or faded", "use transition=cut");
}

/// Calls `change(sample number, share)` for each sample of all channels at one moment.
template <typename Change>
void for_shares(size_t samples, double first, double last, Change change) {
  const double from = in_range(first), step = (in_range(last) - from) / double(samples);
  for (size_t i = 0; i < samples; ++i)
    change(i, from + step * double(i));
}

} // namespace

bool can_mix(const GstVideoInfo& info) {
  const GstVideoFormatInfo* format = info.finfo;
  if (!format || GST_VIDEO_FORMAT_INFO_FORMAT(format) <= GST_VIDEO_FORMAT_ENCODED) return false;
  constexpr auto kOther =
      GST_VIDEO_FORMAT_FLAG_COMPLEX | GST_VIDEO_FORMAT_FLAG_PALETTE | GST_VIDEO_FORMAT_FLAG_TILED;
  if (GST_VIDEO_FORMAT_INFO_FLAGS(format) & kOther) return false;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++c)
    if (GST_VIDEO_FORMAT_INFO_DEPTH(format, c) != 8) return false;
  return true;
}

bool can_mix(const GstAudioInfo& info) {
  return info.finfo && GST_AUDIO_INFO_LAYOUT(&info) == GST_AUDIO_LAYOUT_INTERLEAVED &&
         GST_AUDIO_INFO_BPF(&info) > 0 && with_type(info, [](auto) {});
}

Ref<GstBuffer> mix_frames(GstBuffer* from, GstBuffer* to, const GstVideoInfo& info, double share) {
  const auto weight = static_cast<unsigned>(std::lround(in_range(share) * kWhole));
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  Frame a(from, info, GST_MAP_READ), b(to, info, GST_MAP_READ),
      mixed(buffer.get(), info, GST_MAP_WRITE);
  for (guint number = 0; number < GST_VIDEO_INFO_N_PLANES(&info); ++number) {
    const Plane plane = plane_of(info, number);
    for (int y = 0; y < plane.rows; ++y)
      mix_row(a.row(number, y), b.row(number, y), mixed.row(number, y), plane.bytes, weight);
  }
  return buffer;
}

Ref<GstBuffer> mix_sound(GstBuffer* from, GstBuffer* to, const GstAudioInfo& info, double first,
                         double last) {
  const BufferMap a(from, GST_MAP_READ), b(to, GST_MAP_READ);
  if (!a || !b || a.size() != b.size() || !can_mix(info)) cannot_change_sound();
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, a.size(), nullptr));
  const BufferMap mixed(buffer.get(), GST_MAP_WRITE);
  if (!mixed) cannot_change_sound();
  const auto channels = static_cast<size_t>(GST_AUDIO_INFO_CHANNELS(&info));
  with_type(info, [&](auto sample) {
    using Sample = decltype(sample);
    const auto* x = reinterpret_cast<const Sample*>(a.data());
    const auto* y = reinterpret_cast<const Sample*>(b.data());
    auto* out = reinterpret_cast<Sample*>(mixed.data());
    const size_t samples = a.size() / static_cast<size_t>(GST_AUDIO_INFO_BPF(&info));
    for_shares(samples, first, last, [&](size_t i, double share) {
      const double gain_x = std::cos(share * M_PI_2), gain_y = std::sin(share * M_PI_2);
      for (size_t c = i * channels; c < (i + 1) * channels; ++c)
        out[c] = saturated<Sample>(gain_x * double(x[c]) + gain_y * double(y[c]));
    });
  });
  return buffer;
}

Ref<GstBuffer> fade_sound(Ref<GstBuffer> block, const GstAudioInfo& info, double first,
                          double last) {
  if (first >= 1 && last >= 1) return block;
  if (!can_mix(info)) cannot_change_sound();
  auto faded = adopt(gst_buffer_make_writable(block.leak()));
  const BufferMap map(faded.get(), GST_MAP_READWRITE);
  if (!map) cannot_change_sound();
  const auto channels = static_cast<size_t>(GST_AUDIO_INFO_CHANNELS(&info));
  with_type(info, [&](auto sample) {
    using Sample = decltype(sample);
    auto* data = reinterpret_cast<Sample*>(map.data());
    const size_t samples = map.size() / static_cast<size_t>(GST_AUDIO_INFO_BPF(&info));
    for_shares(samples, first, last, [&](size_t i, double share) {
      for (size_t c = i * channels; c < (i + 1) * channels; ++c)
        data[c] = saturated<Sample>(share * double(data[c]));
    });
  });
  return faded;
}

} // namespace aigc
