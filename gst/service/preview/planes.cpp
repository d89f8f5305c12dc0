// SPDX-License-Identifier: LGPL-2.1-or-later
// See planes.h. The loops here run for every pixel of every frame: they are written so that the
// compiler turns them into vector code, and the one it cannot turn has its own SSSE3 form.
#include "service/preview/planes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

namespace aigc::preview {
namespace {

using Byte = std::uint8_t;
using Short = std::uint16_t;

constexpr int kPad = 32;     ///< bytes readable behind a row
constexpr int kGroup = 8;    ///< pixels resampled at once
constexpr int kWeights = 64; ///< steps between two pixels

void find_extents(const Plane& alpha, std::vector<Extent>& rows) {
  rows.resize(static_cast<size_t>(alpha.height));
  for (int y = 0; y < alpha.height; ++y) {
    const Byte* p = alpha.row(y);
    Extent& extent = rows[static_cast<size_t>(y)];
    int first = 0, last = alpha.width;
    while (first < last && p[first] == 0)
      ++first;
    while (last > first && p[last - 1] == 0)
      --last;
    extent = {first, last, false};
    extent.solid = first == 0 && last == alpha.width &&
                   std::all_of(p, p + alpha.width, [](Byte a) { return a == 255; });
  }
}

/// Which two source pixels make each target pixel, in what shares. Entries count from `first`.
struct Track {
  int first = 0, last = 0;   ///< target pixels covered by the layer
  std::vector<int> source;   ///< left one of the two
  std::vector<Byte> weights; ///< of left and right, sum kWeights
  std::vector<Byte> shuffle; ///< per group: offsets of the pairs from the group's first pixel
  bool straight = false;     ///< one to one, without a share of the right pixel

  /// target = place + scale * source
  void plan(double place, double scale, int source_size, int target_size) {
    first = static_cast<int>(std::ceil(std::clamp(place - 0.5, 0.0, double(target_size))));
    last = static_cast<int>(std::ceil(
        std::clamp(place + source_size * scale - 0.5, double(first), double(target_size))));
    const auto count = static_cast<size_t>(last - first + kGroup);
    source.resize(count);
    weights.resize(2 * count);
    straight = scale == 1.0;
    const double step = kWeights / scale,
                 start = (first + 0.5 - place) * step - 0.5 * kWeights + 0.5;
    const double end = (source_size - 1.0) * kWeights + 0.5;
    for (size_t i = 0; i < count; ++i) {
      const int fixed = static_cast<int>(std::clamp(start + double(i) * step, 0.0, end));
      const int left = std::min(fixed / kWeights, std::max(0, source_size - 2)),
                right_share = fixed - left * kWeights;
      source[i] = left;
      weights[2 * i] = static_cast<Byte>(kWeights - right_share);
      weights[2 * i + 1] = static_cast<Byte>(right_share);
      // The last pixel of a row is the right one of its pair.
      if (right_share != 0 && right_share != kWeights && first + static_cast<int>(i) < last)
        straight = false;
    }
    plan_shuffle();
  }

  void plan_shuffle() {
    shuffle.assign(2 * source.size(), 0);
    for (size_t start = 0; start + kGroup <= source.size(); start += kGroup)
      for (size_t k = 0; k < kGroup; ++k) {
        const int offset = std::clamp(source[start + k] - source[start], 0, 14);
        shuffle[2 * (start + k)] = static_cast<Byte>(offset);
        shuffle[2 * (start + k) + 1] = static_cast<Byte>(offset + 1);
      }
  }
};

void resample_plain(const Byte* source, int shift, const Track& track, int first, int last,
                    Byte* out) {
  for (int i = first; i < last; ++i) {
    const auto at = static_cast<size_t>(i - track.first);
    const Byte* p = source + track.source[at] - shift;
    const Byte* w = &track.weights[2 * at];
    out[i] = static_cast<Byte>((p[0] * w[0] + p[1] * w[1] + kWeights / 2) / kWeights);
  }
}

#if defined(__x86_64__)
/// The same result as resample_plain(), eight pixels at a time; may write up to 7 pixels further.
__attribute__((target("ssse3"))) void
resample_ssse3(const Byte* source, int shift, const Track& track, int first, int last, Byte* out) {
  const __m128i half = _mm_set1_epi16(kWeights / 2);
  // Groups are aligned to the start of the track: their shuffles were made there.
  int i = track.first + (first - track.first) / kGroup * kGroup;
  for (; i < last; i += kGroup) {
    const auto at = static_cast<size_t>(i - track.first);
    const __m128i pixels =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + track.source[at] - shift));
    const __m128i pairs = _mm_shuffle_epi8(
        pixels, _mm_loadu_si128(reinterpret_cast<const __m128i*>(&track.shuffle[2 * at])));
    const __m128i sums = _mm_maddubs_epi16(
        pairs, _mm_loadu_si128(reinterpret_cast<const __m128i*>(&track.weights[2 * at])));
    const __m128i result = _mm_srli_epi16(_mm_add_epi16(sums, half), 6);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(result, result));
  }
}
#endif

