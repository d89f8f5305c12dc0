// SPDX-License-Identifier: LGPL-2.1-or-later
// What one kind of AI stage (writer, art director, camera) adds to the stage base.
#pragma once

#include "base/cancel.h"
#include "base/guarded.h"
#include "service/driver.h"
#include "service/factory.h"
#include "stage/pool.h"
#include "stage/properties.h"

#include <functional>
#include <memory>
#include <string>

namespace aigc {

/// What happens to a shot whose service failed.
enum class OnError { fail, skip, fallback };

/// The properties every AI stage has. A kind derives its own settings from this.
struct StageSettings {
  std::string prompt;
  int backend = 0; ///< BackendChoice
  std::string base_url;
  int profile = static_cast<int>(Profile::automatic);
  std::string workflow;
  std::string model;
  std::string api_key;
  std::string fallback_backends;
  guint timeout = 0; ///< ms; each role has its own default
  guint poll_interval = 0;
  guint max_in_flight = 0;
  int order = static_cast<int>(Order::input);
  guint max_retries = 4;
  int on_error = static_cast<int>(OnError::fail);
  std::string cache_dir;
  bool use_cache = true;
  double max_cost = 0; ///< 0 = as the environment says
  double max_cost_hour = 0;
  bool cancel_pending = false;
  gint64 seed = -1;
  guint take = 0;
  bool dry_run = false;
  KeyRing keys; ///< of the context; no property
};

/// What a stage will get to work on, as far as its links tell before anything flows.
struct Arrivals {
  bool words = true;
  bool references = true; ///< words may bring pictures of characters or style
  bool pictures = true;   ///< keyframes
};

/// A call that a dry run has not made.
struct Planned {
  Provenance provenance;
  std::string key; ///< of the request: two calls of one key are paid for once
  Expectation expected;
  std::string chain;    ///< the clips of one wait for each other
  bool is_open = false; ///< a run before this one has ordered it
};

/// What a stage made of a job. Of a planned clip there is no buffer.
struct Product {
  Shot shot;             ///< with what the stage learned
  Ref<GstBuffer> buffer; ///< writable
  Ref<GstCaps> caps;
  Link link;                            ///< for the next shot of its chain
  unsigned requests = 0;                ///< calls that were sent, the first try included
  std::optional<Provenance> provenance; ///< empty when no service was asked
  std::optional<Planned> planned;       ///< on a dry run, what is not in the store
};

/// One run of a stage, from READY->PAUSED to PAUSED->READY.
class StageRun {
 public:
  virtual ~StageRun() = default;

  /// Shots worked on at once.
  virtual unsigned max_in_flight() const = 0;

  /// Calls that its service works on at once, as the service takes them now; on any thread.
  virtual unsigned at_once() const { return max_in_flight(); }

  /// What the user should know before anything starts, such as that the results are previews.
  virtual std::string notice() const { return {}; }

  /// Chooses the format of what will leave, the first time before any service is asked; `first` is
  /// null while no shot has come. `allowed` is what downstream takes. Upstream's caps queries ask
  /// here too, with null, on any thread and while shots are worked on: such a call changes nothing.
  /// Throws Error{Fault::negotiation, settings}.
  virtual Ref<GstCaps> negotiate(const Shot* first, GstCaps* allowed) = 0;

  /// Whether input of that kind can be worked on, as the settings are now; on any thread.
  virtual bool takes(InputKind) const { return true; }

  /// The chain whose shots are worked on one after another; empty where a shot waits for no other.
  virtual std::string chain_of(const Shot&) const { return {}; }

  /// What a shot tells before it is done, on the thread that works on it.
  struct Progress {
    std::function<void(int)> percent = [](int) {};
    std::function<void(GBytes*)> preview; ///< a sketch of it, PNG or JPEG; may be empty
    std::function<void(const Error&)> warn = [](const Error&) {};
    std::function<void(const ServiceNews&)> news = [](const ServiceNews&) {};
    /// Whether the pipeline is a channel, which goes on for ever.
    std::function<bool()> live = [] { return false; };
  };

  /// The length of a shot that neither says one nor came with one.
  virtual double default_seconds() const { return kDefaultShotSeconds; }

  /// What leaves is clips: how fast they come is what feeds a channel.
  virtual bool makes_clips() const { return false; }

  /// Whether a service rests, so that nothing will come for a while; on any thread.
  virtual bool resting() const { return false; }

  /// Works on one shot; called on several threads at once. Throws Error.
  virtual Product work(Job job, Cancel& cancel, const Progress& progress) = 0;

  /// What goes on in the place of a shot that failed under on-error=fallback. Throws Error.
  virtual Product fallback(Job job, Cancel& cancel) = 0;
};

/// One element's kind: its properties and how a run begins. Lives as long as the element.
class StageKind {
 public:
  virtual ~StageKind() = default;

  virtual const char* stage_name() const = 0; ///< "prompt", "image", "video": progress, provenance
  virtual bool set_property(guint id, const GValue* value) = 0;
  virtual bool get_property(guint id, GValue* value) const = 0;
  virtual guint stats_id() const = 0;
  virtual StageSettings shared_settings() const = 0;
  virtual bool every_frame() const { return false; }

  /// What may leave, as the settings are now; null = all of the pad's template.
  virtual Ref<GstCaps> offered() const { return nullptr; }

  /// The keys of the context, for the next run.
  virtual void set_keys(KeyRing keys) = 0;
  /// Whether the next run would do with a key that nobody has given yet.
  virtual bool wants_key() const { return false; }

  /// Checks the settings and gets ready. Never blocks. Throws Error{Fault::settings}.
  virtual std::unique_ptr<StageRun> begin(const Arrivals& arrivals) const = 0;
};

/// A kind whose settings are `S`, described by the table `S::table()`.
template <typename S> class KindWith : public StageKind {
 public:
  bool set_property(guint id, const GValue* value) override {
    auto settings = settings_.lock();
    return S::table().set(*settings, id, value);
  }
  bool get_property(guint id, GValue* value) const override {
    return S::table().get(settings(), id, value);
  }
  guint stats_id() const override { return S::table().next_id(); }
  StageSettings shared_settings() const override { return settings(); }
  void set_keys(KeyRing keys) override { settings_.lock()->keys = std::move(keys); }
  S settings() const { return settings_.snapshot(); }

 private:
  Guarded<S> settings_;
};

} // namespace aigc
