// SPDX-License-Identifier: LGPL-2.1-or-later
// Temporary uploads.
#include "uploads.h"

#include "check.h"
#include "util.h"

#include <glib.h>

namespace standin {
namespace {

constexpr double policy_seconds = 300;
constexpr double upload_seconds = 48 * 3600;

std::string base64(const std::string& text) {
  g_autofree char* out = g_base64_encode(reinterpret_cast<const guchar*>(text.data()), text.size());
  return out;
}

} // namespace

std::string policy_text(const std::string& folder) {
  return base64("{\"conditions\":[[\"starts-with\",\"$key\",\"" + folder + "\"]]}");
}

Policy Uploads::grant(const std::string& model) {
  Policy policy;
  policy.model = model;
  policy.folder = "dashscope-instant/" + new_id();
  policy.signature = percent_decode(sign(policy.folder));
  policy.until = now_seconds() + policy_seconds;
  std::erase_if(policies_, [](const auto& old) { return old.second.until < now_seconds(); });
  policies_[policy_text(policy.folder)] = policy;
  return policy;
}

const Policy* Uploads::policy(const std::string& text) const {
  const auto found = policies_.find(text);
  return found != policies_.end() && found->second.until >= now_seconds() ? &found->second
                                                                          : nullptr;
}

void Uploads::add(const std::string& key, Upload upload) {
  upload.until = now_seconds() + upload_seconds;
  uploads_[key] = std::move(upload);
}

const Upload* Uploads::find(const std::string& key, const std::string& model) const {
  const auto found = uploads_.find(key);
  if (found == uploads_.end() || found->second.model != model ||
      found->second.until < now_seconds())
    return nullptr;
  return &found->second;
}

void Uploads::reset() {
  policies_.clear();
  uploads_.clear();
}

void uploads_route(Standin& standin, const ExchangePtr& exchange) {
  const std::string action = exchange->query["action"], model = exchange->query["model"];
  if (action != "getPolicy")
    return exchange->error(400, "InvalidParameter", "action must be getPolicy: " + action);
  if (!find_image_model(model) && !find_video_model(model))
    return exchange->error(400, "InvalidParameter", "Model not exist: " + model);
  const Policy policy = standin.uploads.grant(model);
  exchange->send(
      Json::object({{"request_id", exchange->request_id},
                    {"data", Json::object({{"policy", policy_text(policy.folder)},
                                           {"signature", policy.signature},
                                           {"upload_dir", policy.folder},
                                           {"upload_host", standin.results},
                                           {"expire_in_seconds", static_cast<int>(policy_seconds)},
                                           {"max_file_size_mb", "100"},
                                           {"capacity_limit_mb", "999999999"},
                                           {"oss_access_key_id", "LTAI5tStandin"},
                                           {"x_oss_object_acl", "private"},
                                           {"x_oss_forbid_overwrite", "true"}})}}));
}

void oss_route(Standin& standin, const ExchangePtr& exchange) {
  auto refuse = [&](int status, const char* code, const std::string& message) {
    exchange->error(status, code, message);
  };
  if (!exchange->header("Authorization").empty())
    return refuse(400, "InvalidArgument", "Authorization is not supported with a form.");
  if (!exchange->form || exchange->form->parts().empty())
    return refuse(400, "MalformedPOSTRequest", "The body is no multipart/form-data.");
  const Part& file = exchange->form->parts().back();
  auto field = [&](const char* name) { return exchange->form->text(name); };
  if (file.name != "file")
    return refuse(400, "InvalidArgument", "The file must be there, as the last field.");
  const Policy* policy = standin.uploads.policy(field("policy"));
  if (!policy) return refuse(403, "AccessDenied", "Invalid according to Policy: it has expired.");
  if (field("OSSAccessKeyId") != "LTAI5tStandin")
    return refuse(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist.");
  if (field("Signature") != policy->signature)
    return refuse(403, "SignatureDoesNotMatch", "The signature does not match.");
  const std::string key = field("key");
  if (!key.starts_with(policy->folder + "/") || key.size() == policy->folder.size() + 1)
    return refuse(403, "AccessDenied", "Invalid according to Policy: the key.");
  if (field("x-oss-object-acl") != "private" || field("x-oss-forbid-overwrite") != "true")
    return refuse(403, "AccessDenied", "Invalid according to Policy: acl or forbid-overwrite.");
  if (standin.uploads.exists(key))
    return refuse(409, "FileAlreadyExists", "The object you specified already exists.");
  Upload upload;
  upload.model = policy->model;
  if (const auto info = read_picture(file.data)) upload.picture = *info;
  standin.uploads.add(key, std::move(upload));
  Reply reply;
  reply.status = field("success_action_status") == "200" ? 200 : 204;
  reply.type = "";
  exchange->send(std::move(reply));
}

} // namespace standin
