// SPDX-License-Identifier: LGPL-2.1-or-later
// See as_run.h.
#include "playout/as_run.h"

#include "base/error.h"
#include "base/json.h"
#include "store/files.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

namespace aigc {
namespace {

struct Row {
  const AsRunEntry& entry;
  Grid grid;

  const Shot& shot() const { return entry.item.shot; }

  /// The stage that made the clip, else the last that did anything.
  const Provenance* maker() const {
    const auto& stages = shot().provenance;
    const auto video = std::find_if(stages.rbegin(), stages.rend(),
                                    [](const Provenance& stage) { return stage.stage == "video"; });
    if (video != stages.rend()) return &*video;
    return stages.empty() ? nullptr : &stages.back();
  }
};

/// monostate: not known, which is no member of JSON and an empty field of CSV.
using Value = std::variant<std::monostate, std::string, gint64, double, bool>;

Value text(const std::string& words) {
  if (words.empty()) return {};
  return take_string(g_utf8_make_valid(words.data(), static_cast<gssize>(words.size())));
}

/// ISO 8601, UTC, with milliseconds.
Value moment(gint64 utc) {
  if (utc <= 0) return {};
  const auto time = adopt(g_date_time_new_from_unix_utc(utc / G_USEC_PER_SEC));
  if (!time) return {};
  const std::string seconds = take_string(g_date_time_format(time.get(), "%Y-%m-%dT%H:%M:%S"));
  const std::string thousandths = std::to_string(1000 + utc % G_USEC_PER_SEC / 1000);
  return seconds + "." + thousandths.substr(1) + "Z";
}

Value seed_of(const Row& row) {
  const Provenance* maker = row.maker();
  const gint64 seed = maker && maker->seed >= 0 ? maker->seed : row.shot().seed;
  return seed >= 0 ? Value(seed) : Value();
}

/// What all stages cost, so that the sum over a log is what was spent: a clip aired again, or on,
/// was paid for before.
Value cost_of(const Row& row) {
  const Provenance* maker = row.maker();
  if (!maker) return {};
  double cost = 0;
  for (const Provenance& stage : row.shot().provenance)
    if (stage.currency == maker->currency) cost += stage.cost;
  const bool paid_before = row.entry.item.tier == Tier::reair || row.entry.continued;
  return paid_before || !std::isfinite(cost) ? 0.0 : cost;
}

Value of_maker(const Row& row, Value (*value)(const Provenance&)) {
  const Provenance* maker = row.maker();
  return maker ? value(*maker) : Value();
}

Value is_preview(const Row& row) {
  if (!row.maker()) return {};
  const auto& stages = row.shot().provenance;
  return std::any_of(stages.begin(), stages.end(),
                     [](const Provenance& stage) { return stage.preview; });
}

Value digest(const std::string& words) {
  if (words.empty()) return {};
  return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, words.data(),
                                                   static_cast<gssize>(words.size())));
}

Value count(guint64 frames) {
  return static_cast<gint64>(frames);
}

