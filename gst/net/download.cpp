// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetching files in as many attempts as it takes: see HttpClient::download().
#include "net/backoff.h"
#include "net/growing_file.h"
#include "net/http_impl.h"
#include "net/log.h"
#include "net/url.h"

#include <algorithm>
#include <cinttypes>
#include <limits>
#include <utility>

#define GST_CAT_DEFAULT aigc_http_debug

namespace aigc {

namespace {

/// An attempt that brought this much was no failure: the next is a first one again.
constexpr guint64 kProgress = 1u << 20;

/// The part of a file that an answer holds.
struct Part {
  guint64 start = 0;
  std::optional<guint64> total;
};

/// "bytes 100-199/200", also with * for an unknown total.
std::optional<Part> part_of(const HttpResponse& head) {
  const std::string* range = head.header("Content-Range");
  guint64 start = 0, last = 0, total = 0;
  if (!range) return std::nullopt;
  const int found =
      std::sscanf(range->c_str(), "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64, &start, &last, &total);
  if (found < 2 || last < start) return std::nullopt;
  Part part{start, std::nullopt};
  if (found == 3) part.total = total;
  return part;
}

/// What tells this file from another at the same place: a strong ETag, else the date.
std::string validator_of(const HttpResponse& head) {
  const std::string* tag = head.header("ETag");
  if (tag && tag->starts_with('"')) return *tag;
  const std::string* date = head.header("Last-Modified");
  return date ? *date : "";
}

Error status_error(const Url& url, const HttpResponse& head) {
  const int status = head.status;
  const bool gone = status == 403 || status == 404 || status == 410;
  Error error(gone ? Fault::not_found : Fault::read,
              url.shown() + " answered with HTTP " + std::to_string(status),
              gone ? "result addresses live 24 hours; an older one must be ordered again"
                   : "try again later");
  error.http_status = status;
  error.retry = status == 408 || status == 429 || status >= 500;
  error.retry_after = head.retry_after();
  return error;
}

} // namespace

/// One order over all its attempts.
class HttpClient::Download {
 public:
  Download(Impl& impl, const HttpDownload& order, Cancel& cancel)
      : impl_(impl), order_(order), cancel_(cancel), url_(parse_url(order.url)), file_(order.path) {
  }

  void run() {
    for (unsigned tries = 0;; ++tries) {
      const guint64 before = file_.size();
      try {
        attempt();
        return;
      } catch (const Error& error) {
        if (file_.size() >= before + kProgress) tries = 0;
        if (!error.retry || tries >= order_.max_retries) throw;
        GST_INFO("%s, trying again", error.what());
        const bool at_once = std::exchange(starts_again_, false);
        if (!at_once && !pause(backoff(tries, error.retry_after))) throw;
      }
    }
  }

 private:
  /// Returns whether there is time left.
  bool pause(std::chrono::milliseconds duration) {
    const auto now = std::chrono::steady_clock::now();
    if (order_.total - now <= duration) return false;
    if (cancel_.sleep(duration)) cancel_.check();
    return true;
  }

  guint64 limit() const {
    return order_.max_bytes ? order_.max_bytes : std::numeric_limits<gint64>::max();
  }

  void attempt() {
    HttpRequest request;
    request.url = order_.url;
    request.bearer = order_.bearer;
    request.private_allowed = order_.private_allowed;
    request.timeouts.total = order_.total;
    request.max_bytes = limit();
    asked_ = resumable_ ? file_.size() : 0;
    if (asked_ > 0) {
      request.headers.push_back({"Range", "bytes=" + std::to_string(asked_) + "-"});
      if (!validator_.empty()) request.headers.push_back({"If-Range", validator_});
    }
    impl_.run(
        request, cancel_, [this](const HttpResponse& head) { return take_head(head); },
        [this](std::string_view piece) {
          if (file_.size() + piece.size() > limit()) throw too_large();
          file_.append(piece);
          return true;
        });
    if (total_ && file_.size() < *total_) throw incomplete();
  }

  bool take_head(const HttpResponse& head) {
    if (head.status == 200) {
      begin(head);
      return true;
    }
    if (head.status == 206 && asked_ > 0) {
      if (continues(head)) return true;
      throw start_again("continued in another place than asked");
    }
    if (head.status == 416) throw start_again("has no such part any more");
    throw status_error(url_, head);
  }

  void begin(const HttpResponse& head) {
    validator_ = validator_of(head);
    file_.restart();
    resumable_ = true;
    total_.reset();
    guint64 length = 0;
    const std::string* header = head.header("Content-Length");
    if (header && g_ascii_string_to_unsigned(header->c_str(), 10, 0, G_MAXINT64, &length, nullptr))
      total_ = length;
  }

  /// Whether an answer holds what follows the bytes that are here.
  bool continues(const HttpResponse& head) {
    const auto part = part_of(head);
    if (!part || part->start != asked_) return false;
    if (total_ && part->total && *total_ != *part->total) return false;
    const std::string validator = validator_of(head);
    if (!validator.empty() && !validator_.empty() && validator != validator_) return false;
    if (part->total) total_ = part->total;
    if (total_ && *total_ > limit()) throw too_large();
    GST_DEBUG("%s goes on at %" G_GUINT64_FORMAT, url_.shown().c_str(), asked_);
    return true;
  }

  Error start_again(const char* why) {
    file_.restart();
    starts_again_ = true;
    resumable_ = false;
    validator_.clear();
    total_.reset();
    Error error(Fault::damaged, url_.shown() + " " + why, "try again later");
    error.retry = true;
    return error;
  }

  Error too_large() const {
    return Error(Fault::format,
                 url_.shown() + " is larger than the " + std::to_string(limit()) + " bytes allowed",
                 "check that this is the right address");
  }

  Error incomplete() const {
    Error error(Fault::damaged,
                url_.shown() + " broke off after " + std::to_string(file_.size()) + " of " +
                    std::to_string(*total_) + " bytes",
                "check the network, or try again later");
    error.retry = true;
    return error;
  }

  Impl& impl_;
  const HttpDownload& order_;
  Cancel& cancel_;
  const Url url_;
  GrowingFile file_;
  std::string validator_; ///< of the bytes that are here
  bool resumable_ = false;
  bool starts_again_ = false; ///< there is nothing to wait for
  std::optional<guint64> total_;
  guint64 asked_ = 0; ///< where the part begins that was asked for
};

void HttpClient::download(const HttpDownload& order, Cancel& cancel) {
  Download(*impl_, order, cancel).run();
}

} // namespace aigc
