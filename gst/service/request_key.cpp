// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stored result is found by.
#include "service/driver.h"
#include "service/writer/rules.h"

#include <string_view>

namespace aigc {

namespace {

/// Feeds values into the digest so that no two different requests look the same.
class Digest {
 public:
  Digest() : sum_(g_checksum_new(G_CHECKSUM_SHA256)) {}
  ~Digest() { g_checksum_free(sum_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::string_view text) {
    const std::string size = std::to_string(text.size()) + ":";
    g_checksum_update(sum_, reinterpret_cast<const guchar*>(size.data()), size.size());
    g_checksum_update(sum_, reinterpret_cast<const guchar*>(text.data()), text.size());
  }
  void add(gint64 number) { add(std::to_string(number)); }
  void add(GBytes* bytes) {
    gsize size = 0;
    const auto* data = bytes ? g_bytes_get_data(bytes, &size) : nullptr;
    add(std::string_view(static_cast<const char*>(data), size));
  }
  std::string hex() { return g_checksum_get_string(sum_); }

 private:
  GChecksum* sum_;
};

} // namespace

std::string request_key(const std::string& edition, const Request& request) {
  Digest digest;
  digest.add(edition);
  digest.add(stage_name(request.role));
  if (request.role == Role::words) digest.add(kRulesEdition);
  for (const std::string* text :
       {&request.model, &request.script, &request.words, &request.negative, &request.motion,
        &request.style, &request.mood, &request.language, &request.resolution, &request.brand,
        &request.system_prompt})
    digest.add(*text);
  digest.add(static_cast<gint64>(request.temperature * 1e6));
  digest.add(static_cast<gint64>(request.top_p * 1e6));
  digest.add(request.max_tokens);
  digest.add(request.prompt_extend);
  digest.add(request.watermark);
  digest.add(request.size.width);
  digest.add(request.size.height);
  digest.add(static_cast<gint64>(request.seconds * 1e6));
  digest.add(request.seed);
  digest.add(request.take);
  digest.add(request.keyframe.get());
  digest.add(request.last_frame.get());
  digest.add(static_cast<gint64>(request.references.size()));
  for (const Media& reference : request.references) {
    digest.add(reference.bytes.get());
    digest.add(reference.url);
  }
  // Only where there is one, so that results from before there were palettes are still found.
  for (const std::uint32_t colour : request.palette)
    digest.add(static_cast<gint64>(colour));
  return digest.hex();
}

} // namespace aigc
