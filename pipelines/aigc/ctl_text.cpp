// SPDX-License-Identifier: LGPL-2.1-or-later
// See ctl_text.h.
#include "ctl_text.h"

#include "text.h"

#include <map>

namespace aigc::runner {
namespace {

std::string span_text(double seconds) {
  const auto whole = static_cast<long>(seconds);
  if (whole < 60) return format("%ld s", whole);
  if (whole < 3600) return format("%ld min", whole / 60);
  if (whole < 86400) return format("%ld h %02ld min", whole / 3600, whole / 60 % 60);
  return format("%ld d %ld h", whole / 86400, whole / 3600 % 24);
}

/// "20:15:03", of this place.
std::string clock_text(const std::string& utc) {
  const auto moment = adopt(g_date_time_new_from_iso8601(utc.c_str(), nullptr));
  if (!moment) return utc;
  const auto local = adopt(g_date_time_to_local(moment.get()));
  return take_string(g_date_time_format(local.get(), "%H:%M:%S"));
}

std::string amounts_text(const JsonView& cost) {
  std::map<std::string, double> amounts;
  for (const auto& currency : cost.members())
    amounts[currency] = cost[currency.c_str()].number().value_or(0);
  return cost_text(amounts);
}

std::string shot_text(const JsonView& shot) {
  const std::string title = shot["title"].text();
  return shot["id"].text() + (title.empty() ? "" : "  " + title);
}

std::string now_text(const JsonView& now) {
  if (!now.exists()) return "nothing yet";
  const std::string tier = now["tier"].text("item");
  std::string text = tier == "item" ? shot_text(now) : tier;
  if (tier == "reair") text = "again: " + shot_text(now);
  return text + ", since " + clock_text(now["since"].text()) +
         format(", frame %ld", long(now["frame"].integer().value_or(0)));
}

std::string ready_text(const JsonView& status) {
  if (!status["ready"].exists()) return "not known yet";
  std::string text = format("%.1f s", status["ready"].number().value_or(0));
  if (status["low"].exists() && status["high"].exists())
    text += format("; orders up to %.0f s, warns below %.0f s", status["high"].number().value_or(0),
                   status["low"].number().value_or(0));
  if (!status["alarm"].boolean(false)) return text;
  text += "; it runs out";
  if (status["runs-out"].exists())
    text += " in " + span_text(status["runs-out"].number().value_or(0));
  return text;
}

std::string made_text(const JsonView& status) {
  const double supply = status["supply"].number().value_or(0);
  const long work = long(status["in-work"].integer().value_or(0));
  std::string text = supply > 0 ? format("%.2f s of air a second, ", supply) : std::string();
  text += format("%ld in work", work);
  if (status["waiting"].exists())
    text += format(", %ld waiting", long(status["waiting"].integer().value_or(0)));
  const long left_out = long(status["left-out"].integer().value_or(0));
  return left_out > 0 ? text + format(", %ld came to nothing", left_out) : text;
}

std::string output_text(const JsonView& output) {
  const std::string to = output["to"].text();
  if (!output["connected"].exists()) return to;
  std::string text = to + (output["connected"].boolean(false) ? ", connected" : ", not connected");
  const auto since = output["since"].integer().value_or(0) / G_USEC_PER_SEC;
  if (since > 0)
    text += " since " + clock_text(take_string(g_date_time_format_iso8601(
                            adopt(g_date_time_new_from_unix_utc(since)).get())));
  const std::string error = output["last-error"].text();
  if (!output["connected"].boolean(false) && !error.empty()) text += ": " + error;
  const long dropped = long(output["dropped-frames"].integer().value_or(0));
  return dropped > 0 ? text + format("; %ld frames dropped", dropped) : text;
}

std::string status_text(const JsonView& status) {
  const auto row = [](const char* name, const std::string& text) {
    return padded(name, 9) + text + "\n";
  };
  std::string text = row("channel", status["channel"].text() + ", up for " +
                                        span_text(status["up"].number().value_or(0)) +
                                        (status["held"].boolean(false) ? ", held" : ""));
  text += row("on air", now_text(status["on-air"]));
  text += row("next", status["next"].exists() ? shot_text(status["next"]) : "nothing is ready");
  text += row("ready", ready_text(status)) + row("made", made_text(status));
  text += row("cost", amounts_text(status["cost"]) + "; in the last hour " +
                          amounts_text(status["cost-hour"]));
  for (size_t i = 0; i < status["outputs"].size(); ++i) {
    const JsonView output = status["outputs"].at(i);
    text += row(output["name"].text().c_str(), output_text(output));
  }
  for (size_t i = 0; i < status["resting"].size(); ++i) {
    const JsonView rest = status["resting"].at(i);
    text += row("waits", rest["stage"].text() + " since " + clock_text(rest["since"].text()) +
                             ": " + rest["message"].text());
  }
  const long restarts = long(status["restarts"].integer().value_or(0));
  if (restarts > 0)
    text += row("rebuilt", format("%ld times, last for: ", restarts) + status["trouble"].text());
  return text;
}

std::string list_text(const JsonView& items) {
  if (items.size() == 0) return "nothing waits\n";
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    const JsonView item = items.at(i);
    text += padded(item["state"].text(), 9) + shot_text(item);
    if (const std::string at = item["at"].text(); !at.empty()) text += "  at " + at;
    const JsonView request = item["request"];
    if (request.integer().value_or(0) > 0 || request.boolean(false)) text += "  (asked for)";
    text += "\n";
  }
  return text;
}

} // namespace

std::string ctl_text(const std::string& command, const JsonView& answer) {
  if (command == "status") return status_text(answer);
  if (command == "list") return list_text(answer["items"]);
  if (command == "add") return answer["id"].text() + "\n";
  return {};
}

} // namespace aigc::runner
