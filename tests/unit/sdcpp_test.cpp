// SPDX-License-Identifier: LGPL-2.1-or-later
// stable-diffusion.cpp's server: pictures and clips as jobs, and all that goes wrong with them.
#include "own_server_rig.h"
#include "service/openai/footage.h"

using namespace own_server_rig;

namespace {

constexpr const char* kClips = "POST /sdcpp/v1/vid_gen";
constexpr const char* kPictures = "POST /sdcpp/v1/img_gen";
constexpr const char* kJob = "GET /sdcpp/v1/jobs/job_1";
constexpr const char* kCancel = "POST /sdcpp/v1/jobs/job_1/cancel";

const Reply kTaken = {
    202, R"({"id":"job_1","status":"queued","created":1,"poll_url":"/sdcpp/v1/jobs/job_1"})"};
const Reply kQueued = {
    200, R"({"id":"job_1","status":"queued","queue_position":2,"result":null,"error":null})"};
const Reply kGenerating = {200, R"({"id":"job_1","status":"generating","queue_position":0})"};

Reply done(const std::string& result) {
  return {200, R"({"id":"job_1","status":"completed","error":null,"result":)" + result + "}"};
}
Reply clip_done(const std::string& encoded) {
  return done(R"({"output_format":"webm","mime_type":"video/webm","fps":16,"frame_count":33,)"
              R"("b64_json":")" +
              encoded + "\"}");
}
Reply picture_done(const std::string& encoded) {
  return done(R"({"output_format":"png","images":[{"index":0,"b64_json":")" + encoded + "\"}]}");
}
Reply failed(const std::string& error) {
  return {200, R"({"id":"job_1","status":"failed","result":null,"error":)" + error + "}"};
}

class Sdcpp : public OwnServerRig {
 protected:
  Sdcpp() : OwnServerRig(Profile::sdcpp) {
    server.on(kClips, {kTaken});
    server.on(kPictures, {kTaken});
  }
};

} // namespace

TEST_F(Sdcpp, APictureIsAJobOfItsOwn) {
  const auto painted = picture(64, 48);
  server.on(kJob, {kQueued, kGenerating, picture_done(base64_of(painted.get()))});
  Request request = picture_order();
  request.negative = "snow";
  request.seed = 5;
  request.take = 1;
  const Done got = run(request);
  EXPECT_TRUE(g_bytes_equal(got.result.picture.get(), painted.get()));
  EXPECT_EQ(got.provenance.seed, 5 + kTakeStride);
  EXPECT_EQ(got.provenance.request_id, "job_1");
  const auto body = body_of(kPictures);
  const JsonView order(body.get());
  EXPECT_EQ(order["prompt"].text(), "a fox");
  EXPECT_EQ(order["negative_prompt"].text(), "snow");
  EXPECT_EQ(order["width"].integer(), 64);
  EXPECT_EQ(order["height"].integer(), 48);
  EXPECT_EQ(order["seed"].integer(), 5 + kTakeStride);
  EXPECT_EQ(order["batch_count"].integer(), 1);
  EXPECT_EQ(order["output_format"].text(), "png");
  EXPECT_FALSE(order["ref_images"].exists());
  EXPECT_FALSE(is_open(request));
}

TEST_F(Sdcpp, AClipIsKeptAsWhatItIsAndTakenFromTheStoreNextTime) {
  const std::string& film = film_of(clips::kVp9);
  server.on(kJob, {kGenerating, clip_done(base64_of_text(film))});
  Request request = clip_order();
  request.keyframe = picture(160, 120);
  request.last_frame = picture(160, 120, "image/jpeg");
  request.motion = "it leaps";
  const Done got = run(request);
  EXPECT_TRUE(got.result.clip_path.ends_with(".webm")) << got.result.clip_path;
  EXPECT_EQ(clips::content_of(got.result.clip_path), film);
  const auto body = body_of(kClips);
  const JsonView order(body.get());
  EXPECT_EQ(order["prompt"].text(), "it leaps");
  EXPECT_EQ(order["video_frames"].integer(), 33);
  EXPECT_EQ(order["fps"].integer(), 16);
  EXPECT_EQ(order["output_format"].text(), "webm");
  EXPECT_EQ(order["init_image"].text(), base64_of(request.keyframe.get()));
  EXPECT_EQ(order["end_image"].text(), base64_of(request.last_frame.get()));
  EXPECT_EQ(run(request).requests, 0u);
  EXPECT_EQ(server.calls(kClips).size(), 1u);
}

