// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips by /videos: how each server is asked, how its tasks end, and how a lost one is found.
#include "../clips.h"
#include "../socket_server.h"
#include "openai_rig.h"
#include "service/driver.h"
#include "store/files.h"
#include "store/journal.h"

using namespace openai_rig;

namespace {

constexpr const char* kCreate = "POST /v1/videos";
constexpr const char* kLook = "GET /v1/videos/v%2F1";
constexpr const char* kContent = "GET /v1/videos/v%2F1/content";

std::string task_in(const std::string& state, const std::string& more = {}) {
  return R"({"id":"v/1","object":"video","status":")" + state + "\"" + more + "}";
}

class OpenaiVideos : public OpenaiRig {
 protected:
  OpenaiVideos() { server.on(kCreate, task_in("queued")); }

  Request request() {
    return {.role = Role::clip,
            .model = "m",
            .words = "a red fox",
            .negative = "snow",
            .motion = "it runs",
            .size = {64, 48},
            .seconds = 2,
            .seed = 7};
  }
  Poll look(const Reply& reply) {
    server.on(kLook, {reply});
    return poll({"v/1"}, request());
  }
  Error failure(const Reply& reply) {
    return error_of([&] { look(reply); });
  }
};

TEST_F(OpenaiVideos, EachServerIsAskedInItsOwnWay) {
  for (const Profile profile : {Profile::openai, Profile::vllm_omni, Profile::sglang}) {
    begin(profile);
    Request order = request();
    order.keyframe = picture(64, 48);
    EXPECT_EQ(task_of(order).id, "v/1");
    const auto call = server.calls(kCreate).back();
    EXPECT_NE(call.head.find("multipart/form-data; boundary="), std::string::npos);
    EXPECT_EQ(form_field(call.body, "model"), "m");
    EXPECT_EQ(form_field(call.body, "prompt"), "it runs");
    EXPECT_EQ(form_field(call.body, "seconds"), "2");
    EXPECT_EQ(form_field(call.body, "size"), "64x48");
    EXPECT_TRUE(has_file(call.body, "input_reference", "image/png"));
    const bool extras = profile != Profile::openai;
    EXPECT_EQ(form_field(call.body, "seed"), extras ? "7" : "(none)");
    EXPECT_EQ(form_field(call.body, "negative_prompt"), extras ? "snow" : "(none)");
  }
}

TEST_F(OpenaiVideos, WordsAloneAreAFormOrJson) {
  begin(Profile::vllm_omni);
  task_of(request());
  const std::string form = server.calls(kCreate).back().body;
  EXPECT_EQ(form_field(form, "prompt"), "a red fox\nit runs");
  EXPECT_EQ(form.find("input_reference"), std::string::npos);
  begin(Profile::sglang);
  task_of(request());
  const auto root = body_of(kCreate);
  EXPECT_EQ(JsonView(root.get())["prompt"].text(), "a red fox\nit runs");
  EXPECT_EQ(JsonView(root.get())["seconds"].integer(), 2);
}

TEST_F(OpenaiVideos, OpenaiGetsTheKeyframeInTheClipsSize) {
  begin(Profile::openai);
  Request order = request();
  order.keyframe = picture(200, 90);
  task_of(order);
  const std::string form = server.calls(kCreate).back().body;
  const size_t start = form.find("\r\n\r\n", form.find("name=\"input_reference\"")) + 4;
  const auto sent = adopt(g_bytes_new(form.data() + start, form.find("\r\n--", start) - start));
  EXPECT_EQ(sniff_picture(sent.get()).width, 64);
  EXPECT_EQ(sniff_picture(sent.get()).height, 48);
}

TEST_F(OpenaiVideos, ALastFrameIsRefusedBeforeAnythingIsSent) {
  begin(Profile::vllm_omni);
  Request order = request();
  order.last_frame = picture(64, 48);
  const Error error = error_of([&] { task_of(order); });
  EXPECT_EQ(error.fault, Fault::settings);
  EXPECT_NE(error.remedy.find("last-frame"), std::string::npos);
  EXPECT_TRUE(server.calls().empty());
}

