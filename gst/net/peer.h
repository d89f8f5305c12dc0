// SPDX-License-Identifier: LGPL-2.1-or-later
// What everything of libsoup has in common: how a request begins, and who may answer it.
#pragma once

#include "base/error.h"
#include "base/ref.h"
#include "net/url.h"

#include <libsoup/soup.h>
#include <string>

namespace aigc {

Ref<SoupMessage> make_message(const std::string& method, const Url& url);

/// One call, one connection: with HTTP/2 a create would share its fate with others.
void speak_http1(GSocketClientEvent event, GIOStream* stream);

/// Whether a connection is about to be made to a private address: the one that is really connected
/// to counts, whatever the name said when it was looked up.
bool reaches_private(GSocketClientEvent event, GIOStream* stream);
Error private_address(const std::string& host);

/// What is wrong with a server's certificate. `authorities` are those of AIGC_CA_FILE, or null.
GTlsCertificateFlags judge_certificate(GTlsDatabase* authorities, const Url& url,
                                       GTlsCertificate* certificate, GTlsCertificateFlags flags);

} // namespace aigc
