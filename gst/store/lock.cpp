// SPDX-License-Identifier: LGPL-2.1-or-later
// See lock.h.
#include "store/lock.h"

#include "base/guarded.h"
#include "base/json.h"
#include "store/files.h"
#include "store/owner.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <pthread.h>
#include <random>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace aigc {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kFirstLook = 5ms; ///< pause between two looks at a lock: longer each time
constexpr auto kLongestLook = 200ms;

std::string new_owner(const Lease& lease) {
  JsonObjectMaker owner;
  owner.set("host", this_host()).set("boot", this_boot());
  owner.set("pid", static_cast<gint64>(getpid())).set("start", start_of(getpid()));
  owner.set("lease-ms", static_cast<gint64>(lease.length.count()));
  return owner.set("token", take_string(g_uuid_string_random())).text();
}

struct timespec modified(int fd) {
  struct stat status {};
  fstat(fd, &status);
  return status.st_mtim;
}

/// How long ago the file was touched, by the clock of the file system it is on: machines that share
/// a folder need not agree on the time.
std::chrono::nanoseconds age_of(const std::string& path, int fd) {
  std::string probe = path + ".XXXXXX";
  const int now = g_mkstemp_full(probe.data(), O_RDWR | O_CLOEXEC, 0600);
  if (now < 0) return 0ns;
  const auto here = modified(now), there = modified(fd);
  close(now);
  unlink(probe.c_str());
  return std::chrono::seconds(here.tv_sec - there.tv_sec) +
         std::chrono::nanoseconds(here.tv_nsec - there.tv_nsec);
}

/// An owner is written while the file is locked, so what cannot be read was never finished.
bool is_dead(const std::string& content, const std::string& path, int fd) {
  Ref<JsonNode> root;
  try {
    root = parse_json(content);
  } catch (const Error&) {
    return true;
  }
  const JsonView owner(root.get());
  if (owner["host"].text() != this_host() || owner["boot"].text() != this_boot()) {
    const std::chrono::milliseconds lease(owner["lease-ms"].integer().value_or(0));
    return age_of(path, fd) > lease;
  }
  const std::string start = start_of(owner["pid"].integer().value_or(0));
  if (start.empty() && start_of(getpid()).empty()) return false; // nobody can be looked at now
  return owner["start"].text() != start;
}

/// "process 12 on HOST", for messages.
std::string name_of(const std::string& content) {
  try {
    const auto root = parse_json(content);
    const JsonView owner(root.get());
    const std::string host = owner["host"].text();
    return "process " + std::to_string(owner["pid"].integer().value_or(0)) + " on " +
           host.substr(0, host.find(' '));
  } catch (const Error&) {
    return "another process";
  }
}

/// Whether `fd` is still the file at `path`: whoever gives a lock back removes its file. A network
/// file system may know the name of old; what is locked has no name left then.
bool is_current(int fd, const std::string& path) {
  struct stat open_file {
  }, named{};
  return fstat(fd, &open_file) == 0 && stat(path.c_str(), &named) == 0 && open_file.st_nlink > 0 &&
         open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/// The file of a lock, nobody else's for the moment. Empty when it cannot be opened or locked, as
/// errno says, or is changing hands (EAGAIN).
Descriptor hold(const std::string& path, int flags) {
  Descriptor file(path, flags);
  if (!file) return {};
  for (int tries = 0; flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK && errno != EINTR) return {}; // there are no locks here
    if (tries == 20) {
      errno = EAGAIN;
      return {};
    }
    std::this_thread::sleep_for(1ms);
  }
  if (is_current(file.get(), path)) return file;
  errno = EAGAIN;
  return {};
}

/// Gives the word of every lock of this process again, on one thread. It is never destroyed, since
/// that thread lives as long as the process.
class Keeper {
 public:
  static Keeper& shared() {
    static Keeper* keeper = new Keeper;
    return *keeper;
  }

  void add(const std::string& path, const std::string& content, const Lease& lease) {
    std::lock_guard guard(mutex_);
    held_[content] = {path, lease.renewal, Clock::now() + lease.renewal};
    if (!running_) std::thread([this] { run(); }).detach();
    running_ = true;
    changed_.notify_one();
  }

  void remove(const std::string& content) {
    std::lock_guard guard(mutex_);
    held_.erase(content);
  }

 private:
  struct Held {
    std::string path;
    std::chrono::milliseconds renewal;
    Clock::time_point due;
  };

