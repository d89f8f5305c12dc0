// SPDX-License-Identifier: LGPL-2.1-or-later
// See dashscope.h. Which call is made for which request, and how a lost one is found again.
#include "service/dashscope/answers.h"
#include "service/dashscope/client.h"
#include "service/dashscope/dashscope.h"
#include "service/dashscope/finder.h"
#include "service/dashscope/models.h"
#include "service/dashscope/orders.h"
#include "service/openai/chat.h"
#include "service/openai/named_models.h"

#include <mutex>

GST_DEBUG_CATEGORY(aigc_dashscope_debug);
#define GST_CAT_DEFAULT aigc_dashscope_debug

namespace aigc {

namespace dashscope {

namespace {

class DashscopeBackend : public Backend {
 public:
  explicit DashscopeBackend(const Access& access)
      : client_(access), chat_({.service = kService,
                                .base_url = compatible_base_url(native_root(access.base_url)),
                                .has_json_mode = true},
                               access) {}

  const char* name() const override { return kService; }
  Endpoint endpoint() const override { return client_.endpoint(); }
  std::span<const Model> models() const override { return dashscope::models(); }
  const Model* other_model(Role role, const std::string& name) const override;
  std::string price_name(const std::string& model) const override {
    const auto row = derive_row(model);
    return row ? row->model.name : model;
  }
  std::variant<Result, Task> submit(const Request& request, Call& call) override;
  Poll poll(const Task& task, const Request& request, Call& call) override;
  bool cancel(const Task& task, Call& call) override;
  void probe(Call& call) override { client_.ask_quotas(call); }
  Found find(const Request& request, const Intent& intent, Call& call) override;

 private:
  std::string address_of(const Media& media, const Row& row, const char* what, Call& call) const;
  Inputs inputs_of(const Row& row, const Request& request, Call& call) const;

  Client client_;
  ChatService chat_;
  mutable NamedModels named_;
};

/// Any name will do for words: the chat models are many. Snapshots and regional names of the others
/// are known by the names they begin with.
const Model* DashscopeBackend::other_model(Role role, const std::string& name) const {
  if (role == Role::words) return named_.row(models().front(), name);
  const auto row = derive_row(name);
  return row && row->model.role == role ? named_.row(row->model, name) : nullptr;
}

/// Under the name that was asked for, which lives as long as `request`.
Row row_of(const Request& request) {
  auto row = derive_row(request.model);
  if (!row)
    throw Error(Fault::settings, "the model " + request.model + " is unknown to dashscope",
                "choose one that it has");
  row->model.name = request.model.c_str();
  return *row;
}

/// The picture as an address the service can read. `what` names it in errors.
std::string DashscopeBackend::address_of(const Media& media, const Row& row, const char* what,
                                         Call& call) const {
  if (!media) return {};
  if (!media.bytes) return media.url;
  const Picture picture = prepare_picture(media.bytes.get(), row.pictures, what, call.cancel);
  if (fits_data_uri(picture)) return data_uri(picture);
  return client_.upload(picture, row.model.name, call);
}

Inputs DashscopeBackend::inputs_of(const Row& row, const Request& request, Call& call) const {
  if (request.references.size() > row.max_references)
    throw Error(Fault::settings,
                std::to_string(request.references.size()) + " reference pictures are given",
                std::string(row.model.name) + " takes at most " +
                    std::to_string(row.max_references));
  Inputs inputs;
  inputs.keyframe = address_of({request.keyframe, {}}, row, "the keyframe", call);
  inputs.last_frame = address_of({request.last_frame, {}}, row, "the last frame", call);
  for (const Media& reference : request.references)
    inputs.references.push_back(address_of(reference, row, "a reference picture", call));
  return inputs;
}

bool is_uploaded(const std::string& address) {
  return address.starts_with("oss://");
}

bool has_uploads(const Inputs& inputs) {
  bool any = is_uploaded(inputs.keyframe) || is_uploaded(inputs.last_frame);
  for (const std::string& reference : inputs.references)
    any = any || is_uploaded(reference);
  return any;
}

void warn_of_cut(const Row& row, const Request& request) {
  if (prompt_of(row, request).size() < whole_prompt_of(row, request).size())
    GST_WARNING("%s reads %" G_GSIZE_FORMAT " characters, the words were cut there", row.model.name,
                row.longest_prompt);
}

std::variant<Result, Task> DashscopeBackend::submit(const Request& request, Call& call) {
  if (request.role == Role::words) return chat_.submit(request, call);
  const Row row = row_of(request);
  warn_of_cut(row, request);
  const Inputs inputs = inputs_of(row, request, call);
  const auto answer = client_.create({.path = create_path(row),
                                      .body = create_body(row, request, inputs),
                                      .makes_task = makes_task(row),
                                      .has_uploads = has_uploads(inputs)},
                                     call);
  const JsonView view(answer.get());
  if (!makes_task(row)) return read_picture(view, request, client_.key());
  const std::string id = view["output"]["task_id"].text();
  if (!id.empty()) return Task{id};
  Error error(Fault::format, "dashscope took the call, but named no task",
              "look into the service's task list before running again");
  error.service = kService;
  error.request_id = request_id_of(view, client_.key());
  error.unclear = true;
  throw error;
}

Poll DashscopeBackend::poll(const Task& task, const Request& request, Call& call) {
  const auto answer = client_.task(task.id, call);
  return read_task(answer.get(), request, client_.key());
}

bool DashscopeBackend::cancel(const Task& task, Call& call) {
  try {
    return client_.cancel(task.id, call);
  } catch (const Error& error) {
    GST_INFO("task %s was not cancelled: %s", task.id.c_str(), error.what());
    return false;
  }
}

Found DashscopeBackend::find(const Request& request, const Intent& intent, Call& call) {
  if (request.role == Role::words) return {};
  const Row row = row_of(request);
  if (!makes_task(row)) return {};
  return find_task(client_, {row.model.name, prompt_of(row, request)}, intent, call);
}

} // namespace

} // namespace dashscope

std::shared_ptr<Backend> make_dashscope(const Access& access) {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(aigc_dashscope_debug, "aigcdashscope", 0, "Alibaba Cloud Model Studio");
  });
  return std::make_shared<dashscope::DashscopeBackend>(access);
}

} // namespace aigc
