// SPDX-License-Identifier: LGPL-2.1-or-later
// Multipart bodies.
#include "form.h"

#include "util.h"

#include <libsoup/soup.h>

namespace standin {
namespace {

constexpr size_t field_kept = 4096; // characters of a field in the log

bool read_part(SoupMultipart* parts, int index, Part& out) {
  SoupMessageHeaders* headers = nullptr;
  GBytes* data = nullptr;
  soup_multipart_get_part(parts, index, &headers, &data);
  g_autofree char* disposition = nullptr;
  g_autoptr(GHashTable) parameters = nullptr;
  if (!soup_message_headers_get_content_disposition(headers, &disposition, &parameters))
    return false;
  const auto name = static_cast<const char*>(g_hash_table_lookup(parameters, "name"));
  if (!name) return false;
  out.name = name;
  if (const auto file = static_cast<const char*>(g_hash_table_lookup(parameters, "filename"))) {
    out.file = true;
    out.file_name = file;
  }
  if (const char* type = soup_message_headers_get_content_type(headers, nullptr)) out.type = type;
  gsize size = 0;
  const auto bytes = static_cast<const char*>(g_bytes_get_data(data, &size));
  if (size > 0) out.data.assign(bytes, size);
  return true;
}

} // namespace

std::optional<Form> Form::read(const std::string& content_type, const std::string& body) {
  if (!lower(content_type).starts_with("multipart/form-data")) return {};
  g_autoptr(SoupMessageHeaders) headers = soup_message_headers_new(SOUP_MESSAGE_HEADERS_MULTIPART);
  soup_message_headers_append(headers, "Content-Type", content_type.c_str());
  g_autoptr(GBytes) bytes = g_bytes_new_static(body.data(), body.size());
  g_autoptr(SoupMultipart) parts = soup_multipart_new_from_message(headers, bytes);
  if (!parts) return {};
  Form form;
  for (int i = 0; i < soup_multipart_get_length(parts); ++i) {
    Part part;
    if (!read_part(parts, i, part)) return {};
    form.parts_.push_back(std::move(part));
  }
  return form;
}

const Part* Form::field(const std::string& name) const {
  const Part* found = nullptr;
  for (const Part& part : parts_)
    if (!part.file && part.name == name) found = &part;
  return found;
}

std::vector<const Part*> Form::files(const std::string& name) const {
  std::vector<const Part*> found;
  for (const Part& part : parts_)
    if (part.file && part.name == name) found.push_back(&part);
  return found;
}

std::string Form::text(const std::string& name) const {
  const Part* found = field(name);
  return found ? found->data : "";
}

Json Form::summary() const {
  Json::Object members;
  for (const Part& part : parts_) {
    const bool words =
        !part.file &&
        g_utf8_validate(part.data.data(), static_cast<gssize>(part.data.size()), nullptr);
    members.emplace_back(part.name, words ? Json(cut(part.data, field_kept))
                                          : Json("<" + part.file_name + " " + part.type + " " +
                                                 std::to_string(part.data.size()) + " bytes>"));
  }
  return Json(std::move(members));
}

} // namespace standin
