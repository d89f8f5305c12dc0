// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_monitor.h.
#include "channel_monitor.h"

#include "base/error.h"
#include "base/words.h"
#include "channel_json.h"
#include "shot/shot_meta.h"
#include "stage/live.h"

#include <algorithm>
#include <cmath>

namespace aigc::runner {
namespace {

constexpr size_t kMaxTitles = 2000; ///< shots whose words are remembered
constexpr size_t kMaxTitle = 200;   ///< bytes

std::string text_of(const GstStructure* structure, const char* field) {
  const char* text = gst_structure_get_string(structure, field);
  return text ? text : "";
}

template <typename T> T number_of(const GstStructure* structure, const char* field) {
  T number{};
  if constexpr (std::is_same_v<T, guint64>)
    gst_structure_get_uint64(structure, field, &number);
  else
    gst_structure_get_int64(structure, field, &number);
  return number;
}

std::string utc_text(gint64 microseconds) {
  const auto second = adopt(g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC));
  const auto exact = adopt(g_date_time_add(second.get(), microseconds % G_USEC_PER_SEC));
  return take_string(g_date_time_format_iso8601(exact.get()));
}

JsonObjectMaker amounts(const std::map<std::string, double>& cost) {
  JsonObjectMaker object;
  for (const auto& [currency, amount] : cost)
    object.set(currency.c_str(), amount);
  return object;
}

/// Seconds of a message's nanoseconds; none where it says never.
std::optional<double> seconds_of(JsonObject* level, const char* field) {
  if (!level || !json_object_has_member(level, field)) return {};
  const gint64 nanoseconds = json_object_get_int_member(level, field);
  if (nanoseconds < 0) return {};
  return std::round(double(nanoseconds) / 1e6) / 1e3;
}

} // namespace

void ChannelMonitor::Facts::sent(const Shot& shot) {
  in_work.push_back({.id = shot.id, .stage = "list"});
  if (!titles.insert_or_assign(shot.id, std::string(bounded(shot.words(), kMaxTitle))).second)
    return;
  titled.push_back(shot.id);
  if (titled.size() <= kMaxTitles) return;
  titles.erase(titled.front());
  titled.pop_front();
}

void ChannelMonitor::Facts::done(const std::string& id) {
  std::erase_if(in_work, [&](const Work& work) { return work.id == id; });
}

void ChannelMonitor::Facts::hear_item(const GstStructure* message) {
  const std::string id = text_of(message, "id"), event = text_of(message, "event");
  done(id);
  if (event == "started")
    on_air = OnAir{.id = id,
                   .tier = text_of(message, "tier"),
                   .frame = number_of<guint64>(message, "frame"),
                   .frames = number_of<guint64>(message, "frames"),
                   .utc = number_of<gint64>(message, "utc")};
}

void ChannelMonitor::Facts::forget_old_costs() {
  while (!last_hour.empty() && last_hour.front().when < Clock::now() - std::chrono::hours(1))
    last_hour.pop_front();
}

void ChannelMonitor::Facts::hear_cost(const GstStructure* message) {
  double amount = 0;
  gst_structure_get_double(message, "cost", &amount);
  if (amount <= 0) return;
  const std::string currency = text_of(message, "currency");
  cost[currency] += amount;
  last_hour.push_back({.when = Clock::now(), .currency = currency, .cost = amount});
  forget_old_costs();
}

void ChannelMonitor::Facts::hear_service(const GstStructure* message) {
  const Rest news{.stage = text_of(message, "stage"),
                  .service = text_of(message, "service"),
                  .message = text_of(message, "message"),
                  .since = number_of<gint64>(message, "since")};
  std::erase_if(rests, [&](const Rest& rest) {
    return rest.stage == news.stage && rest.service == news.service;
  });
  if (text_of(message, "state") == "resting") rests.push_back(news);
}

std::string ChannelMonitor::Facts::title(const std::string& id) const {
  const auto title = titles.find(id);
  return title == titles.end() ? "" : title->second;
}

void ChannelMonitor::begin() {
  auto facts = facts_.lock();
  facts->in_work.clear();
  facts->rests.clear();
}

void ChannelMonitor::hear_list(const GstPadProbeInfo* info) {
  try {
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      if (const auto shot = buffer_shot(GST_PAD_PROBE_INFO_BUFFER(info)))
        facts_.lock()->sent(*shot);
    } else if (const auto id = cancelled_id(GST_PAD_PROBE_INFO_EVENT(info))) {
      facts_.lock()->done(*id);
    }
  } catch (const Error&) {
    // The stages say what is wrong with it.
  }
}

