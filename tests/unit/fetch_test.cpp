// SPDX-License-Identifier: LGPL-2.1-or-later
// How results come home: over real sockets, from addresses that may be bad, expired or gone.
#include "../clips.h"
#include "../tiny_server.h"
#include "base/error.h"
#include "media/picture.h"
#include "net/http.h"
#include "service/driver.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/ledger.h"

#include <array>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr std::array<Size, 1> kSizes = {{{64, 48}}};
constexpr std::array<Model, 2> kModels = {
    {{.name = "p", .role = Role::picture, .default_size = {64, 48}, .sizes = kSizes},
     {.name = "c", .role = Role::clip, .min_seconds = 1, .max_seconds = 9}}};

/// Says where results are; `by_task` or at once.
class AddressBackend : public Backend {
 public:
  const char* name() const override { return "addresses"; }
  std::span<const Model> models() const override { return kModels; }
  Endpoint endpoint() const override { return {host, account, true, free}; }

  std::variant<Result, Task> submit(const Request&, Call&) override {
    ++submits;
    if (by_task) return Task{"t"};
    return Result{.url = url, .request_id = "r", .seed = 5, .usage = {.pictures = 2}};
  }
  Poll poll(const Task&, const Request&, Call&) override {
    ++polls;
    return {Poll::State::done, 100, Result{.url = url + "?" + std::to_string(polls)}};
  }
  bool cancel(const Task&, Call&) override { return false; }

  std::string host = "addresses.test";
  bool free = false;
  std::string account = take_string(g_uuid_string_random());
  std::string url;
  bool by_task = true;
  int submits = 0, polls = 0;
};

std::string png(int width, int height) {
  Cancel cancel;
  const Raster raster{width, height, std::vector<std::uint8_t>(size_t(4) * width * height, 99)};
  return std::string(view(encode_picture(raster, "image/png", cancel).get()));
}

struct FetchTest : testing::Test {
  clips::TempDir dir;
  TinyServer server{[this](const TinyServer::Call& call) { return answer(call); }};
  std::function<TinyServer::Reply(const TinyServer::Call&)> answer;
  std::shared_ptr<AddressBackend> backend = std::make_shared<AddressBackend>();
  Driver driver{backend, ResultStore(dir.path())};
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms, .max_retries = 0};
  Request request{.role = Role::picture, .model = "p", .script = "a fox", .size = {64, 48}};
  Cancel cancel;
  Journal journal{dir.path()};
  Ledger ledger{dir.path()};

  FetchTest() { backend->url = server.url() + "/result"; }
  Done run() {
    return driver.run(request, options, cancel, [](int) {});
  }
  Error error() {
    try {
      run();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
  bool is_open() const { return journal.has(request_key(edition_of(*backend), request)); }
  void serve(const std::string& body) {
    answer = [body](const TinyServer::Call&) {
      return TinyServer::Reply{200, body, "application/octet-stream"};
    };
  }
  void serve_clip(const clips::Clip& clip) {
    request = {.role = Role::clip, .model = "c", .script = "a fox", .seconds = 2};
    clips::make(dir / "clip.mp4", clip);
    serve(std::string(view(read_file(dir / "clip.mp4").get())));
  }
};

} // namespace

TEST_F(FetchTest, PicturesAndClipsAreFetchedVerifiedAndKept) {
  serve(png(64, 48));
  const Done picture = run();
  EXPECT_EQ(std::string(view(picture.result.picture.get())), png(64, 48));
  serve_clip({.seconds = 2});
  EXPECT_TRUE(std::filesystem::exists(run().result.clip_path));
  EXPECT_EQ(backend->submits, 2);
  EXPECT_EQ(ledger.lines().size(), 2u);
}

