// SPDX-License-Identifier: LGPL-2.1-or-later
// See verify.h.
#include "service/verify.h"

#include "media/clip_check.h"
#include "media/picture.h"
#include "media/probe.h"
#include "service/driver_log.h"

namespace aigc {

namespace {

/// What is paid for and can be used is delivered, with a word in the log when it is not what was
/// ordered; beyond these it cannot be used.
constexpr double kUsualLength = 0.8, kLeastLength = 0.1; ///< of a clip, as a share of the order
constexpr double kMostAspect = 1.1;                      ///< of a picture, off the order's

/// The next stage must be able to work with what the writer gave.
void check_words(const Result& result) {
  if (is_blank(result.prompt)) throw Error(Fault::format, "the writer gave no words", "try again");
  Shot shot;
  shot.prompt = result.prompt;
  shot.negative_prompt = result.negative_prompt;
  shot.motion_prompt = result.motion_prompt;
  shot.mood = result.mood;
  shot.keyframe = result.keyframe;
  try {
    check_shot(shot);
  } catch (Error& error) {
    error.fault = Fault::format; // the answer's, not the user's
    throw;
  }
}

PictureInfo check_picture(const Result& result) {
  if (!result.picture) throw Error(Fault::format, "the service gave no picture", "try again");
  return sniff_picture(result.picture.get());
}

ClipInfo check_clip(const Result& result, Cancel& cancel) {
  if (result.clip_path.empty()) throw Error(Fault::format, "the service gave no clip", "try again");
  return probe_clip(take_string(g_filename_to_uri(result.clip_path.c_str(), nullptr, nullptr)),
                    cancel);
}

/// Models with a list of sizes keep to it; the others round as they like, or follow an input.
void check_size(const Request& request, const Model* model, const PictureInfo& picture) {
  const Size size = request.size;
  if (!model || model->sizes.empty() || size.width < 1 || size.height < 1) return;
  if (picture.width == size.width && picture.height == size.height) return;
  const std::string what = "the picture is " + text_of(Size{picture.width, picture.height}) +
                           " where " + text_of(size) + " was ordered";
  const double off = double(picture.width) * size.height / (double(picture.height) * size.width);
  if (off > kMostAspect || off < 1 / kMostAspect)
    throw Error(Fault::format, what, "run again; report it to the service if it happens twice");
  GST_WARNING("%s", what.c_str());
}

void check_length(const Request& request, const ClipInfo& clip) {
  const double seconds = static_cast<double>(clip.span) / GST_SECOND;
  if (seconds >= kUsualLength * request.seconds) return;
  const std::string what = "the clip lasts " + std::to_string(seconds) + " s where " +
                           std::to_string(request.seconds) + " s were ordered";
  if (seconds < kLeastLength * request.seconds)
    throw Error(Fault::damaged, what, "run again; report it to the service if it happens twice");
  GST_WARNING("%s", what.c_str());
}

} // namespace

void verify_kind(Role role, const Result& result, Cancel& cancel) {
  if (role == Role::words) check_words(result);
  if (role == Role::picture) check_picture(result);
  if (role == Role::clip) check_clip(result, cancel);
}

void verify_delivery(const Request& request, const Model* model, const Result& result,
                     Cancel& cancel) {
  if (request.role == Role::words) check_words(result);
  if (request.role == Role::picture) {
    check_size(request, model, check_picture(result));
    decode_picture(result.picture.get(), cancel);
  }
  if (request.role == Role::clip) {
    const ClipInfo clip = check_clip(result, cancel);
    check_length(request, clip);
    check_clip_decodes(clip, cancel);
  }
}

} // namespace aigc
