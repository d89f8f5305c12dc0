// SPDX-License-Identifier: LGPL-2.1-or-later
// HttpClient::download(): resumption after cuts, what restarts it, what is tried again, bounds, no
// key, full disks.
#include "../temp_folder.h"
#include "net_rig.h"

#include <csignal>
#include <fstream>
#include <future>
#include <random>
#include <sstream>
#include <sys/resource.h>

using namespace aigc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

std::string noise(size_t size, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A file server that gives at most `cut` bytes of a body before it breaks off.
struct FileServer {
  std::string bytes = noise(200'000);
  std::string headers = "ETag: \"one\"\r\n";
  size_t cut = 60'000;
  bool ranges = true;

  void serve(SocketServer::Connection& connection) const {
    for (std::string sent; !(sent = connection.request()).empty();) {
      const size_t range = sent.find("\r\nRange: bytes=");
      size_t start = 0;
      if (ranges && range != std::string::npos) start = std::stoul(sent.substr(range + 15));
      const std::string body = bytes.substr(std::min(start, bytes.size()));
      std::string head = "HTTP/1.1 200 OK\r\n";
      if (start)
        head = "HTTP/1.1 206 Part\r\nContent-Range: bytes " + std::to_string(start) + "-" +
               std::to_string(bytes.size() - 1) + "/" + std::to_string(bytes.size()) + "\r\n";
      connection.say(head + headers + "Content-Length: " + std::to_string(body.size()) +
                     "\r\n\r\n" + body.substr(0, cut));
      if (body.size() > cut) return;
    }
  }
};

class Download : public testing::Test {
 protected:
  HttpDownload order(const SocketServer& server) {
    HttpDownload order;
    order.url = server.url("/clip.mp4?Expires=1&Signature=a%2Fb%2b");
    order.path = path;
    order.private_allowed = true;
    order.max_bytes = 1u << 30;
    return order;
  }
  Error error_from(const SocketServer& server, unsigned max_retries) {
    HttpDownload what = order(server);
    what.max_retries = max_retries;
    return error_of([&] { client.download(what, cancel); });
  }
  SocketServer::Script files_script() {
    return [this](SocketServer::Connection& connection) { files.serve(connection); };
  }
  TempFolder folder;
  const std::string path = folder.path() + "/clip.mp4";
  FileServer files;
  HttpClient client;
  Cancel cancel;
};

} // namespace

TEST_F(Download, ResumesCutsToIdenticalBytes) {
  SocketServer server(files_script());
  client.download(order(server), cancel);
  EXPECT_EQ(content(path), files.bytes);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  for (const std::string& sent : requests) {
    EXPECT_TRUE(sent.starts_with("GET /clip.mp4?Expires=1&Signature=a%2Fb%2b HTTP"));
    EXPECT_FALSE(contains(sent, "Authorization"));
    EXPECT_TRUE(contains(sent, "Accept-Encoding: identity"));
  }
  EXPECT_FALSE(contains(requests[0], "Range"));
  EXPECT_TRUE(contains(requests[1], "\r\nRange: bytes=60000-\r\n"));
  EXPECT_TRUE(contains(requests[2], "\r\nRange: bytes=120000-\r\n"));
  EXPECT_TRUE(contains(requests[3], "\r\nIf-Range: \"one\"\r\n"));
}

TEST_F(Download, ResumesWithADateAndWithNothingInOneCall) {
  files.headers = "ETag: W/\"weak\"\r\nLast-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\n";
  files.cut = 150'000;
  SocketServer dated(files_script());
  client.download(order(dated), cancel);
  EXPECT_TRUE(contains(dated.requests()[1], "If-Range: Tue, 24 Nov 2026 10:00:00 GMT"));
  EXPECT_EQ(content(path), files.bytes);
  files.headers = "";
  SocketServer bare(files_script());
  client.download(order(bare), cancel);
  EXPECT_TRUE(contains(bare.requests()[1], "Range: bytes=150000-"));
  EXPECT_FALSE(contains(bare.requests()[1], "If-Range"));
  EXPECT_EQ(content(path), files.bytes);
}

TEST_F(Download, StartsAnewWhereAServerHasNoRanges) {
  files.ranges = false;
  bool whole = false;
  SocketServer server([&](SocketServer::Connection& connection) {
    FileServer now = files;
    if (whole) now.cut = now.bytes.size();
    whole = true;
    now.serve(connection);
  });
  client.download(order(server), cancel);
  EXPECT_EQ(content(path), files.bytes);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(Download, NeverJoinsTwoFiles) {
  const std::string fresh = noise(200'000, 2);
  for (const char* way : {"200", "206 other etag", "206 other place", "206 other size", "416"}) {
    int calls = 0;
    SocketServer server([&](SocketServer::Connection& connection) {
      for (std::string sent; !(sent = connection.request()).empty();) {
        const std::string kind = way;
        ++calls;
        if (calls == 1) {
          connection.say("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: 200000\r\n\r\n" +
                         files.bytes.substr(0, 50'000));
          return;
        }
        const std::string tag = kind == "206 other etag" ? "ETag: \"two\"\r\n" : "";
        if (calls > 2 || kind == "200")
          connection.answer("200 OK", fresh, "ETag: \"two\"\r\n");
        else if (kind == "416")
          connection.answer("416 No", "", "Content-Range: bytes */200000\r\n");
        else if (kind == "206 other place")
          connection.answer("206 Part", fresh, "Content-Range: bytes 0-199999/200000\r\n");
        else
          connection.answer("206 Part", fresh.substr(50'000),
                            tag + "Content-Range: bytes 50000-199999/" +
                                (tag.empty() ? "210000" : "200000") + "\r\n");
      }
    });
    client.download(order(server), cancel);
    EXPECT_TRUE(content(path) == fresh) << way;
    std::filesystem::remove(path);
  }
}

TEST_F(Download, TakesNothingOfWhatIsThereAlready) {
  SocketServer server(files_script());
  files.cut = files.bytes.size();
  std::ofstream(path) << "what somebody left";
  client.download(order(server), cancel);
  EXPECT_EQ(content(path), files.bytes);
  files.cut = 60'000;
  error_from(server, 0); // leaves a part
  files.cut = files.bytes.size();
  client.download(order(server), cancel);
  EXPECT_FALSE(contains(server.requests().back(), "Range"));
  EXPECT_EQ(content(path), files.bytes);
}

TEST_F(Download, TriesAgainWhatMayPass) {
  for (const char* status : {"408 Slow", "429 Many", "500 Oops", "502 Bad", "503 Busy"}) {
    SocketServer server([&](SocketServer::Connection& connection) {
      connection.request();
      if (connection.server.connections() == 1)
        connection.answer(status, "<html>busy</html>", "Connection: close\r\n");
      else
        connection.answer("200 OK", "clip", "Connection: close\r\n");
    });
    client.download(order(server), cancel);
    EXPECT_EQ(content(path), "clip") << status;
    EXPECT_EQ(server.requests().size(), 2u);
  }
}

TEST_F(Download, ObeysRetryAfterAndGivesUpInTime) {
  SocketServer server([&](SocketServer::Connection& connection) {
    while (!connection.request().empty())
      connection.answer("503 Busy", "", "Retry-After: 60\r\n");
  });
  HttpDownload what = order(server);
  what.total = Clock::now() + 10s;
  const auto began = Clock::now();
  const Error error = error_of([&] { client.download(what, cancel); });
  EXPECT_LT(Clock::now() - began, 5s) << "there is no point in waiting";
  EXPECT_EQ(error.http_status, 503);
  EXPECT_EQ(error.retry_after, 60s);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Download, GivesUpAtOnceWhatIsGone) {
  for (const char* status : {"403 Forbidden", "404 None", "410 Gone", "401 No", "400 Bad"}) {
    SocketServer server([&](SocketServer::Connection& connection) {
      connection.request();
      connection.answer(status, "<Error><Code>AccessDenied</Code></Error>");
    });
    const Error error = error_from(server, 4);
    const bool gone = *status == '4' && contains("403 404 410", std::string(status, 3));
    EXPECT_EQ(error.fault, gone ? Fault::not_found : Fault::read) << status;
    EXPECT_EQ(gone, contains(error.remedy, "24 hours"));
    EXPECT_EQ(std::to_string(error.http_status), std::string(status, 3));
    EXPECT_EQ(server.requests().size(), 1u);
    EXPECT_FALSE(contains(error.what(), "Signature"));
    EXPECT_EQ(content(path), "") << "an error page is no clip";
  }
}

TEST_F(Download, SaysWhenLessCame) {
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  const Error error = error_from(server, 1);
  EXPECT_EQ(error.fault, Fault::damaged) << error.what();
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(Download, IsBounded) {
  for (const std::string headers :
       {"Content-Length: 200000\r\n", "Connection: close\r\n", "Content-Length: 90000000000\r\n"}) {
    SocketServer server([&](SocketServer::Connection& connection) {
      connection.request();
      connection.say("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + files.bytes);
    });
    HttpDownload what = order(server);
    what.max_bytes = 100'000;
    const Error error = error_of([&] { client.download(what, cancel); });
    EXPECT_EQ(error.fault, Fault::format) << error.what();
    EXPECT_EQ(server.connections(), 1u);
    EXPECT_LE(content(path).size(), 100'000u);
  }
}

TEST_F(Download, AFullDiskIsNamedAndNotTriedAgain) {
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    connection.answer("200 OK", files.bytes);
  });
  HttpDownload what = order(server);
  const rlimit small{100'000, RLIM_INFINITY};
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const Error full = error_of([&] { client.download(what, cancel); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  EXPECT_EQ(full.fault, Fault::write) << full.what();
  EXPECT_TRUE(contains(full.what(), path)) << full.what();
  EXPECT_EQ(content(path).size(), 100'000u);
  what.path = folder.path() + "/none/clip.mp4";
  const Error none = error_of([&] { client.download(what, cancel); });
  EXPECT_EQ(none.fault, Fault::write) << none.what();
  EXPECT_TRUE(contains(none.what(), what.path));
  EXPECT_LE(server.connections(), 1u);
}

TEST_F(Download, CancelEndsItInEveryWait) {
  SocketServer server([&](SocketServer::Connection& connection) {
    connection.request();
    if (connection.number == 1) {
      connection.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
      connection.server.reach();
      connection.hang();
    } else {
      connection.answer("503 Busy", "", "Retry-After: 60\r\nConnection: close\r\n");
      connection.server.reach();
    }
  });
  for (int wait = 1; wait <= 2; ++wait) { // in the body, then before another try
    Cancel stop;
    auto result = std::async(std::launch::async, [&] {
      return error_of([&] { client.download(order(server), stop); });
    });
    ASSERT_TRUE(server.wait_reached(wait));
    std::this_thread::sleep_for(20ms);
    const auto began = Clock::now();
    stop.cancel();
    EXPECT_EQ(result.get().fault, Fault::cancelled);
    EXPECT_LT(Clock::now() - began, 1s);
  }
}

TEST_F(Download, RefusesPrivatePlacesAlsoAfterARedirect) {
  SocketServer server(files_script());
  HttpDownload what = order(server);
  what.private_allowed = false;
  EXPECT_EQ(error_of([&] { client.download(what, cancel); }).fault, Fault::settings);
  EXPECT_EQ(server.connections(), 0u);
}