TEST_F(FetchTest, WhatNobodyCanLookAtIsTakenUnseenAndNotPaidForAgain) {
  serve_clip({.seconds = 2});
  run();
  GstRegistry* registry = gst_registry_get();
  const auto parser = adopt(gst_registry_lookup_feature(registry, "parsebin"));
  gst_registry_remove_feature(registry, parser.get());
  const Done again = run();
  gst_registry_add_feature(registry, parser.get());
  EXPECT_TRUE(again.provenance.cache_hit);
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(FetchTest, WhatArrivesDamagedIsFetchedOnceMoreAndNoMore) {
  const std::string good = png(64, 48);
  int fetched = 0;
  answer = [&](const TinyServer::Call&) {
    return TinyServer::Reply{200, ++fetched == 1 ? good.substr(0, good.size() / 2) : good, ""};
  };
  EXPECT_TRUE(run().result.picture);
  EXPECT_EQ(fetched, 2);
  EXPECT_EQ(backend->submits, 1);

  request.take = 1;
  answer = [&](const TinyServer::Call&) {
    ++fetched;
    return TinyServer::Reply{200, "<html>busy</html>", "text/html"};
  };
  EXPECT_EQ(error().fault, Fault::format);
  EXPECT_EQ(fetched, 4);
  EXPECT_FALSE(is_open()); // billed, and worth nothing
  EXPECT_EQ(ledger.lines().size(), 2u);
}

TEST_F(FetchTest, AnExpiredAddressIsAskedForAgain) {
  const std::string good = png(64, 48);
  answer = [&](const TinyServer::Call& call) {
    const bool fresh = call.path() == "/result?2";
    return TinyServer::Reply{fresh ? 200 : 403, fresh ? good : "<Error/>", ""};
  };
  EXPECT_TRUE(run().result.picture);
  EXPECT_EQ(backend->polls, 2);
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(FetchTest, WhatCannotBeFetchedNowIsFetchedInTheNextRun) {
  answer = [](const TinyServer::Call&) { return TinyServer::Reply{503, "", ""}; };
  for (const bool by_task : {true, false}) {
    SCOPED_TRACE(by_task);
    backend->by_task = by_task;
    backend->submits = 0;
    request.take = by_task;
    answer = [](const TinyServer::Call&) { return TinyServer::Reply{503, "", ""}; };
    error();
    EXPECT_TRUE(is_open());
    serve(png(64, 48));
    const Done done = run();
    EXPECT_TRUE(done.result.picture);
    EXPECT_EQ(done.requests, 0u);
    EXPECT_EQ(backend->submits, 1);
    EXPECT_FALSE(is_open());
    if (!by_task) {
      EXPECT_EQ(done.provenance.request_id, "r");
      EXPECT_EQ(done.provenance.seed, 5);
      EXPECT_EQ(ledger.lines().back().usage.pictures, 2);
    }
  }
}

TEST_F(FetchTest, AnAddressThatIsGoneAndAllThereWasIsBilledAndClosed) {
  backend->by_task = false;
  answer = [](const TinyServer::Call&) { return TinyServer::Reply{404, "", ""}; };
  EXPECT_NE(error().remedy.find("orders anew"), std::string::npos);
  EXPECT_FALSE(is_open());
  EXPECT_EQ(ledger.lines().size(), 1u);
}

TEST_F(FetchTest, AFileThatItsServerDoesNotHandOutStaysOpenWhereItIsBilled) {
  backend->by_task = false;
  backend->host = origin_of(server.url()).host;
  answer = [](const TinyServer::Call&) { return TinyServer::Reply{404, "", ""}; };
  Error told = error();
  EXPECT_TRUE(told.open);
  EXPECT_TRUE(is_open());
  EXPECT_TRUE(ledger.lines().empty());
  serve(png(64, 48));
  EXPECT_EQ(run().requests, 0u);
  EXPECT_EQ(backend->submits, 1);

  request.take = 1;
  answer = [](const TinyServer::Call&) { return TinyServer::Reply{410, "", ""}; };
  EXPECT_FALSE(error().open);
  EXPECT_FALSE(is_open());

  request.take = 2; // sent long ago
  answer = [](const TinyServer::Call&) { return TinyServer::Reply{404, "", ""}; };
  journal.write(
      request_key(edition_of(*backend), request),
      {.state = JournalEntry::State::task, .call = "old", .sent = 1, .url = backend->url});
  EXPECT_FALSE(error().open);
  EXPECT_FALSE(is_open());

  request.take = 3;
  backend->free = true;
  EXPECT_FALSE(error().open);
  EXPECT_FALSE(is_open());
  EXPECT_EQ(backend->submits, 3);
}

TEST_F(FetchTest, APictureOfAnotherShapeThanOrderedIsRefusedAndOneOfAnotherSizeIsNot) {
  serve(png(128, 96));
  EXPECT_TRUE(run().result.picture);
  request.take = 1;
  serve(png(48, 64));
  const Error told = error();
  EXPECT_EQ(told.fault, Fault::format);
  EXPECT_NE(std::string(told.what()).find("48x64"), std::string::npos) << told.what();
}

TEST_F(FetchTest, AClipThatIsTooShortOrDoesNotDecodeIsRefused) {
  serve_clip({.seconds = 0.4});
  request.seconds = 9;
  EXPECT_EQ(error().fault, Fault::damaged);
  request.take = 1;
  serve_clip({.seconds = 2, .sound = 0, .filter = ",noise=alls=40:allf=t"});
  request.take = 1;
  std::string body(view(read_file(dir / "clip.mp4").get()));
  for (size_t i = body.size() / 50; i < body.size() * 9 / 10; ++i)
    body[i] = static_cast<char>(i * 7919 >> 3);
  serve(body);
  EXPECT_EQ(error().fault, Fault::damaged);
  EXPECT_EQ(ledger.lines().size(), 2u);
}
