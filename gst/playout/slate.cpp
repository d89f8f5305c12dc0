// SPDX-License-Identifier: LGPL-2.1-or-later
// See slate.h.
#include "playout/slate.h"

#include "base/error.h"
#include "base/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include <pango/pangocairo.h>

namespace aigc {
namespace {

struct Free {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* pen) const { cairo_destroy(pen); }
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
  void operator()(GstVideoConverter* converter) const { gst_video_converter_free(converter); }
};
template <typename T> using Held = std::unique_ptr<T, Free>;

constexpr int kMostSide = 16384;
constexpr size_t kMostText = 2000; ///< bytes; more could not be read on a picture
/// Of a pixel's 32 bits, as cairo keeps them.
constexpr GstVideoFormat kDrawn =
    G_BYTE_ORDER == G_LITTLE_ENDIAN ? GST_VIDEO_FORMAT_BGRx : GST_VIDEO_FORMAT_xRGB;

using Rgb = std::array<float, 3>;
constexpr Rgb kTop{30, 58, 84}, kBottom{58, 44, 88}, kDawn{232, 150, 120}, kSea{60, 160, 170};

/// Noise of one step either way, so that the gradients show no bands; the same in every run.
float noise(unsigned x, unsigned y) {
  std::uint32_t bits = x * 0x9E3779B1u ^ y * 0x85EBCA77u;
  bits = (bits ^ bits >> 15) * 0x2C1B3C6Du;
  bits ^= bits >> 12;
  return (static_cast<float>(bits & 0xffff) + static_cast<float>(bits >> 16)) / 65535.0f - 1.0f;
}

/// How much of a soft light at `at` reaches a place `away` from it; 0 from `radius` on.
float light(float away, float radius) {
  const float near = std::max(0.0f, 1.0f - away / radius);
  return near * near * (3 - 2 * near);
}

/// The waves along the lower edge: below each, the ground is a little lighter.
struct Wave {
  float height, swing, length, phase, tint;
};
constexpr Wave kWaves[] = {{0.70f, 0.050f, 1.30f, 0.4f, 0.05f},
                           {0.79f, 0.040f, 1.00f, 2.1f, 0.06f},
                           {0.88f, 0.030f, 0.80f, 4.0f, 0.07f}};

/// The ground at u, v: 0..1 over the picture; `pixel`: the height of one.
Rgb ground(float u, float v, float shape, float pixel, const std::array<float, 3>& crests) {
  const float dawn = 0.34f * light(std::hypot((u - 0.80f) * shape, v - 0.12f), 0.95f);
  const float sea = 0.26f * light(std::hypot((u - 0.10f) * shape, v - 0.90f), 1.05f);
  float white = 0;
  for (size_t i = 0; i < crests.size(); ++i)
    white += kWaves[i].tint * std::clamp((v - crests[i]) / pixel + 0.5f, 0.0f, 1.0f) *
             (1.0f - 0.6f * (v - crests[i]));
  Rgb colour;
  for (size_t c = 0; c < 3; ++c) {
    float value = kTop[c] + (kBottom[c] - kTop[c]) * v;
    value += (kDawn[c] - value) * dawn;
    value += (kSea[c] - value) * sea;
    colour[c] = value + (255 - value) * white;
  }
  return colour;
}

void paint_ground(cairo_surface_t* surface, int width, int height, double shown_shape) {
  cairo_surface_flush(surface);
  unsigned char* rows = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  const auto shape = static_cast<float>(shown_shape);
  const float pixel = 1.0f / static_cast<float>(height);
  for (int x = 0; x < width; ++x) {
    const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(width);
    std::array<float, 3> crests;
    for (size_t i = 0; i < crests.size(); ++i)
      crests[i] = kWaves[i].height +
                  kWaves[i].swing * std::sin(u * 6.2832f / kWaves[i].length + kWaves[i].phase);
    for (int y = 0; y < height; ++y) {
      const float v = (static_cast<float>(y) + 0.5f) * pixel;
      const Rgb colour = ground(u, v, shape, pixel, crests);
      std::uint32_t bits = 0xff;
      for (const float value : colour)
        bits = bits << 8 | static_cast<std::uint32_t>(std::clamp(
                               value + 0.5f + noise(unsigned(x), unsigned(y)), 0.0f, 255.0f));
      std::memcpy(rows + y * stride + x * 4, &bits, sizeof bits);
    }
  }
  cairo_surface_mark_dirty(surface);
}

std::string readable(const std::string& text) {
  const std::string valid =
      take_string(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  return std::string(trimmed(bounded(valid, kMostText)));
}

/// The lines after the first are smaller and fainter.
void set_words(PangoLayout* layout, const std::string& words) {
  pango_layout_set_text(layout, words.data(), static_cast<int>(words.size()));
  const size_t second = words.find('\n');
  if (second == std::string::npos) return;
  PangoAttrList* list = pango_attr_list_new();
  for (PangoAttribute* attribute :
       {pango_attr_scale_new(0.58), pango_attr_foreground_alpha_new(0xC800),
        pango_attr_weight_new(PANGO_WEIGHT_NORMAL)}) {
    attribute->start_index = static_cast<guint>(second + 1);
    pango_attr_list_insert(list, attribute);
  }
  pango_layout_set_attributes(layout, list);
  pango_attr_list_unref(list);
}

void set_size(PangoLayout* layout, double size) {
  const Held<PangoFontDescription> font(
      pango_font_description_from_string("Noto Sans CJK SC, Noto Sans, sans"));
  pango_font_description_set_weight(font.get(), PANGO_WEIGHT_MEDIUM);
  pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
  pango_layout_set_font_description(layout, font.get());
}

/// As narrow as the number of lines allows: no last line of one word.
void balance(PangoLayout* layout, double width, double step) {
  const int lines = pango_layout_get_line_count(layout);
  double narrow = width / 4, wide = width;
  while (lines > 1 && wide - narrow > step) {
    const double middle = (narrow + wide) / 2;
    pango_layout_set_width(layout, static_cast<int>(middle * PANGO_SCALE));
    (pango_layout_get_line_count(layout) > lines ? narrow : wide) = middle;
  }
  pango_layout_set_width(layout, static_cast<int>(wide * PANGO_SCALE));
}

bool fits(PangoLayout* layout, double height, double size, ptrdiff_t lines) {
  set_size(layout, size);
  int used = 0;
  pango_layout_get_pixel_size(layout, nullptr, &used);
  return used <= height && pango_layout_get_line_count(layout) <= lines;
}

/// The largest letters with which the words fit a box, with the lines as they were written where
/// that does not make them much smaller; what is still too long ends in an ellipsis.
void fit(PangoLayout* layout, double width, double height, double unit) {
  const std::string_view words = pango_layout_get_text(layout);
  const auto written = 1 + std::count(words.begin(), words.end(), '\n');
  const double largest = unit * 0.105, smallest = std::max(7.0, unit * 0.030), step = 0.93;
  pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
  for (double size = largest; written > 1 && size > largest * 0.6; size *= step)
    if (fits(layout, height, size, written)) return;
  for (double size = largest; size > smallest; size *= step)
    if (fits(layout, height, size, G_MAXINT)) return balance(layout, width, unit * 0.01);
  set_size(layout, smallest);
  pango_layout_set_height(layout, static_cast<int>(height * PANGO_SCALE));
  pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
}

/// `width`, `height`: of the picture as shown, which is what the pen's units are.
void write_words(cairo_t* pen, const std::string& words, double width, double height) {
  const double unit = std::min(width, height * 1.2);
  const Held<PangoLayout> layout(pango_cairo_create_layout(pen));
  pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment(layout.get(), PANGO_ALIGN_CENTER);
  pango_layout_set_line_spacing(layout.get(), 1.2f);
  set_words(layout.get(), words);
  fit(layout.get(), width * 0.80, height * 0.56, unit);
  // Without a font they would be boxes.
  const auto letters = g_utf8_strlen(words.data(), static_cast<gssize>(words.size()));
  if (2 * pango_layout_get_unknown_glyphs_count(layout.get()) > letters) return;
  int box_width = 0, box_height = 0;
  pango_layout_get_size(layout.get(), &box_width, &box_height);
  const double set_width = pango_layout_get_width(layout.get()) / double(PANGO_SCALE);
  const double left = (width - set_width) / 2,
               top = height * 0.47 - box_height / (2.0 * PANGO_SCALE);
  const double drop = std::max(1.0, unit * 0.004);
  cairo_move_to(pen, left, top + drop);
  cairo_set_source_rgba(pen, 0.04, 0.06, 0.14, 0.45);
  pango_cairo_show_layout(pen, layout.get());
  cairo_move_to(pen, left, top);
  cairo_set_source_rgb(pen, 0.98, 0.965, 0.94);
  pango_cairo_show_layout(pen, layout.get());
}

[[noreturn]] void cannot_draw(const GstVideoInfo& info) {
  const std::string format = info.finfo ? GST_VIDEO_FORMAT_INFO_NAME(info.finfo) : "nothing";
  throw Error(Fault::negotiation,
              "the slate cannot be drawn as " + format + ", " + std::to_string(info.width) + "x" +
                  std::to_string(info.height),
              "choose other video caps, such as format I420");
}

Ref<GstBuffer> converted(cairo_surface_t* surface, const GstVideoInfo& info) {
  GstVideoInfo drawn;
  gst_video_info_set_interlaced_format(&drawn, kDrawn, info.interlace_mode,
                                       static_cast<guint>(info.width),
                                       static_cast<guint>(info.height));
  drawn.fps_n = info.fps_n;
  drawn.fps_d = info.fps_d;
  GstVideoInfo wanted = info;
  const Held<GstVideoConverter> converter(gst_video_converter_new(&drawn, &wanted, nullptr));
  if (!converter) cannot_draw(info);
  const auto bytes =
      static_cast<gsize>(cairo_image_surface_get_stride(surface)) * static_cast<gsize>(info.height);
  const auto source = adopt(gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY,
                                                        cairo_image_surface_get_data(surface),
                                                        bytes, 0, bytes, nullptr, nullptr));
  auto made = adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  GstVideoFrame from, to;
  if (!gst_video_frame_map(&from, &drawn, source.get(), GST_MAP_READ)) cannot_draw(info);
  const bool mapped = gst_video_frame_map(&to, &info, made.get(), GST_MAP_WRITE);
  if (mapped) {
    gst_video_converter_frame(converter.get(), &from, &to);
    gst_video_frame_unmap(&to);
  }
  gst_video_frame_unmap(&from);
  if (!mapped) cannot_draw(info);
  return made;
}

} // namespace

Ref<GstBuffer> paint_slate(const GstVideoInfo& info, const std::string& text) {
  const bool drawable = info.finfo && GST_VIDEO_INFO_FORMAT(&info) > GST_VIDEO_FORMAT_ENCODED &&
                        info.width > 0 && info.width <= kMostSide && info.height > 0 &&
                        info.height <= kMostSide && info.par_n > 0 && info.par_d > 0;
  if (!drawable) cannot_draw(info);
  const Held<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, info.width, info.height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) cannot_draw(info);
  const double stretch = static_cast<double>(info.par_n) / info.par_d;
  paint_ground(surface.get(), info.width, info.height, info.width * stretch / info.height);
  const std::string words = readable(text);
  if (!words.empty()) {
    const Held<cairo_t> pen(cairo_create(surface.get()));
    cairo_scale(pen.get(), 1 / stretch, 1);
    write_words(pen.get(), words, info.width * stretch, info.height);
  }
  cairo_surface_flush(surface.get());
  return converted(surface.get(), info);
}

} // namespace aigc