TEST_F(Sdcpp, AServerWithoutWebmIsAskedForAvi) {
  server.on(kClips,
            {{400, R"({"error":"invalid output_format, must be one of [webp, avi]"})"}, kTaken});
  server.on(kJob, {clip_done(base64_of_text(film_of(clips::kMjpeg)))});
  EXPECT_TRUE(run(clip_order()).result.clip_path.ends_with(".avi"));
  EXPECT_EQ(JsonView(body_of(kClips).get())["output_format"].text(), "avi");
}

TEST_F(Sdcpp, Base64ComesInAnyDress) {
  const auto painted = picture(64, 48);
  std::string wrapped = "data:image/png;base64,";
  for (const char letter : base64_of(painted.get()))
    wrapped += wrapped.size() % 40 ? std::string(1, letter) : std::string("\\r\\n") + letter;
  server.on(kJob, {picture_done(wrapped)});
  EXPECT_TRUE(g_bytes_equal(run(picture_order()).result.picture.get(), painted.get()));
}

TEST_F(Sdcpp, AFullQueueIsTriedAgainAndNamedWhenItStaysFull) {
  const Reply full = {429, R"({"error":"job queue is full"})"};
  server.on(kClips, {full, kTaken});
  server.on(kJob, {clip_done(base64_of_text(film_of(clips::kVp8)))});
  EXPECT_EQ(run(clip_order()).requests, 2u);
  server.on(kClips, {full});
  options.max_retries = 0;
  options.use_cache = false;
  const Error error = failure(clip_order());
  EXPECT_EQ(error.http_status, 429);
  EXPECT_NE(std::string(error.what()).find("queue is full"), std::string::npos) << error.what();
  EXPECT_FALSE(is_open(clip_order()));
}

TEST_F(Sdcpp, WhatPassesIsLookedAtAgain) {
  server.on(kJob, {{503, "busy"},
                   {404, "<html>no such site</html>", "text/html"},
                   {404, R"({"error":"job not found"})"},
                   {200, "<html>one moment</html>", "text/html"},
                   {200, R"({"id":"job_1","status":"warming up"})"},
                   clip_done(base64_of_text(film_of(clips::kVp8)))});
  EXPECT_EQ(run(clip_order()).requests, 1u);
  EXPECT_EQ(server.calls(kJob).size(), 6u);
}

/// Each is the end of its job: named, not left open, and a later run makes a new one.
TEST_F(Sdcpp, AJobThatComesToNothingIsNamedAndOver) {
  struct Case {
    const char* name;
    Reply reply;
    Fault fault;
    const char* says;
  };
  const std::string& film = film_of(clips::kVp8);
  const std::vector<Case> table = {
      {"lost in a restart", {404, R"({"error":"job not found"})"}, Fault::not_found, "not know"},
      {"expired", {410, R"({"error":"job expired"})"}, Fault::not_found, "expired"},
      {"failed", failed(R"({"code":"generation_failed","message":"out of memory"})"), Fault::read,
       "out of memory"},
      {"failed in a word", failed("\"no results\""), Fault::read, "no results"},
      {"failed without a word", failed("null"), Fault::read, "failed to make the clip"},
      {"cancelled", {200, R"({"id":"job_1","status":"cancelled"})"}, Fault::read, "cancelled"},
      {"no result", done("null"), Fault::format, "has none"},
      {"garbage", clip_done("!!no base64!!"), Fault::damaged, "base64"},
      {"moving WebP", clip_done(base64_of_text(clips::moving_webp())), Fault::format, "WebP"},
      {"a page", clip_done(base64_of_text("<html>" + std::string(900, ' '))), Fault::format,
       "holds no pictures"},
      {"cut off", clip_done(base64_of_text(film.substr(0, film.size() / 2))), Fault::damaged,
       "truncated"},
      {"too short", clip_done(base64_of_text(film_of(clips::kVp8, 5))), Fault::format, "lasts"},
  };
  for (const Case& one : table) {
    SCOPED_TRACE(one.name);
    server.on(kJob, {kQueued, one.reply});
    const size_t before = server.calls(kClips).size();
    const Error error = failure(clip_order());
    EXPECT_EQ(error.fault, one.fault) << error.what();
    EXPECT_NE(std::string(error.what()).find(one.says), std::string::npos) << error.what();
    EXPECT_FALSE(error.remedy.empty());
    EXPECT_FALSE(is_open(clip_order()));
    EXPECT_EQ(server.calls(kClips).size(), before + 1);
  }
}

