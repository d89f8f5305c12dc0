// SPDX-License-Identifier: LGPL-2.1-or-later
// See hls_playlist.h.
#include "playout/hls_playlist.h"

#include "base/ref.h"

#include <algorithm>
#include <charconv>

namespace aigc {

namespace {

constexpr std::string_view kVersion = "#EXT-X-VERSION:3"; // for EXTINF with a fraction

constexpr size_t kMaxTitle = 200; // bytes; every viewer loads it with every version

/// Its first characters, if it is long.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kMaxTitle) return text;
  size_t end = kMaxTitle;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end);
}

std::string seconds_text(guint64 microseconds) {
  char text[40];
  g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT ".%06u", microseconds / G_USEC_PER_SEC,
             static_cast<unsigned>(microseconds % G_USEC_PER_SEC));
  return text;
}

/// A quoted string of an attribute list can hold neither quotes nor line ends.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"')
      out += '\'';
    else
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return out + '"';
}

bool take_prefix(std::string_view& line, std::string_view prefix) {
  if (line.substr(0, prefix.size()) != prefix) return false;
  line.remove_prefix(prefix.size());
  return true;
}

template <typename T> T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

gint64 utc_of(std::string_view text) {
  GDateTime* parsed = g_date_time_new_from_iso8601(std::string(text).c_str(), nullptr);
  if (!parsed) return 0;
  const auto time = adopt(parsed);
  return g_date_time_to_unix(parsed) * G_USEC_PER_SEC + g_date_time_get_microsecond(parsed);
}

guint64 microseconds_of(std::string_view text) {
  return static_cast<guint64>(g_ascii_strtod(std::string(text).c_str(), nullptr) * G_USEC_PER_SEC +
                              0.5);
}

/// The value of an attribute as it was quoted, or bare.
std::string attribute(std::string_view list, std::string_view name) {
  const std::string key = std::string(name) + "=";
  size_t at = 0;
  while (at < list.size()) {
    const size_t value = list.find('=', at) + 1;
    if (value == 0) return {};
    const bool is_quoted = value < list.size() && list[value] == '"';
    const size_t end = is_quoted ? list.find('"', value + 1) : list.find(',', value);
    if (list.substr(at, key.size()) == key)
      return std::string(list.substr(value + is_quoted, end - value - is_quoted));
    if (end == std::string_view::npos) return {};
    at = end + 1 + (is_quoted ? 1 : 0);
  }
  return {};
}

HlsDateRange range_of(std::string_view list) {
  HlsDateRange range;
  range.id = attribute(list, "ID");
  range.start = utc_of(attribute(list, "START-DATE"));
  const std::string duration = attribute(list, "DURATION");
  if (!duration.empty()) range.until = range.start + static_cast<gint64>(microseconds_of(duration));
  range.item = attribute(list, "X-ITEM-ID");
  range.title = attribute(list, "X-TITLE");
  range.tier = attribute(list, "X-TIER");
  return range;
}

std::string range_line(const HlsDateRange& range) {
  std::string line =
      "#EXT-X-DATERANGE:ID=" + quoted(range.id) + ",START-DATE=" + quoted(utc_text(range.start));
  if (range.until)
    line += ",DURATION=" + seconds_text(static_cast<guint64>(*range.until - range.start));
  line += ",X-ITEM-ID=" + quoted(range.item);
  if (!range.title.empty()) line += ",X-TITLE=" + quoted(shortened(range.title));
  if (!range.tier.empty()) line += ",X-TIER=" + quoted(range.tier);
  return line + ",X-GENERATED=\"YES\"\n";
}

} // namespace

std::string utc_text(gint64 microseconds) {
  // To the nearest millisecond, which is what players read.
  const gint64 rounded = (microseconds + 500) / 1000;
  const auto time = adopt(g_date_time_new_from_unix_utc(rounded / 1000));
  char fraction[8];
  g_snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(rounded % 1000));
  return take_string(g_date_time_format(time.get(), "%Y-%m-%dT%H:%M:%S")) + fraction;
}

HlsPlaylist::HlsPlaylist(unsigned target, unsigned length)
    : target_(target), length_(std::max(length, kMinLength)) {}

void HlsPlaylist::add(HlsSegment segment) {
  if (std::exchange(resumed_, false)) segment.discontinuity = true;
  end_ = segment.end();
  segments_.push_back(std::move(segment));
  ended_ = false;
  while (segments_.size() > length_)
    drop_first();
  drop_past_ranges(); // a first segment may begin after items that were on air
}

