// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc: what its properties do to a list, what becomes of bad rows, time over turns, stopping
// and starting again, and how much memory a long list takes.
#include "launch.h"
#include "process_size.h"

#include <chrono>
#include <functional>
#include <optional>

using namespace aigc;

namespace {

using Texts = std::vector<std::string>;

/// What comes out of a list.
struct Sent {
  Texts ids, words;
  std::vector<GstClockTime> times;
  std::vector<Ref<GstBuffer>> buffers; ///< the first few
  size_t count = 0;
  GstClockTime end = 0;
};

constexpr size_t kKept = 100;

const GstStructure* shot_of(GstBuffer* buffer) {
  const GstMetaInfo* info = gst_meta_get_info("GstAigcShotMeta");
  auto* meta = info ? gst_buffer_get_custom_meta(buffer, "GstAigcShotMeta") : nullptr;
  return meta ? gst_custom_meta_get_structure(meta) : nullptr;
}

std::string field(GstBuffer* buffer, const char* name) {
  const char* text = gst_structure_get_string(shot_of(buffer), name);
  return text ? text : "";
}

gint64 number(GstBuffer* buffer, const char* name) {
  gint64 value = -1;
  gst_structure_get_int64(shot_of(buffer), name, &value);
  return value;
}

void take(GstElement*, GstBuffer* buffer, GstPad*, gpointer data) {
  auto* sent = static_cast<Sent*>(data);
  ++sent->count;
  sent->end = GST_BUFFER_PTS(buffer);
  if (sent->count > kKept) return;
  GstMapInfo map;
  ASSERT_TRUE(gst_buffer_map(buffer, &map, GST_MAP_READ));
  sent->words.emplace_back(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  sent->ids.push_back(field(buffer, "id"));
  sent->times.push_back(GST_BUFFER_PTS(buffer));
  sent->buffers.push_back(adopt(gst_buffer_ref(buffer)));
}

} // namespace

class AiShotSrcTest : public ElementTest {
 protected:
  std::string file(const std::string& name, std::string_view bytes) {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  static std::string line(const std::string& settings) {
    return "aishotsrc name=l " + settings + " ! fakesink name=s signal-handoffs=true";
  }

  static void watch(const Launch& launch, Sent& sent) {
    g_signal_connect(launch.element("s").get(), "handoff", G_CALLBACK(take), &sent);
  }

  /// Sends a list to its end.
  Sent send(const std::string& path, const std::string& settings, Ran* told = nullptr) {
    Launch launch(line("location=" + path + " " + settings));
    EXPECT_EQ(launch.parse_error, "");
    Sent sent;
    watch(launch, sent);
    const Ran ran = launch.run();
    EXPECT_TRUE(ran.eos || told) << (ran.errors.empty() ? "" : ran.errors[0]);
    if (told) *told = ran;
    return sent;
  }
};

TEST_F(AiShotSrcTest, EveryFormatBecomesShots) {
  const std::pair<const char*, const char*> lists[] = {
      {"a.txt", "#: seed=7\nfox\ncat\n"},
      {"a.csv", "script;seed\nfox;7\ncat;7\n"},
      {"a.json", R"({"defaults":{"seed":7},"shots":["fox",{"script":"cat"}]})"},
      {"a.jsonl", "{\"defaults\":{\"seed\":7}}\n\"fox\"\n{\"script\":\"cat\"}\n"}};
  for (const auto& [name, text] : lists) {
    SCOPED_TRACE(name);
    const Sent sent = send(file(name, text), "");
    EXPECT_EQ(sent.words, (Texts{"fox", "cat"}));
    EXPECT_EQ(sent.ids, (Texts{"shot-1", "shot-2"}));
    ASSERT_EQ(sent.buffers.size(), 2u);
    EXPECT_EQ(number(sent.buffers[1].get(), "seed"), 7);
  }
}

TEST_F(AiShotSrcTest, LanguagesTakesAndBrandReachTheShots) {
  const std::string brand = file("acme.json", R"({"name":"Acme"})");
  const std::string path = file("a.csv", "id,script:zh,script:en\nfox,狐狸,a fox\n,猫,a cat\n");
  const Sent sent = send(path, "languages=zh,en takes=\"fox=2,2=3\" brand=" + brand + " loop=2");
  EXPECT_EQ(sent.ids, (Texts{"fox.zh", "fox.en", "shot-2.zh", "shot-2.en", "fox.zh~2", "fox.en~2",
                             "shot-2.zh~2", "shot-2.en~2"}));
  EXPECT_EQ(Texts(sent.words.begin(), sent.words.begin() + 4),
            (Texts{"狐狸", "a fox", "猫", "a cat"}));
  for (size_t i = 0; i < sent.buffers.size(); ++i) {
    GstBuffer* buffer = sent.buffers[i].get();
    EXPECT_EQ(field(buffer, "language"), i % 2 ? "en" : "zh");
    EXPECT_EQ(field(buffer, "brand"), brand);
    EXPECT_EQ(number(buffer, "take"), i % 4 < 2 ? 2 : 3);
    EXPECT_EQ(field(buffer, "run"), std::string(i % 2 ? ".en" : ".zh") + (i < 4 ? "" : "~2"));
  }
}

TEST_F(AiShotSrcTest, TimeGoesOnOverTheTurns) {
  const Sent sent = send(file("a.csv", "script,duration\nfox,2\ncat,0.5\n"), "loop=2");
  EXPECT_EQ(sent.times,
            (std::vector<GstClockTime>{0, 2 * GST_SECOND, GST_SECOND * 5 / 2, GST_SECOND * 9 / 2}));
}

TEST_F(AiShotSrcTest, AListWithoutEndIsStoppedByEos) {
  Launch launch(line("location=" + file("a.txt", "fox\ncat\n") + " loop=-1"));
  Sent sent;
  watch(launch, sent);
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  gst_element_get_state(launch.get(), nullptr, nullptr, 10 * GST_SECOND);
  gst_element_send_event(launch.get(), gst_event_new_eos());
  Ran ran;
  launch.collect(ran);
  EXPECT_TRUE(ran.eos);
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  EXPECT_GT(sent.count, 0u);
}

TEST_F(AiShotSrcTest, TheSeedShuffles) {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += "fox\n";
  const std::string path = file("a.txt", text);
  const Texts straight = send(path, "").ids;
  const Texts first = send(path, "shuffle=true seed=1").ids;
  EXPECT_NE(first, straight);
  EXPECT_EQ(send(path, "shuffle=true seed=1").ids, first);
  EXPECT_NE(send(path, "shuffle=true seed=2").ids, first);
  EXPECT_NE(send(path, "shuffle=true").ids, send(path, "shuffle=true").ids);
}

TEST_F(AiShotSrcTest, SharesAreTheWholeList) {
  const std::string path = file("a.csv", "script,chain\na,\nb,x\nc,x\nd,\n");
  EXPECT_EQ(send(path, "shard-count=2").words, (Texts{"a"}));
  EXPECT_EQ(send(path, "shard-count=2 shard-index=1").words, (Texts{"b", "c", "d"}));
}

TEST_F(AiShotSrcTest, BadRowsStopItOrAreLeftOut) {
  const std::string path = file(
      "a.csv",
      "script,id,language,width\nfox,x,,\ncat,x,,\n,,,\nowl,,en,5\nbear,,english,\nelk,,,64\n");
  Ran ran;
  EXPECT_EQ(send(path, "", &ran).count, 0u); // what is wrong is found before anything is sent
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find(path + ": row 2 (line 3): id: \"x\""), std::string::npos)
      << ran.errors[0];
  const Sent sent = send(path, "on-error=skip", &ran);
  EXPECT_EQ(sent.words, (Texts{"fox", "elk"}));
  EXPECT_TRUE(ran.eos);
  ASSERT_EQ(ran.warnings.size(), 3u);
  EXPECT_NE(ran.warnings[1].find(path + ": row 3 (line 5): width is 5"), std::string::npos);
  EXPECT_NE(ran.warnings[2].find("row 4 (line 6): language"), std::string::npos);
  EXPECT_EQ(ran.progress, (Texts{"start list:x", "end list:x", "start list:shot-3",
                                 "end list:shot-3", "start list:shot-4", "end list:shot-4"}));
  ASSERT_EQ(ran.elements.size(), 3u);
  EXPECT_TRUE(
      gst_structure_has_name(gst_message_get_structure(ran.elements[0].get()), "aigc/shot-failed"));
}

TEST_F(AiShotSrcTest, AListOfBadRowsIsAnError) {
  Ran ran;
  send(file("a.csv", "script,width\nfox,1\ncat,2\n"), "on-error=skip", &ran);
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find("no shot is left"), std::string::npos) << ran.errors[0];
  std::string many = "script,width\nowl,\n";
  for (int i = 0; i < 300; ++i)
    many += "fox,1\n";
  EXPECT_EQ(send(file("b.csv", many), "on-error=skip", &ran).count, 1u);
  ASSERT_EQ(ran.warnings.size(), 101u);
  EXPECT_NE(ran.warnings[100].find("200 more rows"), std::string::npos) << ran.warnings[100];
  guint left_out = 0, count = 0;
  for (const auto& message : ran.elements) {
    const GstStructure* told = gst_message_get_structure(message.get());
    ASSERT_TRUE(gst_structure_has_name(told, "aigc/shot-failed"));
    ASSERT_TRUE(gst_structure_get_uint(told, "count", &count));
    left_out += count;
  }
  EXPECT_EQ(left_out, 300u);
}

