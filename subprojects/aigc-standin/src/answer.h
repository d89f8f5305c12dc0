// SPDX-License-Identifier: LGPL-2.1-or-later
// What the chat model says: a shot description built from the user's words.
#pragma once

#include "json.h"

#include <string>

namespace standin {

// The text of a message, whatever its form.
std::string message_text(const Json& message);
bool mentions_json(const Json& messages);
// A JSON object with prompt, negative_prompt, motion_prompt, keyframe and mood.
std::string json_answer(const Json& messages);
std::string prose_answer(const Json& messages);
std::string reasoning(const Json& messages);

int tokens(const std::string& text);
// Cuts to at most that many tokens.
std::string cut_tokens(const std::string& text, int limit);

} // namespace standin
