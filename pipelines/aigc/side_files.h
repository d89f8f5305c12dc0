// SPDX-License-Identifier: LGPL-2.1-or-later
// What a batch writes beside the files of its rows: the report and the contact sheet. They take the
// place of nothing that the batch reads or makes.
#pragma once

#include "command_line.h"
#include "sheet.h"

namespace aigc::runner {

class SideFiles {
 public:
  /// Throws Error{Fault::settings} for one that cannot be written, is another one, or is the list.
  explicit SideFiles(const CommandLine& line);

  /// Remembers it when one of them is a file that these values name.
  void compare(const JobFile& job, const Values& values);
  /// Throws Error{Fault::settings} for what compare() has found first.
  void check() const;

  const std::string& report() const { return report_; }
  const std::optional<SheetFiles>& sheet() const { return sheet_; }

 private:
  struct Side {
    std::string place, name;
  };
  void add(const std::string& path, const std::string& name);
  const Side* side_at(const std::string& path) const;

  const std::string report_; ///< empty: none
  std::optional<SheetFiles> sheet_;
  std::vector<Side> sides_;
  std::string clash_;
};

} // namespace aigc::runner
