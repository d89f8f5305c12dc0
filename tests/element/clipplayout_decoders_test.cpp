// SPDX-License-Identifier: LGPL-2.1-or-later
// A live channel whose decoders are slow, or hang, or whose files do not open: it stays on air.
#include "clipplayout_rig.h"

#include <atomic>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace clips;

namespace {

/// What all H.264 passes on its way to a decoder.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool shut = false;
  int inside = 0; ///< threads that wait for it to open
  std::chrono::milliseconds delay{0};

  void set(bool is_shut, std::chrono::milliseconds each = {}) {
    std::lock_guard guard(mutex);
    shut = is_shut;
    delay = each;
    changed.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex);
    const auto each = delay;
    ++inside;
    changed.wait(lock, [this] { return !shut; });
    --inside;
    lock.unlock();
    if (each.count() > 0) g_usleep(static_cast<gulong>(each.count()) * 1000);
  }
} gate;

struct TestGate {
  GstElement parent;
  GstPad* src;
};
struct TestGateClass {
  GstElementClass parent;
};
G_DEFINE_TYPE(TestGate, test_gate, GST_TYPE_ELEMENT)

GstStaticPadTemplate gate_sink =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-h264"));
GstStaticPadTemplate gate_src =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-h264"));

GstFlowReturn gate_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  gate.pass();
  return gst_pad_push(reinterpret_cast<TestGate*>(parent)->src, buffer);
}

void test_gate_class_init(TestGateClass* klass) {
  gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(klass), &gate_sink);
  gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(klass), &gate_src);
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "Gate", "Codec/Parser/Video",
                                        "Holds up H.264", "test");
}

void test_gate_init(TestGate* self) {
  GstPad* sink = gst_pad_new_from_static_template(&gate_sink, "sink");
  gst_pad_set_chain_function(sink, gate_chain);
  GST_PAD_SET_PROXY_CAPS(sink);
  gst_element_add_pad(GST_ELEMENT(self), sink);
  self->src = gst_pad_new_from_static_template(&gate_src, "src");
  GST_PAD_SET_PROXY_CAPS(self->src);
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

/// Threads of this process with that name.
int threads(const std::string& name) {
  int found = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string comm;
    std::getline(file, comm);
    found += comm.starts_with(name);
  }
  return found;
}

bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i)
    g_usleep(10'000);
  return condition();
}

class ClipPlayoutDecoders : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    gst_element_register(nullptr, "testgate", GST_RANK_PRIMARY + 1000, test_gate_get_type());
  }
  ~ClipPlayoutDecoders() override { gate.set(false); }

  /// Through the gate.
  std::string gated(double seconds) { return grey(dir / "gated.mp4", 60, seconds, false); }
  std::string free_clip(const std::string& name) {
    run("ffmpeg -nostdin -v error -y -f lavfi -i color=white:s=160x120:r=25:d=0.4 -c:v mpeg4 " +
        (dir / name));
    return uri_of(dir / name);
  }

  TempDir dir;
};

TEST_F(ClipPlayoutDecoders, OneThatHangsIsLeftAfterASecondAndHoldsNothingUp) {
  {
    Air air;
    air.play();
    air.add(gated(3), {"bad"});
    for (const char* id : {"b", "c", "d"})
      air.add(free_clip(std::string(id) + ".mp4"), {id});
    ASSERT_TRUE(air.reach("items", 4));
    ASSERT_TRUE(air.reach("open", 2));
    gate.set(true);
    for (int i = 0; i < 140 && air.stat("damaged") == 0; ++i)
      ASSERT_TRUE(air.pass(1));
    ASSERT_EQ(air.stat("damaged"), 1u);
    EXPECT_GE(air.stat("held"), 25u);
    EXPECT_LE(air.stat("held"), 27u);
    const guint64 left = air.stat("item-frames");
    ASSERT_TRUE(air.pass(1)); // the sound may have been a slot ahead
    ASSERT_TRUE(air.reach("open", 2));
    ASSERT_TRUE(air.pass(28)); // b, c, d
    air.expect_on_grid();
    EXPECT_EQ(air.started(), "bad b c d ");
    EXPECT_EQ(air.stat("item-frames"), left + 29) << "no slot between";
    // Whoever closes the bad one hangs; others close the rest.
    EXPECT_TRUE(comes_true([] { return threads("air-close") >= 2; }));
    EXPECT_LT(air.stop(), GST_SECOND) << "with a decoder that hangs";
  }
  gate.set(false);
  EXPECT_TRUE(comes_true([] { return threads("air-") == 0; }));
}

TEST_F(ClipPlayoutDecoders, ASlowOneCostsPicturesAndNoSlots) {
  Air air;
  air.play();
  air.add(gated(6), {"slow"});
  ASSERT_TRUE(air.reach("open", 1));
  gate.set(false, std::chrono::milliseconds(350));
  while (air.stat("held") < 4)
    ASSERT_TRUE(air.pass(1));
  gate.set(false);
  ASSERT_TRUE(air.pass(10));
  air.expect_on_grid();
  EXPECT_EQ(air.stat("damaged"), 0u) << air.reason("ended", "slow");
  EXPECT_EQ(air.stat("item-frames"), air.record.frames.size());
  EXPECT_EQ(air.started(), "slow ");
}

TEST_F(ClipPlayoutDecoders, AFileThatDoesNotOpenHoldsUpNeitherTheAirNorTheEnd) {
  const std::string path = dir / "c.mp4";
  {
    Air air;
    air.play();
    for (const char* id : {"a", "b", "c"})
      air.add(free_clip(std::string(id) + ".mp4"), {id});
    ASSERT_TRUE(air.reach("items", 3));
    ASSERT_TRUE(air.reach("open", 2));
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    ASSERT_TRUE(air.pass(30));
    air.expect_on_grid();
    EXPECT_EQ(air.started(), "a b ");
    EXPECT_LT(air.stop(), GST_SECOND) << "with an open() that hangs";
  }
  // Whoever hangs there ends once somebody writes.
  EXPECT_TRUE(comes_true([&] {
    const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK);
    if (fd >= 0) close(fd);
    return threads("air-") == 0;
  }));
}

} // namespace
