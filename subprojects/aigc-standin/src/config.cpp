// SPDX-License-Identifier: LGPL-2.1-or-later
// The configuration tree, its defaults and its checks.
#include "config.h"

#include "faults.h"
#include "limits.h"
#include "media.h"

#include <cmath>

namespace standin {
namespace {

constexpr char defaults[] = R"({
  "keys": ["sk-standin"],
  "clock": "real",
  "log_data_uris": false,
  "chat": {"seconds": 0, "first_byte_seconds": 0, "chunk_bytes": 0, "newline": "lf",
           "keepalive_comments": 0, "leading_blank_lines": 0, "done_marker": true,
           "finish_reason": "stop", "content": null, "models": []},
  "image": {"seconds": 0, "pending_seconds": 0, "seconds_list": [], "width": 0, "height": 0,
            "file": ""},
  "video": {"seconds": 0, "pending_seconds": 0, "seconds_list": [], "lognormal": null,
            "fps": 30, "width": 0, "height": 0, "duration": 0},
  "profiles": {
    "openai": {"models": [], "early_content": 404, "expires_seconds": 3600},
    "vllm-omni": {"key": false, "errors": "detail", "http_failures": true,
                  "models": ["Qwen/Qwen-Image", "Qwen/Qwen-Image-Edit",
                             "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
                             "Wan-AI/Wan2.2-I2V-A14B-Diffusers", "Wan-AI/Wan2.2-T2V-A14B",
                             "Wan-AI/Wan2.2-I2V-A14B", "Wan-AI/Wan2.2-TI2V-5B-Diffusers"]},
    "sglang": {"key": false, "errors": "detail",
               "models": ["Qwen/Qwen-Image", "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
                          "Wan-AI/Wan2.2-I2V-A14B-Diffusers"]},
    "localai": {"key": false, "relative_url": false,
                "models": ["qwen-image", "wan2.2-t2v", "wan2.2-i2v"]},
    "sdcpp": {"key": false, "queue": 64, "keep_seconds": 600},
    "comfyui": {"key": false, "previews": 0, "models": []}
  },
  "limits": {},
  "poll_qps": 20,
  "task_ttl_seconds": 86400,
  "url_ttl_seconds": 86400,
  "faults": []
})";

std::string kind(const Json& value) {
  return value.is_bool()     ? "bool"
         : value.is_number() ? "number"
         : value.is_string() ? "string"
         : value.is_array()  ? "array"
         : value.is_object() ? "object"
                             : "null";
}

using Wrong = std::optional<std::string>;

Wrong wrong(const std::string& path, const char* expected) {
  return "config \"" + path + "\" must be " + expected;
}

// Merges member by member; the names are those of the defaults.
Wrong merge_known(Json& into, const Json& changes, const std::string& path) {
  for (const auto& [name, value] : changes.members()) {
    const std::string here = path.empty() ? name : path + "." + name;
    Json* old = into.find(name);
    if (!old) return "config has no \"" + here + "\"";
    if (here == "limits" || here == "faults" || old->is_null() || value.is_null()) {
      *old = value;
    } else if (kind(*old) != kind(value) &&
               !(here == "chat.content" || here == "video.lognormal")) {
      return wrong(here, ("of the type " + kind(*old)).c_str());
    } else if (value.is_object() && here != "video.lognormal") {
      if (Wrong fault = merge_known(*old, value, here)) return fault;
    } else {
      if (value.is_number() && value.number() < 0) return wrong(here, "0 or more");
      *old = value;
    }
  }
  return {};
}

Wrong check(const Json& tree) {
  if (tree["clock"].text() != "real") return wrong("clock", "\"real\"");
  for (const auto& [name, profile] : tree["profiles"].members()) {
    for (const Json& model : profile["models"].items())
      if (!model.is_string()) return wrong("profiles." + name + ".models", "strings");
    const std::string& errors = profile["errors"].text();
    if (!errors.empty() && errors != "detail" && errors != "object")
      return wrong("profiles." + name + ".errors", "\"detail\" or \"object\"");
  }
  const std::string& newline = tree["chat"]["newline"].text();
  if (newline != "lf" && newline != "crlf") return wrong("chat.newline", "\"lf\" or \"crlf\"");
  const Json& content = tree["chat"]["content"];
  if (!content.is_null() && !content.is_string()) return wrong("chat.content", "a string or null");
  const Json& lognormal = tree["video"]["lognormal"];
  if (!lognormal.is_null() && !(lognormal["median"].number() > 0 &&
                                lognormal["sigma"].number() > 0 && lognormal["seed"].is_int()))
    return wrong("video.lognormal", "null or {\"median\", \"sigma\", \"seed\"}");
  for (const Json& key : tree["keys"].items())
    if (!key.is_string()) return wrong("keys", "strings");
  for (const char* section : {"image", "video"})
    for (const Json& seconds : tree[section]["seconds_list"].items())
      if (!seconds.is_number()) return wrong(section + std::string(".seconds_list"), "numbers");
  const std::string& picture = tree["image"]["file"].text();
  if (!picture.empty() && !(g_file_test(picture.c_str(), G_FILE_TEST_IS_REGULAR) &&
                            std::string_view(media_type(picture)).starts_with("image/")))
    return wrong("image.file", "the path of a .png, .jpeg or .webp file");
  if (Wrong fault = check_limits(tree["limits"])) return fault;
  return check_faults(tree["faults"]);
}

} // namespace

Config::Config() : tree_(*Json::parse(defaults)) {
  keep();
  start_over();
}

void Config::start_over() {
  pictures_ = clips_ = 0;
  random_.seed(static_cast<uint64_t>(tree_["video"]["lognormal"]["seed"].integer()));
}

std::optional<std::string> Config::merge(const Json& changes) {
  if (!changes.is_object()) return "config must be an object";
  Json tree = tree_;
  if (Wrong fault = merge_known(tree, changes, "")) return fault;
  if (Wrong fault = check(tree)) return fault;
  tree_ = std::move(tree);
  if (changes.has("image") || changes.has("video")) start_over();
  return {};
}

void Config::reset() {
  tree_ = kept_;
  start_over();
}

bool Config::key_is_legal(const std::string& key) const {
  for (const Json& legal : tree_["keys"].items())
    if (legal.text() == key) return true;
  return false;
}

double Config::next_image_seconds() {
  const Json& image = tree_["image"];
  const auto& list = image["seconds_list"].items();
  return list.empty() ? image["seconds"].number() : list[pictures_++ % list.size()].number();
}

double Config::next_video_seconds() {
  const Json& video = tree_["video"];
  const auto& list = video["seconds_list"].items();
  if (!list.empty()) return list[clips_++ % list.size()].number();
  if (const Json& lognormal = video["lognormal"]; lognormal.is_object()) {
    std::normal_distribution<double> normal; // made anew, so that one draw is two of the generator
    return lognormal["median"].number() * std::exp(lognormal["sigma"].number() * normal(random_));
  }
  return video["seconds"].number();
}

} // namespace standin
