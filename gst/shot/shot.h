// SPDX-License-Identifier: LGPL-2.1-or-later
// A shot: one clip's worth of intent, and what the stages have made of it so far.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gst/gst.h>

namespace aigc {

/// Where a result came from; every stage a shot has passed adds one.
struct Provenance {
  std::string stage;   ///< "prompt", "image" or "video"
  std::string service; ///< backend name, such as "preview"
  std::string model;
  std::string request_id; ///< empty when the service gives none
  gint64 seed = -1;       ///< the seed used, -1 when unknown
  double cost = 0;        ///< in `currency`
  std::string currency;
  bool cache_hit = false;
  bool preview = false; ///< made by the built-in stand-in, not by a model
  bool planned = false; ///< a dry run: nobody was asked, what it would be is not known

  bool operator==(const Provenance&) const = default;
};

/// Numbers keep their default, texts stay empty, when nobody said otherwise.
struct Shot {
  std::string id;     ///< unique in its list; "shot-N" (N from 1) when not given
  std::string run;    ///< the end of the id that says language and turn of the list
  gint64 index = 0;   ///< place in the list, from 0
  std::string script; ///< the user's words
  std::string prompt; ///< the writer's full visual description
  std::string negative_prompt;
  std::string motion_prompt; ///< what the camera and the subject do
  std::string style;
  std::string brand;
  std::string language; ///< BCP 47, or empty
  gint64 width = 0;     ///< pixels asked for, 0 = not said
  gint64 height = 0;
  double duration = 0;                 ///< seconds asked for, 0 = not said
  gint64 seed = -1;                    ///< 0..2147483647, -1 = the service's choice
  gint64 take = 0;                     ///< another take asks for another result of the same words
  std::string keyframe;                ///< "always", "auto", "never", or empty
  std::string chain;                   ///< shots of one chain follow each other
  std::string look_group;              ///< clips of one group are colour-matched
  std::vector<std::string> references; ///< URIs of character or style pictures
  std::string mood;
  std::string at;     ///< fixed air time, ISO 8601 with its zone once a list has sent it, or empty
  gint64 request = 0; ///< number among the operators' requests, which go first; 0 = of the list
  std::vector<Provenance> provenance;
  std::string extra; ///< unknown JSON members, as one JSON object, kept as they came

  bool operator==(const Shot&) const = default;

  /// The id in the list, the same in every language and turn.
  std::string_view base_id() const {
    const std::string_view all = id;
    return all.substr(0, all.size() - (all.ends_with(run) ? run.size() : 0));
  }

  /// The words a picture or clip is made from: the writer's, else the user's.
  const std::string& words() const { return prompt.empty() ? script : prompt; }

  /// A stage before this one was on a dry run: what is asked for from here on is not yet known.
  bool planned() const {
    return std::any_of(provenance.begin(), provenance.end(),
                       [](const Provenance& stage) { return stage.planned; });
  }
};

/// The length of a shot nobody gave one, in seconds.
inline constexpr double kDefaultShotSeconds = 5;

/// What can be asked of any service: sides in pixels, length in seconds. A model's own limits are
/// narrower and stand in its table.
inline constexpr int kMinSide = 16;
inline constexpr int kMaxSide = 8192;
inline constexpr double kMinShotSeconds = 0.1;
inline constexpr double kMaxShotSeconds = 3600;

/// The longest text a shot field may hold, in bytes.
inline constexpr size_t kMaxTextBytes = 32 * 1024;

using ShotMember = std::variant<std::string Shot::*, gint64 Shot::*, double Shot::*,
                                std::vector<std::string> Shot::*>;

/// One line per field: JSON, GstStructure and meta all follow this table.
struct ShotField {
  const char* name; ///< JSON member and structure field
  ShotMember member;
  double minimum = 0; ///< of numbers
  double maximum = 0;
  bool in_json = true; ///< else a member of its name is an unknown one
};
std::span<const ShotField> shot_fields();

/// Throws Error{Fault::settings} naming the field when a value is out of range, too long, not UTF-8
/// or holds a NUL.
void check_shot(const Shot& shot);

/// Throws Error{Fault::settings} when `text` is not UTF-8, holds a NUL, or is longer than
/// kMaxTextBytes. `name` is what the message calls it.
void check_text(std::string_view name, std::string_view text);

/// True when `text` has nothing but white space.
bool is_blank(std::string_view text);

} // namespace aigc
