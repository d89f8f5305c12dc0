// SPDX-License-Identifier: LGPL-2.1-or-later
// What a channel tells whoever started it: addresses without their keys, and lines nobody waits
// for.
#include "base/error.h"
#include "channel_outputs.h"
#include "lines_out.h"
#include "program.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

using namespace aigc;
using namespace aigc::runner;

namespace {

using Addresses = std::map<std::string, std::string>;

std::string shown(const std::string& name, const std::string& address) {
  return channel_outputs({{name, address}}).at(0).to;
}

} // namespace

TEST(ChannelOutputs, ShowNoKey) {
  EXPECT_EQ(shown("rtmp", "rtmp://host/app/KEY"), "rtmp://host/app");
  EXPECT_EQ(shown("rtmp", "rtmp://user:KEY@host:1936/app/KEY?sign=KEY"), "rtmp://host:1936/app");
  EXPECT_EQ(shown("srt", "srt://host:9000?passphrase=KEY&streamid=KEY"), "srt://host:9000");
  EXPECT_EQ(shown("srt", "srt://:9000?mode=listener"), "srt://:9000");
  EXPECT_EQ(shown("rtmp", "KEY"), "an address that cannot be read");
  EXPECT_EQ(shown("hls", "/var/www/live"), "/var/www/live/live.m3u8");
}

TEST_F(ProgramTest, AddressesMayStandInFiles) {
  const std::string path = folder / "address";
  std::ofstream(path) << "rtmp://host/app/KEY\n";
  Addresses values{{"rtmp", "@" + path}, {"srt", "srt://host:1"}};
  read_addresses(values);
  EXPECT_EQ(values, (Addresses{{"rtmp", "rtmp://host/app/KEY"}, {"srt", "srt://host:1"}}));
  values["srt"] = "@" + path + "-none";
  EXPECT_THROW(read_addresses(values), Error);
}

TEST(LinesOut, WaitsForNobodyAndSaysWhatWasLost) {
  std::signal(SIGPIPE, SIG_IGN); // as the program does
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  LinesOut out(ends[1], [](unsigned long count) { return std::to_string(count) + " lost"; });
  const std::string line(999, 'x');
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i)
    out.print(line);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  const auto drain = [&] {
    std::string text(1 << 21, ' ');
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    const ssize_t got = read(ends[0], text.data(), text.size());
    return text.substr(0, got > 0 ? size_t(got) : 0);
  };
  const std::string kept = drain();
  EXPECT_GT(kept.size(), 30'000u);
  EXPECT_EQ(kept.size() % 1000, 0u); // whole lines
  out.print("again");
  EXPECT_EQ(drain(), std::to_string(1000 - kept.size() / 1000) + " lost\nagain\n");
  out.print("and again");
  EXPECT_EQ(drain(), "and again\n");
  close(ends[0]);
  out.print("to nobody");
  close(ends[1]);
}
