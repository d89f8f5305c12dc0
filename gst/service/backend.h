// SPDX-License-Identifier: LGPL-2.1-or-later
// What is different about one service, and nothing else. The driver (driver.h) does the rest.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"
#include "service/model.h"
#include "shot/shot.h"
#include "store/result.h"

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace aigc {

/// One call, complete: everything the result depends on stands here.
struct Request {
  Role role = Role::words;
  std::string model;
  std::string script; ///< the user's words
  std::string words;  ///< what to write about, paint or film
  std::string negative;
  std::string motion;
  std::string style;
  std::string mood;
  std::string language;
  std::string resolution; ///< wish for the writer, such as "4K"
  Size size;              ///< legal for the model
  double seconds = 0;     ///< legal for the model
  gint64 seed = -1;       ///< -1 = the service's choice
  gint64 take = 0;
  Ref<GBytes> keyframe; ///< encoded picture, may be empty
  Ref<GBytes> last_frame;
};

/// The id of work a service goes on with by itself.
struct Task {
  std::string id;
};

struct Poll {
  enum class State { pending, running, done };
  State state = State::pending;
  int percent = -1; ///< -1 = unknown
  Result result;    ///< when done
};

/// What a backend may use while it works on a call. It returns soon after `cancel` fires, and gives
/// up at `deadline`. `scratch` is a path of its own for the clip.
struct Call {
  Cancel& cancel;
  std::chrono::steady_clock::time_point deadline;
  std::function<void(int percent)> progress;
  std::string scratch;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual const char* name() const = 0;
  /// Part of the key of stored results: changes when the same request would give another one.
  virtual std::string edition() const { return name(); }
  /// Results are stand-ins and must be told apart from a model's.
  virtual bool is_preview() const { return false; }
  /// The first model of a role is its default.
  virtual std::span<const Model> models() const = 0;

  /// A result at once, or a task to be polled. All of these throw Error.
  virtual std::variant<Result, Task> submit(const Request& request, Call& call) = 0;
  virtual Poll poll(const Task& task, Call& call) = 0;
  /// Best effort, on teardown.
  virtual void cancel(const Task& task) = 0;
};

/// The model named, or the role's default when `name` is empty.
/// Throws Error{Fault::settings} that lists the names there are.
const Model& find_model(const Backend& backend, Role role, const std::string& name);

} // namespace aigc