void resample(const Byte* source, int shift, const Track& track, int first, int last, Byte* out) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("ssse3");
  if (fast) return resample_ssse3(source, shift, track, first, last, out);
#endif
  resample_plain(source, shift, track, first, last, out);
}

/// Plain loops, compiled once for every machine and once for those with AVX2.
struct Loops {
  __attribute__((always_inline)) static void mix_rows(const Byte* __restrict a,
                                                      const Byte* __restrict b, int share_of_b,
                                                      int count, Byte* __restrict out) {
    const auto wb = static_cast<Short>(share_of_b), wa = static_cast<Short>(256 - share_of_b);
    for (int i = 0; i < count; ++i)
      out[i] = static_cast<Byte>(
          static_cast<Short>(static_cast<Short>(a[i] * wa) + static_cast<Short>(b[i] * wb) + 128) >>
          8);
  }

  /// out = source + out * (1 - alpha), for a premultiplied source.
  __attribute__((always_inline)) static void blend_row(const Byte* __restrict source,
                                                       const Byte* __restrict alpha, int count,
                                                       Byte* __restrict out) {
    for (int i = 0; i < count; ++i) {
      const auto through =
          static_cast<Short>(static_cast<Short>(out[i] * static_cast<Short>(255 - alpha[i])) + 128);
      const auto kept = static_cast<Short>(static_cast<Short>(through + (through >> 8)) >> 8);
      const auto sum = static_cast<Short>(source[i] + kept);
      out[i] = static_cast<Byte>(sum > 255 ? 255 : sum);
    }
  }
};

