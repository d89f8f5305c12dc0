// SPDX-License-Identifier: LGPL-2.1-or-later
// What lookmatch does to frames: finds where clips begin, what each is to look like, and paints.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "look_groups.h"
#include "look_paint.h"

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
  /// Decides by what is there and pushes what is held back.
  GstFlowReturn drain();

  /// Forgets the clip, keeps the groups.
  void flush();
  /// Forgets all.
  void reset();

  /// Ends the reading of a reference picture, until allow().
  void cancel();
  void allow();

 private:
  GstFlowReturn begin_or_go_on(Ref<GstBuffer> buffer);
  bool look_at_frame(GstBuffer* buffer);
  bool held_long_enough(GstBuffer* next) const;
  void decide();
  Look find_look();
  const Raster& reference(const std::string& name);
  GstFlowReturn paint_and_push(Ref<GstBuffer> buffer);

  GstPad* src_;
  Guarded<std::shared_ptr<Cancel>> cancel_{std::make_shared<Cancel>()};
  GstVideoInfo info_{};
  LookGroups groups_;
  std::optional<Raster> reference_;

  // The clip that plays.
  std::string clip_, group_;
  bool playing_ = false, decided_ = false;
  Look look_;
  LookPainter painter_;
  std::vector<Ref<GstBuffer>> held_;
  PictureColours colours_; ///< of the frame that tells most so far
};

} // namespace aigc
