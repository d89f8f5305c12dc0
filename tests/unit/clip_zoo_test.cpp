// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips of every kind: what can be shown is shown as it should look, the rest is refused.
#include "../clip_zoo.h"
#include "media/clip_frames.h"
#include "playout/inspection.h"

#include <map>

using namespace aigc;
using clips::ZooClip;

namespace {

constexpr int kWidth = 320, kHeight = 180;
constexpr Grid kGrid{25, 1};

std::vector<ZooClip>& zoo() {
  static const clips::TempDir dir;
  static std::vector<ZooClip> clips = clips::clip_zoo(dir);
  return clips;
}

ClipInfo probe(const ZooClip& clip) {
  Cancel cancel;
  return probe_clip(clips::uri_of(clip.path), cancel);
}

Ref<GstBuffer> first_picture(const ClipInfo& info) {
  static Cancel cancel;
  VideoTarget target;
  target.caps = adopt(gst_caps_from_string(
      "video/x-raw, format=RGB, width=320, height=180, framerate=25/1, pixel-aspect-ratio=1/1, "
      "interlace-mode=progressive"));
  ClipFrames frames(std::make_unique<ClipReader>(info, target, cancel), kGrid,
                    std::min<guint64>(3, kGrid.frames_in(info.span)));
  return frames.next();
}

/// The colour in the middle of a field of what is shown: 0, 1 from the left and from above.
std::string colour_at(GstBuffer* picture, const ClipInfo& info, int column, int row) {
  const double shape = double(info.width) / info.height;
  const double width = std::min(double(kWidth), kHeight * shape),
               height = std::min(double(kHeight), kWidth / shape);
  const auto x = static_cast<size_t>((kWidth - width) / 2 + width * (1 + 2 * column) / 4),
             y = static_cast<size_t>((kHeight - height) / 2 + height * (1 + 2 * row) / 4);
  guint8 rgb[3];
  gst_buffer_extract(picture, (y * kWidth + x) * 3, rgb, 3); // rows of 960 bytes
  const int r = rgb[0], g = rgb[1], b = rgb[2];
  const std::string numbers = std::to_string(r) + "," + std::to_string(g) + "," + std::to_string(b);
  const auto leads = [](int one, int two, int three) {
    return one > 110 && one > two + 50 && one > three + 50;
  };
  if (std::min({r, g, b}) > 120 && std::max({r, g, b}) - std::min({r, g, b}) < 40) return "white";
  if (leads(r, g, b)) return "red";
  if (leads(g, r, b)) return "lime";
  if (leads(b, r, g)) return "blue";
  return numbers;
}

} // namespace

TEST(ClipZoo, WhatIsPlayableShowsItsColoursTheRightWayUp) {
  for (const ZooClip& clip : zoo()) {
    if (!clip.playable) continue;
    SCOPED_TRACE(clip.name);
    try {
      const ClipInfo info = probe(clip);
      EXPECT_NEAR(double(info.span) / GST_SECOND, clip.seconds, 0.05);
      const auto picture = first_picture(info);
      ASSERT_TRUE(picture);
      std::string seen;
      for (const auto& [column, row] : {std::pair(0, 0), {1, 0}, {0, 1}, {1, 1}})
        seen += colour_at(picture.get(), info, column, row) + " ";
      EXPECT_EQ(seen, clip.turned ? "lime white red blue " : "red lime blue white ");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

TEST(ClipZoo, WhatIsNotIsRefusedForWhatItIs) {
  const std::map<std::string, Fault> faults = {{"only audio", Fault::format},
                                               {"truncated", Fault::damaged},
                                               {"zero length", Fault::damaged},
                                               {"wrong MIME", Fault::format}};
  size_t refused = 0;
  for (const ZooClip& clip : zoo()) {
    if (clip.playable) continue;
    SCOPED_TRACE(clip.name);
    Cancel cancel;
    try {
      inspect_clip(clips::uri_of(clip.path), cancel);
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, faults.at(clip.name)) << error.what();
      EXPECT_NE(error.remedy, "");
      ++refused;
    }
  }
  EXPECT_EQ(refused, faults.size());
}

TEST(ClipZoo, InspectionFindsWhatIsWrongWithEachAndNothingElse) {
  using Kind = Stretch::Kind;
  const std::map<std::string, Kind> wrong = {{"silent stretch", Kind::silent},
                                             {"black stretch", Kind::black},
                                             {"frozen stretch", Kind::frozen}};
  for (const ZooClip& clip : zoo()) {
    if (!clip.playable) continue;
    SCOPED_TRACE(clip.name);
    Cancel cancel;
    const auto found = inspect_clip(clips::uri_of(clip.path), cancel);
    EXPECT_EQ(found.damage.has_value(), !clip.whole) << (found.damage ? found.damage->what() : "");
    if (!clip.whole) continue;
    EXPECT_NEAR(double(found.inspected) / GST_SECOND, std::min(clip.seconds, 120.0), 0.05);
    for (const Kind kind : {Kind::black, Kind::frozen, Kind::silent}) {
      const bool expected = wrong.contains(clip.name) && wrong.at(clip.name) == kind;
      // Pictures that are all black do not move either.
      if (clip.name == "black stretch" && kind == Kind::frozen) continue;
      EXPECT_NEAR(found.share(kind), expected ? 0.75 : 0, 0.02) << int(kind);
    }
  }
}
