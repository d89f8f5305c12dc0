// SPDX-License-Identifier: LGPL-2.1-or-later
// The report for people: a line a stage, redrawn on a terminal, else a line an event.
#include "plan.h"
#include "report.h"
#include "text.h"

#include <cstdio>
#include <unistd.h>

namespace aigc::runner {
namespace {

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return format("%d bytes", static_cast<int>(bytes));
  if (bytes < 1000 * 1000) return format("%.0f kB", bytes / 1e3);
  return format("%.1f MB", bytes / 1e6);
}

const char* verb(GstProgressType type) {
  switch (type) {
  case GST_PROGRESS_TYPE_START:
    return "started";
  case GST_PROGRESS_TYPE_CONTINUE:
    return "goes on";
  case GST_PROGRESS_TYPE_COMPLETE:
    return "done";
  case GST_PROGRESS_TYPE_CANCELED:
    return "canceled";
  case GST_PROGRESS_TYPE_ERROR:
    return "failed";
  }
  return "";
}

class TextReport final : public Report {
 public:
  TextReport() : redraws_(isatty(STDERR_FILENO)) {}

 private:
  void show_start(const std::string& job, const std::string& out) override {
    std::fprintf(stderr, "%s: making %s\n", job.c_str(), out.c_str());
  }

  void show_step(const Step& step, const StageTally&) override {
    if (redraws_) return draw();
    if (step.type == GST_PROGRESS_TYPE_CONTINUE) return;
    std::fprintf(stderr, "%6.1f s  %-7s %s %s\n", elapsed(), step.stage.c_str(), step.id.c_str(),
                 verb(step.type));
  }

  void show_element_message(const std::string&, const GstStructure*) override {}

  void show_warning(const Problem& problem) override {
    erase();
    std::fprintf(stderr, "note: %s\n", problem.message.c_str());
    if (redraws_) draw();
  }

  void show_interrupt() override {
    erase();
    std::fputs("stopping: finishing the file with what is there; once more stops at once\n",
               stderr);
    if (redraws_) draw();
  }

  void show_plan(const PlanSum& sum) override { print(plan_text(sum)); }

  void show_error(const Problem& problem) override {
    const std::string who = problem.element.empty() ? "" : problem.element + ": ";
    std::fprintf(stderr, "error: %s%s\n", who.c_str(), problem.message.c_str());
    if (!problem.remedy.empty()) std::fprintf(stderr, "  %s\n", problem.remedy.c_str());
  }

  void show_figures(const BrandFigures& figures) override {
    print("brand: " + figures.text() + (figures.ok() ? "\n" : ": past its limits\n"));
  }

  void show_finish(const Made* made, bool interrupted) override {
    print_stages();
    if (!made)
      return print(interrupted ? "interrupted before there was anything to keep; no file was made\n"
                               : "no file was made\n");
    std::string what;
    if (made->seconds > 0) what += format("%.2f s, ", made->seconds);
    if (made->width > 0) what += format("%dx%d, ", made->width, made->height);
    print(made->path + ": " + what + size_text(made->bytes) +
          format(", made in %.1f s", elapsed()) +
          (interrupted ? ", ended by the interruption\n" : "\n"));
  }

  void print_stages() {
    if (stages().empty()) return;
    print("stage    done  failed  from cache    time   cost\n");
    for (const auto& tally : stages())
      print(format("%-7s %5d  %6d  %10d  %4.1f s   ", tally.stage.c_str(), tally.done, tally.failed,
                   tally.cached, tally.ended - tally.begun) +
            cost_text(tally.cost) + "\n");
    print("cost: " + cost_text(cost()) + format("; from cache: %d\n", cached()));
  }

  static void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

  void erase() {
    if (drawn_ > 0) std::fprintf(stderr, "\033[%dA\033[J", drawn_);
    drawn_ = 0;
  }

  void draw() {
    erase();
    for (const auto& tally : stages()) {
      std::string line = format("%-7s %d done", tally.stage.c_str(), tally.done);
      if (tally.failed) line += format(", %d failed", tally.failed);
      if (tally.running) line += format(", %d running", tally.running);
      if (tally.percent >= 0) line += format(" (%.0f %%)", tally.percent);
      std::fprintf(stderr, "%s\n", line.c_str());
      ++drawn_;
    }
  }

  const bool redraws_;
  int drawn_ = 0;
};

} // namespace

std::unique_ptr<Report> text_report() {
  return std::make_unique<TextReport>();
}

} // namespace aigc::runner
