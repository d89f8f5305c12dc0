// SPDX-License-Identifier: LGPL-2.1-or-later
// Ctrl-C as something that runs can be asked about and told of.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"

#include <vector>

namespace aigc::runner {

/// Shared by all runs of the process. Thread-safe.
struct Interrupt {
  Cancel finish;  ///< end what runs as it ends well
  Cancel at_once; ///< end it as it stands

  /// The first call is `finish`, the second `at_once`.
  void raise() { (finish.cancelled() ? at_once : finish).cancel(); }
};

/// Turns SIGINT, SIGTERM and SIGHUP into calls of raise() while it lives, on the thread that
/// iterates the context: the default one of the thread that makes this. Some time after the second
/// the program is over, whatever hangs. Of an interrupted program it is over at the next signal
/// once this is gone, as the status says that it was interrupted.
class SignalWatch {
 public:
  explicit SignalWatch(Interrupt& interrupt);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  static gboolean on_signal(gpointer self);

  Interrupt& interrupt_;
  std::vector<GSource*> sources_;
};

} // namespace aigc::runner
