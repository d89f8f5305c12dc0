// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_rows.h.
#include "batch_rows.h"

#include "shot/brand.h"
#include "shot/language.h"

#include <charconv>
#include <filesystem>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

/// Names a row may have beside the variables of the job.
constexpr const char* kId = "id";
constexpr const char* kOut = "out";
constexpr const char* kLanguages = "languages";

/// Variables of jobs.
constexpr const char* kSentence = "prompt"; ///< makes a film or picture of one shot
constexpr const char* kSeed = "seed";

std::string plain(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

/// A cell as a person would write it on the command line; empty = not given.
std::string text_of(const std::string& name, JsonNode* value) {
  const JsonView view(value);
  if (!view.exists()) return {};
  if (view.is_array()) {
    std::string all;
    for (size_t i = 0; i < view.size(); ++i)
      all += (i ? "," : "") + text_of(name, view.at(i).node());
    return all;
  }
  if (view.is_object())
    throw Error(Fault::settings, name + ": an object stands where a value is wanted",
                "Give a text or a number.");
  switch (json_node_get_value_type(value)) {
  case G_TYPE_BOOLEAN:
    return view.boolean(false) ? "true" : "false";
  case G_TYPE_DOUBLE:
    return plain(*view.number());
  case G_TYPE_INT64:
    return std::to_string(*view.integer());
  default:
    return view.text();
  }
}

} // namespace

/// One row, with what holds for all rows filled in.
struct BatchRows::Cells {
  Values plain;
  std::map<std::string, Values> worded; ///< by name, then language
  std::string id;
};

BatchRows::BatchRows(const JobFile& job, Source source)
    : job_(job), source_(std::move(source)), output_(job.output() ? job.output()->name : "") {
  if (!job.output())
    throw Error(Fault::settings, job.name() + " makes no file", "A batch is for jobs that do.");
  if (source_.path.empty()) return;
  try {
    reader_ = std::make_unique<RowReader>(source_.path, kSentence);
  } catch (const Error& error) {
    throw at("", error);
  }
}

Error BatchRows::at(const std::string& place, const Error& error) const {
  Error told = error.in_words(place.empty() ? error.what()
                                            : source_.path + ": " + place + ": " + error.what());
  told.fault = Fault::settings;
  return told;
}

/// A file in a list counts from the folder of the list, wherever the batch is started.
std::string BatchRows::placed(const std::string& name, const std::string& text) const {
  const Variable* variable = job_.find(name);
  const bool file = variable && (variable->type == Type::input || variable->type == Type::brand);
  return file ? (fs::path(source_.path).parent_path() / text).string() : text;
}

void BatchRows::add_cell(Cells& cells, const std::string& name, JsonNode* value) const {
  const JsonView view(value);
  const size_t colon = name.find(':');
  if (colon != name.npos) {
    const std::string language = name.substr(colon + 1);
    if (!is_language(language))
      throw Error(Fault::settings, name + ": '" + language + "' is no language",
                  "Name the column like title:zh.");
    const std::string text = text_of(name, value);
    const std::string variable = name.substr(0, colon);
    if (!text.empty()) cells.worded[variable][language] = placed(variable, text);
  } else if (view.is_object()) {
    for (const auto& language : view.members())
      add_cell(cells, name + ":" + language, view[language.c_str()].node());
  } else if (const std::string text = text_of(name, value); !text.empty()) {
    if (name == kId && !job_.find(kId))
      cells.id = text;
    else
      cells.plain[name == kOut ? output_ : name] = placed(name, text);
  }
}

BatchRows::Cells BatchRows::cells_of(const Row& row) const {
  Cells cells;
  const JsonView view(row.value.get());
  for (const auto& name : view.members())
    add_cell(cells, name, view[name.c_str()].node());
  if (cells.plain.contains("max-cost"))
    throw Error(Fault::settings, "max-cost counts over all rows", "Give it once, as --max-cost.");
  return cells;
}

/// A row's own value takes the place of the common one in whatever language.
void BatchRows::add_common(Cells& cells) const {
  const auto has = [own = cells](const std::string& name) {
    return own.plain.contains(name) || own.worded.contains(name);
  };
  for (const auto& [name, value] : source_.common) {
    const size_t colon = name.find(':');
    if (has(name.substr(0, colon))) continue;
    if (colon == name.npos) {
      cells.plain[name] = value;
      continue;
    }
    const std::string language = name.substr(colon + 1);
    if (!is_language(language))
      throw Error(Fault::settings, name + "=...: '" + language + "' is no language",
                  "Name it like title:zh.");
    cells.worded[name.substr(0, colon)][language] = value;
  }
}

std::string BatchRows::out_of(const Cells& cells, size_t row, const std::string& language) const {
  fs::path out;
  if (const auto given = cells.plain.find(output_); given != cells.plain.end()) {
    out = given->second;
  } else if (!source_.path.empty()) {
    const auto& endings = job_.output()->choices;
    if (endings.empty())
      throw Error(Fault::settings, job_.name() + " needs " + output_, "Add the column out.");
    char number[24];
    std::snprintf(number, sizeof number, "%04zu", row);
    const std::string name = cells.id.empty() ? number : cells.id;
    if (name.find('/') != name.npos)
      throw Error(Fault::settings, "id=" + name + ": no name for a file", "Add the column out.");
    out = name + endings.front();
  } else {
    return "";
  }
  if (!language.empty()) {
    const fs::path ending = out.extension();
    out.replace_extension(language + ending.string());
  }
  return (fs::path(source_.out_dir) / out).string();
}

