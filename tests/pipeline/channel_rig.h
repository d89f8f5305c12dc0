// SPDX-License-Identifier: LGPL-2.1-or-later
// A small channel on air, and somebody who listens to it.
#pragma once

#include "base/error.h"
#include "channel_client.h"
#include "program.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

namespace aigc {

class ChannelTest : public ProgramTest {
 protected:
  using Words = std::vector<std::string>;
  static constexpr std::chrono::seconds kPatience{30};

  ChannelTest() { g_setenv("AIGC_CACHE_DIR", (folder.parent_path() / "cache").c_str(), TRUE); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// `count` rows "WHAT 1", "WHAT 2", ...
  static std::string rows(const std::string& what, int count) {
    std::string text;
    for (int i = 1; i <= count; ++i)
      text += what + " " + std::to_string(i) + "\n";
    return text;
  }

  Words words(const Words& more) const {
    Words all{"channel",   "hls=live", "state=state", "width=160",
              "height=90", "fps=10",   "duration=1",  "preset=ultrafast"};
    for (const auto& word : more)
      std::erase_if(all, [name = word.substr(0, word.find('=') + 1)](const auto& other) {
        return !name.empty() && other.starts_with(name);
      });
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// With clips of the preview backend.
  std::unique_ptr<Program> go_on_air(Words more, const std::string& jobs = g_getenv("AIGC_JOBS")) {
    more.emplace_back("backend=preview");
    return start_channel(more, jobs);
  }
  std::unique_ptr<Program> start_channel(const Words& more,
                                         const std::string& jobs = g_getenv("AIGC_JOBS")) {
    Words all = words(more);
    all.insert(all.begin(), g_getenv("AIGC_TOOL"));
    auto program = std::make_unique<Program>(all, folder, jobs.c_str());
    follower_.reset();
    const auto begun = std::chrono::steady_clock::now();
    while (!follower_ && std::chrono::steady_clock::now() - begun < std::chrono::seconds(20)) {
      try {
        follower_ = std::make_unique<ControlClient>(control);
        follower_->ask(R"({"command":"events"})");
      } catch (const Error&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    EXPECT_TRUE(follower_) << "no control socket";
    return program;
  }

  /// The next event for which `wanted` is true; an empty one when the channel says nothing more.
  JsonView await(const std::function<bool(const JsonView&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::string last;
    for (std::string line; follower_ && !(line = follower_->line()).empty() &&
                           std::chrono::steady_clock::now() < deadline;) {
      last = line;
      kept_.push_back(parse_json(line));
      const JsonView event(kept_.back().get());
      if (wanted(event)) return event;
    }
    ADD_FAILURE() << "the event did not come; the last one: " << last;
    return {};
  }
  JsonView await_event(const std::string& name, const std::string& id = {}) {
    return await([&](const JsonView& event) {
      return event["event"].text() == name && (id.empty() || event["id"].text() == id);
    });
  }

  /// Asks until it is so: what is asked of a running channel may be otherwise a moment later.
  bool until(const char* what, const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << what << " did not come";
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  /// On air now, also where its event was before this one listened.
  bool until_on_air(const std::string& tier) {
    return until(tier.c_str(), [&] { return tell("status")["on-air"]["tier"].text() == tier; });
  }

  JsonView ask(const std::string& request) {
    kept_.push_back(ControlClient(control).ask(request));
    return JsonView(kept_.back().get());
  }
  JsonView tell(const std::string& command, const std::string& id = {}) {
    const JsonView answer =
        ask(R"({"command":")" + command + (id.empty() ? "" : R"(","id":")" + id) + "\"}");
    EXPECT_TRUE(answer["ok"].boolean(false)) << answer["error"].text();
    return answer;
  }
  /// Ids of the list that are in that state, in its order.
  Words in_state(const std::string& state) {
    const JsonView items = tell("list")["items"];
    Words ids;
    for (size_t i = 0; i < items.size(); ++i)
      if (items.at(i)["state"].text() == state) ids.push_back(items.at(i)["id"].text());
    return ids;
  }

  /// Limits of seconds hold on a machine that is not busy with other things.
  static bool is_calm() {
    double load = 0;
    return getloadavg(&load, 1) == 1 && load < g_get_num_processors();
  }

  void end(Program& program) {
    program.signal(SIGKILL);
    program.wait();
  }

  /// The channel with `with` in place of `part` of its line.
  std::string other_job(const std::string& part, const std::string& with) const {
    const std::filesystem::path jobs = folder / "jobs";
    std::filesystem::create_directory(jobs);
    std::ifstream in(std::filesystem::path(g_getenv("AIGC_JOBS")) / "channel.launch");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const size_t at = text.find(part);
    EXPECT_NE(at, text.npos);
    std::ofstream(jobs / "channel.launch") << text.replace(at, part.size(), with);
    return jobs;
  }

  const std::string control = folder / "state" / "control";

 private:
  std::unique_ptr<ControlClient> follower_;
  std::vector<Ref<JsonNode>> kept_; ///< what views look at
};

} // namespace aigc
