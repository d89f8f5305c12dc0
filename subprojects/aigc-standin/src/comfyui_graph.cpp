// SPDX-License-Identifier: LGPL-2.1-or-later
// Ways through a workflow graph, and whether ComfyUI would accept it.
#include "comfyui.h"
#include "comfyui_nodes.h"

#include <algorithm>
#include <cmath>

namespace standin {
namespace {

bool is_link(const Json& value) {
  return value.is_array();
}

const std::string& linked_node(const Json& link) {
  static const std::string none;
  return link.items().empty() ? none : link.items()[0].text();
}

bool has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

Json problem(const std::string& type, const std::string& message, const std::string& details,
             Json extra = Json(Json::Object{})) {
  return Json::object({{"type", type},
                       {"message", message},
                       {"details", details},
                       {"extra_info", std::move(extra)}});
}

// Validates a node and all it depends on, once each.
class Checker {
 public:
  Checker(const Json& graph, const Comfy::Files& files, const Json& more)
      : graph_(graph), files_(files), more_(more) {}

  struct Verdict {
    bool good = true;
    Json::Array errors;
  };

  const Verdict& check(const std::string& id) {
    if (const auto found = verdicts_.find(id); found != verdicts_.end()) return found->second;
    verdicts_[id].good = false; // for a graph that leads back to itself
    Verdict verdict;
    for (const NodeInput& input : find_node_class(graph_[id]["class_type"].text())->inputs)
      check_input(graph_[id]["inputs"], input, verdict);
    if (!verdict.errors.empty()) verdict.good = false;
    return verdicts_[id] = std::move(verdict);
  }

  const std::map<std::string, Verdict>& verdicts() const { return verdicts_; }

 private:
  const Json& graph_;
  const Comfy::Files& files_;
  const Json& more_;
  std::map<std::string, Verdict> verdicts_;

  static Json extra(const NodeInput& input, const Json& value) {
    return Json::object({{"input_name", input.name}, {"received_value", value}});
  }

  void check_input(const Json& inputs, const NodeInput& input, Verdict& verdict) {
    if (!inputs.has(input.name)) {
      if (!input.optional)
        verdict.errors.push_back(problem("required_input_missing", "Required input is missing",
                                         input.name, Json::object({{"input_name", input.name}})));
      return;
    }
    const Json& value = inputs[input.name];
    if (is_link(value))
      check_link(value, input, verdict);
    else if (!input.is_value())
      verdict.errors.push_back(problem(
          "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot]",
          input.name, extra(input, value)));
    else
      check_value(value, input, verdict);
  }

  void check_link(const Json& link, const NodeInput& input, Verdict& verdict) {
    const auto& parts = link.items();
    if (parts.size() != 2 || !parts[0].is_string() || !parts[1].is_int()) {
      verdict.errors.push_back(problem(
          "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]",
          input.name, extra(input, link)));
      return;
    }
    const std::string& from = parts[0].text();
    const NodeClass* node = find_node_class(graph_[from]["class_type"].text());
    const auto slot = static_cast<size_t>(parts[1].integer());
    if (!node || slot >= node->outputs.size()) {
      verdict.errors.push_back(problem("exception_during_inner_validation",
                                       "Exception when validating inner node", "'" + from + "'",
                                       extra(input, link)));
      return;
    }
    const std::string& type = node->outputs[slot];
    const std::string wanted = input.type == "COMBO" ? "STRING" : input.type;
    if (type != wanted)
      verdict.errors.push_back(problem(
          "return_type_mismatch", "Return type mismatch between linked nodes",
          input.name + ", received_type(" + type + ") mismatch input_type(" + input.type + ")",
          extra(input, link)));
    else if (!check(from).good)
      verdict.good = false;
  }

