// SPDX-License-Identifier: LGPL-2.1-or-later
// The back room of a channel where what it needs is missing, or hangs.
#include "../clips.h"
#include "playout/desk.h"
#include "playout/wall_clock.h"
#include "stage/live.h"

#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

/// Storage that does not answer: access() and stat() of a path that holds "hung" wait.
struct {
  std::mutex mutex;
  std::condition_variable changed;
  bool hangs = false;

  void set(bool on) {
    std::lock_guard guard(mutex);
    hangs = on;
    changed.notify_all();
  }
  void ask(const std::string& path) {
    std::unique_lock lock(mutex);
    if (path.find("hung") != std::string::npos) changed.wait(lock, [this] { return !hangs; });
  }
} storage;

} // namespace

extern "C" int access(const char* path, int mode) noexcept {
  storage.ask(path);
  return faccessat(AT_FDCWD, path, mode, 0);
}

/// By the name that the standard library calls; with large files the headers give it another.
extern "C" int ask_stat(const char* path, struct stat* status) noexcept __asm__("stat");
int ask_stat(const char* path, struct stat* status) noexcept {
  storage.ask(path);
  return fstatat(AT_FDCWD, path, status, 0);
}

namespace {

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    settings.video = adopt(gst_caps_from_string(
        "video/x-raw,format=I420,width=64,height=48,framerate=25/1,pixel-aspect-ratio=1/1"));
    settings.rules.grid = {25, 1};
    settings.hangs = 1500ms;
    host.post = [this](Own<GstStructure> said) {
      const char* event = gst_structure_get_string(said.get(), "event");
      const char* id = gst_structure_get_string(said.get(), "id");
      if (event && id) heard.lock()->said.push_back(event + std::string(" ") + id);
      heard.notify();
    };
    host.warn = [this](const Error& error, const std::string&) {
      heard.lock()->warnings.push_back(error.what());
      heard.notify();
    };
    host.send_upstream = [this](Ref<GstEvent> event) {
      if (const auto seconds = demanded_seconds(event.get())) heard.lock()->demand = *seconds;
      heard.notify();
      return true;
    };
    host.ask_supply = [] { return SupplyFacts(); };
    host.behind = [] { return GstClockTime{0}; };
  }
  ~DeskTest() override { stop(); }

  void start() {
    desk = Desk::start(host, settings);
    desk->begin(Side::video, false);
  }
  void stop() {
    if (!desk) return;
    desk->stop();
    desk->join(5s);
    desk.reset();
  }
  std::string clip(const std::string& name) {
    return clips::make(dir / (name + ".mp4"), {.size = "64x48", .seconds = 0.4, .sound = 0});
  }
  void add(const std::string& id, const std::string& at = {}, gint64 request = 0) {
    PlayoutItem item;
    item.id = item.shot.id = id;
    item.uri = clip(id);
    item.shot.at = at;
    item.shot.request = request;
    EXPECT_EQ(desk->add(item), GST_FLOW_OK);
  }
  bool hear(const std::string& what) {
    const bool came = heard.lock().wait_for(15s, [&](const Heard& h) {
      return std::find(h.said.begin(), h.said.end(), what) != h.said.end();
    });
    EXPECT_TRUE(came) << what;
    return came;
  }
  guint stat(const char* name) {
    guint value = 0;
    gst_structure_get_uint(desk->stats().get(), name, &value);
    return value;
  }
  bool reach(const char* name, guint least) {
    for (int i = 0; i < 3000 && stat(name) < least; ++i)
      g_usleep(5000);
    EXPECT_GE(stat(name), least) << name;
    return stat(name) >= least;
  }
  void play(guint64 slots) {
    for (; slots > 0; --slots)
      desk->settle(*desk->slot(Side::video, slot++, utc_now()).span);
  }

  struct Heard {
    std::vector<std::string> said, warnings;
    double demand = -1;
  };
  clips::TempDir dir;
  Guarded<Heard> heard;
  DeskHost host;
  DeskSettings settings;
  std::shared_ptr<Desk> desk;
  guint64 slot = 0;
};

