// SPDX-License-Identifier: LGPL-2.1-or-later
// See sdcpp.h.
#include "service/openai/sdcpp.h"

#include "service/http_error.h"
#include "service/inline_media.h"
#include "service/openai/footage.h"
#include "service/openai/log.h"
#include "service/openai/orders.h"
#include "service/openai/tasks.h"
#include "store/files.h"

#include <string_view>

namespace aigc::openai::sdcpp {

namespace {

constexpr size_t kLongestId = 128, kLongestText = 200;
constexpr const char* kClipFormat = "webm";
constexpr const char* kPlainFormat = "avi"; ///< what a server without libwebm makes

const char* thing_of(const Request& request) {
  return request.role == Role::clip ? "clip" : "picture";
}

/// It reads pictures out of the JSON and fetches none.
std::vector<std::string> references_of(const Server& server, const Request& request) {
  std::vector<std::string> references;
  for (const Media& reference : request.references) {
    if (!reference.bytes)
      throw server.error(Fault::settings, "takes reference pictures as files, not as addresses",
                         "give the path of a picture on this machine");
    references.push_back(base64_of(reference.bytes.get()));
  }
  return references;
}

std::string body_of(const Server& server, const Request& request, const Call& call,
                    const char* clip_format) {
  JsonObjectMaker body;
  body.set("prompt", prompt_of(request))
      .set("negative_prompt", request.negative)
      .set("width", request.size.width)
      .set("height", request.size.height)
      .set("seed", seed_of(request, call));
  if (request.role == Role::picture) {
    body.set("batch_count", 1).set("output_format", "png");
    if (!request.references.empty()) body.set("ref_images", references_of(server, request));
    return body.text();
  }
  body.set("video_frames", frames_of(request)).set("fps", kFps).set("output_format", clip_format);
  if (request.keyframe) body.set("init_image", base64_of(request.keyframe.get()));
  if (request.last_frame) body.set("end_image", base64_of(request.last_frame.get()));
  return body.text();
}

Ref<JsonNode> send(const Server& server, const Request& request, Call& call,
                   const char* clip_format = kClipFormat) {
  const char* path = request.role == Role::clip ? "/sdcpp/v1/vid_gen" : "/sdcpp/v1/img_gen";
  return server.create(server.at(path), body_of(server, request, call, clip_format), call);
}

/// It was built without that format, and made nothing.
bool refuses_format(const Error& error) {
  return error.http_status == 400 &&
         std::string_view(error.what()).find("output_format") != std::string_view::npos;
}

std::string url_of(const Server& server, const Task& task) {
  return server.at("/sdcpp/v1/jobs/" + escaped(task.id));
}

Error lost(const Server& server, const HttpResponse& response, const Task& task) {
  const bool expired = response.status == 410;
  Error error =
      server.error(Fault::not_found,
                   expired ? "says that the job's result has expired" : "does not know the job",
                   expired ? "run again: it keeps results for minutes, so take them sooner"
                           : "run again: it forgets its jobs when it restarts");
  error.http_status = response.status;
  return ended(error, server, task);
}

/// The job, as the server has it. Whatever may pass comes with `retry`.
Ref<JsonNode> look(const Server& server, const Task& task, Call& call) {
  HttpRequest order = server.request("GET", url_of(server, task), call);
  order.max_bytes = kMaxInlineJsonBytes;
  HttpResponse response;
  try {
    response = server.send(order, call);
  } catch (const Error& error) {
    if (error.fault != Fault::format) throw;
    throw ended(error, server, task); // longer than anything that is taken
  }
  auto job = object_of(response, kMaxInlineJsonBytes);
  const bool page = response.status == 404 && !job; // somebody else's: the server may be starting
  if (response.status == 410 || (response.status == 404 && job)) throw lost(server, response, task);
  if (response.status != 200) {
    Error error = server.refusal(response);
    error.retry = error.retry || page;
    throw error;
  }
  // A gateway's page, or half of an answer: the job goes on all the same.
  if (job && !JsonView(job.get())["status"].text().empty()) return job;
  Error error = server.error(Fault::format, "gave an answer about a job without its status",
                             "check base-url, or try again later");
  error.retry = true;
  throw error;
}

Error failure_of(const Server& server, JsonView job, const Request& request) {
  const Refusal refusal = read_refusal(kName, 0, job);
  const Secret& key = server.access().key;
  const std::string code = printable_token(refusal.code, kLongestId, key);
  const std::string said = printable_excerpt(refusal.message, kLongestText, key);
  Error error =
      server.error(Fault::read,
                   std::string("failed to make the ") + thing_of(request) +
                       (code.empty() ? "" : " (" + code + ")") + (said.empty() ? "" : ": " + said),
                   "look into the server's log; less memory is needed for a smaller size "
                   "or a shorter clip");
  error.code = code;
  return error;
}

/// The first picture, or the clip.
std::string_view encoded_result(JsonView result, const Request& request) {
  const JsonView holder = request.role == Role::clip ? result : result["images"].at(0);
  return held_text(holder["b64_json"]);
}

Result result_of(const Server& server, JsonView job, const Task& task, const Request& request,
                 const Call& call) {
  const std::string_view encoded = encoded_result(job["result"], request);
  if (encoded.empty())
    throw server.error(Fault::format,
                       std::string("says the ") + thing_of(request) + " is done, but has none",
                       "run again; look into the server's log if it happens twice");
  const auto bytes =
      bytes_from_base64(encoded, request.role == Role::clip ? "openai's clip" : "openai's picture");
  Result result;
  if (request.role == Role::clip) {
    write_file(call.scratch, view(bytes.get()), false);
    result.clip_path = call.scratch;
  } else {
    result.picture = bytes;
  }
  result.request_id = request_id_of(server, task);
  result.seed = seed_of(request, call);
  return result;
}

Poll done(const Server& server, JsonView job, const Task& task, const Request& request,
          const Call& call) {
  try {
    return {Poll::State::done, 100, result_of(server, job, task, request, call)};
  } catch (Error& error) {
    if (error.fault == Fault::write) throw; // the server still has it
    error.billed = true;
    throw ended(error, server, task);
  }
}

} // namespace

std::variant<Result, Task> submit(const Server& server, const Request& request, Call& call) {
  Ref<JsonNode> root;
  try {
    root = send(server, request, call);
  } catch (const Error& error) {
    if (request.role != Role::clip || !refuses_format(error)) throw;
    root = send(server, request, call, kPlainFormat);
  }
  return task_in(server, root.get());
}

Poll poll(const Server& server, const Task& task, const Request& request, Call& call) {
  const auto root = look(server, task, call);
  const JsonView job(root.get());
  const std::string state = job["status"].text();
  if (state == "completed") return done(server, job, task, request, call);
  if (state == "failed") throw ended(failure_of(server, job, request), server, task);
  if (state == "cancelled")
    throw ended(server.error(Fault::read, "says that the job was cancelled", "run again"), server,
                task);
  if (state == "queued") {
    GST_LOG("job %s has place %d in the queue", task.id.c_str(),
            static_cast<int>(job["queue_position"].integer().value_or(0)));
    return {Poll::State::pending, -1, {}};
  }
  if (state != "generating") warn_of_state(state);
  return {Poll::State::running, -1, {}};
}

/// What has begun goes on: the next run takes it up again.
bool cancel(const Server& server, const Task& task, Call& call) {
  const HttpResponse response =
      server.send(server.request("POST", url_of(server, task) + "/cancel", call), call);
  if (response.status != 200) return false;
  const auto job = parse_json(response.body, kMaxInlineJsonBytes);
  return JsonView(job.get())["status"].text() == "cancelled";
}

/// It has no list of jobs.
Found find(const Server&, const Request&, const Intent&, Call&) {
  return {};
}

} // namespace aigc::openai::sdcpp
