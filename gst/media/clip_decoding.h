// SPDX-License-Identifier: LGPL-2.1-or-later
// Decodes the pictures of a clip file, or its sound, for somebody who looks at them; nothing is
// shown.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "media/decode_kind.h"
#include "media/private_pipeline.h"
#include "media/probe.h"

#include <chrono>
#include <functional>
#include <optional>

namespace aigc {

class ClipDecoding {
 public:
  /// No healthy clip takes longer for what is looked at: a group of pictures or two.
  static constexpr std::chrono::seconds kLimit{60};

  /// Who looks; called on the decoder's thread.
  struct Viewer {
    /// A picture, which may have a GstVideoMeta, or a block of sound; false when no more is wanted.
    /// What comes before prepare() is over does not count.
    std::function<bool(GstPad*, GstBuffer*)> take;
    std::function<void()> restart; ///< what was taken so far stood before a seek
  };

  /// For a decoder: one leaves the processors to others, but in the first pictures after a seek it
  /// may not tell what is made up.
  enum class Threads { all, one };

  /// `clip` outlives it. Throws Error{Fault::missing_plugin}.
  ClipDecoding(const ClipInfo& clip, Viewer viewer, ClipKind kind = ClipKind::pictures,
               Threads threads = Threads::all);

  // These throw Error{Fault::damaged, format, missing_plugin, timeout, cancelled}.

  /// Decodes the first picture or block; to be called once, before the others.
  void prepare(Cancel& cancel);
  /// Goes to `start`, in stream time, to play up to `stop`, -1 = the end. False when the file
  /// cannot be searched.
  bool seek(gint64 start, gint64 stop);
  /// To the end, or until no more is wanted.
  void play(Cancel& cancel);

 private:
  struct State {
    bool prepared = false;
    bool ended = false;
    bool stopped = false;
    std::optional<Error> error;
  };

  template <typename Ready> void wait(Ready ready, Cancel& cancel);
  void hear(GstMessage* message);
  bool end();
  static void on_pad(GstElement*, GstPad* pad, gpointer self);
  static GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const ClipInfo& clip_;
  Viewer viewer_;
  ClipKind kind_;
  Guarded<State> state_;
  PrivatePipeline pipeline_; // last: its threads end before what they use
};

} // namespace aigc
