// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc costs: sums by day, service and model; what is unclear stands apart.
#include "base/json.h"
#include "program.h"
#include "store/journal.h"
#include "store/ledger.h"

using namespace aigc;

namespace {

constexpr gint64 kHour = 3'600'000;
constexpr gint64 kNoon = 1'790'000'000'000; ///< near enough: 2026-09-21

class CostsTest : public ProgramTest {
 protected:
  CostsTest() { g_setenv("AIGC_CACHE_DIR", folder.c_str(), TRUE); }
  ~CostsTest() override { g_unsetenv("AIGC_CACHE_DIR"); }

  void bill(const char* model, double cost, Usage usage, gint64 time = kNoon,
            bool unclear = false) {
    Ledger(folder).add({.time = time,
                        .call = take_string(g_uuid_string_random()),
                        .service = "dashscope",
                        .model = model,
                        .task = "t-1",
                        .usage = usage,
                        .cost = cost,
                        .currency = cost > 0 ? "CNY" : "",
                        .unclear = unclear},
                       false);
  }
  Ref<JsonNode> costs(std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"costs", "--json"});
    const Outcome run = aigc(words);
    EXPECT_EQ(run.status, 0) << run.err;
    return parse_json(run.out);
  }
};

} // namespace

TEST_F(CostsTest, NothingWasSpentWithoutALedger) {
  const Outcome run = aigc({"costs"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "nothing on 0 calls")) << run.out;
}

TEST_F(CostsTest, SumsByDayServiceAndModelAndKeepsTheUnclearApart) {
  bill("wan2.2-t2v-plus", 0.7, {.seconds = 5, .tier = "480P"});
  bill("wan2.2-t2v-plus", 0.7, {.seconds = 5, .tier = "480P"});
  bill("wan2.2-t2v-plus", 0.7, {.seconds = 5, .tier = "480P"}, kNoon + 48 * kHour);
  bill("qwen-image", 0.25, {.pictures = 1});
  bill("mine", 0, {.pictures = 1});
  bill("qwen-image", 0.25, {.pictures = 1}, kNoon, true);

  const Ref<JsonNode> all = costs();
  const JsonView json(all.get());
  EXPECT_EQ(json["rows"].size(), 4u);
  EXPECT_EQ(json["calls"].integer(), 5);
  EXPECT_EQ(json["unpriced"].integer(), 1);
  ASSERT_EQ(json["totals"].size(), 1u);
  EXPECT_NEAR(*json["totals"].at(0)["cost"].number(), 2.35, 1e-9);
  EXPECT_EQ(json["unclear"].size(), 1u);
  EXPECT_FALSE(json["prices-confirmed"].boolean(true));
  for (size_t i = 0; i < 4; ++i) {
    const JsonView row = json["rows"].at(i);
    if (row["model"].text() == "wan2.2-t2v-plus" && row["calls"].integer() == 2) {
      EXPECT_NEAR(*row["cost"].number(), 1.4, 1e-9);
      EXPECT_EQ(row["usage"]["seconds"].number(), 10);
    }
  }

  const Outcome run = aigc({"costs"});
  for (const char* part : {"wan2.2-t2v-plus", "10 s", "1.40 CNY", "2.35 CNY on 5 calls",
                           "without a known price", "nobody confirmed", "may have been billed"})
    EXPECT_TRUE(has(run.out, part)) << part << "\n" << run.out;
}

TEST_F(CostsTest, TellsOfCallsThatAreStillOpen) {
  const Journal journal(folder);
  journal.write("a", {.call = "1"});
  EXPECT_TRUE(has(aigc({"costs"}).out, "1 call is still open; run again"));
  journal.write("b", {.call = "2"});
  EXPECT_TRUE(has(aigc({"costs"}).out, "2 calls are still open; run again"));
  const Ref<JsonNode> all = costs();
  EXPECT_EQ(JsonView(all.get())["open"].integer(), 2);
}

TEST_F(CostsTest, SinceLeavesOutWhatWasBefore) {
  bill("qwen-image", 0.25, {.pictures = 1});
  bill("qwen-image", 0.25, {.pictures = 1}, kNoon + 72 * kHour);
  const Ref<JsonNode> late = costs({"--since", "2026-09-23"});
  EXPECT_EQ(JsonView(late.get())["calls"].integer(), 1);
  for (const char* day : {"yesterday", "2026-13-01", "2026-09-23x"}) {
    const Outcome run = aigc({"costs", "--since", day});
    EXPECT_EQ(run.status, 2) << day;
    EXPECT_TRUE(has(run.err, day)) << run.err;
  }
}
