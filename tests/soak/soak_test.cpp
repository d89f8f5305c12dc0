// SPDX-License-Identifier: LGPL-2.1-or-later
// Thousands of seams of one channel in virtual time: clips that come late, not at all, or broken.
// AIGC_SOAK_SEAMS says how many (10000), AIGC_SOAK_HOURS how many hours instead, AIGC_SOAK_SEED
// which.
#include "../clips.h"
#include "process_size.h"
#include "virtual_channel.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace {

using namespace soak;

/// Seams at the end over which nothing may grow, in a run of seams that is long enough; in one of
/// hours it is a fifth of it.
constexpr std::uint64_t kLast = 2000;

double number_of(const char* variable, double otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? std::atof(text) : otherwise;
}

/// The zoo, small: every kind is one file, made once.
std::vector<Stock> make_stocks(const clips::TempDir& folder) {
  using clips::Clip;
  const auto good = [&](const std::string& kind, Clip clip) {
    clip.size = clip.size == "160x120" ? "96x54" : clip.size;
    return Stock{kind, clips::make(folder / (kind + ".mp4"), clip), clip.seconds, true,
                 clip.sound > 0};
  };
  std::vector<Stock> stocks = {
      good("plain", {.fps = "10", .seconds = 1, .sound = 1}),
      good("film", {.fps = "24", .seconds = 1.25, .sound = 1.25, .rate = 44100}),
      good("pal", {.seconds = 2, .flash = 1, .sound = 2}),
      good("ntsc", {.fps = "30000/1001", .seconds = 1.3, .sound = 1.3}),
      good("short-sound", {.seconds = 1.6, .sound = 1.1}),
      good("long-sound", {.seconds = 1.2, .sound = 1.5}),
      good("mono", {.fps = "50", .seconds = 1, .sound = 1, .audio = "-ac 1 -c:a aac"}),
      good("tall", {.size = "54x96", .fps = "10", .seconds = 1.1, .sound = 1.1}),
      good("no-sound", {.fps = "10", .seconds = 1.4, .sound = 0}),
  };
  const auto bad = [&](const std::string& kind, const std::string& bytes) {
    std::ofstream(folder / (kind + ".mp4"), std::ios::binary) << bytes;
    return Stock{kind, clips::uri_of(folder / (kind + ".mp4")), 1, false, false};
  };
  std::ifstream file(folder / "pal.mp4", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  std::string broken = whole;
  const size_t middle = whole.size() / 2;
  std::fill(broken.begin() + middle, broken.begin() + middle + whole.size() / 8, '\xff');
  stocks.push_back(bad("broken", broken));
  stocks.push_back(bad("truncated", whole.substr(0, middle)));
  // This one breaks on air: noise in its one group of pictures.
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=96x54:r=25:d=2 -c:v libx264 "
             "-preset ultrafast -g 250 -pix_fmt yuv420p -movflags +faststart " +
             (folder / "noise.mp4"));
  std::ifstream clean(folder / "noise.mp4", std::ios::binary);
  std::string noise((std::istreambuf_iterator<char>(clean)), {});
  for (size_t at = noise.size() * 2 / 5; at + 8 < noise.size(); at += 7)
    noise[at] = static_cast<char>(at * 31);
  stocks.push_back(bad("noise", noise));
  stocks.push_back(bad("empty", ""));
  stocks.push_back(bad("page", "<!DOCTYPE html><title>504</title>"));
  stocks.push_back({"missing", clips::uri_of(folder / "missing.mp4"), 1, false, false});
  return stocks;
}

/// How many makers work, so that the supply goes from plenty to none and back.
unsigned makers_at(GstClockTime now) {
  constexpr unsigned plan[] = {60, 60, 20, 60, 0, 60, 40, 60};
  return plan[now / (200 * GST_SECOND) % std::size(plan)];
}

/// Which slots had an item ready, for as long as messages may be late.
class ReadySlots {
 public:
  void add(guint64 slot, bool is_ready) {
    if (ready_.empty()) first_ = slot;
    ready_.push_back(is_ready);
    if (ready_.size() > 100'000) {
      ready_.pop_front();
      ++first_;
    }
  }
  std::uint64_t count(const Run& run) const {
    std::uint64_t found = 0;
    for (guint64 slot = run.first; slot < run.first + run.frames; ++slot)
      if (slot >= first_ && slot < first_ + ready_.size()) found += ready_[slot - first_];
    return found;
  }

 private:
  std::deque<bool> ready_;
  guint64 first_ = 0;
};

struct Figures {
  std::uint64_t filler_slots = 0, filler_runs = 0, filler_while_ready = 0;
  std::uint64_t watched = 0; ///< seams between `before` and `after`
  ProcessSize before, after;
};

struct Goal {
  std::uint64_t seams;
  GstClockTime time;
  bool reached(const VirtualChannel& channel) const {
    return time > 0 ? channel.now() >= time : channel.started() >= seams;
  }
  bool is_late(const VirtualChannel& channel) const {
    return time > 0 ? channel.now() >= time - time / 5
                    : channel.started() + std::min(kLast, seams / 2) >= seams;
  }
};

