// SPDX-License-Identifier: LGPL-2.1-or-later
// See command_line.h.
#include "command_line.h"

#include "base/error.h"
#include "channel.h"

#include <array>
#include <variant>

namespace aigc::runner {
namespace {

/// What an option is for, as bits.
enum For : unsigned { kNone = 0, kJob = 1, kBatch = 2, kCosts = 4, kChannel = 8, kAny = 31 };

struct Option {
  const char* name;
  std::variant<bool CommandLine::*, std::string CommandLine::*> member; ///< a string takes a value
  unsigned commands;
};

constexpr std::array kOptions = std::to_array<Option>({
    {"--help", &CommandLine::help, kAny},
    {"-h", &CommandLine::help, kAny},
    {"--list", &CommandLine::list, kAny},
    {"--version", &CommandLine::version, kAny},
    {"--json", &CommandLine::json, kAny},
    {"--since", &CommandLine::since, kCosts},
    {"--print", &CommandLine::print, kJob | kChannel},
    {"--dry-run", &CommandLine::dry_run, kJob | kBatch},
    {"--stop-at", &CommandLine::stop_at, kJob},
    {"--from", &CommandLine::from, kJob},
    {"--jobs", &CommandLine::jobs, kBatch},
    {"--max-cost", &CommandLine::max_cost, kBatch},
    {"--report", &CommandLine::report, kBatch},
    {"--sheet", &CommandLine::sheet, kJob | kBatch},
    {"--shard", &CommandLine::shard, kBatch},
    {"--shards", &CommandLine::shards, kBatch},
    {"--retry-failed", &CommandLine::retry_failed, kBatch},
    {"--allow-preview", &CommandLine::allow_preview, kBatch | kChannel},
});

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Fault::settings, what, "See aigc --help.");
}

unsigned command_of(const CommandLine& line) {
  if (line.batch) return kBatch;
  if (line.job == "costs") return kCosts;
  if (line.job == kChannelJob) return kChannel;
  return line.job == "doctor" ? kNone : kJob;
}

class Reader {
 public:
  Reader(int argc, char** argv) : argc_(argc), argv_(argv) {}

  CommandLine read() {
    for (at_ = 1; at_ < argc_; ++at_) {
      const std::string word = argv_[at_];
      if (word.starts_with('-') && word.size() > 1)
        read_option(word);
      else
        read_word(word);
    }
    check();
    return line_;
  }

 private:
  /// `--name`, `--name VALUE` or `--name=VALUE`.
  void read_option(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    for (const Option& option : kOptions) {
      if (name != option.name) continue;
      given_.push_back(&option);
      if (const auto* flag = std::get_if<bool CommandLine::*>(&option.member)) {
        if (equals != word.npos) refuse(name + " takes no value");
        line_.*(*flag) = true;
        return;
      }
      if (equals == word.npos && at_ + 1 == argc_) refuse(name + " needs a value");
      const std::string value = equals == word.npos ? argv_[++at_] : word.substr(equals + 1);
      if (value.empty()) refuse(name + " needs a value");
      line_.*std::get<std::string CommandLine::*>(option.member) = value;
      return;
    }
    refuse("there is no option " + name);
  }

  /// The command, the rows of a batch, or name=value.
  void read_word(const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == word.npos && line_.job.empty()) {
      if (word == "batch" && !line_.batch)
        line_.batch = true;
      else
        line_.job = word;
    } else if (line_.batch && line_.rows.empty() && equals == word.npos)
      line_.rows = word;
    else if (equals == word.npos || equals == 0)
      refuse("'" + word + "' is not name=value");
    else if (!line_.values.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
      throw Error(Fault::settings, word.substr(0, equals) + " is given twice", "Give it once.");
  }

  void check() const {
    for (const Option* option : given_)
      if (option->commands != kAny && !(option->commands & command_of(line_)))
        refuse(std::string(option->name) + " is not for " +
               (line_.batch         ? "batch"
                : line_.job.empty() ? "this"
                                    : line_.job));
    check_look();
  }

  /// What has to do with a look before paying.
  void check_look() const {
    const auto check_place = [](const char* option, const std::string& place) {
      if (!place.empty() && place != "keyframes")
        refuse(std::string(option) + "=" + place + ": only keyframes is known");
    };
    check_place("--stop-at", line_.stop_at);
    check_place("--from", line_.from);
    if (!line_.stop_at.empty() && !line_.from.empty())
      refuse("--stop-at and --from are not for one run");
    if (line_.print && (line_.dry_run || !line_.stop_at.empty() || !line_.from.empty()))
      refuse("--print runs nothing; leave out the other options");
    if (line_.dry_run && !(line_.report.empty() && line_.sheet.empty()))
      refuse("--dry-run makes nothing to write a report or a sheet of");
  }

  int argc_;
  char** argv_;
  int at_ = 1;
  CommandLine line_;
  std::vector<const Option*> given_;
};

} // namespace

CommandLine read_command_line(int argc, char** argv) {
  return Reader(argc, argv).read();
}

const char* help_text() {
  return R"(Usage: aigc JOB name=value ...   run a job
       aigc JOB --help           the variables of a job
       aigc JOB languages=zh,en name=value ...
                                 run it once per language: out=a.mp4 makes a.zh.mp4, a.en.mp4
       aigc batch JOB ROWS name=value ...
                                 run it once per row of a list (CSV, JSON, JSONL or TXT)
       aigc JOB --print name=value ...
                                 print the line for gst-launch-1.0 instead of running it
       aigc JOB --dry-run name=value ...
                                 say what would be called, what it costs and how long it takes
       aigc JOB --stop-at=keyframes name=value ...
                                 make the keyframes alone, and a contact sheet of them
       aigc JOB --from=keyframes name=value ...
                                 go on from there; refuses to pay for a keyframe not yet made
       aigc --list               all jobs
       aigc channel name=value ...
                                 a channel that never stops (docs/channel.md)
       aigc ctl COMMAND ...      ask a channel that is on air, or tell it; see aigc ctl --help
       aigc costs [--since DAY]  what was spent on what
       aigc doctor               what is configured, there and reachable; spends nothing
       aigc --version

  --json    tell what happens as one JSON object a line on standard output

Of batch (docs/batch.md):
  out-dir=DIR       folder of the files, made when it is missing
  on-error=skip     go on without rows that cannot be read
  --dry-run         say what would be called, what it costs and how long it takes
  --jobs N          rows worked on at once; two for each processor, from 4 to 8
  --max-cost M      most all rows together may cost, in the currency of the price file
  --retry-failed    only what failed last time
  --report FILE     what became of each row, as JSON
  --sheet FILE      a contact sheet of what is there: .jpg or .png; .html, a page with the .jpg beside it
  --shard I/N       only each Nth row, from row I + 1; SLURM_ARRAY_TASK_ID and
                    JOB_COMPLETION_INDEX say so too
  --shards N        how many shards there are, where the environment does not say
  --allow-preview   run without a service, too; also of channel

Exit status: 0 done, 1 failed (doctor: no film can be made; batch: some of it), 2 wrong usage (nothing was started), 3 done without the shots that failed (on-error=skip), 130 interrupted.
)";
}

} // namespace aigc::runner
