// SPDX-License-Identifier: LGPL-2.1-or-later
// See keyframes.h.
#include "keyframes.h"

#include "base/error.h"
#include "cut.h"
#include "media/raw_frame.h"
#include "sheet.h"
#include "shot/shot_meta.h"
#include "shot_messages.h"

#include <algorithm>
#include <cstdio>

namespace aigc::runner {
namespace {

constexpr const char* kPainter = "qwenimagesrc";
constexpr const char* kCamera = "wanxclipgen";
constexpr size_t kMostNamed = 8; ///< shots in a message

/// What left a painter.
struct Frame {
  Shot shot;
  Ref<GBytes> picture; ///< none: the shot is filmed from its words
};

/// Keeps what leaves the painters, as small pictures.
class Gallery {
 public:
  void watch(GstElement* painter) {
    const auto pad = adopt(gst_element_get_static_pad(painter, "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  }
  std::vector<Frame> frames() const { return frames_.snapshot(); }
  std::optional<Error> error() const { return error_.snapshot(); }

 private:
  static GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    static_cast<Gallery*>(self)->take(pad, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
  }

  void take(GstPad* pad, GstBuffer* buffer) {
    try {
      const auto caps = adopt(gst_pad_get_current_caps(pad));
      Frame frame;
      frame.shot = buffer_shot(buffer).value_or(Shot());
      frame.picture = picture_of(buffer, caps.get());
      frames_.lock()->push_back(std::move(frame));
    } catch (...) {
      *error_.lock() = caught_error();
    }
  }

  static Ref<GBytes> picture_of(GstBuffer* buffer, GstCaps* caps) {
    Cancel cancel;
    const GstStructure* structure = caps ? gst_caps_get_structure(caps, 0) : nullptr;
    if (!structure || gst_structure_has_name(structure, "text/x-raw")) return nullptr;
    if (gst_structure_has_name(structure, "video/x-raw"))
      return sheet_picture(raster_of_frame(buffer, caps), cancel);
    const BufferMap map(buffer, GST_MAP_READ);
    if (!map) throw Error(Fault::read, "a keyframe could not be mapped");
    const auto bytes = adopt(g_bytes_new(map.data(), map.size()));
    return sheet_picture(decode_picture(bytes.get(), cancel), cancel);
  }

  Guarded<std::vector<Frame>> frames_;
  Guarded<std::optional<Error>> error_;
};

std::string money(double amount, const std::string& currency) {
  std::array<char, G_ASCII_DTOSTR_BUF_SIZE> number{};
  return g_ascii_formatd(number.data(), number.size(), "%.2f", amount) + (" " + currency);
}

SheetCell cell_of(const Frame& frame) {
  const Shot& shot = frame.shot;
  SheetCell cell;
  cell.title =
      std::to_string(shot.index + 1) + "  " + (is_blank(shot.script) ? shot.id : shot.script);
  cell.text = shot.words();
  cell.picture = frame.picture;
  std::string first = shot.id;
  if (shot.take > 0) first += " · take " + std::to_string(shot.take);
  if (!frame.picture) first += " · filmed from its words";
  cell.notes.push_back(first);
  if (frame.picture && !shot.provenance.empty()) {
    const Provenance& made = shot.provenance.back();
    cell.notes.push_back(made.service + " · " + made.model +
                         (made.cache_hit  ? " · from the store"
                          : made.cost > 0 ? " · " + money(made.cost, made.currency)
                                          : ""));
  }
  return cell;
}

SheetCell cell_of(const ShotFailure& failure) {
  return {.title = failure.id, .text = failure.message, .notes = {failure.remedy}, .failed = true};
}

Sheet sheet_of(const JobFile& job, const std::string& out, const Gallery& gallery,
               const ShotMessages& messages) {
  Sheet sheet;
  sheet.title = out.empty() ? job.name() : out;
  auto frames = gallery.frames();
  std::stable_sort(frames.begin(), frames.end(),
                   [](const Frame& a, const Frame& b) { return a.shot.index < b.shot.index; });
  for (const auto& frame : frames)
    sheet.cells.push_back(cell_of(frame));
  for (const auto& failure : messages.failures())
    sheet.cells.push_back(cell_of(failure));
  const Plan clips = messages.plan();
  const auto pictures = static_cast<size_t>(std::count_if(
      frames.begin(), frames.end(), [](const Frame& frame) { return bool(frame.picture); }));
  sheet.note = std::to_string(pictures) + (pictures == 1 ? " keyframe" : " keyframes");
  for (const auto& [currency, amount] : clips.cost())
    sheet.note += ", the clips would cost " + money(amount, currency);
  return sheet;
}

} // namespace

std::string keyframe_sheet_name(const std::string& out) {
  return out + ".keyframes.jpg";
}

Ending make_keyframes(const JobFile& job, const Values& values, const std::string& sheet,
                      Report& report, LaunchOptions options) {
  check_sheet_name(sheet);
  Gallery gallery;
  ShotMessages messages;
  options.prepare = [&](GstElement* pipeline) {
    cut_behind_stages(pipeline);
    bool paints = false;
    for (const auto& stage : stages_of(pipeline)) {
      if (is_made_by(stage.get(), kCamera)) g_object_set(stage.get(), "dry-run", TRUE, nullptr);
      if (!is_made_by(stage.get(), kPainter)) continue;
      paints = true;
      gallery.watch(stage.get());
    }
    if (!paints)
      throw Error(Fault::settings, job.name() + " paints no keyframes",
                  "Run it without --stop-at.");
    messages.listen(pipeline);
  };
  const Variable* output = job.output();
  report.start(job.name(), sheet);
  const Ending ending = launch(job.render(values), report, options);
  if (ending == Ending::failed || ending == Ending::stopped) return ending;
  if (const auto error = gallery.error()) throw Error(*error);
  make_sheet(sheet_of(job, output ? values.at(output->name) : "", gallery, messages), sheet);
  auto made = examine(sheet);
  report.finish(made ? &*made : nullptr, ending == Ending::interrupted);
  return ending;
}

bool check_keyframes(const JobFile& job, const Values& values, Report& report) {
  const auto plan = plan_row(job, values, report);
  if (!plan) return false;
  std::string names;
  size_t count = 0;
  for (const auto& call : plan->calls) {
    if (call.stage != "image" || ++count > kMostNamed) continue;
    names += (names.empty() ? "" : ", ") + call.id;
  }
  if (!count) return true;
  if (count > kMostNamed) names += " and " + std::to_string(count - kMostNamed) + " more";
  throw Error(Fault::not_found,
              (count == 1 ? "the keyframe of " : "the keyframes of ") + names +
                  (count == 1 ? " is" : " are") + " not there yet",
              "Make and look at them with --stop-at=keyframes, or run without --from.");
}

} // namespace aigc::runner
