// SPDX-License-Identifier: LGPL-2.1-or-later
// ComfyUI over HTTP: what is sent, and what each answer means.
#include "comfyui_rig.h"

using namespace comfyui_rig;

namespace {

constexpr char kOneFile[] =
    R"({"9": {"images": [{"filename": "k 1&2.png", "subfolder": "aigc/a", "type": "output"}]}})";

std::string outputs(const std::string& node, const std::string& lists) {
  return "{\"" + node + "\": {" + lists + "}}";
}

std::string file(const std::string& name) {
  return R"([{"filename": ")" + name + R"(", "subfolder": "", "type": "output"}])";
}

} // namespace

TEST_F(ComfyuiTest, SendsTheFilledWorkflowUnderTheCallsId) {
  EXPECT_EQ(submit().id, prompt);
  ASSERT_TRUE(comfy.wait_socket());
  const auto sent = comfy.sent("/prompt");
  ASSERT_EQ(sent.size(), 1u);
  const auto root = parse_json(sent[0]);
  const JsonView body(root.get());
  EXPECT_EQ(body["prompt_id"].text(), prompt);
  EXPECT_TRUE(has(comfy.sent("/ws", true).at(0), "/ws?clientId=" + body["client_id"].text() + " "));
  EXPECT_EQ(body["prompt"]["6"]["inputs"]["text"].text(), "a fox");
  EXPECT_EQ(body["prompt"]["7"]["inputs"]["text"].text(), "dogs");
  EXPECT_EQ(body["prompt"]["9"]["inputs"]["w"].integer(), 64);
  EXPECT_FALSE(has(comfy.sent("/prompt", true)[0], "Origin"));
}

TEST_F(ComfyuiTest, FindsTheResultInTheHistory) {
  submit();
  EXPECT_EQ(poll().state, Poll::State::running);
  comfy.finish(prompt, kOneFile);
  const Poll look = poll();
  ASSERT_EQ(look.state, Poll::State::done);
  EXPECT_EQ(look.result.url,
            comfy.url() + "/view?filename=k%201%262.png&subfolder=aigc%2Fa&type=output");
  EXPECT_EQ(look.result.request_id, prompt);
  const auto root = parse_json(comfy.sent("/prompt").at(0));
  const auto seed = JsonView(root.get())["prompt"]["3"]["inputs"]["seed"].integer();
  EXPECT_EQ(look.result.seed, seed);
  EXPECT_GE(look.result.seed, 0);
}

TEST_F(ComfyuiTest, ChoosesASeedForEachCallUnlessOneIsGiven) {
  const auto seed_sent = [&] {
    const auto root = parse_json(comfy.sent("/prompt").back());
    return JsonView(root.get())["prompt"]["3"]["inputs"]["seed"].integer().value_or(-1);
  };
  submit();
  const gint64 first = seed_sent();
  prompt = take_string(g_uuid_string_random());
  submit();
  EXPECT_NE(seed_sent(), first);
  request.seed = 42;
  request.take = 2;
  submit();
  EXPECT_EQ(seed_sent(), 42 + 2 * kTakeStride);
}

TEST_F(ComfyuiTest, UsesTheNameThatAnUploadWasGiven) {
  make_clips();
  submit();
  const auto root = parse_json(comfy.sent("/prompt").at(0));
  const JsonView graph = JsonView(root.get())["prompt"];
  EXPECT_EQ(graph["1"]["inputs"]["image"].text(), "in/aigc (1).png");
  EXPECT_EQ(graph["2"]["inputs"]["length"].integer(), 81);
  EXPECT_EQ(graph["2"]["inputs"]["t"].text(), "it runs");
  const std::string upload = comfy.sent("/upload/image").at(0);
  EXPECT_TRUE(has(upload, "name=\"image\"; filename=\"aigc-")) << upload;
  EXPECT_TRUE(has(upload, "Content-Type: image/png\r\n\r\n" + kPng)) << upload;
  EXPECT_TRUE(has(upload, "name=\"type\"\r\n\r\ninput\r\n")) << upload;
}