#if defined(__x86_64__)
__attribute__((target("avx2"))) void mix_rows_avx2(const Byte* a, const Byte* b, int share_of_b,
                                                   int count, Byte* out) {
  Loops::mix_rows(a, b, share_of_b, count, out);
}
__attribute__((target("avx2"))) void blend_row_avx2(const Byte* source, const Byte* alpha,
                                                    int count, Byte* out) {
  Loops::blend_row(source, alpha, count, out);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#endif

void mix_rows(const Byte* a, const Byte* b, int share_of_b, int count, Byte* out) {
#if defined(__x86_64__)
  if (has_avx2()) return mix_rows_avx2(a, b, share_of_b, count, out);
#endif
  Loops::mix_rows(a, b, share_of_b, count, out);
}

void blend_row(const Byte* source, const Byte* alpha, int count, Byte* out) {
#if defined(__x86_64__)
  if (has_avx2()) return blend_row_avx2(source, alpha, count, out);
#endif
  Loops::blend_row(source, alpha, count, out);
}

/// Scratch rows and tracks of one layer at one place, for luma or for chroma.
class RowMaker {
 public:
  void plan(const Plane& plane, const std::vector<Extent>& rows, double x, double y, double scale,
            int width, int height) {
    across_.plan(x, scale, plane.width, width);
    down_.plan(y, scale, plane.height, height);
    rows_ = &rows;
    const auto size = static_cast<size_t>(std::max(plane.width, width) + 2 * kPad);
    for (auto* row : {&mixed_, &pixels_, &alpha_})
      row->resize(size);
  }

  int top() const { return down_.first; }
  int bottom() const { return down_.last; }
  bool spans(int width) const { return across_.first == 0 && across_.last == width; }
  /// True when the layer hides everything behind it in this row, top() <= y < bottom().
  bool solid(int y) const {
    const auto step = static_cast<size_t>(y - down_.first),
               at = static_cast<size_t>(down_.source[step]);
    const bool below =
        down_.weights[2 * step + 1] == 0 || (*rows_)[std::min(at + 1, rows_->size() - 1)].solid;
    return (*rows_)[at].solid && below;
  }

  /// Lays `planes` of the layer over one target row each. `alpha` null: they replace what is there.
  void lay(int y, const Plane* alpha,
           std::initializer_list<std::pair<const Plane*, Byte*>> planes) {
    const Extent extent = source_extent(y);
    int first = across_.first, last = across_.last;
    if (alpha) clip(extent, first, last);
    if (first >= last) return;
    if (alpha) make(*alpha, y, first, last, alpha_.data());
    for (const auto& [plane, out] : planes) {
      make(*plane, y, first, last, pixels_.data());
      if (alpha)
        blend_row(pixels_.data() + first, alpha_.data() + first, last - first, out + first);
      else
        std::memcpy(out + first, pixels_.data() + first, static_cast<size_t>(last - first));
    }
  }

 private:
  Extent source_extent(int y) const {
    const auto at = static_cast<size_t>(down_.source[static_cast<size_t>(y - down_.first)]);
    const Extent &a = (*rows_)[at], &b = (*rows_)[std::min(at + 1, rows_->size() - 1)];
    if (a.first == a.last) return b;
    if (b.first == b.last) return a;
    return {std::min(a.first, b.first), std::max(a.last, b.last), false};
  }

  /// Narrows the target pixels to those that see anything of the extent.
  void clip(const Extent& extent, int& first, int& last) const {
    if (extent.first == extent.last) {
      last = first;
      return;
    }
    const auto begin = across_.source.begin(), end = begin + (last - across_.first);
    const auto from = std::lower_bound(begin, end, extent.first - 1),
               to = std::lower_bound(from, end, extent.last);
    first = across_.first + static_cast<int>(from - begin);
    last = across_.first + static_cast<int>(to - begin);
  }

  /// One target row of a plane, resampled down and across.
  void make(const Plane& plane, int y, int first, int last, Byte* out) {
    const auto at = static_cast<size_t>(y - down_.first);
    const int source = down_.source[at], share = down_.weights[2 * at + 1] * (256 / kWeights);
    // Groups reach back to the start of theirs, and forward to its end.
    const auto source_of = [&](int x) {
      return across_.source[static_cast<size_t>(x - across_.first)];
    };
    const int from = source_of(across_.first + (first - across_.first) / kGroup * kGroup);
    const int to = std::min(source_of(last - 1) + 2, plane.width);
    const Byte* row = plane.row(source) + from;
    if (share > 0) {
      mix_rows(row, plane.row(std::min(source + 1, plane.height - 1)) + from, share, to - from,
               mixed_.data());
      row = mixed_.data();
    }
    if (across_.straight)
      std::memcpy(out + first, row + straight_source(first) - from,
                  static_cast<size_t>(last - first));
    else
      resample(row, from, across_, first, last, out);
  }

  int straight_source(int x) const {
    const auto at = static_cast<size_t>(x - across_.first);
    return across_.source[at] + (across_.weights[2 * at] == 0 ? 1 : 0);
  }

  Track across_, down_;
  const std::vector<Extent>* rows_ = nullptr;
  std::vector<Byte> mixed_, pixels_, alpha_;
};

/// For every row the layer behind which nothing shows.
std::vector<size_t> hindmost(const std::vector<RowMaker>& makers, int width, int height) {
  std::vector<size_t> back(static_cast<size_t>(height), 0);
  for (size_t i = 1; i < makers.size(); ++i) {
    if (!makers[i].spans(width)) continue;
    for (int y = makers[i].top(); y < makers[i].bottom(); ++y)
      if (makers[i].solid(y)) back[static_cast<size_t>(y)] = i;
  }
  return back;
}

} // namespace

void Plane::resize(int w, int h) {
  width = w;
  height = h;
  stride = w + kPad;
  bytes.assign(static_cast<size_t>(stride) * static_cast<size_t>(h) + kPad, 0);
}

