// SPDX-License-Identifier: LGPL-2.1-or-later
// The journal of a list: whatever is edited and wherever it is cut off, what is read is what was
// there after some edit, and nothing is in between.
#include "pending_rig.h"
#include "shot/air_time.h"
#include "shot/list_journal.h"
#include "temp_folder.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/resource.h>

namespace {

using Lines = std::vector<std::string>;

/// What a journal would keep of it.
Lines state_of(const PendingShots& pending) {
  Lines lines, done;
  for (const Edit& edit : pending.edits())
    if (edit.kind == Edit::Kind::done)
      done.push_back(std::to_string(edit.number));
    else
      lines.push_back(edit_to_line(edit));
  std::sort(done.begin(), done.end());
  lines.insert(lines.end(), done.begin(), done.end());
  return lines;
}

std::string text_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A rig whose edits go into a journal, as aishotsrc has it.
struct Journalled : PendingRig {
  explicit Journalled(const std::string& path, const std::string& list = "day.csv")
      : journal(path, list) {
    pending.remember(true);
    for (const Edit& edit : journal.take_edits())
      pending.apply(edit);
    pending.record([this](const Edit& edit) {
      if (!journal.append(edit)) {
        journal.rewrite(pending.edits());
        ++rewritten;
      }
      if (keeps_states) states.push_back(state_of(pending));
    });
  }

  /// Something an operator, the list or playout does.
  void do_anything(std::mt19937& chance) {
    const auto any = [&](size_t size) { return chance() % std::max<size_t>(size, 1); };
    const auto items = pending.items();
    const std::string id = items.empty() ? "none" : items[any(items.size())].id;
    switch (any(8)) {
    case 0:
      enqueue("fox \"quoted\"\n狐狸", any(2) ? "" : "own-" + std::to_string(chance()));
      break;
    case 1:
      insert("cat", any(8));
      break;
    case 2:
      pending.move(id, any(8));
      break;
    case 3:
      pending.remove(id);
      break;
    case 4:
      pending.aired(id);
      break;
    case 5: {
      Shot timed = shot("");
      timed.at = air_time_text(now + G_TIME_SPAN_HOUR + static_cast<gint64>(any(9)) * 1'000'000);
      pending.insert(timed, 0, now);
      break;
    }
    default:
      if (pending.has_rows() || any(2)) {
        read("row-" + std::to_string(++rows_read));
        sent(1);
      } else {
        pending.begin_turn(pending.turn() + 1);
      }
    }
  }

  ListJournal journal;
  bool keeps_states = true;
  std::vector<Lines> states; ///< after every edit
  size_t rewritten = 0;
  size_t rows_read = 0;
};

Lines state_in(const std::string& path) {
  return state_of(Journalled(path).pending);
}

} // namespace

class ListJournalUnit : public testing::Test {
 protected:
  TempFolder folder;
  const std::string path = folder.path() + "/day.journal";
};

TEST_F(ListJournalUnit, EveryEditComesBackAsItWas) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    std::filesystem::remove(path);
    std::mt19937 chance(seed);
    Lines before = state_of(PendingShots());
    for (int run = 0; run < 3; ++run) {
      Journalled rig(path);
      EXPECT_EQ(state_of(rig.pending), before);
      rig.rows_read = 1000u * run;
      rig.now = G_TIME_SPAN_DAY;
      for (int i = 0; i < 60; ++i)
        rig.do_anything(chance);
      before = state_of(rig.pending);
      EXPECT_LE(rig.rewritten, run == 0 ? 1u : 0u); // once, to begin it
    }
    EXPECT_EQ(state_in(path), before);
  }
}

TEST_F(ListJournalUnit, CutOffAtAnyByteItIsWhatItWasAfterAWholeEdit) {
  std::mt19937 chance(7);
  std::vector<Lines> states = {{}};
  size_t first = 0;
  {
    Journalled rig(path);
    rig.enqueue("the first makes the file");
    first = text_in(path).size();
    rig.now = G_TIME_SPAN_DAY;
    for (int i = 0; i < 12; ++i)
      rig.do_anything(chance);
    states = rig.states;
  }
  const std::string text = text_in(path);
  ASSERT_EQ(
      static_cast<size_t>(std::count(text.begin() + static_cast<long>(first), text.end(), '\n')),
      states.size() - 1);
  size_t whole = 0;
  for (size_t size = first; size <= text.size(); ++size) {
    whole += size > first && text[size - 1] == '\n';
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text.substr(0, size);
    Journalled rig(path);
    ASSERT_EQ(state_of(rig.pending), states[whole]) << "cut off at byte " << size;
    EXPECT_EQ(rig.journal.broken_lines(), 0u);
  }
}

