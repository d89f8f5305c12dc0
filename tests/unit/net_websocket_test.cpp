// SPDX-License-Identifier: LGPL-2.1-or-later
// The WebSocket against a server that speaks frame by frame.
#include "base/guarded.h"
#include "net/websocket.h"
#include "net_rig.h"
#include "web_frames.h"

#include <atomic>

using namespace aigc;
using namespace std::chrono_literals;
using namespace web_frames;

namespace {

struct Log {
  int opened = 0;
  std::vector<std::string> heard; ///< "t:" or "b:" and the message
  std::vector<std::string> lost;
};

/// A socket and what it told.
struct Ear {
  explicit Ear(const std::string& url, WebSocket::Target target = {.private_allowed = true}) {
    target.url = url;
    const auto add = [log = log](auto change) {
      change(*log->lock());
      log->notify();
    };
    socket = std::make_unique<WebSocket>(
        HttpClient::shared(), target,
        WebSocket::Handlers{
            [add] { add([](Log& log) { ++log.opened; }); },
            [add](std::string_view text) {
              add([text](Log& log) { log.heard.push_back("t:" + std::string(text)); });
            },
            [add](GBytes* bytes) {
              gsize size = 0;
              const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
              add([&](Log& log) { log.heard.push_back("b:" + std::string(data, size)); });
            },
            [add](const Error& why) { add([&](Log& log) { log.lost.push_back(why.what()); }); }});
  }
  template <typename Ready> bool wait(Ready ready) {
    return log->lock().wait_for(10s, [&](const Log& log) { return ready(log); });
  }
  bool hears(size_t messages) {
    return wait([=](const Log& log) { return log.heard.size() >= messages; });
  }
  bool loses() {
    return wait([](const Log& log) { return !log.lost.empty(); });
  }

  std::shared_ptr<Guarded<Log>> log = std::make_shared<Guarded<Log>>();
  std::unique_ptr<WebSocket> socket;
};

SocketServer::Script opening(SocketServer::Script then) {
  return [then](SocketServer::Connection& peer) {
    peer.say(handshake(peer.request()));
    then(peer);
  };
}

} // namespace

TEST(WebSocket, HearsTextAndBinaryInOrder) {
  SocketServer server(opening([](auto& peer) {
    peer.say(frame(kText, "{\"type\": \"status\"}") + frame(kBinary, std::string("\0\1", 2)) +
             frame(kText, "花"));
    peer.hang();
  }));
  Ear ear(server.url("/ws?clientId=abc"));
  ASSERT_TRUE(ear.hears(3));
  const Log log = ear.log->snapshot();
  EXPECT_EQ(log.opened, 1);
  EXPECT_EQ(log.heard, (std::vector<std::string>{"t:{\"type\": \"status\"}",
                                                 "b:" + std::string("\0\1", 2), "t:花"}));
  EXPECT_TRUE(log.lost.empty());
}

TEST(WebSocket, SendsTheQueryAndNoOriginNorExtensions) {
  SocketServer server(opening([](auto& peer) { peer.hang(); }));
  Ear ear(server.url("/ws?clientId=abc"));
  ASSERT_TRUE(ear.wait([](const Log& log) { return log.opened == 1; }));
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("GET /ws?clientId=abc HTTP/1.1\r\n")) << request;
  EXPECT_FALSE(contains(request, "Origin")) << request;
  EXPECT_FALSE(contains(request, "Extensions")) << request;
  EXPECT_FALSE(contains(request, "Authorization")) << request;
}

TEST(WebSocket, BringsTheKeyOfTheOneWhoHasIt) {
  SocketServer server(opening([](auto& peer) { peer.hang(); }));
  Ear ear(server.url("/"), {.bearer = Secret("sesame"), .private_allowed = true});
  ASSERT_TRUE(ear.wait([](const Log& log) { return log.opened == 1; }));
  EXPECT_TRUE(contains(server.requests().at(0), "Authorization: Bearer sesame\r\n"));
}

