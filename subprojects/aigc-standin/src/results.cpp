// SPDX-License-Identifier: LGPL-2.1-or-later
// Signed result addresses on the second origin, and the storage's answers to them.
#include "orders.h"
#include "util.h"

#include <charconv>

namespace standin {
namespace {

constexpr char access_key[] = "LTAI5tStandin";

std::string query_for(const std::string& path, int64_t expires) {
  const std::string until = std::to_string(expires);
  return "Expires=" + until + "&OSSAccessKeyId=" + access_key +
         "&Signature=" + sign(path + "\n" + until);
}

std::string noise() {
  std::string out;
  for (uint32_t i = 0, value = 1; i < 4096; ++i, value = value * 1664525u + 1013904223u)
    out += static_cast<char>(value >> 24);
  return out;
}

// The second half of its media data is overwritten: the boxes are right, the pictures are not.
Bytes broken(const Bytes& clip) {
  if (!clip) return nullptr;
  auto out = std::make_shared<std::string>(*clip);
  const std::string junk = noise();
  for (size_t i = out->size() / 2; i < out->size(); ++i)
    (*out)[i] = junk[i % junk.size()];
  return out;
}

struct Span {
  size_t from, length;
};

enum class RangeKind { None, Good, Bad };

RangeKind parse_range(const std::string& header, size_t size, Span& span) {
  if (!header.starts_with("bytes=") || header.find(',') != header.npos) return RangeKind::None;
  const std::string text = header.substr(6);
  const auto dash = text.find('-');
  if (dash == text.npos) return RangeKind::None;
  auto number = [](const std::string& digits, size_t& out) {
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, out);
    return error == std::errc() && stop == end;
  };
  size_t first = 0, last = 0;
  const std::string left = text.substr(0, dash), right = text.substr(dash + 1);
  if (left.empty()) {
    if (!number(right, last)) return RangeKind::None;
    span.length = std::min(last, size);
    span.from = size - span.length;
    return span.length > 0 ? RangeKind::Good : RangeKind::Bad;
  }
  if (!number(left, first) || (!right.empty() && !number(right, last))) return RangeKind::None;
  if (!right.empty() && last < first) return RangeKind::None;
  if (first >= size) return RangeKind::Bad;
  if (right.empty()) last = size - 1;
  span = {first, std::min(last, size - 1) - first + 1};
  return RangeKind::Good;
}

// The refusals of the storage; false when it refused.
bool allowed(const ExchangePtr& exchange) {
  if (!exchange->header("Authorization").empty()) {
    exchange->error(400, "InvalidArgument", "Authorization is not supported with a signed URL.");
    return false;
  }
  int64_t expires = 0;
  const std::string until = exchange->query["Expires"];
  std::from_chars(until.data(), until.data() + until.size(), expires);
  // Letter for letter: a query that was decoded and encoded again is another one.
  if (exchange->raw_query != query_for(exchange->path, expires)) {
    exchange->error(
        403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.");
    return false;
  }
  if (expires * 1000 <= now_ms() || exchange->has_content_fault("expired-url")) {
    exchange->error(403, "AccessDenied", "Request has expired.");
    return false;
  }
  return true;
}

} // namespace

std::string result_url(const Standin& standin, const std::string& id, size_t index,
                       const std::string& file, int64_t from_ms,
                       const std::optional<Fault>& fault) {
  const std::string path = "/" + id + "-" + std::to_string(index) + "/" + file;
  const bool expired = fault && fault->kind == "expired-url";
  const int64_t ttl = static_cast<int64_t>(standin.config["url_ttl_seconds"].number());
  return standin.results + path + "?" + query_for(path, from_ms / 1000 + (expired ? -60 : ttl));
}

Bytes result_file(const Standin& standin, const std::string& file) {
  static const Bytes bomb = bytes(make_picture_bomb()), junk = bytes(noise());
  if (file == "bomb.png") return bomb;
  if (file == "noise.mp4") return junk;
  if (file.starts_with("broken-")) return broken(standin.media.find(file.substr(7)));
  return standin.media.find(file);
}

void result_route(Standin& standin, const ExchangePtr& exchange) {
  if (!allowed(exchange)) return;
  const std::string file = exchange->path.substr(exchange->path.rfind('/') + 1);
  if (!result_file(standin, file))
    return exchange->error(404, "NoSuchKey", "The specified key does not exist.");
  send_file(standin, exchange, file_or_fault(content_fault(*exchange), file),
            {{"ETag", "\"" + std::to_string(hash(file)) + "\""}, {"Server", "AliyunOSS"}});
}

void send_file(const Standin& standin, const ExchangePtr& exchange, const std::string& file,
               Headers headers) {
  Reply reply;
  reply.body = result_file(standin, file);
  if (!reply.body) return exchange->error(404, "NoSuchKey", "There is no such file.");
  const size_t size = reply.body->size();
  reply.type = media_type(file);
  reply.headers = std::move(headers);
  reply.headers.emplace_back("Accept-Ranges", "bytes");
  Span span{0, size};
  const RangeKind kind = parse_range(exchange->header("Range"), size, span);
  if (kind == RangeKind::Bad)
    return exchange->error(416, "InvalidRange", "The requested range cannot be satisfied.",
                           {{"Content-Range", "bytes */" + std::to_string(size)}});
  if (kind == RangeKind::Good) {
    reply.status = 206;
    reply.from = span.from, reply.length = span.length;
    reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(span.from) + "-" +
                                                    std::to_string(span.from + span.length - 1) +
                                                    "/" + std::to_string(size));
  }
  exchange->send(std::move(reply));
}

} // namespace standin
