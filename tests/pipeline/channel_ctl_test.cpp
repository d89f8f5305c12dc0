// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc ctl: what it sends to a channel, and what it makes of the answers.
#include "base/error.h"
#include "channel_folder.h"
#include "control.h"
#include "ctl_request.h"
#include "program.h"

using namespace aigc;
using namespace aigc::runner;

namespace {

std::string sent(std::vector<std::string> words) {
  return read_ctl(words).line;
}

std::string refused(const std::vector<std::string>& words) {
  try {
    return "taken: " + read_ctl(words).line;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    return error.what();
  }
}

/// Against a channel that answers what a test says.
class Ctl : public ProgramTest {
 protected:
  Outcome ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"ctl", "--socket", path});
    return aigc(words);
  }

  const std::string path = folder / "control";
  std::string answer = R"({"ok":true})", heard;
  ControlServer server{path, [this](std::string_view line) -> ControlAnswer {
                         heard = line;
                         return {.line = answer};
                       }};
};

} // namespace

TEST(CtlRequest, SaysWhatIsWanted) {
  EXPECT_EQ(sent({"status"}), R"({"command":"status"})");
  EXPECT_EQ(sent({"move", "shot-3", "0"}), R"({"command":"move","id":"shot-3","position":0})");
  EXPECT_EQ(sent({"remove", "shot-3", "--json"}), R"({"command":"remove","id":"shot-3"})");
  EXPECT_EQ(sent({"add", "a fox: \"run\"", "duration=4.5", "seed=7", "position=2", "at=20:00"}),
            R"({"command":"add","position":2,"shot":{"script":"a fox: \"run\"","duration":4.5,)"
            R"("seed":7,"at":"20:00"}})");
  EXPECT_EQ(sent({"add", R"({"script":"a fox","mood":"calm"})", "seed=7"}),
            R"({"command":"add","shot":{"script":"a fox","mood":"calm","seed":7}})");
}

TEST(CtlRequest, RefusesWhatIsNotMeantSo) {
  EXPECT_EQ(refused({"strat"}), "there is no command strat");
  EXPECT_EQ(refused({"--all", "list"}), "there is no option --all");
  EXPECT_EQ(refused({"move", "shot-3"}), "move needs the id of a shot, and a position");
  EXPECT_EQ(refused({"move", "shot-3", "-1"}), "position=-1: not a number");
  EXPECT_EQ(refused({"remove"}), "remove needs the id of a shot");
  EXPECT_EQ(refused({"skip", "shot-3"}), "skip takes no 'shot-3'");
  EXPECT_EQ(refused({"add"}), "add needs a sentence, or a shot as JSON");
  EXPECT_EQ(refused({"add", "a", "fox"}), "'fox' is not name=value; put the sentence in quotes");
  EXPECT_EQ(refused({"add", "a fox", "colour=red"}), "a shot has no colour that can be given so");
  EXPECT_EQ(refused({"add", "a fox", "seed=many"}), "seed=many: not a number");
  EXPECT_EQ(refused({"status", "--channel"}), "--channel needs a value");
  EXPECT_EQ(refused({"status", "--channel=a", "--socket=b"}),
            "--channel and --socket are not for one call");
}

TEST(CtlRequest, FindsTheChannelByItsName) {
  EXPECT_EQ(read_ctl({"status"}).socket, control_path(channel_folder("live")));
  EXPECT_EQ(read_ctl({"--channel", "news", "skip"}).socket, control_path(channel_folder("news")));
  EXPECT_EQ(read_ctl({"skip", "--socket=/run/x"}).socket, "/run/x");
}

