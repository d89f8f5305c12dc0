// SPDX-License-Identifier: LGPL-2.1-or-later
// See inputs.h.
#include "service/dashscope/inputs.h"

#include "base/error.h"
#include "media/picture.h"
#include "net/multipart.h"
#include "service/inline_media.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace aigc::dashscope {

namespace {

/// Down to where the loss begins to show in what is made from it.
constexpr int kQualities[] = {kJpegQuality, 85, 78};

/// The size within the limits, in the same aspect.
Size legal_size(const PictureInfo& info, const PictureLimits& limits, const char* what) {
  const double shorter = std::min(info.width, info.height);
  const double longer = std::max(info.width, info.height);
  double scale = std::max(1.0, limits.min_side / shorter);
  if (longer * scale > limits.max_side) scale = limits.max_side / longer;
  const bool too_narrow = std::lround(shorter * scale) < limits.min_side;
  if (too_narrow || (limits.max_ratio > 0 && longer > limits.max_ratio * shorter))
    throw Error(Fault::settings,
                std::string(what) + " is " + text_of(Size{info.width, info.height}) +
                    ", which is too narrow for the model",
                "crop it to a shape nearer to a square");
  return {static_cast<int>(std::lround(info.width * scale)),
          static_cast<int>(std::lround(info.height * scale))};
}

Raster legal_raster(GBytes* bytes, Size size, Cancel& cancel) {
  Raster raster = decode_picture(bytes, cancel);
  if (raster.width != size.width || raster.height != size.height)
    raster = fit_picture(raster, size.width, size.height);
  flatten_picture(raster);
  return raster;
}

/// A text, or a flag that is written as one.
std::string field_text(JsonView value) {
  const std::string text = value.text();
  if (!text.empty() || !value.exists()) return text;
  return value.boolean(false) ? "true" : "false";
}

} // namespace

Picture prepare_picture(GBytes* bytes, const PictureLimits& limits, const char* what,
                        Cancel& cancel, size_t max_uri) {
  const PictureInfo info = sniff_picture(bytes);
  const Size size = legal_size(info, limits, what);
  const Picture given{share(bytes), info.mime};
  const bool legal = size == Size{info.width, info.height} && !has_alpha(bytes) &&
                     g_bytes_get_size(bytes) <= limits.max_bytes;
  if (legal && fits_data_uri(given, max_uri)) return given;
  const Raster raster = legal_raster(bytes, size, cancel);
  Picture best;
  for (const int quality : kQualities) {
    Picture smaller{encode_picture(raster, "image/jpeg", cancel, quality), "image/jpeg"};
    if (fits_data_uri(smaller, max_uri) &&
        g_bytes_get_size(smaller.bytes.get()) <= limits.max_bytes)
      return smaller;
    if (!best.bytes && g_bytes_get_size(smaller.bytes.get()) <= limits.max_bytes)
      best = std::move(smaller);
  }
  // It has to be uploaded, and then it need not be made worse.
  if (legal) return given;
  if (best.bytes) return best;
  throw Error(Fault::settings,
              std::string(what) + " has more than " + std::to_string(limits.max_bytes) +
                  " bytes, also as a JPEG picture",
              "make it smaller");
}

bool fits_data_uri(const Picture& picture, size_t max_uri) {
  const size_t size = g_bytes_get_size(picture.bytes.get());
  return (size + 2) / 3 * 4 + std::string("data:;base64,").size() + picture.mime.size() <= max_uri;
}

std::string data_uri(const Picture& picture) {
  return data_uri_of(picture.mime, picture.bytes.get());
}

Upload make_upload(JsonView policy, const Picture& picture) {
  Upload upload;
  upload.url = policy["upload_host"].text();
  const std::string folder = policy["upload_dir"].text();
  if (upload.url.empty() || folder.empty())
    throw Error(Fault::format, "dashscope's leave to upload names no place", "try again later");
  const std::string name = take_string(g_uuid_string_random()) + "." + picture.mime.substr(6);
  upload.key = folder + "/" + name;
  // The storage ignores whatever comes after the file.
  Multipart form;
  form.field("OSSAccessKeyId", policy["oss_access_key_id"].text())
      .field("Signature", policy["signature"].text())
      .field("policy", policy["policy"].text())
      .field("key", upload.key)
      .field("x-oss-object-acl", field_text(policy["x_oss_object_acl"]))
      .field("x-oss-forbid-overwrite", field_text(policy["x_oss_forbid_overwrite"]))
      .field("success_action_status", "200")
      .field("x-oss-content-type", picture.mime)
      .file("file", name, picture.mime, picture.bytes.get());
  upload.content_type = form.type();
  upload.form = form.body();
  return upload;
}

} // namespace aigc::dashscope
