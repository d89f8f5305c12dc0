// SPDX-License-Identifier: LGPL-2.1-or-later
// Scenes that belong together, scripted drift, and lookmatch in a harness.
#pragma once

#include "../../elements/gstlookmatch.h"
#include "media/colour.h"
#include "service/preview/preview.h"
#include "shot/shot_meta.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

namespace look {

using namespace aigc;

inline constexpr int kWidth = 192, kHeight = 108;

struct Pixel {
  float y = 0, u = 0, v = 0; ///< 0..1 and -0.5..0.5, bt709
};
/// kWidth x kHeight of them.
using Picture = std::vector<Pixel>;

/// What a generator does to colours from clip to clip, told in the test's own arithmetic.
struct Drift {
  const char* name;
  double gain = 1, gamma = 1, saturation = 1, degrees = 0;
  bool rgb = false; ///< gain and gamma on red, green and blue, not on brightness
};
inline void PrintTo(const Drift& drift, std::ostream* out) {
  *out << drift.name;
}

inline float red_of(const Pixel& p) {
  return p.y + 1.5748f * p.v;
}
inline float blue_of(const Pixel& p) {
  return p.y + 1.8556f * p.u;
}
inline float green_of(const Pixel& p) {
  return (p.y - 0.2126f * red_of(p) - 0.0722f * blue_of(p)) / 0.7152f;
}
inline Pixel pixel_of(float red, float green, float blue) {
  const float y = 0.2126f * red + 0.7152f * green + 0.0722f * blue;
  return {y, (blue - y) / 1.8556f, (red - y) / 1.5748f};
}

/// `clips` times the drift of one clip.
inline Picture drifted(Picture picture, const Drift& drift, int clips) {
  const double gain = std::pow(drift.gain, clips), gamma = std::pow(drift.gamma, clips),
               saturation = std::pow(drift.saturation, clips),
               turn = drift.degrees * clips * G_PI / 180;
  const auto curve = [&](float value) {
    return float(std::min(gain * std::pow(std::max(double(value), 0.0), gamma), 1.0));
  };
  const float cosine = float(saturation * std::cos(turn)),
              sine = float(saturation * std::sin(turn));
  for (Pixel& p : picture) {
    if (drift.rgb)
      p = pixel_of(curve(red_of(p)), curve(green_of(p)), curve(blue_of(p)));
    else
      p.y = curve(p.y);
    p = {p.y, cosine * p.u - sine * p.v, sine * p.u + cosine * p.v};
  }
  return picture;
}

inline Lab lab_of(const Pixel& p) {
  const auto byte = [](float value) {
    return std::uint8_t(std::lround(std::min(std::max(value, 0.0f), 1.0f) * 255));
  };
  return aigc::lab_of(Rgb{byte(red_of(p)), byte(green_of(p)), byte(blue_of(p))});
}

inline constexpr size_t kEvery = 7; ///< pixel is looked at; shares no factor with the width

/// Mean CIEDE2000 of two pictures, pixel by pixel.
inline double difference(const Picture& one, const Picture& other) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < one.size(); i += kEvery, ++count)
    sum += colour_difference(lab_of(one[i]), lab_of(other[i]));
  return sum / count;
}

inline Lab mean_colour(const Picture& picture) {
  Lab sum;
  double count = 0;
  for (size_t i = 0; i < picture.size(); i += kEvery, ++count) {
    const Lab lab = lab_of(picture[i]);
    sum = {sum.l + lab.l, sum.a + lab.a, sum.b + lab.b};
  }
  return {sum.l / count, sum.a / count, sum.b / count};
}

/// The artist's picture, `width` wide.
inline Picture painted(const std::string& words, const std::string& style, int seed,
                       int width = kWidth) {
  Cancel cancel;
  preview::Scene scene;
  scene.script = words;
  scene.style = style;
  scene.seed = seed;
  scene.width = width;
  scene.height = kHeight;
  const Raster raster = decode_picture(preview::paint(scene, cancel).get(), cancel);
  Picture picture;
  for (size_t i = 0; i < raster.rgba.size(); i += 4)
    picture.push_back(
        pixel_of(raster.rgba[i] / 255.f, raster.rgba[i + 1] / 255.f, raster.rgba[i + 2] / 255.f));
  return picture;
}

/// What a camera sees of a picture `width` wide, from `left` on.
inline Picture window(const Picture& wide, int width, int left) {
  Picture seen;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      seen.push_back(wide[size_t(y * width + left + x)]);
  return seen;
}

