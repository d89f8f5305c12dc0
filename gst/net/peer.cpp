// SPDX-License-Identifier: LGPL-2.1-or-later
// See peer.h.
#include "net/peer.h"

namespace aigc {

Ref<SoupMessage> make_message(const std::string& method, const Url& url) {
  const size_t query = url.target.find('?');
  const std::string path = url.target.substr(0, query);
  const std::string rest = query == std::string::npos ? "" : url.target.substr(query + 1);
  GUri* uri = g_uri_build(GUriFlags(SOUP_HTTP_URI_FLAGS), url.scheme.c_str(), nullptr,
                          url.host.c_str(), url.port, path.c_str(),
                          query == std::string::npos ? nullptr : rest.c_str(), nullptr);
  auto message = adopt(soup_message_new_from_uri(method.c_str(), uri));
  g_uri_unref(uri);
  return message;
}

void speak_http1(GSocketClientEvent event, GIOStream* stream) {
  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING || !G_IS_TLS_CONNECTION(stream)) return;
  const char* const protocols[] = {"http/1.1", nullptr};
  g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(stream), protocols);
}

bool reaches_private(GSocketClientEvent event, GIOStream* stream) {
  if (event != G_SOCKET_CLIENT_CONNECTING || !G_IS_SOCKET_CONNECTION(stream)) return false;
  const auto remote =
      adopt(g_socket_connection_get_remote_address(G_SOCKET_CONNECTION(stream), nullptr));
  // A proxy is the user's own and looks names up itself.
  if (!remote || G_IS_PROXY_ADDRESS(remote.get()) || !G_IS_INET_SOCKET_ADDRESS(remote.get()))
    return false;
  return is_private_address(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote.get())));
}

Error private_address(const std::string& host) {
  return Error(Fault::settings,
               "\"" + host +
                   "\" is an address in a private network, which a service"
                   " on the Internet must not send anyone to",
               "results there are only fetched when the service's own base-url is private");
}

GTlsCertificateFlags judge_certificate(GTlsDatabase* authorities, const Url& url,
                                       GTlsCertificate* certificate, GTlsCertificateFlags flags) {
  if (!authorities) return flags;
  const auto identity = adopt(g_network_address_new(url.host.c_str(), url.port));
  ErrorSlot error;
  flags = g_tls_database_verify_chain(authorities, certificate,
                                      G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER,
                                      G_SOCKET_CONNECTABLE(identity.get()), nullptr,
                                      G_TLS_DATABASE_VERIFY_NONE, nullptr, error.out());
  return error ? G_TLS_CERTIFICATE_GENERIC_ERROR : flags;
}

} // namespace aigc
