// SPDX-License-Identifier: LGPL-2.1-or-later
// See http_error.h.
#include "service/http_error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace aigc {

namespace {

constexpr size_t kLongestMessage = 200;
constexpr size_t kLongestCode = 64;
constexpr size_t kLongestId = 128;
constexpr size_t kMostComplaints = 3;
constexpr size_t kExaminedBytes = 4096; ///< of a message that may be megabytes long
constexpr size_t kShortestKey = 24;     ///< letters and digits in a row from this length on

struct Verdict {
  Fault fault;
  bool retry;
  const char* sentence; ///< goes on from the service's name
  const char* remedy;
  bool too_fast = false;
};

constexpr const char* kCheckKey = "check the key, and that it belongs to the region of base-url";
constexpr const char* kPayBill = "pay the bill or top the account up, then run again: what is "
                                 "finished stays in the store";
constexpr const char* kRaiseQuota = "raise the quota in the service's console, or wait for the "
                                    "next period";
constexpr const char* kChangeWords = "change the words or pictures that the service objects to";
constexpr const char* kChangeSettings = "correct the setting that the service names";
constexpr const char* kTryLater = "try again later";
constexpr const char* kSlowDown = "lower max-in-flight, or try again later";

constexpr Verdict kBadKey = {Fault::not_authorized, false, "refused the key", kCheckKey};
constexpr Verdict kNoRight = {Fault::not_authorized, false, "refused access",
                              "give the key the right to this model in the service's console"};
constexpr Verdict kNoMoney = {Fault::no_funds, false, "wants the account paid first", kPayBill};
constexpr Verdict kNoQuota = {Fault::no_funds, false, "says that the quota is used up",
                              kRaiseQuota};
constexpr Verdict kNoModel = {Fault::not_found, false, "does not know this model or address",
                              "check model and base-url"};
constexpr Verdict kModeration = {Fault::moderation, false, "refused the content", kChangeWords};
constexpr Verdict kBadValue = {Fault::settings, false, "refused the request", kChangeSettings};
constexpr Verdict kBadInput = {Fault::settings, false, "could not use an input",
                               "check the size, format and address of the picture"};
constexpr Verdict kTooLarge = {Fault::settings, false, "finds the request too large",
                               "shorten the words or use smaller pictures"};
constexpr Verdict kTooFast = {Fault::read, true, "was asked too fast", kSlowDown, true};
constexpr Verdict kTooSlow = {Fault::timeout, true, "ran out of time", kTryLater};
constexpr Verdict kBusy = {Fault::read, true, "is overloaded", kTryLater};
constexpr Verdict kBroken = {Fault::read, true, "failed", kTryLater};
constexpr Verdict kRewriteBroken = {Fault::read, true, "could not rewrite the words",
                                    "try again later, or set prompt-extend=false"};
constexpr Verdict kConflict = {Fault::read, false, "refused the request in its present state",
                               kTryLater};
constexpr Verdict kElsewhere = {Fault::settings, false, "is not at this address",
                                "set base-url to the address the service redirects to"};
constexpr Verdict kUnknown = {Fault::read, false, "gave up on the call",
                              "look the code up in the service's documents"};

/// Codes without case, dots and underscores, since one service spells them in several ways. A code
/// is judged by the first line it begins with.
struct CodeLine {
  std::string_view begins;
  Verdict verdict;
};
constexpr CodeLine kCodes[] = {
    {"invalidapikey", kBadKey},
    {"authentication", kBadKey},
    {"unauthorized", kBadKey},
    {"notauthorized", kBadKey},
    {"allocationquotafreetieronly", kNoQuota},
    {"accessdeniedunpurchased", kNoRight},
    {"accessdenied", kNoRight},
    {"modelaccessdenied", kNoRight},
    {"workspaceaccessdenied", kNoRight},
    {"appaccessdenied", kNoRight},
    {"permission", kNoRight},
    {"arrearage", kNoMoney},
    {"prepaidbilloverdue", kNoMoney},
    {"postpaidbilloverdue", kNoMoney},
    {"commoditynotpurchased", kNoMoney},
    {"insufficientbalance", kNoMoney},
    {"billing", kNoMoney},
    {"throttlingallocationquota", kNoQuota},
    {"insufficientquota", kNoQuota},
    {"throttling", kTooFast},
    {"limitrequests", kTooFast},
    {"limitburstrate", kTooFast},
    {"ratelimit", kTooFast},
    {"toomanyrequests", kTooFast},
    {"modelnotfound", kNoModel},
    {"modelnotsupported", kNoModel},
    {"modelnotexist", kNoModel},
    {"workspacenotfound", kNoModel},
    {"notfound", kNoModel},
    {"datainspectionfailed", kModeration},
    {"contentfilter", kModeration},
    {"contentpolicy", kModeration},
    {"moderation", kModeration},
    {"ipinfringementsuspect", kModeration},
    {"customroleblocked", kModeration},
    {"faqruleblocked", kModeration},
    {"badrequesttoolarge", kTooLarge},
    {"contextlengthexceeded", kTooLarge},
    {"badrequestinputdownloadfailed", kBadInput},
    {"badrequestunsupportedfileformat", kBadInput},
    {"invalidparameterdatainspection", kBadInput},
    {"invalidurl", kBadInput},
    {"invalidimage", kBadInput},
    {"invalidfile", kBadInput},
    {"badrequest", kBadValue},
    {"invalidparameter", kBadValue},
    {"invalidrequest", kBadValue},
    {"unsupportedoperation", kConflict},
    {"conflict", kConflict},
    {"requesttimeout", kTooSlow},
    {"internalerrortimeout", kTooSlow},
    {"timeout", kTooSlow},
    {"rewritefailed", kRewriteBroken},
    {"internalerror", kBroken},
    {"internalservererror", kBroken},
    {"servererror", kBroken},
    {"systemerror", kBroken},
    {"modelservicefailed", kBroken},
    {"modelservingerror", kBusy},
    {"modelunavailable", kBusy},
    {"serviceunavailable", kBusy},
    {"overloaded", kBusy},
    {"insufficientsystemresource", kBusy},
};

std::string plain(std::string_view code) {
  std::string plain;
  for (const char c : code.substr(0, kLongestCode))
    if (g_ascii_isalnum(c)) plain += g_ascii_tolower(c);
  return plain;
}

std::optional<Verdict> verdict_of_code(std::string_view code) {
  const std::string spelled = plain(code);
  for (const CodeLine& line : kCodes)
    if (spelled.starts_with(line.begins)) return line.verdict;
  return std::nullopt;
}

Verdict verdict_of_status(int status) {
  switch (status) {
  case 400:
  case 405:
  case 406:
  case 415:
  case 422:
    return kBadValue;
  case 401:
    return kBadKey;
  case 402:
    return kNoMoney;
  case 403:
    return kNoRight;
  case 404:
  case 410:
    return kNoModel;
  case 408:
  case 504:
    return kTooSlow;
  case 409:
    return kConflict;
  case 413:
  case 414:
  case 431:
    return kTooLarge;
  case 429:
    return kTooFast;
  case 451:
    return kModeration;
  case 503:
  case 529:
    return kBusy;
  default:
    break;
  }
  if (status >= 300 && status < 400) return kElsewhere;
  if (status >= 500) return kBroken;
  return status >= 400 ? kBadValue : kUnknown;
}

/// A code that only repeats what kind of request it was says less than these statuses do.
Verdict verdict_of(const Refusal& refusal) {
  const auto by_code = verdict_of_code(refusal.code);
  const Verdict by_status = verdict_of_status(refusal.http_status);
  if (!by_code) return by_status;
  const bool vague = by_code->fault == Fault::settings && by_code->sentence == kBadValue.sentence;
  const bool telling = refusal.http_status > 400 && refusal.http_status != 422;
  return vague && telling ? by_status : *by_code;
}

bool is_key_letter(char c) {
  return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '*';
}

bool looks_like_key(std::string_view word) {
  if (word.starts_with("sk-") || word.starts_with("LTAI")) return word.size() >= 8;
  if (word.find("***") != std::string_view::npos) return true;
  bool digit = false, letter = false;
  for (const char c : word) {
    digit = digit || g_ascii_isdigit(c);
    letter = letter || g_ascii_isalpha(c);
  }
  return word.size() >= kShortestKey && digit && letter;
}

std::string mask_keys(std::string_view text) {
  std::string masked;
  bool after_bearer = false;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_key_letter(text[end]))
      ++end;
    const std::string_view word = text.substr(i, end - i);
    if (word.empty()) {
      masked += text[i++];
      continue;
    }
    masked += after_bearer || looks_like_key(word) ? "***" : std::string(word);
    after_bearer = word == "Bearer" || word == "bearer";
    i = end;
  }
  return masked;
}

