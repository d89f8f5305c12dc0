// SPDX-License-Identifier: LGPL-2.1-or-later
// The models a server lists.
#pragma once

#include "service/openai/server.h"

#include <optional>
#include <string>
#include <vector>

namespace aigc::openai {

/// Stands for the only model of a server that has one.
inline constexpr const char* kOnlyModel = "auto";

struct ListedModel {
  std::string id;
  std::string owner; ///< "owned_by", in small letters
};

/// Nothing where the server has no such list. Throws as Server::send(), and for refusals.
std::optional<std::vector<ListedModel>> list_models(const Server& server, Call& call);

/// Throws Error{Fault::settings} that names some where there is not just one.
std::string only_model(const Server& server, Call& call);

/// `error` of a refused create, with the names the server has where it may lack `model`.
Error with_names(Error error, const Server& server, const std::string& model, Call& call);

} // namespace aigc::openai
