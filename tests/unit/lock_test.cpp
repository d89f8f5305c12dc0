// SPDX-License-Identifier: LGPL-2.1-or-later
// The lock of a result: one at a time among threads and processes; dead owners do not keep it.
#include "store/lock.h"
#include "temp_folder.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

/// Runs in a process of its own that ends without unwinding.
pid_t in_child(const std::function<int()>& work) {
  const pid_t pid = fork();
  if (pid == 0) _exit(work());
  return pid;
}

int status_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

Fault fault_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.fault;
  }
  ADD_FAILURE() << "nothing thrown";
  return Fault::settings;
}

/// This process may open no file, or `left` more, while this lives.
class NoMoreFiles {
 public:
  explicit NoMoreFiles(rlim_t left = 0) {
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next) + left;
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

struct LockTest : testing::Test {
  TempFolder folder;
  Cancel cancel;
  std::string file = folder.path() + "/k.lock";

  std::optional<KeyLock> lock;
  void take(Lease lease = {}) { lock.emplace(folder.path(), "k", cancel, KeyLock::Waits(), lease); }

  /// Takes the lock again and again; fails when somebody else is inside.
  int work_exclusively(int times) {
    const std::string inside = folder.path() + "/inside";
    for (int i = 0; i < times; ++i) {
      const KeyLock mine(folder.path(), "k", cancel);
      const int fd = open(inside.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
      if (fd < 0) return 1;
      close(fd);
      std::this_thread::yield();
      unlink(inside.c_str());
    }
    return 0;
  }

  /// What a lock says whose owner died without a word, changed as asked.
  void leave_behind(const std::string& member = "", const std::string& value = "") {
    status_of(in_child([&] {
      new KeyLock(folder.path(), "k", cancel, {}, {300ms, 100ms});
      return 0;
    }));
    ASSERT_TRUE(fs::exists(file));
    if (member.empty()) return;
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const size_t start = text.find("\"" + member + "\":") + member.size() + 3;
    text.replace(start, text.find_first_of(",}", start) - start, value);
    std::ofstream(file) << text;
  }
};

} // namespace

TEST_F(LockTest, IsAFileWhileItIsHeldAndNoneAfterwards) {
  take();
  EXPECT_TRUE(fs::exists(file));
  EXPECT_FALSE(lock->taken_over());
  lock->check();
  lock.reset();
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(LockTest, ThreadsOfAProcessExcludeEachOther) {
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] { failed += work_exclusively(25); });
  }
  EXPECT_EQ(failed, 0);
}

TEST_F(LockTest, ProcessesExcludeEachOther) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(in_child([&] { return work_exclusively(10); }));
  for (const pid_t child : children)
    EXPECT_EQ(status_of(child), 0);
}

TEST_F(LockTest, ADeadOwnersLockGoesToOneOfManyAtOnce) {
  for (int round = 0; round < 5; ++round) {
    leave_behind();
    std::vector<pid_t> children;
    for (int i = 0; i < 6; ++i)
      children.push_back(in_child([&] { return work_exclusively(2); }));
    for (const pid_t child : children)
      EXPECT_EQ(status_of(child), 0);
  }
}

TEST_F(LockTest, AnOwnerThatDiedOnThisMachineIsNotWaitedFor) {
  struct Case {
    const char* member;
    const char* value;
  };
  for (const Case& one : {Case{"", ""}, Case{"pid", "1"}, Case{"start", "\"7\""}}) {
    SCOPED_TRACE(one.member);
    leave_behind(one.member, one.value);
    const auto start = Clock::now();
    take();
    EXPECT_LT(Clock::now() - start, 200ms);
    EXPECT_TRUE(lock->taken_over());
    lock.reset();
  }
  std::ofstream(file) << "{\"host\":"; // died while it wrote
  take();
}

