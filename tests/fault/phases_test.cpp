// SPDX-License-Identifier: LGPL-2.1-or-later
// To NULL within a second in every phase of a call, against a server that never answers; and
// addresses where nobody answers at all.
#include "base/json.h"
#include "fault/weather.h"

#include <ostream>
#include <thread>

#include <gio/gio.h>

using namespace aigc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// A phase: the stage hangs in it once the server has seen a call of `route`.
struct Phase {
  const char* name;
  Stage stage;
  const char* route;
  const char* fault;
};

void PrintTo(const Phase& phase, std::ostream* out) {
  *out << phase.name;
}

#define HANG(route, rest) R"({"route":")" route R"(","times":-1,)" rest "}"

const Phase kPhases[] = {
    {"WordsBeforeHeaders", Stage::words, "chat", HANG("chat", R"("kind":"hang-before-headers")")},
    {"WordsInHeaders", Stage::words, "chat", HANG("chat", R"("kind":"hang-in-headers")")},
    {"WordsInStream", Stage::words, "chat",
     HANG("chat", R"("kind":"stall-in-stream","after_chunks":2)")},
    {"PictureCreate", Stage::picture, "image-async",
     HANG("image-async", R"("kind":"accept-then-hang")")},
    {"SyncPicture", Stage::picture_sync, "image-sync",
     HANG("image-sync", R"("kind":"accept-then-hang")")},
    {"Poll", Stage::clip, "task", HANG("task", R"("kind":"hang-before-headers")")},
    {"PollBody", Stage::clip, "task", HANG("task", R"("kind":"hang-in-body","after_bytes":5)")},
    {"Download", Stage::clip, "result",
     HANG("result", R"("kind":"hang-in-body","after_bytes":999)")},
    {"DownloadDrip", Stage::clip, "result",
     HANG("result", R"("kind":"slow-drip","bytes_per_second":100)")},
    {"Backoff", Stage::clip, "video",
     HANG("video", R"("kind":"status","status":503,"code":"ModelUnavailable","retry_after":60)")},
};

class Waiting : public WeatherTest {
 protected:
  bool await_call(const std::string& route) {
    const auto limit = Clock::now() + 20s;
    while (!has_been_called(route) && Clock::now() < limit)
      g_usleep(5'000);
    return has_been_called(route);
  }

 private:
  bool has_been_called(const std::string& route) {
    const auto calls = server.calls();
    const JsonView list = JsonView(calls.get())["calls"];
    for (size_t i = 0; i < list.size(); ++i)
      if (list.at(i)["route"].text() == route) return true;
    return false;
  }
};

class Teardown : public Waiting, public testing::WithParamInterface<Phase> {};

struct Nowhere : WeatherTest {};

} // namespace

TEST_P(Teardown, TakesLessThanASecond) {
  const Phase& phase = GetParam();
  fault(phase.fault);
  const Launch launch(line_of(phase.stage, "") + " ! fakesink");
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(await_call(phase.route));
  const auto start = Clock::now();
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  EXPECT_LT(Clock::now() - start, 1s);
}

INSTANTIATE_TEST_SUITE_P(Fault, Teardown, testing::ValuesIn(kPhases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Waiting, TasksThatHaveNotBegunAreCancelledWhereThatIsAskedFor) {
  configure(R"({"video": {"pending_seconds": 60}})");
  const std::string line = line_of(Stage::clip, "cancel-pending=true") + " ! fakesink";
  {
    const Launch launch(line);
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(await_call("task"));
  }
  EXPECT_TRUE(await_call("cancel"));
  configure(R"({"video": {"pending_seconds": 0}})");
  EXPECT_TRUE(run(Stage::clip).eos); // the journal has let go of it: a new order
  const auto calls = server.calls();
  const JsonView list = JsonView(calls.get())["calls"];
  unsigned orders = 0;
  for (size_t i = 0; i < list.size(); ++i)
    orders += list.at(i)["route"].text() == "video";
  EXPECT_EQ(orders, 2u);
}

TEST_F(Nowhere, AClosedPortIsNamed) {
  g_setenv("DASHSCOPE_BASE_URL", "http://127.0.0.1:9/api/v1", TRUE);
  const Seen seen = run(Stage::clip, "max-retries=1");
  EXPECT_EQ(seen.domain, g_quark_to_string(GST_RESOURCE_ERROR));
  EXPECT_EQ(seen.code, GST_RESOURCE_ERROR_READ);
  EXPECT_NE(seen.text.find("127.0.0.1:9"), std::string::npos) << seen.text;
}

TEST_F(Nowhere, AnUnknownHostIsNamed) {
  g_setenv("DASHSCOPE_BASE_URL", "http://no-such-host.invalid/api/v1", TRUE);
  const Seen seen = run(Stage::clip, "max-retries=1");
  EXPECT_EQ(seen.code, GST_RESOURCE_ERROR_READ);
  EXPECT_NE(seen.text.find("no-such-host.invalid"), std::string::npos) << seen.text;
}

TEST_F(Nowhere, AServerWithoutTlsIsNamed) {
  // As web servers do: whatever is no HTTP is answered at once, in plain text.
  auto listener = adopt(g_socket_listener_new());
  const guint16 port = g_socket_listener_add_any_inet_port(listener.get(), nullptr, nullptr);
  auto stop = adopt(g_cancellable_new());
  std::thread server([&] {
    while (auto client =
               adopt(g_socket_listener_accept(listener.get(), nullptr, stop.get(), nullptr))) {
      GOutputStream* out = g_io_stream_get_output_stream(G_IO_STREAM(client.get()));
      const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
      g_output_stream_write_all(out, answer.data(), answer.size(), nullptr, nullptr, nullptr);
    }
  });
  g_setenv("DASHSCOPE_BASE_URL", ("https://127.0.0.1:" + std::to_string(port) + "/api/v1").c_str(),
           TRUE);
  const Seen seen = run(Stage::clip, "max-retries=1");
  EXPECT_EQ(seen.code, GST_RESOURCE_ERROR_READ);
  EXPECT_NE(seen.text.find("TLS"), std::string::npos) << seen.text;
  g_cancellable_cancel(stop.get());
  server.join();
}
