// SPDX-License-Identifier: LGPL-2.1-or-later
// See videos.h.
#include "service/openai/videos.h"

#include "media/picture.h"
#include "service/http_error.h"
#include "service/openai/log.h"
#include "service/openai/orders.h"
#include "service/openai/tasks.h"

#include <algorithm>

namespace aigc::openai {

namespace {

bool takes_extras(Profile profile) {
  return profile == Profile::vllm_omni || profile == Profile::sglang;
}

gint64 seed_for(Profile profile, const Request& request, const Call& call) {
  return takes_extras(profile) ? seed_of(request, call) : -1;
}

/// OpenAI wants the picture in the very size of the clip; the others scale it themselves.
Ref<GBytes> keyframe_for(Profile profile, const Request& request, Call& call) {
  const PictureInfo info = sniff_picture(request.keyframe.get());
  const bool fits = info.width == request.size.width && info.height == request.size.height;
  if (profile != Profile::openai || fits) return share(request.keyframe.get());
  const Raster raster = decode_picture(request.keyframe.get(), call.cancel);
  Raster fitted = fit_picture(raster, request.size.width, request.size.height);
  flatten_picture(fitted);
  return encode_picture(fitted, "image/jpeg", call.cancel);
}

/// vLLM-Omni reads forms alone, OpenAI documents them.
Multipart form_of(Profile profile, const Request& request, Call& call) {
  Multipart form;
  form.field("model", request.model)
      .field("prompt", prompt_of(request))
      .field("seconds", std::to_string(whole_seconds(request)))
      .field("size", text_of(request.size));
  if (takes_extras(profile) && !request.negative.empty())
    form.field("negative_prompt", request.negative);
  if (const gint64 seed = seed_for(profile, request, call); seed >= 0)
    form.field("seed", std::to_string(seed));
  if (request.keyframe) {
    const auto bytes = keyframe_for(profile, request, call);
    const std::string mime = sniff_picture(bytes.get()).mime;
    form.file("input_reference", "keyframe." + mime.substr(6), mime, bytes.get());
  }
  return form;
}

/// Older SGLang refuses a form without a picture, but takes JSON.
std::string json_of(const Request& request, const Call& call) {
  JsonObjectMaker body;
  body.set("model", request.model)
      .set("prompt", prompt_of(request))
      .set("seconds", whole_seconds(request))
      .set("size", text_of(request.size));
  if (!request.negative.empty()) body.set("negative_prompt", request.negative);
  if (const gint64 seed = seed_of(request, call); seed >= 0) body.set("seed", seed);
  return body.text();
}

void check(const Server& server, Profile profile, const Request& request) {
  if (request.last_frame)
    throw server.error(Fault::settings, "has no way to send a last frame to this server",
                       "unset last-frame, or use profile localai or sdcpp, or another backend");
  if (!takes_extras(profile) && !request.negative.empty())
    GST_WARNING("%s has no negative prompt: it is left out", request.model.c_str());
}

std::string url_of(const Server& server, const Task& task) {
  return server.api("/videos/" + escaped(task.id));
}

/// Newer vLLM-Omni tells of a failed task with the failure's own HTTP status.
bool tells_state(JsonView answer) {
  return answer["id"].exists() && !answer["status"].text().empty();
}

/// What the server knows of the task. Whatever may pass comes with `retry`.
Ref<JsonNode> look(const Server& server, const Task& task, Call& call) {
  const HttpResponse response =
      server.send(server.request("GET", url_of(server, task), call), call);
  auto answer = object_of(response);
  if (answer && (response.status / 100 == 2 || tells_state(answer.get()))) return answer;
  if (response.status / 100 == 2) {
    Error error = server.error(Fault::format, "gave an answer about a task that is no JSON",
                               "check base-url, or try again later");
    error.retry = true;
    throw error;
  }
  Error error = server.refusal(response);
  if (response.status == 404 && answer) { // a page would be somebody else's
    Error gone = server.error(Fault::not_found, "does not know the clip's task any more",
                              "run again: such servers forget their tasks when they restart, and "
                              "behind a load balancer each has tasks of its own");
    gone.code = error.code;
    gone.http_status = response.status;
    throw ended(gone, server, task);
  }
  const bool final = response.status == 401 || response.status == 403;
  error.retry = error.retry || (!answer && !final);
  error.unclear = false;
  throw error;
}

Error failure_of(const Server& server, JsonView answer, const Task& task) {
  const Refusal refusal = read_refusal(kName, 0, answer);
  if (refusal.code.empty() && refusal.message.empty())
    return ended(server.error(Fault::read, "gave up on the clip without saying why",
                              "run again; look into the server's log if it happens twice"),
                 server, task);
  return ended(service_error(refusal, server.access().key), server, task);
}

/// A server that gave the file away names its new address; else it has it itself.
std::string address_of(const Server& server, JsonView answer, const Task& task) {
  const std::string url = answer["url"].text();
  return url.empty() ? url_of(server, task) + "/content" : server.resolve(url);
}

Result result_of(const Server& server, Profile profile, JsonView answer, const Task& task,
                 const Request& request, const Call& call) {
  Result result;
  result.url = address_of(server, answer, task);
  result.request_id = request_id_of(server, task);
  result.seed = seed_for(profile, request, call);
  result.usage.seconds = answer["seconds"].number().value_or(request.seconds);
  result.usage.tier = tier_of(request.size);
  return result;
}

int percent_of(JsonView answer) {
  const auto progress = answer["progress"].number();
  return progress ? static_cast<int>(std::clamp(*progress, 0.0, 100.0)) : -1;
}

} // namespace

Task submit_clip(const Server& server, Profile profile, const Request& request, Call& call) {
  check(server, profile, request);
  const std::string url = server.api("/videos");
  const auto root = profile == Profile::sglang && !request.keyframe
                        ? server.create(url, json_of(request, call), call)
                        : server.create(url, form_of(profile, request, call), call);
  const JsonView answer(root.get());
  if (!answer["id"].exists() && answer["error"].exists())
    throw service_error(read_refusal(kName, 200, answer), server.access().key);
  return task_in(server, answer);
}

Poll poll_clip(const Server& server, Profile profile, const Task& task, const Request& request,
               Call& call) {
  const auto root = look(server, task, call);
  const JsonView answer(root.get());
  const std::string state = answer["status"].text();
  if (state == "completed")
    return {Poll::State::done, 100, result_of(server, profile, answer, task, request, call)};
  if (state == "queued") return {Poll::State::pending, percent_of(answer), {}};
  if (state == "failed") throw failure_of(server, answer, task);
  if (state == "cancelled" || state == "canceled" || state == "deleted")
    throw ended(server.error(Fault::read, "says the clip's task was cancelled", "run again"),
                server, task);
  if (state.empty()) {
    Error error = server.error(Fault::format, "gave an answer about a task without its state",
                               "check base-url, or try again later");
    error.retry = true;
    throw error;
  }
  if (state != "in_progress") warn_of_state(state);
  return {Poll::State::running, percent_of(answer), {}};
}

/// Only what has not begun: vLLM-Omni's DELETE would also stop work under way and throw away what
/// is finished. SGLang forgets the task, but goes on with it, and what OpenAI takes it bills: both
/// are left to the next run, which takes up the task again.
bool cancel_clip(const Server& server, Profile profile, const Task& task, Call& call) {
  if (profile != Profile::vllm_omni) return false;
  const auto known = look(server, task, call);
  if (JsonView(known.get())["status"].text() != "queued") return false;
  try {
    const HttpResponse response =
        server.send(server.request("DELETE", url_of(server, task), call), call);
    const auto answer = object_of(response);
    return response.status == 200 && JsonView(answer.get())["deleted"].boolean(false);
  } catch (const Error& error) {
    if (error.fault != Fault::timeout) throw;
    return true; // it is told, and takes its time
  }
}

} // namespace aigc::openai
