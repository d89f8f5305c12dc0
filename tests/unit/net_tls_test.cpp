// SPDX-License-Identifier: LGPL-2.1-or-later
// HttpClient over TLS: whom it trusts, and what it says of those it does not. Certificates are made
// here by the openssl program.
#include "../temp_folder.h"
#include "base/guarded.h"
#include "net/session.h"
#include "net/websocket.h"
#include "net_rig.h"

#include <cstdlib>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

struct Authority {
  Authority() {
    const std::string script =
        "set -e; cd '" + folder.path() +
        "'; key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'; "
        "openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority -days 2; "
        "make() { openssl req $key -keyout $1.key -out $1.csr -subj /CN=$1; "
        "echo \"subjectAltName=$2\" >$1.ext; "
        "openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.crt "
        "-days $3 -extfile $1.ext; cat $1.crt $1.key >$1.pem; }; "
        "make local DNS:localhost,IP:127.0.0.1 2; make other DNS:other.example 2; "
        "make old IP:127.0.0.1 -1";
    made = std::system(("(" + script + ") >'" + folder.path() + "/log' 2>&1").c_str()) == 0;
  }
  std::string path(const std::string& name) const { return folder.path() + "/" + name; }

  TempFolder folder;
  bool made = false;
};

std::unique_ptr<Authority> made_for_all;
Authority& authority() {
  return *made_for_all;
}

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";

/// Speaks TLS with the certificate named, then answers once.
SocketServer::Script with_certificate(const std::string& name, std::string answer = kAnswer) {
  return [path = authority().path(name), answer](SocketServer::Connection& connection) {
    ErrorSlot error;
    const auto certificate = adopt(g_tls_certificate_new_from_file(path.c_str(), error.out()));
    const auto socket = adopt(g_socket_new_from_fd(dup(connection.peer), error.out()));
    const auto plain = adopt(g_socket_connection_factory_create_connection(socket.get()));
    const auto tls = adopt(
        g_tls_server_connection_new(G_IO_STREAM(plain.get()), certificate.get(), error.out()));
    const char* const protocols[] = {"h2", "http/1.1", nullptr};
    g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(tls.get()), protocols);
    if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls.get()), nullptr, error.out())) return;
    EXPECT_STREQ(g_tls_connection_get_negotiated_protocol(G_TLS_CONNECTION(tls.get())), "http/1.1");
    char bytes[4096];
    g_input_stream_read(g_io_stream_get_input_stream(tls.get()), bytes, sizeof bytes, nullptr,
                        nullptr);
    g_output_stream_write_all(g_io_stream_get_output_stream(tls.get()), answer.data(),
                              answer.size(), nullptr, nullptr, nullptr);
    connection.server.reach();
    g_io_stream_close(tls.get(), nullptr, nullptr);
  };
}

class HttpTls : public testing::Test {
 protected:
  static void SetUpTestSuite() { made_for_all = std::make_unique<Authority>(); }
  static void TearDownTestSuite() { made_for_all.reset(); }
  void SetUp() override { ASSERT_TRUE(authority().made) << "openssl made no certificates"; }

  Error refusal(HttpClient& client, const SocketServer& server) {
    const Error error = error_of([&] { client.send(create(server.url("/", "https")), cancel); });
    EXPECT_EQ(error.fault, Fault::read) << error.what();
    EXPECT_FALSE(error.unclear);
    return error;
  }

  Cancel cancel;
};

} // namespace

TEST_F(HttpTls, TrustsAnAuthorityThatIsGiven) {
  SocketServer server(with_certificate("local.pem"));
  HttpClient client(authority().path("ca.pem"));
  EXPECT_EQ(client.send(create(server.url("/", "https")), cancel).body, "secret");
  const std::string by_name = "https://localhost:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(client.send(create(by_name), cancel).body, "secret");
}

TEST_F(HttpTls, TrustsTheAuthorityOfTheEnvironment) {
  SocketServer server(with_certificate("local.pem"));
  g_setenv("AIGC_CA_FILE", authority().path("ca.pem").c_str(), TRUE);
  HttpClient client;
  g_unsetenv("AIGC_CA_FILE");
  EXPECT_EQ(client.send(create(server.url("/", "https")), cancel).body, "secret");
}

