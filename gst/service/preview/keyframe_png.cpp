// SPDX-License-Identifier: LGPL-2.1-or-later
// See keyframe_png.h. The scene stands in an iTXt chunk after the pixels, together with a digest of
// the pixel chunks' own checksums: a picture somebody has changed no longer matches it.
#include "service/preview/keyframe_png.h"

#include "base/error.h"
#include "base/json.h"
#include "shot/brand.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <png.h>
#include <span>
#include <string_view>

#include <json-glib/json-glib.h>

namespace aigc::preview {
namespace {

constexpr const char* kKeyword = "aigc-scene";
constexpr size_t kHead = 8; ///< bytes of the PNG signature

using Bytes = std::span<const unsigned char>;

std::uint32_t big32(Bytes bytes, size_t at) {
  return std::uint32_t(bytes[at]) << 24 | std::uint32_t(bytes[at + 1]) << 16 |
         std::uint32_t(bytes[at + 2]) << 8 | bytes[at + 3];
}

/// Calls `take(type, body, crc)` for every whole chunk.
template <typename Take> void for_each_chunk(Bytes bytes, Take take) {
  for (size_t at = kHead; at + 12 <= bytes.size();) {
    const size_t length = big32(bytes, at);
    if (length > bytes.size() - at - 12) return;
    take(std::string_view(reinterpret_cast<const char*>(bytes.data() + at + 4), 4),
         bytes.subspan(at + 8, length), big32(bytes, at + 8 + length));
    at += 12 + length;
  }
}

std::string digest_of(Bytes bytes) {
  std::uint64_t hash = 0;
  for_each_chunk(bytes, [&](std::string_view type, Bytes body, std::uint32_t crc) {
    if (type != "IHDR" && type != "IDAT") return;
    const std::uint64_t numbers[] = {body.size(), crc};
    hash = text_hash({reinterpret_cast<const char*>(numbers), sizeof numbers}, hash);
  });
  char text[17];
  g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", static_cast<guint64>(hash));
  return text;
}

struct TextField {
  const char* name;
  std::string Scene::*member;
};
constexpr TextField kTexts[] = {{"script", &Scene::script},
                                {"prompt", &Scene::prompt},
                                {"style", &Scene::style},
                                {"mood", &Scene::mood},
                                {"motion", &Scene::motion}};

std::string to_json(const Scene& scene, const std::string& digest) {
  const auto builder = adopt(json_builder_new());
  json_builder_begin_object(builder.get());
  const auto text = [&](const char* name, const std::string& value) {
    json_builder_set_member_name(builder.get(), name);
    json_builder_add_string_value(builder.get(), value.c_str());
  };
  const auto number = [&](const char* name, gint64 value) {
    json_builder_set_member_name(builder.get(), name);
    json_builder_add_int_value(builder.get(), value);
  };
  text("digest", digest);
  for (const TextField& field : kTexts)
    text(field.name, scene.*field.member);
  number("width", scene.width);
  number("height", scene.height);
  number("seed", scene.seed);
  json_builder_set_member_name(builder.get(), "palette");
  json_builder_begin_array(builder.get());
  for (const std::uint32_t colour : scene.palette)
    json_builder_add_int_value(builder.get(), colour);
  json_builder_end_array(builder.get());
  json_builder_end_object(builder.get());
  const auto root = adopt(json_builder_get_root(builder.get()));
  return take_string(json_to_string(root.get(), FALSE));
}

/// Pictures from before there were palettes have none.
std::vector<std::uint32_t> palette_of(JsonObject* scene) {
  JsonNode* node = json_object_get_member(scene, "palette");
  if (!node || !JSON_NODE_HOLDS_ARRAY(node)) return {};
  const JsonView colours(node);
  std::vector<std::uint32_t> palette;
  for (size_t i = 0; i < std::min(colours.size(), kMostBrandColours); ++i)
    palette.push_back(static_cast<std::uint32_t>(colours.at(i).integer().value_or(0)));
  return palette;
}

std::optional<Scene> from_json(std::string_view text, const std::string& digest) {
  const auto parser = adopt(json_parser_new());
  if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()),
                                  nullptr))
    return {};
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) return {};
  JsonObject* object = json_node_get_object(root);
  const auto value = [&](const char* name, GType type) -> JsonNode* {
    JsonNode* node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node
                                                                                         : nullptr;
  };
  JsonNode* stated = value("digest", G_TYPE_STRING);
  if (!stated || digest != json_node_get_string(stated)) return {};
  Scene scene;
  for (const TextField& field : kTexts) {
    JsonNode* node = value(field.name, G_TYPE_STRING);
    if (!node) return {};
    scene.*field.member = json_node_get_string(node);
  }
  JsonNode *width = value("width", G_TYPE_INT64), *height = value("height", G_TYPE_INT64),
           *seed = value("seed", G_TYPE_INT64);
  if (!width || !height || !seed) return {};
  const gint64 w = json_node_get_int(width), h = json_node_get_int(height);
  if (w < 2 || h < 2 || w > 8192 || h > 8192 || json_node_get_int(seed) < 0) return {};
  scene.width = static_cast<int>(w);
  scene.height = static_cast<int>(h);
  scene.seed = json_node_get_int(seed);
  scene.palette = palette_of(object);
  return scene;
}

