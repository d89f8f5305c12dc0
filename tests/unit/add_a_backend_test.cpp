// SPDX-License-Identifier: LGPL-2.1-or-later
// The example of docs/add-a-backend.md: its code, as it stands there, run by the driver.
#include "../socket_server.h"
#include "base/json.h"
#include "media/picture.h"
#include "service/driver.h"
#include "service/factory.h"
#include "service/inline_media.h"
#include "service/sdapi/models.h"
#include "service/sdapi/sdapi_backend.h"
#include "service/sdapi/size.h"
#include "temp_folder.h"

#include <atomic>
#include <gtest/gtest.h>

namespace aigc::example {

/// The name that the document adds to the real one.
struct BackendChoice {
  static constexpr auto sdapi = static_cast<aigc::BackendChoice>(99);
};
constexpr std::array<Service, 1> kServices = {{
#include "service/sdapi/factory_row.inc"
}};

} // namespace aigc::example

using namespace aigc;
using namespace std::chrono_literals;

namespace {

std::string picture(int side) {
  Cancel cancel;
  const Raster raster{side, side, std::vector<guint8>(size_t(side) * side * 4, 200)};
  return base64_of(encode_picture(raster, "image/png", cancel).get());
}

std::string painted() {
  return JsonObjectMaker()
      .set("info", R"({"seed": 4711, "infotexts": ["a"]})")
      .text()
      .insert(1, R"("images": [")" + picture(64) + R"("], "parameters": {}, )");
}

/// Answers the order as `order` says, and everything else like a web UI that is at work.
class Sdapi {
 public:
  using Script = SocketServer::Script;

  explicit Sdapi(Script order) : order_(std::move(order)) {}

  std::string url() const { return server_.url("/sdapi/v1"); }
  std::vector<std::string> orders() {
    std::vector<std::string> found;
    for (const std::string& request : server_.requests())
      if (request.starts_with("POST /sdapi/v1/txt2img ")) found.push_back(request);
    return found;
  }

 private:
  void serve(SocketServer::Connection& connection) {
    const std::string request = connection.request();
    if (request.starts_with("POST /sdapi/v1/txt2img ")) return order_(connection);
    if (request.starts_with("GET /sdapi/v1/progress ")) {
      connection.answer("200 OK",
                        R"({"progress": 0.42, "current_image": ")" + picture(8) + R"("})");
      return server_.reach();
    }
    if (request.starts_with("GET /sdapi/v1/options ")) return connection.answer("200 OK", "{}");
    connection.answer("404 Not Found", R"({"detail": "Not Found"})");
  }

  Script order_;
  SocketServer server_{[this](SocketServer::Connection& connection) { serve(connection); }};
};

Sdapi::Script say(const std::string& status, const std::string& body) {
  return [=](SocketServer::Connection& connection) { connection.answer(status, body); };
}

struct AddABackend : testing::Test {
  TempFolder folder;
  Cancel cancel;
  std::atomic<int> percent{-1};
  Request request{.role = Role::picture,
                  .model = "loaded",
                  .words = "a lighthouse",
                  .negative = "people",
                  .size = {64, 64},
                  .seed = 7,
                  .take = 1};