TEST_F(ComfyuiTest, WantsTheLastFrameThatTheWorkflowNeeds) {
  make_clips();
  std::string both = kClips;
  both.insert(both.rfind('}'),
              R"(, "5": {"class_type": "LoadImage", "inputs": {"image": "{last-image}"}})");
  backend = backend_for(both);
  EXPECT_EQ(backend->models()[0].inputs, kKeyframe | kLastFrame);
  const Error error = submit_error();
  EXPECT_TRUE(has(error.what(), "{last-image}")) << error.what();
  EXPECT_TRUE(comfy.sent("/").empty());
  request.last_frame = request.keyframe;
  submit();
  EXPECT_EQ(comfy.sent("/upload/image").size(), 2u);
}

TEST_F(ComfyuiTest, TakesADuplicateForThere) {
  comfy.state().lock()->prompt_status = "409 Conflict";
  EXPECT_EQ(submit().id, prompt);
}

TEST_F(ComfyuiTest, SaysWhichNodeIsWrong) {
  comfy.state().lock()->prompt_status = "400 Bad Request";
  const auto refused = [&](const std::string& errors, const std::string& error = "{}") {
    comfy.state().lock()->prompt_body =
        R"({"error": )" + error + R"(, "node_errors": {)" + errors + "}}";
    const Error refusal = submit_error();
    EXPECT_EQ(refusal.fault, Fault::settings);
    EXPECT_EQ(refusal.service, "comfyui");
    EXPECT_FALSE(refusal.retry || refusal.unclear);
    return refusal;
  };
  const auto of = [](const std::string& id, const std::string& type, const std::string& problem) {
    return "\"" + id + R"(": {"class_type": ")" + type +
           R"(", "dependent_outputs": ["9"], "errors": [)" + problem + "]}";
  };
  Error error = refused(
      of("8", "VAEDecode", "") + ", " +
      of("4", "UNETLoader",
         R"({"type": "value_not_in_list", "message": "Value not in list", "details": "unet_name: 'x' not in [...]",
             "extra_info": {"input_name": "unet_name", "received_value": "qwen_image_fp8_e4m3fn.safetensors"}})"));
  EXPECT_TRUE(has(error.what(),
                  "\"qwen_image_fp8_e4m3fn.safetensors\" at node 4 (UNETLoader), input unet_name"))
      << error.what();
  EXPECT_TRUE(has(error.remedy, "model's file")) << error.remedy;

  error = refused(
      of("3", "KSampler",
         R"({"type": "value_bigger_than_max", "message": "Value 20000 bigger than max of 10000",
                         "details": "steps", "extra_info": {"input_name": "steps"}})"));
  EXPECT_TRUE(
      has(error.what(), "node 3 (KSampler), input steps: Value 20000 bigger than max of 10000"))
      << error.what();
  error = refused(of("3", "KSampler",
                     R"({"type": "required_input_missing", "message": "Required input is missing",
                         "details": "model", "extra_info": {"input_name": "model"}})"));
  EXPECT_TRUE(has(error.remedy, "export the workflow again")) << error.remedy;

  error = refused("", R"({"type": "missing_node_type", "message": "x",
                          "extra_info": {"node_id": "12", "class_type": "VHS_VideoCombine"}})");
  EXPECT_TRUE(has(error.what(), "does not have node 12 (VHS_VideoCombine)")) << error.what();
  EXPECT_TRUE(has(error.remedy, "custom node")) << error.remedy;
  error = refused(
      "",
      R"({"type": "invalid_prompt", "message": "Cannot execute because node Foo does not exist.",
                          "details": "Node ID '#5'", "extra_info": {}})");
  EXPECT_TRUE(has(error.what(), "node Foo does not exist")) << error.what();
  EXPECT_TRUE(has(error.remedy, "custom node")) << error.remedy;
  error = refused(
      "", R"({"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": ""})");
  EXPECT_TRUE(has(error.what(), "Prompt has no outputs")) << error.what();
}

