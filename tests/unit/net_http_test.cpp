// SPDX-License-Identifier: LGPL-2.1-or-later
// HttpClient: what is sent, what comes back, redirects, bounds, private addresses, many at once.
#include "net_rig.h"

#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

/// Answers every request of a connection with the same.
SocketServer::Script always(const std::string& status, const std::string& body = {},
                            const std::string& headers = {}) {
  return [=](SocketServer::Connection& connection) {
    while (!connection.request().empty())
      connection.answer(status, body, headers);
  };
}

SocketServer::Script say(const std::string& bytes) {
  return [=](SocketServer::Connection& connection) {
    connection.request();
    connection.say(bytes);
  };
}

} // namespace

TEST(Http, SendsWhatItIsGivenLetterForLetter) {
  SocketServer server(always("200 OK", "{}", "X-Request-Id: r1\r\n"));
  HttpClient client;
  Cancel cancel;
  HttpRequest request = create(server.url("/%7e/./a?a=%2F%2f+b&c=~&d=[1]|"), "{\"x\":\"樱\"}");
  request.bearer = Secret("key-1");
  request.headers = {{"X-DashScope-Async", "enable"}};
  const HttpResponse answer = client.send(request, cancel);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{}");
  ASSERT_TRUE(answer.header("x-request-id"));
  EXPECT_EQ(*answer.header("x-request-id"), "r1");
  EXPECT_FALSE(answer.header("x-request"));
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string sent = server.requests()[0];
  EXPECT_TRUE(sent.starts_with("POST /%7e/./a?a=%2F%2f+b&c=~&d=[1]| HTTP/1.1\r\n")) << sent;
  EXPECT_TRUE(contains(sent, "\r\nAuthorization: Bearer key-1\r\n"));
  EXPECT_TRUE(contains(sent, "\r\nX-DashScope-Async: enable\r\n"));
  EXPECT_TRUE(contains(sent, "\r\nContent-Type: application/json\r\n"));
  EXPECT_TRUE(contains(sent, "\r\nAccept-Encoding: identity\r\n"));
  EXPECT_TRUE(contains(sent, "\r\nUser-Agent: gst-plugins-aigc/"));
  EXPECT_TRUE(sent.ends_with("\r\n\r\n{\"x\":\"樱\"}"));
  EXPECT_FALSE(contains(sent, "Cookie"));
}

TEST(Http, AnyStatusIsAnAnswer) {
  for (const char* status : {"204 No", "400 Bad", "401 No", "404 No", "429 Slow", "503 Busy"}) {
    SocketServer server(always(status, status[0] == '2' ? "" : "<html>",
                               "Retry-After: 7\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                               "Set-Cookie: a=b\r\n"));
    HttpClient client;
    Cancel cancel;
    const HttpResponse answer = client.send(create(server.url()), cancel);
    EXPECT_EQ(std::to_string(answer.status), std::string(status, 3));
    EXPECT_EQ(answer.retry_after(), 7s);
    client.send(get(server.url()), cancel);
    ASSERT_EQ(server.requests().size(), 2u) << "nothing is sent again by itself";
    EXPECT_FALSE(contains(server.requests()[1], "Cookie"));
  }
}

TEST(Http, RetryAfterIsSecondsOrADate) {
  const auto after = [](const std::string& value) {
    return HttpResponse{429, "", {{"retry-after", value}}, ""}.retry_after();
  };
  EXPECT_EQ(after("3"), 3s);
  EXPECT_EQ(after("99999999"), 1h);
  EXPECT_EQ(after("99999999999999999999"), 0s);
  EXPECT_EQ(after("-1"), 0s);
  EXPECT_EQ(after("soon"), 0s);
  EXPECT_EQ(after("Thu, 01 Jan 1970 00:00:00 GMT"), 0s);
  EXPECT_EQ(after("Fri, 01 Jan 2100 00:00:00 GMT"), 1h);
  EXPECT_EQ(HttpResponse{}.retry_after(), 0s);
}

TEST(Http, ReadsEveryFraming) {
  for (const std::string bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}) {
    SocketServer server(say(bytes));
    HttpClient client;
    Cancel cancel;
    EXPECT_EQ(client.send(create(server.url()), cancel).body, "hello") << bytes;
  }
}

TEST(Http, LeavesEncodedBodiesAsTheyAre) {
  SocketServer server(always("200 OK", "not gzip", "Content-Encoding: gzip\r\n"));
  HttpClient client;
  Cancel cancel;
  EXPECT_EQ(client.send(get(server.url()), cancel).body, "not gzip");
}

TEST(Http, BoundsBodies) {
  const std::string body(100, 'x');
  for (const std::string headers :
       {"Content-Length: 100\r\n", "Connection: close\r\n", "Content-Length: 9000000000000\r\n"}) {
    SocketServer server(say("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body));
    HttpClient client;
    Cancel cancel;
    HttpRequest request = get(server.url());
    request.max_bytes = 99;
    const Error error = error_of([&] { client.send(request, cancel); });
    EXPECT_EQ(error.fault, Fault::format) << headers << error.what();
    EXPECT_FALSE(error.retry);
  }
  SocketServer server(always("200 OK", body));
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url());
  request.max_bytes = 100;
  EXPECT_EQ(client.send(request, cancel).body, body);
}

TEST(Http, RefusesHeadersThatAreTwo) {
  SocketServer server(always("200 OK"));
  HttpClient client;
  Cancel cancel;
  const auto refused = [&](const std::function<void(HttpRequest&)>& change) {
    HttpRequest request = get(server.url());
    change(request);
    const Error error = error_of([&] { client.send(request, cancel); });
    EXPECT_FALSE(contains(error.what(), "CANARY"));
    return error.fault == Fault::settings && server.requests().empty();
  };
  EXPECT_TRUE(refused([](HttpRequest& r) { r.headers = {{"X-A", "CANARY\r\nX-B: c"}}; }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.headers = {{"X-A: b\r\nX", "CANARY"}}; }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.headers = {{"", "CANARY"}}; }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.bearer = Secret("CANARY\nX-B: c"); }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.content_type = "a\r\nX-B: c"; }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.method = "GET / HTTP/1.1\r\n\r\nGET"; }));
  EXPECT_TRUE(refused([](HttpRequest& r) { r.url += "\r\nX-B: c"; }));
}

