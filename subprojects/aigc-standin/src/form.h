// SPDX-License-Identifier: LGPL-2.1-or-later
// A multipart/form-data body: fields and files, in the order sent.
#pragma once

#include "json.h"

#include <optional>
#include <string>
#include <vector>

namespace standin {

struct Part {
  std::string name, file_name, type, data;
  bool file = false;
};

class Form {
 public:
  // Nothing when the body is none of that type.
  static std::optional<Form> read(const std::string& content_type, const std::string& body);

  const std::vector<Part>& parts() const { return parts_; }
  // The last field of that name, or null.
  const Part* field(const std::string& name) const;
  std::vector<const Part*> files(const std::string& name) const;
  std::string text(const std::string& name) const; // "" when absent
  // For the log: files by their names, types and sizes.
  Json summary() const;

 private:
  std::vector<Part> parts_;
};

} // namespace standin
