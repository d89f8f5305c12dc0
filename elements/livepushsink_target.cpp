// SPDX-License-Identifier: LGPL-2.1-or-later
// See livepushsink_target.h.
#include "livepushsink_target.h"

#include <algorithm>
#include <memory>

namespace aigc {

namespace {

using Uri = std::unique_ptr<GstUri, decltype(&gst_uri_unref)>;

/// Shorter ones occur in any text, and protect nothing.
constexpr size_t kShortestSecret = 4;

Error wrong(const std::string& what, const std::string& remedy) {
  return Error(Fault::settings, "livepushsink: " + what, remedy);
}

Uri parsed(const std::string& location) {
  return Uri(gst_uri_from_string(location.c_str()), gst_uri_unref);
}

const char* query_value(const GstUri* uri, const char* key) {
  return gst_uri_query_has_key(uri, key) ? gst_uri_get_query_value(uri, key) : nullptr;
}

} // namespace

PushTarget::PushTarget(const std::string& location) : location_(location) {
  if (location.empty())
    throw wrong("location is not set", "set it to rtmp://HOST/APP/KEY or srt://HOST:PORT");
  const Uri uri = parsed(location);
  const std::string scheme =
      uri && gst_uri_get_scheme(uri.get()) ? gst_uri_get_scheme(uri.get()) : "";
  if (scheme != "rtmp" && scheme != "rtmps" && scheme != "srt")
    throw wrong("location is no rtmp, rtmps or srt address",
                "set it to rtmp://HOST/APP/KEY or srt://HOST:PORT");
  const char* host = gst_uri_get_host(uri.get());
  host_ = host ? host : "";
  shown_ = scheme + "://" + (host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]");
  if (const guint port = gst_uri_get_port(uri.get())) shown_ += ":" + std::to_string(port);
  keep_secret(gst_uri_get_userinfo(uri.get()));
  if (scheme == "srt")
    read_srt(uri.get());
  else
    read_rtmp(uri.get());
}

void PushTarget::read_rtmp(GstUri* uri) {
  protocol_ = Protocol::rtmp;
  const std::string path = take_string(gst_uri_get_path(uri));
  const size_t key = path.rfind('/');
  if (host_.empty() || key == std::string::npos || key == 0 || key + 1 == path.size())
    throw wrong("location lacks a host, an application or a stream key",
                "set it to rtmp://HOST/APP/KEY");
  shown_ += path.substr(0, key);
  keep_secret(path.c_str() + key + 1);
  keep_secret(take_string(gst_uri_get_query_string(uri)).c_str());
}

void PushTarget::read_srt(GstUri* uri) {
  protocol_ = Protocol::srt;
  if (gst_uri_get_port(uri) == GST_URI_NO_PORT)
    throw wrong("location lacks a port", "set it to srt://HOST:PORT");
  const char* mode = query_value(uri, "mode");
  listens_ = host_.empty() || g_strcmp0(mode, "listener") == 0;
  for (const char* name : {"passphrase", "streamid"})
    keep_secret(query_value(uri, name));
  const char* passphrase = query_value(uri, "passphrase");
  const size_t length = passphrase ? std::char_traits<char>::length(passphrase) : 0;
  if (passphrase && (length < 10 || length > 79))
    throw wrong("the passphrase in location has " + std::to_string(length) + " bytes",
                "SRT takes 10 to 79");
}

void PushTarget::keep_secret(const char* text) {
  if (!text) return;
  secrets_.emplace_back(text);
  secrets_.push_back(take_string(g_uri_escape_string(text, nullptr, FALSE)));
  secrets_.push_back(take_string(g_uri_unescape_string(text, nullptr)));
}

std::string PushTarget::scrub(std::string text) const {
  for (const std::string& secret : secrets_) {
    if (secret.size() < kShortestSecret) continue;
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
      text.replace(at, secret.size(), "***");
  }
  return text;
}

std::string PushTarget::resolved(unsigned tries, GCancellable* cancel) const {
  // rtmp2sink looks names up beside its own threads, and needs the name for TLS and virtual hosts.
  if (protocol_ == Protocol::rtmp || host_.empty() || g_hostname_is_ip_address(host_.c_str()))
    return location_;
  auto resolver = adopt(g_resolver_get_default());
  ErrorSlot error;
  GList* found = g_resolver_lookup_by_name(resolver.get(), host_.c_str(), cancel, error.out());
  if (!found)
    throw Error(Fault::not_found, "no address for " + host_ + ": " + error.message(),
                "check the name in location");
  gpointer chosen = g_list_nth_data(found, tries % g_list_length(found));
  const std::string address = take_string(g_inet_address_to_string(G_INET_ADDRESS(chosen)));
  g_resolver_free_addresses(found);
  const Uri uri = parsed(location_);
  gst_uri_set_host(uri.get(), address.c_str());
  return take_string(gst_uri_to_string(uri.get()));
}

} // namespace aigc
