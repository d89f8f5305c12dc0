// SPDX-License-Identifier: LGPL-2.1-or-later
// See verify.h.
#include "service/verify.h"

#include "media/clip_check.h"
#include "media/picture.h"
#include "media/probe.h"

namespace aigc {

namespace {

/// A clip may be a little shorter than ordered: frames do not divide every length.
constexpr double kLeastLength = 0.8;

/// The next stage must be able to work with what the writer gave.
void check_words(const Result& result) {
  if (is_blank(result.prompt)) throw Error(Fault::format, "the writer gave no words", "try again");
  Shot shot;
  shot.prompt = result.prompt;
  shot.negative_prompt = result.negative_prompt;
  shot.motion_prompt = result.motion_prompt;
  shot.mood = result.mood;
  shot.keyframe = result.keyframe;
  check_shot(shot);
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

std::string text_of(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

/// Models with a list of sizes keep to it; the others round as they like, or follow an input.
void check_size(const Request& request, const Model* model, const PictureInfo& picture) {
  const bool chosen = request.size.width > 0 && request.size.height > 0;
  if (!model || model->sizes.empty() || !chosen) return;
  if (picture.width == request.size.width && picture.height == request.size.height) return;
  throw Error(Fault::format,
              "the picture is " + text_of(picture.width, picture.height) + " where " +
                  text_of(request.size.width, request.size.height) + " was ordered",
              "run again; report it to the service if it happens twice");
}

void check_length(const Request& request, const ClipInfo& clip) {
  const double seconds = static_cast<double>(clip.span) / GST_SECOND;
  if (seconds >= kLeastLength * request.seconds) return;
  throw Error(Fault::damaged,
              "the clip lasts " + std::to_string(seconds) + " s where " +
                  std::to_string(request.seconds) + " s were ordered",
              "run again; report it to the service if it happens twice");
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
