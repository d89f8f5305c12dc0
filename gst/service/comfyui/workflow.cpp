// SPDX-License-Identifier: LGPL-2.1-or-later
// See workflow.h.
#include "service/comfyui/workflow.h"

#include "base/error.h"
#include "service/frames.h"
#include "service/http_error.h"
#include "store/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace aigc::comfyui {

namespace {

constexpr const char* kExport = "export it from ComfyUI with Workflow > Export (API), in older "
                                "versions Save (API Format)";
constexpr size_t kLongestId = 64;
/// Of a sampler's steps, which take nearly all of the time.
constexpr double kMostSteps = 200;

/// Nodes that keep what they are given.
struct Saver {
  const char* class_type;
  Role role;
};
constexpr std::array<Saver, 5> kSavers = {{{"SaveImage", Role::picture},
                                           {"PreviewImage", Role::picture},
                                           {"SaveVideo", Role::clip},
                                           {"SaveWEBM", Role::clip},
                                           {"VHS_VideoCombine", Role::clip}}};

const Saver* saver_of(const std::string& class_type) {
  const auto* found = std::find_if(kSavers.begin(), kSavers.end(), [&](const Saver& saver) {
    return class_type == saver.class_type;
  });
  return found == kSavers.end() ? nullptr : found;
}

const char* noun(Role role) {
  return role == Role::picture ? "a picture" : role == Role::clip ? "a clip" : "words";
}

Error bad_file(const std::string& path, const std::string& what) {
  const std::string shown = take_string(g_filename_display_name(path.c_str()));
  return Error(
      Fault::settings, "the workflow \"" + shown + "\" " + what,
      "let the property workflow name a local file with a workflow in ComfyUI's API format");
}

/// Calls `visit` for every string inside, however deep.
void each_string(JsonView value, const std::function<void(const std::string&)>& visit) {
  if (value.is_object()) {
    for (const std::string& member : value.members())
      each_string(value[member.c_str()], visit);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      each_string(value.at(i), visit);
  } else if (value.node() && json_node_get_value_type(value.node()) == G_TYPE_STRING) {
    visit(value.text());
  }
}

/// A copy with every string filled.
Ref<JsonNode> filled(JsonView value, const Values& values) {
  if (value.is_object()) {
    const auto object = adopt(json_object_new());
    for (const std::string& member : value.members())
      json_object_set_member(object.get(), member.c_str(),
                             filled(value[member.c_str()], values).leak());
    auto node = adopt(json_node_new(JSON_NODE_OBJECT));
    json_node_set_object(node.get(), object.get());
    return node;
  }
  if (value.is_array()) {
    const auto array = adopt(json_array_new());
    for (size_t i = 0; i < value.size(); ++i)
      json_array_add_element(array.get(), filled(value.at(i), values).leak());
    auto node = adopt(json_node_new(JSON_NODE_ARRAY));
    json_node_set_array(node.get(), array.get());
    return node;
  }
  if (value.exists() && json_node_get_value_type(value.node()) == G_TYPE_STRING)
    return fill_slots(value.text(), values);
  return adopt(json_node_copy(value.node()));
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

} // namespace

Workflow Workflow::read(const std::string& path) {
  if (path.empty())
    throw Error(Fault::settings, "backend=comfyui needs a workflow, and the property is not set",
                "set workflow to a file in ComfyUI's API format");
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0)
    throw bad_file(path, std::string("cannot be read: ") + g_strerror(errno));
  if (!S_ISREG(status.st_mode)) throw bad_file(path, "is no regular file");
  if (static_cast<guint64>(status.st_size) > kMaxWorkflowBytes)
    throw bad_file(path, "is larger than " + std::to_string(kMaxWorkflowBytes) + " bytes");
  return Workflow(file.read(), path);
}

Workflow::Workflow(const std::string& text, const std::string& name)
    : name_(take_string(g_filename_display_basename(name.c_str()))) {
  name_ = name_.substr(0, name_.rfind('.'));
  try {
    root_ = parse_json(text, kMaxWorkflowBytes);
  } catch (const Error& error) {
    throw Error(Fault::settings, "the workflow " + name_ + " is no JSON: " + error.what(), kExport);
  }
  check_format();
  find_all_slots();
  find_output();
  find_rate();
}

void Workflow::check_format() const {
  const JsonView root(root_.get());
  if (root["nodes"].is_array() || root["links"].is_array())
    throw Error(Fault::settings,
                "the workflow " + name_ + " is in the format of ComfyUI's editor, not its API's",
                kExport);
  const auto nodes = root.members();
  for (const std::string& id : nodes) {
    if (!root[id.c_str()]["class_type"].text().empty() && root[id.c_str()]["inputs"].is_object())
      continue;
    throw Error(Fault::settings,
                "the workflow " + name_ + " is no workflow of ComfyUI: \"" +
                    printable_excerpt(id, kLongestId) + "\" is no node with class_type and inputs",
                kExport);
  }
  if (nodes.empty())
    throw Error(Fault::settings, "the workflow " + name_ + " has no nodes", kExport);
}

