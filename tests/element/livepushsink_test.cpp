// SPDX-License-Identifier: LGPL-2.1-or-later
// livepushsink and peers that are not there, or are of no use: upstream must not notice.
#include "live_source.h"
#include "socket_server.h"

#include <chrono>
#include <filesystem>
#include <sys/socket.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

/// A sink that waits for its peer would be seconds late; a busy machine is not.
constexpr double kLate = 0.5;

/// No try waits long.
const std::string kSoon = " retry-min=100 retry-max=300 ";

/// A port nobody listens on.
int free_port() {
  SocketServer server([](SocketServer::Connection&) {});
  return server.port();
}

std::string rtmp(int port) {
  return "location=rtmp://127.0.0.1:" + std::to_string(port) + "/live/secret-key" + kSoon;
}

/// A peer whose system takes no more connections: connecting to it never ends.
class FullPeer {
 public:
  FullPeer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    sockets_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(sockets_[0], raw, size), 0);
    EXPECT_EQ(listen(sockets_[0], 0), 0);
    EXPECT_EQ(getsockname(sockets_[0], raw, &size), 0);
    for (int i = 0; i < 4; ++i) {
      sockets_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      connect(sockets_.back(), raw, size);
    }
    port = ntohs(address.sin_port);
  }
  ~FullPeer() {
    for (const int socket : sockets_)
      close(socket);
  }
  FullPeer(const FullPeer&) = delete;
  FullPeer& operator=(const FullPeer&) = delete;
  int port = 0;

 private:
  std::vector<int> sockets_;
};

/// Nothing but the pace, a single warning and no secret comes of a peer of no use.
void expect_calm(const LivePush& push, const std::string& reason) {
  EXPECT_LT(push.worst_lateness(), kLate);
  EXPECT_TRUE(push.errors.empty()) << push.errors[0];
  ASSERT_EQ(push.warnings.size(), 1u);
  EXPECT_NE(push.warnings[0].find(reason), std::string::npos) << push.warnings[0];
  EXPECT_EQ(push.said.find("secret"), std::string::npos) << push.said;
  EXPECT_FALSE(push.stat<bool>("connected"));
  EXPECT_EQ(push.stat<guint64>("connects"), 0u);
  EXPECT_EQ(push.stat<guint64>("bytes"), 0u);
  EXPECT_NE(push.stat<std::string>("last-error").find(reason), std::string::npos);
}

size_t entries(const char* folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                           std::filesystem::directory_iterator()));
}

std::string start_fault(const std::string& properties) {
  LivePush push(properties);
  EXPECT_EQ(push.play(), GST_STATE_CHANGE_FAILURE);
  push.play_on(0.1);
  EXPECT_EQ(push.errors.size(), 1u);
  return push.errors.empty() ? "" : push.errors[0];
}

} // namespace

TEST(LivePushSink, APeerThatRefusesIsTriedAgainAndAgain) {
  LivePush push(rtmp(free_port()));
  push.play();
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(push.wait_for("retrying"));
  for (const auto& news : push.news) {
    EXPECT_GE(news.retry_in, 100 * GST_MSECOND);
    EXPECT_LE(news.retry_in, 300 * GST_MSECOND);
    EXPECT_NE(news.reason.find("refused"), std::string::npos) << news.reason;
    EXPECT_EQ(news.location.find("secret"), std::string::npos);
  }
  expect_calm(push, "refused");
  EXPECT_NEAR(push.stat<guint64>("dropped-frames"), push.frames(), 3);
}

TEST(LivePushSink, ANameThatDoesNotExistIsTriedAgain) {
  for (const char* location : {"rtmp://no-such-host.invalid/live/secret-key",
                               "srt://no-such-host.invalid:9000?streamid=secret-key"}) {
    LivePush push("location=\"" + std::string(location) + "\"" + kSoon);
    push.play();
    ASSERT_TRUE(push.wait_for("retrying"));
    ASSERT_TRUE(push.wait_for("retrying"));
    expect_calm(push, "no-such-host.invalid");
  }
}

TEST(LivePushSink, APeerThatSaysNothingIsGivenUp) {
  SocketServer silent([](SocketServer::Connection& connection) { connection.hang(); });
  LivePush push(rtmp(silent.port()));
  push.play();
  ASSERT_TRUE(push.wait_for("retrying", 15));
  expect_calm(push, "timed out");
  EXPECT_EQ(silent.connections(), 1u);
}

TEST(LivePushSink, StopsWithinASecondInAnyPhase) {
  SocketServer silent([](SocketServer::Connection& connection) { connection.hang(); });
  const FullPeer full;
  const std::string srt = "location=srt://127.0.0.1:" + std::to_string(free_port());
  const std::string waiting = "location=srt://127.0.0.1:" + std::to_string(free_port());
  for (const std::string& peer : {rtmp(silent.port()), rtmp(full.port), rtmp(free_port()),
                                  srt + kSoon, waiting + "?mode=listener" + kSoon,
                                  std::string("location=rtmp://no-such-host.invalid/a/b")}) {
    for (const int wait : {0, 20, 300}) {
      LivePush push(peer);
      push.play();
      push.play_on(wait / 1000.0);
      EXPECT_LT(push.stop(), 1) << peer << " after " << wait << " ms";
    }
  }
}