LayerPlanes to_planes(const Canvas& canvas) {
  const int width = canvas.width(), height = canvas.height(), half_width = width / 2,
            half_height = height / 2;
  LayerPlanes planes;
  planes.y.resize(width, height);
  planes.alpha.resize(width, height);
  for (Plane* plane : {&planes.u, &planes.v, &planes.chroma_alpha})
    plane->resize(half_width, half_height);
  const std::uint32_t* pixels = canvas.pixels();
  const auto part = [](std::uint32_t pixel, int shift) {
    return static_cast<int>(pixel >> shift & 255);
  };
  for (int y = 0; y < height; ++y) {
    const std::uint32_t* p = pixels + static_cast<ptrdiff_t>(y) * canvas.stride();
    Byte *luma = planes.y.row(y), *alpha = planes.alpha.row(y);
    for (int x = 0; x < width; ++x) {
      const int a = part(p[x], 24);
      // bt709 weights times 65536 * 219 / 255, and the offset 16 under the same alpha.
      luma[x] = static_cast<Byte>((11966 * part(p[x], 16) + 40254 * part(p[x], 8) +
                                   4064 * part(p[x], 0) + 4112 * a + 32768) >>
                                  16);
      alpha[x] = static_cast<Byte>(a);
    }
  }
  for (int y = 0; y < half_height; ++y) {
    const std::uint32_t* p = pixels + static_cast<ptrdiff_t>(2 * y) * canvas.stride();
    const std::uint32_t* q = p + canvas.stride();
    Byte *u = planes.u.row(y), *v = planes.v.row(y), *alpha = planes.chroma_alpha.row(y);
    for (int x = 0; x < half_width; ++x) {
      const auto sum = [&](int shift) {
        return part(p[2 * x], shift) + part(p[2 * x + 1], shift) + part(q[2 * x], shift) +
               part(q[2 * x + 1], shift);
      };
      const int a = sum(24), r = sum(16), g = sum(8), b = sum(0);
      u[x] = static_cast<Byte>((-6596 * r - 22189 * g + 28784 * b + 32896 * a + 131072) >> 18);
      v[x] = static_cast<Byte>((28784 * r - 26145 * g - 2639 * b + 32896 * a + 131072) >> 18);
      alpha[x] = static_cast<Byte>((a + 2) >> 2);
    }
  }
  find_extents(planes.alpha, planes.rows);
  find_extents(planes.chroma_alpha, planes.chroma_rows);
  return planes;
}

Target target_of(GstVideoFrame& frame) {
  Target target{GST_VIDEO_FRAME_WIDTH(&frame), GST_VIDEO_FRAME_HEIGHT(&frame), {}, {}};
  for (int i = 0; i < 3; ++i) {
    target.data[i] = static_cast<Byte*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, i));
    target.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i);
  }
  return target;
}

void compose(const std::vector<Placed>& list, const Target& target) {
  const auto size = list.size();
  std::vector<RowMaker> luma(size), chroma(size);
  const int half_width = target.width / 2, half_height = target.height / 2;
  for (size_t i = 0; i < size; ++i) {
    const Placed& placed = list[i];
    luma[i].plan(placed.layer->y, placed.layer->rows, placed.x, placed.y, placed.scale,
                 target.width, target.height);
    chroma[i].plan(placed.layer->u, placed.layer->chroma_rows, placed.x / 2, placed.y / 2,
                   placed.scale, half_width, half_height);
  }
  const auto luma_back = hindmost(luma, target.width, target.height),
             chroma_back = hindmost(chroma, half_width, half_height);
  for (size_t i = 0; i < size; ++i) {
    const LayerPlanes& layer = *list[i].layer;
    for (int y = luma[i].top(); y < luma[i].bottom(); ++y) {
      Byte* out = target.data[0] + static_cast<ptrdiff_t>(y) * target.stride[0];
      const size_t back = luma_back[static_cast<size_t>(y)];
      if (i >= back) luma[i].lay(y, i == back ? nullptr : &layer.alpha, {{&layer.y, out}});
    }
    for (int y = chroma[i].top(); y < chroma[i].bottom(); ++y) {
      Byte* u = target.data[1] + static_cast<ptrdiff_t>(y) * target.stride[1];
      Byte* v = target.data[2] + static_cast<ptrdiff_t>(y) * target.stride[2];
      const size_t back = chroma_back[static_cast<size_t>(y)];
      if (i >= back)
        chroma[i].lay(y, i == back ? nullptr : &layer.chroma_alpha, {{&layer.u, u}, {&layer.v, v}});
    }
  }
}

void fade(const Target& target, const Target& other, int share) {
  for (int plane = 0; plane < 3; ++plane)
    for (int y = 0; y < (plane ? target.height / 2 : target.height); ++y) {
      Byte* __restrict a = target.data[plane] + static_cast<ptrdiff_t>(y) * target.stride[plane];
      const Byte* b = other.data[plane] + static_cast<ptrdiff_t>(y) * other.stride[plane];
      const int count = plane ? target.width / 2 : target.width;
      for (int i = 0; i < count; ++i)
        a[i] = static_cast<Byte>((a[i] * (256 - share) + b[i] * share + 128) >> 8);
    }
}

} // namespace aigc::preview
