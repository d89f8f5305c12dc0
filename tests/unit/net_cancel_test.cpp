// SPDX-License-Identifier: LGPL-2.1-or-later
// HttpClient in bad weather: cancel and deadlines in every phase, broken connections, and whether
// a create may have arrived.
#include "net_rig.h"

#include <future>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Weather {
  const char* name;
  SocketServer::Script script;                    ///< calls reach() where the client is stuck
  bool sent;                                      ///< the request may have arrived by then
  std::chrono::milliseconds HttpTimeouts::*limit; ///< of this phase
  const char* scheme = "http";
  size_t body_bytes = 2;
};

void PrintTo(const Weather& weather, std::ostream* out) {
  *out << weather.name;
}

SocketServer::Script hang_after(const std::string& bytes) {
  return [=](SocketServer::Connection& connection) {
    connection.request();
    connection.say(bytes);
    connection.server.reach();
    connection.hang();
  };
}

const Weather kWeather[] = {
    {"tls",
     [](SocketServer::Connection& connection) {
       connection.server.reach();
       connection.hang();
     },
     false, &HttpTimeouts::connect, "https"},
    {"sending",
     [](SocketServer::Connection& connection) {
       char bytes[100];
       if (recv(connection.peer, bytes, sizeof bytes, 0) > 0) connection.server.reach();
       connection.server.wait_reached(2); // nothing more is taken from the socket
     },
     true, &HttpTimeouts::idle, "http", 32u << 20},
    {"before_headers", hang_after(""), true, &HttpTimeouts::first_byte},
    {"in_headers", hang_after("HTTP/1.1 200 OK\r\nContent-Le"), true, &HttpTimeouts::first_byte},
    {"before_body", hang_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), true,
     &HttpTimeouts::idle},
    {"in_body", hang_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), true,
     &HttpTimeouts::idle},
    {"in_chunk", hang_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello"),
     true, &HttpTimeouts::idle},
};

class HttpWeather : public testing::TestWithParam<Weather> {
 protected:
  HttpRequest request_to(const SocketServer& place) const {
    return create(place.url("/", GetParam().scheme), std::string(GetParam().body_bytes, 'x'));
  }
  HttpRequest request() const { return request_to(server); }
  /// In another thread, stuck when this returns.
  std::future<Error> stuck(const HttpRequest& request) {
    auto result = std::async(std::launch::async, [this, request] {
      return error_of([&] { client.send(request, cancel); });
    });
    EXPECT_TRUE(server.wait_reached());
    if (GetParam().sent) std::this_thread::sleep_for(20ms); // what was said arrives
    return result;
  }
  void TearDown() override { server.reach(); }

  SocketServer server{GetParam().script};
  HttpClient client;
  Cancel cancel;
};

} // namespace

TEST_P(HttpWeather, CancelEndsItAtOnce) {
  auto quickest = Clock::duration::max(); // of three: the machine may be busy
  for (int round = 1; round <= 3; ++round) {
    SocketServer fresh(GetParam().script);
    Cancel stop;
    auto result = std::async(std::launch::async, [&] {
      return error_of([&] { client.send(request_to(fresh), stop); });
    });
    ASSERT_TRUE(fresh.wait_reached());
    if (GetParam().sent) std::this_thread::sleep_for(20ms); // what was said arrives
    const auto began = Clock::now();
    stop.cancel();
    const Error error = result.get();
    quickest = std::min(quickest, Clock::now() - began);
    EXPECT_EQ(error.fault, Fault::cancelled);
    EXPECT_EQ(error.unclear, GetParam().sent);
    fresh.reach();
  }
  EXPECT_LT(quickest, 100ms);
}

TEST_P(HttpWeather, TheDeadlineEndsIt) {
  HttpRequest late = request();
  late.timeouts.total = Clock::now() + 400ms;
  const Error error = stuck(late).get();
  EXPECT_LT(Clock::now() - late.timeouts.total, 1s);
  EXPECT_EQ(error.fault, Fault::timeout);
  EXPECT_EQ(error.unclear, GetParam().sent);
  EXPECT_FALSE(error.retry);
}

TEST_P(HttpWeather, EachPhaseHasItsLimit) {
  HttpRequest slow = request();
  slow.timeouts.*GetParam().limit = 100ms;
  const Error error = stuck(slow).get();
  EXPECT_EQ(error.fault, Fault::timeout) << error.what();
  EXPECT_EQ(error.unclear, GetParam().sent) << error.what();
  EXPECT_EQ(error.retry, !GetParam().sent);
  EXPECT_TRUE(contains(error.what(), "100 ms")) << error.what();
}

TEST_P(HttpWeather, TheConnectionIsClosedForAServerThatHangs) {
  std::promise<void> closed;
  SocketServer watched([&, script = GetParam().script](SocketServer::Connection& connection) {
    script(connection);
    connection.hang();
    closed.set_value();
  });
  auto result = std::async(std::launch::async, [&] {
    return error_of([&] { client.send(request_to(watched), cancel); });
  });
  ASSERT_TRUE(watched.wait_reached());
  cancel.cancel();
  watched.reach();
  result.get();
  EXPECT_EQ(closed.get_future().wait_for(10s), std::future_status::ready);
}

