// SPDX-License-Identifier: LGPL-2.1-or-later
// See shot_list.h.
#include "shot/shot_list.h"

#include "base/error.h"
#include "base/words.h"
#include "shot/brand.h"
#include "shot/language.h"

#include <algorithm>
#include <tuple>

namespace aigc {

namespace {

/// splitmix64: the same order everywhere, from whatever numbers.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ value >> 27) * 0x94d049bb133111ebull;
  return value ^ value >> 31;
}

Row row_of_script(const std::string& script) {
  auto object = adopt(json_object_new());
  json_object_set_string_member(object.get(), "script", script.c_str());
  Row row{.number = 1, .value = adopt(json_node_new(JSON_NODE_OBJECT))};
  json_node_set_object(row.value.get(), object.get());
  return row;
}

/// The row's own id, also where the row is no shot.
std::string id_of(const Row& row) {
  const JsonView members(row.value.get());
  for (const auto& name : members.members()) {
    const std::string id = canonical(name) == "id" ? members[name.c_str()].text() : "";
    if (!is_blank(id) && id.size() <= kMaxTextBytes) return id;
  }
  return RowRegister::id_of(static_cast<std::uint32_t>(row.number));
}

} // namespace

ShotListReader::ShotListReader(ShotListSettings settings)
    : settings_(std::move(settings)), unknown_takes_(settings_.takes.names()) {
  if (!settings_.location.empty()) reader_ = std::make_unique<RowReader>(settings_.location);
  if (is_brand_file(settings_.brand)) load_brand(settings_.brand);
}

// --- one row -------------------------------------------------------------------------------------

std::optional<Row> ShotListReader::read_row(const Cancel* cancel) {
  if (reader_) return reader_->next(cancel);
  if (std::exchange(script_read_, true)) return std::nullopt;
  return row_of_script(settings_.script);
}

Error ShotListReader::named(const Row& row, const Error& error) const {
  if (!reader_) return error;
  return error.in_words(settings_.location + ": " + row.place + ": " + error.what());
}

/// What the row says, with what the settings add to it in every language and turn.
ListedShot ShotListReader::listed(const Row& row) const {
  static const std::vector<std::string> none;
  ListedShot listed = listed_shot(row, reader_ ? reader_->columns() : none);
  Shot& shot = listed.shot;
  shot.index = static_cast<gint64>(row.number) - 1;
  if (shot.id.empty()) shot.id = RowRegister::id_of(row.number);
  if (const auto take = settings_.takes.find(row.number, shot.id)) shot.take = take->second;
  if (shot.brand.empty()) shot.brand = settings_.brand;
  return listed;
}

std::uint32_t ShotListReader::unit_of(const std::string& chain, std::uint32_t row) {
  const bool matters = settings_.shuffle || settings_.shard_count > 1;
  return matters ? register_.first_of_chain(chain, row) : row;
}

bool ShotListReader::is_ours(std::uint32_t unit) const {
  return (unit - 1) % settings_.shard_count == settings_.shard_index;
}

// --- the check -----------------------------------------------------------------------------------

void ShotListReader::check(const BadRow& bad, const Cancel* cancel) {
  if (is_checked_) return;
  if (reader_ && settings_.copy && !is_copied_) {
    reader_->take_copy(cancel);
    is_copied_ = true;
  }
  while (check_next(bad, cancel)) {
  }
  check_result();
  register_.close();
  order_.shrink_to_fit();
  is_checked_ = true;
  begin_turn();
}

bool ShotListReader::check_next(const BadRow& bad, const Cancel* cancel) {
  std::optional<Row> row;
  try {
    row = read_row(cancel);
    if (!row) return false;
    check_row(*row);
    return true;
  } catch (const Error& error) {
    if (row) {
      leave_out(static_cast<std::uint32_t>(row->number), id_of(*row), named(*row, error), bad);
      return true;
    }
    // What the reader says has its place already.
    if (error.fault == Fault::cancelled || error.fault == Fault::read) throw;
    is_cut_ = !reader_->can_go_on();
    const auto number = reader_->mark().number;
    leave_out(is_cut_ ? 0 : number, is_cut_ ? "rest" : RowRegister::id_of(number), error, bad);
    return !is_cut_;
  }
}

void ShotListReader::check_row(const Row& row) {
  const ListedShot found = listed(row);
  if (is_brand_file(found.shot.brand)) load_brand(found.shot.brand);
  if (settings_.languages.empty()) in_language(found, "");
  for (const auto& language : settings_.languages)
    in_language(found, language);
  const auto number = static_cast<std::uint32_t>(row.number);
  const std::string& id = found.shot.id;
  if (settings_.loop != 1 && ends_as_in_turn(id))
    throw Error(Fault::settings, "id: \"" + id + "\" ends as in a turn of the loop",
                "leave out what begins with ~");
  register_.claim_id(id, number);
  if (const auto* take = settings_.takes.find(number, id)) unknown_takes_.erase(take->first);
  ++good_;
  names_.look(found, settings_.location + ": " + row.place);
  const auto unit = unit_of(found.shot.chain, number);
  if (!is_ours(unit)) return;
  if (!found.shot.at.empty()) return check_timed(found);
  ++ours_;
  if (settings_.shuffle) order_.push_back({reader_ ? reader_->mark() : RowReader::Mark{}, unit});
}

