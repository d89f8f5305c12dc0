// SPDX-License-Identifier: LGPL-2.1-or-later
// See look_estimate.h. Two scenes never have the same histogram, but scenes that belong together
// share colours: the sky, the skin, the walls. So the colours of both pictures are taken as clouds
// of soft points, and the look is sought under which the clouds overlap best: wide points first, to
// find the way, then narrower ones, which fit what the scenes share and pay no heed to what only
// one has.
#include "look_estimate.h"

#include "opencv_guard.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core/optim.hpp>

namespace aigc {

namespace {

/// How wide the points are, in brightness, from round to round.
constexpr float kWidths[] = {0.3f, 0.15f, 0.08f};

/// A step of chroma counts as much as this many of brightness.
constexpr float kChromaWeight = 2;

/// What a change costs: of looks that fit alike the smaller one is taken.
constexpr double kCostOfChange = 0.01;

/// Overlap at which clips share no colours to speak of, and at which they surely do.
constexpr double kStrangers = 0.55, kRelatives = 0.85;

/// How far strangers are brought together: half way is a likeness, all the way might be anything.
constexpr double kStrangersShare = 0.5;

constexpr int kMostSteps = 150;

/// Colours as points; rows of numbers, which the compiler can work on several at a time.
struct Cloud {
  explicit Cloud(const PictureColours& colours) : size(std::min(colours.size(), kMostColours)) {
    for (size_t i = 0; i < size; ++i) {
      y[i] = colours[i].y;
      cb[i] = colours[i].cb * kChromaWeight;
      cr[i] = colours[i].cr * kChromaWeight;
      weight[i] = colours[i].weight;
    }
  }

  Cloud under(const Look& look) const {
    Cloud changed = *this;
    const auto cosine = static_cast<float>(look.saturation * std::cos(look.turn));
    const auto sine = static_cast<float>(look.saturation * std::sin(look.turn));
    for (size_t i = 0; i < size; ++i) {
      const double bright = look.gain * std::pow(std::max(double(y[i]), 0.0), look.gamma);
      changed.y[i] = static_cast<float>(std::min(bright, 1.0));
      changed.cb[i] = cosine * cb[i] - sine * cr[i];
      changed.cr[i] = sine * cb[i] + cosine * cr[i];
    }
    return changed;
  }

  size_t size;
  std::array<float, kMostColours> y{}, cb{}, cr{}, weight{};
};

/// How much two clouds of points of this width have in common, unscaled.
double common(const Cloud& one, const Cloud& other, float width) {
  // (1 - x/8)^8 in place of exp(-x): as good a bell, and nothing but products.
  const float reach = 1 / (16 * width * width);
  double total = 0;
  for (size_t i = 0; i < one.size; ++i) {
    float sum = 0;
    for (size_t j = 0; j < other.size; ++j) {
      const float y = one.y[i] - other.y[j], cb = one.cb[i] - other.cb[j],
                  cr = one.cr[i] - other.cr[j];
      float bell = std::max(0.0f, 1 - (y * y + cb * cb + cr * cr) * reach);
      bell *= bell;
      bell *= bell;
      sum += other.weight[j] * bell * bell;
    }
    total += double(one.weight[i]) * double(sum);
  }
  return total;
}

/// What the search makes small: how little the clouds overlap under a look, and what it costs.
class Misfit : public cv::MinProblemSolver::Function {
 public:
  Misfit(const Cloud& clip, const Cloud& model, float width)
      : clip_(clip), model_(model), width_(width), model_alone_(common(model, model, width)) {}

  int getDims() const override { return 4; }
  double calc(const double* x) const override {
    double cost = 0;
    for (int i = 0; i < 4; ++i)
      cost += kCostOfChange * x[i] * x[i];
    return cost - overlap(look_at({x[0], x[1], x[2], x[3]}));
  }

  /// 0 for clouds apart, 1 for the same.
  double overlap(const Look& look) const {
    const Cloud changed = clip_.under(look);
    const double own = common(changed, changed, width_);
    return common(changed, model_, width_) / std::sqrt(own * model_alone_);
  }

 private:
  const Cloud& clip_;
  const Cloud& model_;
  float width_;
  double model_alone_;
};

/// The best point near `start`.
LookPoint search(const cv::Ptr<Misfit>& misfit, const LookPoint& start, double step) {
  cv::Mat point = cv::Mat(1, 4, CV_64F);
  std::copy(start.begin(), start.end(), point.begin<double>());
  const cv::Mat steps(1, 4, CV_64F, cv::Scalar(step));
  auto solver = cv::DownhillSolver::create(
      misfit, steps,
      cv::TermCriteria(cv::TermCriteria::MAX_ITER + cv::TermCriteria::EPS, kMostSteps, 1e-4));
  solver->minimize(point);
  LookPoint best;
  std::copy(point.begin<double>(), point.end<double>(), best.begin());
  return point_of(look_at(best));
}

Look estimate(const Cloud& clip, const Cloud& model) {
  LookPoint wide{}, point{};
  double overlap = 0;
  for (const float width : kWidths) {
    const auto misfit = cv::makePtr<Misfit>(clip, model, width);
    point = search(misfit, point, double(width));
    if (width == kWidths[0]) wide = point;
    overlap = misfit->overlap(look_at(point));
  }
  const double trust = std::clamp((overlap - kStrangers) / (kRelatives - kStrangers), 0.0, 1.0);
  for (size_t i = 0; i < point.size(); ++i)
    point[i] = trust * point[i] + (1 - trust) * kStrangersShare * wide[i];
  return look_at(point);
}

} // namespace

Look estimate_look(const PictureColours& clip, const PictureColours& model) {
  if (clip.empty() || model.empty()) return {};
  return with_opencv("compare two clips", [&] { return estimate(Cloud(clip), Cloud(model)); });
}

} // namespace aigc