/// One line per field, in this order, in JSON and in CSV.
struct Field {
  const char* name;
  Value (*value)(const Row&);
};
constexpr Field kFields[] = {
    {"id", [](const Row& row) { return text(row.entry.item.id); }},
    {"title", [](const Row& row) { return text(row.shot().script); }},
    {"tier", [](const Row& row) { return text(tier_name(row.entry.tier)); }},
    {"start", [](const Row& row) { return moment(row.entry.start_utc); }},
    {"start_frame", [](const Row& row) { return count(row.entry.first_frame); }},
    {"frames", [](const Row& row) { return count(row.entry.frames); }},
    {"planned_frames", [](const Row& row) { return count(row.entry.planned); }},
    {"timecode", [](const Row& row) { return text(timecode(row.entry.first_frame, row.grid)); }},
    {"planned_start", [](const Row& row) { return moment(row.entry.planned_utc); }},
    {"end", [](const Row& row) { return text(end_reason_name(row.entry.reason)); }},
    {"uri", [](const Row& row) { return text(row.entry.item.uri); }},
    {"service",
     [](const Row& row) {
       return of_maker(row, [](const Provenance& maker) { return text(maker.service); });
     }},
    {"model",
     [](const Row& row) {
       return of_maker(row, [](const Provenance& maker) { return text(maker.model); });
     }},
    {"request_id",
     [](const Row& row) {
       return of_maker(row, [](const Provenance& maker) { return text(maker.request_id); });
     }},
    {"seed", seed_of},
    {"cost", cost_of},
    {"currency",
     [](const Row& row) {
       return of_maker(row, [](const Provenance& maker) { return text(maker.currency); });
     }},
    {"cache_hit",
     [](const Row& row) {
       return of_maker(row, [](const Provenance& maker) { return Value(maker.cache_hit); });
     }},
    {"preview", is_preview},
    {"language", [](const Row& row) { return text(row.shot().language); }},
    {"brand", [](const Row& row) { return text(row.shot().brand); }},
    {"at", [](const Row& row) { return text(row.shot().at); }},
    {"request",
     [](const Row& row) { return row.shot().request > 0 ? Value(row.shot().request) : Value(); }},
    {"held", [](const Row& row) { return count(row.entry.held); }},
    {"fault", [](const Row& row) { return text(row.entry.fault); }},
    {"prompt_sha256", [](const Row& row) { return digest(row.shot().words()); }},
    {"continued", [](const Row& row) { return Value(row.entry.continued); }},
};

std::string json_line(const Row& row) {
  JsonObjectMaker object;
  for (const Field& field : kFields)
    std::visit(
        [&](const auto& value) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
            object.set(field.name, value);
        },
        field.value(row));
  return object.text() + "\n";
}

