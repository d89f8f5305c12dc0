// SPDX-License-Identifier: LGPL-2.1-or-later
// The node classes that ComfyUI's workflows for Qwen-Image and Wan are made of: their inputs, and
// what each hands on.
#pragma once

#include "json.h"

#include <string>
#include <string_view>
#include <vector>

namespace standin {

struct NodeInput {
  std::string name, type; // "COMBO": one of a list; the others as ComfyUI calls them
  bool optional = false;
  bool limited = false; // by least and most
  double least = 0, most = 0;
  std::string list; // of a COMBO

  // A value can be written in the graph; the others must be linked.
  bool is_value() const;
};

struct NodeClass {
  std::string name;
  std::vector<std::string> outputs; // types, by slot
  bool ends = false;                // its result is what the user gets
  std::vector<NodeInput> inputs;
};

// Null when there is no class of that name.
const NodeClass* find_node_class(std::string_view name);
// What the input may be; more are the names that loaders accept besides their own.
std::vector<std::string> node_choices(const std::string& list, const Json& more);
// As GET /object_info tells it.
Json node_info(const NodeClass& node, const Json& more);
const std::vector<NodeClass>& node_classes();

} // namespace standin
