// SPDX-License-Identifier: LGPL-2.1-or-later
// The models of OpenAI, and what any other model of such a server is taken to accept.
#pragma once

#include "service/model.h"

#include <span>
#include <string>

namespace aigc::openai {

/// Whose server it is.
enum class Owner { openai, stranger, user };

/// Of OpenAI itself, or of any other server, whose own models have names nobody knows beforehand.
std::span<const Model> models(Owner owner);

/// The row a name goes by that is in no table: that of the model it is a snapshot of, or one that
/// takes nearly anything.
Model pattern_of(Owner owner, Role role, const std::string& name);

} // namespace aigc::openai
