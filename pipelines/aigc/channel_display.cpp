// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_display.h.
#include "channel_display.h"

#include "lines_out.h"
#include "text.h"

#include <algorithm>
#include <set>
#include <unistd.h>

namespace aigc::runner {
namespace {

/// The same trouble again and again is told once, until so many others were.
constexpr size_t kRemembered = 100;

constexpr const char* kEnough = "enough is made again";

std::string now_text() {
  const auto now = adopt(g_date_time_new_now_local());
  return take_string(g_date_time_format(now.get(), "%H:%M:%S"));
}

class Text final : public ChannelDisplay {
 public:
  Text(int fps, Title title) : fps_(fps), title_(std::move(title)) {}

  void show(const Ref<JsonObject>& object, const std::string&) override {
    const auto node = adopt(json_node_init_object(json_node_alloc(), object.get()));
    const JsonView event(node.get());
    const std::string name = event["event"].text();
    if (name == "item-started") return item(event);
    if (name == "filler-enter") return filler(event["tier"].text());
    if (name == "item-failed" || name == "item-skipped" || name == "item-removed")
      return print(name.substr(5) + " " + event["id"].text() + with(event["reason"].text()));
    if (name == "level") return level(event);
    if (name == "service") return service(event);
    if (name == "connection" && event["state"].text() == "connected")
      return print(event["location"].text() + " is connected");
    if (name == "start") return start(event);
    if (name == "warning") return trouble("note: ", event);
    if (name == "error") return trouble("error: ", event);
  }

 private:
  static std::string with(const std::string& text) { return text.empty() ? "" : ": " + text; }

  void item(const JsonView& event) {
    has_begun_ = true;
    const std::string id = event["id"].text(), tier = event["tier"].text();
    const double seconds = event["frames"].number().value_or(0) / fps_;
    const std::string again = tier.empty() || tier == "item" ? "" : " (" + tier + ")";
    print(format("%5.1f s  ", seconds) + id + again + with(title_(id)));
  }

  void service(const JsonView& event) {
    const std::string who = event["stage"].text() + " " + event["service"].text();
    if (event["state"].text() == "resting")
      resting_.insert(who); // a warning says why
    else if (resting_.erase(who) > 0)
      print(event["service"].text() + " is back, after: " + event["message"].text());
  }

  void start(const JsonView& event) {
    print(event["channel"].text() + " goes on air: " + event["out"].text());
    if (event["playlist"].exists())
      print("to watch, in ten seconds: ffplay " + event["playlist"].text());
    const std::string ask = event["ask"].text();
    print("to ask: " + ask + " status; to stop: Ctrl-C; to end the programme: " + ask + " end");
  }

  void filler(const std::string& tier) {
    print((has_begun_ ? "nothing new is ready: " : "the first clip is being made: ") + tier);
  }

  void level(const JsonView& event) {
    if (!has_begun_) return; // there is no reserve yet
    const double supply = event["supply"].number().value_or(0);
    if (supply <= 0 && resting_.empty()) return; // it was not measured yet
    const bool alarm = event["alarm"].boolean(false);
    if (alarm != std::exchange(alarm_, alarm)) print(alarm ? alarm_text(event) : kEnough);
  }

  static std::string alarm_text(const JsonView& event) {
    const double supply = event["supply"].number().value_or(0);
    const double left = event["ready"].number().value_or(0) / 1e9;
    if (supply <= 0)
      return format("nothing is made at the moment, and clips for %.0f s are left; then it lives "
                    "from what was shown",
                    left);
    if (supply >= 1)
      return format("clips for %.0f s are left, less than one takes to make; more are made than "
                    "are shown, so that grows",
                    left);
    return format("of each second on air %.2f s are made anew, and clips for %.0f s are left; then "
                  "the rest is shown again\n          More clips at once, longer ones or a faster "
                  "model help: docs/channel.md.",
                  supply, left);
  }

  void trouble(const char* kind, const JsonView& event) {
    const std::string text =
        kind + event["message"].text() +
        (event["remedy"].exists() ? "\n          " + event["remedy"].text() : "");
    if (std::find(told_.begin(), told_.end(), text) != told_.end()) return;
    told_.push_back(text);
    if (told_.size() > kRemembered) told_.pop_front();
    print(text);
  }

  void print(const std::string& text) { out_.print(now_text() + "  " + text); }

  LinesOut out_{STDOUT_FILENO, [](unsigned long count) {
                  return now_text() + "  " + std::to_string(count) + " lines nobody read";
                }};
  const int fps_;
  const Title title_;
  std::deque<std::string> told_;
  bool has_begun_ = false; ///< with the first item
  std::set<std::string> resting_;
  bool alarm_ = false;
};

class Lines final : public ChannelDisplay {
 public:
  void show(const Ref<JsonObject>&, const std::string& line) override { out_.print(line); }

 private:
  LinesOut out_{STDOUT_FILENO, [](unsigned long count) {
                  return "{\"event\":\"left-out\",\"lines\":" + std::to_string(count) + "}";
                }};
};

} // namespace

std::unique_ptr<ChannelDisplay> channel_text(int fps, ChannelDisplay::Title title) {
  return std::make_unique<Text>(fps, std::move(title));
}

std::unique_ptr<ChannelDisplay> channel_lines() {
  return std::make_unique<Lines>();
}

} // namespace aigc::runner
