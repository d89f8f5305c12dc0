// SPDX-License-Identifier: LGPL-2.1-or-later
// What the two servers built on FastAPI share.
#pragma once

#include "fields.h"
#include "videos.h"

#include <string>
#include <vector>

namespace standin {

// {"detail": [{loc, msg, type}]}, or the text of it where errors are objects.
void refuse_field(const ExchangePtr&, const FieldProblem&, int status = 422);
// Reads the fields of JSON or a form; false when it refused.
bool fastapi_fields(const ExchangePtr&, const std::vector<Field>&, Json& out, int status = 422);

// {"object":"list","data":[...]} of the profile's models, each with more members.
void send_models(const Standin&, const ExchangePtr&, const std::string& profile, const Json& more);
// The picture a form brings under that name or as its list; empty when there is none.
std::vector<const Part*> form_pictures(const Form&, const std::string& name);
bool served(const Standin&, const std::string& profile, const std::string& model);
// What an order without a model gets.
std::string first_model(const Standin&, const std::string& profile, bool clips);
// Whether a model of that name makes clips of pictures only.
bool needs_picture(const std::string& model);

} // namespace standin
