// SPDX-License-Identifier: LGPL-2.1-or-later
// ComfyUI's folders: uploads into them, and what lies there.
#include "orders.h"
#include "util.h"

namespace standin {
namespace {

constexpr size_t most_bytes = 100 << 20;

bool known_folder(const std::string& type) {
  return type == "input" || type == "output" || type == "temp";
}

bool leads_out(const std::string& path) {
  return path.starts_with("/") || path.find("..") != path.npos;
}

void refuse(const ExchangePtr& exchange, int status) {
  Reply reply;
  reply.status = status;
  reply.type = "";
  exchange->send(std::move(reply));
}

// "a.png" becomes "a (1).png" beside another a.png; the same picture keeps its name.
std::string free_name(const Comfy::Files& files, const std::string& type,
                      const std::string& subfolder, const std::string& name,
                      const std::string& content) {
  const auto dot = name.rfind('.');
  const std::string stem = name.substr(0, dot), tail = dot == name.npos ? "" : name.substr(dot);
  std::string out = name;
  for (int i = 1;; ++i) {
    const auto found = files.find(comfy_path(type, subfolder, out));
    if (found == files.end() || (found->second.bytes && *found->second.bytes == content))
      return out;
    out = stem + " (" + std::to_string(i) + ")" + tail;
  }
}

} // namespace

void comfy_upload_route(Standin& standin, const ExchangePtr& exchange) {
  if (exchange->body.size() > most_bytes) return refuse(exchange, 413);
  const auto& form = exchange->form;
  const auto pictures = form ? form->files("image") : std::vector<const Part*>{};
  if (pictures.empty() || pictures[0]->file_name.empty()) return refuse(exchange, 400);
  const Part& picture = *pictures[0];
  const std::string type = form->text("type").empty() ? "input" : form->text("type");
  const std::string subfolder = form->text("subfolder");
  const std::string overwrite = lower(form->text("overwrite"));
  if (!known_folder(type) || leads_out(subfolder) || leads_out(picture.file_name))
    return refuse(exchange, 400);
  auto& files = standin.comfy.files;
  std::string name = picture.file_name;
  if (overwrite != "true" && overwrite != "1")
    name = free_name(files, type, subfolder, name, picture.data);
  files[comfy_path(type, subfolder, name)] = {bytes(picture.data), ""};
  exchange->send(Json::object({{"name", name}, {"subfolder", subfolder}, {"type", type}}));
}

void comfy_view_route(Standin& standin, const ExchangePtr& exchange) {
  const std::string name = exchange->query["filename"], subfolder = exchange->query["subfolder"];
  const std::string type = exchange->query["type"].empty() ? "output" : exchange->query["type"];
  if (name.empty()) return refuse(exchange, 404);
  if (leads_out(name) || !known_folder(type)) return refuse(exchange, 400);
  if (leads_out(subfolder)) return refuse(exchange, 403);
  const auto found = standin.comfy.files.find(comfy_path(type, subfolder, name));
  if (found == standin.comfy.files.end() || exchange->has_content_fault("view-404"))
    return refuse(exchange, 404);
  const Headers headers = {{"Content-Disposition", "filename=\"" + name + "\""}};
  const auto& [uploaded, made] = found->second;
  if (!uploaded && !result_file(standin, made)) return refuse(exchange, 404);
  if (!uploaded)
    return send_file(standin, exchange, file_or_fault(content_fault(*exchange), made), headers);
  Reply reply;
  reply.body = uploaded;
  reply.type = media_type(name);
  reply.headers = headers;
  exchange->send(std::move(reply));
}

} // namespace standin