TEST_F(Ctl, TellsPeopleTheState) {
  answer = R"({"ok":true,"channel":"news","up":7980,"held":false,"in-work":3,"ready":45.21,)"
           R"("low":30,"high":60,"supply":1.25,"alarm":false,"left-out":2,"restarts":1,)"
           R"("on-air":{"id":"fox","title":"a fox in the snow","tier":"reair","frame":1000,)"
           R"("frames":125,"since":"2026-11-29T20:15:03Z"},"next":{"id":"owl","title":"an owl"},)"
           R"("waiting":5,"cost":{"CNY":1.5},"cost-hour":{"CNY":0.25},"trouble":"a pipe broke",)"
           R"("outputs":[{"name":"hls","to":"live/live.m3u8"},{"name":"rtmp","to":"rtmp://h/app",)"
           R"("connected":true,"since":1764447303000000,"dropped-frames":0,"last-error":"x"},)"
           R"({"name":"srt","to":"srt://h:9","connected":false,"since":0,"dropped-frames":7,)"
           R"("last-error":"nobody answers"}],"resting":[{"stage":"video","service":"wan",)"
           R"("since":"2026-11-29T20:15:04Z","message":"the hour is spent"}]})";
  const Outcome run =
      Program({"env", "TZ=UTC", g_getenv("AIGC_TOOL"), "ctl", "--socket", path, "status"}, folder,
              g_getenv("AIGC_JOBS"))
          .wait();
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(heard, R"({"command":"status"})");
  EXPECT_EQ(run.out, "channel  news, up for 2 h 13 min\n"
                     "on air   again: fox  a fox in the snow, since 20:15:03, frame 1000\n"
                     "next     owl  an owl\n"
                     "ready    45.2 s; orders up to 60 s, warns below 30 s\n"
                     "made     1.25 s of air a second, 3 in work, 5 waiting, 2 came to nothing\n"
                     "cost     1.50 CNY; in the last hour 0.25 CNY\n"
                     "hls      live/live.m3u8\n"
                     "rtmp     rtmp://h/app, connected since 20:15:03\n"
                     "srt      srt://h:9, not connected: nobody answers; 7 frames dropped\n"
                     "waits    video since 20:15:04: the hour is spent\n"
                     "rebuilt  1 times, last for: a pipe broke\n");
}

TEST_F(Ctl, TellsWhatItDoesNotKnow) {
  answer = R"({"ok":true,"channel":"live","up":0,"cost":{},"cost-hour":{}})";
  const Outcome run = ctl({"status"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.out, "channel  live, up for 0 s\non air   nothing yet\nnext     nothing is ready\n"
                     "ready    not known yet\nmade     0 in work\n"
                     "cost     none; in the last hour none\n");
}

TEST_F(Ctl, ListsWhatWaits) {
  answer = R"({"ok":true,"items":[{"id":"owl","state":"ready","title":"an owl"},)"
           R"({"id":"elk","state":"video","title":"an elk","request":1},)"
           R"({"id":"shot-3","state":"waiting","title":"雪","at":"2026-11-29T20:00:00Z"}]})";
  EXPECT_EQ(ctl({"list"}).out, "ready    owl  an owl\n"
                               "video    elk  an elk  (asked for)\n"
                               "waiting  shot-3  雪  at 2026-11-29T20:00:00Z\n");
  answer = R"({"ok":true,"items":[]})";
  EXPECT_EQ(ctl({"list"}).out, "nothing waits\n");
}

TEST_F(Ctl, PassesOnARefusal) {
  answer = R"({"ok":false,"error":"the channel has no shot x","remedy":"See aigc ctl list."})";
  const Outcome run = ctl({"remove", "x"});
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(has(run.err, "the channel has no shot x")) << run.err;
  EXPECT_TRUE(has(run.err, "See aigc ctl list.")) << run.err;
  const Outcome raw = ctl({"remove", "x", "--json"});
  EXPECT_EQ(raw.status, 1);
  EXPECT_EQ(raw.out, answer + "\n");
  EXPECT_EQ(raw.err, "");
}

TEST_F(Ctl, SaysThatNobodyIsThere) {
  const Outcome run = aigc({"ctl", "--socket", folder / "nobody", "status"});
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(has(run.err, "no channel is on air at")) << run.err;
  EXPECT_EQ(aigc({"ctl", "sing"}).status, 2);
  EXPECT_EQ(aigc({"ctl", "--channel", "a/b", "status"}).status, 2);
}

TEST_F(Ctl, HelpNamesEveryCommand) {
  const Outcome run = aigc({"ctl", "--help"});
  EXPECT_EQ(run.status, 0);
  for (const char* command :
       {"add", "end", "events", "hold", "list", "move", "remove", "resume", "skip", "status"})
    EXPECT_TRUE(has(run.out, std::string("\n  ") + command + " ")) << command;
}