void ShotListReader::check_timed(const ListedShot& found) {
  if (timed_.size() >= kMaxTimedRows)
    throw Error(Fault::settings,
                "at: more than " + std::to_string(kMaxTimedRows) + " rows have a fixed time",
                "give fewer rows a time, the others follow them in their order");
  if (settings_.languages.empty()) timed_.push_back(in_run(found, ""));
  for (const auto& language : settings_.languages)
    timed_.push_back(in_run(found, language));
}

void ShotListReader::leave_out(std::uint32_t row, const std::string& id, const Error& error,
                               const BadRow& bad) {
  if (!first_bad_) first_bad_ = error;
  if (row > 0) bad_.push_back(row);
  bad(id, error);
}

void ShotListReader::check_result() const {
  if (good_ == 0 && first_bad_)
    throw first_bad_->in_words("no shot is left: " + std::string(first_bad_->what()));
  if (good_ == 0)
    throw Error(Fault::format, settings_.location + ": the list holds no shot",
                "write at least one sentence");
  names_.check_words();
  if (!unknown_takes_.empty())
    throw Error(Fault::settings,
                (reader_ ? settings_.location + ": " : "") + "takes: there is no shot " +
                    *unknown_takes_.begin(),
                "name shots by their number, from 1 to " + std::to_string(good_ + bad_.size()) +
                    ", or by their id");
}

// --- turns ---------------------------------------------------------------------------------------

void ShotListReader::begin_turn() {
  ++turn_;
  at_ = 0;
  if (!settings_.shuffle) {
    if (reader_) reader_->rewind();
    script_read_ = false;
    return;
  }
  const auto rank = [salt = mixed(settings_.seed ^ mixed(turn_))](const Place& place) {
    return std::tuple(mixed(salt ^ place.unit), place.unit, place.mark.number);
  };
  std::sort(order_.begin(), order_.end(),
            [&](const Place& a, const Place& b) { return rank(a) < rank(b); });
}

/// The next row of the list that the check has not left out.
std::optional<Row> ShotListReader::good_row(const Cancel* cancel) {
  for (;;) {
    try {
      auto row = read_row(cancel);
      const auto is_bad = [&] {
        return std::binary_search(bad_.begin(), bad_.end(),
                                  static_cast<std::uint32_t>(row->number));
      };
      if (!row || !is_bad()) return row;
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled || error.fault == Fault::read) throw;
      if (!reader_->can_go_on() && is_cut_) return std::nullopt;
      if (!std::binary_search(bad_.begin(), bad_.end(), reader_->mark().number)) throw;
    }
  }
}

/// Reads the next row of ours into current_; false at the end of the turn.
bool ShotListReader::advance_in_turn(const Cancel* cancel) {
  if (settings_.shuffle) {
    if (at_ == order_.size()) return false;
    current_ = listed(reader_ ? reader_->read_at(order_[at_].mark, cancel)
                              : row_of_script(settings_.script));
    ++at_;
    return true;
  }
  while (const auto row = good_row(cancel)) {
    current_ = listed(*row);
    if (is_ours(unit_of(current_->shot.chain, static_cast<std::uint32_t>(row->number))) &&
        current_->shot.at.empty())
      return true;
  }
  return false;
}

Shot ShotListReader::in_run(const ListedShot& listed, const std::string& language) const {
  Shot shot = in_language(listed, language);
  shot.run = run_of(language, turn_);
  shot.id += shot.run;
  return shot;
}

std::optional<Shot> ShotListReader::next_in_turn(const Cancel* cancel) {
  const auto& languages = settings_.languages;
  const bool is_through = language_ >= std::max<size_t>(languages.size(), 1);
  if (!current_ || is_through) {
    current_.reset();
    language_ = languages.size() + 1; // whatever row a break leaves in current_ is not sent
    if (ours_ == 0 || !advance_in_turn(cancel)) {
      current_.reset();
      return std::nullopt;
    }
    language_ = 0;
  }
  const std::string language = languages.empty() ? "" : languages[language_];
  ++language_;
  return in_run(*current_, language);
}

bool ShotListReader::next_turn() {
  if (ours_ == 0 || (settings_.loop >= 0 && turn_ >= static_cast<unsigned>(settings_.loop)))
    return false;
  begin_turn();
  return true;
}

void ShotListReader::go_to_turn(unsigned turn) {
  turn_ = turn - 1;
  current_.reset();
  begin_turn();
}

std::optional<Shot> ShotListReader::next(const Cancel* cancel) {
  for (;;) {
    if (auto shot = next_in_turn(cancel)) return shot;
    if (!next_turn()) return std::nullopt;
  }
}

bool ShotListReader::has_id(std::string_view id) const {
  if (ends_as_in_turn(id)) id = id.substr(0, id.rfind('~'));
  if (register_.has_id(std::string(id))) return true;
  for (const auto& language : settings_.languages) {
    const std::string end = "." + language;
    if (id.ends_with(end) && register_.has_id(std::string(id.substr(0, id.size() - end.size()))))
      return true;
  }
  return false;
}

} // namespace aigc
