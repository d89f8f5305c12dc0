// SPDX-License-Identifier: LGPL-2.1-or-later
// Cancel: sleepers wake, hooks run once, late hooks run at once, removed hooks never.
#include "base/cancel.h"

#include <gtest/gtest.h>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

TEST(Cancel, WakesASleeper) {
  Cancel cancel;
  std::thread other([&] { cancel.cancel(); });
  EXPECT_TRUE(cancel.sleep(1h));
  other.join();
  EXPECT_THROW(cancel.check(), Error);
}

TEST(Cancel, SleepEndsByItself) {
  Cancel cancel;
  EXPECT_FALSE(cancel.sleep(1ms));
  EXPECT_NO_THROW(cancel.check());
}

TEST(Cancel, RunsHooksOnceAndLateOnesAtOnce) {
  Cancel cancel;
  int early = 0, late = 0;
  Cancel::Hook first(cancel, [&] { ++early; });
  cancel.cancel();
  cancel.cancel();
  Cancel::Hook second(cancel, [&] { ++late; });
  EXPECT_EQ(early, 1);
  EXPECT_EQ(late, 1);
}

TEST(Cancel, ARemovedHookNeverRuns) {
  Cancel cancel;
  int runs = 0;
  {
    Cancel::Hook gone(cancel, [&] { ++runs; });
  }
  cancel.cancel();
  EXPECT_EQ(runs, 0);
}
