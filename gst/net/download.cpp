// SPDX-License-Identifier: LGPL-2.1-or-later
// See http.h.
#include "net/http.h"
#include "net/http_impl.h"

namespace aigc {

void HttpClient::download(const HttpDownload& order, Cancel& cancel) {
  throw Error(Fault::read, "downloads are not there yet", "");
}

} // namespace aigc