void HlsPlaylist::add(HlsDateRange range) {
  if (!ranges_.empty() && !ranges_.back().until) ranges_.back().until = range.start;
  if (!range.item.empty()) ranges_.push_back(std::move(range));
}

void HlsPlaylist::clear() {
  while (!segments_.empty())
    drop_first();
  ranges_.clear();
  ended_ = false;
}

void HlsPlaylist::begin_at(guint64 sequence) {
  media_sequence_ = sequence;
  resumed_ = sequence > 0;
}

void HlsPlaylist::drop_first() {
  if (segments_.front().discontinuity) ++discontinuity_sequence_;
  ++media_sequence_;
  segments_.pop_front();
}

void HlsPlaylist::drop_past_ranges() {
  while (!ranges_.empty() && ranges_.front().until &&
         *ranges_.front().until <= segments_.front().utc)
    ranges_.pop_front();
}

void HlsPlaylist::write_ranges(std::string& out, size_t& next, gint64 before) const {
  for (; next < ranges_.size() && ranges_[next].start < before; ++next)
    out += range_line(ranges_[next]);
}

std::string HlsPlaylist::text() const {
  std::string out = "#EXTM3U\n";
  out += kVersion;
  out += "\n#EXT-X-TARGETDURATION:" + std::to_string(target_);
  out += "\n#EXT-X-MEDIA-SEQUENCE:" + std::to_string(media_sequence_);
  out += "\n#EXT-X-DISCONTINUITY-SEQUENCE:" + std::to_string(discontinuity_sequence_);
  out += "\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  size_t next = 0;
  for (const auto& segment : segments_) {
    if (segment.discontinuity) out += "#EXT-X-DISCONTINUITY\n";
    out += "#EXT-X-PROGRAM-DATE-TIME:" + utc_text(segment.utc) + "\n";
    write_ranges(out, next, segment.end());
    if (segment.gap) out += "#EXT-X-GAP\n";
    out += "#EXTINF:" + seconds_text((segment.duration + 500) / 1000) + ",\n" + segment.uri + "\n";
  }
  if (ended_) out += "#EXT-X-ENDLIST\n";
  return out;
}

void HlsPlaylist::parse_line(std::string_view line, HlsSegment& segment) {
  if (line.empty()) return;
  if (take_prefix(line, "#EXT-X-TARGETDURATION:")) {
    target_ = number<unsigned>(line);
  } else if (take_prefix(line, "#EXT-X-MEDIA-SEQUENCE:")) {
    media_sequence_ = number<guint64>(line);
  } else if (take_prefix(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")) {
    discontinuity_sequence_ = number<guint64>(line);
  } else if (line == "#EXT-X-DISCONTINUITY") {
    segment.discontinuity = true;
  } else if (take_prefix(line, "#EXT-X-PROGRAM-DATE-TIME:")) {
    segment.utc = utc_of(line);
  } else if (take_prefix(line, "#EXT-X-DATERANGE:")) {
    ranges_.push_back(range_of(line));
  } else if (line == "#EXT-X-GAP") {
    segment.gap = true;
  } else if (take_prefix(line, "#EXTINF:")) {
    segment.duration = microseconds_of(line) * 1000;
  } else if (line == "#EXT-X-ENDLIST") {
    ended_ = true;
  } else if (line[0] != '#') {
    segment.uri = line;
    end_ = segment.end();
    segments_.push_back(std::move(segment));
    segment = {};
  }
}

std::optional<HlsPlaylist> HlsPlaylist::read(std::string_view text, unsigned length) {
  HlsPlaylist playlist(0, length);
  HlsSegment segment;
  if (text.substr(0, 7) != "#EXTM3U") return std::nullopt;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    playlist.parse_line(line, segment);
    at = end + 1;
  }
  if (playlist.target_ == 0) return std::nullopt;
  for (const auto& listed : playlist.segments_)
    if (listed.utc == 0 || listed.duration == 0) return std::nullopt;
  // What ran when the channel stopped ended with the last picture that can be seen.
  if (!playlist.ranges_.empty() && !playlist.ranges_.back().until)
    playlist.ranges_.back().until = std::max(playlist.end(), playlist.ranges_.back().start);
  playlist.resumed_ = !playlist.segments_.empty() || playlist.media_sequence_ > 0;
  return playlist;
}

} // namespace aigc
