// SPDX-License-Identifier: LGPL-2.1-or-later
// Names that turn out to be private, keys that must not be seen, and the end of the process.
#include "net_rig.h"

#include <future>
#include <iostream>
#include <mutex>
#include <sstream>

#include <gio/gio.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

// A name service where rebind.example is 127.0.0.1.

struct Names {
  GResolver parent;
};
struct NamesClass {
  GResolverClass parent;
};
G_DEFINE_TYPE(Names, names, G_TYPE_RESOLVER)

GList* loopback() {
  return g_list_append(nullptr, g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
}

void names_init(Names*) {}

void names_class_init(NamesClass* type) {
  GResolverClass* resolver = &type->parent;
  resolver->lookup_by_name = [](GResolver*, const char*, GCancellable*, GError**) {
    return loopback();
  };
  resolver->lookup_by_name_async = [](GResolver* self, const char*, GCancellable* cancellable,
                                      GAsyncReadyCallback done, gpointer data) {
    const auto task = adopt(g_task_new(self, cancellable, done, data));
    g_task_return_boolean(task.get(), TRUE);
  };
  resolver->lookup_by_name_finish = [](GResolver*, GAsyncResult*, GError**) { return loopback(); };
  resolver->lookup_by_name_with_flags_async =
      [](GResolver* self, const char*, GResolverNameLookupFlags flags, GCancellable* cancellable,
         GAsyncReadyCallback done, gpointer data) {
        const auto task = adopt(g_task_new(self, cancellable, done, data));
        g_task_set_task_data(task.get(), GINT_TO_POINTER(flags), nullptr);
        g_task_return_boolean(task.get(), TRUE);
      };
  resolver->lookup_by_name_with_flags_finish = [](GResolver*, GAsyncResult* result,
                                                  GError** error) -> GList* {
    const int flags = GPOINTER_TO_INT(g_task_get_task_data(G_TASK(result)));
    if (!(flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY)) return loopback();
    g_set_error_literal(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no IPv6");
    return nullptr;
  };
}

class OwnNames {
 public:
  OwnNames() : before_(adopt(g_resolver_get_default())) {
    const auto names = adopt(static_cast<GResolver*>(g_object_new(names_get_type(), nullptr)));
    g_resolver_set_default(names.get());
  }
  ~OwnNames() { g_resolver_set_default(before_.get()); }

 private:
  Ref<GResolver> before_;
};

// Everything that is logged, by GStreamer at its highest level and by GLib.

std::mutex log_mutex;
std::string log_text;

void note(const char* text) {
  std::lock_guard guard(log_mutex);
  log_text += text;
  log_text += '\n';
}

void note_gst(GstDebugCategory* category, GstDebugLevel, const gchar*, const gchar*, gint, GObject*,
              GstDebugMessage* message, gpointer) {
  note((std::string(gst_debug_category_get_name(category)) + " " + gst_debug_message_get(message))
           .c_str());
}

GLogWriterOutput note_glib(GLogLevelFlags, const GLogField* fields, gsize count, gpointer) {
  for (gsize i = 0; i < count; ++i)
    if (std::string_view(fields[i].key) == "MESSAGE")
      note(static_cast<const char*>(fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

void note_all() {
  g_log_set_writer_func(note_glib, nullptr, nullptr);
  gst_debug_remove_log_function(nullptr); // of the default, which writes to the terminal
  gst_debug_add_log_function(note_gst, nullptr, nullptr);
  gst_debug_set_active(TRUE);
  gst_debug_set_default_threshold(GST_LEVEL_MEMDUMP);
  gst_debug_set_threshold_from_string("*:9", TRUE);
}

} // namespace

TEST(HttpPrivate, ANameThatTurnsOutPrivateIsNotSpokenTo) {
  const OwnNames names;
  SocketServer server([](SocketServer::Connection& connection) {
    connection.request();
    connection.answer("200 OK", "x");
  });
  HttpClient client;
  Cancel cancel;
  HttpRequest request = create("http://rebind.example:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(client.send(request, cancel).status, 200) << "the name is found where it is allowed";
  request.private_allowed = false;
  const Error error = error_of([&] { client.send(request, cancel); });
  EXPECT_EQ(error.fault, Fault::settings) << error.what();
  EXPECT_TRUE(contains(error.what(), "rebind.example"));
  EXPECT_FALSE(error.retry);
  EXPECT_FALSE(error.unclear);
  EXPECT_EQ(server.connections(), 1u) << "not even a connection";
}

TEST(HttpSecret, NoKeyAndNoSignatureInAnyLogOrError) {
  note_all();
  SocketServer other([](SocketServer::Connection& connection) {
    connection.request();
    connection.answer("403 No", "CANARY-BODY");
  });
  SocketServer server([&](SocketServer::Connection& connection) {
    for (std::string sent; !(sent = connection.request()).empty();) {
      if (contains(sent, "/redirect"))
        connection.answer("302 Go", "", "Location: " + other.url("/x?s=CANARY-TO") + "\r\n");
      else if (contains(sent, "/cut"))
        return connection.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nCANARY");
      else
        connection.answer("401 No", "CANARY-BODY");
    }
  });
  std::string errors;
  {
    HttpClient client;
    Cancel cancel;
    for (const char* target : {"/?s=CANARY-QUERY", "/redirect?s=CANARY-QUERY", "/cut?s=CANARY"}) {
      for (const bool paid : {false, true}) {
        HttpRequest request =
            paid ? create(server.url(target), "CANARY-SENT") : get(server.url(target));
        request.bearer = Secret("CANARY-KEY");
        const Error error = error_of([&] { client.send(request, cancel); });
        errors += error.what() + error.remedy + error.code;
      }
    }
    HttpDownload order;
    order.url = other.url("/clip?Signature=CANARY-QUERY");
    order.path = "/dev/null";
    order.private_allowed = true;
    const Error error = error_of([&] { client.download(order, cancel); });
    errors += error.what() + error.remedy;
  }
  gst_debug_set_default_threshold(GST_LEVEL_NONE);
  EXPECT_FALSE(contains(errors, "CANARY")) << errors;
  std::lock_guard guard(log_mutex);
  EXPECT_TRUE(contains(log_text, "aigchttp GET " + server.url("/"))) << "our own lines are there";
  EXPECT_FALSE(contains(log_text, "CANARY"));
  for (const std::string& sent : other.requests())
    EXPECT_FALSE(contains(sent, "CANARY-KEY"));
}

TEST(HttpShared, IsOneAndMayBeLeftAtTheEndOfTheProcess) {
  // Not ended before the process is: the server outlives the client.
  static SocketServer server([](SocketServer::Connection& connection) {
    connection.request();
    connection.server.reach();
    connection.hang();
  });
  static Cancel cancel;
  EXPECT_EQ(&HttpClient::shared(), &HttpClient::shared());
  auto result = std::async(std::launch::async, [] {
    return error_of([] { HttpClient::shared().send(get(server.url()), cancel); }).fault;
  });
  ASSERT_TRUE(server.wait_reached());
  cancel.cancel();
  EXPECT_EQ(result.get(), Fault::cancelled);
}

TEST(HttpShared, AProgramThatOnlyReturnsEndsWell) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // At exit the destructors run while a call hangs in the session's thread.
  EXPECT_EXIT(
      {
        SocketServer server([](SocketServer::Connection& connection) {
          connection.server.reach();
          connection.hang();
        });
        Cancel cancel;
        std::thread([&] {
          error_of([&] { HttpClient::shared().send(get(server.url()), cancel); });
        }).detach();
        server.wait_reached();
        cancel.cancel();
        alarm(5);
        std::exit(7);
      },
      testing::ExitedWithCode(7), "");
}
