// SPDX-License-Identifier: LGPL-2.1-or-later
// A stage whose service does what a test says, and the gate that holds its work.
#pragma once

#include "base/cancel.h"
#include "stage/kind.h"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include <gst/gst.h>

namespace aigc {

/// Work waits here until the test opens it.
class Gate {
 public:
  void open() {
    *open_.lock() = true;
    open_.notify();
  }
  /// Waits for open(); throws Error{Fault::cancelled} on cancel.
  void pass(Cancel& cancel);
  /// Waits for open() and nothing else, like a service that never answers.
  void pass_deaf() {
    open_.lock().wait([](bool is_open) { return is_open; });
  }

 private:
  Guarded<bool> open_;
};

/// What the fake service does and what it saw. Functions are set before the element runs.
struct Script {
  using Progress = StageRun::Progress;

  std::function<void(const Job&, Cancel&, const Progress&)> on_work; ///< default: at once
  std::function<void(const Job&)> on_fallback;
  std::function<void(Product&)> on_product; ///< changes what is given back
  std::string makes = "text/x-raw, format=(string)utf8";
  std::string notice;
  unsigned workers = 1;
  bool makes_clips = false;
  std::atomic<bool> resting = false;

  struct Seen {
    std::vector<std::string> words; ///< of each job, in the order they began
    std::vector<Job> jobs;
    unsigned begun = 0;
    unsigned ended = 0; ///< left work(), however
    unsigned running = 0;
    unsigned most_running = 0;
    unsigned runs = 0; ///< begin()
    unsigned negotiations = 0;
  };
  Guarded<Seen> seen;
  bool keep_jobs = true; ///< off where memory is measured

  /// Waits until `count` jobs have begun, have ended.
  bool began(size_t count);
  bool ended(size_t count);
};

/// A buffer of these bytes, which may be none.
Ref<GstBuffer> buffer_of(std::string_view bytes);

/// Calls `holds` until it is true, at most ten seconds.
bool eventually(const std::function<bool()>& holds);

/// Registers "fakestage" for launch lines; safe to call again.
void register_fake_stage();

/// A floating "fakestage".
GstElement* make_fake_stage();

/// The script of a fake stage; outlives the element.
std::shared_ptr<Script> script_of(GstElement* fake_stage);

} // namespace aigc
