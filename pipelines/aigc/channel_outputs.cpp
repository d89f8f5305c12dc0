// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_outputs.h.
#include "channel_outputs.h"

#include "base/error.h"
#include "channel_json.h"
#include "channel_values.h"

#include <algorithm>

namespace aigc::runner {
namespace {

constexpr const char* kAddresses[] = {"rtmp", "srt"};

/// Scheme, host and port; of RTMP the application, since the key comes after it.
std::string shown_address(const std::string& address) {
  gchar *scheme = nullptr, *host = nullptr, *path = nullptr;
  gint port = -1;
  if (!g_uri_split(address.c_str(), G_URI_FLAGS_PARSE_RELAXED, &scheme, nullptr, &host, &port,
                   &path, nullptr, nullptr, nullptr))
    scheme = nullptr;
  const Own<gchar> owners[] = {Own<gchar>(scheme), Own<gchar>(host), Own<gchar>(path)};
  if (!scheme) return "an address that cannot be read";
  const std::string whole = path;
  const size_t key = whole.rfind('/');
  return take_string(g_uri_join(G_URI_FLAGS_NONE, scheme, nullptr, host ? host : "", port,
                                key == whole.npos ? "" : whole.substr(0, key).c_str(), nullptr,
                                nullptr));
}

} // namespace

std::vector<ChannelOutput> channel_outputs(const std::map<std::string, std::string>& values) {
  std::vector<ChannelOutput> outputs;
  if (values.contains("hls")) outputs.push_back({"hls", channel_values(values).at("hls.playlist")});
  for (const char* name : kAddresses)
    if (const auto value = values.find(name); value != values.end())
      outputs.push_back({name, shown_address(value->second)});
  return outputs;
}

void read_addresses(std::map<std::string, std::string>& values) {
  for (const char* name : kAddresses) {
    const auto value = values.find(name);
    if (value == values.end() || !value->second.starts_with('@')) continue;
    const std::string path = value->second.substr(1);
    gchar* text = nullptr;
    ErrorSlot error;
    if (!g_file_get_contents(path.c_str(), &text, nullptr, error.out()))
      throw Error(Fault::settings, std::string(name) + "=@" + path + ": " + error.message(),
                  "Give the file that holds the address, or the address itself.");
    value->second = g_strstrip(text);
    g_free(text);
  }
}

std::vector<JsonObjectMaker> outputs_json(const std::vector<ChannelOutput>& outputs,
                                          const std::vector<Ref<GstElement>>& senders) {
  std::vector<JsonObjectMaker> rows;
  for (const ChannelOutput& output : outputs) {
    JsonObjectMaker row;
    row.set("name", output.name).set("to", output.to);
    const auto sender = std::find_if(senders.begin(), senders.end(), [&](const auto& element) {
      return output.name == GST_OBJECT_NAME(element.get());
    });
    GstStructure* stats = nullptr;
    if (sender != senders.end()) g_object_get(sender->get(), "stats", &stats, nullptr);
    if (const Own<GstStructure> owner(stats); owner) {
      const Ref<JsonNode> node = json_node(structure_json(stats));
      const JsonView view(node.get());
      row.set("connected", view["connected"].boolean(false));
      for (const char* count : {"since", "connects", "bytes", "dropped-frames"})
        row.set(count, view[count].integer().value_or(0));
      row.set("last-error", view["last-error"].text());
    }
    rows.push_back(row);
  }
  return rows;
}

} // namespace aigc::runner
