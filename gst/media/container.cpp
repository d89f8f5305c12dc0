// SPDX-License-Identifier: LGPL-2.1-or-later
// See container.h.
#include "media/container.h"

#include "media/big_endian.h"

#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <glib.h>

namespace aigc {
namespace {

/// Of a file that is walked through: a stranger's may be nothing but the tiniest of them.
constexpr unsigned kMostElements = 100'000;

/// Random access to a file's bytes, a page at a time.
class Bytes {
 public:
  explicit Bytes(const std::string& path) : file_(path, std::ios::binary | std::ios::ate) {
    const std::streamoff end = file_ ? static_cast<std::streamoff>(file_.tellg()) : 0;
    size_ = end > 0 ? static_cast<guint64>(end) : 0;
  }

  guint64 size() const { return size_; }

  /// Up to `Count` bytes from `at`; what the file does not have is missing.
  template <size_t Count> std::string_view read(guint64 at, std::array<char, Count>& into) {
    static_assert(Count <= kPage);
    if (at < begin_ || at + Count > begin_ + page_.size()) turn_to(at);
    const size_t count = page_.copy(into.data(), Count, at - begin_);
    return {into.data(), count};
  }

 private:
  static constexpr size_t kPage = 4096;

  void turn_to(guint64 at) {
    page_.resize(kPage);
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(at));
    file_.read(page_.data(), kPage);
    page_.resize(static_cast<size_t>(file_.gcount()));
    begin_ = at;
  }

  std::ifstream file_;
  std::string page_;
  guint64 begin_ = 0; ///< of the page
  guint64 size_ = 0;
};

constexpr std::string_view kEbml = "\x1a\x45\xdf\xa3", kSegment = "\x18\x53\x80\x67";
constexpr size_t kEbmlHead = 64; ///< bytes in which a Matroska says what it is

struct Family {
  Container container;
  const char* extension;
  const char* name;
};
constexpr Family kFamilies[] = {
    {Container::mp4, ".mp4", "MP4"},      {Container::webm, ".webm", "WebM"},
    {Container::matroska, ".mkv", "MKV"}, {Container::avi, ".avi", "AVI"},
    {Container::webp, ".webp", "WebP"},   {Container::other, ".clip", "of another kind"},
};

const Family& family_of(Container container) {
  for (const Family& family : kFamilies)
    if (family.container == container) return family;
  return kFamilies[std::size(kFamilies) - 1];
}

/// Walks the top-level boxes: one that reaches past the end of the file was cut.
bool is_cut_mp4(Bytes& file) {
  std::array<char, 16> buffer{};
  unsigned seen = 0;
  for (guint64 at = 0; at + 8 <= file.size() && seen < kMostElements; ++seen) {
    const auto head = file.read(at, buffer);
    if (head.size() < 8) return false;
    guint64 length = big_endian(head.data(), 4);
    if (length == 1 && head.size() == buffer.size()) length = big_endian(&head[8], 8);
    if (length == 0) return false; // reaches to the end of the file by definition
    if (length < 8) return false;  // not ours to judge
    if (length > file.size() - at) return true;
    at += length;
  }
  return false;
}

struct Element {
  guint64 head;                  ///< bytes of its name and length
  std::optional<guint64> length; ///< of its content; none where the writer left it open
};

/// Nothing for what is no element, or only the beginning of one.
std::optional<Element> element_in(std::string_view bytes) {
  const auto width = [&](size_t at) -> size_t {
    const guint8 first = at < bytes.size() ? static_cast<guint8>(bytes[at]) : 0;
    size_t count = 1;
    for (guint8 bit = 0x80; bit && !(first & bit); bit >>= 1)
      ++count;
    return count;
  };
  const size_t name = width(0), number = width(name);
  if (name > 4 || number > 8 || name + number > bytes.size()) return std::nullopt;
  const guint64 all = (guint64(1) << (7 * number)) - 1; // no marker bit
  const guint64 length = big_endian(&bytes[name], number) & all;
  if (length == all) return Element{name + number, std::nullopt};
  return Element{name + number, length};
}

/// As with MP4, inside the segment, which holds all there is; what has an open length is entered,
/// too. Bytes within the segment that are no element at all are where it broke.
bool is_cut_matroska(Bytes& file) {
  std::array<char, 12> buffer{};
  guint64 end = 0; // of the segment
  unsigned seen = 0;
  for (guint64 at = 0; at < file.size() && seen < kMostElements; ++seen) {
    const auto head = file.read(at, buffer);
    const auto element = element_in(head);
    if (!element) return at < end;
    at += element->head;
    if (element->length.value_or(0) > file.size() - at) return true;
    const bool is_segment = head.starts_with(kSegment);
    if (is_segment) end = at + element->length.value_or(0);
    at += is_segment ? 0 : element->length.value_or(0);
  }
  return false;
}

/// One RIFF after the other. A length of 0 was never filled in; some writers count the eight bytes
/// before it.
bool is_cut_avi(Bytes& file) {
  std::array<char, 8> buffer{};
  unsigned seen = 0;
  for (guint64 at = 0; at + 8 <= file.size() && seen < kMostElements; ++seen) {
    const auto head = file.read(at, buffer);
    if (!head.starts_with("RIFF")) return false;
    const guint64 length = GUINT32_SWAP_LE_BE(static_cast<guint32>(big_endian(&head[4], 4)));
    if (length == 0 || length == G_MAXUINT32) return false;
    if (length > file.size() - at) return true;
    at += 8 + length + length % 2;
  }
  return false;
}

} // namespace

Container container_of(const std::string& path) {
  Bytes file(path);
  std::array<char, kEbmlHead> buffer{};
  const auto head = file.read(0, buffer);
  if (head.size() < 12) return Container::other;
  if (head.substr(4, 4) == "ftyp") return Container::mp4;
  if (head.starts_with(kEbml))
    return head.find("webm") == head.npos ? Container::matroska : Container::webm;
  if (head.starts_with("RIFF") && head.substr(8, 4) == "AVI ") return Container::avi;
  if (head.starts_with("RIFF") && head.substr(8, 4) == "WEBP") return Container::webp;
  return Container::other;
}

const char* extension_of(Container container) {
  return family_of(container).extension;
}

const char* name_of(Container container) {
  return family_of(container).name;
}

bool is_cut_off(const std::string& path, Container container) {
  Bytes file(path);
  if (container == Container::mp4) return is_cut_mp4(file);
  if (container == Container::webm || container == Container::matroska)
    return is_cut_matroska(file);
  return container == Container::avi && is_cut_avi(file);
}

} // namespace aigc
