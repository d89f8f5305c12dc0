// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers written byte by byte on a connection taken from the server, for what no server would
// send.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace standin {

struct WireStep {
  std::string bytes;
  double wait = 0; // before the bytes
};

enum class WireEnd { Close, Hold }; // Hold: stays open until the client leaves

// Takes the connection over. Several may be written at once.
void write_raw(GIOStream* connection, std::vector<WireStep> steps, WireEnd end);
// Closes every connection that is still held or written.
void close_raw();

} // namespace standin
