// SPDX-License-Identifier: LGPL-2.1-or-later
// The pictures of a channel, one for every slot, whatever happens.
#pragma once

#include "playout/desk.h"
#include "playout/picture_feed.h"

#include <gst/video/video.h>

namespace aigc {

class PictureTrack {
 public:
  /// Paints the slate, which takes a moment. Throws as paint_slate().
  PictureTrack(std::shared_ptr<Desk> desk, const std::string& slate_text);
  ~PictureTrack();

  struct Result {
    Slot slot;
    Ref<GstBuffer> buffer; ///< without timestamps; null at the end of the channel
    bool begins = false;   ///< another span than before
  };
  /// Slots are asked for one after the other. Throws Error{Fault::cancelled}.
  Result play(guint64 number, gint64 utc, std::chrono::nanoseconds patience);

 private:
  void enter(const Slot& slot);
  void go_back();
  void show(const Slot& slot, std::chrono::nanoseconds patience);
  bool is_dead(const Slot& slot) const;
  void retire(std::optional<PictureFeed>& feed);

  const std::shared_ptr<Desk> desk_;
  GstVideoInfo info_{};
  Ref<GstBuffer> slate_;
  Ref<GstBuffer> last_; ///< picture on air
  std::shared_ptr<Span> span_;
  std::shared_ptr<Span> before_; ///< the one before
  bool fenced_ = false;
  std::optional<PictureFeed> feed_;
  std::optional<PictureFeed> fading_; ///< of `before_`, while they are mixed, or it may return
};

} // namespace aigc