TEST_F(ComfyuiTest, StopsAPromptThatLeavesAPartOut) {
  comfy.state().lock()->prompt_body =
      R"({"prompt_id": ")" + prompt +
      R"(", "node_errors": {"3": {"class_type": "KSampler", "errors":
      [{"type": "other", "message": "Bad", "details": "seed", "extra_info": {}}]}}})";
  comfy.state().lock()->taken_to = &Comfy::State::pending;
  const Error error = submit_error();
  EXPECT_TRUE(has(error.what(), "node 3 (KSampler): Bad: seed")) << error.what();
  EXPECT_TRUE(has(comfy.sent("/queue").at(1), prompt));
}

TEST_F(ComfyuiTest, StopsNothingThatHasNoId) {
  comfy.state().lock()->prompt_body = R"({"number": 1, "node_errors": {"3": {}}})";
  comfy.state().lock()->pending = {""};
  EXPECT_TRUE(submit_error().unclear);
  EXPECT_TRUE(comfy.sent("/queue").empty());
  EXPECT_TRUE(comfy.sent("/interrupt").empty());
}

TEST_F(ComfyuiTest, DoesNotKnowWhatABrokenServerTook) {
  for (const char* status : {"500 Internal Server Error", "503 Service Unavailable"}) {
    comfy.state().lock()->prompt_status = status;
    const Error error = submit_error();
    EXPECT_TRUE(error.unclear) << status;
    EXPECT_FALSE(error.retry) << status;
  }
}

TEST_F(ComfyuiTest, RefusesAServerThatGivesItsOwnIds) {
  comfy.state().lock()->prompt_body = R"({"prompt_id": "another", "number": 1, "node_errors": {}})";
  EXPECT_EQ(submit_error().remedy, "update ComfyUI");
}

TEST_F(ComfyuiTest, KnowsAServerThatIsNoComfyui) {
  for (const char* status : {"404 Not Found", "405 Method Not Allowed"}) {
    comfy.state().lock()->prompt_status = status;
    comfy.state().lock()->prompt_body = "<html>";
    const Error error = submit_error();
    EXPECT_TRUE(has(error.what(), "is not what answers at " + comfy.url())) << error.what();
    EXPECT_FALSE(error.unclear);
  }
  comfy.state().lock()->prompt_status = "200 OK";
  EXPECT_TRUE(submit_error().unclear); // a page in the place of an answer
  auto now = call();
  EXPECT_NO_THROW(backend->probe(now));
  comfy.state().lock()->stats_body = R"({"version": "0.9"})";
  EXPECT_THROW(backend->probe(now), Error);
}

TEST_F(ComfyuiTest, FindsWhatBecameOfALostAnswer) {
  comfy.state().lock()->lose_answer = true;
  EXPECT_TRUE(submit_error().unclear);
  auto now = call();
  Intent intent{.call = prompt};
  EXPECT_EQ(backend->find(request, intent, now).task.id, prompt); // it runs
  comfy.finish(prompt, kOneFile);
  EXPECT_EQ(backend->find(request, intent, now).task.id, prompt);
  intent.call = take_string(g_uuid_string_random());
  EXPECT_EQ(backend->find(request, intent, now).answer, Found::Answer::none);
}

TEST_F(ComfyuiTest, SaysWhyAPromptFailed) {
  const auto failure = [&](const std::string& kind, const std::string& more) {
    comfy.finish(
        prompt, "{}",
        R"({"status_str": "error", "completed": false, "messages": [["execution_start", {}], [")" +
            kind + R"(", {"node_id": "3", "node_type": "KSampler", )" + more + "}]]}");
    const Error error = poll_error();
    EXPECT_TRUE(error.ended);
    EXPECT_FALSE(error.retry);
    return error;
  };
  Error error = failure("execution_error",
                        R"("exception_type": "ValueError", "exception_message": "bad\nsigma")");
  EXPECT_STREQ(error.what(), "comfyui failed at node 3 (KSampler): bad sigma");
  error = failure(
      "execution_error",
      R"("exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation on device")");
  EXPECT_TRUE(has(error.remedy, "smaller size")) << error.remedy;
  error = failure("execution_interrupted", R"("executed": [])");
  EXPECT_TRUE(has(error.what(), "interrupted")) << error.what();
  comfy.finish(prompt, "{}", R"({"status_str": "error"})");
  EXPECT_TRUE(poll_error().ended);
}

