// SPDX-License-Identifier: LGPL-2.1-or-later
// Where livepushsink sends to: a location, what of it may be shown, and what is secret in it.
#pragma once

#include "base/error.h"
#include "base/ref.h"

#include <string>
#include <vector>

#include <gio/gio.h>

namespace aigc {

class PushTarget {
 public:
  enum class Protocol { rtmp, srt };

  /// Throws Error{Fault::settings}: no rtmp, rtmps or srt URI, or one that lacks something.
  explicit PushTarget(const std::string& location);

  Protocol protocol() const { return protocol_; }
  /// It waits for receivers to come, instead of going to one.
  bool listens() const { return listens_; }
  /// Without stream key, user, passphrase and stream id: for messages.
  const std::string& shown() const { return shown_; }
  /// `text` with every secret of the location struck out.
  std::string scrub(std::string text) const;
  /// The URI for the sink. Looks the host up where the sink itself would not let go of a look-up.
  /// Of several addresses each try gets another. Throws Error{Fault::not_found}.
  std::string resolved(unsigned tries, GCancellable* cancel) const;

 private:
  void read_rtmp(GstUri* uri);
  void read_srt(GstUri* uri);
  void keep_secret(const char* text);

  std::string location_;
  Protocol protocol_ = Protocol::rtmp;
  bool listens_ = false;
  std::string host_;
  std::string shown_;
  std::vector<std::string> secrets_;
};

} // namespace aigc
