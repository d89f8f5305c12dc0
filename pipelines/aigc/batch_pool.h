// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the rows of a batch, several at once, each on a thread of its own.
#pragma once

#include "base/guarded.h"
#include "batch_display.h"
#include "interrupt.h"
#include "run_job.h"

#include <thread>

namespace aigc::runner {

/// Makes one item with these options and says what became of it. Throws nothing.
using MakeItem = std::function<BatchResult(const BatchItem& item, const LaunchOptions& options)>;

class BatchPool {
 public:
  /// Works on those of `results` that are waiting, in their order. All outlive the pool.
  BatchPool(std::vector<BatchResult>& results, MakeItem make, BatchDisplay& display);
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  size_t to_make() const { return to_make_; }
  BatchCounts counts();

  /// Runs until nothing is left to do or `interrupt` has ended what runs, on the thread that
  /// iterates the default main context and watches the signals. Returns whether all threads have
  /// ended; when not, nothing but _exit() ends the process safely, and `results` are still good.
  bool run(size_t jobs, Interrupt& interrupt);

 private:
  struct State {
    size_t next = 0; ///< where to look for the next waiting item
    size_t threads = 0;
    BatchCounts counts;
    bool closed = false; ///< results are no longer taken
  };

  void work(Interrupt& interrupt);
  bool wait(size_t jobs, Interrupt& interrupt);
  BatchResult* take(const Interrupt& interrupt);
  void put(BatchResult& place, BatchResult result);

  std::vector<BatchResult>& results_;
  const MakeItem make_;
  BatchDisplay& display_;
  const size_t to_make_;
  Guarded<State> state_;
  std::vector<std::thread> threads_;
};

} // namespace aigc::runner
