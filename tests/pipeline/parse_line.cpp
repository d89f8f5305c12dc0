// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands in for gst-launch-1.0 where a line cannot be run: reads the line, so that its elements,
// properties, values and links are known to be there, and starts nothing.
#include "base/ref.h"

#include <gst/gst.h>

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const bool eos = argc > 1 && g_str_equal(argv[1], "-e");
  auto** words = const_cast<const gchar**>(argv + (eos ? 2 : 1));
  aigc::ErrorSlot error;
  const auto pipeline = aigc::adopt(
      gst_parse_launchv_full(words, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, error.out()));
  if (pipeline) gst_object_ref_sink(pipeline.get());
  if (error) g_printerr("%s\n", error.message().c_str());
  return error || !pipeline;
}