TEST_F(ComfyuiTest, SaysWhatIsWrongWithAnOutput) {
  const auto wrong = [&](const std::string& outputs) {
    comfy.finish(prompt, outputs);
    const Error error = poll_error();
    EXPECT_TRUE(error.ended);
    EXPECT_EQ(error.fault, Fault::format);
    return std::string(error.what());
  };
  EXPECT_TRUE(has(wrong("{}"), "node 9 (SaveImage) left no file"));
  EXPECT_TRUE(has(wrong(outputs("4", "\"images\": " + file("a.png"))), "left no file"));
  EXPECT_TRUE(
      has(wrong(outputs("9", R"("images": [{"filename": "a.png"}, {"filename": "b.png"}])")),
          "made 2 files"));
  EXPECT_TRUE(has(wrong(outputs("9", "\"images\": " + file("a.mp4"))), "a.mp4"));
  EXPECT_TRUE(has(wrong(outputs("9", "\"images\": " + file("a.webp") + ", \"animated\": [true]")),
                  "no picture"));
  make_clips();
  for (const char* list : {"images", "gifs", "videos"}) {
    comfy.finish(prompt, outputs("9", "\"" + std::string(list) + "\": " + file("a.MP4") +
                                          ", \"animated\": [true]"));
    EXPECT_EQ(poll().state, Poll::State::done) << list;
  }
  EXPECT_TRUE(has(wrong(outputs("9", "\"gifs\": " + file("a.gif"))), "no clip"));
  EXPECT_TRUE(has(wrong(outputs("9", "\"images\": " + file("a.png"))), "no clip"));
}

TEST_F(ComfyuiTest, TellsPendingRunningAndLostApart) {
  comfy.state().lock()->pending = {prompt};
  EXPECT_EQ(poll().state, Poll::State::pending);
  comfy.state().lock()->pending = {"another"};
  const Error lost = poll_error();
  EXPECT_TRUE(lost.ended);
  EXPECT_EQ(lost.fault, Fault::not_found);
  // It ends just between the two questions.
  comfy.state().lock()->on_queue = [this](Comfy::State& state) {
    state.history[prompt] = std::string(R"({"outputs": )") + kOneFile + "}";
  };
  EXPECT_EQ(poll().state, Poll::State::done);
}

TEST_F(ComfyuiTest, CancelsWhatHasNotBegun) {
  auto now = call();
  comfy.state().lock()->pending = {prompt};
  EXPECT_TRUE(backend->cancel({prompt}, now));
  EXPECT_TRUE(has(comfy.sent("/queue").at(1), prompt));
  EXPECT_FALSE(backend->cancel({prompt}, now)); // it is nowhere
  comfy.state().lock()->running = {prompt};
  EXPECT_FALSE(backend->cancel({prompt}, now));
  comfy.state().lock()->running.clear();
  comfy.state().lock()->pending = {prompt};
  comfy.state().lock()->on_queue = [this](Comfy::State& state) {
    std::swap(state.running, state.pending); // it begins before it can be taken out
    state.on_queue = nullptr;
  };
  EXPECT_FALSE(backend->cancel({prompt}, now));
  EXPECT_TRUE(comfy.sent("/interrupt").empty());
}

TEST_F(ComfyuiTest, LooksAgainWhereAProxyAnswersInItsPlace) {
  for (const char* body : {"<html>", "[]"}) {
    comfy.state().lock()->look_body = body;
    const Error error = poll_error();
    EXPECT_TRUE(error.retry) << body;
    EXPECT_FALSE(error.ended) << body;
  }
  comfy.state().lock()->look_body.clear();
  comfy.state().lock()->look_status = "404 Not Found";
  EXPECT_TRUE(poll_error().retry);
  comfy.state().lock()->look_status = "401 Unauthorized";
  EXPECT_FALSE(poll_error().retry);
}

