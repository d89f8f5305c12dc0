// SPDX-License-Identifier: LGPL-2.1-or-later
// See pictures.h.
#include "service/openai/pictures.h"

#include "media/picture.h"
#include "service/http_error.h"
#include "service/inline_media.h"
#include "service/openai/log.h"
#include "service/openai/orders.h"

#include <algorithm>
#include <string_view>

namespace aigc::openai {

namespace {

constexpr size_t kLongestId = 128;

struct Field {
  const char* name;
  std::string value;
};

/// LocalAI takes what stands behind a bar for the negative prompt.
std::string prompt_for(Profile profile, const Request& request) {
  std::string prompt = prompt_of(request);
  if (profile != Profile::localai) return prompt;
  std::ranges::replace(prompt, '|', ',');
  if (request.negative.empty()) return prompt;
  std::string negative = request.negative;
  std::ranges::replace(negative, '|', ',');
  return prompt + "|" + negative;
}

gint64 seed_for(Profile profile, const Request& request, const Call& call) {
  return profile == Profile::openai ? -1 : seed_of(request, call);
}

/// These give base64 always, and refuse to be asked for it.
bool is_asked_for_format(const Request& request) {
  return !request.model.starts_with("gpt-image") && !request.model.starts_with("chatgpt-image");
}

std::vector<Field> fields_of(Profile profile, const Request& request, bool with_format) {
  std::vector<Field> fields = {{"model", request.model},
                               {"prompt", prompt_for(profile, request)},
                               {"size", text_of(request.size)}};
  if (with_format) fields.push_back({"response_format", "b64_json"});
  const bool negative = profile == Profile::vllm_omni || profile == Profile::sglang;
  if (negative && !request.negative.empty())
    fields.push_back({"negative_prompt", request.negative});
  return fields;
}

/// LocalAI reads pictures out of the JSON.
std::vector<std::string> inline_references(const Request& request) {
  std::vector<std::string> references;
  for (const Media& reference : request.references)
    references.push_back(reference.bytes ? base64_of(reference.bytes.get()) : reference.url);
  return references;
}

std::string json_of(Profile profile, const Request& request, const Call& call, bool with_format) {
  JsonObjectMaker body;
  for (const Field& field : fields_of(profile, request, with_format))
    body.set(field.name, field.value);
  body.set("n", 1);
  if (const gint64 seed = seed_for(profile, request, call); seed >= 0) body.set("seed", seed);
  if (!request.references.empty()) body.set("ref_images", inline_references(request));
  return body.text();
}

/// OpenAI reads one picture as "image" and several as "image[]"; vLLM-Omni and SGLang take "image"
/// as often as it comes, and addresses as "url".
void add_references(const Server& server, Profile profile, const Request& request,
                    Multipart& form) {
  const bool list = profile == Profile::openai && request.references.size() > 1;
  for (const Media& reference : request.references) {
    if (reference.bytes) {
      const std::string mime = sniff_picture(reference.bytes.get()).mime;
      form.file(list ? "image[]" : "image", "reference." + mime.substr(6), mime,
                reference.bytes.get());
    } else if (profile != Profile::openai) {
      form.field("url", reference.url);
    } else {
      throw server.error(Fault::settings, "takes reference pictures as files, not as addresses",
                         "give the path of a picture on this machine");
    }
  }
}

Multipart form_of(const Server& server, Profile profile, const Request& request, const Call& call,
                  bool with_format) {
  Multipart form;
  for (const Field& field : fields_of(profile, request, with_format))
    form.field(field.name, field.value);
  form.field("n", "1");
  if (const gint64 seed = seed_for(profile, request, call); seed >= 0)
    form.field("seed", std::to_string(seed));
  add_references(server, profile, request, form);
  return form;
}

Ref<JsonNode> send(const Server& server, Profile profile, const Request& request, Call& call,
                   bool with_format, std::string* id) {
  if (request.references.empty() || profile == Profile::localai)
    return server.create(server.api("/images/generations"),
                         json_of(profile, request, call, with_format), call, id);
  return server.create(server.api("/images/edits"),
                       form_of(server, profile, request, call, with_format), call, id);
}

/// Another model behind a gateway may refuse the field, too: nothing was made then.
bool refuses_format(const Error& error) {
  return !error.unclear && (error.http_status == 400 || error.http_status == 422) &&
         std::string_view(error.what()).find("response_format") != std::string_view::npos;
}

Error no_picture(const Server& server, const char* what) {
  Error error = server.error(Fault::format, what,
                             "run again; look into the server's log if it "
                             "happens twice");
  error.billed = true;
  return error;
}

/// The bytes decide what it is, whatever the answer calls it.
void take_picture(const Server& server, JsonView item, Result& result) {
  const std::string url = item["url"].text();
  std::string_view encoded = held_text(item["b64_json"]);
  if (encoded.empty() && url.starts_with("data:")) encoded = url;
  if (encoded.empty() && url.empty())
    throw no_picture(server, "gave an answer with neither a picture nor its address");
  try {
    if (encoded.empty())
      result.url = server.resolve(url);
    else
      result.picture = bytes_from_base64(encoded, "openai's picture");
  } catch (Error& error) {
    error.service = kName;
    error.billed = true;
    throw;
  }
}

} // namespace

Result make_picture(const Server& server, Profile profile, const Request& request, Call& call) {
  if (profile == Profile::openai && !request.negative.empty())
    GST_WARNING("%s has no negative prompt: it is left out", request.model.c_str());
  Result result;
  const bool with_format = is_asked_for_format(request);
  Ref<JsonNode> root;
  try {
    root = send(server, profile, request, call, with_format, &result.request_id);
  } catch (const Error& error) {
    if (!with_format || !refuses_format(error)) throw;
    root = send(server, profile, request, call, false, &result.request_id);
  }
  const JsonView answer(root.get());
  const JsonView data = answer["data"];
  if (!data.is_array() && answer["error"].exists())
    throw service_error(read_refusal(kName, 200, answer), server.access().key);
  if (data.size() == 0) throw no_picture(server, "gave an answer without any picture in \"data\"");
  take_picture(server, data.at(0), result);
  if (result.request_id.empty())
    result.request_id = printable_token(answer["id"].text(), kLongestId, server.access().key);
  result.seed = seed_for(profile, request, call);
  result.usage.pictures = 1;
  return result;
}

} // namespace aigc::openai
