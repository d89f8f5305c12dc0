// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a launch line to its end and keeps what it said and made.
#pragma once

#include "base/ref.h"
#include "temp_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

struct Ran {
  bool parsed = false;
  bool eos = false;
  std::vector<std::string> errors;   ///< without the "Internal data stream error" of sources
  std::vector<std::string> warnings; ///< without the notice that these are previews
  std::vector<std::string> progress; ///< "TYPE code"
  std::vector<aigc::Ref<GstMessage>> elements;
};

/// A pipeline from a launch line, brought to NULL at the end.
class Launch {
 public:
  explicit Launch(const std::string& line) {
    aigc::ErrorSlot error;
    GstElement* made = gst_parse_launch(line.c_str(), error.out());
    parse_error = error.message();
    if (!made) return;
    if (!GST_IS_PIPELINE(made)) { // a line of one element
      GstElement* pipeline = gst_pipeline_new(nullptr);
      gst_bin_add(GST_BIN(pipeline), made);
      made = pipeline;
    }
    pipeline_ = aigc::adopt(GST_ELEMENT(gst_object_ref_sink(made)));
    if (error) pipeline_.reset();
  }
  ~Launch() {
    if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    // On a busy machine cancelled work may outlive its pipeline by a moment, and is no leak.
    for (int i = 0; i < 500 && has_workers(); ++i)
      g_usleep(10'000);
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  GstElement* get() const { return pipeline_.get(); }
  aigc::Ref<GstElement> element(const char* name) const {
    return aigc::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  aigc::Ref<GstBus> bus() const { return aigc::adopt(gst_element_get_bus(pipeline_.get())); }

  /// Plays until EOS or the first error.
  Ran run() const {
    Ran ran;
    if (!pipeline_) return ran;
    ran.parsed = true;
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    collect(ran);
    return ran;
  }

  /// Takes messages until EOS or the first error; a long silence is a failure.
  void collect(Ran& ran) const {
    auto messages = bus();
    while (!ran.eos && ran.errors.empty()) {
      auto message = aigc::adopt(gst_bus_timed_pop(messages.get(), kPatience));
      if (!message) {
        ADD_FAILURE() << "the pipeline says nothing any more, and does not end";
        return;
      }
      take(ran, message);
    }
  }

  std::string parse_error;

 private:
  static constexpr GstClockTime kPatience = 120 * GST_SECOND; ///< for a busy machine

  static bool has_workers() {
    namespace fs = std::filesystem;
    std::error_code gone;
    for (const auto& task : fs::directory_iterator("/proc/self/task", gone)) {
      std::ifstream name(task.path() / "comm");
      std::string text;
      if (std::getline(name, text) && text == "aigc-worker") return true;
    }
    return false;
  }

  static void take(Ran& ran, const aigc::Ref<GstMessage>& message) {
    aigc::ErrorSlot error;
    switch (GST_MESSAGE_TYPE(message.get())) {
    case GST_MESSAGE_EOS:
      ran.eos = true;
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message.get(), error.out(), nullptr);
      if (error.message() != "Internal data stream error.") ran.errors.push_back(error.message());
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning(message.get(), error.out(), nullptr);
      if (error.message().find("this is a preview") == std::string::npos)
        ran.warnings.push_back(error.message());
      break;
    case GST_MESSAGE_PROGRESS: {
      GstProgressType type;
      gchar* code = nullptr;
      gst_message_parse_progress(message.get(), &type, &code, nullptr);
      if (type != GST_PROGRESS_TYPE_CONTINUE)
        ran.progress.push_back((type == GST_PROGRESS_TYPE_START ? "start " : "end ") +
                               aigc::take_string(code));
      break;
    }
    case GST_MESSAGE_ELEMENT:
      ran.elements.push_back(message);
      break;
    default:
      break;
    }
  }

  aigc::Ref<GstElement> pipeline_;
};

/// Elements write their results here, so runs do not answer each other from the cache.
class ElementTest : public testing::Test {
 protected:
  ElementTest() { g_setenv("AIGC_CACHE_DIR", folder.path().c_str(), TRUE); }
  TempFolder folder;
};