/// The one shot of a row is known by the row: on its own it would be shot-1 in all of them, and the
/// brand would give them all one seed.
void BatchRows::add_seed(Values& values, const Cells& cells, size_t row) const {
  if (!values.contains(kSentence) || values.contains(kSeed) || !job_.find(kSeed)) return;
  for (const auto& variable : job_.variables()) {
    if (variable.type != Type::brand || !values.contains(variable.name)) continue;
    const auto brand = load_brand(values.at(variable.name));
    const std::string id = cells.id.empty() ? "shot-" + std::to_string(row) : cells.id;
    if (brand->seeds == Brand::Seeds::per_shot)
      values[kSeed] = std::to_string(brand_seed(*brand, id));
  }
}

BatchRows::Made BatchRows::item_of(const Cells& cells, size_t row,
                                   const std::string& language) const {
  Made made;
  made.item.language = language;
  Values given = cells.plain;
  given.erase(kLanguages);
  if (!language.empty() && job_.find("language")) given["language"] = language;
  const auto spoken = given.find("language");
  if (spoken != given.end() && job_.find("language") && !is_language(spoken->second))
    throw Error(Fault::settings, "language=" + spoken->second + ": no language",
                "Give a code such as zh, en or pt-BR.");
  const std::string wanted = spoken == given.end() ? language : spoken->second;
  for (const auto& [name, words] : cells.worded) {
    const auto found = words.find(wanted);
    if (found != words.end())
      given[name] = found->second;
    else if (!given.contains(name))
      throw Error(Fault::settings,
                  name + (wanted.empty() ? ": has words for several languages"
                                         : ": has no words in " + wanted),
                  wanted.empty() ? "Say which with languages=" + words.begin()->first + "."
                                 : "Add " + name + ":" + wanted + ", or plain " + name + ".");
  }
  const std::string out = out_of(cells, row, language);
  if (!out.empty()) given[output_] = out;
  made.values = job_.complete(given);
  add_seed(made.values, cells, row);
  made.item.out = made.values.at(output_);
  return made;
}

std::vector<BatchRows::Made> BatchRows::items_of(const std::optional<Row>& row,
                                                 const RowReader::Mark& mark) const {
  Cells cells = row ? cells_of(*row) : Cells();
  add_common(cells);
  std::vector<std::string> languages{""};
  if (const auto given = cells.plain.find(kLanguages);
      given != cells.plain.end() && !job_.find(kLanguages))
    languages = read_languages(given->second);
  if (!languages.front().empty() && cells.worded.empty() && !job_.find("language"))
    throw Error(Fault::settings, job_.name() + " is the same in every language",
                "Leave languages out, or add columns like title:" + languages.front() + ".");
  std::vector<Made> made;
  const size_t number = row ? row->number : 1;
  for (const auto& language : languages) {
    made.push_back(item_of(cells, number, language));
    BatchItem& item = made.back().item;
    item.row = number;
    item.place = row ? row->place : "";
    item.mark = mark;
  }
  return made;
}

void BatchRows::claim(const Made& made) {
  const std::string path = fs::absolute(made.item.out).lexically_normal();
  const auto [other, fresh] = outs_.emplace(path, made.item.row);
  if (!fresh)
    throw Error(Fault::settings,
                output_ + "=" + made.item.out + " is that of row " + std::to_string(other->second) +
                    " too",
                "Give every row a name of its own.");
}

void BatchRows::claim_id(const std::string& id, size_t row) {
  const auto [other, fresh] = ids_.emplace(id, row);
  if (!fresh)
    throw Error(Fault::settings,
                "id=" + id + " is that of row " + std::to_string(other->second) + " too",
                "Give every row an id of its own.");
}

void BatchRows::read(const std::function<void(BatchItem, const Values&)>& use,
                     const std::function<void(const BadRow&)>& bad) {
  size_t last = 0;
  for (bool more = true; more;) {
    std::optional<Row> row;
    try {
      if (reader_) {
        row = reader_->next();
        if (!row && last == 0)
          throw Error(Fault::settings, source_.path + ": there is no row", "Write one at least.");
        if (!row) break;
        last = row->number;
        if (const std::string id = cells_of(*row).id; !id.empty()) claim_id(id, last);
      }
      more = reader_ != nullptr;
      auto items = items_of(row, reader_ ? reader_->mark() : RowReader::Mark());
      for (const auto& made : items)
        claim(made);
      for (auto& made : items)
        use(std::move(made.item), made.values);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled) throw;
      // What the reader says has its place already.
      const std::string place = row ? row->place : "";
      const Error told = at(place, error);
      if (!bad) throw told;
      bad({.row = row ? last : last + 1,
           .place = place,
           .message = told.what(),
           .remedy = told.remedy});
      if (!reader_ || (!row && !reader_->can_go_on())) return;
      if (!row) ++last;
    }
  }
}

Values BatchRows::values(const BatchItem& item) {
  std::optional<Row> row;
  if (reader_) {
    std::lock_guard guard(mutex_);
    row = reader_->read_at(item.mark);
  }
  try {
    for (auto& made : items_of(row, item.mark))
      if (made.item.language == item.language && made.item.out == item.out)
        return std::move(made.values);
  } catch (const Error& error) {
    throw at(item.place, error);
  }
  throw at(item.place, Error(Fault::read, "the list has changed meanwhile", "Run it again."));
}

} // namespace aigc::runner