TEST(HttpRedirect, KeepsTheKeyOnItsOriginOnly) {
  SocketServer other(always("200 OK", "other"));
  SocketServer server([&](SocketServer::Connection& connection) {
    for (std::string sent; !(sent = connection.request()).empty();) {
      const std::string target = contains(sent, "/first") ? "/second?x=%2f" : other.url("/y?z=%7e");
      connection.answer("302 Found", "ignored", "Location: " + target + "\r\n");
    }
  });
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url("/first"));
  request.bearer = Secret("key-1");
  const HttpResponse answer = client.send(request, cancel);
  EXPECT_EQ(answer.body, "other");
  EXPECT_EQ(answer.url, other.url("/y?z=%7e"));
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_TRUE(contains(server.requests()[1], "GET /second?x=%2f HTTP"));
  EXPECT_TRUE(contains(server.requests()[1], "key-1"));
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_TRUE(contains(other.requests()[0], "GET /y?z=%7e HTTP"));
  EXPECT_FALSE(contains(other.requests()[0], "Authorization"));
}

TEST(HttpRedirect, TheKeyDoesNotComeBack) {
  std::string back;
  SocketServer other([&](SocketServer::Connection& connection) {
    connection.request();
    connection.answer("307 Back", "", "Location: " + back + "\r\n");
  });
  SocketServer server([&](SocketServer::Connection& connection) {
    while (!connection.request().empty()) {
      if (connection.server.requests().size() == 1)
        connection.answer("307 There", "", "Location: " + other.url() + "\r\n");
      else
        connection.answer("200 OK");
    }
  });
  back = server.url("/back");
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url("/first"));
  request.bearer = Secret("key-1");
  EXPECT_EQ(client.send(request, cancel).status, 200);
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_FALSE(contains(server.requests()[1], "key-1"));
}

TEST(HttpRedirect, IsNotFollowedForEverNorForCreatesNorToOtherSchemes) {
  HttpClient client;
  Cancel cancel;
  SocketServer round(always("301 Moved", "", "Location: /again\r\n"));
  const Error endless = error_of([&] { client.send(get(round.url()), cancel); });
  EXPECT_EQ(endless.fault, Fault::read);
  EXPECT_EQ(round.requests().size(), 6u);
  for (const char* status : {"301 A", "302 A", "303 A", "307 A", "308 A"}) {
    SocketServer server(always(status, "", "Location: https://elsewhere.example/x?key=1\r\n"));
    const Error error = error_of([&] { client.send(create(server.url()), cancel); });
    EXPECT_TRUE(contains(error.what(), "elsewhere.example")) << error.what();
    EXPECT_FALSE(contains(error.what(), "key=1"));
    EXPECT_FALSE(error.unclear) << "the service answered";
    EXPECT_FALSE(error.retry);
    EXPECT_EQ(server.requests().size(), 1u);
  }
  for (const char* location : {"file:///etc/passwd", "ftp://host/", "http://user:pw@host/", ""}) {
    SocketServer server(always("302 Found", "", std::string("Location: ") + location + "\r\n"));
    EXPECT_TRUE(error_of([&] { client.send(get(server.url()), cancel); }).fault ==
                    Fault::settings ||
                *location == 0);
  }
  SocketServer nowhere(always("302 Found"));
  EXPECT_EQ(error_of([&] { client.send(get(nowhere.url()), cancel); }).fault, Fault::format);
}

