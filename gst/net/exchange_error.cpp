// SPDX-License-Identifier: LGPL-2.1-or-later
// What went wrong with an exchange, in words a person can act on. See exchange.h.
#include "net/exchange.h"

namespace aigc {

namespace {

constexpr char kTryLater[] = "check the network, or try again later";

std::string text_of(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

} // namespace

/// `unclear` once the request may have arrived; else another try can help.
Error Exchange::lost(Fault fault, const std::string& what, const std::string& remedy) const {
  Error error(fault, request_.method + " " + url_.shown() + " " + what, remedy);
  error.unclear = request_.creates && headers_out_;
  error.retry = !error.unclear;
  return error;
}

Error Exchange::broken(const std::string& what) const {
  return lost(Fault::read, what, kTryLater);
}

Error Exchange::too_late() {
  switch (phase()) {
  case Phase::queued:
  case Phase::connecting:
    return lost(Fault::timeout, "was not connected within " + text_of(limit_), kTryLater);
  case Phase::sending:
    return lost(Fault::timeout, "could not be sent: nothing was taken for " + text_of(limit_),
                kTryLater);
  case Phase::waiting:
    return lost(Fault::timeout, "was not answered within " + text_of(limit_), kTryLater);
  default:
    return lost(Fault::timeout,
                "stalled: nothing came for " + text_of(limit_) + " after " +
                    std::to_string(received_) + " bytes",
                kTryLater);
  }
}

Error Exchange::too_large() const {
  Error error = lost(Fault::format,
                     "gave more than the " + std::to_string(request_.max_bytes) + " bytes allowed",
                     "check that this is the right address");
  error.retry = false;
  return error;
}

Error Exchange::cut_off() const {
  const std::string all = announced_ > 0 ? " of " + std::to_string(announced_) : "";
  return lost(Fault::damaged, "broke off after " + std::to_string(received_) + all + " bytes",
              kTryLater);
}

Error Exchange::explain_tls(const GError* error) const {
  const bool known = bad_certificate_ != 0;
  std::string why = error->message;
  std::string remedy = "check the address, the clock and the certificates of this machine";
  if (bad_certificate_ & G_TLS_CERTIFICATE_BAD_IDENTITY)
    why = "its certificate is for another host";
  if (bad_certificate_ & G_TLS_CERTIFICATE_EXPIRED) why = "its certificate has expired";
  if (bad_certificate_ & G_TLS_CERTIFICATE_NOT_ACTIVATED) why = "its certificate is not valid yet";
  if (bad_certificate_ & G_TLS_CERTIFICATE_REVOKED) why = "its certificate was revoked";
  if (bad_certificate_ & G_TLS_CERTIFICATE_UNKNOWN_CA) {
    why = "its certificate is of no authority that this machine trusts";
    remedy = "let AIGC_CA_FILE name a PEM file with the authority's certificate, if you trust it";
  }
  if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_UNAVAILABLE)) {
    why = "GLib has no TLS here";
    remedy = "install glib-networking";
  }
  Error result = lost(Fault::read, "failed to set up TLS: " + why, remedy);
  if (known) result.retry = false;
  return result;
}

Error Exchange::explain(const GError* error) {
  const Phase now = phase();
  if (error->domain == G_RESOLVER_ERROR)
    return lost(Fault::read, "failed: the name " + url_.host + " cannot be found",
                "check the address and the name service of this network");
  if (error->domain == G_TLS_ERROR && now <= Phase::connecting) return explain_tls(error);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return broken("failed: " + url_.authority() + " refuses connections");
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE) ||
      g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    return broken("failed: " + url_.authority() + " cannot be reached");
  if (error->domain == SOUP_SESSION_ERROR && error->code == SOUP_SESSION_ERROR_PARSING)
    return broken("gave no whole HTTP answer");
  if (now == Phase::body) return cut_off();
  if (now >= Phase::sending)
    return broken("broke off before an answer came (" + std::string(error->message) + ")");
  return broken(std::string("failed: ") + error->message);
}

} // namespace aigc