/// libpng with its jumps kept in one place: between them no object has a destructor.
class Writer {
 public:
  Writer()
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr)),
        info_(png_ ? png_create_info_struct(png_) : nullptr) {
    if (!info_) throw Error(Fault::format, "libpng does not start");
    png_set_write_fn(
        png_, &out_,
        [](png_structp png, png_bytep data, size_t size) {
          auto* out = static_cast<std::string*>(png_get_io_ptr(png));
          out->append(reinterpret_cast<const char*>(data), size);
        },
        nullptr);
    // A painted picture has grain: more effort costs time and saves next to nothing.
    png_set_compression_level(png_, 1);
    png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  }
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool pixels(const std::uint32_t* pixels, int width, int height, int stride) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png_, info_, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(png_, info_);
    // Cairo's 0xAARRGGBB is B G R A in memory on little-endian machines.
    if (G_BYTE_ORDER == G_LITTLE_ENDIAN) png_set_bgr(png_);
    png_set_filler(png_, 0, G_BYTE_ORDER == G_LITTLE_ENDIAN ? PNG_FILLER_AFTER : PNG_FILLER_BEFORE);
    for (int y = 0; y < height; ++y)
      png_write_row(png_,
                    reinterpret_cast<png_const_bytep>(pixels + static_cast<ptrdiff_t>(y) * stride));
    return true;
  }

  bool text(const char* json) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_text text{};
    text.compression = PNG_ITXT_COMPRESSION_NONE;
    text.key = const_cast<png_charp>(kKeyword);
    text.text = const_cast<png_charp>(json);
    png_set_text(png_, info_, &text, 1);
    png_write_end(png_, info_);
    return true;
  }

  std::string& out() { return out_; }

 private:
  png_structp png_;
  png_infop info_;
  std::string out_;
};

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

} // namespace

Ref<GBytes> write_keyframe(const Canvas& canvas, const Scene& scene) {
  Writer writer;
  writer.out().reserve(2u << 20);
  bool ok = writer.pixels(canvas.pixels(), canvas.width(), canvas.height(), canvas.stride());
  if (ok) {
    const std::string json = to_json(scene, digest_of(as_bytes(writer.out())));
    ok = writer.text(json.c_str());
  }
  if (!ok) throw Error(Fault::format, "libpng cannot write the keyframe");
  return adopt(g_bytes_new(writer.out().data(), writer.out().size()));
}

std::optional<Scene> read_scene(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const unsigned char*>(g_bytes_get_data(bytes, &size));
  const Bytes view(data, size);
  if (size < kHead || std::memcmp(data, "\x89PNG\r\n\x1a\n", kHead) != 0) return {};
  std::optional<Scene> scene;
  for_each_chunk(view, [&](std::string_view type, Bytes body, std::uint32_t) {
    // keyword NUL, compression flag and method, language NUL, translated keyword NUL, text
    const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
    const std::string head = std::string(kKeyword) + std::string("\0\0\0\0\0", 5);
    if (type == "iTXt" && text.starts_with(head))
      scene = from_json(text.substr(head.size()), digest_of(view));
  });
  return scene;
}

} // namespace aigc::preview
