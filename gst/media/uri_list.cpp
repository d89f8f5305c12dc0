// SPDX-License-Identifier: LGPL-2.1-or-later
// See uri_list.h.
#include "media/uri_list.h"

#include "base/ref.h"

#include <utility>

#include <gio/gio.h>

namespace aigc {
namespace {

bool is_uri(const std::string& line) {
  return gst_uri_has_protocol(line.c_str(), "file") || line.find("://") != std::string::npos;
}

void append_line(std::string line, std::vector<std::string>& uris) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos || line[first] == '#') return;
  line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
  if (line.size() > kMaxUriBytes)
    throw Error(Fault::format, "a line of the URI list is longer than 16 KiB",
                "send text/uri-list: one URI or path per line");
  if (!g_utf8_validate_len(line.data(), line.size(), nullptr))
    throw Error(Fault::format, "a line of the URI list is not UTF-8 text",
                "send text/uri-list: one URI or path per line");
  if (is_uri(line)) {
    uris.push_back(std::move(line));
    return;
  }
  auto file = adopt(g_file_new_for_path(line.c_str()));
  uris.push_back(take_string(g_file_get_uri(file.get())));
}

} // namespace

void UriList::begin(GstEvent* event) {
  const GstSegment* segment;
  gst_event_parse_segment(event, &segment);
  whole_buffers_ = segment->format == GST_FORMAT_TIME;
}

std::vector<std::string> UriList::add(GstBuffer* buffer) {
  BufferMap map(buffer, GST_MAP_READ);
  if (!map) throw Error(Fault::read, "the URI list cannot be mapped for reading");
  auto uris = add(std::string_view(reinterpret_cast<const char*>(map.data()), map.size()));
  if (whole_buffers_)
    for (auto& uri : finish())
      uris.push_back(std::move(uri));
  return uris;
}

std::vector<std::string> UriList::add(std::string_view bytes) {
  std::vector<std::string> uris;
  rest_.append(bytes);
  size_t start = 0;
  for (size_t end; (end = rest_.find('\n', start)) != std::string::npos; start = end + 1)
    append_line(rest_.substr(start, end - start), uris);
  rest_.erase(0, start);
  if (rest_.size() > kMaxUriBytes) append_line(std::exchange(rest_, {}), uris);
  return uris;
}

std::vector<std::string> UriList::finish() {
  std::vector<std::string> uris;
  append_line(std::exchange(rest_, {}), uris);
  return uris;
}

} // namespace aigc
