// SPDX-License-Identifier: LGPL-2.1-or-later
// See events.h.
#include "service/comfyui/events.h"

#include "net/backoff.h"
#include "net/http.h"
#include "service/comfyui/watch.h"

#include <algorithm>
#include <condition_variable>

namespace aigc::comfyui {

using Clock = std::chrono::steady_clock;

namespace {

/// A sketch is shown while the next is made: none of them is large.
constexpr size_t kMaxSketchBytes = 8u << 20;
/// For as long, a prompt is taken to be where it was.
constexpr std::chrono::seconds kFresh{10};

} // namespace

/// Shared with the socket's handlers, which may outlive the rest.
struct Events::State {
  struct Entry {
    Watch watch;
    std::optional<Place> place; ///< where it was, at `seen`
    Clock::time_point seen;
    int told = -1;     ///< percent
    bool wake = false; ///< the history is worth a look
    bool wants_sketch = false;
    Ref<GBytes> sketch;
  };
  enum class Line { closed, opening, open };

  explicit State(std::map<std::string, double> weights) : weights(std::move(weights)) {}

  /// Somebody who waits; sketches are kept only for one who looks at them.
  class Viewer {
   public:
    Viewer(State& state, const std::string& prompt, bool looks) : state_(state), prompt_(prompt) {
      std::lock_guard guard(state_.mutex);
      state_.entries[prompt_].wants_sketch = looks;
    }
    ~Viewer() {
      std::lock_guard guard(state_.mutex);
      if (!comes_back_) {
        state_.entries.erase(prompt_);
        return;
      }
      State::Entry& entry = state_.entries[prompt_];
      entry.wants_sketch = false;
      entry.sketch.reset();
    }
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;
    void come_back() { comes_back_ = true; }

   private:
    State& state_;
    const std::string& prompt_;
    bool comes_back_ = false;
  };

  void opened();
  void hear(std::string_view text);
  void hear(GBytes* bytes);
  void lost();

