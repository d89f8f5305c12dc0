// SPDX-License-Identifier: LGPL-2.1-or-later
// See picture.h. Headers are read here, pixels only by GStreamer's own decoders.
#include "media/picture.h"

#include "media/line_pipeline.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <span>
#include <zlib.h>

#include <gst/video/video.h>

namespace aigc {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// The longest one picture may take to decode or encode.
constexpr auto kPatience = std::chrono::seconds(60);

/// In these most pictures say how large they are.
constexpr size_t kHeadBytes = 64 << 10;

Bytes view(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const std::uint8_t*>(g_bytes_get_data(bytes, &size));
  return {data, size};
}

bool starts_with(Bytes bytes, size_t at, const char* text, size_t length) {
  return bytes.size() >= at + length && std::memcmp(bytes.data() + at, text, length) == 0;
}

int big16(Bytes b, size_t at) {
  return b[at] << 8 | b[at + 1];
}
int little16(Bytes b, size_t at) {
  return b[at] | b[at + 1] << 8;
}
int little24(Bytes b, size_t at) {
  return little16(b, at) | b[at + 2] << 16;
}

int big32(Bytes b, size_t at) {
  const auto value = static_cast<std::uint32_t>(big16(b, at)) << 16 | big16(b, at + 2);
  return value > 0x7fffffff ? 0 : static_cast<int>(value);
}

std::optional<PictureInfo> sniff_png(Bytes b) {
  if (b.size() < 33 || !starts_with(b, 0, "\x89PNG\r\n\x1a\n", 8) || !starts_with(b, 12, "IHDR", 4))
    return {};
  return PictureInfo{"image/png", big32(b, 16), big32(b, 20)};
}

bool is_jpeg(Bytes b) {
  return starts_with(b, 0, "\xff\xd8\xff", 3);
}

/// Walks the markers up to the frame header (SOF0..SOF15, without DHT, JPG and DAC).
std::optional<PictureInfo> sniff_jpeg(Bytes b) {
  if (!is_jpeg(b)) return {};
  size_t at = 2;
  while (at + 9 < b.size()) {
    if (b[at] != 0xff) return {};
    const int marker = b[at + 1];
    if (marker == 0xff) {
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) return PictureInfo{"image/jpeg", big16(b, at + 7), big16(b, at + 5)};
    if (marker == 0xd9 || marker == 0xda) return {};
    at += 2 + static_cast<size_t>(big16(b, at + 2));
  }
  return {};
}

bool is_webp(Bytes b) {
  return b.size() >= 30 && starts_with(b, 0, "RIFF", 4) && starts_with(b, 8, "WEBP", 4);
}

std::optional<PictureInfo> sniff_webp(Bytes b) {
  if (!is_webp(b)) return {};
  // The stated length is checked so that no decoder sees a picture that was cut off.
  const auto stated =
      static_cast<std::uint64_t>(little16(b, 4)) | static_cast<std::uint64_t>(little16(b, 6)) << 16;
  if (stated + 8 > b.size()) return {};
  if (starts_with(b, 12, "VP8X", 4))
    return PictureInfo{"image/webp", little24(b, 24) + 1, little24(b, 27) + 1};
  if (starts_with(b, 12, "VP8L", 4) && b[20] == 0x2f) {
    const int low = little16(b, 21), high = little16(b, 23);
    return PictureInfo{"image/webp", (low & 0x3fff) + 1, (low >> 14 | (high & 0xfff) << 2) + 1};
  }
  if (starts_with(b, 12, "VP8 ", 4) && starts_with(b, 23, "\x9d\x01\x2a", 3))
    return PictureInfo{"image/webp", little16(b, 26) & 0x3fff, little16(b, 28) & 0x3fff};
  return {};
}

/// pngdec 1.22 leaks a frame when the data ends early or does not match its checksums: such bytes
/// never reach it.
bool is_whole_png(Bytes b) {
  for (size_t at = 8; b.size() - at >= 12;) {
    const auto length = static_cast<size_t>(big32(b, at));
    if (length > b.size() - at - 12) return false;
    const uLong checksum = crc32_z(0, b.data() + at + 4, length + 4);
    const auto stated = static_cast<uLong>(big16(b, at + 8 + length)) << 16 |
                        static_cast<uLong>(big16(b, at + 10 + length));
    if (checksum != stated) return false;
    if (starts_with(b, at + 4, "IEND", 4)) return true;
    at += 12 + length;
  }
  return false;
}

/// A chunk that makes colours transparent, before the pixels.
bool has_png_transparency(Bytes b) {
  for (size_t at = 8; at + 12 <= b.size();) {
    if (starts_with(b, at + 4, "tRNS", 4)) return true;
    if (starts_with(b, at + 4, "IDAT", 4)) return false;
    at += 12 + static_cast<size_t>(big32(b, at));
  }
  return false;
}

const char* decoder_for(const std::string& mime) {
  if (mime == "image/png") return "pngdec";
  return mime == "image/jpeg" ? "jpegdec" : "webpdec";
}

const char* encoder_for(const std::string& mime) {
  if (mime == "image/png") return "pngenc";
  if (mime == "image/jpeg") return "jpegenc";
  if (mime == "image/webp") return "webpenc";
  throw Error(Fault::format, "cannot encode a picture as \"" + mime + "\"",
              "use image/png, image/jpeg or image/webp");
}

/// Sends one buffer into a chain of elements and takes the first sample that comes out.
Ref<GstSample> pass_through(Ref<GstBuffer> input, const Ref<GstCaps>& caps,
                            std::initializer_list<const char*> chain, const Ref<GstCaps>& wanted,
                            Cancel& cancel, int jpeg_quality = kJpegQuality) {
  LinePipeline pipeline(Fault::format);
  GstElement* source = pipeline.add("appsrc");
  g_object_set(source, "caps", caps.get(), "format", GST_FORMAT_TIME, nullptr);
  for (const char* factory : chain) {
    GstElement* element = pipeline.add(factory);
    if (std::string_view(factory) == "pngenc")
      g_object_set(element, "compression-level", 1, nullptr);
    if (std::string_view(factory) == "jpegenc")
      g_object_set(element, "quality", jpeg_quality, nullptr);
  }
  GstElement* sink = pipeline.add("appsink");
  g_object_set(sink, "caps", wanted.get(), "sync", FALSE, nullptr);
  pipeline.play();
  gst_app_src_push_buffer(GST_APP_SRC(source), input.leak());
  gst_app_src_end_of_stream(GST_APP_SRC(source));

  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    cancel.check();
    auto sample = adopt(gst_app_sink_try_pull_sample(
        GST_APP_SINK(sink), std::chrono::nanoseconds(kPipelineSlice).count()));
    if (sample) return sample;
    if (pipeline.ended(std::chrono::milliseconds(0)))
      throw Error(Fault::format, "the picture has no pixels");
  }
  throw Error(Fault::timeout, "the picture could not be decoded or encoded in time",
              "run again when the machine has less to do"); // says nothing of the picture
}