TEST_F(LockTest, OnlyADeadOwnersLockIsBuried) {
  KeyLock::bury(folder.path(), "k");
  take();
  KeyLock::bury(folder.path(), "k");
  EXPECT_TRUE(fs::exists(file));
  lock.reset();
  leave_behind();
  KeyLock::bury(folder.path(), "k");
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(LockTest, AnOwnerOnAnotherMachineIsWaitedForUntilItsLeaseRunsOut) {
  // Its process id says nothing here, and two machines of one name differ in their boot.
  for (const char* member : {"host", "boot"}) {
    SCOPED_TRACE(member);
    leave_behind(member, "\"elsewhere\"");
    const auto start = Clock::now();
    take();
    EXPECT_GE(Clock::now() - start, 250ms);
    EXPECT_TRUE(lock->taken_over());
    lock.reset();
  }

  leave_behind("host", "\"elsewhere\"");
  std::jthread alive([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
      std::this_thread::sleep_for(20ms);
    }
  });
  auto taken = std::async(std::launch::async, [&] { take(); });
  EXPECT_EQ(taken.wait_for(700ms), std::future_status::timeout);
  alive = {};
  EXPECT_EQ(taken.wait_for(5s), std::future_status::ready);
}

TEST_F(LockTest, ALivingOwnerIsNamedAndWaitedForUntilCancel) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t owner = in_child([&] {
    new KeyLock(folder.path(), "k", cancel);
    if (write(ready[1], "x", 1) != 1) return 1;
    pause();
    return 0;
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  std::promise<std::string> named;
  auto taken = std::async(std::launch::async, [&] {
    lock.emplace(folder.path(), "k", cancel,
                 [&](const std::string& name) { named.set_value(name); });
  });
  EXPECT_EQ(named.get_future().get().find("process " + std::to_string(owner) + " on "), 0u);
  EXPECT_EQ(taken.wait_for(100ms), std::future_status::timeout);
  cancel.cancel();
  EXPECT_EQ(taken.wait_for(2s), std::future_status::ready);
  EXPECT_EQ(fault_of([&] { taken.get(); }), Fault::cancelled);
  kill(owner, SIGKILL);
  status_of(owner);
}

TEST_F(LockTest, AnOwnerThatSleptLearnsThatItLostTheLockBeforeItsNextWord) {
  take();
  EXPECT_NO_THROW(lock->check());
  std::ofstream(file) << "{\"token\":\"another\"}";
  EXPECT_EQ(lock->holder(), KeyLock::Holder::others);
  EXPECT_THROW(lock->check(), Error);
  fs::remove(file); // who took over is done
  EXPECT_EQ(lock->holder(), KeyLock::Holder::others);
  EXPECT_THROW(lock->check(), Error);
}

TEST_F(LockTest, ALockThatCannotBeReadIsNotLost) {
  take();
  {
    const NoMoreFiles full;
    EXPECT_EQ(lock->holder(), KeyLock::Holder::unknown);
    EXPECT_EQ(errno, EMFILE);
  }
  EXPECT_EQ(lock->holder(), KeyLock::Holder::us);
  fs::rename(file, file + ".aside");
  fs::create_directory(file); // opens, and cannot be read
  try {
    lock->check();
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find(file), std::string::npos) << said;
    EXPECT_NE(said.find(g_strerror(EISDIR)), std::string::npos) << said;
  }
  fs::remove(file);
  fs::rename(file + ".aside", file);
  lock->check();
}

TEST_F(LockTest, NobodyIsTakenForDeadWhereNobodyCanBeLookedAt) {
  take();
  {
    // The lock's own file is the last that can be opened.
    const NoMoreFiles full(1);
    KeyLock::bury(folder.path(), "k");
  }
  EXPECT_TRUE(fs::exists(file));
  lock->check();
}

TEST_F(LockTest, TheOwnerGivesItsWordAgain) {
  take({300ms, 30ms});
  const auto taken = fs::last_write_time(file);
  const auto patience = Clock::now() + 5s;
  while (fs::last_write_time(file) == taken && Clock::now() < patience)
    std::this_thread::sleep_for(5ms);
  EXPECT_GT(fs::last_write_time(file), taken);
  lock->check();
  std::ofstream(file) << "{\"token\":\"another\"}";
  lock.reset();
  EXPECT_TRUE(fs::exists(file)); // the other's
}
