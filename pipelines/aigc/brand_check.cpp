// SPDX-License-Identifier: LGPL-2.1-or-later
// See brand_check.h.
#include "brand_check.h"

#include "base/error.h"
#include "base/guarded.h"
#include "base/ref.h"
#include "media/look_check.h"
#include "media/raw_frame.h"
#include "text.h"

#include <algorithm>
#include <cmath>

namespace aigc::runner {
namespace {

constexpr GstClockTime kPause = GST_SECOND;

std::string figure_text(const char* name, double value, const char* bound,
                        const std::optional<double>& limit) {
  const std::string text = format("%s %.2f", name, value);
  return limit ? text + format(" (%s %g)", bound, *limit) : text;
}

std::map<std::string, double> named(const std::optional<double>& distance,
                                    const std::optional<double>& legibility) {
  std::map<std::string, double> figures;
  if (distance) figures["palette-distance"] = *distance;
  if (legibility) figures["legibility"] = *legibility;
  return figures;
}

/// To two places: what is told is what counts.
double rounded(double figure) {
  return std::round(figure * 100) / 100;
}

/// Says which frames are looked at: the first, and then one a second.
class Pace {
 public:
  bool due(GstBuffer* buffer) {
    const GstClockTime time = GST_BUFFER_PTS(buffer);
    const bool due = !last_ || (GST_CLOCK_TIME_IS_VALID(time) && time >= *last_ + kPause);
    if (due) last_ = GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
    return due;
  }

 private:
  std::optional<GstClockTime> last_;
};

} // namespace

bool BrandFigures::ok() const {
  const bool far =
      palette_distance && max_palette_distance && *palette_distance > *max_palette_distance;
  const bool faint = legibility && min_legibility && *legibility < *min_legibility;
  return !far && !faint;
}

std::map<std::string, double> BrandFigures::measured() const {
  return named(palette_distance, legibility);
}

std::map<std::string, double> BrandFigures::limits() const {
  return named(max_palette_distance, min_legibility);
}

std::string BrandFigures::text() const {
  std::string text;
  if (palette_distance)
    text = figure_text("palette distance", *palette_distance, "at most", max_palette_distance);
  if (legibility)
    text += (text.empty() ? "" : ", ") +
            figure_text("legibility", *legibility, "at least", min_legibility);
  return text.empty() ? "nothing to measure" : text;
}

/// What the streaming threads have seen. A pipeline that was left to itself may go on looking.
struct BrandCheck::Looks {
  struct State {
    Pace pictures, titles;
    double distance_sum = 0;
    int distances = 0;
    std::optional<double> legibility;
    Ref<GstBuffer> behind; ///< a frame on its way through the title
    std::optional<Error> trouble;
  };

  std::vector<Rgb> palette;
  Rgb text;
  Guarded<State> state;

  static GstPadProbeReturn on_picture(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_behind(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_title(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  void look_at_picture(GstPad* pad, GstBuffer* buffer) {
    if (!state.lock()->pictures.due(buffer)) return;
    const auto caps = adopt(gst_pad_get_current_caps(pad));
    const double distance = palette_distance(raster_of_frame(buffer, caps.get()), palette);
    auto now = state.lock();
    now->distance_sum += distance;
    now->distances += 1;
  }

  void look_at_title(GstPad* pad) {
    const auto behind = std::exchange(state.lock()->behind, {});
    if (!behind) return;
    const auto caps = adopt(gst_pad_get_current_caps(pad));
    const auto title = adopt(gst_pad_get_parent_element(pad));
    Box box;
    guint width = 0, height = 0;
    g_object_get(title.get(), "text-x", &box.x, "text-y", &box.y, "text-width", &width,
                 "text-height", &height, nullptr);
    box.width = static_cast<int>(width);
    box.height = static_cast<int>(height);
    const double ratio = legibility(raster_of_frame(behind.get(), caps.get()), box, text);
    auto now = state.lock();
    now->legibility = std::min(ratio, now->legibility.value_or(ratio));
  }

  template <typename Work> static GstPadProbeReturn guarded(gpointer self, Work work) {
    auto& looks = **static_cast<std::shared_ptr<Looks>*>(self);
    try {
      work(looks);
    } catch (...) {
      looks.state.lock()->trouble = caught_error();
      return GST_PAD_PROBE_REMOVE;
    }
    return GST_PAD_PROBE_OK;
  }
};

GstPadProbeReturn BrandCheck::Looks::on_picture(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  return guarded(
      self, [&](Looks& looks) { looks.look_at_picture(pad, GST_PAD_PROBE_INFO_BUFFER(info)); });
}

GstPadProbeReturn BrandCheck::Looks::on_behind(GstPad*, GstPadProbeInfo* info, gpointer self) {
  return guarded(self, [&](Looks& looks) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    auto now = looks.state.lock();
    if (now->titles.due(buffer)) now->behind = share(buffer);
  });
}

GstPadProbeReturn BrandCheck::Looks::on_title(GstPad* pad, GstPadProbeInfo*, gpointer self) {
  return guarded(self, [&](Looks& looks) { looks.look_at_title(pad); });
}

BrandCheck::BrandCheck(std::shared_ptr<const Brand> brand, const std::string& title_colour)
    : brand_(std::move(brand)), looks_(std::make_shared<Looks>()) {
  for (const auto& colour : brand_->palette)
    looks_->palette.push_back({colour.red, colour.green, colour.blue});
  looks_->text = read_rgb(title_colour);
}

std::unique_ptr<BrandCheck> BrandCheck::make(const std::map<std::string, std::string>& values) {
  const auto path = values.find("brand");
  if (path == values.end()) return {};
  auto brand = load_brand(path->second);
  if (!brand->max_palette_distance && !brand->min_legibility) return {};
  const auto colour = values.find("title-colour");
  return std::unique_ptr<BrandCheck>(
      new BrandCheck(std::move(brand), colour == values.end() ? "#FFFFFF" : colour->second));
}

void BrandCheck::attach(GstElement* pipeline) {
  const auto watch = [&](const char* element, const char* pad, GstPadProbeCallback look) {
    const auto found = adopt(gst_bin_get_by_name(GST_BIN(pipeline), element));
    const auto place = adopt(found ? gst_element_get_static_pad(found.get(), pad) : nullptr);
    if (!place) return;
    gst_pad_add_probe(place.get(), GST_PAD_PROBE_TYPE_BUFFER, look, new std::shared_ptr(looks_),
                      [](gpointer looks) { delete static_cast<std::shared_ptr<Looks>*>(looks); });
  };
  if (!looks_->palette.empty()) watch("grade", "src", Looks::on_picture);
  watch("title", "video_sink", Looks::on_behind);
  watch("title", "src", Looks::on_title);
}

BrandFigures BrandCheck::figures() const {
  auto seen = looks_->state.lock();
  if (seen->trouble) throw *seen->trouble;
  BrandFigures figures{.max_palette_distance = brand_->max_palette_distance,
                       .min_legibility = brand_->min_legibility};
  if (seen->distances > 0) figures.palette_distance = rounded(seen->distance_sum / seen->distances);
  if (seen->legibility) figures.legibility = rounded(*seen->legibility);
  return figures;
}

} // namespace aigc::runner
