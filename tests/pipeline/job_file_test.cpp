// SPDX-License-Identifier: LGPL-2.1-or-later
// Job files: what they declare, which values they take, which parts stay, and what is refused.
#include "base/error.h"
#include "base/words.h"
#include "job_file.h"

#include <gtest/gtest.h>

#include <glib.h>
#include <glib/gstdio.h>

using namespace aigc;
using namespace aigc::runner;

namespace {

constexpr const char* kJob = R"(# Makes a thing
# More about it.
#: out      output(.png|.jpg)!     the thing
#: words    string                 what to see
#: list     input                  a list instead
#: one-of   words list
#: width    int(2..100/2)=16       pixels
#: gain     number(0..2)=1         how loud
#: fade     seconds(0..10)=1.5     how long
#: flip     bool=false             upside down
#: fit      enum(crop|stretch)=crop how it fits

[words] source text=${words}
[list]  source list=${list}
! scale width=${width} fit=${fit} fade=${fade} gain=${gain} flip=${flip}
[flip] ! flip
[!flip] ! straight
[out=*.png] ! png
[out=*.jpg|*.jpeg] ! jpg
! sink to=${out}
)";

JobFile job() {
  return JobFile::parse("thing", kJob);
}

std::string rendered(Values values) {
  return job().render(job().complete(values));
}

/// The message and remedy `action` fails with.
template <typename Action> std::string failure(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_FALSE(error.remedy.empty()) << error.what();
    return std::string(error.what()) + " | " + error.remedy;
  }
  return "no failure";
}

std::string refusal(Values values) {
  values.emplace("out", "a.png");
  values.emplace("words", "x");
  return failure([&] { job().complete(values); });
}

std::string complaint(const std::string& text) {
  return failure([&] { JobFile::parse("thing", text); });
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST(JobFile, TellsWhatItDeclares) {
  EXPECT_EQ(job().summary(), "Makes a thing");
  EXPECT_EQ(job().variables().size(), 8u);
  EXPECT_EQ(job().output()->name, "out");
  EXPECT_EQ(job().find("width")->placeholder(), "2..100");
  EXPECT_EQ(job().find("width")->help, "pixels");
  EXPECT_EQ(job().find("out")->placeholder(), "FILE.png|.jpg");
  EXPECT_EQ(job().find("nothing"), nullptr);
}

TEST(JobFile, FillsInValuesAndDefaults) {
  EXPECT_EQ(rendered({{"out", "a.png"}, {"words", "a \"b\""}}),
            R"(source text="a \"b\"" ! scale width=16 fit=crop fade=1500000000 gain=1 flip=false)"
            R"( ! straight ! png ! sink to="a.png")");
}

TEST(JobFile, PartsComeAndGo) {
  const std::string line =
      rendered({{"out", "A.JPG"}, {"words", "x"}, {"flip", "yes"}, {"gain", "0.5"}});
  EXPECT_TRUE(has(line, "gain=0.5 flip=true ! flip ! jpg !")) << line;
  EXPECT_FALSE(has(line, "straight"));
  EXPECT_FALSE(has(line, "list="));
}

TEST(JobFile, AWholeNumberIsDecimalWhateverItBeginsWith) {
  // GStreamer would read 0020 as octal: 16.
  EXPECT_TRUE(has(rendered({{"out", "a.png"}, {"words", "x"}, {"width", "0020"}}), "width=20 "));
}

TEST(JobFile, AValueThatLooksLikeAVariableIsLeftAlone) {
  EXPECT_TRUE(has(rendered({{"out", "a.png"}, {"words", "${width} $out [flip]"}}),
                  R"(text="${width} $out [flip]")"));
}

