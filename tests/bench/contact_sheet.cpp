// SPDX-License-Identifier: LGPL-2.1-or-later
// Paints twenty prompts and puts them on one sheet, to be looked at: contact-sheet OUT.png
#include "media/picture.h"
#include "service/preview/preview.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace aigc;

namespace {

struct Prompt {
  const char* script;
  const char* style;
};

constexpr Prompt kPrompts[] = {
    {"一位穿汉服的女孩在樱花树下弹古筝，花瓣随风飘落", "cinematic"},
    {"机械狐狸在未来城市奔跑", "cyberpunk"},
    {"A lighthouse on the sea in a storm at night", "cinematic"},
    {"湖の上の小舟、夕焼け、静かに引いていく", "ukiyoe"},
    {"烟雨江南，小桥与乌篷船", "ink"},
    {"An astronaut and a cat on the moon surface", "cinematic"},
    {"雪原の狼、オーロラの夜", "fantasy"},
    {"A bowl of noodles with steam on a wooden table", "oil"},
    {"熊猫在竹林里吃竹子，清晨薄雾", "watercolor"},
    {"A train crosses the grassland at golden hour", "retro"},
    {"巨龙掠过群山，云海", "fantasy"},
    {"傘をさす少女、雨の街角、ネオン", "anime"},
    {"A whale swims over the city at sunset", "anime"},
    {"old man walking a dog in the rain", "noir"},
    {"沙漠里的骆驼与金字塔，正午", "documentary"},
    {"Sunflowers and a windmill, clear sky, a rabbit", "clay"},
    {"孔明灯升上夜空，古镇河边", "papercut"},
    {"海底のクラゲと海亀", "cinematic"},
    {"perfume bottle and roses, candlelight", "minimal"},
    {"红灯笼，大雪，老街上的孩子", "documentary"},
};

constexpr int kColumns = 4, kWidth = 400, kHeight = 225, kGap = 6;

Raster painted(const Prompt& prompt, int width, int height, Ref<GBytes>* bytes = nullptr) {
  Cancel cancel;
  preview::Scene scene;
  scene.script = prompt.script;
  scene.style = prompt.style;
  scene.width = width;
  scene.height = height;
  const auto png = preview::paint(scene, cancel);
  if (bytes) *bytes = png;
  return decode_picture(png.get(), cancel);
}

bool save(const char* path, GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  ErrorSlot error;
  if (g_file_set_contents(path, data, static_cast<gssize>(size), error.out())) return true;
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return false;
}

Raster make_sheet() {
  const int rows = (static_cast<int>(std::size(kPrompts)) + kColumns - 1) / kColumns;
  Raster sheet{kColumns * (kWidth + kGap) + kGap, rows * (kHeight + kGap) + kGap, {}};
  sheet.rgba.assign(
      size_t(4) * static_cast<size_t>(sheet.width) * static_cast<size_t>(sheet.height), 0xff);
  int index = 0;
  for (const Prompt& prompt : kPrompts) {
    const Raster small = fit_picture(painted(prompt, 1280, 720), kWidth, kHeight);
    const int left = kGap + index % kColumns * (kWidth + kGap),
              top = kGap + index / kColumns * (kHeight + kGap);
    for (int y = 0; y < kHeight; ++y)
      std::memcpy(&sheet.rgba[4 * (size_t(top + y) * static_cast<size_t>(sheet.width) +
                                   static_cast<size_t>(left))],
                  &small.rgba[size_t(4 * kWidth) * static_cast<size_t>(y)], 4 * kWidth);
    ++index;
  }
  return sheet;
}

} // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  try {
    Cancel cancel;
    if (argc >= 4 && std::strcmp(argv[1], "--one") == 0) {
      Ref<GBytes> png;
      painted({argv[3], argc > 4 ? argv[4] : "cinematic"}, argc > 6 ? std::atoi(argv[5]) : 1280,
              argc > 6 ? std::atoi(argv[6]) : 720, &png);
      return save(argv[2], png.get()) ? 0 : 1;
    }
    if (argc != 2) {
      std::fprintf(stderr,
                   "usage: contact-sheet OUT.jpg | --one OUT.png WORDS [STYLE [WIDTH HEIGHT]]\n");
      return 2;
    }
    const std::string path = argv[1];
    return save(argv[1], encode_picture(make_sheet(),
                                        path.ends_with(".png") ? "image/png" : "image/jpeg", cancel)
                             .get())
               ? 0
               : 1;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
