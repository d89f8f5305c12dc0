// SPDX-License-Identifier: LGPL-2.1-or-later
// See sse.h.
#include "net/sse.h"

#include "base/error.h"

#include <utility>

namespace aigc {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

void check_size(size_t bytes) {
  if (bytes > SseReader::kMaxEventBytes)
    throw Error(Fault::format,
                "an event of the stream is larger than " +
                    std::to_string(SseReader::kMaxEventBytes) + " bytes",
                "check that this is the right address");
}

} // namespace

void SseReader::push(std::string_view bytes, const std::function<void(const SseEvent&)>& take) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = bytes.find_first_of("\r\n");
    check_size(rest_.size() + event_.data.size() + std::min(end, bytes.size()));
    rest_ += bytes.substr(0, end);
    if (end == std::string_view::npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string text = std::exchange(rest_, {});
    const bool marked = !std::exchange(started_, true) && text.starts_with(kByteOrderMark);
    line(std::string_view(text).substr(marked ? kByteOrderMark.size() : 0), take);
  }
}

void SseReader::line(std::string_view text, const std::function<void(const SseEvent&)>& take) {
  if (text.empty()) {
    const SseEvent event = event_;
    event_ = {"", "", event.id}; // the id stays until another comes
    if (std::exchange(has_data_, false))
      take({event.type.empty() ? "message" : event.type, event.data, event.id});
    return;
  }
  const size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  }
}

} // namespace aigc
