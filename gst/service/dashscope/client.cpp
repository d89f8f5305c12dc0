// SPDX-License-Identifier: LGPL-2.1-or-later
// See client.h.
#include "service/dashscope/client.h"

#include "service/dashscope/answers.h"
#include "service/dashscope/dashscope.h"
#include "service/http_error.h"
#include "service/wording.h"

namespace aigc::dashscope {

namespace {

using namespace std::chrono_literals;

/// A picture that is made while the caller waits takes tens of seconds, and minutes at busy hours.
constexpr auto kPatience = 180s;
constexpr auto kShortPatience = 10s;
constexpr int kPageSize = 100;

/// The base URL without the part that says which of the two kinds of API it is.
std::string origin_root(std::string url) {
  for (const std::string_view api : {"/api/v1", "/compatible-mode/v1"})
    if (url.ends_with(api)) return url.substr(0, url.size() - api.size());
  return url;
}

Ref<GBytes> bytes_of(const std::string& text) {
  return adopt(g_bytes_new(text.data(), text.size()));
}

bool is_success(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

/// The JSON object of an answer, or null for a page of HTML and the like.
Ref<JsonNode> json_of(const HttpResponse& response) {
  try {
    auto root = parse_json(response.body);
    return JsonView(root.get()).is_object() ? root : Ref<JsonNode>();
  } catch (const Error&) {
    return {};
  }
}

Error not_json(const HttpResponse& response) {
  Error error(Fault::format, "the answer from dashscope's address is not JSON",
              "check base-url, or try again later");
  error.service = kService;
  error.http_status = response.status;
  return error;
}

bool says_code(JsonView answer) {
  return !answer["code"].text().empty();
}

/// The gateway gave up waiting: what stands behind it may have taken the call all the same.
bool may_have_arrived(const Error& error) {
  return error.http_status == 408 || error.http_status == 502 || error.http_status == 504 ||
         error.code == "RequestTimeOut";
}

} // namespace

std::string native_root(const std::string& base_url) {
  return origin_root(base_url) + "/api/v1";
}

Client::Client(const Access& access)
    : base_(native_root(access.base_url)), key_(access.key), endpoint_(endpoint_of(access)) {}

HttpRequest Client::request(const char* method, const std::string& path, const Call& call) const {
  HttpRequest request;
  request.method = method;
  request.url = base_ + path;
  request.bearer = key_;
  request.timeouts.total = call.deadline;
  request.private_allowed = endpoint_.is_private;
  return request;
}

std::string Client::task_path(const std::string& id) const {
  return "/tasks/" + escaped(id);
}

Error Client::refusal(const HttpResponse& response) const {
  Error error = http_error(kService, response, key_);
  if (error.fault == Fault::not_found)
    error.remedy = "check model and base-url: each region has models and addresses of its own";
  if (error.fault == Fault::not_authorized && response.status == 401)
    error.remedy = "check DASHSCOPE_API_KEY, and that it belongs to the region of base-url";
  return error;
}

Ref<JsonNode> Client::create(const Create& create, Call& call) const {
  HttpRequest order = request("POST", create.path, call);
  order.content_type = "application/json";
  if (create.makes_task) order.headers.push_back({"X-DashScope-Async", "enable"});
  if (create.has_uploads) order.headers.push_back({"X-DashScope-OssResourceResolve", "enable"});
  order.body = bytes_of(create.body);
  if (!create.makes_task) order.timeouts.first_byte = kPatience;
  order.creates = true;
  const HttpResponse response = HttpClient::shared().send(order, call.cancel);
  auto answer = json_of(response);
  if (is_success(response) && answer && !says_code(answer.get())) return answer;
  Error error = is_success(response) && !answer ? not_json(response) : refusal(response);
  // An answer nobody can read may have been one of success.
  error.unclear = error.unclear || may_have_arrived(error) || (is_success(response) && !answer);
  throw error;
}

Ref<JsonNode> Client::task(const std::string& id, Call& call) const {
  const HttpRequest look = request("GET", task_path(id), call);
  const HttpResponse response = HttpClient::shared().send(look, call.cancel);
  auto answer = json_of(response);
  if (is_success(response) && answer && !says_code(answer.get())) return answer;
  if (response.status == 404 && answer) { // a page would be somebody else's
    Error error = refusal(response);
    Error gone(Fault::not_found, "the task expired or never existed",
               "results are kept for 24 hours: run again");
    gone.service = kService;
    gone.code = error.code;
    gone.request_id = error.request_id;
    gone.http_status = response.status;
    gone.ended = true;
    throw gone;
  }
  Error error = is_success(response) && !answer ? not_json(response) : refusal(response);
  const bool final = response.status == 401 || response.status == 403;
  error.retry = error.retry || (!answer && !final) || response.status == 408 ||
                response.status == 429 || response.status >= 500;
  error.unclear = false;
  throw error;
}

bool Client::cancel(const std::string& id, Call& call) const {
  HttpRequest order = request("POST", task_path(id) + "/cancel", call);
  order.timeouts.first_byte = kShortPatience;
  const HttpResponse response = HttpClient::shared().send(order, call.cancel);
  if (response.status != 200 && response.status != 400) throw refusal(response);
  const auto answer = json_of(response);
  return response.status == 200 && answer && !says_code(answer.get());
}

Ref<JsonNode> Client::list(const std::string& model, int page, Call& call) const {
  // Without times it lists the last 24 hours, which is how long tasks are known; so nobody has to
  // know in which time zone it reads them.
  const std::string path = "/tasks/?model_name=" + escaped(model) +
                           "&page_no=" + std::to_string(page) +
                           "&page_size=" + std::to_string(kPageSize);
  const HttpResponse response = HttpClient::shared().send(request("GET", path, call), call.cancel);
  auto answer = json_of(response);
  if (is_success(response) && answer && JsonView(answer.get())["data"].is_array()) return answer;
  Error error = is_success(response) ? not_json(response) : refusal(response);
  error.retry = error.retry || is_success(response);
  throw error;
}

void Client::ask_quotas(Call& call) const {
  const HttpRequest look = request("GET", "/quotas?page_no=1&page_size=1", call);
  const HttpResponse response = HttpClient::shared().send(look, call.cancel);
  if (!is_success(response)) throw refusal(response);
}

std::string Client::upload(const Picture& picture, const std::string& model, Call& call) const {
  const std::string path = "/uploads?action=getPolicy&model=" + escaped(model);
  const HttpResponse leave = HttpClient::shared().send(request("GET", path, call), call.cancel);
  const auto answer = json_of(leave);
  if (!is_success(leave) || !answer || says_code(answer.get())) throw refusal(leave);
  const Upload upload = make_upload(JsonView(answer.get())["data"], picture);

  HttpRequest order; // to the storage, which is not given the key
  order.method = "POST";
  order.url = upload.url;
  order.content_type = upload.content_type;
  order.body = upload.form;
  order.timeouts.total = call.deadline;
  order.private_allowed = endpoint_.is_private;
  const HttpResponse stored = HttpClient::shared().send(order, call.cancel);
  if (!is_success(stored)) {
    Error error(Fault::read, "the picture could not be uploaded", "try again later");
    error.service = kService;
    error.http_status = stored.status;
    error.retry = stored.status == 408 || stored.status == 429 || stored.status >= 500;
    throw error;
  }
  return "oss://" + upload.key;
}

} // namespace aigc::dashscope
