// SPDX-License-Identifier: LGPL-2.1-or-later
// What lookmatch does to frames: finds where clips begin, what each is to look like, and paints.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "look_groups.h"
#include "look_paint.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace aigc {

struct LookSettings {
  std::string reference;
  double strength = 1;
};

/// How long the beginning of a clip is held back at most while it shows nothing to compare by.
inline constexpr GstClockTime kLongestHold = 500 * GST_MSECOND;

/// Everything but cancel() and allow() is for the streaming thread, or for nobody else's.
class LookMatchCore {
 public:
  explicit LookMatchCore(GstPad* src) : src_(src) {}

  Guarded<LookSettings> settings;

  /// All of these throw Error.
  void set_format(const GstVideoInfo& info);
  GstFlowReturn chain(Ref<GstBuffer> buffer);
  /// Of serialized events. True when it is held back behind the frames before it; else these have
  /// gone, and the event is to follow.
  bool hold_back(GstEvent* event);

  /// Drops what is held back, keeps the groups and the looks that were found.
  void flush();
  /// Forgets all.
  void reset();

  /// Ends the reading of a reference picture, until allow().
  void cancel();
  void allow();

 private:
  /// One of the two.
  struct Held {
    Ref<GstBuffer> frame;
    Ref<GstEvent> event;
  };

  std::string clip_of(const std::optional<Shot>& shot) const;
  void begin_clip(const std::string& clip, const std::string& group, bool alone);
  GstFlowReturn begin_or_go_on(Ref<GstBuffer> buffer);
  bool look_at_frame(GstBuffer* buffer);
  bool held_enough(GstBuffer* next) const;
  bool held_until(GstClockTime end) const;
  void note_boundary(GstEvent* event);
  /// Decides by what is there and pushes what is held back.
  GstFlowReturn drain();
  void decide();
  void take(const LookPoint& found);
  LookPoint find_look();
  const Raster& reference(const std::string& name);
  GstFlowReturn paint_and_push(Ref<GstBuffer> buffer);

  GstPad* src_;
  Guarded<std::shared_ptr<Cancel>> cancel_{std::make_shared<Cancel>()};
  GstVideoInfo info_{};
  LookGroups groups_;
  std::optional<Raster> reference_;

  // What tells clips without shots apart.
  std::string stream_;
  unsigned stretch_ = 0; ///< counts streams and segments
  bool flushed_ = false; ///< the segment to come is a seek's

  std::map<std::string, LookPoint> found_; ///< by clip and group, at full strength

  // The clip that plays.
  std::string clip_, group_;
  bool playing_ = false, decided_ = false;
  Look look_;
  LookPainter painter_;
  std::vector<Held> held_; ///< a frame comes first
  size_t held_frames_ = 0, held_bytes_ = 0;
  PictureColours colours_; ///< of the frame that tells most so far
};

} // namespace aigc
