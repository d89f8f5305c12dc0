// SPDX-License-Identifier: LGPL-2.1-or-later
// What can go wrong, in terms a person can act on. Thrown inside C++, turned into a bus message at
// the GObject boundary.
#pragma once

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace aigc {

/// The kind of failure; each maps to one GStreamer error domain and code (gst/stage/report.h).
enum class Fault {
  settings,       ///< a property or shot field is missing or out of range
  negotiation,    ///< no caps both sides accept
  not_found,      ///< a file, model or endpoint does not exist
  not_authorized, ///< key missing, refused or without the right
  no_funds,       ///< unpaid bill, empty balance, spend cap reached
  moderation,     ///< refused by the service's content rules
  format,         ///< bytes that are not what they should be
  damaged,        ///< the right kind of bytes, but empty, cut off or broken
  read,           ///< could not get a result
  write,          ///< could not keep a result
  timeout,        ///< took longer than allowed
  missing_plugin, ///< a GStreamer element is not installed
  cancelled,      ///< stopped by flush, EOS or a state change: not an error to report
};

struct Error : std::runtime_error {
  /// @param message one sentence: what was wrong with which value
  /// @param remedy what to do about it
  Error(Fault fault, const std::string& message, std::string remedy = {})
      : std::runtime_error(message), fault(fault), remedy(std::move(remedy)) {}

  /// The same error in other words.
  Error in_words(const std::string& message) const {
    Error told = *this;
    static_cast<std::runtime_error&>(told) = std::runtime_error(message);
    return told;
  }

  Fault fault;
  std::string remedy;
  std::string service;    ///< backend name, when a service answered
  std::string code;       ///< the service's own code
  std::string request_id; ///< the service's id of the call
  int http_status = 0;
  bool retry = false;     ///< the same call may succeed later
  bool too_fast = false;  ///< the service takes such calls, but fewer of them
  bool unclear = false;   ///< a create that may have been accepted, and billed, all the same
  bool ended = false;     ///< the task itself is over; another look at it gives the same
  bool billed = false;    ///< an answer of no use that the service bills all the same
  bool open = false;      ///< may be billed yet: whoever else is asked now would be paid beside it
  bool own_limit = false; ///< one that was set here, as max-cost is: no service refused
  std::chrono::milliseconds retry_after{0}; ///< what the service asked to wait, 0 = nothing
  unsigned requests = 0;                    ///< calls that were sent before it was given up
};

/// What is being caught, as an Error; to be called in a catch block only.
inline Error caught_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return Error(Fault::read, error.what(), "report this, it should have been caught");
  } catch (...) {
    return Error(Fault::read, "an unknown exception", "report this, it should have been caught");
  }
}

} // namespace aigc