TEST(WebSocket, JoinsFragmentsAndAnswersPings) {
  std::atomic<int> answer{-1};
  SocketServer server(opening([&](auto& peer) {
    peer.say(frame(kText, "one, ", false) + frame(kMore, "two", false));
    peer.say(frame(kPing, "still there?")); // may stand between the parts of a message
    const Heard heard = hear(peer);
    answer = heard.payload == "still there?" ? heard.opcode : -2;
    peer.say(frame(kMore, ", three"));
    peer.hang();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.hears(1));
  EXPECT_EQ(ear.log->snapshot().heard.at(0), "t:one, two, three");
  EXPECT_EQ(answer, kPong);
}

TEST(WebSocket, HearsAFrameThatArrivesInPieces) {
  const std::string large(300'000, 'x'); // more than libsoup's own limit
  SocketServer server(opening([&](auto& peer) {
    const std::string bytes = frame(kBinary, large);
    peer.say(bytes.substr(0, 1));
    peer.say(bytes.substr(1, 5));
    peer.say(bytes.substr(6));
    peer.hang();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.hears(1));
  EXPECT_EQ(ear.log->snapshot().heard.at(0).size(), large.size() + 2);
}

TEST(WebSocket, HearsWhatComesTogetherWithTheHandshake) {
  SocketServer server([](auto& peer) {
    peer.say(handshake(peer.request()) + frame(kText, "welcome"));
    peer.hang();
  });
  Ear ear(server.url());
  ASSERT_TRUE(ear.hears(1));
}

TEST(WebSocket, StopsListeningToAFrameThatIsTooLarge) {
  SocketServer server(opening([](auto& peer) {
    std::string head(1, static_cast<char>(0x80 | kText));
    head += static_cast<char>(127);
    peer.say(head + big_endian(0) + big_endian(WebSocket::kMaxFrameBytes + 1));
    peer.hang();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.loses());
  EXPECT_TRUE(ear.log->snapshot().heard.empty());
}

TEST(WebSocket, StopsListeningToAMessageWithoutAnEnd) {
  std::atomic<size_t> sent{0};
  SocketServer server(opening([&](auto& peer) {
    const std::string part = frame(kMore, std::string(1 << 20, 'x'), false);
    peer.say(frame(kText, "", false));
    while (sent < 16 * WebSocket::kMaxMessageBytes &&
           send(peer.peer, part.data(), part.size(), MSG_NOSIGNAL) > 0)
      sent += part.size();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.loses());
  EXPECT_TRUE(contains(ear.log->snapshot().lost.at(0), "without an end"));
  EXPECT_LT(sent, 4 * WebSocket::kMaxMessageBytes);
}

TEST(WebSocket, HearsMuchInManyMessages) {
  const std::string part(4 << 20, 'x');
  SocketServer server(opening([&](auto& peer) {
    for (size_t sent = 0; sent <= WebSocket::kMaxMessageBytes; sent += 2 * part.size())
      peer.say(frame(kBinary, part, false) + frame(kMore, part));
    peer.say(frame(kText, "still here"));
    peer.hang();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.wait([](const Log& log) {
    return !log.lost.empty() || (!log.heard.empty() && log.heard.back() == "t:still here");
  }));
  EXPECT_TRUE(ear.log->snapshot().lost.empty());
}

TEST(WebSocket, HearsNothingAfterAnError) {
  SocketServer server(opening([](auto& peer) {
    peer.say(frame(kText, "one") + frame(kText, "\xff") + frame(kText, "two"));
    peer.server.reach();
    while (hear(peer).opcode >= 0)
      ; // the goodbye goes unanswered
    peer.server.reach();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.loses());
  EXPECT_TRUE(server.wait_reached(2)); // the line ends at once
  EXPECT_EQ(ear.log->snapshot().heard, std::vector<std::string>{"t:one"});
}

TEST(WebSocket, SaysOnceThatItWasLost) {
  SocketServer server(opening([](auto& peer) {
    peer.say(frame(kText, "last words"));
    if (peer.number == 1) peer.say(frame(kClose, std::string("\x03\xe8", 2)));
    if (peer.number == 1) hear(peer); // the goodbye that answers ours
  }));
  for (int i = 0; i < 2; ++i) { // with a goodbye, and without
    Ear ear(server.url());
    ASSERT_TRUE(ear.loses());
    const Log log = ear.log->snapshot();
    EXPECT_EQ(log.heard.size(), 1u);
    EXPECT_EQ(log.lost.size(), 1u);
  }
}

TEST(WebSocket, NamesTheStatusOfARefusal) {
  SocketServer server([](auto& peer) {
    peer.request();
    peer.answer("403 Forbidden");
  });
  Ear ear(server.url("/ws?secret=1"));
  ASSERT_TRUE(ear.loses());
  const Log log = ear.log->snapshot();
  EXPECT_EQ(log.opened, 0);
  EXPECT_TRUE(contains(log.lost.at(0), "HTTP 403")) << log.lost.at(0);
  EXPECT_FALSE(contains(log.lost.at(0), "secret")) << log.lost.at(0);
}

TEST(WebSocket, GivesUpOnAServerThatNeverAnswers) {
  SocketServer server([](auto& peer) { peer.hang(); });
  Ear ear(server.url(), {.private_allowed = true, .patience = 50ms});
  ASSERT_TRUE(ear.loses());
  EXPECT_TRUE(contains(ear.log->snapshot().lost.at(0), "within 50 ms"));
}

TEST(WebSocket, ReachesNoPrivateAddressUnlessAllowed) {
  SocketServer server(opening([](auto& peer) { peer.hang(); }));
  for (const std::string& url :
       {server.url(), "http://localhost:" + std::to_string(server.port()) + "/"}) {
    Ear ear(url, {.private_allowed = false});
    ASSERT_TRUE(ear.loses());
    EXPECT_TRUE(contains(ear.log->snapshot().lost.at(0), "private")) << url;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(WebSocket, GoesToHttpAddressesOnly) {
  EXPECT_EQ(error_of([] { Ear("ftp://host/"); }).fault, Fault::settings);
}

TEST(WebSocket, EndsWithoutWaitingForThePeer) {
  SocketServer server(opening([](auto& peer) {
    peer.server.reach();
    peer.hang(); // never says goodbye
    peer.server.reach();
  }));
  Ear ear(server.url());
  ASSERT_TRUE(ear.wait([](const Log& log) { return log.opened == 1; }));
  const auto began = std::chrono::steady_clock::now();
  ear.socket.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 100ms);
  EXPECT_TRUE(server.wait_reached(2)); // it sees the end
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_TRUE(ear.log->snapshot().lost.empty()); // it was us
}

TEST(WebSocket, EndsWhileItOpensAndWithItsClient) {
  SocketServer server([](auto& peer) {
    peer.request();
    peer.server.reach();
    peer.hang();
  });
  Ear ear(server.url());
  ASSERT_TRUE(server.wait_reached());
  ear.socket.reset();
  EXPECT_TRUE(ear.log->snapshot().lost.empty());

  const auto began = std::chrono::steady_clock::now();
  {
    HttpClient client;
    const WebSocket brief(client, {.url = server.url(), .private_allowed = true}, {});
    ASSERT_TRUE(server.wait_reached(2));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 800ms); // the thread waits for a second
}
