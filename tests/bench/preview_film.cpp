// SPDX-License-Identifier: LGPL-2.1-or-later
// Times the built-in engines on one clip: preview-film OUT.mp4 [WORDS [STYLE [WIDTH HEIGHT
// [PICTURE]]]]
#include "service/preview/preview.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

using namespace aigc;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void report(double painted, double filmed) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return double(time.tv_sec) + 1e-6 * double(time.tv_usec);
  };
  std::printf("paint %.3f s, film %.3f s, CPU %.2f s, peak %ld MiB\n", painted, filmed,
              seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss / 1024);
}

} // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: preview-film OUT.mp4 [WORDS [STYLE [WIDTH HEIGHT [PICTURE]]]]\n");
    return 2;
  }
  try {
    Cancel cancel;
    preview::FilmOrder order;
    order.path = argv[1];
    order.scene.script = argc > 2 ? argv[2] : "一位穿汉服的女孩在樱花树下弹古筝，花瓣随风飘落";
    if (argc > 3) order.scene.style = argv[3];
    if (argc > 5) order.scene.width = std::atoi(argv[4]), order.scene.height = std::atoi(argv[5]);
    const double start = now();
    gchar* data = nullptr;
    gsize size = 0;
    if (argc > 6 && g_file_get_contents(argv[6], &data, &size, nullptr))
      order.keyframe = adopt(g_bytes_new_take(data, size));
    else
      order.keyframe = preview::paint(order.scene, cancel);
    const double painted = now();
    preview::film(order, cancel, [](int) {});
    report(painted - start, now() - painted);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
