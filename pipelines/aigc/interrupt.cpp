// SPDX-License-Identifier: LGPL-2.1-or-later
// See interrupt.h.
#include "interrupt.h"

#include <csignal>
#include <unistd.h>

#include <glib-unix.h>

namespace aigc::runner {
namespace {

/// How long the end may take once the user has asked twice.
constexpr unsigned kStopSeconds = 3;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void end_program(int) {
  _exit(130);
}

} // namespace

SignalWatch::SignalWatch(Interrupt& interrupt) : interrupt_(interrupt) {
  const auto context = adopt(g_main_context_ref_thread_default());
  for (const int signal : kSignals) {
    GSource* source = g_unix_signal_source_new(signal);
    g_source_set_callback(source, on_signal, this, nullptr);
    g_source_attach(source, context.get());
    sources_.push_back(source);
  }
}

/// GLib gives a signal back its deadly meaning with the last source that watches for it. One that
/// comes while an interrupted program winds up must not find that, not even for a moment.
SignalWatch::~SignalWatch() {
  const bool is_interrupted = interrupt_.finish.cancelled();
  if (is_interrupted)
    for (const int signal : kSignals)
      std::signal(signal, end_program);
  for (GSource* source : sources_) {
    g_source_destroy(source);
    if (!is_interrupted) g_source_unref(source);
  }
  static auto& kept = *new std::vector<GSource*>; // for as long as the program lives
  if (is_interrupted) kept.insert(kept.end(), sources_.begin(), sources_.end());
}

gboolean SignalWatch::on_signal(gpointer self) {
  Interrupt& interrupt = static_cast<SignalWatch*>(self)->interrupt_;
  if (interrupt.finish.cancelled()) {
    std::signal(SIGALRM, end_program);
    alarm(kStopSeconds);
  }
  interrupt.raise();
  return G_SOURCE_CONTINUE;
}

} // namespace aigc::runner
