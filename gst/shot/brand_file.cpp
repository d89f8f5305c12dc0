// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads brand files, strictly: what is not understood is refused, by name.
#include "base/error.h"
#include "base/json.h"
#include "base/words.h"
#include "shot/brand.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sys/stat.h>

namespace aigc {

namespace {

namespace fs = std::filesystem;

constexpr off_t kMaxBrandBytes = 1 << 20;
constexpr glong kLongestName = 200, kLongestPath = 1000; ///< characters
constexpr std::string_view kPngStart = "\x89PNG\r\n\x1a\n";

std::string plain(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

/// One member's value, and where it stands.
class Value {
 public:
  Value(const std::string& file, std::string name, JsonNode* node)
      : file_(file), name_(std::move(name)), node_(node) {}

  JsonNode* node() const { return node_; }
  const std::string& file() const { return file_; }

  [[noreturn]] void refuse(const std::string& what, const std::string& remedy) const {
    throw Error(Fault::settings, file_ + ": " + (name_.empty() ? "" : name_ + " ") + what, remedy);
  }

  [[noreturn]] void wrong(const std::string& wanted) const {
    std::string is = json_text(node_);
    if (is.size() > 60) is = std::string(bounded(is, 57)) + "...";
    refuse("must be " + wanted + ", not " + is, "correct the value of " + name_);
  }

  std::string text(glong longest) const {
    if (!JSON_NODE_HOLDS_VALUE(node_) || json_node_get_value_type(node_) != G_TYPE_STRING)
      wrong("a string");
    const std::string value = json_node_get_string(node_);
    if (is_blank(value)) wrong("a text that is not blank");
    if (g_utf8_strlen(value.c_str(), -1) > longest)
      wrong("at most " + std::to_string(longest) + " characters long");
    return value;
  }

  double number(double low, double high) const {
    const std::string wanted = "a number from " + plain(low) + " to " + plain(high);
    const GType type = JSON_NODE_HOLDS_VALUE(node_) ? json_node_get_value_type(node_) : G_TYPE_NONE;
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) wrong(wanted);
    const double value = json_node_get_double(node_);
    if (!(value >= low && value <= high)) wrong(wanted);
    return value;
  }

  gint64 whole(gint64 low, gint64 high) const {
    const double value = number(static_cast<double>(low), static_cast<double>(high));
    if (std::floor(value) != value)
      wrong("a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return static_cast<gint64>(value);
  }

  std::string word(std::initializer_list<const char*> words) const {
    std::vector<std::string> candidates(words.begin(), words.end());
    std::string all;
    for (const auto& candidate : candidates)
      all += (all.empty() ? "" : ", ") + candidate;
    const std::string value = text(kLongestName);
    if (std::find(candidates.begin(), candidates.end(), value) == candidates.end())
      wrong("one of " + all);
    return value;
  }

  BrandColour colour() const {
    const std::string wanted = "a colour such as \"#2F5D50\"";
    const std::string value = text(kLongestName);
    unsigned rgb = 0;
    const char* end = value.data() + value.size();
    if (value.size() != 7 || value[0] != '#' ||
        std::from_chars(value.data() + 1, end, rgb, 16).ptr != end)
      wrong(wanted);
    return {"", static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
            static_cast<std::uint8_t>(rgb)};
  }

  std::vector<Value> items() const {
    if (!JSON_NODE_HOLDS_ARRAY(node_)) wrong("a list");
    std::vector<Value> items;
    for (size_t i = 0; i < JsonView(node_).size(); ++i)
      items.emplace_back(file_, name_ + "[" + std::to_string(i) + "]",
                         JsonView(node_).at(i).node());
    return items;
  }

  std::vector<Value> members() const {
    if (!JSON_NODE_HOLDS_OBJECT(node_)) wrong("an object");
    std::vector<Value> members;
    for (const auto& name : JsonView(node_).members())
      members.push_back(member(name));
    return members;
  }

  bool has(const char* name) const { return JsonView(node_)[name].node(); }
  Value member(const std::string& name) const {
    return {file_, name_.empty() ? name : name_ + "." + name, JsonView(node_)[name.c_str()].node()};
  }
  const std::string& name() const { return name_; }

 private:
  const std::string& file_;
  std::string name_;
  JsonNode* node_;
};

BrandColour read_colour(const Value& value) {
  if (!JSON_NODE_HOLDS_OBJECT(value.node())) return value.colour();
  for (const Value& member : value.members())
    if (member.name() != value.member("name").name() &&
        member.name() != value.member("colour").name())
      member.refuse("is no member of a colour", "a colour has a name and a colour");
  if (!value.has("colour")) value.refuse("has no colour", "add \"colour\": \"#RRGGBB\"");
  BrandColour colour = value.member("colour").colour();
  if (value.has("name")) colour.name = value.member("name").text(kLongestName);
  return colour;
}

std::vector<BrandColour> read_palette(const Value& value) {
  std::vector<BrandColour> palette;
  for (const Value& item : value.items())
    palette.push_back(read_colour(item));
  if (palette.empty())
    value.refuse("has 0 colours", "give at least one, such as \"#2F5D50\", or leave palette out");
  if (palette.size() > kMostBrandColours)
    value.refuse("has " + std::to_string(palette.size()) + " colours",
                 "give at most " + std::to_string(kMostBrandColours));
  return palette;
}

std::string read_logo(const Value& value) {
  const fs::path named = value.text(kLongestPath);
  const std::string path =
      (fs::path(value.file()).parent_path() / named).lexically_normal().string();
  if (!g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR))
    throw Error(Fault::not_found, value.file() + ": " + value.name() + ": there is no file " + path,
                "give the path of a PNG, relative to the brand file");
  std::array<char, kPngStart.size()> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  if (std::string_view(start.data(), start.size()) != kPngStart)
    throw Error(Fault::format, value.file() + ": " + value.name() + ": " + path + " is not a PNG",
                "save the logo as PNG");
  return path;
}

Brand::Seeds read_policy(const Value& value) {
  const std::string policy = value.word({"free", "fixed", "per-shot"});
  if (policy == "free") return Brand::Seeds::free;
  return policy == "fixed" ? Brand::Seeds::fixed : Brand::Seeds::per_shot;
}

struct Member {
  const char* group; ///< "" = the file itself
  const char* name;
  void (*read)(const Value&, Brand&);
  bool required = false; ///< in its group
};

/// Everything a brand file can say. docs/brand.schema.json says the same.
constexpr Member kMembers[] = {
    {"", "$schema", [](const Value& v, Brand&) { v.text(kLongestPath); }},
    {"", "name", [](const Value& v, Brand& b) { b.name = v.text(kLongestName); }, true},
    {"", "style", [](const Value& v, Brand& b) { b.style = v.text(kLongestName); }},
    {"", "words", [](const Value& v, Brand& b) { b.words = v.text(kLongestBrandWords); }},
    {"", "negative-words",
     [](const Value& v, Brand& b) { b.negative = v.text(kLongestBrandWords); }},
    {"", "palette", [](const Value& v, Brand& b) { b.palette = read_palette(v); }},
    {"grade", "saturation", [](const Value& v, Brand& b) { b.saturation = v.number(0, 2); }},
    {"grade", "contrast", [](const Value& v, Brand& b) { b.contrast = v.number(0, 2); }},
    {"grade", "brightness", [](const Value& v, Brand& b) { b.brightness = v.number(-1, 1); }},
    {"seed", "policy", [](const Value& v, Brand& b) { b.seeds = read_policy(v); }, true},
    {"seed", "value", [](const Value& v, Brand& b) { b.seed = v.whole(0, 2147483647); }},
    {"text", "font", [](const Value& v, Brand& b) { b.font = v.text(kLongestName); }},
    {"text", "colour", [](const Value& v, Brand& b) { b.text_colour = v.colour(); }},
    {"logo", "file", [](const Value& v, Brand& b) { b.logo->path = read_logo(v); }, true},
    {"logo", "width", [](const Value& v, Brand& b) { b.logo->width = v.number(0.02, 0.5); }},
    {"logo", "corner",
     [](const Value& v, Brand& b) {
       b.logo->corner = v.word({"top-left", "top-right", "bottom-left", "bottom-right"});
     }},
    {"safe-area", "x", [](const Value& v, Brand& b) { b.safe_x = v.number(0, 0.25); }},
    {"safe-area", "y", [](const Value& v, Brand& b) { b.safe_y = v.number(0, 0.25); }},
    {"limits", "palette-distance",
     [](const Value& v, Brand& b) { b.max_palette_distance = v.number(1, 100); }},
    {"limits", "legibility", [](const Value& v, Brand& b) { b.min_legibility = v.number(1, 21); }},
};

bool is_group(std::string_view name) {
  return !name.empty() &&
         std::ranges::any_of(kMembers, [&](const Member& m) { return name == m.group; });
}

const Member* find_member(std::string_view group, std::string_view name) {
  const auto* found = std::ranges::find_if(
      kMembers, [&](const Member& m) { return group == m.group && name == m.name; });
  return found == std::end(kMembers) ? nullptr : found;
}

[[noreturn]] void refuse_key(const Value& value, const std::string& key, std::string_view group) {
  std::vector<std::string> names;
  std::string all;
  for (const Member& member : kMembers) {
    const bool inside = *member.group && group.empty();
    const std::string name = inside ? member.group : member.name;
    if ((!inside && group != member.group) || name.starts_with('$')) continue;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    all += (all.empty() ? "" : ", ") + name;
  }
  const std::string guess = did_you_mean(key, names);
  value.refuse("is unknown" + (guess.empty() ? "" : "; " + guess),
               (group.empty() ? std::string("a brand") : std::string(group)) + " has " + all);
}

/// The members of the file, or of one group in it.
void read_group(const Value& object, const std::string& group, Brand& brand) {
  for (const auto& key : JsonView(object.node()).members()) {
    const Value value = object.member(key);
    if (group.empty() && is_group(key)) {
      value.members();
      if (key == "logo") brand.logo.emplace();
      read_group(value, key, brand);
    } else if (const Member* member = find_member(group, key)) {
      member->read(value, brand);
    } else {
      refuse_key(value, key, group);
    }
  }
  for (const Member& member : kMembers)
    if (member.required && group == member.group && !object.has(member.name))
      object.refuse("has no " + std::string(member.name),
                    "add \"" + std::string(member.name) + "\"");
}

std::string read_text(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode))
    throw Error(Fault::read, path + " is not a file", "give the path of a brand file");
  if (status.st_size > kMaxBrandBytes)
    throw Error(Fault::format, path + " is " + std::to_string(status.st_size) + " bytes",
                "a brand file has at most " + std::to_string(kMaxBrandBytes));
  gchar* data = nullptr;
  gsize size = 0;
  ErrorSlot error;
  if (!g_file_get_contents(path.c_str(), &data, &size, error.out()))
    throw Error(Fault::read, path + " cannot be read: " + error.message(),
                "look at its permissions");
  const Own<gchar> owner(data);
  return {data, size};
}

