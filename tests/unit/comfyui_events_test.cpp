// SPDX-License-Identifier: LGPL-2.1-or-later
// What ComfyUI tells over its WebSocket while a stage waits.
#include "comfyui_rig.h"

#include <future>

using namespace comfyui_rig;
using namespace web_frames;

namespace {

constexpr auto kLong = 20s; ///< no test waits for as long

struct EventsTest : ComfyuiTest {
  void SetUp() override {
    backend = backend_for(kPictures);
    submit();
    ASSERT_TRUE(comfy.wait_socket());
    // What the opening itself brings is over once something else was heard.
    comfy.tell("execution_start", prompt);
    while (percents.snapshot().empty())
      linger(10ms);
    linger(0s);
    percents.lock()->clear();
  }
  /// How long it took.
  std::chrono::nanoseconds linger(std::chrono::nanoseconds duration = kLong) {
    return linger(prompt, duration);
  }
  std::chrono::nanoseconds linger(const std::string& id, std::chrono::nanoseconds duration) {
    auto now = call(id);
    now.progress = [this](int percent) { percents.lock()->push_back(percent), percents.notify(); };
    now.preview = [this](GBytes* bytes) {
      gsize size = 0;
      const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
      previews.lock()->emplace_back(data, size);
      previews.notify();
    };
    const auto began = std::chrono::steady_clock::now();
    backend->linger({id}, duration, now);
    return std::chrono::steady_clock::now() - began;
  }
  std::future<std::chrono::nanoseconds> linger_beside() {
    return std::async(std::launch::async, [this, id = prompt] { return linger(id, kLong); });
  }
  bool wait_percents(size_t count) {
    return percents.lock().wait_for(5s, [=](const auto& seen) { return seen.size() >= count; });
  }
  bool wait_previews(size_t count) {
    return previews.lock().wait_for(5s, [=](const auto& seen) { return seen.size() >= count; });
  }
  std::string progress(int value) {
    return R"("node": "3", "max": 6, "value": )" + std::to_string(value);
  }

  Guarded<std::vector<int>> percents;
  Guarded<std::vector<std::string>> previews;
};

} // namespace

TEST_F(EventsTest, EndsTheWaitWhenThePromptEnds) {
  for (const char* end : {"execution_success", "execution_error", "execution_interrupted"}) {
    auto wait = linger_beside();
    comfy.tell(end, prompt);
    EXPECT_LT(wait.get(), 5s) << end;
  }
  auto wait = linger_beside();
  comfy.tell("executing", prompt, R"("node": null)");
  EXPECT_LT(wait.get(), 5s);
}

TEST_F(EventsTest, RemembersAnEndThatCameBeforeTheWaitAndOnlyOnce) {
  comfy.tell("execution_success", prompt);
  EXPECT_LT(linger(), 5s);
  EXPECT_GE(linger(50ms), 50ms);
}

TEST_F(EventsTest, TellsTheShareOfAllNodesAndNeverGoesBack) {
  auto wait = linger_beside();
  comfy.tell("execution_start", prompt);
  comfy.tell("execution_cached", prompt, R"("nodes": ["6", "7"])"); // 2 of 10 parts
  ASSERT_TRUE(wait_percents(1));
  for (const int value : {3, 6, 1}) // a node that begins once more
    comfy.tell("progress", prompt, progress(value));
  comfy.tell("executed", prompt, R"("node": "9")");
  comfy.tell("execution_success", prompt);
  wait.get();
  const auto seen = percents.snapshot();
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GE(seen.front(), 0);
  EXPECT_EQ(seen.back(), 99);
}

TEST_F(EventsTest, CountsNodesThatFinishWithoutAWord) {
  auto wait = linger_beside();
  comfy.tell("executing", prompt, R"("node": "6")");
  comfy.tell("executing", prompt, R"("node": "3")");
  comfy.tell(
      "progress_state", prompt,
      R"("nodes": {"3": {"value": 3, "max": 6, "state": "running"}, "7": {"state": "finished"}})");
  comfy.tell("execution_success", prompt);
  wait.get();
  EXPECT_EQ(percents.snapshot().back(), 55); // 1 + 1 + 7 / 2 of 10 parts
}

