// SPDX-License-Identifier: LGPL-2.1-or-later
// Bad weather in a live channel with on-error=skip or fail: whatever a service does, there is no
// ERROR. What may pass is tried again, what is the shot's fault is left out, and a service that is
// out is left alone until it is back. The server counts what it is asked.
#pragma once

#include "fault/channel_weather.h"

#include <ostream>

namespace aigc {

enum class Ends {
  made,     ///< all shots, in the end
  left_out, ///< all shots, with a warning each
  rests,    ///< nothing is left out, the service rests
};

struct Row {
  const char* name;
  Stage stage;
  const char* fault;
  Ends ends;
  size_t most_creates; ///< of all shots, until that is so
  const char* properties = "";
};

inline void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

#define ONCE(route, rest) R"({"route":")" route R"(","times":1,)" rest "}"
#define EVER(route, rest) R"({"route":")" route R"(","times":-1,)" rest "}"
#define STATUS(status) R"("kind":"status","status":)" #status

/// All at once, as many as it takes to send a service to rest; else as many as may start together.
inline constexpr int kShots = 5, kFew = 2;

class ChannelTable : public Channel, public testing::WithParamInterface<Row> {};

} // namespace aigc
