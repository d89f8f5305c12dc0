// SPDX-License-Identifier: LGPL-2.1-or-later
// DashScope's backend against the stand-in, and requests for it.
#pragma once

#include "media/picture.h"
#include "service/dashscope/dashscope.h"
#include "standin.h"

#include <gtest/gtest.h>

/// What `call` throws.
template <typename Call> aigc::Error error_of(Call call) {
  try {
    call();
  } catch (const aigc::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {aigc::Fault::cancelled, "nothing was thrown"};
}

inline aigc::Raster plain_raster(int width, int height, std::uint8_t alpha = 255) {
  aigc::Raster raster{width, height, {}};
  for (int i = 0; i < width * height; ++i)
    raster.rgba.insert(raster.rgba.end(), {40, 90, 160, alpha});
  return raster;
}

inline aigc::Ref<GBytes> picture(int width, int height, const char* mime = "image/jpeg",
                                 std::uint8_t alpha = 255) {
  aigc::Cancel cancel;
  return aigc::encode_picture(plain_raster(width, height, alpha), mime, cancel);
}

/// Legal for the model, with whatever it cannot do without.
inline aigc::Request request_for(const aigc::Model& model) {
  aigc::Request request;
  request.role = model.role;
  request.model = model.name;
  request.words = "paper lanterns over a canal";
  request.motion = "the camera rises";
  if (model.role == aigc::Role::words) return request;
  request.size = aigc::choose_size(model, {1024, 576}, 0);
  if (model.role == aigc::Role::clip) request.seconds = aigc::choose_seconds(model, 5);
  if (model.inputs & aigc::kWordsOnly) return request;
  if (model.inputs & aigc::kKeyframe) request.keyframe = picture(640, 360);
  if (model.inputs & aigc::kLastFrame) request.last_frame = picture(640, 360);
  if (model.inputs & aigc::kReferences) request.references = {{picture(640, 360), {}}};
  return request;
}

class DashscopeRig : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<Standin>(); }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    ASSERT_TRUE(server_) << "the stand-in does not start";
    server_->reset();
    server_->configure(R"({"limits": "off", "poll_qps": 0,
      "image": {"width": 64, "height": 36}, "video": {"width": 64, "height": 64, "duration": 1}})");
    backend_ = aigc::make_dashscope({server_->address("dashscope"), aigc::Secret("sk-standin")});
  }

  Standin& server() { return *server_; }
  aigc::Backend& backend() { return *backend_; }
  const aigc::Model& model(const char* name) {
    for (const aigc::Model& model : backend_->models())
      if (std::string(name) == model.name) return model;
    throw std::runtime_error(std::string("there is no model ") + name);
  }
  aigc::Request request(const char* name) { return request_for(model(name)); }

  aigc::Call call(std::chrono::seconds patience = std::chrono::seconds(30)) {
    return {cancel_, std::chrono::steady_clock::now() + patience, [](int) {}, {}};
  }
  aigc::Task submit(const aigc::Request& request) {
    auto now = call();
    return std::get<aigc::Task>(backend_->submit(request, now));
  }
  aigc::Poll poll(const aigc::Task& task, const aigc::Request& request) {
    auto now = call();
    return backend_->poll(task, request, now);
  }
  /// Polls until the task is done.
  aigc::Result finish(const aigc::Task& task, const aigc::Request& request) {
    for (;;) {
      const aigc::Poll look = poll(task, request);
      if (look.state == aigc::Poll::State::done) return look.result;
      g_usleep(10'000);
    }
  }
  aigc::Result run(const aigc::Request& request) {
    auto now = call();
    auto answer = backend_->submit(request, now);
    if (auto* task = std::get_if<aigc::Task>(&answer)) return finish(*task, request);
    return std::get<aigc::Result>(answer);
  }
  size_t billed() {
    const auto list = server_->billed();
    return static_cast<size_t>(aigc::JsonView(list.get())["count"].integer().value_or(-1));
  }

  aigc::Cancel cancel_;

 private:
  inline static std::unique_ptr<Standin> server_;
  std::shared_ptr<aigc::Backend> backend_;
};
