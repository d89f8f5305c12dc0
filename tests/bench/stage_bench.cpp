// SPDX-License-Identifier: LGPL-2.1-or-later
// Bench: how many shots a second pass a stage whose service does nothing, and what memory grows by.
#include "../unit/stage_fake.h"

#include <cstdio>
#include <fstream>
#include <unistd.h>

#include <gst/check/gstharness.h>

using namespace aigc;

namespace {

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  long total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void run(unsigned workers, int shots) {
  auto element = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
  script_of(element.get())->workers = workers;
  script_of(element.get())->keep_jobs = false;
  GstHarness* harness = gst_harness_new_with_element(element.get(), "sink", "src");
  gst_harness_set_drop_buffers(harness, TRUE);
  gst_harness_set_src_caps_str(harness, "text/x-raw, format=(string)utf8");
  const auto before = std::chrono::steady_clock::now();
  const double memory = resident_mib();
  for (int i = 0; i < shots; ++i)
    gst_harness_push(harness, buffer_of("a fox in the snow").leak());
  gst_harness_push_event(harness, gst_event_new_eos());
  eventually([&] { return GST_PAD_IS_EOS(harness->sinkpad); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  std::printf("%8u %8d %10.3f %12.0f %12.2f\n", workers, shots, took.count(), shots / took.count(),
              resident_mib() - memory);
  gst_harness_teardown(harness);
}

} // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  std::printf("%8s %8s %10s %12s %12s\n", "workers", "shots", "seconds", "shots/s", "MiB grown");
  for (unsigned workers : {1u, 4u, 16u})
    for (int shots : {2000, 20000})
      run(workers, shots);
  gst_deinit();
  return 0;
}
