// SPDX-License-Identifier: LGPL-2.1-or-later
// What is different about one service, and nothing else. The driver (driver.h) does the rest.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"
#include "base/secret.h"
#include "service/model.h"
#include "shot/shot.h"
#include "store/result.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace aigc {

/// An input picture: its bytes, or an http(s) address the service reads itself.
struct Media {
  Ref<GBytes> bytes; ///< encoded
  std::string url;
  explicit operator bool() const { return bytes || !url.empty(); }
};

/// From the seed of one take of a shot to that of the next.
inline constexpr gint64 kTakeStride = 7919;

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
  std::string brand;
  std::string system_prompt; ///< in the place of the writer's own rules; empty = those
  double temperature = 0.7;  ///< of the writer
  double top_p = 1;
  gint64 max_tokens = 800;
  bool prompt_extend = false; ///< the service may rewrite the words
  bool watermark = false;     ///< the service's visible mark
  Size size;                  ///< legal for the model
  double seconds = 0;         ///< legal for the model
  gint64 seed = -1;           ///< -1 = the service's choice
  gint64 take = 0;
  Ref<GBytes> keyframe; ///< encoded picture, may be empty
  Ref<GBytes> last_frame;
  std::vector<Media> references;
  std::vector<std::uint32_t> palette; ///< 0xRRGGBB, for the built-in artist; others get words
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

/// A create whose answer was lost: sent, or about to be, at `sent`.
struct Intent {
  std::chrono::system_clock::time_point sent;
  std::string call;                  ///< Call::id of that order
  std::set<std::string> known_tasks; ///< ids that belong to other calls
};

/// What a service can say of a lost create.
struct Found {
  enum class Answer {
    unknown, ///< it cannot tell
    none,    ///< it never took the call
    task,    ///< it did, and works on `task`
  };
  Answer answer = Answer::unknown;
  Task task;
};

/// What a backend may use while it works on a call. It returns soon after `cancel` fires, and gives
/// up at `deadline`. `scratch` is a path of its own for the clip.
struct Call {
  Cancel& cancel;
  std::chrono::steady_clock::time_point deadline;
  std::function<void(int percent)> progress;
  std::string scratch;
  std::string id; ///< of the order, a UUID; the journal has it before anything is sent
  std::function<void(GBytes*)> preview; ///< a sketch of the unfinished result, PNG or JPEG
};

/// Who is asked, and on whose account: what a limiter is kept for.
struct Endpoint {
  std::string host;        ///< with port; empty = nothing leaves this machine
  std::string account;     ///< a digest of the key, never the key
  bool is_private = false; ///< loopback or a private network, whose results may be there, too
  bool free = false;       ///< a server of one's own that sends no bill
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual const char* name() const = 0;
  /// Part of the key of stored results: changes when the same request would give another one.
  virtual std::string edition() const { return name(); }
  /// Results are stand-ins and must be told apart from a model's.
  virtual bool is_preview() const { return false; }
  virtual Endpoint endpoint() const { return {}; }
  /// The first model of a role that fits the inputs is its default.
  virtual std::span<const Model> models() const = 0;
  /// A row for a name the table does not have, or null when such a name is refused.
  virtual const Model* other_model(Role role, const std::string& name) const { return nullptr; }

  /// The name a model goes by in the price file where that does not have its own.
  virtual std::string price_name(const std::string& model) const { return model; }

  /// A result at once, or a task to be polled. One create is sent, never twice. All of these throw
  /// Error, with `retry`, `retry_after` and `unclear` as they apply.
  virtual std::variant<Result, Task> submit(const Request& request, Call& call) = 0;
  /// One look. `request` is the one that was submitted.
  virtual Poll poll(const Task& task, const Request& request, Call& call) = 0;
  /// Best effort, on teardown; true when the service will not bill the task.
  virtual bool cancel(const Task& task, Call& call) = 0;
  /// Between two looks: returns after `duration`, or sooner when the service says that something
  /// happened, or `cancel` fires. May report progress.
  virtual void linger(const Task& task, std::chrono::nanoseconds duration, Call& call) {
    call.cancel.sleep(duration);
  }
  /// What the service wants to see before it hands out the file at `url`: nothing, unless it keeps
  /// the results itself.
  virtual Secret key_for(const std::string& url) const { return {}; }
  /// Asks whether the service is there and takes the key, by a call that makes and costs nothing.
  virtual void probe(Call& call) {}
  /// After a create whose answer was lost.
  virtual Found find(const Request& request, const Intent& intent, Call& call) { return {}; }
};

/// The model named, or the first of the role that takes all of `inputs` when `name` is empty: one
/// that makes clips of `seconds` (0 = of any length), if any does. Throws Error{Fault::settings}
/// that lists the names there are, or what the model does not take.
const Model& find_model(const Backend& backend, Role role, const std::string& name,
                        unsigned inputs = kWordsOnly, double seconds = 0);

} // namespace aigc
