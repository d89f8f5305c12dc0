// SPDX-License-Identifier: LGPL-2.1-or-later
// See backend.h.
#include "service/backend.h"

namespace aigc {

namespace {

/// A model that cannot do without pictures lacks kWordsOnly, which any pictures make up for.
bool takes(const Model& model, unsigned inputs) {
  const unsigned pictures = inputs & ~kWordsOnly;
  if (!pictures) return model.inputs & kWordsOnly;
  return (model.inputs & pictures) == pictures;
}

std::string text_of(unsigned inputs) {
  if (inputs & kReferences) return "reference pictures";
  if (inputs & kLastFrame) return "a last frame";
  if (inputs & kKeyframe) return "a keyframe";
  return "words alone";
}

/// What to change in shots that bring `inputs` where models take `others`.
std::string advice(unsigned inputs, unsigned others) {
  if (inputs & ~kWordsOnly) return "leave out " + text_of(inputs);
  return "give the shots " + text_of(others & kKeyframe ? kKeyframe : others);
}

} // namespace

const Model& find_model(const Backend& backend, Role role, const std::string& name, unsigned inputs,
                        double seconds) {
  std::string known, fitting;
  unsigned others = 0; // what the models take, one or the other
  const auto add = [](std::string& list, const Model& model) {
    list += (list.empty() ? "" : ", ") + std::string(model.name);
  };
  const Model* named = nullptr;
  const Model* first = nullptr; // of those that take the inputs
  for (const Model& model : backend.models()) {
    if (model.role != role) continue;
    add(known, model);
    others |= model.inputs;
    if (takes(model, inputs)) {
      if (name.empty() && seconds <= model.max_seconds) return model;
      if (!first) first = &model;
      add(fitting, model);
    }
    if (name == model.name) named = &model;
  }
  if (name.empty() && first) return *first; // too short, which choose_seconds() says
  if (!named && !name.empty()) named = backend.other_model(role, name);
  if (named && takes(*named, inputs)) return *named;
  if (named)
    throw Error(Fault::settings, "the model " + name + " does not take " + text_of(inputs),
                fitting.empty() ? "choose another backend" : "choose one of " + fitting);
  if (name.empty() && !known.empty())
    throw Error(Fault::settings,
                std::string("no model of ") + backend.name() + " makes " +
                    (role == Role::clip ? "a clip" : "a picture") + " of " + text_of(inputs),
                advice(inputs, others) + ", or choose another backend");
  throw Error(Fault::settings,
              std::string("model ") + (name.empty() ? "for " : "\"" + name + "\" for ") +
                  stage_name(role) + " is unknown to " + backend.name(),
              known.empty() ? "choose another backend" : "choose one of " + known);
}

} // namespace aigc
