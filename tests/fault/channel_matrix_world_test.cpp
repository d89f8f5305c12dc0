// SPDX-License-Identifier: LGPL-2.1-or-later
// The fault matrix of a channel, the machine around it: names, disks, clocks, files, and what takes
// its pictures and sound. It stays on air, says no ERROR, and has items again by itself.
#include "fault/channel_matrix.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <gio/gio.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

// ---------------------------------------------------------------------------- the time of day

static std::atomic<gint64> wall_jump{0}; ///< seconds

/// They ask for the time before they are ready.
#define NOT_BY_SANITIZERS __attribute__((no_sanitize("address", "thread", "undefined")))

// What the libraries of this program take the time of day from is found here first.
extern "C" NOT_BY_SANITIZERS int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec += wall_jump;
  return static_cast<int>(result);
}

extern "C" NOT_BY_SANITIZERS int gettimeofday(struct timeval* time, void*) noexcept {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

// ------------------------------------------------------------------------------------- names

static std::atomic<bool> names_lost{false};
static std::atomic<int> names_asked{0}; ///< while they were

static GList* addresses_of(GResolverNameLookupFlags flags, GError** error) {
  if (names_lost) ++names_asked;
  if (!names_lost && !(flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY))
    return g_list_append(nullptr, g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
  g_set_error_literal(error, G_RESOLVER_ERROR,
                      names_lost ? G_RESOLVER_ERROR_TEMPORARY_FAILURE : G_RESOLVER_ERROR_NOT_FOUND,
                      "there is no such name at the moment");
  return nullptr;
}

/// Every name is this machine, or none is known.
struct NameServer {
  GResolver parent;
};
struct NameServerClass {
  GResolverClass parent;
};
G_DEFINE_TYPE(NameServer, name_server, G_TYPE_RESOLVER)

static void name_server_init(NameServer*) {}
static void name_server_class_init(NameServerClass* klass) {
  klass->parent.lookup_by_name = [](GResolver*, const gchar*, GCancellable*, GError** error) {
    return addresses_of(G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, error);
  };
  klass->parent.lookup_by_name_with_flags =
      [](GResolver*, const gchar*, GResolverNameLookupFlags flags, GCancellable*, GError** error) {
        return addresses_of(flags, error);
      };
  klass->parent.lookup_by_name_with_flags_async = [](GResolver* self, const gchar*,
                                                     GResolverNameLookupFlags flags,
                                                     GCancellable* cancel, GAsyncReadyCallback done,
                                                     gpointer data) {
    auto task = adopt(g_task_new(self, cancel, done, data));
    GError* error = nullptr;
    GList* found = addresses_of(flags, &error);
    const auto free = [](gpointer list) { g_resolver_free_addresses(static_cast<GList*>(list)); };
    if (found)
      g_task_return_pointer(task.get(), found, free);
    else
      g_task_return_error(task.get(), error);
  };
  klass->parent.lookup_by_name_with_flags_finish = [](GResolver*, GAsyncResult* result,
                                                      GError** error) {
    return static_cast<GList*>(g_task_propagate_pointer(G_TASK(result), error));
  };
}

namespace {

/// No file of this process can grow, as on a full disk.
class DiskFull {
 public:
  DiskFull() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~DiskFull() { setrlimit(RLIMIT_FSIZE, &before_); }
  DiskFull(const DiskFull&) = delete;
  DiskFull& operator=(const DiskFull&) = delete;

 private:
  rlimit before_{};
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// On which something began, of an as-run log.
std::set<std::string> days_of(const std::string& path) {
  const std::string before = "\"start\":\"";
  std::set<std::string> days;
  for (const auto& line : lines_of(path))
    days.insert(line.substr(line.find(before) + before.size(), strlen("2026-01-01")));
  return days;
}

/// So many of the warnings say that.
size_t count_of(const std::vector<std::string>& warnings, const std::string& part) {
  size_t count = 0;
  for (const auto& warning : warnings)
    count += warning.find(part) != warning.npos;
  return count;
}

int port_of(const std::string& url) {
  return std::stoi(url.substr(url.find(':', url.find("://") + 3) + 1));
}

class World : public ChannelMatrix {};

GstPadProbeReturn hold_up(GstPad*, GstPadProbeInfo*, gpointer) {
  return GST_PAD_PROBE_OK; // blocks while it stands
}

} // namespace

TEST_F(World, AllServicesAreDownFromTheStart) {
  auto gone = std::make_unique<Standin>();
  auto given = setup_for(*gone, folder.path());
  gone.reset(); // nobody listens there
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.hear("enter", "slate", 2s)) << "at once";
  ASSERT_TRUE(channel.until("rest", [&] { return !channel.states().empty(); }));
  EXPECT_EQ(channel.count("started"), 0u);
  Standin back(port_of(given.words_url));
  ASSERT_EQ(back.address("deepseek"), given.words_url);
  back.configure(kSmallAndQuick);
  ASSERT_TRUE(channel.airs(1, 30s));
  ASSERT_TRUE(channel.passes(3));
  channel.stop();
}

TEST_F(World, NamesAreNotFound) {
  auto resolver = adopt(g_object_new(name_server_get_type(), nullptr));
  auto before = adopt(g_resolver_get_default());
  g_resolver_set_default(G_RESOLVER(resolver.get()));
  auto given = setup();
  for (std::string* url : {&given.words_url, &given.clips_url})
    url->replace(url->find("127.0.0.1"), 9, "services.internal");
  names_lost = true;
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.until("a lookup", [] { return names_asked >= 3; }));
  ASSERT_TRUE(channel.passes(3));
  EXPECT_EQ(channel.count("started"), 0u);
  names_lost = false;
  ASSERT_TRUE(channel.airs(1));
  ASSERT_TRUE(channel.passes(3));
  channel.stop();
  g_resolver_set_default(before.get());
}

TEST_F(World, TheDiskIsFull) {
  const std::string log = folder.path() + "/air.jsonl", journal = folder.path() + "/list.journal";
  auto given = setup();
  given.list = "journal=" + journal;
  given.air = "as-run=" + log;
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.airs(1));
  size_t begun = 0;
  {
    DiskFull full;
    const size_t fillers = channel.count("enter");
    ASSERT_TRUE(channel.until("the end of what was there",
                              [&] { return channel.count("enter") > fillers; }));
    ASSERT_TRUE(channel.passes(10));
    begun = channel.count("started");
    EXPECT_EQ(count_of(channel.warnings(), log), 1u) << "of the log";
    EXPECT_EQ(count_of(channel.warnings(), journal), 1u) << "of the journal";
    ASSERT_TRUE(channel.until("a rest, as there is no room for clips", [&] {
      const auto states = channel.states();
      return !states.empty() && states.back() == "resting";
    }));
  }
  ASSERT_TRUE(channel.until(
      "an item", [&] { return channel.count("started") > begun; }, 30s));
  ASSERT_TRUE(channel.until("its end", [&] { return channel.count("ended") > begun; }));
  ASSERT_TRUE(channel.passes(3));
  EXPECT_GE(lines_of(log).size(), channel.count("ended")) << "also what was on air meanwhile";
  channel.stop();
}