bool is_opaque(const Raster& raster) {
  for (size_t i = 3; i < raster.rgba.size(); i += 4)
    if (raster.rgba[i] != 255) return false;
  return true;
}

/// The pixels as `format`, in rows of its own length.
Ref<GstBuffer> buffer_of(const Raster& raster, GstVideoFormat format) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, raster.width, raster.height);
  auto buffer = adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  const BufferMap map(buffer.get(), GST_MAP_WRITE);
  const auto step = static_cast<size_t>(GST_VIDEO_INFO_COMP_PSTRIDE(&info, 0));
  for (int y = 0; y < raster.height; ++y) {
    const std::uint8_t* from =
        raster.rgba.data() + size_t(4) * static_cast<size_t>(raster.width) * static_cast<size_t>(y);
    std::uint8_t* to =
        map.data() + static_cast<ptrdiff_t>(y) * GST_VIDEO_INFO_PLANE_STRIDE(&info, 0);
    for (int x = 0; x < raster.width; ++x, from += 4, to += step)
      std::memcpy(to, from, step);
  }
  return buffer;
}

/// The taps of one output position: source start and weights that sum to 1.
struct Taps {
  int first;
  std::vector<float> weights;
};

/// A triangle filter as wide as the scale asks, so that shrinking averages and growing
/// interpolates.
std::vector<Taps> make_taps(int source, int target, double start, double step) {
  std::vector<Taps> all(static_cast<size_t>(target));
  const double reach = std::max(1.0, step);
  for (int i = 0; i < target; ++i) {
    const double centre = start + (i + 0.5) * step - 0.5;
    const int first = std::clamp(static_cast<int>(std::ceil(centre - reach)), 0, source - 1);
    const int last = std::clamp(static_cast<int>(std::floor(centre + reach)), first, source - 1);
    auto& taps = all[static_cast<size_t>(i)];
    taps.first = first;
    float sum = 0;
    for (int j = first; j <= last; ++j) {
      taps.weights.push_back(
          static_cast<float>(std::max(1e-6, 1.0 - std::abs(j - centre) / reach)));
      sum += taps.weights.back();
    }
    for (float& weight : taps.weights)
      weight /= sum;
  }
  return all;
}

/// R, G, B and A, worked on together.
using Pixel = float __attribute__((vector_size(16)));
using PixelBytes = std::uint8_t __attribute__((vector_size(4)));

