// SPDX-License-Identifier: LGPL-2.1-or-later
// A look before paying: what stopping at keyframes, going on and another take pay.
#include "plan_rig.h"
#include "service/backend.h"

#include <set>

namespace fs = std::filesystem;

TEST_F(Look, StoppedAtKeyframesAFilmPaysForNoClipAndShowsThem) {
  const Outcome run = film({"--stop-at=keyframes"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(paid(), (Paid{3, 3, 0}));
  for (const char* name : {"0001.png", "0002.png", "0003.png", "sheet.html", "sheet.jpg"})
    EXPECT_TRUE(fs::exists(folder / "story.keyframes" / name)) << name;
  EXPECT_FALSE(fs::exists(folder / "story.mp4"));
  const std::string page = read("story.keyframes/sheet.html");
  EXPECT_FALSE(has(page, "<script")) << "words must be escaped";
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(1)"));
  EXPECT_TRUE(has(page, "2 · boat"));
  EXPECT_TRUE(has(page, "href=\"0002.png\""));
  EXPECT_TRUE(has(page, "data:image/jpeg;base64,"));
}

TEST_F(Look, AShotThatFailedHasACardThatSaysWhy) {
  server.fail(R"([{"route": "image-async", "kind": "status", "status": 400, "times": 1,
                   "code": "DataInspectionFailed", "message": "not allowed"}])");
  const Outcome run = film({"--stop-at=keyframes", "on-error=skip"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_EQ(paid().pictures, 2u);
  const std::string page = read("story.keyframes/sheet.html");
  EXPECT_TRUE(has(page, "story.mp4 · 2 keyframes, 1 failed"));
  EXPECT_TRUE(has(page, "<div class=\"box failed\">"));
}

TEST_F(Look, WhenEveryShotFailedTheSheetSaysSoAndNobodyWasInterrupted) {
  server.fail(R"([{"route": "image-async", "kind": "status", "status": 400, "times": 6,
                   "code": "DataInspectionFailed", "message": "not allowed"}])");
  const Outcome run = film({"--stop-at=keyframes", "on-error=skip"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_FALSE(has(run.out, "interrupted")) << run.out;
  EXPECT_TRUE(has(run.out, "story.keyframes/sheet.jpg: ")) << run.out;
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "0 keyframes, 3 failed"));
  const Outcome events = film({"--stop-at=keyframes", "on-error=skip", "--json"});
  EXPECT_TRUE(has(event(events, "done")["file"].text(), "sheet.jpg"));
}

TEST_F(Look, RemovesPicturesItMadeAndNoOthers) {
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  const Names others{"0003.xcf", "0003.webp", "0004.png", "1234.html"};
  for (const auto& name : others)
    write("story.keyframes/" + name, "mine");
  write("story.json", R"([{"script": "湖上的小船", "duration": 2, "id": "boat"}])");
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  EXPECT_TRUE(fs::exists(folder / "story.keyframes/0001.png"));
  EXPECT_FALSE(fs::exists(folder / "story.keyframes/0002.png"));
  EXPECT_FALSE(fs::exists(folder / "story.keyframes/0003.png"));
  for (const auto& name : others)
    EXPECT_TRUE(fs::exists(folder / "story.keyframes" / name)) << name;
}

TEST_F(Look, GoingOnPaysForClipsOnly) {
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  const Outcome run = film({"--from=keyframes"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(paid(), (Paid{3, 3, 3}));
  EXPECT_TRUE(fs::exists(folder / "story.mp4"));
}

TEST_F(Look, GoingOnRefusesKeyframesNobodyHasSeen) {
  const Outcome none = film({"--from=keyframes"});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(has(none.err, "1 (shot-1), 2 (boat), 3 (shot-3)")) << none.err;
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  write("story.json", R"([{"script": "雪山下的湖 <script>alert(1)</script>", "duration": 2},
                          {"script": "湖上的大船", "duration": 2, "id": "boat"}])");
  const Paid before = paid();
  const Outcome one = film({"--from=keyframes"});
  EXPECT_EQ(one.status, 2);
  EXPECT_TRUE(has(one.err, "the shots 2 (boat)\n")) << one.err;
  EXPECT_EQ(paid(), before);
}

TEST_F(Look, AnotherTakePaysForOnePictureAndOneClip) {
  ASSERT_EQ(film({}).status, 0);
  const Paid first = paid();
  EXPECT_EQ(first, (Paid{3, 3, 3}));
  const Outcome again = film({"retake=2"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(paid() - first, (Paid{0, 1, 1}));
  // It is remembered, and twice is yet another.
  ASSERT_EQ(film({}).status, 0);
  EXPECT_EQ(paid() - first, (Paid{0, 1, 1}));
  ASSERT_EQ(film({"retake=boat"}).status, 0);
  EXPECT_EQ(paid() - first, (Paid{0, 2, 2}));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"("boat":2)"));
}

TEST_F(Look, WhatWasSeenIsWhatTheFilmGets) {
  ASSERT_EQ(film({"--stop-at=keyframes", "seed=7"}).status, 0);
  const Outcome again = film({"--stop-at=keyframes", "seed=7", "retake=3"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(paid(), (Paid{3, 4, 0}));
  EXPECT_EQ(last_picture_seed(), 7 + kTakeStride);
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "take 1"));
  ASSERT_EQ(film({"--from=keyframes", "seed=7"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 4, 3}));
  // Twice is another take, and going on may take shots again that are named.
  ASSERT_EQ(film({"--from=keyframes", "seed=7", "retake=3"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 5, 4}));
  EXPECT_EQ(last_picture_seed(), 7 + 2 * kTakeStride);
}

TEST_F(Look, InALanguageShotsAreKnownByTheirOwnIds) {
  const Names zh{"language=zh", "--stop-at=keyframes"};
  ASSERT_EQ(film(zh).status, 0);
  for (const char* word : {"retake=boat", "retake=2"}) {
    Names words = zh;
    words.push_back(word);
    ASSERT_EQ(film(words).status, 0) << word;
  }
  EXPECT_EQ(paid(), (Paid{3, 5, 0}));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"boat":2})"));
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "<b>2 · boat</b>"));
}

