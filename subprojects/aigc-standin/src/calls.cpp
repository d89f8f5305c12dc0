// SPDX-License-Identifier: LGPL-2.1-or-later
// The call log and the list of what was billed.
#include "calls.h"

#include "util.h"

#include <glib.h>

namespace standin {
namespace {

constexpr size_t calls_kept = 20000; // older ones fall out, so that memory stays flat
constexpr size_t body_kept = 4096;

Json shortened(const Json& value) {
  if (value.is_string()) {
    const std::string& text = value.text();
    if (text.rfind("data:", 0) != 0) return value;
    return Json(text.substr(0, text.find(',')) + ",<" + std::to_string(text.size()) +
                " characters>");
  }
  if (value.is_array()) {
    Json::Array items;
    for (const Json& item : value.items())
      items.push_back(shortened(item));
    return Json(std::move(items));
  }
  if (value.is_object()) {
    Json::Object members;
    for (const auto& [name, member] : value.members())
      members.emplace_back(name, shortened(member));
    return Json(std::move(members));
  }
  return value;
}

void member(std::string& out, const char* name, const std::string& text) {
  out += std::string(",\"") + name + "\":";
  print_string(out, text);
}

} // namespace

std::string log_body(const Json* json, const std::string& raw, bool whole) {
  if (json) return whole ? json->print() : shortened(*json).print();
  if (raw.empty()) return "null";
  if (!g_utf8_validate(raw.data(), static_cast<gssize>(raw.size()), nullptr))
    return Json("<" + std::to_string(raw.size()) + " bytes>").print();
  return Json(cut(raw, body_kept)).print();
}

std::shared_ptr<Call> Calls::add() {
  auto call = std::make_shared<Call>();
  call->n = ++count_;
  call->time_ms = now_ms();
  calls_.push_back(call);
  if (calls_.size() > calls_kept) calls_.pop_front();
  return call;
}

void Calls::bill(Call& call, const std::string& model, const std::string& prompt,
                 const Json& seed) {
  call.billed = true;
  ++billed_count_;
  billed_.push_back({call.n, now_ms(), call.route, model, prompt, call.task_id, seed});
  if (billed_.size() > calls_kept) billed_.pop_front();
}

std::string Calls::print() const {
  std::string out = "{\"count\":" + std::to_string(count_) + ",\"calls\":[";
  for (const auto& call : calls_) {
    if (call != calls_.front()) out += ',';
    out += "{\"n\":" + std::to_string(call->n) + ",\"time_ms\":" + std::to_string(call->time_ms);
    member(out, "route", call->route);
    member(out, "method", call->method);
    member(out, "path", call->path);
    member(out, "query", call->query);
    out += ",\"headers\":" + call->headers + ",\"body\":" + call->body +
           ",\"status\":" + std::to_string(call->status) +
           ",\"billed\":" + (call->billed ? "true" : "false");
    if (!call->task_id.empty()) member(out, "task_id", call->task_id);
    if (!call->fault.empty()) member(out, "fault", call->fault);
    out += '}';
  }
  return out + "]}";
}

std::string Calls::print_billed() const {
  std::string out = "{\"count\":" + std::to_string(billed_count_) + ",\"generations\":[";
  bool first = true;
  for (const Billed& item : billed_) {
    if (!first) out += ',';
    first = false;
    out +=
        "{\"call\":" + std::to_string(item.call) + ",\"time_ms\":" + std::to_string(item.time_ms);
    member(out, "route", item.route);
    member(out, "model", item.model);
    member(out, "prompt", item.prompt);
    out += ",\"seed\":" + item.seed.print();
    if (!item.task_id.empty()) member(out, "task_id", item.task_id);
    out += '}';
  }
  return out + "]}";
}

void Calls::reset() {
  calls_.clear();
  billed_.clear();
  count_ = billed_count_ = 0;
}

} // namespace standin
