// SPDX-License-Identifier: LGPL-2.1-or-later
// Input pictures, made into what a model takes: no alpha, legal sides, few enough bytes.
#pragma once

#include "base/cancel.h"
#include "base/json.h"
#include "base/ref.h"
#include "service/dashscope/models.h"

#include <string>

namespace aigc::dashscope {

/// The longest data URI the service takes, in bytes of text.
inline constexpr size_t kMaxDataUri = 10'485'760;

struct Picture {
  Ref<GBytes> bytes;
  std::string mime;
};

/// `bytes` itself where it is legal, else flattened, scaled and encoded again; small enough for a
/// data URI of `max_uri` bytes where that costs little quality. `what` names the picture in errors.
/// Throws Error{Fault::settings} for a shape or a size that cannot be made legal, and as
/// decode_picture().
Picture prepare_picture(GBytes* bytes, const PictureLimits& limits, const char* what,
                        Cancel& cancel, size_t max_uri = kMaxDataUri);

bool fits_data_uri(const Picture& picture, size_t max_uri = kMaxDataUri);
std::string data_uri(const Picture& picture);

/// Where and how to upload, read from the policy the service gave. Throws Error{Fault::format}.
struct Upload {
  std::string url;
  std::string key; ///< the picture is oss://KEY afterwards
  std::string content_type;
  Ref<GBytes> form;
};
Upload make_upload(JsonView policy, const Picture& picture);

} // namespace aigc::dashscope
