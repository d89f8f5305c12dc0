// SPDX-License-Identifier: LGPL-2.1-or-later
// One stage against the stand-in under one fault, and what came of it.
#pragma once

#include "element/launch.h"
#include "standin.h"

#include <chrono>
#include <string>

/// What an application sees of a failed shot.
struct Seen {
  bool eos = false;
  std::string domain; ///< of the first error
  int code = 0;
  std::string text; ///< message and remedy
  std::string service_code;
  std::string request_id;
  int http_status = 0;
  std::chrono::milliseconds took{0};
  std::chrono::milliseconds teardown{0}; ///< PLAYING to NULL
  size_t creates = 0;                    ///< calls that order something, as the server counted
  size_t billed = 0;                     ///< of those, what it billed
  guint64 frames = 0;                    ///< that arrived at the sink "out", if there is one
};

enum class Stage { words, picture, picture_sync, clip };

/// A stand-in, keys and addresses in the environment, an empty store.
class WeatherTest : public ElementTest {
 protected:
  WeatherTest();

  /// Runs the stage once; `properties` stand behind those of the stage.
  Seen run(Stage stage, const std::string& properties = {});
  Seen run_line(const std::string& line);
  void fault(const std::string& json);
  void configure(const std::string& json) { server.configure(json); }

  Standin server;
};

/// The launch line of a stage, without its sink.
std::string line_of(Stage stage, const std::string& properties);