TEST(JobFile, ValuesOfTheWrongTypeOrOutOfRangeAreRefusedWithARemedy) {
  const struct {
    const char *name, *value, *why;
  } cases[] = {
      {"width", "abc",
       "width=abc: not a whole number | Give a whole number from 2 to 100: pixels."},
      {"width", "1", "width=1: out of range | Give a whole number from 2 to 100: pixels."},
      {"width", "101", "out of range"},
      {"width", "5", "width=5: not a multiple of 2"},
      {"width", "12px", "not a whole number"},
      {"width", "3.5", "not a whole number"},
      {"width", "99999999999999999999", "out of range"},
      {"gain", "nan", "not a number"},
      {"gain", "inf", "not a number"},
      {"gain", "1e999", "out of range"},
      {"gain", "0x1", "not a number"},
      {"gain", "-0.1", "out of range"},
      {"gain", "1 ! fakesink", "not a number"},
      {"fade", "11", "from 0 to 10"},
      {"flip", "maybe", "neither true nor false"},
      {"fit", "Crop", "Give one of crop, stretch"},
      {"words", "", "words=: empty"},
      {"words", " \t\n", "empty"},
      {"words", "\xff\xfe", "not valid UTF-8"},
      {"words", "\xe6\x98", "not valid UTF-8"},
      {"out", "a.gif", "ends in .png or .jpg"},
      {"out", ".png", "ends in .png or .jpg"},
  };
  for (const auto& [name, value, why] : cases) {
    const std::string said = refusal({{name, value}});
    EXPECT_TRUE(has(said, why)) << name << "=" << value << " says: " << said;
  }
}

TEST(JobFile, InputFilesMustBeThere) {
  const auto list = [](const char* path) {
    return failure([&] { job().complete({{"out", "a.png"}, {"list", path}}); });
  };
  EXPECT_TRUE(has(list("/nowhere/x.txt"), "there is no such file"));
  EXPECT_TRUE(has(list("/"), "not a file"));
}

TEST(JobFile, UnknownMissingAndContradictingVariablesAreNamed) {
  EXPECT_TRUE(has(refusal({{"widht", "5"}}), "did you mean width?"));
  EXPECT_TRUE(has(refusal({{"zzzzzz", "5"}}), "has no variable zzzzzz | See aigc thing --help"));
  EXPECT_TRUE(has(failure([] {
                    job().complete({{"words", "x"}});
                  }),
                  "needs out: the thing | Add out="));
  EXPECT_TRUE(has(failure([] { job().complete({{"out", "a.png"}}); }), "needs words or list"));
  EXPECT_TRUE(has(refusal({{"list", "/etc/passwd"}}), "only one of words or list"));
}

TEST(JobFile, BrokenFilesAreRefusedByLine) {
  const std::string head = "# x\n#: a string! help\n";
  EXPECT_TRUE(has(complaint(""), "must say what the job does"));
  EXPECT_TRUE(has(complaint("# x\n"), "no launch line"));
  EXPECT_TRUE(
      has(complaint("# x\n#: A string help\nf"), "thing.launch:2: 'A' is no variable name"));
  EXPECT_TRUE(has(complaint("# x\n#: a strin help\nf"), "'strin' is no type"));
  EXPECT_TRUE(has(complaint("# x\n#: a string\nf"), "does not say what it is for"));
  EXPECT_TRUE(has(complaint("# x\n#: a int(1..2)=3 help\nf"), "the default is refused"));
  EXPECT_TRUE(has(complaint("# x\n#: a int(1-2) help\nf"), "LOW..HIGH"));
  EXPECT_TRUE(has(complaint("# x\n#: a enum help\nf"), "no values"));
  EXPECT_TRUE(has(complaint(head + "#: a string! help\nf"), "declared twice"));
  EXPECT_TRUE(has(complaint(head + "#: one-of a b\nf"), "'b' is not declared"));
  EXPECT_TRUE(has(complaint(head + "f x=${b}"), "thing.launch:3: 'b' is not declared"));
  EXPECT_TRUE(has(complaint(head + "[a f"), "[ without ]"));
  EXPECT_TRUE(has(complaint("# x\n#: a string help\nf x=${a}"), "start the line with [a]"));
  EXPECT_TRUE(has(complaint("# x\n#: a string help\n[!a] f x=${a}"), "start the line with [a]"));
  EXPECT_TRUE(has(complaint("# x\n#: a output! h\n#: b output! h\nf"), "more than one output"));
}

TEST(DidYouMean, NamesWhatIsNear) {
  const std::vector<std::string> names = {"film", "post", "clip"};
  EXPECT_EQ(did_you_mean("flim", names), "did you mean film or clip?");
  EXPECT_EQ(did_you_mean("fil", names), "did you mean film?");
  EXPECT_EQ(did_you_mean("po", names), "did you mean post?");
  EXPECT_EQ(did_you_mean("channel", names), "");
}