void ChannelMonitor::hear(const GstStructure* message) {
  auto facts = facts_.lock();
  const std::string_view name = gst_structure_get_name(message);
  if (name == "clipplayout/item") facts->hear_item(message);
  if (name == "clipplayout/level") facts->level = structure_json(message);
  if (name == "aigc/shot-done") facts->hear_cost(message);
  if (name == "aigc/service") facts->hear_service(message);
  if (name == "clipplayout/filler" && text_of(message, "event") == "enter")
    facts->on_air = OnAir{.id = text_of(message, "id"),
                          .tier = text_of(message, "tier"),
                          .frame = number_of<guint64>(message, "frame"),
                          .utc = g_get_real_time()};
  gboolean is_left_out = FALSE;
  gst_structure_get_boolean(message, "left-out", &is_left_out);
  if (name == "aigc/shot-failed" && is_left_out) {
    facts->done(text_of(message, "id"));
    ++facts->left_out;
  }
}

void ChannelMonitor::hear(const Step& step) {
  auto facts = facts_.lock();
  for (Work& work : facts->in_work)
    if (work.id == step.id) work.stage = step.stage;
}

void ChannelMonitor::broke(const Problem& problem) {
  auto facts = facts_.lock();
  facts->on_air.reset();
  facts->level.reset();
  facts->in_work.clear();
  facts->trouble = problem;
  ++facts->restarts;
}

void ChannelMonitor::forget(const std::string& id) {
  facts_.lock()->done(id);
}

bool ChannelMonitor::is_on_air() const {
  return facts_.lock()->on_air.has_value();
}

std::string ChannelMonitor::title(const std::string& id) const {
  return facts_.lock()->title(id);
}

bool ChannelMonitor::is_in_work(const std::string& id) const {
  auto facts = facts_.lock();
  return std::any_of(facts->in_work.begin(), facts->in_work.end(),
                     [&](const Work& work) { return work.id == id; });
}

std::vector<JsonObjectMaker> ChannelMonitor::in_work() const {
  auto facts = facts_.lock();
  std::vector<JsonObjectMaker> rows;
  for (const Work& work : facts->in_work) {
    JsonObjectMaker row;
    row.set("id", work.id).set("state", work.stage);
    rows.push_back(row.set("title", facts->title(work.id)));
  }
  return rows;
}

JsonObjectMaker ChannelMonitor::status() const {
  auto facts = facts_.lock();
  facts->forget_old_costs();
  std::map<std::string, double> hour;
  for (const Spent& spent : facts->last_hour)
    hour[spent.currency] += spent.cost;
  JsonObjectMaker status;
  status.set("ok", true).set("channel", channel_);
  status.set("up", std::round(std::chrono::duration<double>(Clock::now() - begun_).count()));
  if (const auto& now = facts->on_air) {
    JsonObjectMaker on_air;
    on_air.set("id", now->id).set("title", facts->title(now->id)).set("tier", now->tier);
    on_air.set("frame", gint64(now->frame)).set("frames", gint64(now->frames));
    status.set("on-air", on_air.set("since", utc_text(now->utc)));
  }
  status.set("held", facts->held).set("in-work", gint64(facts->in_work.size()));
  JsonObject* level = facts->level.get();
  for (const char* name : {"ready", "low", "high", "runs-out"})
    if (const auto seconds = seconds_of(level, name)) status.set(name, *seconds);
  if (level && json_object_has_member(level, "supply"))
    status.set("supply", json_object_get_double_member(level, "supply"));
  if (level && json_object_has_member(level, "alarm"))
    status.set("alarm", bool(json_object_get_boolean_member(level, "alarm")));
  status.set("left-out", gint64(facts->left_out)).set("restarts", gint64(facts->restarts));
  status.set("cost", amounts(facts->cost)).set("cost-hour", amounts(hour));
  std::vector<JsonObjectMaker> rests;
  for (const Rest& rest : facts->rests) {
    JsonObjectMaker row;
    row.set("stage", rest.stage).set("service", rest.service).set("message", rest.message);
    rests.push_back(row.set("since", utc_text(rest.since)));
  }
  status.set("resting", rests);
  if (facts->trouble) status.set("trouble", facts->trouble->message);
  return status;
}

} // namespace aigc::runner