TEST_F(OpenaiVideos, StatesAreReadWhateverTheyAreCalled) {
  begin(Profile::vllm_omni);
  EXPECT_EQ(look({200, task_in("queued")}).state, Poll::State::pending);
  const Poll half = look({200, task_in("in_progress", R"(,"progress":40)")});
  EXPECT_EQ(half.state, Poll::State::running);
  EXPECT_EQ(half.percent, 40);
  EXPECT_EQ(look({200, task_in("postprocessing")}).state, Poll::State::running);
  const Poll done = look({200, task_in("completed", R"(,"seconds":"3")")});
  EXPECT_EQ(done.state, Poll::State::done);
  EXPECT_EQ(done.result.url, server.url() + "/v1/videos/v%2F1/content");
  EXPECT_EQ(done.result.usage.seconds, 3);
  EXPECT_EQ(done.result.seed, 7);
  EXPECT_EQ(done.result.request_id, "v/1");
  const Poll elsewhere = look({200, task_in("completed", R"(,"url":"https://s3.test/x?sig=1")")});
  EXPECT_EQ(elsewhere.result.url, "https://s3.test/x?sig=1");
}

TEST_F(OpenaiVideos, AFailureIsTheEndWithOrWithoutACode) {
  begin(Profile::sglang);
  const Error moderated =
      failure({200, task_in("failed", R"(,"error":{"code":"moderation_blocked","message":"no"})")});
  EXPECT_EQ(moderated.fault, Fault::moderation);
  const Error message = failure({200, task_in("failed", R"(,"error":{"message":"CUDA OOM"})")});
  EXPECT_NE(std::string(message.what()).find("CUDA OOM"), std::string::npos);
  const Error numbered =
      failure({200, task_in("failed", R"(,"error":{"code":500,"message":"engine died"})")});
  EXPECT_NE(std::string(numbered.what()).find("engine died"), std::string::npos);
  const Error by_status =
      failure({500, task_in("failed", R"(,"error":{"code":500,"message":"engine died"})")});
  const Error silent = failure({200, task_in("failed", R"(,"error":null)")});
  EXPECT_FALSE(silent.remedy.empty());
  const Error cancelled = failure({200, task_in("cancelled")});
  for (const Error& error : {moderated, message, numbered, by_status, silent, cancelled}) {
    EXPECT_TRUE(error.ended) << error.what();
    EXPECT_FALSE(error.retry) << error.what();
  }
}

TEST_F(OpenaiVideos, ATaskNobodyKnowsAnyMoreIsLost) {
  begin(Profile::vllm_omni);
  const Reply unknown{404, R"({"detail":"Video not found"})"};
  const auto is_passing = [&] {
    const Error missed = failure(unknown);
    EXPECT_GE(missed.retry_after, 1s) << "others behind a balancer get time to answer";
    return missed.retry && !missed.ended;
  };
  EXPECT_TRUE(is_passing());
  EXPECT_TRUE(is_passing());
  look({200, task_in("in_progress")});
  EXPECT_TRUE(is_passing()) << "it was seen meanwhile";
  EXPECT_TRUE(is_passing());
  const Error lost = failure(unknown);
  EXPECT_FALSE(lost.retry);
  EXPECT_EQ(lost.fault, Fault::not_found);
  EXPECT_TRUE(lost.ended);
  EXPECT_NE(lost.remedy.find("restart"), std::string::npos);
  for (const Reply& passing : {Reply{404, "<html>", "text/html"}, Reply{502, "<html>"},
                               Reply{429, "{}"}, Reply{200, "<html>"}, Reply{200, "{}"}}) {
    const Error error = failure(passing);
    EXPECT_TRUE(error.retry) << passing.status << passing.body;
    EXPECT_FALSE(error.ended);
  }
  EXPECT_FALSE(failure({401, "<html>"}).retry);
}

TEST_F(OpenaiVideos, AnAnswerWithoutATaskIsUnclear) {
  begin(Profile::vllm_omni);
  server.on(kCreate, "{}");
  EXPECT_TRUE(error_of([&] { task_of(request()); }).unclear);
  server.on(kCreate, {Reply{400, R"({"detail":"expected multipart"})"}});
  const Error refused = error_of([&] { task_of(request()); });
  EXPECT_FALSE(refused.unclear);
  EXPECT_EQ(refused.fault, Fault::settings);
  server.on(kCreate, {Reply{429, R"({"error":{"code":"rate_limit_exceeded"}})"}});
  EXPECT_TRUE(error_of([&] { task_of(request()); }).retry);
}

TEST_F(OpenaiVideos, ATaskWhoseIdIsTooLongToKeepIsUnclear) {
  begin(Profile::vllm_omni);
  server.on(kCreate, R"({"id":")" + std::string(512, 'x') + "\"}");
  EXPECT_EQ(task_of(request()).id.size(), 512u);
  server.on(kCreate, R"({"id":")" + std::string(513, 'x') + "\"}");
  const Error error = error_of([&] { task_of(request()); });
  EXPECT_TRUE(error.unclear);
  EXPECT_NE(std::string(error.what()).find("512"), std::string::npos) << error.what();
}

TEST_F(OpenaiVideos, OnlyAServerThatStopsIsToldToCancel) {
  server.on(kLook, task_in("queued"));
  server.on("DELETE /v1/videos/v%2F1", R"({"id":"v/1","deleted":true})");
  const auto cancels = [&](Profile profile) {
    begin(profile);
    Call now = call();
    return backend->cancel({"v/1"}, now);
  };
  EXPECT_FALSE(cancels(Profile::sglang)) << "the work goes on";
  EXPECT_FALSE(cancels(Profile::openai)) << "it may be billed";
  EXPECT_TRUE(server.calls().empty());
  EXPECT_TRUE(cancels(Profile::vllm_omni));
  server.on("DELETE /v1/videos/v%2F1", {Reply{404, "{}"}});
  EXPECT_FALSE(cancels(Profile::vllm_omni));
}

TEST_F(OpenaiVideos, WhatHasBegunIsNotCancelled) {
  begin(Profile::vllm_omni);
  server.on("DELETE /v1/videos/v%2F1", R"({"id":"v/1","deleted":true})");
  Call now = call();
  for (const Reply& reply : {Reply{200, task_in("in_progress")}, Reply{200, task_in("completed")},
                             Reply{404, "{}"}, Reply{503, "{}"}}) {
    server.on(kLook, {reply});
    EXPECT_FALSE(backend->cancel({"v/1"}, now)) << reply.body;
  }
  EXPECT_TRUE(server.calls("DELETE /v1/videos/v%2F1").empty());
}

/// vLLM-Omni answers when the work has stopped, which may take longer than anybody waits.
TEST_F(OpenaiVideos, AServerThatWasToldToCancelDoes) {
  SocketServer slow([](SocketServer::Connection& connection) {
    for (std::string asked; !(asked = connection.request()).empty();) {
      if (asked.starts_with("DELETE ")) return connection.hang();
      connection.answer("200 OK", task_in("queued"));
    }
  });
  Access access{slow.url("/v1")};
  access.profile = Profile::vllm_omni;
  Call now = call();
  now.deadline = std::chrono::steady_clock::now() + 300ms;
  EXPECT_TRUE(make_openai(access)->cancel({"v/1"}, now));
  SocketServer dead([](SocketServer::Connection& connection) {
    connection.request();
    connection.hang();
  });
  access.base_url = dead.url("/v1");
  now.deadline = std::chrono::steady_clock::now() + 100ms;
  EXPECT_FALSE(make_openai(access)->cancel({"v/1"}, now)) << "it was never told";
}

/// What became of a create that was sent two minutes ago.
class OpenaiLostVideos : public OpenaiVideos {
 protected:
  Found find(const std::string& tasks, const std::string& more = {}) {
    begin(Profile::openai);
    server.on("GET /v1/videos", R"({"object":"list","data":[)" + tasks + "]" + more + "}");
    Call now = call();
    return backend->find(request(), intent, now);
  }
  std::string listed(const std::string& id, int seconds_after, const std::string& words,
                     const std::string& state = "queued", const std::string& more = {}) {
    const auto time = std::chrono::system_clock::to_time_t(intent.sent) + seconds_after;
    return R"({"id":")" + id + R"(","status":")" + state + R"(","created_at":)" +
           std::to_string(time) + (words.empty() ? "" : R"(,"prompt":")" + words + "\"") + more +
           "}";
  }
  Intent intent{std::chrono::system_clock::now() - 120s, "an-order", {"known"}};
  const std::string words = "a red fox\\nit runs";
};