  void check_value(const Json& value, const NodeInput& input, Verdict& verdict) {
    auto wrong = [&](const char* type, const std::string& message, const std::string& details) {
      verdict.errors.push_back(problem(type, message, details, extra(input, value)));
    };
    const std::string shown = value.is_string() ? value.text() : value.print();
    if (input.type == "INT" || input.type == "FLOAT") {
      double number = value.number();
      if (value.is_string()) { // ComfyUI reads numbers in quotes, too
        char* end = nullptr;
        number = std::strtod(value.text().c_str(), &end);
        if (end == value.text().c_str() || *end) number = NAN;
      }
      if (std::isnan(number) || value.is_object() || value.is_null())
        return wrong("invalid_input_type",
                     "Failed to convert an input value to a " + input.type + " value",
                     input.name + ", " + shown + ", invalid literal");
      if (input.limited && number < input.least)
        return wrong("value_smaller_than_min",
                     "Value " + shown + " smaller than min of " + Json(input.least).print(),
                     input.name);
      if (input.limited && number > input.most)
        return wrong("value_bigger_than_max",
                     "Value " + shown + " bigger than max of " + Json(input.most).print(),
                     input.name);
    } else if (input.type == "COMBO") {
      const std::vector<std::string> choices = node_choices(input.list, more_);
      if (has(choices, value.text())) return;
      std::string list;
      for (const std::string& choice : choices)
        list += (list.empty() ? "'" : ", '") + choice + "'";
      wrong("value_not_in_list", "Value not in list",
            input.name + ": '" + shown + "' not in [" + list + "]");
    } else if (input.name == "image" && !files_.contains("input/" + shown)) {
      wrong("custom_validation_failed", "Custom validation failed for node",
            "image - Invalid image file: " + shown);
    }
  }
};

ComfyCheck refused(Json error) {
  ComfyCheck out;
  out.error = std::move(error);
  return out;
}

} // namespace

std::string comfy_path(const std::string& type, const std::string& subfolder,
                       const std::string& name) {
  return type + "/" + (subfolder.empty() ? "" : subfolder + "/") + name;
}

std::vector<std::string> ComfyGraph::upstream(const std::string& id) const {
  std::vector<std::string> out{id};
  for (size_t i = 0; i < out.size(); ++i) {
    const std::string from = out[i];
    for (const auto& [name, value] : graph_[from]["inputs"].members())
      if (is_link(value) && graph_.has(linked_node(value)) && !has(out, linked_node(value)))
        out.push_back(linked_node(value));
  }
  return out;
}

void ComfyGraph::visit(const std::string& id, std::vector<std::string>& out) const {
  for (const auto& [name, value] : graph_[id]["inputs"].members())
    if (is_link(value) && !has(out, linked_node(value))) visit(linked_node(value), out);
  if (!has(out, id)) out.push_back(id);
}

std::vector<std::string> ComfyGraph::order(const std::vector<std::string>& outputs) const {
  std::vector<std::string> out;
  for (const std::string& id : outputs)
    visit(id, out);
  return out;
}

const Json& ComfyGraph::value(const std::string& id, std::string_view input) const {
  const Json& value = graph_[id]["inputs"][input];
  if (!is_link(value)) return value;
  return graph_[linked_node(value)]["inputs"]["value"];
}

const Json& ComfyGraph::nearest(const std::string& id, std::string_view input) const {
  static const Json none;
  for (const std::string& from : upstream(id))
    if (const Json& found = value(from, input); !found.is_null()) return found;
  return none;
}

std::string ComfyGraph::prompt_of(const std::string& output) const {
  for (const std::string& id : upstream(output)) {
    const Json& positive = graph_[id]["inputs"]["positive"];
    if (!is_link(positive)) continue;
    for (const char* name : {"text", "prompt"})
      if (const Json& found = nearest(linked_node(positive), name); found.is_string())
        return found.text();
  }
  return "";
}

ComfyCheck check_graph(const Json& graph, const Comfy::Files& files, const Json& more_models) {
  std::vector<std::string> ends;
  for (const auto& [id, node] : graph.members()) {
    const std::string where = "Node ID '#" + id + "'";
    if (!node["class_type"].is_string())
      return refused(problem("invalid_prompt",
                             "Cannot execute because a node is missing the class_type property.",
                             where));
    const std::string& name = node["class_type"].text();
    const NodeClass* known = find_node_class(name);
    if (!known)
      return refused(problem("invalid_prompt",
                             "Cannot execute because node " + name + " does not exist.", where));
    if (known->ends) ends.push_back(id);
  }
  if (ends.empty()) return refused(problem("prompt_no_outputs", "Prompt has no outputs", ""));

  ComfyCheck out;
  Checker checker(graph, files, more_models);
  std::string details;
  for (const std::string& end : ends) {
    if (checker.check(end).good) {
      out.outputs.push_back(end);
      continue;
    }
    const std::vector<std::string> parts = ComfyGraph(graph).upstream(end);
    for (const auto& [id, verdict] : checker.verdicts()) {
      if (verdict.errors.empty() || !has(parts, id)) continue;
      Json* entry = out.node_errors.find(id);
      if (!entry)
        entry = &out.node_errors.set(id, Json::object({{"errors", verdict.errors},
                                                       {"dependent_outputs", Json(Json::Array{})},
                                                       {"class_type", graph[id]["class_type"]}}));
      entry->find("dependent_outputs")->push(end);
      for (const Json& error : verdict.errors)
        details += (details.empty() ? "" : "\n") + error["message"].text() + ": " +
                   error["details"].text();
    }
  }
  if (out.outputs.empty())
    out.error =
        problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", details);
  return out;
}

} // namespace standin
