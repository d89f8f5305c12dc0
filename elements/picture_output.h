// SPDX-License-Identifier: LGPL-2.1-or-later
// How a picture leaves qwenimagesrc: as delivered, as pixels, or in another encoding.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"
#include "service/model.h"

#include <string>

namespace aigc {

/// The format of one run, chosen once.
class PictureOutput {
 public:
  /// As delivered if `allowed` has it, else pixels, else transcoded. Pixels have the size asked
  /// for, else the one downstream names, else `fallback`'s.
  /// Throws Error{Fault::negotiation}, which names both sides.
  static PictureOutput choose(GstCaps* allowed, const std::string& delivered, Size asked,
                              Size fallback);

  GstCaps* caps() const { return caps_.get(); }
  /// Pixels only; 0x0 otherwise.
  Size size() const { return size_; }

  /// `picture` in this format; `decoded` are its pixels, where they are known. Throws
  /// Error{Fault::format, cancelled}.
  Ref<GstBuffer> make(GBytes* picture, Cancel& cancel,
                      std::shared_ptr<const Raster> decoded = nullptr) const;

 private:
  Ref<GstCaps> caps_;
  std::string mime_; ///< empty = pixels
  Size size_;
};

} // namespace aigc
