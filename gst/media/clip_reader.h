// SPDX-License-Identifier: LGPL-2.1-or-later
// Decodes one stream of a clip, conformed to a format, a few buffers ahead of whoever reads.
// Pictures and sound have a reader each, so that neither ever waits for the other.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "base/ref.h"
#include "media/private_pipeline.h"
#include "media/probe.h"
#include "media/tone_map.h"

#include <chrono>
#include <deque>
#include <optional>

namespace aigc {

/// How a picture of another shape comes into the frame.
enum class Fit { letterbox, crop, stretch };

struct VideoTarget {
  Ref<GstCaps> caps; ///< fixed; the frame rate is left as it is in the clip
  Fit fit = Fit::letterbox;
  bool any_stride = false; ///< whoever takes the buffers honours GstVideoMeta
};

class ClipReader {
 public:
  /// A film takes pictures as fast as it can get them. A channel has clips open long before it
  /// plays them at their own pace, so there few pictures are decoded ahead, and by few threads.
  enum class Use { film, channel };

  /// Both start decoding at once and return. Throw Error{Fault::missing_plugin}.
  ClipReader(const ClipInfo& clip, const VideoTarget& target, Cancel& cancel, Use use = Use::film);
  ClipReader(const ClipInfo& clip, GstCaps* audio, Cancel& cancel);
  /// Stops decoding; takes milliseconds.
  ~ClipReader();

  struct Block {
    Ref<GstBuffer> buffer;
    GstClockTimeDiff time = 0; ///< from the clip's first frame
  };

  /// For a channel: from now on it reads ahead as far as decoding may stumble on a busy machine.
  void go_on_air();

  /// Waits until the first block is decoded. Throws Error when there is none to come.
  void wait_ready();

  /// Waits for the next block; none at the end, which also comes early when the clip turns bad.
  /// Throws Error{Fault::cancelled}.
  std::optional<Block> read();

  /// Waits at most `limit` until read() returns at once; whether it does.
  /// Throws Error{Fault::cancelled}.
  bool wait_block(std::chrono::nanoseconds limit);

  /// What went wrong so far, if anything.
  std::optional<Error> trouble() const { return state_.snapshot().error; }

  const ClipInfo& clip() const { return clip_; }

 private:
  struct State {
    std::deque<Block> blocks;
    size_t depth = 0; ///< blocks decoded ahead
    bool ended = false;
    bool stopped = false;
    bool found = false;
    std::optional<Error> error;
  };

  ClipReader(const ClipInfo& clip, bool video, Ref<GstCaps> caps, Cancel& cancel);
  void start();
  void on_message(GstMessage* message);
  void on_pad(GstPad* pad);
  void connect(GstPad* pad);
  void discard(GstPad* pad);
  std::vector<GstElement*> conform_chain(GstPad* pad);
  void add_tone_map(GstCaps* decoded, std::vector<GstElement*>& chain);
  GstFlowReturn on_sample(GstElement* sink);
  void end();
  void stop();

  ClipInfo clip_;
  bool video_;
  VideoTarget target_;
  Use use_ = Use::film;
  std::optional<ToneMap> tone_map_;
  mutable Guarded<State> state_;
  Cancel::Hook on_cancel_;
  PrivatePipeline pipeline_; // last: its threads end before what they use
};

} // namespace aigc
