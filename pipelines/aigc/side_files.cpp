// SPDX-License-Identifier: LGPL-2.1-or-later
// See side_files.h.
#include "side_files.h"

#include "base/error.h"

#include <filesystem>
#include <unistd.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

void check_report(const std::string& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  std::error_code error;
  if (!fs::is_directory(folder, error) || access(folder.c_str(), W_OK) != 0 ||
      fs::is_directory(path, error))
    throw Error(Fault::settings, "--report=" + path + ": cannot be written",
                "Give a file in a folder you may write to.");
}

/// The same for every name of a file, whether it is there or not.
std::string place_of(const std::string& path) {
  const fs::path whole = fs::absolute(path);
  std::error_code error;
  const fs::path place = fs::weakly_canonical(whole, error);
  return error ? whole.lexically_normal() : place;
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Fault::settings, what, "Give it another name.");
}

} // namespace

SideFiles::SideFiles(const CommandLine& line) : report_(line.report) {
  if (!line.sheet.empty()) sheet_ = sheet_files(line.sheet);
  if (!report_.empty()) {
    check_report(report_);
    add(report_, "--report=" + report_);
  }
  if (sheet_) {
    add(line.sheet, "--sheet=" + line.sheet);
    if (!sheet_->page.empty())
      add(sheet_->picture, "--sheet=" + line.sheet + " with its picture " + sheet_->picture);
  }
  if (const Side* side = line.rows.empty() ? nullptr : side_at(line.rows))
    refuse(side->name + " would take the place of the list");
}

void SideFiles::add(const std::string& path, const std::string& name) {
  if (const Side* other = side_at(path)) refuse(name + " is the file of " + other->name);
  sides_.push_back({place_of(path), name});
}

const SideFiles::Side* SideFiles::side_at(const std::string& path) const {
  if (sides_.empty()) return nullptr;
  const std::string place = place_of(path);
  for (const auto& side : sides_)
    if (side.place == place) return &side;
  return nullptr;
}

void SideFiles::compare(const JobFile& job, const Values& values) {
  for (const auto& variable : job.variables()) {
    if (!clash_.empty()) return;
    if (variable.type != Type::input && variable.type != Type::brand &&
        variable.type != Type::output)
      continue;
    const auto value = values.find(variable.name);
    if (value == values.end()) continue;
    if (const Side* side = side_at(value->second))
      clash_ = side->name + " would take the place of " + variable.name + "=" + value->second;
  }
}

void SideFiles::check() const {
  if (!clash_.empty()) refuse(clash_);
}

} // namespace aigc::runner
