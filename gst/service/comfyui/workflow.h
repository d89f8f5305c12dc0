// SPDX-License-Identifier: LGPL-2.1-or-later
// A workflow of ComfyUI in its API format: a graph of nodes, with slots for what a shot brings.
#pragma once

#include "base/json.h"
#include "service/comfyui/slots.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace aigc::comfyui {

/// Of the file.
inline constexpr size_t kMaxWorkflowBytes = 4u << 20;

class Workflow {
 public:
  /// Throws Error{Fault::settings, not_found, format} that says what is wrong with the file, and
  /// how to get a good one.
  static Workflow read(const std::string& path);
  /// As read(), of what the file `name` holds.
  Workflow(const std::string& text, const std::string& name);

  /// Of the file, without folder and ending.
  const std::string& name() const { return name_; }
  bool has(Slot slot) const { return slots_.count(slot) > 0; }
  /// What it makes, where its output node tells.
  std::optional<Role> role() const { return role_; }
  /// Throws Error{Fault::settings} when it makes something else.
  void check_makes(Role role) const;
  /// What it takes, as bits of Input.
  unsigned inputs() const;

  /// The node whose file is the result.
  const std::string& output() const { return output_; }
  std::string class_of(const std::string& node) const;
  /// "node 3 (KSampler)"; both may be a stranger's.
  static std::string shown(const std::string& node, const std::string& class_type);

  /// The share of each node in the work, all of them together 1.
  std::map<std::string, double> weights() const;
  /// Changes with whatever changes the result.
  std::string digest() const;
  /// For a clip of `seconds`: the next number of the form 4n + 1, which video models make.
  gint64 frames(double seconds) const;

  Ref<JsonNode> fill(const Values& values) const;

 private:
  void check_format() const;
  void find_all_slots();
  void find_output();
  void find_rate();

  JsonView node(const std::string& id) const { return JsonView(root_.get())[id.c_str()]; }

  std::string name_;
  Ref<JsonNode> root_;
  std::set<Slot> slots_;
  std::string output_;
  std::optional<Role> role_;
  double rate_ = 0; ///< frames per second, 0 where nothing needs it
};

} // namespace aigc::comfyui
