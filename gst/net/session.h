// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread in which libsoup works: nothing of libsoup is touched outside of it.
#pragma once

#include "base/ref.h"

#include <functional>
#include <libsoup/soup.h>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace aigc {

/// Something of libsoup that is under way.
class SessionWork {
 public:
  virtual ~SessionWork() = default;
  /// Ends it soon, in the session's thread.
  virtual void stop() = 0;
};

class SessionThread {
 public:
  explicit SessionThread(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  /// Ends what is under way and joins the thread.
  ~SessionThread();
  SessionThread(const SessionThread&) = delete;
  SessionThread& operator=(const SessionThread&) = delete;

  /// Runs `action` in the thread soon; starts the thread when this is the first.
  void post(std::function<void()> action);

  // In the thread only:

  GMainContext* context() const { return context_.get(); }
  /// Connections opened where private addresses are allowed are not used where they are not.
  SoupSession* session(bool private_allowed);
  /// Certificates trusted beside the system's, or null. Throws Error{Fault::settings} when the file
  /// cannot be used.
  GTlsDatabase* own_authorities();
  void keep(std::shared_ptr<SessionWork> work) { live_.insert(std::move(work)); }
  void drop(const std::shared_ptr<SessionWork>& work) { live_.erase(work); }

 private:
  void run();
  void wind_up();

  const std::string ca_file_;
  std::mutex mutex_;
  std::thread thread_;
  Ref<GMainContext> context_;
  Ref<SoupSession> sessions_[2];
  Ref<GTlsDatabase> own_authorities_;
  std::set<std::shared_ptr<SessionWork>> live_;
  bool stopping_ = false;
};

} // namespace aigc
