// SPDX-License-Identifier: LGPL-2.1-or-later
// The typed fields of a request, from JSON or from a form.
#pragma once

#include "exchange.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace standin {

enum class FieldType { Text, Integer, Number, Boolean, Object, Any };

struct Field {
  const char* name;
  FieldType type;
  bool required = false;
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

struct FieldProblem {
  std::string field, message;
  std::string type; // pydantic's word: missing, int_parsing, ...
};

// The known fields with their types, into an object. A form's words are read as numbers, booleans
// and objects where that is the type; JSON must have the type itself. null counts as absent.
std::optional<FieldProblem> read_fields(const Exchange&, const std::vector<Field>&, Json& out);
// The first name that is none of the fields and none of the others; "" when there is none.
std::string unknown_field(const Exchange&, const std::vector<Field>&,
                          const std::vector<std::string>& others);

} // namespace standin
