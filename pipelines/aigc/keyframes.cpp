// SPDX-License-Identifier: LGPL-2.1-or-later
// See keyframes.h.
#include "keyframes.h"

#include "base/error.h"
#include "base/guarded.h"
#include "cut.h"
#include "output_file.h"
#include "packages.h"
#include "plan.h"
#include "sheet.h"
#include "shot/shot_meta.h"
#include "text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gst/app/gstappsink.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPainter = "qwenimagesrc";
/// Naming text lets words through, as the camera would, of shots that want no keyframe.
constexpr const char* kTaken = "image/png; image/jpeg; image/webp; text/x-raw, format=(string)utf8";
constexpr size_t kMostNamed = 12; ///< shots in one message

struct Keyframe {
  Shot shot;
  std::string file; ///< empty: the shot goes on as words
};

/// Writes the pictures that arrive into the folder.
class KeyframeSink {
 public:
  explicit KeyframeSink(fs::path folder) : folder_(std::move(folder)) {}

  GstElement* make() {
    GstElement* sink = gst_element_factory_make("appsink", nullptr);
    if (!sink)
      throw Error(Fault::missing_plugin, "there is no element appsink", package_hint("appsink"));
    const auto caps = adopt(gst_caps_from_string(kTaken));
    g_object_set(sink, "caps", caps.get(), "sync", FALSE, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_sample;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
    return sink;
  }

  /// In the order of the list.
  std::vector<Keyframe> keyframes() const {
    std::vector<Keyframe> all = keyframes_.snapshot();
    std::stable_sort(all.begin(), all.end(), [](const Keyframe& a, const Keyframe& b) {
      return a.shot.index < b.shot.index;
    });
    return all;
  }

 private:
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer self) {
    const auto sample = adopt(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    try {
      static_cast<KeyframeSink*>(self)->take(sample.get());
      return GST_FLOW_OK;
    } catch (...) {
      GST_ELEMENT_ERROR(sink, RESOURCE, WRITE, ("%s", caught_error().what()), (nullptr));
      return GST_FLOW_ERROR;
    }
  }

  void take(GstSample* sample) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    Keyframe keyframe;
    if (auto shot = buffer_shot(buffer)) keyframe.shot = std::move(*shot);
    const std::string kind =
        gst_structure_get_name(gst_caps_get_structure(gst_sample_get_caps(sample), 0));
    if (kind.starts_with("image/")) {
      const std::string ending = kind == "image/jpeg" ? "jpg" : kind.substr(sizeof "image/" - 1);
      const std::string name = format("%04d.", static_cast<int>(keyframe.shot.index + 1)) + ending;
      keyframe.file = folder_ / name;
      const BufferMap map(buffer, GST_MAP_READ);
      OutputFile file(keyframe.file);
      std::ofstream stream(file.temporary(), std::ios::binary);
      stream.write(reinterpret_cast<const char*>(map.data()),
                   static_cast<std::streamsize>(map.size()));
      if (!stream.flush())
        throw Error(Fault::write, keyframe.file + " cannot be written", "Make room.");
      file.commit();
    }
    keyframes_.lock()->push_back(std::move(keyframe));
  }

  const fs::path folder_;
  Guarded<std::vector<Keyframe>> keyframes_;
};

/// Pictures of an older run that this one has not made again.
void remove_others(const fs::path& folder, const std::vector<Keyframe>& made) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    const bool ours =
        name.size() > 5 && name[4] == '.' &&
        std::all_of(name.begin(), name.begin() + 4, [](char c) { return g_ascii_isdigit(c); });
    const bool made_now = std::any_of(made.begin(), made.end(), [&entry](const Keyframe& one) {
      return one.file == entry.path().string();
    });
    if (ours && !made_now) fs::remove(entry.path(), ignored);
  }
}

std::string note_of(const Shot& shot) {
  std::string note;
  std::map<std::string, double> cost;
  bool stored = true;
  for (const auto& made : shot.provenance) {
    if (made.cost > 0 && !made.cache_hit) cost[made.currency] += made.cost;
    stored = stored && made.cache_hit;
    if (made.stage == "image") note = made.model;
  }
  if (shot.take > 0) note += " · take " + std::to_string(shot.take);
  if (!cost.empty())
    note += " · " + cost_text(cost);
  else if (stored && !shot.provenance.empty())
    note += " · from the store";
  return note;
}