TEST_F(World, TheLogsAreOnAFullDevice) {
  const std::string log = folder.path() + "/air.jsonl";
  fs::create_symlink("/dev/full", log);
  auto given = setup();
  given.air = "as-run=" + log;
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.airs(3));
  EXPECT_EQ(count_of(channel.warnings(), log), 1u) << "once";
  channel.stop();
}

TEST_F(World, TheTimeOfDayJumps) {
  const std::string log = folder.path() + "/air.jsonl";
  auto given = setup();
  given.air = "as-run=" + log;
  given.list = "journal=" + folder.path() + "/list.journal";
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.airs(1));
  for (const gint64 jump : {3600, -3 * 86400, 0}) {
    wall_jump = jump;
    ASSERT_TRUE(channel.passes(2));
    ASSERT_TRUE(channel.airs(1));
  }
  EXPECT_EQ(channel.warnings(), std::vector<std::string>());
  channel.stop();
  EXPECT_GE(days_of(log).size(), 2u) << "the log has the time as it was said to be";
}

/// The encoder of the pictures, and the sink of the sound, as one whose peer says EAGAIN.
TEST_F(World, OneSideBlocks) {
  LiveChannel channel(setup());
  channel.play();
  ASSERT_TRUE(channel.airs(1));
  for (const char* side : {"video", "audio"}) {
    auto pad = adopt(gst_element_get_static_pad(channel.air(), side));
    const auto kind =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER);
    const gulong block = gst_pad_add_probe(pad.get(), kind, hold_up, nullptr, nullptr);
    const std::string other = side == std::string("video") ? "audio" : "video";
    const guint64 blocked = channel.slots(side), free = channel.slots(other);
    g_usleep(2 * G_USEC_PER_SEC);
    EXPECT_LE(channel.slots(side), blocked + 1);
    EXPECT_GE(channel.slots(other), free + 10);
    gst_pad_remove_probe(pad.get(), block);
    ASSERT_TRUE(channel.airs(1));
    ASSERT_TRUE(channel.until("both again",
                              [&] { return channel.slots(side) + 1 >= channel.slots(other); }));
  }
  EXPECT_EQ(channel.warnings(), std::vector<std::string>());
  channel.stop();
}

TEST_F(World, AClipIsDeletedInTheQueue) {
  LiveChannel channel(setup());
  g_signal_emit_by_name(channel.air(), "hold");
  channel.play();
  g_signal_emit_by_name(channel.air(), "hold"); // it holds what is there
  ASSERT_TRUE(channel.until("a queue", [&] { return channel.count("ready") >= 3; }));
  const auto ids = channel.ids("ready");
  const std::string gone = ids.at(2); // the two before it are open
  fs::remove(fs::path(channel.last("ready", gone).uri.substr(strlen("file://"))));
  g_signal_emit_by_name(channel.air(), "resume");
  ASSERT_TRUE(channel.hear("failed", gone));
  ASSERT_TRUE(channel.airs(2));
  EXPECT_EQ(channel.last("started", gone).what, "");
  channel.stop();
}