TEST_F(EventsTest, HearsNothingOfOthersPrompts) {
  auto wait = linger_beside();
  comfy.tell("executing", "another", R"("node": "9")");
  comfy.tell("execution_success", "another");
  comfy.tell(
      frame(kBinary, big_endian(1) + big_endian(2) + kPng)); // of what runs, which is not ours
  comfy.tell("executing", prompt, R"("node": "3")");
  comfy.tell("progress", prompt, progress(6));
  ASSERT_TRUE(wait_percents(1));
  comfy.tell("execution_success", prompt);
  wait.get();
  EXPECT_TRUE(previews.snapshot().empty());
}

TEST_F(EventsTest, HandsOutSketches) {
  auto wait = linger_beside();
  comfy.tell("progress", prompt, progress(1));
  ASSERT_TRUE(wait_percents(1));
  comfy.tell(frame(kBinary, big_endian(1) + big_endian(2) + kPng));
  ASSERT_TRUE(wait_previews(1));
  const std::string metadata = R"({"prompt_id": ")" + prompt + "\"}";
  comfy.tell("executing", "another", R"("node": "3")");
  comfy.tell(frame(kBinary, big_endian(4) + big_endian(guint32(metadata.size())) + metadata + kPng,
                   false) +
             frame(kPing, "") + frame(kMore, ""));
  ASSERT_TRUE(wait_previews(2));
  for (const std::string& junk :
       {std::string("x"), big_endian(1) + big_endian(1) + "no picture",
        big_endian(2) + big_endian(0) + kPng, big_endian(4) + big_endian(0xffffffff) + kPng,
        big_endian(4) + big_endian(3) + "{}}" + kPng})
    comfy.tell(frame(kBinary, junk));
  comfy.tell(frame(kText, "no JSON") + frame(kText, "[]") +
             frame(kText, R"({"type": 3, "data": "x"})"));
  comfy.tell("execution_success", prompt);
  wait.get();
  EXPECT_EQ(previews.snapshot(), (std::vector<std::string>{kPng, kPng}));
}

TEST_F(EventsTest, ReturnsAtOnceWhenCancelled) {
  auto wait = linger_beside();
  cancel.cancel();
  EXPECT_LT(wait.get(), 5s);
}

TEST_F(EventsTest, KeepsToItsTimeWhenTheSocketIsLost) {
  comfy.state().lock()->refuse_sockets = true;
  comfy.drop_sockets();
  const auto time = linger(100ms);
  EXPECT_GE(time, 100ms);
  EXPECT_LT(time, 5s);
  comfy.finish(prompt, R"({"9": {"images": [{"filename": "a.png"}]}})");
  EXPECT_EQ(poll().state, Poll::State::done);
}

TEST_F(EventsTest, OpensALostSocketAgainAndLooksForWhatItMissed) {
  comfy.drop_sockets();
  EXPECT_LT(linger(), 10s); // ends when it is open again
  EXPECT_TRUE(comfy.wait_socket(2));
  const auto opened = comfy.sent("/ws", true);
  EXPECT_EQ(opened.at(0).substr(0, opened.at(0).find('\r')),
            opened.at(1).substr(0, opened.at(1).find('\r'))); // the same client
  auto wait = linger_beside();
  comfy.tell("execution_success", prompt);
  EXPECT_LT(wait.get(), 5s);
}

TEST_F(EventsTest, ServesSeveralPromptsOverOneSocket) {
  const std::string first = prompt;
  auto wait = linger_beside();
  prompt = take_string(g_uuid_string_random());
  submit();
  comfy.tell("execution_success", prompt);
  EXPECT_EQ(wait.wait_for(50ms), std::future_status::timeout);
  EXPECT_LT(linger(), 5s);
  comfy.tell("execution_success", first);
  EXPECT_LT(wait.get(), 5s);
  EXPECT_EQ(comfy.state().snapshot().sockets_ever, 1);
}
