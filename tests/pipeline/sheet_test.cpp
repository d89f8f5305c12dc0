// SPDX-License-Identifier: LGPL-2.1-or-later
// What a batch writes beside its files: contact sheets that count what is there, and files that
// take the place of nothing.
#include "batch_rig.h"

using namespace aigc;
namespace fs = std::filesystem;

namespace {
using Sheet = PaidBatch;
}

TEST_F(Sheet, ASheetCountsAsThereWhatHasAFile) {
  write("rows.csv", "out,prompt\na.png,湖\nb.png,船\n");
  const Names words{"post", "rows.csv", "height=512", "--retry-failed", "--sheet=s.html"};
  EXPECT_EQ(batch(words, "AIGC_JOBS").status, 0);
  EXPECT_TRUE(has(read("s.html"), "0 there"));
  write("a.png", "as if it were one");
  EXPECT_EQ(batch(words, "AIGC_JOBS").status, 0);
  EXPECT_TRUE(has(read("s.html"), "1 there"));
}

TEST_F(Sheet, ReportAndSheetTakeThePlaceOfNothing) {
  const std::string list = "out,prompt\nposts.jpg,湖\nx.sheet.jpg,船\n";
  write("posts.csv", list);
  write("posts.jpg", "paid for");
  write("house.json", R"({"name": "House", "style": "ink"})");
  fs::create_symlink("posts.csv", folder / "link.csv");
  const std::vector<std::pair<Names, std::string>> wrong = {
      {{"--report=posts.csv"}, "the list"},
      {{"--report=./link.csv"}, "the list"},
      {{"--report=house.json"}, "would take the place of brand="},
      {{"--report=posts.jpg"}, "out=posts.jpg"},
      {{"--sheet=posts.jpg"}, "out=posts.jpg"},
      {{"--sheet=posts.jpg", "--shard=1/2"}, "out=posts.jpg"},
      {{"--sheet=x.html"}, "its picture x.sheet.jpg would take the place of out=x.sheet.jpg"},
      {{"--sheet=s.html", "--report=s.html"}, "the file of --report=s.html"},
      {{"--sheet=s.html", "--report=s.sheet.jpg"}, "the file of --report=s.sheet.jpg"}};
  for (const auto& [options, why] : wrong) {
    Names words{"post", "posts.csv", "brand=house.json", "height=512"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome run = batch(words, "AIGC_JOBS");
    EXPECT_EQ(run.status, 2) << options.front();
    EXPECT_TRUE(has(run.err, why)) << run.err;
  }
  EXPECT_EQ(read("posts.csv"), list);
  EXPECT_EQ(read("posts.jpg"), "paid for");
  EXPECT_EQ(paid_pictures(), 0u);
}

TEST_F(Sheet, ThePictureBesideAPageIsNobodyElses) {
  write("fox.jpg", "older");
  const Outcome run = aigc({"post", "prompt=狐狸", "languages=zh,en", "out=fox.jpg", "width=512",
                            "height=512", "--sheet=fox.html"},
                           "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(read("fox.jpg"), "older");
  EXPECT_GT(fs::file_size(folder / "fox.sheet.jpg"), 5000u);
}
