// SPDX-License-Identifier: LGPL-2.1-or-later
// See paid_call.h. Here: the result is downloaded and looked at.
#include "media/picture.h"
#include "media/probe.h"
#include "net/backoff.h"
#include "net/http.h"
#include "service/driver_log.h"
#include "service/paid_call.h"
#include "service/verify.h"
#include "store/files.h"

#include <glib/gstdio.h>

namespace aigc {

namespace {

constexpr unsigned kEarlyTries = 5; ///< for a file its server is about to hand out

bool is_remote(const Result& result) {
  return !result.url.empty() && !result.picture && result.clip_path.empty();
}

/// The address leads nowhere any more.
bool is_expired(const Error& error) {
  return error.fault == Fault::not_found || error.http_status == 403 || error.http_status == 404 ||
         error.http_status == 410;
}

/// Servers that keep their results say so of one that is not quite there yet.
bool is_early(const Error& error) {
  return is_expired(error) || error.http_status == 400 || error.http_status == 409 ||
         error.http_status == 425;
}

bool is_of(const Endpoint& endpoint, const std::string& url) {
  return origin_of(url).host == endpoint.host;
}

bool is_address(const std::string& url) {
  try {
    origin_of(url);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_bad_delivery(const Error& error) {
  return error.fault == Fault::format || error.fault == Fault::damaged;
}

} // namespace

/// What arrived damaged is fetched once more; what is bad then was delivered so, and billed.
void PaidCall::bring_home(Result& result) {
  const bool remote = is_remote(result);
  for (bool again = false;; again = true) {
    if (remote) fetch(result);
    attempt_.reached(Step::downloaded);
    try {
      verify(result);
      attempt_.reached(Step::verified);
      return;
    } catch (const Error& error) {
      if (!is_bad_delivery(error)) throw;
      if (!remote || again) {
        refuse(result);
        throw;
      }
      GST_WARNING("%s: %s, downloading it again", entry_.service.c_str(), error.what());
      g_unlink(attempt_.call.scratch.c_str());
    }
  }
}

void PaidCall::verify(Result& result) {
  try {
    verify_delivery(attempt_.request, model_, result, attempt_.call.cancel);
  } catch (const Error& error) {
    if (error.fault != Fault::missing_plugin) throw;
    GST_WARNING("a result is taken unseen: %s", error.what()); // it is paid for
  }
}

/// Sets the picture or the path of the clip. The journal keeps what could not be fetched now.
void PaidCall::fetch(Result& result) {
  if (!is_address(result.url)) {
    refuse(result);
    throw Error(Fault::format, entry_.service + " gave no address to fetch the result from",
                "run again; report the request id to the service if it was billed");
  }
  for (unsigned tries = 0;; ++tries) {
    try {
      download(result);
      break;
    } catch (const Error& error) {
      if (error.fault == Fault::format) refuse(result); // too large to be a result
      const bool early = is_of(endpoint_, result.url) && is_early(error);
      if (!early && !is_expired(error)) throw;
      const bool gone = early && tries >= kEarlyTries; // the task says done, its server has nothing
      if (entry_.task.empty() || gone) give_up(result, error);
      if (refreshed_ && !early) throw;
      if (refreshed_) attempt_.pause(backoff(tries));
      refreshed_ = true;
      result.url = wait().url; // the task still knows a fresh one
    }
  }
  if (attempt_.request.role == Role::clip) {
    result.clip_path = attempt_.call.scratch;
    return;
  }
  result.picture = read_file(attempt_.call.scratch);
  g_unlink(attempt_.call.scratch.c_str());
  if (!result.picture)
    throw Error(Fault::read, "a downloaded picture cannot be read back", "run again");
}

void PaidCall::download(const Result& result) {
  HttpDownload order;
  order.url = result.url;
  order.path = attempt_.call.scratch;
  order.max_bytes = attempt_.request.role == Role::clip ? kMaxClipBytes : kMaxPictureBytes;
  order.bearer = house_.backend.key_for(result.url);
  order.private_allowed = endpoint_.is_private;
  order.max_retries = attempt_.options.max_retries;
  order.total = attempt_.call.deadline;
  HttpClient::shared().download(order, attempt_.call.cancel);
}

/// Nobody hands the result out. A server that sends bills may yet, where it is its own file: that
/// stays open for as long as the file may be there.
void PaidCall::give_up(const Result& result, const Error& error) {
  Error told = error;
  const bool may_come = is_of(endpoint_, result.url) && error.http_status != 410;
  if (may_come && !endpoint_.free && !is_forgotten()) {
    told.remedy = "the service made it, but does not hand it out; running again asks for it once "
                  "more, and orders anew when it is a day old";
  } else {
    refuse(result);
    told.remedy = "the address was all there was of a billed result; running again orders anew";
  }
  throw told;
}

/// Billed, and worth nothing: a rerun may order anew.
void PaidCall::refuse(const Result& result) {
  Result billed = result;
  price(billed);
  close(billed, true);
}

} // namespace aigc
