// SPDX-License-Identifier: LGPL-2.1-or-later
// See credentials.h.
#include "service/credentials.h"

#include "net/url.h"
#include "store/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace aigc {

namespace {

/// The error of a key file; a key that stands in the place of the file's name is not shown.
Error file_error(const std::string& variable, const std::string& path, const std::string& what) {
  const std::string name = path.starts_with("sk-") ? "what looks like a key" : "\"" + path + "\"";
  return Error(Fault::settings, variable + " names " + name + ": " + what,
               "name a readable file that holds the key and nothing else");
}

std::string trimmed(const std::string& text) {
  const char* blanks = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string read_key_file(const std::string& variable, const std::string& path,
                          std::string& warning) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) throw file_error(variable, path, g_strerror(errno));
  if (!S_ISREG(status.st_mode)) throw file_error(variable, path, "it is no regular file");
  if (static_cast<guint64>(status.st_size) > kMaxKeyFileBytes)
    throw file_error(variable, path,
                     "it is longer than " + std::to_string(kMaxKeyFileBytes) + " bytes");
  const std::string key = trimmed(file.read());
  if (key.empty()) throw file_error(variable, path, "it is empty");
  if (key.find_first_of("\r\n") != std::string::npos)
    throw file_error(variable, path, "it has several lines");
  if (status.st_mode & S_IROTH)
    warning = "the key in \"" + path + "\" (" + variable +
              ") can be read by every user of this machine; chmod 600 keeps it to you";
  return key;
}

Secret checked(const std::string& key, const std::string& origin) {
  const auto is_sound = [](char c) { return c > ' ' && c < 0x7f; };
  if (std::all_of(key.begin(), key.end(), is_sound)) return Secret(key);
  throw Error(Fault::settings, "the key from " + origin + " holds blanks or unprintable characters",
              "copy the key once more, without quotes, blanks and line ends");
}

/// GStreamer's log at INFO and `ps` show a command line.
std::string warning_of_property(const std::string& key) {
  gchar* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents("/proc/self/cmdline", &data, &size, nullptr)) return {};
  const Own<gchar> owner(data);
  if (std::string_view(data, size).find(key) == std::string_view::npos) return {};
  return "api-key stands on the command line, where ps and GStreamer's log show it; keep it in "
         "the environment or in a key file";
}

/// Whether the service's own keys may go where `query` leads.
bool is_at_home(const BackendQuery& query, const Service& service) {
  if (!query.is_fallback || is_blank(query.base_url)) return true;
  const auto is_of = [&](const char* home) {
    try {
      return home && parse_url(trimmed(home)).same_origin(parse_url(trimmed(query.base_url)));
    } catch (const Error&) {
      return false; // make_backend() says so
    }
  };
  return is_of(service.base_url) || is_of(service_variable(query, service, "_BASE_URL"));
}

/// The first that is set of the places, where `origin` names it.
Secret find_key(const BackendQuery& query, const Service& service, std::string& warning) {
  if (const std::string& key = query.key.reveal(); !is_blank(key)) {
    Secret good = checked(key, "api-key");
    warning = warning_of_property(key);
    return good;
  }
  if (!is_blank(query.key_file))
    return checked(read_key_file("key-file", query.key_file, warning), "key-file");
  if (!is_at_home(query, service)) return {};
  const auto held = query.context.find(service.name);
  if (held != query.context.end() && !is_blank(held->second.reveal()))
    return checked(held->second.reveal(), "the context aigc.credentials");
  const std::string variable = std::string(service.variables) + "_API_KEY";
  if (const char* path = service_variable(query, service, "_API_KEY_FILE"))
    return checked(read_key_file(variable + "_FILE", path, warning), variable + "_FILE");
  if (const char* key = service_variable(query, service, "_API_KEY")) return checked(key, variable);
  return {};
}

bool has_key(const BackendQuery& query, const Service& service) {
  const auto held = query.context.find(service.name);
  return (held != query.context.end() && !is_blank(held->second.reveal())) ||
         service_variable(query, service, "_API_KEY") ||
         service_variable(query, service, "_API_KEY_FILE");
}

} // namespace

const char* service_variable(const BackendQuery& query, const Service& service,
                             const char* suffix) {
  const char* value = query.environment((std::string(service.variables) + suffix).c_str());
  return value && !is_blank(value) ? value : nullptr;
}

bool is_configured(const BackendQuery& query, const Service& service) {
  return service_variable(query, service, "_BASE_URL") || has_key(query, service);
}

Credentials find_access(BackendChoice choice, const BackendQuery& query) {
  Credentials found;
  const Service* service = find_service(choice);
  if (!service) return found;
  found.access.profile = query.profile;
  found.access.workflow = query.workflow;
  found.access.role = query.role;
  found.access.key = find_key(query, *service, found.warning);
  if (found.access.key.empty() && service->needs_key && !is_at_home(query, *service))
    throw Error(Fault::not_authorized,
                std::string("there is no key for ") + service->name + " at another address",
                "add key-file=/path: the service's own key goes to its own address only");
  const char* variable = service_variable(query, *service, "_BASE_URL");
  std::string url = !is_blank(query.base_url) ? query.base_url
                    : variable                ? variable
                                              : service->base_url;
  url = trimmed(url);
  while (url.ends_with('/'))
    url.pop_back();
  found.access.base_url = std::move(url);
  return found;
}

bool wants_key(const BackendQuery& query) {
  if (query.choice == BackendChoice::preview || !is_blank(query.key.reveal())) return false;
  if (query.is_fallback &&
      (!is_blank(query.key_file) || !is_at_home(query, *find_service(query.choice))))
    return false;
  if (query.choice != BackendChoice::automatic || !is_blank(query.base_url))
    return !has_key(query, *find_service(resolve_backend(query)));
  const auto all = services();
  return std::none_of(all.begin(), all.end(), [&](const Service& service) {
    return service.serves(query.role) && is_configured(query, service);
  });
}

} // namespace aigc