/// A spreadsheet takes text that begins like this for a formula and runs it, also in quotes, and
/// the words come from strangers: an apostrophe in front makes it text again. The JSON has the
/// words as they are. Line ends become spaces, so that a record is a line, and a torn one can be
/// told.
std::string csv_text(std::string words) {
  for (char& c : words)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  const size_t first = words.find_first_not_of(' ');
  if (first != std::string::npos &&
      std::string_view("=+-@").find(words[first]) != std::string::npos)
    words.insert(0, "'");
  if (words.find_first_of(",\"") == std::string::npos) return words;
  std::string quoted = "\"";
  for (const char c : words)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_field(const Value& value) {
  if (const auto* words = std::get_if<std::string>(&value)) return csv_text(*words);
  if (const auto* number = std::get_if<gint64>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) {
    gchar digits[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_formatd(digits, sizeof digits, "%.10g", *number);
  }
  return {};
}

std::string csv_line(const Row& row) {
  std::string line;
  for (const Field& field : kFields)
    line += (line.empty() && &field == kFields ? "" : ",") + csv_field(field.value(row));
  return line + "\r\n";
}

std::string csv_header() {
  std::string line;
  for (const Field& field : kFields)
    line += (line.empty() ? "" : ",") + std::string(field.name);
  return line + "\r\n";
}

/// The last `most` bytes of a file of `size`.
std::string tail_of(int fd, off_t size, size_t most) {
  std::string tail(std::min<size_t>(most, static_cast<size_t>(size)), '\0');
  const ssize_t got = pread(fd, tail.data(), tail.size(), size - static_cast<off_t>(tail.size()));
  tail.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return tail;
}

/// What a file must get before the next record: its heading, or the end of a line that a crash
/// tore.
std::string opening(int fd, off_t size, bool csv, const std::string& path) {
  const std::string heading = csv ? csv_header() : "";
  if (size == 0) return heading;
  if (csv) {
    std::string first(std::min<size_t>(heading.size(), static_cast<size_t>(size)), '\0');
    const bool read = pread(fd, first.data(), first.size(), 0) == ssize_t(first.size());
    if (!read || !heading.starts_with(first))
      throw Error(Fault::write, "the file " + path + " has other columns than an as-run log",
                  "move it away, or set as-run to another name");
    if (first.size() < heading.size()) return heading.substr(first.size());
  }
  constexpr size_t kLongestLine = 256 * 1024;
  const std::string tail = tail_of(fd, size, kLongestLine);
  if (tail.ends_with('\n')) return {};
  const size_t begin = tail.rfind('\n') + 1;
  const bool open_quote =
      csv && std::count(tail.begin() + static_cast<ptrdiff_t>(begin), tail.end(), '"') % 2 == 1;
  return open_quote ? "\"\r\n" : csv ? "\r\n" : "\n";
}

} // namespace

const char* end_reason_name(EndReason reason) {
  switch (reason) {
  case EndReason::played:
    return "played";
  case EndReason::skipped:
    return "skipped";
  case EndReason::cut:
    return "cut";
  case EndReason::damaged:
    return "damaged";
  case EndReason::stopped:
    break;
  }
  return "stopped";
}

std::string timecode(guint64 frame, Grid grid) {
  const auto n = static_cast<guint64>(grid.fps_n), d = static_cast<guint64>(grid.fps_d);
  const guint64 fps = (n + d - 1) / d;
  const bool drops = d == 1001 && (n == 30000 || n == 60000);
  if (drops) { // the first numbers of each minute but the tenth
    const guint64 dropped = fps / 15, minute = 60 * fps - dropped, ten = 10 * minute + dropped;
    const guint64 tens = frame / ten, rest = frame % ten;
    frame += 9 * dropped * tens;
    if (rest >= dropped) frame += dropped * ((rest - dropped) / minute);
  }
  const guint64 seconds = frame / fps;
  return take_string(g_strdup_printf("%02u:%02u:%02u%c%02u", unsigned(seconds / 3600 % 24),
                                     unsigned(seconds / 60 % 60), unsigned(seconds % 60),
                                     drops ? ';' : ':', unsigned(frame % fps)));
}

AsRunLog::AsRunLog(const std::string& path, Grid grid) : grid_(grid) {
  const bool json = path.ends_with(".jsonl"), csv = path.ends_with(".csv");
  if (json || !csv) files_.push_back({json ? path : path + ".jsonl", false, {}});
  if (csv || !json) files_.push_back({csv ? path : path + ".csv", true, {}});
}

void AsRunLog::add(const AsRunEntry& entry) {
  std::optional<Error> trouble;
  for (File& file : files_) {
    const Row row{entry, grid_};
    file.kept.push_back(file.csv ? csv_line(row) : json_line(row));
    if (file.kept.size() > kMaxKept) file.kept.pop_front();
    try {
      write(file);
      file.troubled = false;
    } catch (const Error& error) {
      if (!std::exchange(file.troubled, true) && !trouble) trouble = error;
    }
  }
  if (trouble) throw Error(*trouble);
}

void AsRunLog::write(File& file) {
  const auto fail = [&](int why) {
    throw Error(Fault::write,
                "the as-run log " + file.path + " cannot be written: " + g_strerror(why),
                "make room or mend the path; its entries are kept and written then");
  };
  const Descriptor descriptor(file.path, O_RDWR | O_CREAT | O_APPEND);
  if (!descriptor) fail(errno);
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) fail(errno);
  std::string text = opening(descriptor.get(), status.st_size, file.csv, file.path);
  for (const std::string& line : file.kept)
    text += line;
  if (!descriptor.append(text)) {
    const int why = errno;
    // Where that fails too, as on a device, the next time ends what is left of the line.
    static_cast<void>(!ftruncate(descriptor.get(), status.st_size));
    fail(why);
  }
  file.kept.clear();
}

} // namespace aigc