TEST_F(HttpTls, RefusesAnUnknownAuthorityAndSaysWhatToDo) {
  SocketServer server(with_certificate("local.pem"));
  HttpClient client;
  const Error error = refusal(client, server);
  EXPECT_TRUE(contains(error.what(), "authority")) << error.what();
  EXPECT_TRUE(contains(error.remedy, "AIGC_CA_FILE"));
  EXPECT_FALSE(error.retry);
}

TEST_F(HttpTls, RefusesOtherHostsAndOldCertificatesOfATrustedAuthority) {
  HttpClient client(authority().path("ca.pem"));
  SocketServer other(with_certificate("other.pem"));
  const Error host = refusal(client, other);
  EXPECT_TRUE(contains(host.what(), "another host")) << host.what();
  SocketServer old(with_certificate("old.pem"));
  const Error expired = refusal(client, old);
  EXPECT_TRUE(contains(expired.what(), "expired")) << expired.what();
}

TEST_F(HttpTls, NamesAServerWithoutTls) {
  SocketServer plain([](SocketServer::Connection& connection) {
    connection.say("HTTP/1.1 400 Bad\r\n\r\n");
    connection.hang();
  });
  HttpClient client;
  EXPECT_TRUE(contains(refusal(client, plain).what(), "TLS"));
}

/// A socket that is refused over TLS has got as far as one that is not.
TEST_F(HttpTls, GoesForWebSocketsToo) {
  SocketServer server(
      with_certificate("local.pem", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  const auto end_of = [&](HttpClient& client) {
    const auto end = std::make_shared<Guarded<std::string>>();
    const WebSocket socket(client, {.url = server.url("/", "https"), .private_allowed = true},
                           {.lost = [end](const Error& why) {
                             *end->lock() = why.what();
                             end->notify();
                           }});
    end->lock().wait_for(10s, [](const std::string& end) { return !end.empty(); });
    return end->snapshot();
  };
  HttpClient trusting(authority().path("ca.pem")), strict;
  const std::string refused = end_of(trusting), failed = end_of(strict);
  EXPECT_TRUE(contains(refused, "HTTP 403")) << refused;
  EXPECT_FALSE(failed.empty());
  EXPECT_FALSE(contains(failed, "HTTP 403")) << failed;
}

TEST_F(HttpTls, FollowsToHttpsButNotFromHttpsToHttp) {
  const auto redirect = [](const SocketServer& to, const char* scheme) {
    return "HTTP/1.1 302 Go\r\nLocation: " + to.url("/", scheme) + "\r\nContent-Length: 0\r\n\r\n";
  };
  const auto plainly = [](const std::string& answer) {
    return [answer](SocketServer::Connection& connection) {
      connection.request();
      connection.say(answer);
    };
  };
  SocketServer safe(with_certificate("local.pem"));
  SocketServer up(plainly(redirect(safe, "https")));
  HttpClient client(authority().path("ca.pem"));
  EXPECT_EQ(client.send(get(up.url()), cancel).body, "secret");
  SocketServer plain(plainly(kAnswer));
  SocketServer down(with_certificate("local.pem", redirect(plain, "http")));
  const Error error = error_of([&] { client.send(get(down.url("/", "https")), cancel); });
  EXPECT_EQ(error.fault, Fault::settings) << error.what();
  EXPECT_TRUE(contains(error.what(), "without encryption")) << error.what();
  EXPECT_EQ(plain.connections(), 0u);
}

TEST_F(HttpTls, AFileWithoutCertificatesIsAnError) {
  SocketServer server(with_certificate("local.pem"));
  for (const std::string& path : {authority().path("ca.key"), authority().path("none.pem")}) {
    HttpClient client(path);
    const Error error = error_of([&] { client.send(create(server.url("/", "https")), cancel); });
    EXPECT_EQ(error.fault, Fault::settings) << error.what();
    EXPECT_TRUE(contains(error.what(), path)) << error.what();
  }
}