TEST(HttpPrivate, IsRefusedByNameByAddressAndAfterRedirects) {
  SocketServer server(always("200 OK"));
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url());
  client.send(request, cancel); // the open connection must not be used by what comes
  request.private_allowed = false;
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]",
                           "0.0.0.0", "10.0.0.1", "169.254.169.254"}) {
    request.url = "http://" + (host + port);
    const Error error = error_of([&] { client.send(request, cancel); });
    EXPECT_EQ(error.fault, Fault::settings) << host;
    EXPECT_TRUE(contains(error.what(), "private network")) << error.what();
  }
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(HttpErrors, NameTheCause) {
  HttpClient client;
  Cancel cancel;
  const Error unknown = error_of([&] { client.send(create("http://no-such.invalid/"), cancel); });
  EXPECT_EQ(unknown.fault, Fault::read);
  EXPECT_TRUE(contains(unknown.what(), "no-such.invalid")) << unknown.what();
  EXPECT_TRUE(contains(unknown.what(), "cannot be found")) << unknown.what();
  EXPECT_TRUE(unknown.retry);
  EXPECT_FALSE(unknown.unclear);
  std::string url;
  { url = SocketServer(always("200 OK")).url(); }
  const Error refused = error_of([&] { client.send(create(url), cancel); });
  EXPECT_EQ(refused.fault, Fault::read);
  EXPECT_TRUE(contains(refused.what(), "refuses connections")) << refused.what();
  EXPECT_TRUE(refused.retry);
  EXPECT_FALSE(refused.unclear);
  SocketServer strange(say("220 mail.example ESMTP\r\n\r\n"));
  const Error other = error_of([&] { client.send(create(strange.url()), cancel); });
  EXPECT_TRUE(other.unclear);
  EXPECT_EQ(error_of([&] { client.send(get("ftp://host/"), cancel); }).fault, Fault::settings);
}

TEST(Http, FortyAtOnce) {
  constexpr int kCalls = 40;
  SocketServer server([](SocketServer::Connection& connection) {
    while (!connection.request().empty()) {
      connection.server.reach();
      connection.server.wait_reached(kCalls); // none is answered before all are there
      connection.answer("200 OK", "x");
    }
  });
  HttpClient client;
  Cancel cancel;
  std::vector<std::thread> threads;
  std::atomic<int> answers{0};
  for (int i = 0; i < kCalls; ++i)
    threads.emplace_back([&, i] {
      const HttpRequest request = i % 2 ? create(server.url()) : get(server.url());
      answers += client.send(request, cancel).status == 200;
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(answers, kCalls);
}

TEST(Http, ReadsReuseConnectionsAndCreatesHaveTheirOwn) {
  SocketServer server(always("200 OK", "x"));
  HttpClient client;
  Cancel cancel;
  for (int i = 0; i < 5; ++i)
    client.send(get(server.url()), cancel);
  EXPECT_EQ(server.connections(), 1u);
  for (int i = 0; i < 3; ++i)
    client.send(create(server.url()), cancel);
  EXPECT_EQ(server.connections(), 4u);
}

TEST(HttpStream, GivesPiecesAsTheyCome) {
  std::string got;
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
      connection.say("1\r\n" + std::to_string(i) + "\r\n");
      connection.server.wait_reached(i + 1); // the piece before was taken
    }
    connection.say("0\r\n\r\n");
  });
  HttpClient client;
  Cancel cancel;
  const auto thread = std::this_thread::get_id();
  const HttpResponse answer = client.stream(get(server.url()), cancel, [&](std::string_view piece) {
    EXPECT_EQ(std::this_thread::get_id(), thread);
    got += piece;
    server.reach();
    return true;
  });
  EXPECT_EQ(got, "012");
  EXPECT_TRUE(answer.body.empty());
}

TEST(HttpStream, EndsEarlyWithoutErrorAndKeepsErrorBodies) {
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\n\r\ndata: [DONE]\n\n");
    connection.hang();
  });
  HttpClient client;
  Cancel cancel;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(
      client.stream(create(server.url()), cancel, [](std::string_view) { return false; }).status,
      200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  SocketServer refusing(always("429 Slow", "{\"error\":1}"));
  const HttpResponse answer =
      client.stream(get(refusing.url()), cancel, [](std::string_view) -> bool { std::abort(); });
  EXPECT_EQ(answer.body, "{\"error\":1}");
}

TEST(HttpStream, DoesNotReadAheadOfASlowTaker) {
  constexpr size_t kSize = 256u << 20;
  std::atomic<size_t> sent{0};
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\n\r\n");
    const std::string block(1u << 20, 'x');
    for (; sent < kSize; sent += block.size())
      connection.say(block);
  });
  HttpClient client;
  Cancel cancel;
  HttpRequest request = get(server.url());
  request.max_bytes = kSize;
  size_t got = 0, ahead = 0;
  client.stream(request, cancel, [&](std::string_view piece) {
    if (got == 0) { // until the sockets are full and nothing moves any more
      for (size_t before = 0; before != sent || before == 0;) {
        before = sent;
        std::this_thread::sleep_for(100ms);
      }
      ahead = sent;
    }
    got += piece.size();
    return true;
  });
  EXPECT_EQ(got, kSize);
  EXPECT_LT(ahead, kSize / 2); // what the kernel's buffers hold: 4 to 38 MiB as it is set
}