/// I420, bt709, limited range.
inline GstVideoInfo format(int width = kWidth, int height = kHeight) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, guint(width), guint(height));
  gst_video_colorimetry_from_string(&info.colorimetry, GST_VIDEO_COLORIMETRY_BT709);
  info.fps_n = 25;
  info.fps_d = 1;
  return info;
}

/// A byte of a component.
inline guint8& sample(GstVideoFrame& frame, guint component, int x, int y) {
  return static_cast<guint8*>(GST_VIDEO_FRAME_COMP_DATA(
      &frame, component))[y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, component) +
                          x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, component)];
}

inline Ref<GstBuffer> frame_of(const Picture& picture) {
  const GstVideoInfo info = format();
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  GstVideoFrame frame;
  gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE);
  const auto byte = [](float value) {
    return guint8(std::lround(std::min(std::max(value, 0.0f), 255.0f)));
  };
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const auto at = [&](int right, int down) -> const Pixel& {
        return picture[size_t((y + down) * kWidth + x + right)];
      };
      sample(frame, 0, x, y) = byte(16 + 219 * at(0, 0).y);
      if (x % 2 || y % 2) continue;
      const float u = (at(0, 0).u + at(1, 0).u + at(0, 1).u + at(1, 1).u) / 4;
      const float v = (at(0, 0).v + at(1, 0).v + at(0, 1).v + at(1, 1).v) / 4;
      sample(frame, 1, x / 2, y / 2) = byte(128 + 224 * u);
      sample(frame, 2, x / 2, y / 2) = byte(128 + 224 * v);
    }
  gst_video_frame_unmap(&frame);
  return buffer;
}

inline Picture picture_of(GstBuffer* buffer) {
  const GstVideoInfo info = format();
  GstVideoFrame frame;
  gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ);
  Picture picture;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      picture.push_back({float(sample(frame, 0, x, y) - 16) / 219,
                         float(sample(frame, 1, x / 2, y / 2) - 128) / 224,
                         float(sample(frame, 2, x / 2, y / 2) - 128) / 224});
  gst_video_frame_unmap(&frame);
  return picture;
}

inline bool same_bytes(GstBuffer* one, GstBuffer* other) {
  BufferMap a(one, GST_MAP_READ), b(other, GST_MAP_READ);
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

inline Shot shot_of(const std::string& id, const std::string& group = {}) {
  Shot shot;
  shot.id = id;
  shot.look_group = group;
  return shot;
}

/// lookmatch, and frames at 25 a second.
class Match {
 public:
  Match() : Match(format()) {}
  explicit Match(const GstVideoInfo& info) {
    GST_ELEMENT_REGISTER(lookmatch, nullptr);
    harness = gst_harness_new("lookmatch");
    set_format(info);
  }
  ~Match() { gst_harness_teardown(harness); }
  Match(const Match&) = delete;
  Match& operator=(const Match&) = delete;

  void set_format(const GstVideoInfo& info) {
    gst_harness_set_src_caps(harness, gst_video_info_to_caps(&info));
  }

  GstFlowReturn push(Ref<GstBuffer> buffer, const Shot& shot) {
    if (!shot.id.empty()) set_buffer_shot(buffer.get(), shot);
    GST_BUFFER_PTS(buffer.get()) = time;
    GST_BUFFER_DURATION(buffer.get()) = 40 * GST_MSECOND;
    time += 40 * GST_MSECOND;
    return gst_harness_push(harness, buffer.leak());
  }

  /// Nothing when none is there; never waits.
  Ref<GstBuffer> pull() { return adopt(gst_harness_try_pull(harness)); }

  /// What comes out for one frame.
  Ref<GstBuffer> pass(const Picture& picture, const Shot& shot) {
    EXPECT_EQ(push(frame_of(picture), shot), GST_FLOW_OK);
    return pull();
  }

  void begin_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
  }

  void seek() {
    gst_harness_push_event(harness, gst_event_new_flush_start());
    gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
    begin_segment();
  }

  /// Writes down what comes out, "frame " or "event ", until stop_noting().
  gulong note_order(std::string& order) {
    auto pad = adopt(gst_element_get_static_pad(harness->element, "src"));
    return gst_pad_add_probe(
        pad.get(), GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
        [](GstPad*, GstPadProbeInfo* info, gpointer text) {
          *static_cast<std::string*>(text) +=
              (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) ? "frame " : "event ";
          return GST_PAD_PROBE_OK;
        },
        &order, nullptr);
  }
  void stop_noting(gulong probe) {
    auto pad = adopt(gst_element_get_static_pad(harness->element, "src"));
    gst_pad_remove_probe(pad.get(), probe);
  }

  GstHarness* harness;
  GstClockTime time = 0;
};

} // namespace look
