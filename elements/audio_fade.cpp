// SPDX-License-Identifier: LGPL-2.1-or-later
// See audio_fade.h.
#include "audio_fade.h"

#include <algorithm>
#include <cmath>

namespace aigc {
namespace {

template <typename T> void scale(T* samples, int channels, double gain) {
  for (int i = 0; i < channels; ++i) {
    if constexpr (std::is_integral_v<T>)
      samples[i] = static_cast<T>(std::lround(samples[i] * gain));
    else
      samples[i] = static_cast<T>(samples[i] * gain);
  }
}

} // namespace

bool can_fade(const GstAudioInfo& info) {
  const GstAudioFormat format = GST_AUDIO_INFO_FORMAT(&info);
  return GST_AUDIO_INFO_LAYOUT(&info) == GST_AUDIO_LAYOUT_INTERLEAVED &&
         (format == GST_AUDIO_FORMAT_S16 || format == GST_AUDIO_FORMAT_F32);
}

Ref<GstBuffer> fade_out(Ref<GstBuffer> buffer, const GstAudioInfo& info, GstClockTime start,
                        GstClockTime end, GstClockTime fade) {
  const gsize frame = GST_AUDIO_INFO_BPF(&info);
  const int channels = GST_AUDIO_INFO_CHANNELS(&info);
  const double step = 1.0 / GST_AUDIO_INFO_RATE(&info) * GST_SECOND / static_cast<double>(fade);
  const double left = (static_cast<double>(end) - static_cast<double>(start)) / fade;
  buffer = adopt(gst_buffer_make_writable(buffer.leak()));
  BufferMap map(buffer.get(), GST_MAP_READWRITE);
  for (gsize i = 0; map && (i + 1) * frame <= map.size(); ++i) {
    const double gain = std::clamp(left - step * static_cast<double>(i), 0.0, 1.0);
    guint8* at = map.data() + i * frame;
    if (GST_AUDIO_INFO_FORMAT(&info) == GST_AUDIO_FORMAT_S16)
      scale(reinterpret_cast<gint16*>(at), channels, gain);
    else
      scale(reinterpret_cast<gfloat*>(at), channels, gain);
  }
  return buffer;
}

} // namespace aigc