TEST(LivePushSink, ManyThatHangAreWaitedForTogether) {
  struct Hang {
    int threads = 0;
    bool is_over = false;
  };
  Guarded<Hang> hang;
  LivePush push(rtmp(free_port()) +
                "videotestsrc is-live=true ! video/x-raw,width=64,height=48 "
                "! x264enc tune=zerolatency ! second.video livepushsink name=second " +
                rtmp(free_port()));
  // Their threads hang in what they tell.
  const GstBusSyncHandler hold = [](GstBus*, GstMessage* message, gpointer user) {
    if (!gst_message_has_name(message, "livepushsink/connection")) return GST_BUS_PASS;
    auto& held = *static_cast<Guarded<Hang>*>(user);
    ++held.lock()->threads;
    held.notify();
    auto state = held.lock();
    state.wait([](const Hang& now) { return now.is_over; });
    --state->threads;
    held.notify();
    return GST_BUS_PASS;
  };
  auto pipeline = adopt(gst_element_get_parent(push.named("push").get()));
  auto bus = adopt(gst_element_get_bus(GST_ELEMENT(pipeline.get())));
  gst_bus_set_sync_handler(bus.get(), hold, &hang, nullptr);
  push.play();
  EXPECT_TRUE(hang.lock().wait_for(10s, [](const Hang& now) { return now.threads == 2; }));
  EXPECT_LT(push.stop(), 1);
  hang.lock()->is_over = true;
  hang.notify();
  EXPECT_TRUE(hang.lock().wait_for(10s, [](const Hang& now) { return now.threads == 0; }));
}

TEST(LivePushSink, ManyTriesLeaveNothingBehind) {
  LivePush push("location=rtmp://127.0.0.1:" + std::to_string(free_port()) +
                "/live/key retry-min=10 retry-max=15");
  push.play();
  const auto retry = [&](int times) {
    for (int i = 0; i < times; ++i)
      ASSERT_TRUE(push.wait_for("retrying"));
  };
  retry(20);
  const size_t files = entries("/proc/self/fd"), threads = entries("/proc/self/task");
  retry(100);
  EXPECT_LE(entries("/proc/self/fd"), files + 4);
  EXPECT_LE(entries("/proc/self/task"), threads + 4);
  EXPECT_EQ(push.warnings.size(), 1u);
}

TEST(LivePushSink, RunsAgainAfterNull) {
  LivePush push(rtmp(free_port()));
  for (int i = 0; i < 2; ++i) {
    push.play();
    ASSERT_TRUE(push.wait_for("retrying"));
    push.stop();
  }
  EXPECT_EQ(push.warnings.size(), 2u);
}

TEST(LivePushSink, EndsAtOnceWhereThereIsNoPeer) {
  LivePush push(rtmp(free_port()));
  push.play();
  ASSERT_TRUE(push.wait_for("retrying"));
  const gint64 begin = g_get_monotonic_time();
  EXPECT_TRUE(push.finish());
  EXPECT_LT(g_get_monotonic_time() - begin, G_USEC_PER_SEC);
}

TEST(LivePushSink, SettingsThatCannotWorkAreErrors) {
  EXPECT_NE(start_fault("").find("location is not set"), std::string::npos);
  EXPECT_NE(start_fault("location=http://h/a/b").find("no rtmp"), std::string::npos);
  EXPECT_NE(start_fault("location=rtmp://h/a/b retry-min=5000 retry-max=1000").find("retry-min"),
            std::string::npos);
  const std::string fault = start_fault("location=srt://h:9000?passphrase=secret");
  EXPECT_NE(fault.find("10 to 79"), std::string::npos);
  EXPECT_EQ(fault.find("secret"), std::string::npos);
}

TEST(LivePushSink, PadsComeAndGo) {
  auto push =
      adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("livepushsink", nullptr))));
  for (int i = 0; i < 2; ++i) {
    auto video = adopt(gst_element_request_pad_simple(push.get(), "video"));
    ASSERT_TRUE(video);
    auto audio = adopt(gst_element_request_pad_simple(push.get(), "audio"));
    EXPECT_EQ(push->numsinkpads, 2);
    gst_element_release_request_pad(push.get(), video.get());
    gst_element_release_request_pad(push.get(), audio.get());
    EXPECT_EQ(push->numsinkpads, 0);
  }
}

TEST(LivePushSink, TheLocationIsNotReadable) {
  auto push =
      adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("livepushsink", nullptr))));
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(push.get()), "location");
  ASSERT_TRUE(spec);
  EXPECT_FALSE(spec->flags & G_PARAM_READABLE);
}
