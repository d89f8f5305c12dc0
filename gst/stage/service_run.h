// SPDX-License-Identifier: LGPL-2.1-or-later
// What the runs of all AI stages share: the backend, the model, the driver, the common properties.
#pragma once

#include "service/failover.h"
#include "service/fallbacks.h"
#include "stage/gstaigcstage.h"
#include "stage/kind.h"

namespace aigc {

/// The properties of DESIGN's every AI stage, to stand in front of the element's own.
template <typename S> std::vector<Property<S>> with_stage_properties(std::vector<Property<S>> own) {
  constexpr double any = std::numeric_limits<double>::max();
  std::vector<Property<S>> rows = {
      {"prompt", "Words for every shot that brings none (default: none)", &S::prompt,
       Mutable::playing},
      {"backend",
       "Which service works; auto: by base-url, else by the key that is set, else preview",
       &S::backend, Mutable::ready, 0, 0, backend_choice_type},
      {"base-url",
       "Root of the service's API, as its documents give it (default: the service's own)",
       &S::base_url},
      {"api-key", "Key of the service; better kept in the environment (write-only, default: none)",
       &S::api_key, Mutable::ready, 0, 0, nullptr, true},
      {"profile", "Which server answers at base-url with backend=openai; auto: found by asking it",
       &S::profile, Mutable::ready, 0, 0, profile_type},
      {"workflow",
       "File with a workflow in ComfyUI's API format, for backend=comfyui (default: none)",
       &S::workflow},
      {"model",
       "Model of the service (default: the first of its table that makes what the shot asks for)",
       &S::model},
      {"fallback-backends",
       "Who is tried when a service is down or refuses, each for timeout: "
       "\"NAME, base-url=..., model=...; NAME\" (default: nobody)",
       &S::fallback_backends},
      {"timeout", "Longest wait for one result, in ms", &S::timeout, Mutable::playing, 1, any},
      {"poll-interval",
       "Pause between two looks at a task, in ms (0 = as tasks of the model took before)",
       &S::poll_interval, Mutable::playing, 0, 3'600'000},
      {"max-in-flight", "Shots worked on at once (0 = as many as the service's limits make use of)",
       &S::max_in_flight, Mutable::ready, 0, 256},
      {"order", "Whether results keep the order of their shots", &S::order, Mutable::ready, 0, 0,
       order_type},
      {"max-retries", "Tries after the first, where a second can help", &S::max_retries,
       Mutable::playing, 0, 100},
      {"on-error",
       "What happens to a shot that failed; a live channel goes on: there, fail and skip leave out "
       "what is the shot's own fault, and wait while the service is out",
       &S::on_error, Mutable::playing, 0, 0, on_error_type},
      {"cache-dir", "Folder of finished results (default: AIGC_CACHE_DIR, else the XDG cache)",
       &S::cache_dir},
      {"use-cache", "Take a result of the same request from cache-dir instead of asking again",
       &S::use_cache, Mutable::playing},
      {"max-cost",
       "Most that all calls of the process may cost, in the currency of the price file (0 = "
       "AIGC_MAX_COST, else no limit)",
       &S::max_cost, Mutable::playing, 0, any},
      {"max-cost-hour",
       "Most that the calls of an hour may cost, also before a restart (0 = AIGC_MAX_COST_HOUR, "
       "else no limit); a live channel waits until there is room, unless on-error=fallback",
       &S::max_cost_hour, Mutable::playing, 0, any},
      {"cancel-pending",
       "When stopped, cancel tasks that have not begun, which are then not billed; else the next "
       "run goes on with them",
       &S::cancel_pending, Mutable::playing},
      {"seed", "Seed of every shot that brings none (-1 = the service's choice)", &S::seed,
       Mutable::playing, -1, 2147483647},
      {"take", "Number of the take: another one asks for another result of the same words",
       &S::take, Mutable::playing, 0, 1'000'000'000},
      {"dry-run",
       "Ask nobody: what is not in cache-dir is told (aigc/shot-planned), and a placeholder leaves",
       &S::dry_run},
  };
  rows.insert(rows.end(), own.begin(), own.end());
  return rows;
}

/// Settings that every AI stage starts from; the defaults that depend on the role.
struct RoleSettings : StageSettings {
  RoleSettings(guint timeout_ms, OnError policy) {
    timeout = timeout_ms;
    on_error = static_cast<int>(policy);
  }
};

/// What a request brings beside its words, as bits of Input.
unsigned inputs_of(const Request& request);

/// A run that asks one service, or others in its place. Subclasses turn a job into a request and a
/// result into a product.
class ServiceRun : public StageRun {
 public:
  /// Throws Error{Fault::settings} when there is no backend or model for the role.
  ServiceRun(Role role, const StageSettings& settings);

  /// Whether the role would do with a key that nobody has given yet.
  static bool wants_key(Role role, const StageSettings& settings);

  unsigned max_in_flight() const override { return max_in_flight_; }
  unsigned at_once() const override;
  /// Whether nothing is asked for: all services rest, or a limit of the user's is reached.
  bool resting() const override { return services_.rests(); }
  std::string notice() const override;
  Product work(Job job, Cancel& cancel, const Progress& progress) override;
  Product fallback(Job job, Cancel& cancel) override;

 protected:
  /// The first service's model for these inputs and clips of that length, 0 = any. Throws
  /// Error{Fault::settings}.
  const Model& model(unsigned inputs, double seconds = 0) const;

  using Check = std::function<void(const Model&)>;
  /// Refuses settings that `check` refuses, for one of the services, with every kind of shot that
  /// can come; a shot of its own size or length may still be refused later. `also` are inputs that
  /// each shot brings.
  void check_arrivals(const Arrivals& arrivals, unsigned also, double seconds,
                      const Check& check) const;

  /// The settings as they are now: a change while playing applies to the next shot.
  virtual StageSettings settings() const = 0;
  /// The brand of shots that bring none.
  virtual std::string house_brand() const { return {}; }
  /// Gives a shot what was set on this element and goes before what the shot's brand says, beside
  /// the seed.
  virtual void take_own(Shot& shot) const {}
  /// Reads the shot's brand file, if it names one, and gives the shot what follows from it. Throws
  /// Error.
  void take_brand(Job& job) const;
  /// Whether a shot needs no service, and what goes on instead.
  virtual std::optional<Product> pass(const Job& job) { return std::nullopt; }
  /// Puts the pictures and the length asked for into `request`, which decide on the model. Throws
  /// Error.
  virtual void gather(const Job&, Request&, Cancel&, const Progress&) const {}
  /// Fills in the rest of `request` and writes what was asked into the shot. Throws Error.
  virtual void ask(Job& job, const Model& model, Request& request) = 0;
  /// What leaves for `result`. Throws Error.
  virtual Product give(Job job, Done done, Cancel& cancel) = 0;

 private:
  struct Cast {
    std::vector<Candidate> candidates;
    std::vector<Fallback> fallbacks; ///< the entries of all candidates but the first
    std::string warning;
  };
  ServiceRun(Role role, const StageSettings& settings, Cast cast);
  static Cast find(Role role, const StageSettings& settings);

  void check_candidate(const Candidate& candidate, const Arrivals& arrivals, unsigned also,
                       double seconds, const Check& check) const;
  DriverOptions options_for(const StageSettings& settings, const Progress& progress) const;
  WhenOut when_out(bool is_live) const;
  Product plan(const Failover& services, const Failover::Ask& ask, const std::vector<Job>& jobs,
               Cancel& cancel);
  Product work_with(const Failover& services, Job job, Cancel& cancel, const Progress& progress);

  Role role_;
  std::string warning_;
  ResultStore store_;
  std::vector<Fallback> fallbacks_;
  Failover services_;
  unsigned max_in_flight_;
};

} // namespace aigc