TEST_P(HttpWeather, TheClientGoesWhileACallIsLeft) {
  auto own = std::make_unique<HttpClient>();
  Cancel stop;
  auto result =
      std::async(std::launch::async, [&] { return error_of([&] { own->send(request(), stop); }); });
  ASSERT_TRUE(server.wait_reached());
  stop.cancel();
  result.get();
  const auto began = Clock::now();
  own.reset();
  EXPECT_LT(Clock::now() - began, 2s);
}

INSTANTIATE_TEST_SUITE_P(Phases, HttpWeather, testing::ValuesIn(kWeather),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(HttpCancel, WhileTheLastOfAnAnswerArrives) {
  std::promise<void> go;
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    go.get_future().wait();
    connection.say("0\r\n\r\n");
  });
  HttpClient client;
  Cancel cancel;
  std::promise<void> begun;
  const Cancel::Hook first(cancel, [&] {
    go.set_value(); // the answer is whole while the hooks run, of which this is the first
    std::this_thread::sleep_for(200ms);
  });
  auto answer = std::async(std::launch::async, [&] {
    return error_of([&] {
      client.stream(get(server.url()), cancel, [&](std::string_view) {
        begun.set_value();
        return true;
      });
    });
  });
  begun.get_future().wait();
  auto cancelling = std::async(std::launch::async, [&] { cancel.cancel(); });
  if (cancelling.wait_for(10s) != std::future_status::ready ||
      answer.wait_for(10s) != std::future_status::ready) {
    std::cerr << "cancel() and the call wait for each other\n";
    std::abort(); // neither thread can be joined any more
  }
}

TEST(HttpBroken, SaysWhetherACreateMayHaveArrived) {
  struct Case {
    const char* said;
    bool rst;
    Fault fault;
  };
  const Case cases[] = {
      {"", false, Fault::read},
      {"", true, Fault::read},
      {"HTTP/1.1 200", false, Fault::read},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", false, Fault::damaged},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", false, Fault::damaged},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true, Fault::damaged},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhel", false, Fault::damaged},
  };
  for (const Case& each : cases) {
    SocketServer server([&](SocketServer::Connection& connection) {
      connection.request();
      connection.say(each.said);
      if (each.rst) connection.reset();
    });
    HttpClient client;
    Cancel cancel;
    const Error paid = error_of([&] { client.send(create(server.url()), cancel); });
    EXPECT_TRUE(paid.unclear) << each.said << paid.what();
    EXPECT_FALSE(paid.retry);
    EXPECT_EQ(server.connections(), 1u) << "a create is sent once";
    const Error read = error_of([&] { client.send(get(server.url()), cancel); });
    EXPECT_FALSE(read.unclear);
    EXPECT_TRUE(read.retry);
    EXPECT_TRUE(each.rst || read.fault == each.fault) << each.said << read.what();
  }
}

TEST(HttpBroken, ADeadConnectionIsReplacedForReadsOnly) {
  SocketServer server([](SocketServer::Connection& connection) {
    connection.request();
    connection.answer("200 OK", "x"); // promises to stay, and goes
  });
  HttpClient client;
  Cancel cancel;
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(client.send(get(server.url()), cancel).body, "x");
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(HttpBroken, ADripIsNotAStall) {
  SocketServer server([](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    for (int i = 0; i < 8; ++i) {
      connection.say("x");
      std::this_thread::sleep_for(150ms);
    }
  });
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url());
  request.timeouts.idle = 1s;
  EXPECT_EQ(client.send(request, cancel).body, "xxxxxxxx");
  request.timeouts.total = Clock::now() + 150ms;
  EXPECT_EQ(error_of([&] { client.send(request, cancel); }).fault, Fault::timeout);
}

TEST(HttpBroken, WhatWasCancelledBeforeIsNeverSent) {
  SocketServer server([](SocketServer::Connection& connection) {
    if (!connection.request().empty()) connection.server.reach();
  });
  HttpClient client;
  Cancel never;
  std::vector<std::string> unsent;
  for (int i = 0; i < 60; ++i) {
    Cancel cancel;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 20));
      cancel.cancel();
    });
    const std::string name = "create " + std::to_string(i) + ".";
    if (!error_of([&] { client.send(create(server.url(), name), cancel); }).unclear)
      unsent.push_back(name);
    other.join();
  }
  EXPECT_FALSE(unsent.empty());
  // Comes after them all in the session's thread.
  error_of([&] { client.send(create(server.url(), "last"), never); });
  for (const std::string& sent : server.requests())
    for (const std::string& name : unsent)
      EXPECT_FALSE(contains(sent, name)) << "said that it was not sent";
}
