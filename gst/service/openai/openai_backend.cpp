// SPDX-License-Identifier: LGPL-2.1-or-later
// See openai_backend.h.
#include "service/openai/openai_backend.h"

#include "base/guarded.h"
#include "service/http_error.h"
#include "service/openai/chat.h"
#include "service/openai/named_models.h"

#include <array>

namespace aigc {

namespace {

constexpr const char* kName = "openai";
constexpr size_t kListedNames = 5; ///< of the models a server has, in an error

/// Stands for the only model of a server that has one.
constexpr const char* kOnlyModel = "auto";
constexpr std::array<Model, 1> kModels = {
    {{.name = kOnlyModel, .role = Role::words, .max_in_flight = 8}}};

Error no_model(const std::string& message, const std::string& remedy) {
  Error error(Fault::settings, std::string(kName) + " " + message, remedy);
  error.service = kName;
  return error;
}

class OpenaiBackend : public Backend {
 public:
  explicit OpenaiBackend(const Access& access)
      : access_(access), endpoint_(endpoint_of(access)),
        chat_({.service = kName, .base_url = access.base_url}, access) {}

  const char* name() const override { return kName; }
  /// Two servers may give one name to different models. The driver tells private ones apart.
  std::string edition() const override {
    return endpoint_.is_private ? kName : std::string(kName) + " " + endpoint_.host;
  }
  Endpoint endpoint() const override { return endpoint_; }
  std::span<const Model> models() const override { return kModels; }

  const Model* other_model(Role role, const std::string& name) const override {
    return role == Role::words ? named_.row(kModels[0], name) : nullptr;
  }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    Request named = request;
    if (named.model == kOnlyModel) named.model = only_model(call);
    return chat_.submit(named, call);
  }

  Poll poll(const Task&, const Request&, Call&) override {
    throw Error(Fault::not_found, "openai has no tasks for words", "");
  }
  bool cancel(const Task&, Call&) override { return false; }

 private:
  /// Asked once; concurrent first calls may ask twice, which costs nothing.
  std::string only_model(Call& call) const {
    if (const std::string known = only_model_.snapshot(); !known.empty()) return known;
    HttpRequest request{.url = access_.base_url + "/models", .bearer = access_.key};
    request.private_allowed = endpoint_.is_private;
    request.timeouts.total = call.deadline;
    const HttpResponse response = HttpClient::shared().send(request, call.cancel);
    if (response.status == 404)
      throw no_model("has no list of models at " + access_.base_url, "set model");
    if (response.status != 200) throw http_error(kName, response, access_.key);
    const std::string found = only_name(response.body);
    *only_model_.lock() = found;
    return found;
  }

  static std::string only_name(const std::string& body) {
    const auto root = parse_json(body);
    const JsonView list = JsonView(root.get())["data"];
    if (list.size() == 1 && !list.at(0)["id"].text().empty()) return list.at(0)["id"].text();
    std::string names;
    for (size_t i = 0; i < std::min(list.size(), kListedNames); ++i)
      names += (i ? ", " : "") + printable_token(list.at(i)["id"].text(), 64);
    throw no_model("lists " + std::to_string(list.size()) + " models, so one must be named",
                   names.empty() ? "set model"
                                 : "set model to one the server has, such as " + names);
  }

  const Access access_;
  const Endpoint endpoint_;
  ChatService chat_;
  mutable NamedModels named_;
  mutable Guarded<std::string> only_model_;
};

} // namespace

std::shared_ptr<Backend> make_openai(const Access& access) {
  return std::make_shared<OpenaiBackend>(access);
}

} // namespace aigc
