// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_check.h.
#include "media/clip_check.h"

#include "media/clip_decoding.h"

#include <atomic>
#include <cmath>

namespace aigc {
namespace {

/// Decoders may drop pictures around the edges of a group.
constexpr double kLeastDecoded = 0.7;

struct Range {
  GstClockTime start;
  GstClockTime stop;
};

/// The number of pictures in each of `ranges`; in the whole clip for none.
std::vector<guint64> count_pictures(const ClipInfo& clip, const std::vector<Range>& ranges,
                                    Cancel& cancel) {
  std::atomic<guint64> pictures = 0;
  const auto take = [&](GstPad*, GstBuffer*) {
    ++pictures;
    return true;
  };
  ClipDecoding decoding(clip, {take, [&] { pictures = 0; }});
  decoding.prepare(cancel);
  if (ranges.empty()) {
    decoding.play(cancel);
    return {pictures};
  }
  std::vector<guint64> counts;
  for (const Range& range : ranges) {
    if (!decoding.seek(static_cast<gint64>(range.start), static_cast<gint64>(range.stop)))
      throw Error(Fault::damaged, "the clip " + clip.uri + " cannot be searched",
                  "make or download the clip again");
    decoding.play(cancel);
    counts.push_back(pictures);
  }
  return counts;
}

void expect_pictures(const ClipInfo& clip, guint64 decoded, guint64 held, const char* part) {
  const auto least = std::max(1.0, std::floor(kLeastDecoded * static_cast<double>(held)));
  if (static_cast<double>(decoded) >= least) return;
  throw Error(Fault::damaged,
              "only " + std::to_string(decoded) + " of " + std::to_string(held) +
                  " pictures can be decoded at the " + part + " of the clip " + clip.uri,
              "make or download the clip again");
}

/// A demuxer steps over what it cannot read, and says nothing.
void expect_length(const ClipInfo& clip) {
  const auto claimed = static_cast<double>(clip.claimed);
  if (static_cast<double>(clip.reached) >= kLeastDecoded * claimed) return;
  throw Error(Fault::damaged,
              "only " + std::to_string(clip.reached / GST_MSECOND) + " of " +
                  std::to_string(clip.claimed / GST_MSECOND) + " ms can be read of the clip " +
                  clip.uri,
              "make or download the clip again");
}

} // namespace

void check_clip_decodes(const ClipInfo& clip, Cancel& cancel) {
  cancel.check();
  expect_length(clip);
  const auto& keys = clip.keyframes;
  if (keys.size() < 3) {
    const auto counts = count_pictures(clip, {}, cancel);
    expect_pictures(clip, counts[0], clip.frames, "start");
    return;
  }
  const GstClockTime end = clip.origin + clip.span;
  const std::vector<Range> ranges = {{clip.origin, keys[1].time}, {keys.back().time, end}};
  const auto counts = count_pictures(clip, ranges, cancel);
  expect_pictures(clip, counts[0], keys[1].frames_before, "start");
  expect_pictures(clip, counts[1], clip.frames - keys.back().frames_before, "end");
}

} // namespace aigc