  void run() {
    pthread_setname_np(pthread_self(), "aigc-lease"); // else it bears the name of who came first
    std::unique_lock lock(mutex_);
    for (;;) {
      auto next = std::min_element(held_.begin(), held_.end(), [](const auto& a, const auto& b) {
        return a.second.due < b.second.due;
      });
      if (next == held_.end()) {
        changed_.wait(lock);
      } else if (next->second.due > Clock::now()) {
        changed_.wait_until(lock, Clock::time_point(next->second.due));
      } else {
        next->second.due = Clock::now() + next->second.renewal;
        const std::string content = next->first, path = next->second.path;
        lock.unlock();
        renew(path, content);
        lock.lock();
      }
    }
  }

  static void renew(const std::string& path, const std::string& content) {
    const Descriptor file = hold(path, O_RDWR);
    if (file && file.read() == content) futimens(file.get(), nullptr);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Held> held_; ///< by what the file says
  bool running_ = false;
};

/// Threads of this process wait here, without a look at the disk.
Guarded<std::set<std::string>>& gate() {
  static auto* paths = new Guarded<std::set<std::string>>;
  return *paths;
}

void leave_gate(const std::string& path) {
  gate().lock()->erase(path);
  gate().notify();
}

void pass_gate(const std::string& path, Cancel& cancel, KeyLock::Waits& waits) {
  if (waits && gate().lock()->contains(path))
    std::exchange(waits, {})("another shot of this process");
  const Cancel::Hook hook(cancel, [] {
    gate().lock();
    gate().notify();
  });
  auto paths = gate().lock();
  paths.wait([&](const auto& held) { return !held.contains(path) || cancel.cancelled(); });
  cancel.check();
  paths->insert(path);
}

std::string path_of(const std::string& folder, const std::string& key) {
  return folder + "/" + key + ".lock";
}

std::chrono::nanoseconds pause_of(int look) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest =
      std::min<std::chrono::milliseconds>(kFirstLook * (1 << std::min(look, 10)), kLongestLook);
  return longest / 2 + std::chrono::milliseconds(random() % (longest.count() / 2 + 1));
}

} // namespace

KeyLock::KeyLock(const std::string& folder, const std::string& key, Cancel& cancel, Waits waits,
                 Lease lease)
    : path_(path_of(folder, key)), content_(new_owner(lease)), lease_(lease) {
  make_folder(folder);
  pass_gate(path_, cancel, waits);
  try {
    std::string owner;
    for (int look = 0; !try_take(owner); ++look) {
      if (waits && !owner.empty()) std::exchange(waits, {})(name_of(owner));
      cancel.sleep(pause_of(look));
      cancel.check();
    }
  } catch (...) {
    leave_gate(path_);
    throw;
  }
  Keeper::shared().add(path_, content_, lease_);
}

/// One look. False when `owner` has it, or the file is changing hands.
bool KeyLock::try_take(std::string& owner) {
  const Descriptor file = hold(path_, O_RDWR | O_CREAT);
  if (!file) {
    if (errno != EAGAIN) cannot_write(path_, g_strerror(errno));
    return false;
  }
  owner = file.read();
  if (owner.empty() && errno != 0) cannot_write(path_, g_strerror(errno));
  if (!owner.empty() && !is_dead(owner, path_, file.get())) return false;
  taken_over_ = !owner.empty();
  if (!file.rewrite(content_)) cannot_write(path_, g_strerror(errno));
  return true;
}

KeyLock::~KeyLock() {
  Keeper::shared().remove(content_);
  give_back();
  leave_gate(path_);
}

/// The owner stays named where the file cannot be held now; it is taken for dead with the process.
void KeyLock::give_back() {
  for (int tries = 0; tries < 50; ++tries) {
    const Descriptor file = hold(path_, O_RDWR);
    if (!file && errno == ENOENT) return;
    if (!file) continue;
    if (file.read() == content_) unlink(path_.c_str());
    return;
  }
}

void KeyLock::bury(const std::string& folder, const std::string& key) {
  const std::string path = path_of(folder, key);
  const Descriptor file = hold(path, O_RDWR);
  if (!file) return;
  const std::string owner = file.read();
  if (owner.empty() && errno != 0) return;
  if (is_dead(owner, path, file.get())) unlink(path.c_str());
}

/// The file itself is asked: who slept beyond its lease may come here before its word is given
/// again.
KeyLock::Holder KeyLock::holder() const {
  const Descriptor file(path_, O_RDONLY);
  if (!file) return errno == ENOENT ? Holder::others : Holder::unknown;
  const std::string owner = file.read();
  if (owner.empty() && errno != 0) return Holder::unknown;
  return owner == content_ ? Holder::us : Holder::others;
}

void KeyLock::check() const {
  const Holder now = holder();
  if (now == Holder::us) return;
  if (now == Holder::unknown)
    throw Error(Fault::write, "the lock " + path_ + " cannot be read: " + g_strerror(errno),
                "see that the folder of the store can be read, then run again");
  throw Error(Fault::write, "another process took over the work on this result",
              "run again; keep the machine from sleeping meanwhile");
}

} // namespace aigc
