// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_display.h.
#include "channel_display.h"

#include "text.h"

#include <algorithm>
#include <cstdio>

namespace aigc::runner {
namespace {

/// The same trouble again and again is told once, until so many others were.
constexpr size_t kRemembered = 100;

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
    if (name == "filler-enter") return print("nothing new is ready: " + event["tier"].text());
    if (name == "item-failed" || name == "item-skipped" || name == "item-removed")
      return print(name.substr(5) + " " + event["id"].text() + with(event["reason"].text()));
    if (name == "level") return level(event["alarm"].boolean(false));
    if (name == "start")
      return print(event["channel"].text() + " goes on air: " + event["out"].text());
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

  void level(bool alarm) {
    if (!has_begun_) return; // there is no reserve yet
    if (alarm != alarm_)
      print(alarm ? "less is made than is shown: the reserve runs out" : "the reserve is enough");
    alarm_ = alarm;
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

  static void print(const std::string& text) {
    std::printf("%s  %s\n", now_text().c_str(), text.c_str());
    std::fflush(stdout);
  }

  const int fps_;
  const Title title_;
  std::deque<std::string> told_;
  bool has_begun_ = false; ///< with the first item
  bool alarm_ = false;
};

class Lines final : public ChannelDisplay {
 public:
  void show(const Ref<JsonObject>&, const std::string& line) override {
    std::puts(line.c_str());
    std::fflush(stdout);
  }
};

} // namespace

std::unique_ptr<ChannelDisplay> channel_text(int fps, ChannelDisplay::Title title) {
  return std::make_unique<Text>(fps, std::move(title));
}

std::unique_ptr<ChannelDisplay> channel_lines() {
  return std::make_unique<Lines>();
}

} // namespace aigc::runner
