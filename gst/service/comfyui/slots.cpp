// SPDX-License-Identifier: LGPL-2.1-or-later
// See slots.h.
#include "service/comfyui/slots.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

namespace aigc::comfyui {

namespace {

struct Line {
  Slot slot;
  const char* name;
};
constexpr std::array<Line, 9> kSlots = {{{Slot::prompt, "prompt"},
                                         {Slot::negative, "negative"},
                                         {Slot::seed, "seed"},
                                         {Slot::width, "width"},
                                         {Slot::height, "height"},
                                         {Slot::frames, "frames"},
                                         {Slot::seconds, "seconds"},
                                         {Slot::image, "image"},
                                         {Slot::last_image, "last-image"}}};

/// Letters that may be wrong in a name that is still recognised.
constexpr size_t kNear = 3;

size_t distance(std::string_view one, std::string_view other) {
  std::vector<size_t> row(other.size() + 1);
  for (size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (size_t i = 0; i < one.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < other.size(); ++j) {
      const size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

Error unknown_slot(const std::string& name) {
  std::string all;
  const char* nearest = nullptr;
  size_t least = kNear + 1;
  for (const Line& line : kSlots) {
    all += (all.empty() ? "{" : ", {") + std::string(line.name) + "}";
    // A name that begins as a slot does, such as {negative_prompt}, means it.
    const size_t off = name.starts_with(line.name) ? 1 : distance(name, line.name);
    if (off < least) {
      least = off;
      nearest = line.name;
    }
  }
  return Error(
      Fault::settings, "{" + name + "} in the workflow is no slot",
      (nearest ? "write {" + std::string(nearest) + "}; the slots are " : "the slots are ") + all +
          "; {{" + name + "}} stands for {" + name + "} itself");
}

bool is_name(std::string_view text) {
  return !text.empty() && g_ascii_islower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '-' || c == '_';
         });
}

/// How long "{{name}}" is, where it stands at `open`; else 0.
size_t literal_at(std::string_view text, size_t open) {
  const size_t end = text.find("}}", open);
  if (text.substr(open, 2) != "{{" || end == std::string_view::npos) return 0;
  return is_name(text.substr(open + 2, end - open - 2)) ? end + 2 - open : 0;
}

/// Cuts `text` into what stands outside of slots, and slots.
void cut(std::string_view text, const std::function<void(std::string_view)>& outside,
         const std::function<void(Slot)>& inside) {
  for (size_t from = 0;;) {
    const size_t open = text.find('{', from);
    const size_t close = open == std::string_view::npos ? open : text.find_first_of("{}", open + 1);
    if (close == std::string_view::npos) return outside(text.substr(from));
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (const size_t quoted = literal_at(text, open)) {
      outside(text.substr(from, open - from));
      outside(text.substr(open + 1, quoted - 2));
      from = open + quoted;
      continue;
    }
    if (text[close] == '{' || !is_name(name)) {
      outside(text.substr(from, close - from)); // the brace may open a slot
      if (text[close] == '{') {
        from = close;
        continue;
      }
      outside("}");
    } else {
      const auto* line = std::find_if(kSlots.begin(), kSlots.end(),
                                      [&](const Line& line) { return name == line.name; });
      if (line == kSlots.end()) throw unknown_slot(std::string(name));
      outside(text.substr(from, open - from));
      inside(line->slot);
    }
    from = close + 1;
  }
}

std::string decimal(double number) {
  std::array<char, G_ASCII_DTOSTR_BUF_SIZE> text{};
  return g_ascii_dtostr(text.data(), text.size(), number);
}

/// Words as they are; a number as it is written.
std::string text_of(Slot slot, const Values& values) {
  switch (slot) {
  case Slot::prompt:
    return values.prompt;
  case Slot::negative:
    return values.negative;
  case Slot::seed:
    return std::to_string(values.seed);
  case Slot::width:
    return std::to_string(values.size.width);
  case Slot::height:
    return std::to_string(values.size.height);
  case Slot::frames:
    return std::to_string(values.frames);
  case Slot::seconds:
    return decimal(values.seconds);
  case Slot::image:
    return values.image;
  case Slot::last_image:
    return values.last_image;
  }
  return {};
}

bool is_words(Slot slot) {
  return slot == Slot::prompt || slot == Slot::negative || slot == Slot::image ||
         slot == Slot::last_image;
}

} // namespace

const char* slot_name(Slot slot) {
  return kSlots[static_cast<size_t>(slot)].name;
}

void find_slots(const std::string& text, std::set<Slot>& slots) {
  cut(
      text, [](std::string_view) {}, [&](Slot slot) { slots.insert(slot); });
}

Ref<JsonNode> fill_slots(const std::string& text, const Values& values) {
  std::string filled, around;
  std::vector<Slot> slots;
  cut(
      text,
      [&](std::string_view piece) {
        filled += piece;
        around += piece;
      },
      [&](Slot slot) {
        filled += text_of(slot, values);
        slots.push_back(slot);
      });
  auto node = adopt(json_node_new(JSON_NODE_VALUE));
  if (slots.size() != 1 || !around.empty() || is_words(slots[0]))
    json_node_set_string(node.get(), filled.c_str());
  else if (slots[0] == Slot::seconds)
    json_node_set_double(node.get(), values.seconds);
  else
    json_node_set_int(node.get(), g_ascii_strtoll(filled.c_str(), nullptr, 10));
  return node;
}

} // namespace aigc::comfyui