TEST_F(OpenaiLostVideos, AreFoundByTheirWordsAndTime) {
  const Found found = find(listed("old", -7200, words) + "," + listed("late", 1200, words));
  EXPECT_EQ(found.answer, Found::Answer::none);
  const Found task = find(listed("known", 1, words) + "," + listed("other", 1, "a cat") + "," +
                          listed("dead", 1, words, "failed") + "," + listed("mine", 2, words));
  EXPECT_EQ(task.answer, Found::Answer::task);
  EXPECT_EQ(task.task.id, "mine");
}

TEST_F(OpenaiLostVideos, AreNotGuessed) {
  EXPECT_EQ(find(listed("x", 1, "")).answer, Found::Answer::unknown) << "it says no words";
  server.on("GET /v1/videos", {Reply{404, R"({"detail":"Not Found"})"}});
  Call now = call();
  EXPECT_EQ(backend->find(request(), intent, now).answer, Found::Answer::unknown);
  server.on("GET /v1/videos", {Reply{503, "{}"}});
  EXPECT_TRUE(error_of([&] { backend->find(request(), intent, now); }).retry);
}

/// Another's clip of the same words must not be delivered for this one.
TEST_F(OpenaiLostVideos, AreNotMistakenForThoseOfOthers) {
  const auto told = [&](const std::string& id, const std::string& more, int after = 1) {
    return listed(id, after, words, "queued", more);
  };
  const std::string own = R"(,"size":"64x48","seconds":"2","model":"m")";
  EXPECT_EQ(find(told("mine", own)).task.id, "mine");
  for (const char* other : {R"(,"size":"48x64")", R"(,"seconds":"4")", R"(,"model":"other")"}) {
    EXPECT_EQ(find(told("x", other)).answer, Found::Answer::unknown) << other;
    EXPECT_EQ(find(told("x", other) + "," + told("mine", own)).task.id, "mine") << other;
  }
  EXPECT_EQ(find(told("a", own) + "," + told("b", own, 9)).answer, Found::Answer::unknown);
  EXPECT_EQ(find(told("before", own, -300)).answer, Found::Answer::unknown);
  EXPECT_EQ(find(told("mine", own) + "," + told("before", own, -300)).task.id, "mine");
}