  const std::map<std::string, double> weights;
  std::mutex mutex; ///< for what follows
  std::condition_variable changed;
  std::map<std::string, Entry> entries;
  std::string running; ///< the prompt that was last heard of, ours or not
  Line line = Line::closed;
  Clock::time_point retry_at{};
  unsigned failures = 0; ///< in a row
};

/// What was told before is told to nobody again, so those that wait have to look.
void Events::State::opened() {
  {
    std::lock_guard guard(mutex);
    line = Line::open;
    for (auto& [prompt, entry] : entries)
      entry.wake = true;
  }
  changed.notify_all();
}

void Events::State::hear(std::string_view text) {
  Ref<JsonNode> root;
  try {
    root = parse_json(text);
  } catch (const Error&) {
    return; // custom nodes send what they like
  }
  const JsonView message(root.get());
  const JsonView data = message["data"];
  const std::string named = data["prompt_id"].text();
  {
    std::lock_guard guard(mutex);
    failures = 0;
    if (!named.empty()) running = named;
    // Old servers leave the prompt out, but never the node.
    if (named.empty() && !data["node"].exists()) return;
    const auto entry = entries.find(running);
    if (entry == entries.end()) return;
    const bool over = entry->second.watch.hear(message["type"].text(), data, weights);
    if (over) entry->second.wake = true;
    entry->second.place = over ? std::nullopt : std::optional(Place::running);
    entry->second.seen = Clock::now();
  }
  changed.notify_all();
}

void Events::State::hear(GBytes* bytes) {
  if (g_bytes_get_size(bytes) > kMaxSketchBytes) return;
  Sketch sketch = read_sketch(bytes);
  if (!sketch.picture) return;
  {
    std::lock_guard guard(mutex);
    const auto entry = entries.find(sketch.prompt.empty() ? running : sketch.prompt);
    if (entry == entries.end() || !entry->second.wants_sketch) return;
    entry->second.sketch = std::move(sketch.picture);
  }
  changed.notify_all();
}

void Events::State::lost() {
  {
    std::lock_guard guard(mutex);
    line = Line::closed;
    running.clear();
    for (auto& [prompt, entry] : entries)
      entry.place.reset();
    retry_at = Clock::now() + backoff(failures++);
  }
  changed.notify_all();
}

Events::Events(WebSocket::Target socket, std::map<std::string, double> weights)
    : client_id_(take_string(g_uuid_string_random())), target_([&] {
        socket.url += "?clientId=" + client_id_;
        return std::move(socket);
      }()),
      state_(std::make_shared<State>(std::move(weights))) {}

Events::~Events() = default;

void Events::open() {
  std::lock_guard guard(mutex_);
  {
    std::lock_guard guard(state_->mutex);
    if (state_->line != State::Line::closed || Clock::now() < state_->retry_at) return;
    state_->line = State::Line::opening;
  }
  const auto state = state_;
  socket_ = std::make_unique<WebSocket>(
      HttpClient::shared(), target_,
      WebSocket::Handlers{[state] { state->opened(); },
                          [state](std::string_view text) { state->hear(text); },
                          [state](GBytes* bytes) { state->hear(bytes); },
                          [state](const Error&) { state->lost(); }});
}

void Events::expect(const std::string& prompt) {
  std::lock_guard guard(state_->mutex);
  state_->entries[prompt];
}

void Events::forget(const std::string& prompt) {
  std::lock_guard guard(state_->mutex);
  state_->entries.erase(prompt);
}

std::optional<Place> Events::place(const std::string& prompt) {
  std::lock_guard guard(state_->mutex);
  const auto entry = state_->entries.find(prompt);
  if (entry == state_->entries.end() || Clock::now() - entry->second.seen > kFresh)
    return std::nullopt;
  return entry->second.place;
}

void Events::saw(const std::string& prompt, Place place) {
  std::lock_guard guard(state_->mutex);
  const auto entry = state_->entries.find(prompt);
  if (entry == state_->entries.end()) return;
  entry->second.place = place;
  entry->second.seen = Clock::now();
}

struct Events::News {
  int percent = -1; ///< when it changed
  Ref<GBytes> sketch;
  bool over = false; ///< nothing to wait for any more
};

/// Until there is news, the socket may be opened again, or the end.
Events::News Events::wait(const std::string& prompt, Clock::time_point end, Call& call) {
  State& state = *state_;
  const Cancel::Hook wake(call.cancel, [&state] {
    { std::lock_guard guard(state.mutex); } // the waiter is before its look or in its wait
    state.changed.notify_all();
  });
  std::unique_lock lock(state.mutex);
  State::Entry& entry = state.entries[prompt];
  const auto line = state.line;
  const auto until = line == State::Line::closed ? std::min(end, state.retry_at) : end;
  state.changed.wait_until(lock, until, [&] {
    return call.cancel.cancelled() || entry.wake || entry.sketch || state.line != line ||
           entry.watch.percent() > entry.told;
  });
  News news;
  if (entry.watch.percent() > entry.told) news.percent = entry.told = entry.watch.percent();
  news.sketch = std::move(entry.sketch);
  news.over = std::exchange(entry.wake, false) || call.cancel.cancelled() || Clock::now() >= end;
  return news;
}

void Events::linger(const std::string& prompt, std::chrono::nanoseconds duration, Call& call) {
  const auto end = Clock::now() + duration;
  State::Viewer viewer(*state_, prompt, static_cast<bool>(call.preview));
  for (;;) {
    open();
    const News news = wait(prompt, end, call);
    if (news.sketch) call.preview(news.sketch.get());
    if (news.percent >= 0) call.progress(news.percent);
    if (!news.over) continue;
    if (!call.cancel.cancelled() && Clock::now() < call.deadline) viewer.come_back();
    return;
  }
}

} // namespace aigc::comfyui
