// SPDX-License-Identifier: LGPL-2.1-or-later
// See models.h.
#include "service/openai/models.h"

#include "service/openai/model_list.h"

#include <array>
#include <string_view>
#include <vector>

#include <glib.h>

namespace aigc::openai {

namespace {

constexpr std::array<Size, 3> kImageSizes = {{{1536, 1024}, {1024, 1536}, {1024, 1024}}};
constexpr std::array<Size, 3> kDalle3Sizes = {{{1792, 1024}, {1024, 1792}, {1024, 1024}}};
constexpr std::array<Size, 2> kSoraSizes = {{{1280, 720}, {720, 1280}}};
constexpr std::array<Size, 4> kSoraProSizes = {
    {{1280, 720}, {720, 1280}, {1792, 1024}, {1024, 1792}}};
constexpr std::array<double, 3> kSoraSeconds = {4, 8, 12};

constexpr int kSmallestSide = 64, kLargestSide = 4096;
constexpr int kSideStep = 16;   ///< what diffusion models round to
constexpr unsigned kAtOnce = 2; ///< one is made while the other comes home
constexpr unsigned kWordsAtOnce = 8;

constexpr auto kWholeSeconds = [] {
  std::array<double, 60> all{};
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<double>(i + 1);
  return all;
}();

constexpr Model kAnyWords{.name = kOnlyModel, .role = Role::words, .max_in_flight = kWordsAtOnce};
constexpr Model kAnyPicture{.name = kOnlyModel,
                            .role = Role::picture,
                            .inputs = kWordsOnly | kReferences,
                            .default_size = {1280, 720},
                            .min_side = kSmallestSide,
                            .max_side = kLargestSide,
                            .side_step = kSideStep,
                            .max_in_flight = kAtOnce,
                            .picture_mime = "image/png"};
constexpr Model kAnyClip{.name = kOnlyModel,
                         .role = Role::clip,
                         .inputs = kWordsOnly | kKeyframe | kLastFrame,
                         .default_size = {832, 480},
                         .min_side = kSmallestSide,
                         .max_side = kLargestSide,
                         .side_step = kSideStep,
                         .min_seconds = kWholeSeconds.front(),
                         .max_seconds = kWholeSeconds.back(),
                         .seconds = kWholeSeconds,
                         .max_in_flight = kAtOnce};

constexpr Model known_picture(const char* name, std::span<const Size> sizes, unsigned inputs) {
  return {.name = name,
          .role = Role::picture,
          .inputs = inputs,
          .default_size = sizes.front(),
          .sizes = sizes,
          .max_in_flight = kAtOnce,
          .picture_mime = "image/png"};
}

constexpr Model known_clip(const char* name, std::span<const Size> sizes) {
  return {.name = name,
          .role = Role::clip,
          .inputs = kWordsOnly | kKeyframe,
          .default_size = sizes.front(),
          .sizes = sizes,
          .min_seconds = kSoraSeconds.front(),
          .max_seconds = kSoraSeconds.back(),
          .seconds = kSoraSeconds,
          .max_in_flight = kAtOnce};
}

const std::array kKnown = {
    known_picture("gpt-image-1", kImageSizes, kWordsOnly | kReferences),
    known_picture("gpt-image-1.5", kImageSizes, kWordsOnly | kReferences),
    known_picture("gpt-image-1-mini", kImageSizes, kWordsOnly | kReferences),
    known_picture("dall-e-3", kDalle3Sizes, kWordsOnly),
    known_clip("sora-2", kSoraSizes),
    known_clip("sora-2-pro", kSoraProSizes),
};

/// "sora-2-2025-10-06" is one of "sora-2".
bool is_snapshot(std::string_view name, std::string_view of) {
  return name.size() > of.size() + 1 && name.starts_with(of) && name[of.size()] == '-' &&
         g_ascii_isdigit(name[of.size() + 1]);
}

/// What costs nothing may be refused.
Model any(Owner owner, Model model) {
  model.exact = owner == Owner::user;
  return model;
}

std::vector<Model> table(Owner owner) {
  std::vector<Model> all{kAnyWords};
  if (owner != Owner::openai)
    all.insert(all.end(), {any(owner, kAnyPicture), any(owner, kAnyClip)});
  all.insert(all.end(), kKnown.begin(), kKnown.end());
  return all;
}

} // namespace

std::span<const Model> models(Owner owner) {
  static const std::array tables = {table(Owner::openai), table(Owner::stranger),
                                    table(Owner::user)};
  return tables[static_cast<size_t>(owner)];
}

Model pattern_of(Owner owner, Role role, const std::string& name) {
  for (const Model& model : kKnown)
    if (model.role == role && is_snapshot(name, model.name)) return model;
  if (role == Role::words) return kAnyWords;
  return any(owner, role == Role::picture ? kAnyPicture : kAnyClip);
}

} // namespace aigc::openai
