// SPDX-License-Identifier: LGPL-2.1-or-later
// The control socket: what goes over it, and who may not bring it down.
#include "channel_client.h"
#include "channel_folder.h"
#include "control.h"
#include "program.h"

#include <chrono>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace aigc;
using namespace aigc::runner;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string text(const Ref<JsonNode>& answer, const char* member) {
  return JsonView(answer.get())[member].text();
}

bool ok(const Ref<JsonNode>& answer) {
  return JsonView(answer.get())["ok"].boolean(false);
}

class Control : public ProgramTest {
 protected:
  Control() { start_server(); }

  void start_server() {
    server = std::make_unique<ControlServer>(path, [this](std::string_view line) -> ControlAnswer {
      ++calls;
      const auto node = parse_json(line);
      const std::string command = JsonView(node.get())["command"].text();
      if (command == "refuse") throw Error(Fault::settings, "no", "Ask otherwise.");
      if (command == "long") return {.line = "\"" + std::string(300'000, 'x') + "\""};
      return {.line = R"({"ok":true,"echo":")" + command + "\"}", .follow = command == "events"};
    });
  }

  const std::string path = folder / "control";
  std::atomic<int> calls = 0;
  std::unique_ptr<ControlServer> server;
};

} // namespace

TEST_F(Control, AnswersALineWithALine) {
  ControlClient client(path);
  EXPECT_EQ(text(client.ask(R"({"command":"status"})"), "echo"), "status");
  client.send("{\"command\":\"a\"}\n{\"command\":\"b\"}\n");
  EXPECT_TRUE(has(client.line(), "\"a\""));
  EXPECT_TRUE(has(client.line(), "\"b\""));
}

TEST_F(Control, SaysWhatIsWrongAndGoesOn) {
  ControlClient client(path);
  for (const char* bad :
       {"", "status", "{", "[1,2", "{\"command\":\"x\"} more", "\xff\xfe", "{'a':1}"}) {
    const auto answer = client.ask(bad);
    EXPECT_FALSE(ok(answer)) << bad;
    EXPECT_NE(text(answer, "error"), "") << bad;
  }
  const auto refused = client.ask(R"({"command":"refuse"})");
  EXPECT_EQ(text(refused, "error"), "no");
  EXPECT_EQ(text(refused, "remedy"), "Ask otherwise.");
  EXPECT_TRUE(ok(client.ask(R"({"command":"status"})")));
}

