// SPDX-License-Identifier: LGPL-2.1-or-later
// Two services a test scripts, one behind the other, and a clock of its own.
#pragma once

#include "driver_rig.h"
#include "media/picture.h"
#include "service/failover.h"
#include "store/lock.h"

namespace failover_rig {

using namespace driver_rig;

class NamedBackend : public ScriptedBackend {
 public:
  explicit NamedBackend(const char* name) : name_(name) {
    host = std::string(name) + ".test";
    is_private = false;
  }
  const char* name() const override { return name_; }
  void probe(Call&) override {
    ++probes;
    if (probing) probing();
    if (probe_refused) throw Error(Fault::settings, "has no list of models");
    if (!probes_well) throw passing("still down");
  }
  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    if (sketch && call.preview) call.preview(sketch.get());
    return ScriptedBackend::submit(request, call);
  }
  Ref<GBytes> sketch;
  std::atomic<int> probes{0};
  bool probes_well = false;
  bool probe_refused = false;
  std::function<void()> probing;

 private:
  const char* name_;
};

inline Ref<GBytes> png() {
  Cancel cancel;
  return encode_picture({8, 8, std::vector<std::uint8_t>(4 * 8 * 8, 99)}, "image/png", cancel);
}

inline Error refusal(Fault fault, int status) {
  Error error(fault, "it said no");
  error.service = "one";
  error.http_status = status;
  return error;
}

struct FailoverTest : testing::Test {
  std::shared_ptr<NamedBackend> one = std::make_shared<NamedBackend>("one");
  std::shared_ptr<NamedBackend> two = std::make_shared<NamedBackend>("two");
  TempFolder folder;
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms, .max_retries = 0};
  std::atomic<Health::Clock::duration> time{0s};
  Health health{[this] { return Health::Clock::time_point(time.load()); }};
  Failover services{{{Driver(one, ResultStore(folder.path())), ""},
                     {Driver(two, ResultStore(folder.path())), ""}},
                    health};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;
  Journal journal{folder.path()};
  std::vector<std::string> warnings;
  std::optional<Error> refused_by_one; ///< before it is asked

  Failover::Made make() {
    const auto ask = [this](size_t number) {
      if (number == 0 && refused_by_one) throw Error(*refused_by_one);
      return request;
    };
    return services.make(
        ask, options, cancel, [](int) {},
        [this](const Error& error) { warnings.push_back(error.what()); });
  }
  Error error() {
    try {
      make();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
  std::string key(const Backend& backend) { return request_key(edition_of(backend), request); }
  /// Another shot.
  void next() { ++request.take; }
  void wear_out(NamedBackend& backend, int from = 0) {
    backend.failures = 1'000'000;
    for (int i = from; i < 5; ++i, next())
      try {
        make();
      } catch (const Error&) {
      }
  }
};

} // namespace failover_rig
