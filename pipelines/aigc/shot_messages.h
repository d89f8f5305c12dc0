// SPDX-License-Identifier: LGPL-2.1-or-later
// What the stages of a pipeline say of their shots, kept.
#pragma once

#include "base/guarded.h"
#include "plan.h"

namespace aigc::runner {

struct ShotFailure {
  std::string id, stage, message, remedy;
};

/// Must outlive the pipeline it listens to.
class ShotMessages {
 public:
  /// Before the pipeline starts.
  void listen(GstElement* pipeline);

  Plan plan() const { return said_.snapshot().plan; }
  std::vector<ShotFailure> failures() const { return said_.snapshot().failures; }

 private:
  struct Said {
    Plan plan;
    std::vector<ShotFailure> failures;
  };
  static void on_message(GstBus* bus, GstMessage* message, gpointer self);

  Guarded<Said> said_;
};

/// Passes on what is wrong, and messages of shots; no progress, and no end.
class Relay final : public Report {
 public:
  explicit Relay(Report& report) : report_(report) {}

 private:
  void show_start(const std::string&, const std::string&) override {}
  void show_step(const Step&, const StageTally&) override {}
  void show_element_message(const std::string& element, const GstStructure* structure) override {
    report_.element_message(element, structure);
  }
  void show_warning(const Problem& problem) override { report_.warning(problem); }
  void show_interrupt() override { report_.interrupt(); }
  void show_error(const Problem& problem) override { report_.error(problem); }
  void show_finish(const Made*, bool) override {}

  Report& report_;
};

} // namespace aigc::runner