/// Not every server gives its newest first, or says whether there is more.
TEST_F(OpenaiLostVideos, AreNotGivenUpBeforeTheListIsRead) {
  EXPECT_EQ(find(listed("old", -7200, words) + "," + listed("mine", 1, words)).task.id, "mine");
  std::string newer, older;
  for (int i = 0; i < 100; ++i) {
    newer += (i ? "," : "") + listed("n" + std::to_string(i), 100 - i, "a cat");
    older += (i ? "," : "") + listed("o" + std::to_string(i), -7200 + i, "a cat");
  }
  EXPECT_EQ(find(newer).answer, Found::Answer::unknown) << "a full page may be cut";
  EXPECT_EQ(find(older).answer, Found::Answer::unknown) << "the newest may come last";
  EXPECT_EQ(find(older, R"(,"has_more":false)").answer, Found::Answer::none);
  newer.replace(newer.rfind(R"({"id")"), std::string::npos, listed("old", -7200, "a cat"));
  EXPECT_EQ(find(newer).answer, Found::Answer::none) << "it goes back far enough";
}

TEST_F(OpenaiLostVideos, AreSoughtOnAllPages) {
  begin(Profile::vllm_omni);
  server.on("GET /v1/videos",
            {Reply{200, R"({"data":[)" + listed("a", 5, "a cat") + R"(],"has_more":true})"},
             Reply{200, R"({"data":[)" + listed("mine", 1, words) + "]}"}});
  Call now = call();
  EXPECT_EQ(backend->find(request(), intent, now).task.id, "mine");
  EXPECT_NE(server.calls().back().head.find("after=a"), std::string::npos);
}

