// SPDX-License-Identifier: LGPL-2.1-or-later
// The picture a clip ends on: the very last one shown, of every kind of file, the same bytes each
// time.
#include "../clips.h"
#include "media/last_frame.h"
#include "media/picture.h"

#include <cmath>

using namespace aigc;

namespace {

/// Pictures that say their number in greys: the ones on the left, the tens on the right.
class LastFrame : public testing::Test {
 protected:
  clips::TempDir dir;
  Cancel cancel;

  ClipInfo film(const std::string& name, const std::string& coding, int frames,
                const std::string& rate = "25", const std::string& filter = "") {
    const std::string path = dir / name;
    clips::run("ffmpeg -nostdin -v error -y -f lavfi -i \"color=black:s=160x120:r=" + rate +
               ":d=10,geq=cb=128:cr=128:lum='20+20*if(lt(X\\,80)\\,mod(N\\,10)\\,floor(N/10))'" +
               filter + "\" -frames:v " + std::to_string(frames) + " " + coding + " " + path);
    return probe_clip(clips::uri_of(path), cancel);
  }

  static int digit(const Raster& raster, int x, int y) {
    const auto at = size_t(4) * (static_cast<size_t>(raster.width) * static_cast<size_t>(y) +
                                 static_cast<size_t>(x));
    return static_cast<int>(std::lround((raster.rgba[at] * 219 / 255.0 + 16 - 20) / 20));
  }
  /// The number of the picture.
  int number(const ClipInfo& clip, double seconds = 0) {
    const auto png = last_frame_of(clip, seconds, cancel);
    EXPECT_FALSE(has_alpha(png.get()));
    const Raster raster = decode_picture(png.get(), cancel);
    EXPECT_EQ(raster.width, clip.width);
    EXPECT_EQ(raster.height, clip.height);
    const bool tall = raster.height > raster.width; // turned, so that the left is below
    const int ones =
        digit(raster, raster.width / (tall ? 2 : 4), raster.height * (tall ? 3 : 2) / 4);
    const int tens =
        digit(raster, raster.width * (tall ? 2 : 3) / 4, raster.height / (tall ? 4 : 2));
    return 10 * tens + ones;
  }
};

constexpr const char* kMp4 = "-c:v libx264 -preset ultrafast -qp 4 -bf 2 -pix_fmt yuv420p";

} // namespace

TEST_F(LastFrame, IsTheVeryLastOfEveryKindOfFile) {
  struct Case {
    const char* name;
    const char* coding;
  };
  for (const Case& one :
       {Case{"one-group.mp4", "-c:v libx264 -qp 4 -bf 2 -pix_fmt yuv420p"},
        {"groups.mp4", "-c:v libx264 -qp 4 -bf 3 -g 10 -pix_fmt yuv420p"},
        {"open-groups.mp4",
         "-c:v libx264 -qp 4 -bf 3 -g 10 -x264-params open-gop=1 -pix_fmt yuv420p"},
        {"groups.webm", "-c:v libvpx -deadline realtime -qmin 2 -qmax 8 -b:v 2M -g 12"},
        {"pictures.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"},
        {"later.mkv", "-c:v libx264 -qp 4 -bf 2 -g 10 -pix_fmt yuv420p -output_ts_offset 3"}}) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(number(film(one.name, one.coding, 43)), 42);
  }
}

TEST_F(LastFrame, OfAClipThatIsCutIsTheLastOneShown) {
  const std::string groups = std::string(kMp4) + " -g 10";
  const ClipInfo clip = film("clip.mp4", groups, 50);
  EXPECT_EQ(number(clip, 1), 24);
  EXPECT_EQ(number(clip, 0.4), 9);   // the next begins a group
  EXPECT_EQ(number(clip, 0.44), 10); // which is the only one shown of it
  EXPECT_EQ(number(clip, 0.41), 9);  // less than half of the next
  EXPECT_EQ(number(clip, 0.43), 10);
  EXPECT_EQ(number(clip, 0.1), 2);
  EXPECT_EQ(number(clip, 0.001), 0); // better than none
  EXPECT_EQ(number(clip, 2), 49);
  EXPECT_EQ(number(clip, 7), 49); // shorter than asked for
}

TEST_F(LastFrame, OfOddRates) {
  EXPECT_EQ(number(film("film.mp4", kMp4, 48, "24000/1001"), 1), 23);
  EXPECT_EQ(number(film("fast.webm", "-c:v libvpx -deadline realtime -qmin 2 -qmax 8 -b:v 2M -g 7",
                        50, "30"),
                   1),
            29);
  // Every second picture of the latter half is missing: what stays longer is still the last.
  const ClipInfo uneven = film("uneven.mkv", std::string(kMp4) + " -g 10 -vsync vfr", 40, "25",
                               ",select='lt(n\\,20)+not(mod(n\\,2))'");
  EXPECT_EQ(number(uneven), 58);
  EXPECT_EQ(number(uneven, 1), 24);
}

TEST_F(LastFrame, IsUprightAndOfSquarePixels) {
  film("flat.mp4", kMp4, 10);
  clips::run("ffmpeg -nostdin -v error -y -i " + (dir / "flat.mp4") +
             " -c copy -metadata:s:v rotate=90 " + (dir / "turned.mp4"));
  ClipInfo turned = probe_clip(clips::uri_of(dir / "turned.mp4"), cancel);
  ASSERT_EQ(turned.width, 120);
  EXPECT_EQ(number(turned), 9);
  const ClipInfo wide = film("wide.mp4", kMp4, 10, "25", ",setsar=2/1");
  ASSERT_EQ(wide.width, 320);
  EXPECT_EQ(number(wide), 9);
}

TEST_F(LastFrame, HasTheSameBytesEachTime) {
  const ClipInfo clip = film("noise.mp4", std::string(kMp4) + " -g 8", 30, "25", ",noise=alls=30");
  const auto once = last_frame_of(clip, 0, cancel);
  const auto again = last_frame_of(clip, 0, cancel);
  EXPECT_TRUE(g_bytes_equal(once.get(), again.get()));
}

TEST_F(LastFrame, IsNotWaitedForOnceCancelled) {
  const ClipInfo clip = film("clip.mp4", kMp4, 10);
  cancel.cancel();
  EXPECT_THROW(last_frame_of(clip, 0, cancel), Error);
}

TEST_F(LastFrame, OfAFileThatIsGoneIsAnError) {
  ClipInfo clip = film("clip.mp4", kMp4, 10);
  std::filesystem::remove(clip.path);
  EXPECT_THROW(last_frame_of(clip, 0, cancel), Error);
}
