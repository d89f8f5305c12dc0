// SPDX-License-Identifier: LGPL-2.1-or-later
// Small helpers.
#include "util.h"

#include <memory>

#include <gio/gio.h>

namespace standin {
namespace {

struct Free {
  void operator()(char* text) const { g_free(text); }
};
using Text = std::unique_ptr<char, Free>;

gboolean run(gpointer data) {
  (*static_cast<std::function<void()>*>(data))();
  return G_SOURCE_REMOVE;
}

void drop(gpointer data) {
  delete static_cast<std::function<void()>*>(data);
}

} // namespace

std::string new_id() {
  return Text(g_uuid_string_random()).get();
}

int64_t now_ms() {
  return g_get_real_time() / 1000;
}

double now_seconds() {
  return static_cast<double>(g_get_monotonic_time()) / 1e6;
}

std::string service_time(int64_t ms) {
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(ms / 1000);
  char tail[8];
  g_snprintf(tail, sizeof tail, ".%03d", static_cast<int>(ms % 1000));
  return std::string(Text(g_date_time_format(time, "%Y-%m-%d %H:%M:%S")).get()) + tail;
}

int64_t compact_time_ms(const std::string& text) {
  if (text.size() != 14 || text.find_first_not_of("0123456789") != text.npos) return -1;
  auto part = [&](size_t from, size_t count) { return std::stoi(text.substr(from, count)); };
  g_autoptr(GDateTime) time = g_date_time_new_local(part(0, 4), part(4, 2), part(6, 2), part(8, 2),
                                                    part(10, 2), part(12, 2));
  return time ? g_date_time_to_unix(time) * 1000 : -1;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && g_ascii_isxdigit(text[i + 1]) &&
        g_ascii_isxdigit(text[i + 2])) {
      out += static_cast<char>(g_ascii_xdigit_value(text[i + 1]) * 16 +
                               g_ascii_xdigit_value(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> parse_query(std::string_view raw) {
  std::map<std::string, std::string> out;
  while (!raw.empty()) {
    const auto pair = raw.substr(0, raw.find('&'));
    const auto equal = pair.find('=');
    if (!pair.empty())
      out[percent_decode(pair.substr(0, equal), true)] =
          equal == pair.npos ? "" : percent_decode(pair.substr(equal + 1), true);
    raw.remove_prefix(std::min(raw.size(), pair.size() + 1));
  }
  return out;
}

std::string sign(const std::string& text) {
  static const std::string secret = new_id(); // signatures die with the process, like the tasks
  g_autoptr(GHmac) hmac =
      g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>(secret.data()), secret.size());
  g_hmac_update(hmac, reinterpret_cast<const guchar*>(text.data()), text.size());
  guint8 digest[20];
  gsize length = sizeof digest;
  g_hmac_get_digest(hmac, digest, &length);
  const Text base64(g_base64_encode(digest, length));
  return Text(g_uri_escape_string(base64.get(), nullptr, FALSE)).get();
}

uint32_t hash(std::string_view text) {
  uint32_t value = 2166136261u;
  for (const char c : text)
    value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
  return value;
}

void after(double seconds, std::function<void()> work) {
  if (seconds <= 0) return work();
  g_timeout_add_full(G_PRIORITY_DEFAULT, static_cast<guint>(seconds * 1000 + 0.5), run,
                     new std::function<void()>(std::move(work)), drop);
}

void later(std::function<void()> work) {
  g_idle_add_full(G_PRIORITY_DEFAULT, run, new std::function<void()>(std::move(work)), drop);
}

std::string cut(const std::string& text, size_t limit) {
  if (characters(text) <= limit) return text;
  const char* end = g_utf8_offset_to_pointer(text.c_str(), static_cast<glong>(limit));
  return text.substr(0, end - text.c_str());
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(g_utf8_strlen(text.data(), static_cast<gssize>(text.size())));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = g_ascii_tolower(c);
  return out;
}

} // namespace standin
