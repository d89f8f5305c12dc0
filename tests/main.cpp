// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts GStreamer, runs the tests, and stops GStreamer so that the leaks tracer reports.
#include <gtest/gtest.h>

#include <gst/gst.h>

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