TEST_F(Look, TakesThatAreGivenGoBeforeThoseRememberedAndBesideThem) {
  const auto asked = [this](const Names& words) {
    Names all = words;
    all.push_back("--print");
    const Outcome run = film(all);
    const size_t begin = run.out.find("takes=\"") + sizeof "takes=\"" - 1;
    return run.out.substr(begin, run.out.find('"', begin) - begin);
  };
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=2", "takes=1=3"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 3, 0}));
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "take 3"));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"boat":1})"));
  EXPECT_EQ(asked({}), "2=1");
  EXPECT_EQ(asked({"takes=1=3"}), "1=3,2=1");
  EXPECT_EQ(asked({"takes=boat=4,3=2"}), "2=4,3=2");
  EXPECT_EQ(asked({"takes=boat=4", "retake=2"}), "2=5");
  EXPECT_EQ(asked({"take=5"}), "2=1");
  EXPECT_EQ(asked({"take=5", "retake=3"}), "2=1,3=6");
}

TEST_F(Look, DigitsAreANumberAndNoId) {
  write("story.json", R"([{"script": "湖", "duration": 2, "id": "2"},
                          {"script": "船", "duration": 2, "id": "1"}])");
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=1"}).status, 0);
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"2":1})"));
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=2"}).status, 0);
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"1":1,"2":1})"))
      << read("story.keyframes/takes.json");
}

TEST_F(Look, ABatchKeepsToTheTakesToo) {
  ASSERT_EQ(film({"retake=2"}).status, 0);
  const Paid before = paid();
  write("rows.csv", "shots,out\nstory.json,story.mp4\n");
  const Outcome run =
      aigc({"batch", "film", "rows.csv", "width=320", "height=180", "fps=2"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "made 1, skipped 0")) << run.out;
  EXPECT_EQ(paid(), before);
}

TEST_F(Look, AShotThatIsNotThereCannotBeTakenAgain) {
  for (const char* word : {"retake=4", "retake=0", "retake=ship", "retake=2,,3"}) {
    const Outcome run = film({word});
    EXPECT_EQ(run.status, 2) << word;
    EXPECT_TRUE(has(run.err, "there is no such shot in the list of 3")) << run.err;
  }
  EXPECT_EQ(paid(), Paid());
  fs::create_directory(folder / "story.keyframes");
  write("story.keyframes/takes.json", R"({"takes": {"boat": -1}})");
  const Outcome broken = film({});
  EXPECT_EQ(broken.status, 1);
  EXPECT_TRUE(has(broken.err, "takes.json: the take of boat")) << broken.err;
}

TEST_F(Look, RefusesWhatMakesNoSense) {
  const std::vector<Names> wrong = {{"--stop-at=clips"},
                                    {"--from=words"},
                                    {"--stop-at=keyframes", "--from=keyframes"},
                                    {"--dry-run", "--print"},
                                    {"--stop-at=keyframes", "--print"},
                                    {"--sheet=s.jpg"},
                                    {"--stop-at=keyframes", "languages=zh,en"}};
  for (const auto& words : wrong)
    EXPECT_EQ(film(words).status, 2) << words.front();
  write("rows.csv", "shots\nstory.json\n");
  EXPECT_EQ(aigc({"batch", "film", "rows.csv", "--stop-at=keyframes"}, "AIGC_JOBS").status, 2);
  EXPECT_EQ(aigc({"batch", "film", "rows.csv", "--dry-run", "--report=r.json"}, "AIGC_JOBS").status,
            2);
  const Outcome retake = aigc({"batch", "film", "rows.csv", "retake=1"}, "AIGC_JOBS");
  EXPECT_EQ(retake.status, 2);
  EXPECT_TRUE(has(retake.err, "retake is for one film")) << retake.err;
  EXPECT_EQ(aigc({"bars", "out=a.mp4", "--stop-at=keyframes"}).status, 2);
  EXPECT_EQ(paid(), Paid());
}

TEST_F(Look, ABatchDrawsASheetOfWhatIsThere) {
  write("rows.csv", "out,prompt,width\na.png,\"<script>湖</script>\",512\nb.png,船,8000\n");
  const Outcome run =
      aigc({"batch", "post", "rows.csv", "height=512", "--sheet=s.html"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 1);
  const std::string page = read("s.html");
  EXPECT_TRUE(has(page, "href=\"a.png\"")) << run.err;
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_TRUE(has(page, "<div class=\"box failed\">"));
  EXPECT_TRUE(has(page, "1 there, 1 failed"));
  EXPECT_GT(fs::file_size(folder / "s.sheet.jpg"), 5000u);
  EXPECT_EQ(aigc({"batch", "post", "rows.csv", "--sheet=s.txt"}, "AIGC_JOBS").status, 2);
  EXPECT_EQ(aigc({"batch", "post", "rows.csv", "--sheet=no/s.jpg"}, "AIGC_JOBS").status, 2);
}