TEST_F(ComfyuiTest, WaitsInAQueueThatIsTooLargeToLookThrough) {
  comfy.state().lock()->queue_length = (64u << 20) + 1;
  EXPECT_EQ(poll().state, Poll::State::pending);
  auto now = call();
  EXPECT_EQ(backend->find(request, {.call = prompt}, now).answer, Found::Answer::unknown);
  comfy.state().lock()->queue_length = 0;
  comfy.state().lock()->pending = {std::string(9u << 20, 'x'), prompt}; // more than other answers
  EXPECT_EQ(poll().state, Poll::State::pending);
}

TEST_F(ComfyuiTest, AsksForTheQueueOnlyWhereNothingElseTells) {
  submit();
  ASSERT_TRUE(comfy.wait_socket());
  EXPECT_EQ(poll().state, Poll::State::running);
  EXPECT_EQ(poll().state, Poll::State::running); // so it was just now
  EXPECT_EQ(comfy.sent("/queue").size(), 1u);
  comfy.drop_sockets();
  const auto ended = [&] {
    auto now = call();
    backend->linger({prompt}, 10s, now); // until it is open again
    return comfy.state().snapshot().sockets_ever == 2;
  };
  while (!ended())
    ;
  EXPECT_EQ(poll().state, Poll::State::running);
  EXPECT_EQ(comfy.sent("/queue").size(), 2u);
  comfy.state().lock()->running.clear();
  comfy.tell("execution_error", prompt);
  auto now = call();
  backend->linger({prompt}, 10s, now);
  EXPECT_TRUE(poll_error().ended);
  EXPECT_EQ(comfy.sent("/queue").size(), 3u);
}

TEST_F(ComfyuiTest, ForgetsAPromptThatNobodyWaitsForAnyMore) {
  submit();
  ASSERT_TRUE(comfy.wait_socket());
  poll();
  Cancel stop;
  stop.cancel();
  Call given_up{stop, std::chrono::steady_clock::now() + 10s, {}, {}, {}, {}};
  backend->linger({prompt}, 10s, given_up);
  poll(); // where it was a moment ago is gone with it
  EXPECT_EQ(comfy.sent("/queue").size(), 2u);
  auto late = call();
  late.progress = [](int) { throw Error(Fault::timeout, "no time left"); };
  backend->linger({prompt}, 0s, late);
  poll();
  comfy.tell("progress", prompt, R"("node": "3", "value": 1, "max": 6)");
  EXPECT_THROW(backend->linger({prompt}, 10s, late), Error);
  poll();
  EXPECT_EQ(comfy.sent("/queue").size(), 4u);
}

TEST_F(ComfyuiTest, GivesItsKeyToTheServerAlone) {
  backend = backend_for(kPictures, {}, "sesame-1");
  submit();
  EXPECT_TRUE(has(comfy.sent("/prompt", true).at(0), "Authorization: Bearer sesame-1\r\n"));
  EXPECT_EQ(backend->key_for(comfy.url() + "/view?filename=a").reveal(), "sesame-1");
  EXPECT_TRUE(backend->key_for("http://elsewhere/view?filename=a").empty());
}

TEST_F(ComfyuiTest, IsMadeOfAWorkflow) {
  const Error error =
      error_of([&] { make_backend(BackendChoice::comfyui, {.base_url = comfy.url()}); });
  EXPECT_EQ(error.fault, Fault::settings);
  EXPECT_TRUE(has(error.remedy, "set workflow")) << error.remedy;
  EXPECT_THROW(backend_for(kPictures, Role::clip), Error);
  EXPECT_THROW(backend_for(kPictures, Role::words), Error);
  EXPECT_NE(backend_for(kPictures, Role::picture)->edition(),
            backend_for(kClips, Role::clip)->edition());
  EXPECT_STREQ(backend->models()[0].name, "flow");
  EXPECT_EQ(backend->models().size(), 1u);
  EXPECT_EQ(backend->models()[0].role, Role::picture);
  EXPECT_STREQ(backend->models()[0].picture_mime, "image/png"); // caps are made of it
  const Error words =
      error_of([&] { find_model(*backend_for(kClips), Role::clip, "", kWordsOnly); });
  EXPECT_STREQ(words.what(), "no model of comfyui makes a clip of words alone");
  EXPECT_EQ(words.remedy, "give the shots a keyframe, or choose another backend");
}