SheetEntry entry_of(const Keyframe& keyframe) {
  const Shot& shot = keyframe.shot;
  const std::string number = std::to_string(shot.index + 1);
  SheetEntry entry{.file = keyframe.file, .title = number, .note = note_of(shot)};
  const std::string id(shot.base_id());
  if (id != "shot-" + number) entry.title += " · " + id;
  entry.words = shot.script.empty() ? shot.prompt : shot.script;
  if (keyframe.file.empty()) entry.instead = "filmed from words alone: " + shot.words();
  return entry;
}

std::vector<SheetEntry> entries_of(const std::vector<Keyframe>& keyframes,
                                   const std::map<std::string, std::string>& failed) {
  std::vector<SheetEntry> entries;
  for (const auto& keyframe : keyframes)
    entries.push_back(entry_of(keyframe));
  for (const auto& [id, why] : failed)
    entries.push_back({.title = id, .instead = why, .failed = true});
  return entries;
}

std::string heading_of(const std::string& out, size_t pictures, size_t failed) {
  std::string text = fs::path(out).filename().string() + " · " + std::to_string(pictures) +
                     (pictures == 1 ? " keyframe" : " keyframes");
  if (failed) text += ", " + std::to_string(failed) + " failed";
  return text;
}

std::string field(const GstStructure* told, const char* name) {
  const char* text = gst_structure_get_string(told, name);
  return text ? text : "";
}

} // namespace

std::vector<Ref<GstElement>> find_painters(GstElement* pipeline) {
  auto painters = find_made_by(pipeline, kPainter);
  if (painters.empty())
    throw Error(Fault::settings, "the job makes no keyframes",
                std::string("Only jobs with ") + kPainter +
                    " can stop at them or go on from them.");
  return painters;
}

Ending make_keyframes(const JobFile& job, const Values& values, Report& report) {
  const std::string out = values.at(job.output()->name);
  const fs::path folder = keyframe_folder(out);
  std::error_code error;
  fs::create_directories(folder, error);
  const std::string page = folder / "sheet.html";
  check_sheet(page);
  report.start(job.name(), folder);
  KeyframeSink sink(folder);
  std::map<std::string, std::string> failed;
  LaunchOptions options;
  options.prepare = [&sink](GstElement* pipeline) {
    cut_behind(pipeline, find_painters(pipeline), [&sink] { return sink.make(); });
  };
  options.hear = [&failed](const GstStructure* told) {
    if (gst_structure_has_name(told, "aigc/shot-failed"))
      failed[field(told, "id")] = field(told, "message");
  };
  const Ending ending = launch(job.render(values), report, options);
  const std::vector<Keyframe> keyframes = sink.keyframes();
  if (ending == Ending::failed) return ending;
  const bool interrupted = ending != Ending::finished;
  if (!interrupted) remove_others(folder, keyframes);
  const auto pictures = static_cast<size_t>(std::count_if(
      keyframes.begin(), keyframes.end(), [](const auto& one) { return !one.file.empty(); }));
  if (!keyframes.empty() || !failed.empty())
    write_sheet(page, heading_of(out, pictures, failed.size()), entries_of(keyframes, failed));
  const auto made = keyframes.empty() ? std::nullopt : examine(folder / "sheet.jpg");
  report.finish(made ? &*made : nullptr, interrupted);
  return ending;
}

bool check_keyframes(const JobFile& job, const Values& values, const std::set<gint64>& retaken,
                     Report& report) {
  const auto plan = plan_job(job, values, PlanUntil::keyframes, report, nullptr);
  if (!plan) return false;
  std::map<gint64, std::string> unseen; // by place in the list
  for (const auto& call : plan->calls)
    if (call.stage == "image" && call.service != "preview" && !retaken.contains(call.index))
      unseen[call.index] = std::to_string(call.index + 1) + " (" + call.id + ")";
  std::string missing;
  size_t named = 0;
  for (const auto& [index, name] : unseen)
    if (named++ < kMostNamed) missing += (missing.empty() ? "" : ", ") + name;
  if (named > kMostNamed) missing += " and " + std::to_string(named - kMostNamed) + " more";
  if (named > 0)
    throw Error(Fault::settings,
                "--from=keyframes: not in the store are the keyframes of the shots " + missing,
                "Make and look at them first, with --stop-at=keyframes.");
  return true;
}

} // namespace aigc::runner