/// The whole way through the driver.
class OpenaiVideoRuns : public OpenaiVideos {
 protected:
  OpenaiVideoRuns() {
    begin(Profile::vllm_omni);
    server.on(kLook, task_in("completed"));
    serve({.size = "64x48", .seconds = 2, .sound = 0});
  }
  void serve(const clips::Clip& clip) {
    clips::make(dir / "clip.mp4", clip);
    file = std::string(view(read_file(dir / "clip.mp4").get()));
    server.on(kContent, file);
  }
  Done run(const Request& request) {
    return Driver(backend, ResultStore(dir.path()))
        .run(request, {.timeout = 20s, .poll_interval = 1ms, .max_retries = 0}, cancel, [](int) {});
  }
  bool is_open(const Request& request) {
    return Journal(dir.path()).has(request_key(edition_of(*backend), request));
  }
  clips::TempDir dir;
  std::string file;
};

TEST_F(OpenaiVideoRuns, AClipIsFetchedWithTheKey) {
  const Done done = run(request());
  EXPECT_FALSE(done.result.clip_path.empty());
  EXPECT_EQ(done.provenance.seed, 7);
  EXPECT_EQ(done.provenance.request_id, "v/1");
  EXPECT_NE(server.calls(kContent).back().head.find("Bearer canary-key"), std::string::npos);
}

TEST_F(OpenaiVideoRuns, AFileThatIsNotHandedOutYetIsWaitedFor) {
  for (const int status : {404, 409, 400}) {
    const std::string early = R"({"detail":"still in progress"})";
    server.on(kContent, {Reply{status, early}, Reply{status, early}, Reply{200, file}});
    Request order = request();
    order.take = status;
    EXPECT_FALSE(run(order).result.clip_path.empty()) << status;
  }
  EXPECT_EQ(server.calls(kCreate).size(), 3u) << "nothing was ordered twice";
}

TEST_F(OpenaiVideoRuns, ATaskThatIsLostMayBeOrderedAgain) {
  server.on(kLook, {Reply{200, task_in("in_progress")}, Reply{404, R"({"detail":"gone"})"}});
  const Error lost = error_of([&] { run(request()); });
  EXPECT_EQ(lost.fault, Fault::not_found);
  EXPECT_FALSE(is_open(request()));
  server.on(kLook, task_in("completed"));
  EXPECT_FALSE(run(request()).result.clip_path.empty());
  EXPECT_EQ(server.calls(kCreate).size(), 2u);
}

TEST_F(OpenaiVideoRuns, WhatIsFarOffTheOrderIsRefused) {
  Request order = request();
  order.size = {96, 160};
  Error error = error_of([&] { run(order); });
  EXPECT_EQ(error.fault, Fault::format);
  EXPECT_NE(std::string(error.what()).find("the clip is 64x48 where 96x160"), std::string::npos);
  order.size = {128, 96};
  EXPECT_EQ(error_of([&] { run(order); }).fault, Fault::format) << "a quarter of the pixels";
  order.size = {80, 60};
  EXPECT_FALSE(run(order).result.clip_path.empty()) << "only warned of";
  order.size = {96, 160};
  order.keyframe = picture(64, 48);
  EXPECT_FALSE(run(order).result.clip_path.empty()) << "it follows its keyframe";
  order = request();
  order.seconds = 5;
  error = error_of([&] { run(order); });
  EXPECT_NE(error.remedy.find("duration"), std::string::npos) << error.what();
}

TEST_F(OpenaiVideoRuns, AnErrorInThePlaceOfAClipIsNoClip) {
  server.on(kContent, R"({"error":{"message":"not ready"}})");
  EXPECT_EQ(error_of([&] { run(request()); }).fault, Fault::format);
}

} // namespace
