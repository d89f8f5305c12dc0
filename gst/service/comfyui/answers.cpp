// SPDX-License-Identifier: LGPL-2.1-or-later
// See answers.h.
#include "service/comfyui/answers.h"

#include "service/http_error.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace aigc::comfyui {

namespace {

constexpr size_t kLongestText = 200;
constexpr size_t kLongestName = 120;
constexpr const char* kInstall = "install the custom node that brings it, update ComfyUI, or use "
                                 "another workflow";

/// Endings of the files that can be used, and what they hold.
struct Ending {
  std::string_view text;
  Role role;
};
constexpr std::array<Ending, 9> kEndings = {{{".png", Role::picture},
                                             {".jpg", Role::picture},
                                             {".jpeg", Role::picture},
                                             {".webp", Role::picture},
                                             {".mp4", Role::clip},
                                             {".webm", Role::clip},
                                             {".mkv", Role::clip},
                                             {".mov", Role::clip},
                                             {".avi", Role::clip}}};

struct Output {
  Stored file;
  bool animated = false;
};

std::string excerpt(JsonView value, size_t longest = kLongestText) {
  return printable_excerpt(value.text(), longest);
}

/// A value of the user's own workflow, such as the name of a model's file.
std::string own_text(const std::string& value) {
  const std::string head =
      take_string(g_utf8_make_valid(value.substr(0, kLongestName).c_str(), -1));
  return "\"" + head + "\"";
}

/// What is wrong with one input of a node, and what helps.
Error wrong_input(const std::string& place, JsonView problem) {
  const std::string type = problem["type"].text();
  const JsonView more = problem["extra_info"];
  const std::string input = excerpt(more["input_name"], kLongestName);
  const std::string at = place + (input.empty() ? "" : ", input " + input);
  const std::string value = more["received_value"].text();
  if (type == "value_not_in_list")
    return error(Fault::settings,
                 "does not have " + (value.empty() ? "what is asked for" : own_text(value)) +
                     " at " + at,
                 "put the model's file where this ComfyUI looks for it, or name one it has in the "
                 "workflow");
  const std::string said = excerpt(problem["message"]), details = excerpt(problem["details"]);
  const std::string text = said + (said.empty() || details.empty() ? "" : ": ") + details;
  const bool old = type == "required_input_missing" || type == "return_type_mismatch" ||
                   type == "bad_linked_input";
  return error(Fault::settings, "refused the workflow at " + at + ": " + text,
               old ? "export the workflow again from this version of ComfyUI"
                   : "correct the workflow there");
}

Error failed(JsonView status) {
  for (size_t i = 0; i < status["messages"].size(); ++i) {
    const JsonView message = status["messages"].at(i);
    const std::string kind = message.at(0).text();
    const JsonView data = message.at(1);
    const std::string place = Workflow::shown(data["node_id"].text(), data["node_type"].text());
    if (kind == "execution_interrupted")
      return error(Fault::read, "was interrupted at " + place + ", by whoever uses it, too",
                   "run again");
    if (kind != "execution_error") continue;
    const std::string type = data["exception_type"].text(), said = data["exception_message"].text();
    const bool memory = type.find("OutOfMemory") != std::string::npos ||
                        said.find("out of memory") != std::string::npos;
    return error(Fault::read, "failed at " + place + ": " + printable_excerpt(said, kLongestText),
                 memory ? "ask for a smaller size or a shorter clip, or free the GPU's memory"
                        : "look into ComfyUI's log, or run the workflow there by hand");
  }
  return error(Fault::read, "failed without saying why", "look into ComfyUI's log");
}

std::vector<Output> files_of(JsonView output) {
  std::vector<Output> files;
  for (const char* list : {"images", "gifs", "videos"}) {
    for (size_t i = 0; i < output[list].size(); ++i) {
      const JsonView file = output[list].at(i);
      if (file["filename"].text().empty()) continue;
      files.push_back(
          {{file["filename"].text(), file["subfolder"].text(), file["type"].text("output")},
           output["animated"].at(i).boolean(false)});
    }
  }
  return files;
}

std::optional<Role> kind_of(const Output& output) {
  const std::string name = take_string(g_ascii_strdown(output.file.filename.c_str(), -1));
  for (const Ending& ending : kEndings) {
    if (!name.ends_with(ending.text)) continue;
    // Pictures that move are no pictures, and nothing here plays them.
    if (ending.role == Role::picture && output.animated) return std::nullopt;
    return ending.role;
  }
  return std::nullopt;
}

Stored only_result(JsonView history, const Workflow& workflow, Role role) {
  const std::string& id = workflow.output();
  const std::string place = Workflow::shown(id, workflow.class_of(id));
  const auto files = files_of(history["outputs"][id.c_str()]);
  if (files.empty())
    throw error(Fault::format, "finished, but " + place + " left no file",
                "give the node that saves the result the title \"output\"; run again with another "
                "take if ComfyUI found nothing new to do");
  if (files.size() > 1)
    throw error(Fault::format,
                "made " + std::to_string(files.size()) + " files at " + place + " for one shot",
                "set batch_size to 1 in the workflow");
  if (kind_of(files[0]) == role) return files[0].file;
  throw error(Fault::format,
              "made " + printable_excerpt(files[0].file.filename, kLongestName) + " at " + place +
                  ", which is no " + (role == Role::clip ? "clip" : "picture") + " for this stage",
              role == Role::clip ? "let SaveVideo or SaveWEBM save the result as MP4 or WebM"
                                 : "let SaveImage save the result");
}

} // namespace

bool has_node_errors(JsonView body) {
  return !body["node_errors"].members().empty();
}

Error refused_workflow(JsonView body, const Workflow& workflow) {
  for (const std::string& id : body["node_errors"].members()) {
    const JsonView node = body["node_errors"][id.c_str()];
    const JsonView problem = node["errors"].at(0);
    if (!problem.is_object()) continue; // only what depends on it is wrong
    return wrong_input(Workflow::shown(id, node["class_type"].text(workflow.class_of(id))),
                       problem);
  }
  const JsonView error_part = body["error"];
  const std::string type = error_part["type"].text();
  const JsonView more = error_part["extra_info"];
  if (const std::string missing = more["class_type"].text();
      !missing.empty() || type == "missing_node_type")
    return error(Fault::settings,
                 "does not have " + Workflow::shown(more["node_id"].text(), missing), kInstall);
  const std::string said = excerpt(error_part["message"]), details = excerpt(error_part["details"]);
  const std::string text = said + (said.empty() || details.empty() ? "" : ": ") + details;
  if (type == "invalid_prompt")
    return error(Fault::settings, "refused the workflow: " + text, kInstall);
  return error(Fault::settings, "refused the workflow" + (text.empty() ? "" : ": " + text),
               "run the workflow in ComfyUI by hand, then export it again");
}

Stored result_of(JsonView history, const Workflow& workflow, Role role) {
  try {
    const JsonView status = history["status"];
    if (status["status_str"].text("success") != "success") throw failed(status);
    return only_result(history, workflow, role);
  } catch (Error& error) {
    error.ended = true;
    throw;
  }
}

Error lost_prompt() {
  Error lost = error(Fault::not_found,
                     "does not know the shot any more: it was restarted, or "
                     "somebody cleared its queue or history",
                     "run again");
  lost.ended = true;
  return lost;
}

} // namespace aigc::comfyui
