// SPDX-License-Identifier: LGPL-2.1-or-later
// See rows.h.
#include "shot/rows.h"

#include "base/words.h"
#include "shot/row_format.h"

#include <utility>

namespace aigc {

namespace {

std::unique_ptr<RowFormat> make_format(ListFormat format, ListFile& file,
                                       const std::string& sentence) {
  if (format == ListFormat::csv) return make_csv_format(file, sentence);
  if (format == ListFormat::json) return make_json_format(file, sentence);
  return make_line_format(format, file, sentence);
}

bool has_member(JsonObject* row, const std::string& name) {
  if (json_object_has_member(row, name.c_str())) return true;
  JsonObjectIter iter;
  const gchar* member = nullptr;
  json_object_iter_init(&iter, row);
  while (json_object_iter_next(&iter, &member, nullptr))
    if (canonical(member) == canonical(name)) return true;
  return false;
}

void fill_in(JsonObject* row, JsonObject* defaults) {
  JsonObjectIter iter;
  const gchar* name = nullptr;
  JsonNode* value = nullptr;
  json_object_iter_init_ordered(&iter, defaults);
  while (json_object_iter_next_ordered(&iter, &name, &value))
    if (!has_member(row, name)) json_object_set_member(row, name, json_node_copy(value));
}

Ref<JsonNode> node_of(JsonObject* object) {
  auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object);
  return node;
}

} // namespace

ListFormat list_format_of(std::string_view name) {
  const std::string path = canonical(name);
  if (path.ends_with(".json")) return ListFormat::json;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return ListFormat::jsonl;
  if (path.ends_with(".csv") || path.ends_with(".tsv")) return ListFormat::csv;
  return ListFormat::txt;
}

struct RowReader::Reader {
  Reader(const std::string& path, std::string sentence_member)
      : kind(list_format_of(path)), sentence(std::move(sentence_member)), file(path),
        format(make_format(kind, file, sentence)) {}

  void begin() {
    if (std::exchange(begun, true)) return;
    format->begin();
    defaults = format->defaults() ? node_of(format->defaults()) : nullptr;
  }

  Row read(const Mark& at) {
    Row row;
    row.number = at.number;
    row.place = place(at);
    auto object = format->read_row();
    if (!object) return row;
    if (format->defaults()) fill_in(object.get(), format->defaults());
    row.value = node_of(object.get());
    row.is_text = format->is_text();
    return row;
  }

  void check_unchanged() const {
    if (!file.is_unchanged())
      throw Error(Fault::read, "the file was changed while it was read", "start again");
  }

  std::optional<Row> next() {
    in_row = false;
    check_unchanged();
    begin();
    while (format->find_row()) {
      in_row = true;
      last = {file.position().offset, numbered + 1,
              static_cast<std::uint32_t>(file.position().line)};
      Row row = read(last);
      in_row = false;
      if (!row.value) continue;
      ++numbered;
      return row;
    }
    return std::nullopt;
  }

  static std::string place(const Mark& at) {
    return "row " + std::to_string(at.number) + " (line " + std::to_string(at.line) + ")";
  }

  Error named(const Error& error, bool with_row) const {
    const std::string where = with_row ? file.path() + ": " + place(last) : file.path();
    return error.in_words(where + ": " + error.what());
  }

  ListFormat kind;
  std::string sentence;
  ListFile file;
  std::unique_ptr<RowFormat> format;
  Ref<JsonNode> defaults;
  bool begun = false;
  bool in_row = false; ///< what went wrong did so inside `last`
  bool stopped = false;
  std::uint32_t numbered = 0;
  Mark last;
};

RowReader::RowReader(const std::string& path, std::string sentence)
    : reader_(std::make_unique<Reader>(path, std::move(sentence))) {}

RowReader::~RowReader() = default;

const std::string& RowReader::path() const {
  return reader_->file.path();
}

ListFormat RowReader::format() const {
  return reader_->kind;
}

const std::vector<std::string>& RowReader::columns() const {
  return reader_->format->columns();
}

JsonNode* RowReader::defaults() const {
  return reader_->defaults.get();
}

std::optional<Row> RowReader::next(const Cancel* cancel) {
  auto& self = *reader_;
  if (self.stopped) return std::nullopt;
  const bool had_begun = self.begun;
  const auto before = self.file.position();
  self.file.watch(cancel);
  try {
    return self.next();
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) {
      if (had_begun)
        self.file.seek(before);
      else
        rewind();
      throw;
    }
    self.stopped = !self.in_row || self.format->is_lost() || error.fault == Fault::read;
    if (self.in_row) ++self.numbered;
    throw self.named(error, self.in_row);
  }
}

bool RowReader::can_go_on() const {
  return !reader_->stopped;
}

RowReader::Mark RowReader::mark() const {
  return reader_->last;
}

Row RowReader::read_at(const Mark& mark, const Cancel* cancel) {
  auto& self = *reader_;
  self.file.watch(cancel);
  self.begin();
  const auto before = self.file.position();
  const Mark last = std::exchange(self.last, mark);
  struct Restore {
    ~Restore() {
      self.file.seek(before);
      self.last = last;
    }
    Reader& self;
    ListFile::Position before;
    Mark last;
  } restore{self, before, last};
  try {
    self.check_unchanged();
    self.file.seek({mark.offset, mark.line, 1});
    return self.read(mark);
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    throw self.named(error, true);
  }
}

void RowReader::take_copy(const Cancel* cancel) {
  try {
    reader_->file.take_copy(cancel);
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    throw reader_->named(error, false);
  }
}

void RowReader::rewind() {
  auto& self = *reader_;
  self.file.seek({});
  self.format = make_format(self.kind, self.file, self.sentence);
  self.begun = self.stopped = false;
  self.numbered = 0;
  self.last = {};
}

} // namespace aigc