/// Reads what waits in a pipe, or opens it for those who wait for that.
void release(const std::string& fifo) {
  const int end = open(fifo.c_str(), O_RDWR | O_NONBLOCK);
  char bytes[65536];
  while (read(end, bytes, sizeof bytes) > 0) {
  }
  g_usleep(100'000);
  close(end);
}

TEST_F(DeskTest, AFileThatHangsInItsOpeningHoldsUpNoOther) {
  desk = Desk::start(host, settings);
  add("hung-pipe");
  ASSERT_TRUE(hear("ready hung-pipe"));
  const std::string path = dir / "hung-pipe.mp4";
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  add("good");
  ASSERT_TRUE(hear("ready good"));
  desk->begin(Side::video, false);
  EXPECT_TRUE(reach("open", 1));
  play(1);
  EXPECT_TRUE(hear("started good"));
  EXPECT_TRUE(hear("failed hung-pipe")) << "it does not wait for ever";
  const gint64 before = g_get_monotonic_time();
  desk->stop();
  desk->join(300ms);
  EXPECT_LT(g_get_monotonic_time() - before, G_USEC_PER_SEC);
  release(path);
}

TEST_F(DeskTest, FilesThatHangWhenTheyAreLookedAtHoldUpNoOther) {
  storage.set(true);
  settings.hangs = 100ms;
  start();
  for (const char* id : {"hung-1", "hung-2", "hung-3", "good"})
    add(id);
  EXPECT_TRUE(hear("ready good"));
  storage.set(false);
  EXPECT_TRUE(hear("ready hung-3"));
}

TEST_F(DeskTest, AFillerThatHangsHoldsUpNoOther) {
  settings.filler = dir / "fillers";
  settings.hangs = 200ms;
  std::filesystem::create_directory(settings.filler);
  for (const char* name : {"a-hung", "good"})
    clip(std::string("fillers/") + name);
  storage.set(true);
  start();
  EXPECT_TRUE(reach("standby", 1));
  add("item");
  EXPECT_TRUE(hear("ready item"));
  EXPECT_EQ(heard.snapshot().warnings.size(), 1u);
  storage.set(false);
}

TEST_F(DeskTest, OfManyFillersThatHangSomeAreLeftUnasked) {
  settings.filler = dir / "fillers";
  settings.hangs = 50ms;
  std::filesystem::create_directory(settings.filler);
  for (int i = 0; i < 10; ++i)
    std::ofstream(settings.filler + "/hung-" + std::to_string(i) + ".mp4").flush();
  storage.set(true);
  start();
  EXPECT_TRUE(heard.lock().wait_for(20s, [](const Heard& h) { return h.warnings.size() == 3; }));
  add("item");
  EXPECT_TRUE(hear("ready item"));
  storage.set(false);
}

TEST_F(DeskTest, AFolderOfFillersThatHangsKeepsOneThread) {
  settings.filler = dir / "hung-folder";
  settings.fillers_again = 20ms;
  settings.hangs = 50ms;
  storage.set(true);
  start();
  ASSERT_TRUE(heard.lock().wait_for(5s, [](const Heard& h) { return !h.warnings.empty(); }));
  EXPECT_NE(heard.snapshot().warnings[0].find("does not answer"), std::string::npos)
      << heard.snapshot().warnings[0];
  add("item");
  EXPECT_TRUE(hear("ready item"));
  storage.set(false);
}

TEST_F(DeskTest, ALogThatHangsStopsNoMessage) {
  settings.as_run = dir / "as-run.jsonl";
  ASSERT_EQ(mkfifo(settings.as_run.c_str(), 0600), 0);
  const int full = open(settings.as_run.c_str(), O_RDWR | O_NONBLOCK);
  const std::string bytes(4096, 'x');
  while (write(full, bytes.data(), bytes.size()) > 0) {
  }
  start();
  for (const char* id : {"a", "b"}) {
    add(id);
    ASSERT_TRUE(reach("open", 1));
    play(12); // to its end, and the last picture for a moment
    EXPECT_TRUE(hear("ended " + std::string(id)));
  }
  desk->stop();
  desk->join(100ms);
  release(settings.as_run);
  close(full);
}

TEST_F(DeskTest, AFolderOfFillersIsLookedAtUntilThereIsOne) {
  settings.filler = dir / "fillers";
  settings.fillers_again = 20ms;
  start();
  std::filesystem::create_directory(settings.filler);
  EXPECT_TRUE(heard.lock().wait_for(5s, [](const Heard& h) { return !h.warnings.empty(); }));
  std::ofstream(settings.filler + "/bad.mp4") << "no clip";
  EXPECT_TRUE(heard.lock().wait_for(
      10s, [](const Heard& h) { return h.warnings.back().find("bad.mp4") != std::string::npos; }));
  g_usleep(2 * G_USEC_PER_SEC + 100'000);
  const auto warnings = heard.snapshot().warnings;
  EXPECT_EQ(std::set<std::string>(warnings.begin(), warnings.end()).size(), warnings.size())
      << "what is wrong is told once";
  clip("fillers/good");
  EXPECT_TRUE(reach("standby", 1));
}

TEST_F(DeskTest, AFixedTimeFarAwayIsNoReserve) {
  settings.low = 2 * GST_SECOND;
  settings.high = 10 * GST_SECOND;
  start();
  add("tomorrow", "2999-01-01T00:00:00Z");
  ASSERT_TRUE(hear("ready tomorrow"));
  EXPECT_TRUE(heard.lock().wait_for(5s, [](const Heard& h) { return h.demand == 10; }));
  guint64 ready = 1;
  gst_structure_get_uint64(desk->stats().get(), "ready", &ready);
  EXPECT_EQ(ready, 0u);
}

TEST_F(DeskTest, ARequestIsLookedAtAlsoWhereTheReserveIsFull) {
  settings.low = GST_SECOND;
  settings.high = 2 * GST_SECOND;
  start();
  for (int i = 1; i <= 9; ++i)
    add("shot-" + std::to_string(i));
  ASSERT_TRUE(hear("ready shot-8"));
  add("owl", {}, 1);
  EXPECT_TRUE(hear("ready owl"));
  const auto said = heard.lock()->said;
  EXPECT_EQ(std::find(said.begin(), said.end(), "ready shot-9"), said.end());
}

TEST_F(DeskTest, WhatIsRemovedStandsByNoMore) {
  settings.reair = Reair::lru;
  start();
  add("a");
  ASSERT_TRUE(reach("open", 1));
  play(12);
  ASSERT_TRUE(hear("ended a"));
  ASSERT_TRUE(reach("standby", 1));
  EXPECT_TRUE(desk->remove("a", "removed"));
  EXPECT_FALSE(desk->remove("a", "removed"));
  g_usleep(50'000);
  EXPECT_EQ(stat("standby"), 0u);
}

TEST_F(DeskTest, WhatNobodyThoughtOfEndsNoThread) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  host.ask_supply = [asked]() -> SupplyFacts {
    if (++*asked == 1) throw std::runtime_error("nobody thought of this");
    return {};
  };
  start();
  EXPECT_TRUE(heard.lock().wait_for(10s, [](const Heard& h) { return h.demand > 0; }));
  EXPECT_EQ(heard.snapshot().warnings, std::vector<std::string>{"nobody thought of this"});
}

TEST_F(DeskTest, SaysThatThereAreNoThreads) {
  pthread_attr_t usual, huge;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_getattr_default_np(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 50), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  EXPECT_THROW(Desk::start(host, settings), Error);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&usual);
  pthread_attr_destroy(&huge);
}

} // namespace