TEST_F(Sdcpp, APictureThatIsNoneOrOfAnotherSizeIsRefused) {
  struct Case {
    Reply reply;
    Fault fault;
  };
  for (const Case& one :
       {Case{done(R"({"images":[]})"), Fault::format}, Case{picture_done("%"), Fault::damaged},
        Case{picture_done(base64_of_text(film_of(clips::kVp8))), Fault::format},
        Case{picture_done(base64_of(picture(48, 64).get())), Fault::format}}) {
    server.on(kJob, {one.reply});
    const size_t billed_before = billed();
    const Error error = failure(picture_order());
    EXPECT_EQ(error.fault, one.fault) << error.what();
    EXPECT_EQ(billed(), billed_before + 1);
    EXPECT_FALSE(is_open(picture_order()));
  }
}

TEST_F(Sdcpp, ARefusalSaysWhatTheServerSays) {
  struct Case {
    Reply reply;
    Fault fault;
    const char* says;
  };
  for (const Case& one :
       {Case{{400, R"({"error":"loaded model does not support vid_gen"})"},
             Fault::settings,
             "does not support vid_gen"},
        Case{{400, R"({"error":"invalid json","message":"bad at 7"})"}, Fault::settings, "bad"},
        Case{{500, R"({"error":"server_error","message":"no VRAM"})"}, Fault::read, "no VRAM"}}) {
    server.on(kClips, {one.reply});
    options.max_retries = 0;
    const Error error = failure(clip_order());
    EXPECT_EQ(error.fault, one.fault) << error.what();
    EXPECT_NE(std::string(error.what()).find(one.says), std::string::npos) << error.what();
    EXPECT_FALSE(is_open(clip_order()));
  }
}

TEST_F(Sdcpp, ALostAnswerIsNotSentAgain) {
  for (const Reply& reply : {Reply{202, R"({"status":"queued"})"}, Reply{202, "{\"id\":"}}) {
    server.on(kClips, {reply});
    const size_t before = server.calls(kClips).size();
    const Error error = failure(clip_order());
    EXPECT_TRUE(error.unclear) << error.what();
    EXPECT_EQ(server.calls(kClips).size(), before + 1);
  }
}

TEST_F(Sdcpp, ReferencesGoAlongAsFilesAlone) {
  server.on(kJob, {picture_done(base64_of(picture(64, 48).get()))});
  Request request = picture_order();
  request.references = {{picture(8, 8), {}}, {picture(9, 9), {}}};
  run(request);
  const auto body = body_of(kPictures);
  const JsonView references = JsonView(body.get())["ref_images"];
  ASSERT_EQ(references.size(), 2u);
  EXPECT_EQ(references.at(1).text(), base64_of(request.references[1].bytes.get()));
  request.references = {{nullptr, "https://example.com/fox.png"}};
  EXPECT_EQ(failure(request).fault, Fault::settings);
  EXPECT_EQ(server.calls(kPictures).size(), 1u);
}

TEST_F(Sdcpp, OnlyAJobThatStillWaitsIsCancelled) {
  struct Case {
    Reply reply;
    bool cancelled;
  };
  for (const Case& one :
       {Case{{200, R"({"id":"job_1","status":"cancelled"})"}, true},
        Case{{200, R"({"id":"job_1","status":"completed","result":{}})"}, false},
        Case{{409, R"({"error":"job is currently generating"})"}, false},
        Case{{404, R"({"error":"job not found"})"}, false}, Case{{200, "<html>"}, false}}) {
    server.on(kCancel, {one.reply});
    Call now = call();
    EXPECT_EQ(backend->cancel({"job_1"}, now), one.cancelled) << one.reply.body;
  }
}

TEST_F(Sdcpp, AnIdStaysInItsPlace) {
  server.on("GET /sdcpp/v1/jobs/a%2Fb%3Fc", {kQueued});
  EXPECT_EQ(poll({"a/b?c"}, clip_order()).state, Poll::State::pending);
}

TEST(Footage, IsTheShortestThatLastsAsLong) {
  const auto frames = [](double seconds) {
    return openai::frames_of({.role = Role::clip, .seconds = seconds});
  };
  EXPECT_EQ(frames(2), 33);
  EXPECT_EQ(frames(3), 49);
  EXPECT_EQ(frames(33 / 16.0), 33);
  EXPECT_EQ(frames(34 / 16.0), 37);
  EXPECT_EQ(frames(0), 1);
}