Figures run(VirtualChannel& channel, ClipFactory& factory, const Goal& goal) {
  Figures figures;
  ReadySlots ready;
  for (;;) {
    factory.set_at_once(makers_at(channel.now()));
    factory.order(channel.now(), channel.demand());
    for (const auto& delivery : factory.collect(channel.now()))
      channel.deliver(delivery);
    ready.add(channel.next_slot(), channel.is_ready());
    const bool is_before = figures.before.threads == 0 && goal.is_late(channel);
    if ((is_before || goal.reached(channel)) && channel.is_at_its_usual()) {
      channel.settle();
      (is_before ? figures.before : figures.after) = process_size();
      figures.watched = channel.started() - figures.watched;
      if (!is_before) break;
    }
    if (!channel.play_slot()) {
      ADD_FAILURE() << "slot " << channel.next_slot() << " was not played";
      break;
    }
    for (const auto& filler : channel.take_filler()) {
      ++figures.filler_runs;
      figures.filler_slots += filler.frames;
      figures.filler_while_ready += ready.count(filler);
    }
  }
  return figures;
}

void print(const VirtualChannel& channel, const ClipFactory& factory, const Figures& figures) {
  const double hours = channel.now() / 3600e9;
  std::printf("on air        %.2f h, %llu slots, %llu seams\n", hours,
              static_cast<unsigned long long>(channel.next_slot()),
              static_cast<unsigned long long>(channel.started()));
  std::printf("ordered       %llu, mean latency %.0f s, refused before air %llu\n",
              static_cast<unsigned long long>(factory.ordered()),
              factory.latency_sum() / std::max<std::uint64_t>(1, factory.ordered()),
              static_cast<unsigned long long>(channel.refused()));
  std::printf("filler        %llu stretches, %.2f %% of the slots\n",
              static_cast<unsigned long long>(figures.filler_runs),
              100.0 * figures.filler_slots / std::max<guint64>(1, channel.next_slot()));
  std::printf("memory        %.0f -> %.0f KiB, threads %ld -> %ld, descriptors %ld -> %ld in %llu "
              "seams\n",
              figures.before.bytes / 1024.0, figures.after.bytes / 1024.0, figures.before.threads,
              figures.after.threads, figures.before.descriptors, figures.after.descriptors,
              static_cast<unsigned long long>(figures.watched));
  for (const auto& [kind, drift] : channel.drifts())
    std::printf("A/V %-12s %+.2f ms at first, %+.2f ms after %llu\n", kind.c_str(),
                drift.first / 1e6, drift.last / 1e6, static_cast<unsigned long long>(drift.count));
  for (const auto& [kind, fate] : channel.fates())
    std::printf("clip %-11s %llu on air, %llu not whole, %llu of them damaged%s%s\n", kind.c_str(),
                static_cast<unsigned long long>(fate.aired),
                static_cast<unsigned long long>(fate.cut),
                static_cast<unsigned long long>(fate.damaged), fate.first.empty() ? "" : "; ",
                fate.first.c_str());
  std::printf("held          %llu slots, damaged %llu clips\n",
              static_cast<unsigned long long>(channel.counted("held")),
              static_cast<unsigned long long>(channel.counted("damaged")));
  std::fflush(stdout);
}

TEST(Soak, ThousandsOfSeams) {
  const clips::TempDir folder;
  const Goal goal{static_cast<std::uint64_t>(number_of("AIGC_SOAK_SEAMS", 10'000)),
                  static_cast<GstClockTime>(number_of("AIGC_SOAK_HOURS", 0) * 3600e9)};
  FactorySettings settings;
  settings.seed = static_cast<std::uint64_t>(number_of("AIGC_SOAK_SEED", 1));
  ClipFactory factory(settings, make_stocks(folder));
  VirtualChannel channel("reair=shuffle reair-min-gap=60000000000 return-policy=immediate");

  const Figures figures = run(channel, factory, goal);
  print(channel, factory, figures);

  const Faults faults = channel.faults();
  EXPECT_EQ(faults.missing_slots, 0u) << faults.first;
  EXPECT_EQ(faults.sample_gaps, 0u) << faults.first;
  EXPECT_EQ(faults.caps_changes, 0u) << faults.first;
  EXPECT_EQ(faults.errors, 0u) << faults.first;
  EXPECT_EQ(figures.filler_while_ready, 0u);
  EXPECT_GT(figures.filler_runs, 10u) << "the supply never ran out: nothing was tried";
  std::uint64_t damaged = 0;
  for (const auto& [kind, fate] : channel.fates()) {
    if (factory.is_good(kind))
      EXPECT_EQ(fate.cut, 0u) << kind << ": " << fate.first;
    else
      damaged += fate.damaged;
  }
  EXPECT_GT(damaged, 0u) << "no clip broke on air: nothing was tried";
  EXPECT_EQ(channel.counted("damaged"), damaged) << "healthy clips were given up";
  EXPECT_GE(channel.drifts().size(), 6u);
  for (const auto& [kind, drift] : channel.drifts())
    EXPECT_LE(std::abs(drift.last - drift.first), 5'000'000) << kind;
  EXPECT_LE(figures.after.bytes - figures.before.bytes, gint64(figures.watched) * 1024);
  EXPECT_LE(figures.after.threads - figures.before.threads, 4);
  EXPECT_LE(figures.after.descriptors - figures.before.descriptors, 8);
}

} // namespace
