// SPDX-License-Identifier: LGPL-2.1-or-later
// See url.h.
#include "net/url.h"

#include "base/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <string_view>

namespace aigc {

namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

int default_port(const std::string& scheme) {
  return scheme == "https" ? kHttpsPort : kHttpPort;
}

/// Cuts a query off: what cannot be read may still hold a signature.
std::string without_query(const std::string& text) {
  return text.substr(0, text.find('?'));
}

/// What has no scheme may be a key in the place of an address, what has an @ may hold a password.
bool may_be_secret(const std::string& text) {
  const size_t start = text.find("://");
  return start == std::string::npos ||
         text.substr(start + 3, text.find_first_of("/?#", start + 3) - start - 3).find('@') !=
             std::string::npos;
}

[[noreturn]] void refuse(const std::string& text, const char* why) {
  const std::string shown = may_be_secret(text) ? "the address" : "\"" + without_query(text) + "\"";
  throw Error(Fault::settings, shown + " " + why, "give an address such as https://host/path");
}

/// Letters a request line cannot hold are escaped, everything else stays as it is.
std::string clean_target(const std::string& text, std::string_view target) {
  std::string clean;
  for (const char letter : target) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) refuse(text, "holds a control character");
    if (byte > 0x20 && byte < 0x7f) {
      clean += letter;
      continue;
    }
    constexpr char kHex[] = "0123456789ABCDEF";
    clean += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  if (clean.empty() || clean[0] != '/') clean.insert(0, "/");
  return clean;
}

/// As names are looked up and sent: ASCII, small letters.
std::string clean_host(const std::string& text, const char* host) {
  const std::string ascii = host ? take_string(g_hostname_to_ascii(host)) : "";
  const std::string name = take_string(g_ascii_strdown(ascii.c_str(), -1));
  if (name.empty()) refuse(text, "names no host");
  const bool fine = std::all_of(name.begin(), name.end(), [](char letter) {
    return g_ascii_isalnum(letter) || std::strchr(".-_:%", letter);
  });
  if (!fine) refuse(text, "names no host");
  return name;
}

/// Resolves "." and ".." in the path; the query is not looked at.
std::string without_dots(const std::string& target) {
  const size_t query = std::min(target.find('?'), target.size());
  std::string path;
  size_t start = 0;
  while (start < query) {
    const size_t end = std::min(target.find('/', start + 1), query);
    const std::string piece = target.substr(start, end - start);
    const bool last = end == query;
    if (piece == "/..") path.resize(std::min(path.rfind('/'), path.size()));
    if (piece != "/." && piece != "/..")
      path += piece;
    else if (last)
      path += '/';
    start = end;
  }
  return path + target.substr(query);
}

struct Network {
  guint32 address;
  int bits;
};

/// https://www.iana.org/assignments/iana-ipv4-special-registry
constexpr std::array<Network, 14> kNotPublic{{
    {0x00000000, 8},  // this network
    {0x0a000000, 8},  // private
    {0x64400000, 10}, // shared by a provider's customers
    {0x7f000000, 8},  // loopback
    {0xa9fe0000, 16}, // link-local
    {0xac100000, 12}, // private
    {0xc0000000, 24}, // protocol assignments
    {0xc0000200, 24}, // documentation
    {0xc0a80000, 16}, // private
    {0xc6120000, 15}, // benchmarks
    {0xc6336400, 24}, // documentation
    {0xcb007100, 24}, // documentation
    {0xe0000000, 4},  // multicast
    {0xf0000000, 4},  // reserved, broadcast
}};

bool is_private_ipv4(const guint8* bytes) {
  const guint32 address = guint32{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
  return std::any_of(kNotPublic.begin(), kNotPublic.end(), [&](const Network& network) {
    return (address ^ network.address) >> (32 - network.bits) == 0;
  });
}

bool starts(const guint8* bytes, std::initializer_list<guint8> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes);
}