/// One source row, resampled across, with colour premultiplied so that clear pixels do not bleed.
void resample_row(const std::uint8_t* source, const std::vector<Taps>& taps, Pixel* out) {
  for (size_t x = 0; x < taps.size(); ++x) {
    Pixel sum{};
    const std::uint8_t* p = source + 4 * taps[x].first;
    for (const float weight : taps[x].weights) {
      PixelBytes bytes;
      std::memcpy(&bytes, p, sizeof bytes);
      auto pixel = __builtin_convertvector(bytes, Pixel);
      const float alpha = weight * pixel[3] / 255.0f;
      pixel[3] = 255;
      sum += alpha * pixel;
      p += 4;
    }
    out[x] = sum;
  }
}

PixelBytes bytes_of(Pixel premultiplied) {
  const float alpha = premultiplied[3];
  const float colour = alpha > 0 ? 255.0f / alpha : 0;
  const Pixel pixel = premultiplied * Pixel{colour, colour, colour, 1} + 0.5f;
  const Pixel most = Pixel{} + 255.0f;
  return __builtin_convertvector(pixel < most ? pixel : most, PixelBytes);
}

} // namespace

PictureInfo sniff_picture(GBytes* bytes) {
  const Bytes b = view(bytes);
  if (b.size() > kMaxPictureBytes)
    throw Error(Fault::format, "the picture has " + std::to_string(b.size()) + " bytes",
                "use one of at most 64 MiB");
  auto info = sniff_png(b);
  if (!info) info = sniff_jpeg(b);
  if (!info) info = sniff_webp(b);
  if (!info)
    throw Error(Fault::format, "the bytes are not a PNG, JPEG or WebP picture",
                "use a picture of one of these kinds");
  const auto pixels =
      static_cast<std::uint64_t>(info->width) * static_cast<std::uint64_t>(info->height);
  if (info->width < 1 || info->height < 1 || pixels > kMaxPicturePixels)
    throw Error(Fault::format,
                "the picture says it is " + std::to_string(info->width) + "x" +
                    std::to_string(info->height),
                "use one of at most 64 megapixels");
  return *info;
}

std::optional<PictureInfo> sniff_picture_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  const auto read_up_to = [&](size_t size) {
    const size_t had = text.size();
    text.resize(size);
    file.read(text.data() + had, static_cast<std::streamsize>(size - had));
    text.resize(had + static_cast<size_t>(file.gcount()));
    return Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  std::error_code none;
  const auto size = std::filesystem::file_size(path, none);
  if (none) return {};
  const Bytes head = read_up_to(std::min(kHeadBytes, static_cast<size_t>(size)));
  // A WebP counts only when it is whole, and a JPEG may have a profile and a preview in front.
  const bool says_later = is_webp(head) || (is_jpeg(head) && !sniff_jpeg(head));
  if (size > kHeadBytes && says_later)
    read_up_to(std::min(kMaxPictureBytes + 1, static_cast<size_t>(size)));
  const auto bytes = adopt(g_bytes_new_static(text.data(), text.size()));
  try {
    return sniff_picture(bytes.get());
  } catch (const Error&) {
    return {};
  }
}

Raster decode_picture(GBytes* bytes, Cancel& cancel) {
  const PictureInfo info = sniff_picture(bytes);
  if (info.mime == "image/png" && !is_whole_png(view(bytes)))
    throw Error(Fault::format, "the PNG picture is cut off or damaged", "fetch or save it again");
  const auto caps = adopt(gst_caps_new_empty_simple(info.mime.c_str()));
  const auto wanted =
      adopt(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "RGBA", nullptr));
  const auto sample = pass_through(adopt(gst_buffer_new_wrapped_bytes(bytes)), caps,
                                   {decoder_for(info.mime), "videoconvert"}, wanted, cancel);
  GstVideoInfo video;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&video, gst_sample_get_caps(sample.get())) ||
      GST_VIDEO_INFO_WIDTH(&video) != info.width || GST_VIDEO_INFO_HEIGHT(&video) != info.height ||
      !gst_video_frame_map(&frame, &video, gst_sample_get_buffer(sample.get()), GST_MAP_READ))
    throw Error(Fault::format, "the picture's pixels do not match its header");
  Raster raster{info.width, info.height, {}};
  const size_t row = 4 * static_cast<size_t>(info.width);
  raster.rgba.resize(row * static_cast<size_t>(info.height));
  for (int y = 0; y < info.height; ++y)
    std::memcpy(raster.rgba.data() + row * static_cast<size_t>(y),
                static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                    static_cast<ptrdiff_t>(y) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
                row);
  gst_video_frame_unmap(&frame);
  return raster;
}

