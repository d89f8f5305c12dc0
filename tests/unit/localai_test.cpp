// SPDX-License-Identifier: LGPL-2.1-or-later
// LocalAI's clips: one long call, whose answer names the file or holds it.
#include "../socket_server.h"
#include "own_server_rig.h"

using namespace own_server_rig;

namespace {

constexpr const char* kVideo = "POST /video";
constexpr const char* kFile = "GET /generated-videos/b64x.mp4";

std::string answer(const std::string& item) {
  return R"({"created":1,"id":"clip-7","data":[)" + item + "]}";
}

class Localai : public OwnServerRig {
 protected:
  Localai() : OwnServerRig(Profile::localai) {
    server.on(kFile, {{200, film_of(clips::kVp8), "video/webm"}});
  }
};

} // namespace

TEST_F(Localai, AClipIsOneCallAndAFile) {
  server.on(kVideo, answer(R"({"url":"/generated-videos/b64x.mp4"})"));
  Request request = clip_order();
  request.seed = 9;
  request.negative = "snow";
  request.keyframe = picture(160, 120);
  request.last_frame = picture(160, 120);
  const Done got = run(request);
  EXPECT_EQ(clips::content_of(got.result.clip_path), film_of(clips::kVp8));
  EXPECT_TRUE(got.result.clip_path.ends_with(".webm")) << "named by the server's word";
  EXPECT_EQ(got.provenance.request_id, "clip-7");
  EXPECT_EQ(got.provenance.seed, 9);
  const auto body = body_of(kVideo);
  const JsonView order(body.get());
  EXPECT_EQ(order["model"].text(), "m");
  EXPECT_EQ(order["prompt"].text(), "a fox");
  EXPECT_EQ(order["negative_prompt"].text(), "snow");
  EXPECT_EQ(order["width"].integer(), 160);
  EXPECT_EQ(order["height"].integer(), 120);
  EXPECT_EQ(order["num_frames"].integer(), 33);
  EXPECT_EQ(order["fps"].integer(), 16);
  EXPECT_EQ(order["seed"].integer(), 9);
  EXPECT_EQ(order["start_image"].text(), base64_of(request.keyframe.get()));
  EXPECT_EQ(order["end_image"].text(), base64_of(request.last_frame.get()));
}

TEST_F(Localai, TheFileMayBeNamedWholeOrBeInTheAnswer) {
  options.use_cache = false;
  const std::string encoded = base64_of_text(film_of(clips::kVp8));
  for (const std::string& item :
       {R"({"url":")" + server.url() + R"(/generated-videos/b64x.mp4"})",
        R"({"b64_json":")" + encoded + "\"}",
        R"({"b64_json":"data:video/webm;base64,)" + encoded + "\"}",
        R"({"b64_json":")" + encoded.substr(0, 76) + "\\n" + encoded.substr(76) + "\"}"}) {
    server.on(kVideo, answer(item));
    EXPECT_EQ(clips::content_of(run(clip_order()).result.clip_path), film_of(clips::kVp8));
  }
}

TEST_F(Localai, AnAnswerWithoutAClipIsNamedAndNotOpen) {
  struct Case {
    const char* name;
    std::string body;
    Fault fault;
  };
  const std::string& film = film_of(clips::kVp8);
  const std::vector<Case> table = {
      {"no data", "{}", Fault::format},
      {"empty data", answer(""), Fault::format},
      {"neither", answer(R"({"revised_prompt":"x"})"), Fault::format},
      {"no address", answer(R"({"url":"ftp://x/y"})"), Fault::format},
      {"garbage", answer(R"({"b64_json":"***"})"), Fault::damaged},
      {"moving WebP", answer(R"({"b64_json":")" + base64_of_text(clips::moving_webp()) + "\"}"),
       Fault::format},
      {"cut off",
       answer(R"({"b64_json":")" + base64_of_text(film.substr(0, film.size() / 2)) + "\"}"),
       Fault::damaged},
      {"too short", answer(R"({"b64_json":")" + base64_of_text(film_of(clips::kVp8, 5)) + "\"}"),
       Fault::format},
      {"no file", answer(R"({"url":"/generated-videos/none.mp4"})"), Fault::not_found},
  };
  for (const Case& one : table) {
    SCOPED_TRACE(one.name);
    server.on(kVideo, one.body);
    const size_t before = server.calls(kVideo).size(), billed_before = billed();
    const Error error = failure(clip_order());
    EXPECT_EQ(error.fault, one.fault) << error.what();
    EXPECT_EQ(billed(), billed_before + 1);
    EXPECT_FALSE(is_open(clip_order()));
    EXPECT_EQ(server.calls(kVideo).size(), before + 1);
  }
}

TEST_F(Localai, ARefusalIsNamedAndNothingIsLeftOpen) {
  struct Case {
    Reply reply;
    Fault fault;
    const char* says;
  };
  for (const Case& one :
       {Case{{401, R"({"error":{"code":401,"message":"Invalid API key","type":"x","param":null}})"},
             Fault::not_authorized,
             "Invalid API key"},
        Case{{400, R"({"error":{"code":400,"message":"Bad Request","type":""}})"},
             Fault::settings,
             "Bad Request"},
        Case{{200, R"({"error":{"code":500,"message":"no backend found"}})"},
             Fault::read,
             "no backend found"},
        Case{{500, R"({"error":{"code":500,"message":"grpc died"}})"}, Fault::read, "grpc died"}}) {
    server.on(kVideo, {one.reply});
    options.max_retries = 0;
    const Error error = failure(clip_order());
    EXPECT_EQ(error.fault, one.fault) << error.what();
    EXPECT_NE(std::string(error.what()).find(one.says), std::string::npos) << error.what();
    EXPECT_FALSE(is_open(clip_order()));
  }
}

TEST_F(Localai, TheOnlyModelIsNamedSinceOneMustBe) {
  server.on("GET /v1/models", R"({"object":"list","data":[{"id":"wan","object":"model"}]})");
  server.on(kVideo, answer(R"({"url":"/generated-videos/b64x.mp4"})"));
  Request request = clip_order();
  request.model = "auto";
  run(request);
  EXPECT_EQ(JsonView(body_of(kVideo).get())["model"].text(), "wan");
}

TEST_F(Localai, ACallThatBreaksOffIsNotMadeTwice) {
  SocketServer breaking([](SocketServer::Connection& connection) {
    connection.request();
    connection.reset();
  });
  Access access{breaking.url("/v1")};
  access.profile = Profile::localai;
  Driver other(make_openai(access), ResultStore(folder.path()));
  const Error error = error_of([&] { other.run(clip_order(), options, cancel, [](int) {}); });
  EXPECT_TRUE(error.unclear) << error.what();
  EXPECT_EQ(breaking.requests().size(), 1u);
}