TEST_F(Control, TakesALineInPiecesAndLeavesHalfALine) {
  {
    ControlClient client(path);
    for (const char* piece : {"{\"comm", "and\":\"sta", "tus\"}", "\n"}) {
      client.send(piece);
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_TRUE(has(client.line(), "status"));
  }
  ControlClient half(path);
  half.send(R"({"command":"status"})");
  half.send_no_more();
  EXPECT_EQ(half.line(), "");
  EXPECT_EQ(calls, 1);
}

TEST_F(Control, AnswersWhoSendsNoMore) {
  ControlClient client(path);
  client.send("{\"command\":\"long\"}\n");
  client.send_no_more();
  EXPECT_EQ(client.line().size(), 300'002u);
  EXPECT_EQ(client.line(), "");
}

TEST_F(Control, HangsUpOnALineWithoutEnd) {
  ControlClient client(path);
  client.send(std::string(kMaxControlLine + 8192, '{'));
  const std::string answer = client.line();
  EXPECT_TRUE(has(answer, "longer than 1048576 bytes")) << answer;
  EXPECT_EQ(client.line(), "");
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(ok(ControlClient(path).ask(R"({"command":"status"})")));
}

TEST_F(Control, TakesALineOfTheLongestLength) {
  ControlClient client(path);
  std::string line = R"({"command":"status","x":")";
  line += std::string(kMaxControlLine - line.size() - 2, 'x') + "\"}";
  EXPECT_TRUE(ok(client.ask(line)));
}

TEST_F(Control, ServesManyAndNoMore) {
  std::vector<std::unique_ptr<ControlClient>> clients;
  for (size_t i = 0; i < kMaxControlClients; ++i)
    clients.push_back(std::make_unique<ControlClient>(path));
  EXPECT_TRUE(ok(clients.back()->ask(R"({"command":"status"})"))); // all are let in by now
  ControlClient one_too_many(path);
  EXPECT_TRUE(has(one_too_many.line(), "64 programs are connected"));
  EXPECT_EQ(one_too_many.line(), "");
  for (auto& client : clients)
    EXPECT_TRUE(ok(client->ask(R"({"command":"status"})")));
  clients.pop_back();
  for (int tries = 0; tries < 100; ++tries) { // it is seen a moment later that one is gone
    if (ok(ControlClient(path).ask(R"({"command":"status"})"))) return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "nobody is let in any more";
}

TEST_F(Control, TellsThoseWhoFollow) {
  ControlClient follower(path), other(path);
  EXPECT_TRUE(ok(follower.ask(R"({"command":"events"})")));
  EXPECT_TRUE(ok(other.ask(R"({"command":"status"})")));
  server->tell("{\"event\":1}");
  server->tell("{\"event\":2}");
  EXPECT_EQ(follower.line(), "{\"event\":1}");
  EXPECT_EQ(follower.line(), "{\"event\":2}");
  EXPECT_EQ(text(other.ask(R"({"command":"list"})"), "echo"), "list");
}

TEST_F(Control, TellsAllThatComesAfterItsAnswer) {
  for (int i = 0; i < 300; ++i) {
    ControlClient follower(path);
    follower.ask(R"({"command":"events"})");
    server->tell("{}");
    ASSERT_EQ(follower.line(), "{}") << i;
  }
}

TEST_F(Control, IsNotHeldUpByWhoDoesNotRead) {
  ControlClient sleeper(path), greedy(path);
  EXPECT_TRUE(ok(sleeper.ask(R"({"command":"events"})")));
  for (int i = 0; i < 20; ++i) // 6 MB of answers that nobody reads
    greedy.send("{\"command\":\"long\"}\n");
  for (int i = 0; i < 4; ++i)
    server->tell("\"" + std::string(1'000'000, 'x') + "\"");
  ControlClient client(path);
  EXPECT_TRUE(ok(client.ask(R"({"command":"status"})")));
  // What was sent before it was hung up on is still there, but no more.
  size_t heard = 0;
  for (std::string line; !(line = sleeper.line()).empty();)
    heard += line.size();
  EXPECT_LT(heard, 3'000'000u);
}

TEST_F(Control, IsForItsUserAlone) {
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Control, TakesThePlaceOfADeadOneAndLeavesNothing) {
  server.reset();
  EXPECT_FALSE(fs::exists(path));
  const pid_t child = fork();
  if (child == 0) {
    const Socket listener = listen_at(path);
    _exit(0); // as one that was killed: the file stays
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(fs::exists(path));
  EXPECT_THROW(connect_to(path), Error);
  start_server();
  EXPECT_TRUE(ok(ControlClient(path).ask(R"({"command":"status"})")));
}

TEST_F(Control, SaysThatAPathIsTooLong) {
  try {
    ControlServer(folder / std::string(120, 'x'), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_TRUE(has(error.what(), "at most 107 bytes")) << error.what();
  }
}

TEST_F(Control, LetsOneProcessHaveAChannel) {
  const std::string place = folder / "state";
  auto lock = std::make_unique<OnAirLock>(place);
  try {
    OnAirLock second(place);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_TRUE(has(error.what(), "from process " + std::to_string(getpid()))) << error.what();
    EXPECT_TRUE(has(error.what(), control_path(place))) << error.what();
  }
  lock.reset();
  const OnAirLock third(place);
}

TEST(ChannelFolder, TakesNoPathForAName) {
  for (const char* name : {"", "..", "a/b", ".hidden", "a b", "片"})
    EXPECT_THROW(channel_folder(name), Error) << name;
  EXPECT_TRUE(has(channel_folder("news-2"), "/aigc/channels/news-2"));
}