std::shared_ptr<const Brand> read_brand(const std::string& path, const struct stat& status) {
  const std::string text = read_text(path, status);
  Ref<JsonNode> root;
  try {
    root = parse_json(text);
  } catch (const Error& error) {
    throw error.in_words(path + ": " + error.what());
  }
  auto brand = std::make_shared<Brand>();
  brand->path = path;
  const Value file(path, "", root.get());
  if (!JSON_NODE_HOLDS_OBJECT(root.get()))
    file.refuse("must hold an object", "see docs/brand.md for what a brand file looks like");
  read_group(file, "", *brand);
  if (brand->max_palette_distance && brand->palette.empty())
    file.refuse("has limits.palette-distance, but no palette", "add \"palette\"");
  return brand;
}

/// What tells one state of a file from the next.
struct Stamp {
  dev_t device;
  ino_t node;
  off_t size;
  gint64 nanoseconds;

  explicit Stamp(const struct stat& status)
      : device(status.st_dev), node(status.st_ino), size(status.st_size),
        nanoseconds(status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec) {}
  bool operator==(const Stamp&) const = default;
};

} // namespace

bool is_brand_file(std::string_view brand) {
  const std::string lower =
      take_string(g_ascii_strdown(brand.data(), static_cast<gssize>(brand.size())));
  return lower.size() > 5 && lower.ends_with(".json");
}

std::shared_ptr<const Brand> load_brand(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::pair<Stamp, std::shared_ptr<const Brand>>> known;
  const std::string whole = fs::absolute(path).lexically_normal().string();
  struct stat status {};
  if (stat(whole.c_str(), &status) != 0)
    throw Error(Fault::not_found, whole + ": there is no such brand file", "check its path");
  const Stamp stamp(status);
  {
    const std::lock_guard lock(mutex);
    const auto found = known.find(whole);
    if (found != known.end() && found->second.first == stamp) return found->second.second;
  }
  auto brand = read_brand(whole, status);
  const std::lock_guard lock(mutex);
  known.insert_or_assign(whole, std::pair(stamp, brand));
  return brand;
}

std::vector<std::string> brand_members() {
  std::vector<std::string> names;
  for (const Member& member : kMembers)
    names.push_back(*member.group ? std::string(member.group) + "." + member.name : member.name);
  return names;
}

} // namespace aigc