void Workflow::find_all_slots() {
  for (const std::string& id : JsonView(root_.get()).members()) {
    const auto look = [&](const std::string& text) {
      try {
        find_slots(text, slots_);
      } catch (Error& error) {
        throw Error(error.fault, std::string(error.what()) + ", at " + shown(id, class_of(id)),
                    error.remedy);
      }
    };
    each_string(node(id)["inputs"], look);
  }
  if (!has(Slot::prompt) && !has(Slot::image))
    throw Error(Fault::settings,
                "the workflow " + name_ +
                    " has neither the slot {prompt} nor {image}, so that "
                    "every shot would look the same",
                "write {prompt} where the workflow has its words");
}

/// The one that is called "output", else the only one that saves something.
void Workflow::find_output() {
  std::vector<std::string> named, savers, shown_savers;
  for (const std::string& id : JsonView(root_.get()).members()) {
    if (g_ascii_strcasecmp(node(id)["_meta"]["title"].text().c_str(), "output") == 0)
      named.push_back(id);
    if (!saver_of(class_of(id))) continue;
    savers.push_back(id);
    shown_savers.push_back(shown(id, class_of(id)));
  }
  // A picture that is only shown beside one that is saved is for the eyes of whoever made it.
  std::vector<std::string> kept = savers;
  kept.erase(std::remove_if(kept.begin(), kept.end(),
                            [&](const std::string& id) { return class_of(id) == "PreviewImage"; }),
             kept.end());
  const auto& choice = !named.empty() ? named : !kept.empty() ? kept : savers;
  if (choice.empty())
    throw Error(Fault::settings, "the workflow " + name_ + " has no node that saves its result",
                "add SaveImage or SaveVideo, or give the node that saves the title \"output\"");
  if (choice.size() > 1)
    throw Error(Fault::settings,
                "the workflow " + name_ + " has several outputs: " +
                    (named.empty() ? listed(shown_savers) : "nodes " + listed(named)),
                "give the one whose file is the result the title \"output\", and no other");
  output_ = choice[0];
  if (const Saver* saver = saver_of(class_of(output_))) role_ = saver->role;
}

/// The one number that a node calls so.
void Workflow::find_rate() {
  if (!has(Slot::frames)) return;
  std::set<double> rates;
  for (const std::string& id : JsonView(root_.get()).members())
    for (const char* input : {"fps", "frame_rate"})
      if (const auto rate = node(id)["inputs"][input].number(); rate && *rate > 0)
        rates.insert(*rate);
  if (rates.size() != 1)
    throw Error(Fault::settings,
                "the workflow " + name_ + " has the slot {frames}, but " +
                    (rates.empty() ? "no node tells" : "its nodes do not agree on") +
                    " how many frames a second has",
                "write the number at fps (of CreateVideo) or frame_rate");
  rate_ = *rates.begin();
}

void Workflow::check_makes(Role role) const {
  if (role != Role::words && role_.value_or(role) == role) return;
  throw Error(Fault::settings,
              std::string("this stage makes ") + noun(role) + ", but " +
                  (role_ ? "the workflow " + name_ + " makes " + noun(*role_)
                         : "comfyui makes pictures and clips"),
              role == Role::words
                  ? "choose another backend"
                  : "set workflow to one that ends in " +
                        std::string(role == Role::clip ? "SaveVideo" : "SaveImage"));
}

unsigned Workflow::inputs() const {
  return (has(Slot::image) ? kKeyframe : kWordsOnly) | (has(Slot::last_image) ? kLastFrame : 0u);
}

std::string Workflow::class_of(const std::string& id) const {
  return node(id)["class_type"].text();
}

std::string Workflow::shown(const std::string& node, const std::string& class_type) {
  const std::string id = printable_excerpt(node, kLongestId);
  return "node " + id +
         (class_type.empty() ? "" : " (" + printable_excerpt(class_type, kLongestId) + ")");
}

std::map<std::string, double> Workflow::weights() const {
  std::map<std::string, double> weights;
  double sum = 0;
  for (const std::string& id : JsonView(root_.get()).members()) {
    const double steps = node(id)["inputs"]["steps"].number().value_or(0);
    sum += weights[id] = 1 + std::clamp(steps, 0.0, kMostSteps);
  }
  for (auto& [id, weight] : weights)
    weight /= sum;
  return weights;
}

std::string Workflow::digest() const {
  // Results are found by it: as json-glib writes it.
  const std::string text = take_string(json_to_string(root_.get(), FALSE));
  return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.c_str(), -1));
}

gint64 Workflow::frames(double seconds) const {
  return frames_for(seconds, rate_);
}

Ref<JsonNode> Workflow::fill(const Values& values) const {
  const auto graph = adopt(json_object_new());
  for (const std::string& id : JsonView(root_.get()).members()) {
    auto copy = adopt(json_object_new());
    json_object_set_string_member(copy.get(), "class_type", class_of(id).c_str());
    json_object_set_member(copy.get(), "inputs", filled(node(id)["inputs"], values).leak());
    json_object_set_object_member(graph.get(), id.c_str(), copy.leak());
  }
  auto root = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(root.get(), graph.get());
  return root;
}

} // namespace aigc::comfyui