/// A signed address is a key of its own.
std::string drop_queries(std::string_view text) {
  std::string kept;
  for (size_t i = 0; i < text.size();) {
    const size_t scheme = text.find("://", i);
    if (scheme == std::string_view::npos) return kept.append(text.substr(i));
    const size_t end = std::min(text.find_first_of(" \t\r\n\"'<>", scheme), text.size());
    const std::string_view address = text.substr(i, end - i);
    kept.append(address.substr(0, address.find('?', scheme - i)));
    i = end;
  }
  return kept;
}

void replace_all(std::string& text, const std::string& old, std::string_view fresh) {
  if (old.empty()) return;
  for (size_t at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size()))
    text.replace(at, old.size(), fresh);
}

std::string one_line(std::string_view text, size_t longest) {
  const std::string valid = take_string(g_utf8_make_valid(text.data(), text.size()));
  std::string line;
  size_t count = 0;
  for (const char* at = valid.c_str(); *at; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    const bool gap = g_unichar_isspace(c) || !g_unichar_isprint(c);
    if (gap && (line.empty() || line.back() == ' ')) continue;
    if (count++ == longest) return line + "…";
    if (gap)
      line += ' ';
    else
      line.append(at, g_utf8_next_char(at) - at);
  }
  while (line.ends_with(' '))
    line.pop_back();
  return line;
}