TEST_F(AiShotSrcTest, ANameNearAFieldIsAWarning) {
  Ran ran;
  const std::string path = file("a.csv", "Script,stlye\nfox,ink\ncat,ink\n");
  EXPECT_EQ(send(path, "loop=2", &ran).count, 4u);
  ASSERT_EQ(ran.warnings.size(), 1u);
  EXPECT_NE(ran.warnings[0].find(path + ": row 1 (line 2): \"stlye\""), std::string::npos)
      << ran.warnings[0];
}

TEST_F(AiShotSrcTest, ItRunsAgainFromTheStart) {
  Launch launch(line("location=" + file("a.txt", "fox\ncat\n")));
  for (int round = 0; round < 2; ++round) {
    Sent sent;
    auto sink = launch.element("s");
    const gulong id = g_signal_connect(sink.get(), "handoff", G_CALLBACK(take), &sent);
    EXPECT_TRUE(launch.run().eos);
    EXPECT_EQ(gst_element_set_state(launch.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(sent.ids, (Texts{"shot-1", "shot-2"}));
    EXPECT_EQ(sent.times.front(), 0u);
    g_signal_handler_disconnect(sink.get(), id);
  }
}

TEST_F(AiShotSrcTest, ALongReadIsBroken) {
  const std::string path = file("a.txt", "");
  ASSERT_EQ(truncate(path.c_str(), 1LL << 30), 0); // a sparse line of NULs
  Launch launch(line("location=" + path));
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  g_usleep(50'000); // no matter how far it gets
  const auto begun = std::chrono::steady_clock::now();
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
}

TEST_F(AiShotSrcTest, AHundredThousandRowsTakeNoMemory) {
  constexpr size_t kRows = 100'000;
  const std::string path = folder.path() + "/long.csv";
  {
    std::ofstream list(path);
    list << "script,mood\n";
    for (size_t i = 0; i < kRows; ++i)
      list << "\"a fox in the snow, number " << i << "\",calm\n";
  }
  for (const char* order : {"", "shuffle=true seed=1"}) {
    send(file("short.txt", "fox\n"), order); // what every pipeline takes
    forget_peak();
    [[maybe_unused]] const long before = peak_kib();
    const Sent sent = send(path, order);
    EXPECT_EQ(sent.count, kRows);
    EXPECT_EQ(sent.end, (kRows - 1) * 5 * GST_SECOND);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    EXPECT_LT(peak_kib() - before, *order ? 8 * 1024 : 3 * 1024);
#endif
  }
}
