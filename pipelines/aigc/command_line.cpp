// SPDX-License-Identifier: LGPL-2.1-or-later
// See command_line.h.
#include "command_line.h"

#include "base/error.h"

#include <array>
#include <variant>

namespace aigc::runner {
namespace {

/// What an option is for, as bits.
enum For : unsigned { kNone = 0, kJob = 1, kBatch = 2, kCosts = 4, kAny = 15 };

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
    {"--print", &CommandLine::print, kJob},
    {"--jobs", &CommandLine::jobs, kBatch},
    {"--max-cost", &CommandLine::max_cost, kBatch},
    {"--report", &CommandLine::report, kBatch},
    {"--shard", &CommandLine::shard, kBatch},
    {"--shards", &CommandLine::shards, kBatch},
    {"--retry-failed", &CommandLine::retry_failed, kBatch},
    {"--allow-preview", &CommandLine::allow_preview, kBatch},
});

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Fault::settings, what, "See aigc --help.");
}

unsigned command_of(const CommandLine& line) {
  if (line.batch) return kBatch;
  if (line.job == "costs") return kCosts;
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
       aigc --list               all jobs
       aigc costs [--since DAY]  what was spent on what
       aigc doctor               what is configured, there and reachable; spends nothing
       aigc --version

  --json    tell what happens as one JSON object a line on standard output

Of batch (docs/batch.md):
  out-dir=DIR       folder of the files, made when it is missing
  on-error=skip     go on without rows that cannot be read
  --jobs N          rows worked on at once; as many as there are processors, from 2 to 8
  --max-cost M      most all rows together may cost, in the currency of the price file
  --retry-failed    only what failed last time
  --report FILE     what became of each row, as JSON
  --shard I/N       only each Nth row, from row I + 1; SLURM_ARRAY_TASK_ID and
                    JOB_COMPLETION_INDEX say so too
  --shards N        how many shards there are, where the environment does not say
  --allow-preview   run without a service, too

Exit status: 0 done, 1 failed (doctor: no film can be made; batch: some of it), 2 wrong usage (nothing was started), 3 done without the shots that failed (on-error=skip), 130 interrupted.
)";
}

} // namespace aigc::runner
