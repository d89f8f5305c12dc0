// SPDX-License-Identifier: LGPL-2.1-or-later
// See keyframes.h.
#include "keyframes.h"

#include "base/error.h"
#include "base/guarded.h"
#include "base/json.h"
#include "cut.h"
#include "output_file.h"
#include "plan.h"
#include "sheet.h"
#include "shot/shot_meta.h"
#include "store/files.h"
#include "text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

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
    GstElement* sink = make_taker(take_);
    const auto caps = adopt(gst_caps_from_string(kTaken));
    g_object_set(sink, "caps", caps.get(), nullptr);
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
  const std::function<void(GstSample*)> take_ = [this](GstSample* sample) { take(sample); };
  Guarded<std::vector<Keyframe>> keyframes_;
};

/// The names of the pictures that runs have made in a folder, so that nobody else's are removed.
class MadeRecord {
 public:
  explicit MadeRecord(const fs::path& folder) : folder_(folder), path_(folder / ".made.json") {
    const auto bytes = read_file(path_);
    if (!bytes) return;
    try {
      const auto root = parse_json(view(bytes.get()));
      const JsonView names = JsonView(root.get())[kMade];
      for (size_t i = 0; i < names.size(); ++i)
        names_.insert(names.at(i).text());
    } catch (const Error&) {
      names_.clear(); // then the pictures stay
    }
  }

  void add(const std::vector<Keyframe>& keyframes) {
    for (const auto& name : names_of(keyframes))
      names_.insert(name);
    write();
  }

  /// Removes what an older run has made and this one has not made again.
  void keep(const std::vector<Keyframe>& keyframes) {
    const auto now = names_of(keyframes);
    std::error_code ignored;
    for (const auto& name : names_)
      if (!now.contains(name) && fs::path(name).filename() == name)
        fs::remove(folder_ / name, ignored);
    names_ = now;
    write();
  }

 private:
  static constexpr const char* kMade = "made";

  static std::set<std::string> names_of(const std::vector<Keyframe>& keyframes) {
    std::set<std::string> names;
    for (const auto& keyframe : keyframes)
      if (!keyframe.file.empty()) names.insert(fs::path(keyframe.file).filename());
    return names;
  }

  void write() const {
    JsonObjectMaker json;
    json.set(kMade, std::vector<std::string>(names_.begin(), names_.end()));
    write_file(path_, json.text() + "\n");
  }

  const fs::path folder_;
  const std::string path_;
  std::set<std::string> names_;
};

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
  SheetFiles sheet = sheet_files(folder / "sheet.html");
  sheet.picture = folder / "sheet.jpg"; // nobody else has a picture of that name here
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
  MadeRecord record(folder);
  record.add(keyframes);
  if (ending == Ending::failed) return ending;
  const bool interrupted = ending != Ending::finished;
  if (!interrupted) record.keep(keyframes);
  const auto pictures = static_cast<size_t>(std::count_if(
      keyframes.begin(), keyframes.end(), [](const auto& one) { return !one.file.empty(); }));
  std::optional<Made> made;
  if (!keyframes.empty() || !failed.empty()) {
    write_sheet(sheet, heading_of(out, pictures, failed.size()), entries_of(keyframes, failed));
    made = examine(sheet.picture);
  }
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
