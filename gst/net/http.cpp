// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers, redirects and what may be sent: see http.h.
#include "net/http.h"

#include "net/exchange.h"
#include "net/http_impl.h"
#include "net/log.h"
#include "net/url.h"

#include <algorithm>

GST_DEBUG_CATEGORY(aigc_http_debug);
#define GST_CAT_DEFAULT aigc_http_debug

namespace aigc {

namespace {

constexpr unsigned kMaxRedirects = 5;
constexpr std::chrono::seconds kLongestRetryAfter{3600};

bool is_success(int status) {
  return status >= 200 && status < 300;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_token(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return g_ascii_isalnum(letter) ||
           std::string_view("!#$%&'*+-.^_`|~").find(letter) != std::string_view::npos;
  });
}

bool is_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) < 0x20 && letter != '\t') || letter == 0x7f;
  });
}

/// What would be more than one header is none at all. Values may be secret and are not shown.
void check_headers(const HttpRequest& request) {
  const char* remedy = "keys and names must be one line without control characters";
  if (!is_token(request.method))
    throw Error(Fault::settings, "\"" + request.method + "\" is no HTTP method", remedy);
  if (!is_line(request.bearer.reveal()))
    throw Error(Fault::settings, "the API key holds a line break or a control character", remedy);
  if (!is_line(request.content_type))
    throw Error(Fault::settings, "the content type holds a control character", remedy);
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name) || !is_line(header.value))
      throw Error(Fault::settings, "the header \"" + header.name + "\" cannot be sent", remedy);
  }
}

/// Ends an exchange that is left before its end.
struct Leaver {
  std::shared_ptr<Exchange> exchange;
  ~Leaver() { exchange->leave(); }
};

/// Where an answer sends us. Throws Error for what is not followed.
Url next_url(const HttpRequest& request, const Url& from, const HttpResponse& head) {
  const std::string* location = head.header("Location");
  const std::string status = std::to_string(head.status);
  if (!location)
    throw Error(Fault::format, from.shown() + " redirects (" + status + ") without saying where",
                "check that this is the right address");
  const Url to = join_url(from, *location);
  if (request.method != "GET" && request.method != "HEAD")
    throw Error(Fault::settings,
                request.method + " " + from.shown() + " is redirected (" + status + ") to " +
                    to.authority() + ", which only reading calls follow",
                "set base-url to the address that answers itself");
  if (from.scheme == "https" && to.scheme == "http")
    throw Error(Fault::settings,
                from.shown() + " redirects to " + to.authority() +
                    " without encryption, which is not followed",
                "ask the service for an https address");
  return to;
}

} // namespace

void init_http_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(aigc_http_debug, "aigchttp", 0, "HTTP calls, without keys and queries");
  });
}

const std::string* HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& each : headers) {
    if (each.name.size() == name.size() &&
        g_ascii_strncasecmp(each.name.data(), name.data(), name.size()) == 0)
      return &each.value;
  }
  return nullptr;
}

std::chrono::milliseconds HttpResponse::retry_after() const {
  const std::string* value = header("Retry-After");
  if (!value) return {};
  gint64 seconds = 0;
  if (guint64 number = 0;
      g_ascii_string_to_unsigned(value->c_str(), 10, 0, G_MAXINT, &number, nullptr)) {
    seconds = static_cast<gint64>(number);
  } else if (GDateTime* date = soup_date_time_new_from_http_string(value->c_str())) {
    seconds = g_date_time_to_unix(date) - g_get_real_time() / G_USEC_PER_SEC;
    g_date_time_unref(date);
  }
  return std::chrono::seconds(std::clamp<gint64>(seconds, 0, kLongestRetryAfter.count()));
}

HttpOrigin origin_of(const std::string& url) {
  const Url parsed = parse_url(url);
  return {parsed.authority(), is_private_host(parsed.host)};
}

HttpClient::HttpClient(const std::string& ca_file) {
  init_http_log();
  const char* named = g_getenv("AIGC_CA_FILE");
  impl_ = std::make_unique<Impl>(ca_file.empty() && named ? named : ca_file);
}

HttpClient::~HttpClient() = default;

HttpClient& HttpClient::shared() {
  static auto* client = new HttpClient; // never destroyed: a worker may outlive main()
  return *client;
}

SessionThread& HttpClient::session() {
  return impl_->thread;
}

HttpResponse HttpClient::Impl::run(const HttpRequest& request, Cancel& cancel,
                                   const OnHead& on_head, const OnPiece& on_piece) {
  check_headers(request);
  const Url first = parse_url(request.url);
  Url url = first;
  bool with_key = !request.bearer.empty();
  for (unsigned redirects = 0;; ++redirects) {
    GST_DEBUG("%s %s", request.method.c_str(), url.shown().c_str());
    const Leaver leaver{std::make_shared<Exchange>(thread, request, url, with_key)};
    leaver.exchange->start();
    HttpResponse head = leaver.exchange->head(cancel);
    if (is_redirect(head.status)) {
      if (redirects == kMaxRedirects)
        throw Error(Fault::read,
                    first.shown() + " redirects more than " + std::to_string(kMaxRedirects) +
                        " times",
                    "check that this is the right address");
      const Url next = next_url(request, url, head);
      with_key = with_key && next.same_origin(first);
      url = next;
      continue;
    }
    if (!on_head(head)) return head;
    while (const Ref<GBytes> piece = leaver.exchange->piece(cancel)) {
      gsize size = 0;
      const auto* data = static_cast<const char*>(g_bytes_get_data(piece.get(), &size));
      if (!on_piece({data, size})) break;
    }
    return head;
  }
}

HttpResponse HttpClient::send(const HttpRequest& request, Cancel& cancel) {
  return stream(request, cancel, nullptr);
}

HttpResponse HttpClient::stream(const HttpRequest& request, Cancel& cancel,
                                const std::function<bool(std::string_view)>& take) {
  std::string body;
  bool to_taker = false;
  HttpResponse answer = impl_->run(
      request, cancel,
      [&](const HttpResponse& head) {
        to_taker = take && is_success(head.status);
        return true;
      },
      [&](std::string_view piece) {
        if (to_taker) return take(piece);
        body += piece;
        return true;
      });
  answer.body = std::move(body);
  return answer;
}

} // namespace aigc