  std::shared_ptr<Backend> backend(Sdapi& server) const {
    return example::kServices[0].make({.base_url = server.url()});
  }
  Done run(Sdapi& server) {
    const Driver driver(backend(server), ResultStore(folder.path()));
    return driver.run(request, {.timeout = 20s, .max_retries = 1}, cancel,
                      [this](int now) { percent = now; });
  }
  Error error(Sdapi& server) {
    try {
      run(server);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
};

} // namespace

TEST_F(AddABackend, IsUnderAHundredLinesBesideItsTable) {
  EXPECT_GT(kLinesOfCode, 50);
  EXPECT_LT(kLinesOfCode, 100);
}

TEST_F(AddABackend, PaintsOnceAndThenComesFromTheStore) {
  Sdapi server(say("200 OK", painted()));
  const Done first = run(server);
  EXPECT_EQ(first.requests, 1u);
  EXPECT_EQ(first.result.seed, 4711);
  EXPECT_EQ(first.provenance.service, "sdapi");
  EXPECT_EQ(sniff_picture(first.result.picture.get()).width, 64);
  const Done second = run(server);
  EXPECT_EQ(second.requests, 0u);
  EXPECT_TRUE(second.provenance.cache_hit);
  EXPECT_TRUE(g_bytes_equal(first.result.picture.get(), second.result.picture.get()));
  ASSERT_EQ(server.orders().size(), 1u);

  const std::string sent = server.orders()[0];
  const auto root = parse_json(sent.substr(sent.find("\r\n\r\n") + 4));
  const JsonView order(root.get());
  EXPECT_EQ(order["prompt"].text(), "a lighthouse");
  EXPECT_EQ(order["negative_prompt"].text(), "people");
  EXPECT_EQ(order["width"].integer(), 64);
  EXPECT_EQ(order["seed"].integer(), 7 + kTakeStride);
  EXPECT_FALSE(order["override_settings"].exists());
}

TEST_F(AddABackend, AnotherTakeOrCheckpointIsAnotherPicture) {
  Sdapi server(say("200 OK", painted()));
  run(server);
  request.take = 2;
  EXPECT_EQ(run(server).requests, 1u);
  request.model = "sd_xl_base_1.0";
  EXPECT_EQ(run(server).requests, 1u);
  EXPECT_NE(server.orders().back().find(R"("sd_model_checkpoint":"sd_xl_base_1.0")"),
            std::string::npos);
}

TEST_F(AddABackend, SaysHowFarItIsWhileItWaits) {
  Sdapi server([](SocketServer::Connection& connection) {
    EXPECT_TRUE(connection.server.wait_reached(2)); // the first was read to its end by then
    connection.answer("200 OK", painted());
  });
  std::atomic<int> sketches = 0;
  Call call{cancel, std::chrono::steady_clock::now() + 20s, [this](int now) { percent = now; }};
  call.preview = [&](GBytes* sketch) { sketches += sniff_picture(sketch).width == 8; };
  backend(server)->submit(request, call);
  EXPECT_EQ(percent, 42);
  EXPECT_GE(sketches, 1);
}

TEST_F(AddABackend, ARefusalNamesWhatWasWrong) {
  Sdapi server(say("422 Unprocessable Entity",
                   R"({"detail": [{"loc": ["body", "width"], "msg": "too wide"}]})"));
  const Error refused = error(server);
  EXPECT_EQ(refused.fault, Fault::settings);
  EXPECT_EQ(refused.http_status, 422);
  EXPECT_NE(std::string(refused.what()).find("body.width: too wide"), std::string::npos);
  EXPECT_EQ(server.orders().size(), 1u);
}

TEST_F(AddABackend, ABusyServerIsAskedAgain) {
  std::atomic<int> times = 0;
  Sdapi server([&](SocketServer::Connection& connection) {
    if (times++ == 0)
      connection.answer("503 Service Unavailable", R"({"error": "loading"})");
    else
      connection.answer("200 OK", painted());
  });
  EXPECT_EQ(run(server).requests, 2u);
}

TEST_F(AddABackend, AnAnswerOfNoUseIsNotAskedForAgain) {
  for (const char* garbage : {"<html>hello</html>", R"({"images": []})", R"({"images": ["???"]})",
                              R"({"images": ["bm8gcGljdHVyZQ=="]})", "[]", ""}) {
    Sdapi server(say("200 OK", garbage));
    const Error bad = error(server);
    EXPECT_TRUE(bad.fault == Fault::format || bad.fault == Fault::damaged) << garbage;
    EXPECT_EQ(server.orders().size(), 1u) << garbage;
  }
  Sdapi server(say("200 OK", painted()));
  EXPECT_EQ(run(server).requests, 1u); // what came of it before is not in the way
}

TEST_F(AddABackend, ALostAnswerIsNotAskedForAgain) {
  Sdapi server([](SocketServer::Connection& connection) { connection.reset(); });
  EXPECT_TRUE(error(server).unclear);
  EXPECT_EQ(server.orders().size(), 1u);
}

TEST_F(AddABackend, StopsWhenTheCallIsCancelled) {
  Sdapi server([](SocketServer::Connection& connection) { connection.hang(); });
  std::thread stop([this] {
    cancel.sleep(50ms);
    cancel.cancel();
  });
  EXPECT_EQ(error(server).fault, Fault::cancelled);
  stop.join();
}

TEST_F(AddABackend, AProbeMakesNothing) {
  Sdapi server(say("200 OK", painted()));
  Call call{cancel, std::chrono::steady_clock::now() + 20s};
  backend(server)->probe(call);
  EXPECT_TRUE(server.orders().empty());
  const auto elsewhere = example::kServices[0].make({.base_url = server.url() + "/no"});
  EXPECT_THROW(elsewhere->probe(call), Error);
}
