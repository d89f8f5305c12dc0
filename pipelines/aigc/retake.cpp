// SPDX-License-Identifier: LGPL-2.1-or-later
// See retake.h. The record is FILM.keyframes/takes.json: {"takes": {"shot-3": 1}}. What was seen on
// the contact sheet is what the film gets, so every later run keeps to it.
#include "retake.h"

#include "base/error.h"
#include "base/guarded.h"
#include "base/json.h"
#include "cut.h"
#include "quiet_report.h"
#include "shot/shot_meta.h"
#include "store/files.h"

#include <algorithm>
#include <filesystem>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRetake = "retake";
constexpr const char* kTakes = "takes";
constexpr const char* kList = "aishotsrc";

std::string record_of(const JobFile& job, const Values& values) {
  return keyframe_folder(values.at(job.output()->name)) + "/takes.json";
}

TakesById read_takes(const std::string& path) {
  const auto bytes = read_file(path);
  if (!bytes) return {};
  const std::string remedy = "Repair it, or remove it to begin with the first takes again.";
  try {
    const auto root = parse_json(view(bytes.get()));
    const JsonView takes = JsonView(root.get())[kTakes];
    if (!takes.is_object()) throw Error(Fault::format, "there are no takes");
    TakesById read;
    for (const auto& id : takes.members()) {
      const auto take = takes[id.c_str()].integer();
      if (!take || *take < 0 || *take > 1'000'000'000)
        throw Error(Fault::format, "the take of " + id + " is no number from 0 to 1000000000");
      read[id] = *take;
    }
    return read;
  } catch (const Error& error) {
    throw Error(Fault::format, path + ": " + error.what(), remedy);
  }
}

/// Keeps the shots that arrive: of each place in the list the first, whatever is made of it.
class ShotSink {
 public:
  GstElement* make() {
    GstElement* sink = make_taker(take_);
    g_object_set(sink, "async", FALSE, nullptr);
    return sink;
  }
  std::vector<Shot> shots() const {
    std::vector<Shot> all;
    for (const auto& [index, shot] : shots_.snapshot())
      all.push_back(shot);
    return all;
  }

 private:
  Guarded<std::map<gint64, Shot>> shots_;
  const std::function<void(GstSample*)> take_ = [this](GstSample* sample) {
    if (auto shot = buffer_shot(gst_sample_get_buffer(sample)))
      shots_.lock()->emplace(shot->index, *shot);
  };
};

/// The shots of a job's list, when nothing has worked on them yet.
std::vector<Shot> list_shots(const JobFile& job, const Values& values, Report& report,
                             Interrupt* interrupt) {
  ShotSink sink;
  LaunchOptions options{.interrupt = interrupt};
  options.prepare = [&](GstElement* pipeline) {
    cut_behind(pipeline, find_made_by(pipeline, kList), [&sink] { return sink.make(); });
  };
  QuietReport quiet(report);
  const Ending ending = launch(job.render(values), quiet, options);
  quiet.raise();
  if (ending != Ending::finished) throw Error(Fault::cancelled, "interrupted");
  return sink.shots();
}

size_t number_of(const Shot& shot) {
  return static_cast<size_t>(shot.index) + 1;
}

std::string id_of(const Shot& shot) {
  return std::string(shot.base_id());
}

const Shot& find_shot(const std::vector<Shot>& shots, const std::string& word) {
  for (const auto& shot : shots) {
    const auto names = shot_names(number_of(shot), id_of(shot));
    if (std::find(names.begin(), names.end(), word) != names.end()) return shot;
  }
  throw Error(Fault::settings,
              std::string(kRetake) + "=" + word + ": there is no such shot in the list of " +
                  std::to_string(shots.size()),
              "Name shots by their number, from 1, or by id.");
}

} // namespace

std::string keyframe_folder(const std::string& out) {
  return fs::path(out).replace_extension(".keyframes").string();
}

bool TakePlan::is_wanted(const JobFile& job, const Values& values) {
  if (!job.find(kTakes) || !job.output()) return false;
  std::error_code error;
  return values.contains(kRetake) || fs::exists(record_of(job, values), error);
}

TakePlan::TakePlan(const JobFile& job, Values values, Report& report, Interrupt* interrupt)
    : values_(std::move(values)) {
  if (!is_wanted(job, values_)) return;
  record_ = record_of(job, values_);
  takes_ = read_takes(record_);
  if (const auto given = values_.find(kTakes); given != values_.end())
    given_ = Takes(given->second);
  const auto retake = values_.find(kRetake);
  const std::vector<Shot> shots = list_shots(job, values_, report, interrupt);
  if (retake != values_.end()) ask_again(shots, retake->second);
  set_takes(shots);
}

void TakePlan::ask_again(const std::vector<Shot>& shots, const std::string& retake) {
  for (const auto& word : split(retake, ',')) {
    const Shot& shot = find_shot(shots, word);
    if (retaken_.contains(shot.index)) continue;
    gint64 take = take_of(shot).value_or(shot.take);
    const auto all = values_.find("take");
    if (take == 0 && all != values_.end()) take = std::stoll(all->second);
    takes_[id_of(shot)] = take + 1;
    retaken_.insert(shot.index);
  }
}

/// What was asked for of this shot by name; the newest word goes first.
std::optional<gint64> TakePlan::take_of(const Shot& shot) const {
  const auto* given = given_.find(number_of(shot), id_of(shot));
  if (given && !retaken_.contains(shot.index)) return given->second;
  const auto remembered = takes_.find(id_of(shot));
  if (remembered == takes_.end()) return {};
  return remembered->second;
}

/// A shot that is no longer in the list keeps its place in the record.
void TakePlan::set_takes(const std::vector<Shot>& shots) {
  std::string takes;
  for (const auto& shot : shots)
    if (const auto take = take_of(shot))
      takes += (takes.empty() ? "" : ",") + std::to_string(number_of(shot)) + "=" +
               std::to_string(*take);
  if (!takes.empty()) values_[kTakes] = takes;
}

void TakePlan::remember() const {
  if (retaken_.empty()) return;
  JsonObjectMaker json, takes;
  for (const auto& [id, take] : takes_)
    takes.set(id.c_str(), take);
  std::error_code error;
  fs::create_directories(fs::path(record_).parent_path(), error);
  write_file(record_, json.set(kTakes, takes).text() + "\n");
}

} // namespace aigc::runner
