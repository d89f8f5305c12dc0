// SPDX-License-Identifier: LGPL-2.1-or-later
// The stand-in server as a child of the test: started on a free port, ended with its owner. The
// program is named by the environment variable AIGC_STANDIN.
#pragma once

#include "base/json.h"
#include "base/ref.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gio/gio.h>

class Standin {
 public:
  /// On that port; 0 takes a free one.
  explicit Standin(int port = 0) {
    const char* program = g_getenv("AIGC_STANDIN");
    if (!program || !*program) throw std::runtime_error("AIGC_STANDIN does not name the stand-in");
    aigc::ErrorSlot error;
    const std::string number = std::to_string(port);
    const char* arguments[] = {program, "--port", number.c_str(), "--exit-on-stdin-eof", nullptr};
    process_ =
        aigc::adopt(g_subprocess_newv(arguments,
                                      static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                                                    G_SUBPROCESS_FLAGS_STDOUT_PIPE),
                                      error.out()));
    if (!process_) throw std::runtime_error(error.message());
    // Only the first line: reading on would wait for the end of the program.
    std::string line;
    GInputStream* output = g_subprocess_get_stdout_pipe(process_.get());
    for (char c = 0; g_input_stream_read(output, &c, 1, nullptr, nullptr) == 1 && c != '\n';)
      line += c;
    addresses_ = aigc::parse_json(line);
  }
  ~Standin() {
    g_output_stream_close(g_subprocess_get_stdin_pipe(process_.get()), nullptr, nullptr);
    g_subprocess_wait(process_.get(), nullptr, nullptr);
  }
  Standin(const Standin&) = delete;
  Standin& operator=(const Standin&) = delete;

  /// "dashscope", "compatible", "deepseek", "openai" or "results": a base URL; "vllm-omni",
  /// "sglang", "localai", "sdcpp" or "comfyui": one of a server of that kind.
  std::string address(const char* name) const {
    return aigc::JsonView(addresses_.get())[name].text();
  }

  /// Merges `changes`, JSON, into its configuration. Throws when it refuses them.
  void configure(const std::string& changes) { control("POST", "/config", changes); }
  /// Faults, as the list the configuration has: R"([{"route": "task", "kind": "html"}])".
  void fail(const std::string& faults) { configure("{\"faults\": " + faults + "}"); }
  /// Everything as at the start.
  void reset() { control("POST", "/reset", "{}"); }

  aigc::Ref<JsonNode> calls() const { return control("GET", "/calls"); }
  aigc::Ref<JsonNode> billed() const { return control("GET", "/billed"); }

  aigc::Ref<JsonNode> control(const std::string& method, const std::string& path,
                              const std::string& body = {}) const {
    const std::string root = address("control");
    const size_t host = root.find("://") + 3;
    const size_t slash = root.find('/', host);
    const std::string answer =
        exchange(root.substr(host, slash - host),
                 method + " " + root.substr(slash) + path +
                     " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
    const size_t start = answer.find("\r\n\r\n");
    if (start == std::string::npos || answer.find(" 200 ") > answer.find("\r\n"))
      throw std::runtime_error("the stand-in answers: " + answer);
    return aigc::parse_json(answer.substr(start + 4));
  }

 private:
  static std::string exchange(const std::string& host, const std::string& request) {
    aigc::ErrorSlot error;
    auto client = aigc::adopt(g_socket_client_new());
    auto connection = aigc::adopt(
        g_socket_client_connect_to_host(client.get(), host.c_str(), 80, nullptr, error.out()));
    if (!connection) throw std::runtime_error(error.message());
    GIOStream* stream = G_IO_STREAM(connection.get());
    g_output_stream_write_all(g_io_stream_get_output_stream(stream), request.data(), request.size(),
                              nullptr, nullptr, nullptr);
    std::string answer;
    std::vector<char> piece(64 << 10);
    gssize count = 0;
    while ((count = g_input_stream_read(g_io_stream_get_input_stream(stream), piece.data(),
                                        piece.size(), nullptr, nullptr)) > 0)
      answer.append(piece.data(), static_cast<size_t>(count));
    return answer;
  }

  aigc::Ref<GSubprocess> process_;
  aigc::Ref<JsonNode> addresses_;
};
