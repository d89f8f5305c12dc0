// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection of livepushsink: a pipeline of its own from encoded buffers to the peer.
#pragma once

#include "livepushsink_target.h"
#include "media/private_pipeline.h"

#include <array>
#include <functional>

namespace aigc {

enum class PushMedia { video, audio };
inline constexpr std::array kPushMedia{PushMedia::video, PushMedia::audio};

/// Something for pictures and for sound.
template <typename T> struct PushPair {
  std::array<T, 2> items;
  T& operator[](PushMedia media) { return items[static_cast<size_t>(media)]; }
  const T& operator[](PushMedia media) const { return items[static_cast<size_t>(media)]; }
};

/// Null for what is not sent.
using PushFormat = PushPair<Ref<GstCaps>>;

class PushConnection {
 public:
  /// Told on the threads of the pipeline.
  struct Events {
    std::function<void(const Error&)> failed; ///< message without secrets
    std::function<void()> finished;           ///< all was given to the network
  };

  /// Throws Error when an element is missing. Elements it needs are of the "bad" plugins.
  PushConnection(const PushTarget& target, const PushFormat& format, Events events);
  /// Closes it, in whatever phase it is.
  ~PushConnection();

  /// Connects to `uri` and returns, for RTMP before anything was sent.
  void start(const std::string& uri);
  /// Whether a peer has accepted.
  bool is_up() const;
  /// By the network, so far.
  guint64 bytes_taken() const;
  bool has_room(PushMedia media) const;
  /// Whether there is nothing left that was pushed and not yet muxed.
  bool is_empty(PushMedia media) const;
  void push(PushMedia media, Ref<GstBuffer> buffer);
  /// No more will be pushed.
  void finish();

 private:
  void build();
  void add_lane(GstElement* mux, PushMedia media, GstCaps* caps);
  void take(GstMessage* message);
  guint64 level(PushMedia media) const;
  Own<GstStructure> stats() const;

  const PushTarget& target_;
  const Events events_;
  GstElement* sink_ = nullptr;
  PushPair<GstElement*> sources_{};
  PrivatePipeline pipeline_; // last: its threads use all above
};

/// Throws Error{Fault::missing_plugin} when an element for `target` is not installed.
void check_push_elements(const PushTarget& target);

} // namespace aigc
