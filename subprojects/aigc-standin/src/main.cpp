// SPDX-License-Identifier: LGPL-2.1-or-later
// The program: options, the ready line, the end.
#include "server.h"

#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>

#include <glib-unix.h>
#include <gst/gst.h>

namespace {

struct Options {
  int port = 8900;
  double max_seconds = 3600;
  gboolean exit_on_stdin_eof = FALSE;
  std::string config;
};

bool read_options(int argc, char** argv, Options& options) {
  g_autofree char* config = nullptr;
  const GOptionEntry entries[] = {
      {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "Port of the API, 0 takes a free one", "N"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &config, "Configuration to start with", "FILE"},
      {"exit-on-stdin-eof", 0, 0, G_OPTION_ARG_NONE, &options.exit_on_stdin_eof,
       "End when standard input is closed", nullptr},
      {"max-seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.max_seconds,
       "End after that many seconds", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new(nullptr);
  g_option_context_set_summary(
      context, "A stand-in on 127.0.0.1 for DeepSeek, DashScope, OpenAI's pictures and clips, and "
               "servers of one's own. It makes test pictures and costs nothing.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    std::fprintf(stderr, "aigc-standin: %s\n", error->message);
    return false;
  }
  if (argc > 1 || options.port < 0 || options.port > 65535 || options.max_seconds <= 0) {
    std::fprintf(stderr, "aigc-standin: see aigc-standin --help\n");
    return false;
  }
  if (config) options.config = config;
  return true;
}

bool configure(standin::Standin& standin, const std::string& path) {
  if (path.empty()) return true;
  g_autofree char* text = nullptr;
  gsize size = 0;
  g_autoptr(GError) error = nullptr;
  std::string fault;
  if (!g_file_get_contents(path.c_str(), &text, &size, &error)) {
    fault = error->message;
  } else if (const auto json = standin::Json::parse({text, size}); !json) {
    fault = path + " is no JSON";
  } else if (auto wrong = standin.config.merge(*json)) {
    fault = path + ": " + *wrong;
  }
  if (!fault.empty()) {
    std::fprintf(stderr, "aigc-standin: %s\n", fault.c_str());
    return false;
  }
  standin.config.keep();
  standin.faults.load(standin.config["faults"]);
  return true;
}

gboolean quit(gpointer loop) {
  g_main_loop_quit(static_cast<GMainLoop*>(loop));
  return G_SOURCE_REMOVE;
}

gboolean on_stdin(gint descriptor, GIOCondition, gpointer loop) {
  char scrap[256];
  if (read(descriptor, scrap, sizeof scrap) > 0) return G_SOURCE_CONTINUE;
  return quit(loop);
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) return 2;
  gst_init(nullptr, nullptr);
  standin::Server server;
  if (!configure(server.standin(), options.config)) return 2;
  if (const std::string fault = server.listen(options.port); !fault.empty()) {
    std::fprintf(stderr, "aigc-standin: cannot listen on port %d: %s\n", options.port,
                 fault.c_str());
    return 1;
  }
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  g_unix_signal_add(SIGINT, quit, loop);
  g_unix_signal_add(SIGTERM, quit, loop);
  g_timeout_add(static_cast<guint>(options.max_seconds * 1000), quit, loop);
  if (options.exit_on_stdin_eof)
    g_unix_fd_add(STDIN_FILENO, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_stdin, loop);
  std::printf("%s\n", server.standin().addresses().print().c_str());
  std::fflush(stdout);
  g_main_loop_run(loop);
  g_main_loop_unref(loop);
  return 0;
}
