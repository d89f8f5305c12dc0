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
/// Of what a server of one's own makes: it costs nothing to be refused. From others it is
/// delivered, with a word in the log.
constexpr double kLeastArea = 0.5, kLeastExactLength = 0.5;

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

/// What is made from pictures follows them.
bool from_words_alone(const Request& request) {
  return !request.keyframe && !request.last_frame && request.references.empty();
}

double aspect_of(Size size) {
  return static_cast<double>(size.width) / size.height;
}

double area_of(Size size) {
  return static_cast<double>(size.width) * size.height;
}

/// Models with a list of sizes keep to it, and a server of one's own has to; the others round as
/// they like, or follow an input, and are paid all the same.
void check_size(const Request& request, const Model* model, const char* what, Size got) {
  const Size asked = request.size;
  if (!model || got == asked || asked.width < 1 || asked.height < 1) return;
  const bool exact = model->exact, listed = !model->sizes.empty();
  const std::string message = std::string("the ") + what + " is " + text_of(got) + " where " +
                              text_of(asked) + " was ordered";
  const double off = aspect_of(got) / aspect_of(asked);
  const bool free = from_words_alone(request);
  const bool other_shape = free && (off > kMostAspect || off < 1 / kMostAspect);
  const bool too_small = free && area_of(got) < kLeastArea * area_of(asked);
  if ((exact && (other_shape || too_small)) || (listed && other_shape))
    throw Error(Fault::format, message,
                exact ? "ask for a size that the server's model makes, by width and height"
                      : "run again; report it to the service if it happens twice");
  if (exact || listed || other_shape || too_small) GST_WARNING("%s", message.c_str());
}

void check_length(const Request& request, const Model* model, const ClipInfo& clip) {
  const double seconds = static_cast<double>(clip.span) / GST_SECOND;
  if (seconds >= kUsualLength * request.seconds) return;
  const std::string what = "the clip lasts " + std::to_string(seconds) + " s where " +
                           std::to_string(request.seconds) + " s were ordered";
  if (seconds < kLeastLength * request.seconds)
    throw Error(Fault::damaged, what, "run again; report it to the service if it happens twice");
  if (model && model->exact && seconds < kLeastExactLength * request.seconds)
    throw Error(Fault::format, what, "set duration to what the server's model makes");
  GST_WARNING("%s", what.c_str());
}

} // namespace

void verify_kind(Role role, const Result& result, Cancel& cancel) {
  if (role == Role::words) check_words(result);
  if (role == Role::picture) check_picture(result);
  if (role == Role::clip) check_clip(result, cancel);
}

void verify_delivery(const Request& request, const Model* model, Result& result, Cancel& cancel) {
  if (request.role == Role::words) check_words(result);
  if (request.role == Role::picture) {
    const PictureInfo picture = check_picture(result);
    check_size(request, model, "picture", {picture.width, picture.height});
    result.pixels = std::make_shared<Raster>(decode_picture(result.picture.get(), cancel));
  }
  if (request.role == Role::clip) {
    const ClipInfo clip = check_clip(result, cancel);
    if (model && model->sizes.empty())
      check_size(request, model, "clip", {clip.width, clip.height});
    check_length(request, model, clip);
    check_clip_decodes(clip, cancel);
  }
}

} // namespace aigc