Ref<GBytes> encode_picture(const Raster& raster, const std::string& mime, Cancel& cancel,
                           int jpeg_quality) {
  const char* encoder = encoder_for(mime);
  if (raster.width < 1 || raster.height < 1 ||
      raster.rgba.size() !=
          size_t(4) * static_cast<size_t>(raster.width) * static_cast<size_t>(raster.height))
    throw Error(Fault::format, "a raster whose pixels do not match its size cannot be encoded");
  // What has an alpha channel is no picture that every service takes as it is.
  const GstVideoFormat format = is_opaque(raster) ? GST_VIDEO_FORMAT_RGB : GST_VIDEO_FORMAT_RGBA;
  const auto caps = adopt(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, gst_video_format_to_string(format), "width",
      G_TYPE_INT, raster.width, "height", G_TYPE_INT, raster.height, "framerate", GST_TYPE_FRACTION,
      1, 1, "colorimetry", G_TYPE_STRING, "sRGB", nullptr));
  auto input = buffer_of(raster, format);
  GST_BUFFER_PTS(input.get()) = 0;
  const auto sample =
      pass_through(std::move(input), caps, {"videoconvert", encoder},
                   adopt(gst_caps_new_empty_simple(mime.c_str())), cancel, jpeg_quality);
  const BufferMap map(gst_sample_get_buffer(sample.get()), GST_MAP_READ);
  return adopt(g_bytes_new(map.data(), map.size()));
}

bool has_alpha(GBytes* bytes) {
  const std::string mime = sniff_picture(bytes).mime;
  const Bytes b = view(bytes);
  if (mime == "image/png") return b[25] == 4 || b[25] == 6 || has_png_transparency(b);
  if (mime == "image/webp" && starts_with(b, 12, "VP8X", 4)) return b[20] & 0x10;
  return mime == "image/webp" && starts_with(b, 12, "VP8L", 4) && b[24] & 0x10;
}

void flatten_picture(Raster& raster) {
  for (size_t i = 0; i + 3 < raster.rgba.size(); i += 4) {
    const unsigned alpha = raster.rgba[i + 3];
    for (size_t c = i; c < i + 3; ++c)
      raster.rgba[c] =
          static_cast<std::uint8_t>((raster.rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    raster.rgba[i + 3] = 255;
  }
}

Ref<GBytes> blank_picture(int width, int height, Cancel& cancel) {
  constexpr int shortest = 16; // for codecs with blocks
  const int step = std::gcd(width, height);
  const int shorter = std::min(width, height) / step;
  const int grow = (shortest + shorter - 1) / shorter;
  Raster raster{width / step * grow, height / step * grow, {}};
  const auto pixels = static_cast<size_t>(raster.width) * static_cast<size_t>(raster.height);
  raster.rgba.assign(4 * pixels, 0xff);
  return encode_picture(raster, "image/png", cancel);
}

Raster fit_picture(const Raster& raster, int width, int height) {
  if (raster.width == width && raster.height == height) return raster;
  const double step = std::min(double(raster.width) / width, double(raster.height) / height);
  const auto across = make_taps(raster.width, width, (raster.width - step * width) / 2, step);
  const auto down = make_taps(raster.height, height, (raster.height - step * height) / 2, step);
  const auto row_pixels = static_cast<size_t>(width);

  Raster out{width, height, {}};
  out.rgba.resize(4 * row_pixels * static_cast<size_t>(height));
  // Source rows are resampled once and kept while a target row still needs them.
  std::vector<std::vector<Pixel>> ring;
  int ring_first = 0;
  std::vector<Pixel> sum(row_pixels);
  for (int y = 0; y < height; ++y) {
    const Taps& taps = down[static_cast<size_t>(y)];
    const int last = taps.first + static_cast<int>(taps.weights.size());
    while (!ring.empty() && ring_first < taps.first)
      ring.erase(ring.begin()), ++ring_first;
    if (ring.empty()) ring_first = taps.first;
    while (ring_first + static_cast<int>(ring.size()) < last) {
      const int source_y = ring_first + static_cast<int>(ring.size());
      resample_row(raster.rgba.data() + size_t(4) * static_cast<size_t>(raster.width) *
                                            static_cast<size_t>(source_y),
                   across, ring.emplace_back(row_pixels).data());
    }
    std::fill(sum.begin(), sum.end(), Pixel{});
    for (size_t k = 0; k < taps.weights.size(); ++k)
      for (size_t x = 0; x < row_pixels; ++x)
        sum[x] += taps.weights[k] * ring[k][x];
    std::uint8_t* target = out.rgba.data() + 4 * row_pixels * static_cast<size_t>(y);
    for (size_t x = 0; x < row_pixels; ++x, target += sizeof(PixelBytes)) {
      const PixelBytes bytes = bytes_of(sum[x]);
      std::memcpy(target, &bytes, sizeof bytes);
    }
  }
  return out;
}

} // namespace aigc