bool is_private_ipv6(const guint8* bytes) {
  constexpr guint8 kZero[16] = {};
  const bool zero_start = std::memcmp(bytes, kZero, 10) == 0;
  if (zero_start && ((bytes[10] == 0xff && bytes[11] == 0xff) || (!bytes[10] && !bytes[11])))
    return is_private_ipv4(bytes + 12);        // mapped, compatible, :: and ::1
  if (starts(bytes, {0x00, 0x64, 0xff, 0x9b})) // NAT64: well-known or of one's own network
    return bytes[4] || bytes[5] || is_private_ipv4(bytes + 12);
  if (starts(bytes, {0x20, 0x02})) return is_private_ipv4(bytes + 2); // 6to4
  if (starts(bytes, {0x20, 0x01, 0x00, 0x00})) return true;           // Teredo
  if (starts(bytes, {0x20, 0x01, 0x0d, 0xb8})) return true;           // documentation
  return (bytes[0] & 0xe0) != 0x20; // only 2000::/3 is public unicast
}

} // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return port == default_port(scheme) ? name : name + ":" + std::to_string(port);
}

std::string Url::text() const {
  return scheme + "://" + authority() + target;
}

std::string Url::shown() const {
  return without_query(text());
}

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Url parse_url(const std::string& text) {
  const size_t colon = text.find("://");
  if (colon == std::string::npos) refuse(text, "is no URL");
  const size_t start = colon + 3;
  const size_t end = std::min(text.find_first_of("/?#", start), text.size());
  ErrorSlot error;
  GUri* parsed =
      g_uri_parse((text.substr(0, end) + "/").c_str(),
                  GUriFlags(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_SCHEME_NORMALIZE), error.out());
  if (!parsed) refuse(text, "is no URL");
  const std::unique_ptr<GUri, void (*)(GUri*)> uri(parsed, g_uri_unref);
  Url url;
  url.scheme = g_uri_get_scheme(parsed);
  if (url.scheme != "http" && url.scheme != "https") refuse(text, "is neither http nor https");
  if (g_uri_get_userinfo(parsed))
    throw Error(Fault::settings, "an address holds a user name or password",
                "give keys by property, file or environment, never in an address");
  url.host = clean_host(text, g_uri_get_host(parsed));
  url.port = g_uri_get_port(parsed) > 0 ? g_uri_get_port(parsed) : default_port(url.scheme);
  const size_t fragment = std::min(text.find('#', end), text.size());
  url.target = clean_target(text, std::string_view(text).substr(end, fragment - end));
  return url;
}

Url join_url(const Url& base, const std::string& location) {
  const std::string start = location.substr(0, location.find_first_of("/?#"));
  if (start.find(':') != std::string::npos) return parse_url(location);
  if (location.starts_with("//")) return parse_url(base.scheme + ":" + location);
  const std::string root = base.scheme + "://" + base.authority();
  const std::string path = base.target.substr(0, base.target.find('?'));
  if (location.starts_with("?")) return parse_url(root + path + location);
  Url url =
      parse_url(location.starts_with("/") ? root + location
                                          : root + path.substr(0, path.rfind('/') + 1) + location);
  url.target = without_dots(url.target);
  return url;
}

bool is_private_address(GInetAddress* address) {
  const guint8* bytes = g_inet_address_to_bytes(address);
  return g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4 ? is_private_ipv4(bytes)
                                                                    : is_private_ipv6(bytes);
}

bool is_private_host(const std::string& host) {
  std::string name = host.substr(0, host.find('%')); // the zone of an address
  while (name.ends_with('.'))
    name.pop_back();
  in_addr legacy; // 127.1, 0x7f000001, 017700000001: what the C library takes for an address
  if (inet_aton(name.c_str(), &legacy))
    return is_private_ipv4(reinterpret_cast<const guint8*>(&legacy.s_addr));
  if (const auto address = adopt(g_inet_address_new_from_string(name.c_str())))
    return is_private_address(address.get());
  if (name.find('.') == std::string::npos) return true;
  constexpr std::string_view kLocal[] = {".localhost", ".local", ".lan", ".internal", ".home.arpa"};
  return std::any_of(std::begin(kLocal), std::end(kLocal),
                     [&](std::string_view end) { return name.ends_with(end); });
}

} // namespace aigc