TEST_F(ListJournalUnit, AFixedTimeThatWasSentIsNotSentForThatDayAgain) {
  const gint64 noon = air_time("2026-11-29T12:00:00", 0);
  Shot news = PendingRig::shot("news"), removed = PendingRig::shot("removed");
  news.at = "12:05";
  removed.at = "12:06";
  {
    Journalled rig(path);
    rig.now = noon;
    rig.pending.set_timed({news, removed}, -1, noon);
    EXPECT_EQ(rig.pending.remove("removed"), PendingShots::Removed::pending);
    EXPECT_EQ(rig.sent(9), Texts{"news"});
    rig.pending.aired("news");
  }
  Journalled rig(path);
  rig.now = noon + 1'000'000;
  rig.pending.set_timed({news, removed}, -1, rig.now);
  EXPECT_EQ(rig.sent(9), Texts{});
  EXPECT_EQ(rig.pending.due(), air_time("2026-11-30T12:05:00", 0) - kAirLead);
  rig.now += G_TIME_SPAN_DAY;
  EXPECT_EQ(rig.sent(9), (Texts{"news~2", "removed~2"}));
}

TEST_F(ListJournalUnit, AfterACutItGoesOn) {
  {
    Journalled rig(path);
    rig.enqueue("fox");
    rig.enqueue("cat");
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  {
    Journalled rig(path);
    EXPECT_EQ(rig.order(), "request-1");
    rig.enqueue("owl", "owl");
    rig.enqueue("elk", "elk");
  }
  Journalled rig(path);
  EXPECT_EQ(rig.order(), "request-1 owl elk");
  EXPECT_EQ(rig.journal.broken_lines(), 0u);
}

TEST_F(ListJournalUnit, ABrokenLineIsLeftOutAndToldOf) {
  {
    Journalled rig(path);
    for (const char* id : {"a", "b", "c"})
      rig.enqueue("fox", id);
  }
  std::string text = text_in(path);
  const size_t second = text.find("\"b\"");
  text[second] = '\0';
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  Journalled rig(path);
  EXPECT_EQ(rig.order(), "a c");
  EXPECT_EQ(rig.journal.broken_lines(), 1u);
}

TEST_F(ListJournalUnit, ItStaysShortHoweverLongTheChannelRuns) {
  Journalled rig(path);
  rig.keeps_states = false;
  for (unsigned i = 0; i < 3000; ++i) {
    Shot row = rig.shot("row-" + std::to_string(i));
    row.script.assign(1500, 'x');
    if (i % 500 == 0) rig.pending.begin_turn(i / 500 + 1);
    rig.pending.read_ahead(row);
    rig.sent(1);
    rig.pending.aired(row.id);
  }
  EXPECT_LT(std::filesystem::file_size(path), kLongJournal + 2000);
  EXPECT_GE(rig.rewritten, 2u);
  EXPECT_LE(rig.rewritten, 10u);
}

TEST_F(ListJournalUnit, AFullDiskIsWaitedOut) {
  Journalled rig(path);
  rig.enqueue("fox");
  const size_t size = text_in(path).size();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit full = before;
  full.rlim_cur = size + 10;
  setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_THROW(rig.enqueue("cat"), Error); // a part of a line is there now
  setrlimit(RLIMIT_FSIZE, &before);
  rig.enqueue("owl");
  EXPECT_EQ(rig.order(), "request-1 request-2 request-3");
  std::filesystem::copy_file(path, path + "-copy");
  EXPECT_EQ(state_in(path + "-copy"), state_of(rig.pending));
}

TEST_F(ListJournalUnit, WhatIsNoJournalIsRefused) {
  for (const char* text : {"my diary\n", "{\"journal\":\"other\"}\n", "no end"}) {
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_THROW(Journalled{path}, Error) << text;
    EXPECT_EQ(text_in(path), text);
  }
  EXPECT_THROW(Journalled{folder.path()}, Error);
  EXPECT_THROW(Journalled{"/dev/zero"}, Error);
  std::ofstream(path, std::ios::trunc) << "";
  EXPECT_EQ(Journalled(path).order(), "");
}

TEST_F(ListJournalUnit, AJournalOfAnotherListIsKnown) {
  { Journalled(path, "day.csv").enqueue("fox"); }
  Journalled other(path, "night.csv");
  EXPECT_EQ(other.journal.other_list(), "day.csv");
  other.rows({"a"});
  other.pending.forget_list();
  EXPECT_EQ(other.order(), "request-1 a");
  EXPECT_THROW(Journalled(path, "night.csv"), Error); // it is written by the one above
}
