// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_display.h.
#include "batch_display.h"

#include "text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <unistd.h>

namespace aigc::runner {
namespace {

using Clock = std::chrono::steady_clock;

/// Without a terminal a line of progress comes this often.
constexpr std::chrono::seconds kSparse{10};

std::string clock_text(double seconds) {
  const long whole = std::lround(std::ceil(seconds));
  if (whole < 3600) return format("%ld:%02ld", whole / 60, whole % 60);
  return format("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string shard_text(const Shard& shard) {
  if (shard.source.empty()) return "";
  return format(", shard %zu/%zu by ", shard.index, shard.count) + shard.source;
}

std::string name_of(const BatchItem& item) {
  std::string name = item.place.empty() ? format("row %zu", item.row) : item.place;
  if (!item.language.empty()) name += ", " + item.language;
  return item.out.empty() ? name : name + ", " + item.out;
}

class TextDisplay final : public BatchDisplay {
 public:
  TextDisplay() : redraws_(isatty(STDERR_FILENO)) {}

  void start(const BatchReport& report, const BatchCounts& counts) override {
    const BatchTotals sum = report.totals();
    std::string text = report.job + ": " + format("%zu to make", counts.to_make);
    if (sum.skipped) text += format(", %zu skipped", sum.skipped);
    if (!report.rows.empty()) text += ", of " + report.rows;
    print(text + shard_text(report.shard) + "\n");
  }

  std::unique_ptr<Report> row_report(const BatchItem&) override {
    return std::make_unique<RowReport>(*this);
  }

  void row_done(const BatchResult& result) override {
    if (result.state != RowState::failed) return;
    std::string text = "failed: " + name_of(result.item) + ": " + result.message + "\n";
    // A bad row says itself where it is.
    if (result.item.out.empty()) text = "failed: " + result.message + "\n";
    if (!result.remedy.empty()) text += "  " + result.remedy + "\n";
    print(text);
  }

  void progress(const BatchCounts& counts, size_t jobs) override {
    const std::string text = counts.text(jobs);
    std::lock_guard guard(mutex_);
    if (redraws_) {
      std::fprintf(stderr, "\r\033[K%s", text.c_str());
      std::fflush(stderr);
      line_ = text;
    } else if (Clock::now() - told_ >= kSparse && text != line_told_) {
      told_ = Clock::now();
      line_told_ = text;
      std::fprintf(stderr, "%s\n", text.c_str());
    }
  }

  void interrupt() override {
    print("stopping: no new rows begin, what runs is ended; once more stops at once\n");
  }

  void plan(const PlanSum& sum) override { std::fputs(plan_text(sum).c_str(), stdout); }
  void finish(const BatchReport& report) override {
    std::lock_guard guard(mutex_);
    erase();
    std::fputs(report.table().c_str(), stdout);
  }

 private:
  /// Of one run only its warnings are told here; its errors come with row_done().
  class RowReport final : public Report {
   public:
    explicit RowReport(TextDisplay& display) : display_(display) {}

   private:
    void show_start(const std::string&, const std::string&) override {}
    void show_step(const Step&, const StageTally&) override {}
    void show_element_message(const std::string&, const GstStructure*) override {}
    void show_warning(const Problem& problem) override { display_.note(problem.message); }
    void show_interrupt() override {}
    void show_plan(const PlanSum&) override {}
    void show_error(const Problem&) override {}
    void show_figures(const BrandFigures&) override {}
    void show_finish(const Made*, bool) override {}

    TextDisplay& display_;
  };

  /// Once per batch.
  void note(const std::string& text) {
    {
      std::lock_guard guard(mutex_);
      if (!notes_.insert(text).second) return;
    }
    print("note: " + text + "\n");
  }

  void erase() {
    if (!line_.empty()) std::fputs("\r\033[K", stderr);
  }

  /// Above the line of progress.
  void print(const std::string& text) {
    std::lock_guard guard(mutex_);
    erase();
    std::fputs((text + line_).c_str(), stderr);
    std::fflush(stderr);
  }

  const bool redraws_;
  std::mutex mutex_;
  std::string line_;      ///< of progress, as it stands on the terminal
  std::string line_told_; ///< without a terminal
  std::set<std::string> notes_;
  Clock::time_point told_ = Clock::now();
};

class JsonDisplay final : public BatchDisplay {
 public:
  void start(const BatchReport& report, const BatchCounts& counts) override {
    auto event = this->event("batch");
    event.set("job", report.job).set("list", report.rows);
    event.set("to-make", static_cast<gint64>(counts.to_make));
    event.set("skipped", static_cast<gint64>(report.totals().skipped));
    event.set("shard", static_cast<gint64>(report.shard.index));
    event.set("shards", static_cast<gint64>(report.shard.count));
    if (!report.shard.source.empty()) event.set("shard-source", report.shard.source);
    print(event);
  }
  std::unique_ptr<Report> row_report(const BatchItem& item) override {
    return json_report(item.row);
  }
  void row_done(const BatchResult& result) override { print(json_of(result, event("row"))); }
  void progress(const BatchCounts&, size_t) override {}
  void interrupt() override { print(event("interrupt")); }
  void plan(const PlanSum& sum) override { print(plan_json(sum, event("plan"))); }
  void finish(const BatchReport& report) override {
    print(json_of(report.totals(), event("batch-done").set("interrupted", report.interrupted)));
  }

 private:
  JsonObjectMaker event(const char* name) const {
    const std::chrono::duration<double> passed = Clock::now() - begun_;
    JsonObjectMaker event;
    event.set("event", name).set("time", std::round(passed.count() * 1000) / 1000);
    return event;
  }
  static void print(const JsonObjectMaker& event) {
    std::puts(event.text().c_str());
    std::fflush(stdout);
  }

  const Clock::time_point begun_ = Clock::now();
};

} // namespace

double BatchCounts::time_left(size_t jobs) const {
  const size_t left = to_make - made - failed;
  if (made == 0) return left == 0 ? 0 : -1;
  const double mean = row_seconds / static_cast<double>(made);
  return mean * static_cast<double>(left) / static_cast<double>(std::clamp<size_t>(left, 1, jobs));
}

std::string BatchCounts::text(size_t jobs) const {
  std::string text = format("%zu/%zu made", made, to_make);
  if (failed) text += format(", %zu failed", failed);
  if (running) text += format(", %zu running", running);
  const double left = time_left(jobs);
  return left < 0 ? text : text + ", " + clock_text(left) + " left";
}

std::unique_ptr<BatchDisplay> text_display() {
  return std::make_unique<TextDisplay>();
}

std::unique_ptr<BatchDisplay> json_display() {
  return std::make_unique<JsonDisplay>();
}

} // namespace aigc::runner
