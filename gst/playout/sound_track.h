// SPDX-License-Identifier: LGPL-2.1-or-later
// The sound of a channel: as many samples for every slot as the grid says, without clicks.
#pragma once

#include "playout/desk.h"
#include "playout/sound_feed.h"

namespace aigc {

class SoundTrack {
 public:
  explicit SoundTrack(std::shared_ptr<Desk> desk);
  ~SoundTrack();

  struct Result {
    Slot slot;
    Ref<GstBuffer> buffer; ///< without timestamps; null at the end of the channel
    bool begins = false;   ///< another span than before
  };
  /// Slots are asked for one after the other. Throws Error{Fault::cancelled}.
  Result play(guint64 number, gint64 utc, std::chrono::nanoseconds patience);

  const GstAudioInfo& info() const { return info_; }

 private:
  bool enter(const Slot& slot, guint64 number);
  bool go_back(const Slot& slot);
  void seek(guint64 number);
  void smooth(Result& result, bool starts, guint64 number, std::chrono::nanoseconds patience);
  void cross(Result& result, guint64 samples, std::chrono::nanoseconds patience);
  void fade_part(GstBuffer* block, guint64 start, guint64 samples, double first, double last) const;
  void put(GstBuffer* block, guint64 start, GstBuffer* part) const;
  Ref<GstBuffer> part(GstBuffer* block, guint64 start, guint64 samples) const;
  guint64 samples_of(guint64 number) const;
  guint64 tail_samples() const;
  void retire(std::optional<SoundFeed>& feed);

  const std::shared_ptr<Desk> desk_;
  GstAudioInfo info_{};
  bool mixes_ = false;
  std::shared_ptr<Span> span_;
  std::shared_ptr<Span> before_; ///< the one before
  guint64 index_ = 0;            ///< slot of it played last
  std::optional<SoundFeed> feed_;
  std::optional<SoundFeed> tail_; ///< of what was on air before, while it is heard or may return
  double share_ = 1;              ///< of `feed_` in what was heard last; the rest was the tail's
  bool fades_ = false;            ///< the tail goes as slowly as the pictures
};

} // namespace aigc