std::string text_of(JsonView value) {
  if (const auto number = value.integer(); number && value.text().empty())
    return std::to_string(*number);
  return value.text();
}

/// One line of FastAPI's list: {"loc": ["body", "size"], "msg": "..."}, or a plain text.
std::string complaint_text(JsonView complaint) {
  const JsonView place = complaint["loc"];
  std::string text;
  for (size_t i = 0; i < place.size(); ++i)
    text += (text.empty() ? "" : ".") + text_of(place.at(i));
  return text + (text.empty() ? "" : ": ") + complaint["msg"].text(complaint.text());
}

/// FastAPI's own: a text, an object with one, or a list of what is wrong.
std::string detail_text(JsonView detail) {
  if (detail.is_object()) return detail["message"].text(detail["error"].text());
  if (!detail.is_array()) return detail.text();
  std::string text;
  for (size_t i = 0; i < std::min(detail.size(), kMostComplaints); ++i)
    text += (i ? "; " : "") + complaint_text(detail.at(i));
  return text;
}

} // namespace

std::string printable_excerpt(std::string_view text, size_t longest, const Secret& key) {
  std::string examined(text.substr(0, kExaminedBytes + key.reveal().size()));
  replace_all(examined, key.reveal(), "***");
  return one_line(mask_keys(drop_queries(examined)), longest);
}

std::string printable_token(std::string_view text, size_t longest, const Secret& key) {
  std::string kept;
  for (const char c : text.substr(0, kExaminedBytes + key.reveal().size()))
    if (g_ascii_isgraph(c)) kept += c;
  replace_all(kept, key.reveal(), "***"); // before it is cut: a part of the key would stay
  return kept.substr(0, longest);
}

Error service_error(const Refusal& refusal, const Secret& key) {
  const Verdict verdict = verdict_of(refusal);
  const std::string code = printable_token(refusal.code, kLongestCode, key);
  std::string message = refusal.service + " " + verdict.sentence;
  std::string source = refusal.http_status > 0 ? "HTTP " + std::to_string(refusal.http_status) : "";
  if (!code.empty()) source += (source.empty() ? "" : ", ") + code;
  if (!source.empty()) message += " (" + source + ")";
  const std::string said = printable_excerpt(refusal.message, kLongestMessage, key);
  if (!said.empty()) message += ": " + said;
  Error error(verdict.fault, message, verdict.remedy);
  error.service = refusal.service;
  error.code = code;
  error.request_id = printable_token(refusal.request_id, kLongestId, key);
  error.http_status = refusal.http_status;
  error.retry = verdict.retry;
  error.too_fast = verdict.too_fast;
  error.retry_after = refusal.retry_after;
  error.unclear = refusal.by_gateway && refusal.http_status > 500 && refusal.http_status != 503;
  return error;
}

Refusal read_refusal(const std::string& service, int http_status, JsonView body) {
  Refusal refusal{.service = service, .http_status = http_status};
  const JsonView error = body["error"];
  const JsonView source = error.is_object() ? error : body;
  refusal.code = source["code"].text();
  if (refusal.code.empty()) refusal.code = source["type"].text();
  // Some servers put the status there, which is all there is inside a stream.
  const auto number = source["code"].integer();
  if (http_status < 300 && number && *number >= 400 && *number < 600)
    refusal.http_status = static_cast<int>(*number);
  refusal.message = source["message"].text();
  if (refusal.message.empty()) refusal.message = error.text();
  if (refusal.message.empty()) refusal.message = detail_text(body["detail"]);
  refusal.request_id = body["request_id"].text(error["request_id"].text());
  return refusal;
}

Refusal read_refusal(const std::string& service, const HttpResponse& response) {
  Refusal refusal{.service = service, .http_status = response.status, .by_gateway = true};
  try {
    const auto root = parse_json(response.body);
    if (JsonView(root.get()).is_object())
      refusal = read_refusal(service, response.status, root.get());
  } catch (const Error&) {
    // A page of HTML or nothing at all: the status has to do, and no page goes into a message.
  }
  refusal.retry_after = response.retry_after();
  for (const char* name : {"x-request-id", "x-dashscope-request-id", "x-ds-trace-id"})
    if (const std::string* id = response.header(name); id && refusal.request_id.empty())
      refusal.request_id = *id;
  return refusal;
}

Error http_error(const std::string& service, const HttpResponse& response, const Secret& key) {
  return service_error(read_refusal(service, response), key);
}

} // namespace aigc
