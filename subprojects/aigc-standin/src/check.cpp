// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks that pictures and clips share: types, seeds, media.
#include "check.h"

#include "util.h"

#include <glib.h>

namespace standin {
namespace {

constexpr size_t data_uri_ceiling = 10485760;
constexpr size_t negative_characters = 500;

std::string field(const char* place, const char* name) {
  return std::string(place) + "." + name;
}

Problem undownloadable(const std::string& name) {
  return {400, "InvalidParameter.DataInspection",
          "Unable to download the media resource during the data inspection process: " + name};
}

// The picture of a data URI.
Checked read_data_uri(const std::string& url, const std::string& name, PictureInfo& info) {
  if (url.size() > data_uri_ceiling)
    return invalid("Exceeded limit on max bytes per data-uri item: " +
                   std::to_string(data_uri_ceiling) + " (" + name + ")");
  const auto comma = url.find(',');
  const std::string head = url.substr(0, comma);
  if (comma == url.npos || !head.starts_with("data:image/") || !head.ends_with(";base64"))
    return invalid("url error, please check url! " + name + " is no data:image/...;base64, URI");
  const std::string base64 = url.substr(comma + 1);
  const auto length = base64.find_last_not_of('=');
  if (length == base64.npos || base64.size() % 4 != 0 || base64.size() - length > 3 ||
      base64.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != base64.npos)
    return invalid(name + " holds no valid base64");
  gsize size = 0;
  g_autofree guchar* raw = g_base64_decode(base64.c_str(), &size);
  const auto found = read_picture({reinterpret_cast<const char*>(raw), size});
  if (!found) return Problem{400, "InvalidImageFormat", name + " is no picture of a known format"};
  info = *found;
  std::string said = head.substr(11, head.size() - 18);
  if (said == "jpg") said = "jpeg";
  if (said != info.format)
    return Problem{400, "InvalidImageFormat",
                   name + " says image/" + said + " but holds " + info.format};
  return {};
}

} // namespace

Problem invalid(const std::string& message) {
  return {400, "InvalidParameter", message};
}

Checked check_type(const Json& parent, const char* place, const char* name, const char* type) {
  if (!parent.has(name)) return {};
  const Json& value = parent[name];
  const std::string kind = type;
  const bool right = kind == "string"    ? value.is_string()
                     : kind == "integer" ? value.is_int()
                     : kind == "boolean" ? value.is_bool()
                     : kind == "array"   ? value.is_array()
                                         : value.is_object();
  if (right) return {};
  return invalid("Input should be a valid " + kind + ": " + field(place, name));
}

Checked check_common(const Json& input, const Json& parameters) {
  for (const char* name : {"prompt_extend", "watermark"})
    if (auto bad = check_type(parameters, "parameters", name, "boolean")) return bad;
  for (const char* name : {"seed", "n", "duration"})
    if (auto bad = check_type(parameters, "parameters", name, "integer")) return bad;
  for (const char* name : {"size", "resolution", "ratio", "shot_type"})
    if (auto bad = check_type(parameters, "parameters", name, "string")) return bad;
  for (const char* name : {"prompt", "negative_prompt", "template"})
    if (auto bad = check_type(input, "input", name, "string")) return bad;
  if (auto bad = check_type(parameters, "parameters", "negative_prompt", "string")) return bad;
  if (const int64_t seed = parameters["seed"].integer(); seed < 0 || seed > 2147483647)
    return invalid("parameters.seed must be in [0, 2147483647]");
  for (const Json* place : {&input, &parameters})
    if (characters((*place)["negative_prompt"].text()) > negative_characters)
      return invalid("negative_prompt must be at most 500 characters long");
  return {};
}

Checked check_medium(const Standin& standin, const Exchange& exchange, const Json& url,
                     const std::string& name, const std::string& model) {
  if (!url.is_string() || url.text().empty()) return invalid("Field required: " + name);
  const std::string& text = url.text();
  if (text.starts_with("http://") || text.starts_with("https://")) return {};
  if (!text.starts_with("oss://"))
    return invalid("url error, please check url! " + name + " must be http(s):// or oss://");
  if (exchange.header("X-DashScope-OssResourceResolve") != "enable" ||
      !standin.uploads.find(text.substr(6), model))
    return undownloadable(name);
  return {};
}

Checked check_picture(const Standin& standin, const Exchange& exchange, const Json& url,
                      const std::string& name, const std::string& model, const PictureRule& rule,
                      PictureInfo& info) {
  if (url.is_string() && url.text().starts_with("data:")) {
    if (auto bad = read_data_uri(url.text(), name, info)) return bad;
  } else if (auto bad = check_medium(standin, exchange, url, name, model)) {
    return bad;
  } else if (url.text().starts_with("oss://")) {
    info = standin.uploads.find(url.text().substr(6), model)->picture;
    if (info.format.empty()) return Problem{400, "InvalidImageFormat", name + " is no picture"};
  } else if (url.text().starts_with(standin.results + "/")) {
    // A picture of our own is known without downloading.
    const std::string path = url.text().substr(0, url.text().find('?'));
    const Bytes file = result_file(standin, path.substr(path.rfind('/') + 1));
    if (!file) return undownloadable(name);
    const auto found = read_picture(*file);
    if (!found) return Problem{400, "InvalidImageFormat", name + " is no picture"};
    info = *found;
  } else {
    return {}; // out there: nobody looks
  }
  if (!rule.wide_formats && (info.format == "gif" || info.format == "tiff"))
    return Problem{400, "InvalidImageFormat", name + " must be JPEG, PNG, BMP or WEBP"};
  if (info.alpha && !rule.alpha_allowed)
    return Problem{400, "InvalidImageFormat", name + " must not have an alpha channel"};
  if (info.bytes > rule.most_bytes)
    return invalid(name + " must be at most " + std::to_string(rule.most_bytes >> 20) + " MB");
  for (const int side : {info.width, info.height})
    if (info.format != "tiff" && (side < rule.least_side || side > rule.most_side))
      return Problem{400, "InvalidImageResolution",
                     "The sides of " + name + " must be in [" + std::to_string(rule.least_side) +
                         ", " + std::to_string(rule.most_side) + "], it is " +
                         std::to_string(info.width) + "x" + std::to_string(info.height)};
  return {};
}

} // namespace standin
