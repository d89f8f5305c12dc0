// SPDX-License-Identifier: LGPL-2.1-or-later
// See localai.h.
#include "service/openai/localai.h"

#include "service/http_error.h"
#include "service/inline_media.h"
#include "service/openai/footage.h"
#include "service/openai/orders.h"
#include "store/files.h"

namespace aigc::openai::localai {

namespace {

constexpr size_t kLongestId = 128;

/// Pictures go as bare base64: not every version reads data: addresses. An address of the clip is
/// asked for, since one can be fetched once more.
std::string body_of(const Request& request, const Call& call) {
  JsonObjectMaker body;
  body.set("model", request.model)
      .set("prompt", prompt_of(request))
      .set("negative_prompt", request.negative)
      .set("width", request.size.width)
      .set("height", request.size.height)
      .set("num_frames", frames_of(request))
      .set("fps", kFps)
      .set("seed", seed_of(request, call))
      .set("response_format", "url");
  if (request.keyframe) body.set("start_image", base64_of(request.keyframe.get()));
  if (request.last_frame) body.set("end_image", base64_of(request.last_frame.get()));
  return body.text();
}

void take_clip(const Server& server, JsonView item, const Call& call, Result& result) {
  const std::string url = item["url"].text();
  std::string_view encoded = held_text(item["b64_json"]);
  if (encoded.empty() && url.starts_with("data:")) encoded = url;
  if (encoded.empty() && url.empty())
    throw server.error(Fault::format, "gave an answer with neither a clip nor its address",
                       "run again; look into the server's log if it happens twice");
  if (encoded.empty()) {
    result.url = server.resolve(url);
    return;
  }
  const auto bytes = bytes_from_base64(encoded, "openai's clip");
  write_file(call.scratch, view(bytes.get()), false);
  result.clip_path = call.scratch;
}

} // namespace

Result make_clip(const Server& server, const Request& request, Call& call) {
  const auto root = server.create(server.at("/video"), body_of(request, call), call);
  const JsonView answer(root.get());
  if (!answer["data"].is_array() && answer["error"].exists())
    throw service_error(read_refusal(kName, 200, answer), server.access().key);
  Result result;
  result.request_id = printable_token(answer["id"].text(), kLongestId, server.access().key);
  result.seed = seed_of(request, call);
  try {
    take_clip(server, answer["data"].at(0), call, result);
  } catch (Error& error) {
    error.service = kName;
    error.billed = true;
    throw;
  }
  return result;
}

} // namespace aigc::openai::localai
