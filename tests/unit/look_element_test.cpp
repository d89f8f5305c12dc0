// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch: who is matched to whom, what passes untouched, and that a clip is changed in one way
// from its first frame to its last.
#include "../../elements/opencv_guard.h"
#include "look_rig.h"
#include "temp_folder.h"

#include <fstream>

using namespace look;

namespace {

constexpr Drift kDrift{"drift", 0.8, 1.2, 0.7, 20};

const Picture& day() {
  static const Picture picture = painted("a dog on the beach at noon", "cinematic", 1);
  return picture;
}
const Picture& other_day() {
  static const Picture picture = painted("a girl on the beach at noon", "cinematic", 5);
  return picture;
}
const Picture& night() {
  static const Picture picture = painted("a street at night, rain, neon", "noir", 2);
  return picture;
}

/// The same memory goes on, although another reader has it, too.
void expect_untouched(Match& run, const Picture& picture, const Shot& shot) {
  auto in = frame_of(picture);
  const GstMemory* memory = gst_buffer_peek_memory(in.get(), 0);
  const auto reader = adopt(gst_buffer_copy(in.get())); // of the same memory
  const auto copy = frame_of(picture);
  ASSERT_EQ(run.push(std::move(in), shot), GST_FLOW_OK);
  const auto out = run.pull();
  ASSERT_TRUE(out);
  EXPECT_EQ(gst_buffer_peek_memory(out.get(), 0), memory);
  EXPECT_TRUE(same_bytes(out.get(), copy.get()));
}

/// Mean change of brightness from picture to picture, as a share of the contrast they have: a clip
/// that gets its contrast back moves by as much more, and is no more restless for that.
double restlessness(const std::vector<Picture>& pictures) {
  double moved = 0, sum = 0, squares = 0;
  const double count = double(pictures[0].size());
  for (size_t i = 0; i < pictures.size(); ++i)
    for (size_t p = 0; p < pictures[i].size(); ++p) {
      const double y = double(pictures[i][p].y);
      sum += y;
      squares += y * y;
      if (i > 0) moved += std::abs(y - double(pictures[i - 1][p].y));
    }
  const double all = count * double(pictures.size());
  const double contrast = std::sqrt(squares / all - sum / all * sum / all);
  return moved / (all - count) / contrast;
}

/// Of day().
std::string model_file(const TempFolder& folder) {
  Cancel cancel;
  preview::Scene scene{.script = "a dog on the beach at noon", .style = "cinematic", .seed = 1};
  const auto png = preview::paint(scene, cancel);
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(png.get(), &size));
  const std::string path = folder.path() + "/model.png";
  EXPECT_TRUE(g_file_set_contents(path.c_str(), data, gssize(size), nullptr));
  return path;
}

} // namespace

TEST(LookMatch, ShotsOfNoGroupPassUntouched) {
  Match run;
  expect_untouched(run, day(), {});
  expect_untouched(run, day(), shot_of("one"));
  expect_untouched(run, drifted(other_day(), kDrift, 1), shot_of("two"));
  expect_untouched(run, night(), shot_of("three"));
}

TEST(LookMatch, ANightInItsOwnGroupStaysWhatItIs) {
  Match run;
  expect_untouched(run, day(), shot_of("one", "day"));
  expect_untouched(run, night(), shot_of("two", "night"));
  EXPECT_GT(
      difference(drifted(other_day(), kDrift, 1),
                 picture_of(run.pass(drifted(other_day(), kDrift, 1), shot_of("3", "day")).get())),
      5);
  const Picture out = picture_of(run.pass(night(), shot_of("four", "night")).get());
  EXPECT_LT(difference(out, picture_of(frame_of(night()).get())), 1);
}

TEST(LookMatch, AChainIsAGroupAndALookGroupGoesBeforeIt) {
  const Picture bad = drifted(other_day(), kDrift, 1);
  const auto shot = [](const char* id, const char* chain, const char* group) {
    Shot one = shot_of(id, group);
    one.chain = chain;
    return one;
  };
  Match run;
  run.pass(day(), shot("one", "walk", ""));
  const Picture matched = picture_of(run.pass(bad, shot("two", "walk", "")).get());
  EXPECT_LT(difference(matched, other_day()), 0.25 * difference(bad, other_day()));
  expect_untouched(run, bad, shot("three", "walk", "walk")); // the first of a look group
  expect_untouched(run, bad, shot("four", "run", ""));       // the first of a chain
}

TEST(LookMatch, TheFirstClipOfAGroupStaysTheModelWhenItComesAgain) {
  Match run;
  for (int i = 0; i < 2; ++i) {
    expect_untouched(run, day(), shot_of("one", "day"));
    run.pass(drifted(other_day(), kDrift, 1), shot_of("two", "day"));
  }
}

TEST(LookMatch, AClipIsChangedInOneWayFromItsFirstFrameToItsLast) {
  const int wide = 384;
  const Picture street = painted("a girl on the beach at noon", "cinematic", 5, wide);
  Match run;
  run.pass(day(), shot_of("one", "day"));
  std::vector<Picture> clean, bad, out;
  for (int i = 0; i < 12; ++i) {
    Picture seen = window(street, wide, i * 12);
    for (Pixel& p : seen)
      p.y *= 1 - 0.03f * float(i); // the sun goes down
    clean.push_back(picture_of(frame_of(seen).get()));
    bad.push_back(drifted(seen, kDrift, 1));
    out.push_back(picture_of(run.pass(bad.back(), shot_of("two", "day")).get()));
    bad.back() = picture_of(frame_of(bad.back()).get());
  }
  // What a brightness became in the first frame it becomes in all of them.
  std::map<int, float> became;
  for (size_t i = 0; i < out.size(); ++i)
    for (size_t p = 0; p < out[i].size(); ++p) {
      const auto [at, first] = became.try_emplace(int(std::lround(bad[i][p].y * 219)), out[i][p].y);
      ASSERT_EQ(at->second, out[i][p].y) << "frame " << i;
    }
  std::printf("  from frame to frame: %.5f without drift, %.5f with, %.5f matched\n",
              restlessness(clean), restlessness(bad), restlessness(out));
  EXPECT_LT(restlessness(out), 1.02 * restlessness(clean));
}

TEST(LookMatch, StrengthIsAShareOfTheWay) {
  const Picture bad = drifted(other_day(), kDrift, 1);
  const auto left = [&](double strength) {
    Match run;
    g_object_set(run.harness->element, "strength", strength, nullptr);
    run.pass(day(), shot_of("one", "day"));
    return difference(picture_of(run.pass(bad, shot_of("two", "day")).get()), other_day());
  };
  Match run;
  g_object_set(run.harness->element, "strength", 0.0, nullptr);
  run.pass(day(), shot_of("one", "day"));
  expect_untouched(run, bad, shot_of("two", "day"));
  EXPECT_LT(left(1), 0.6 * left(0.5));
  EXPECT_LT(left(0.5), 0.7 * left(0));
}

/// A seek within a clip must not show, and one back to a clip neither.
TEST(LookMatch, AClipThatIsSoughtKeepsItsLook) {
  const Picture begin = drifted(other_day(), kDrift, 1), later = drifted(day(), kDrift, 1);
  Match run;
  run.pass(day(), shot_of("one", "day"));
  run.pass(begin, shot_of("two", "day"));
  const auto expected = run.pass(later, shot_of("two", "day"));
  run.seek();
  EXPECT_TRUE(same_bytes(run.pass(later, shot_of("two", "day")).get(), expected.get()));
  run.pass(later, shot_of("three", "day"));
  run.seek();
  EXPECT_TRUE(same_bytes(run.pass(later, shot_of("two", "day")).get(), expected.get()));
  expect_untouched(run, later, shot_of("one", "day"));
}

/// Two lists joined by `concat` may both have a first shot.
TEST(LookMatch, ShotsOfAnotherStreamAreOtherClips) {
  const Picture bad = drifted(other_day(), kDrift, 1);
  Match run;
  run.pass(day(), shot_of("one", "day"));
  gst_harness_push_event(run.harness, gst_event_new_stream_start("another"));
  run.begin_segment();
  const Picture out = picture_of(run.pass(bad, shot_of("one", "day")).get());
  EXPECT_LT(difference(out, other_day()), 0.25 * difference(bad, other_day()));
}

/// As `concat` sends them; a seek is no new clip.
TEST(LookMatch, WithoutShotsStreamsAndSegmentsAreClips) {
  TempFolder folder;
  const std::string path = model_file(folder);
  const Picture first = drifted(other_day(), kDrift, 1), second = drifted(day(), kDrift, -1);
  const auto alone = [&](const Picture& picture) {
    Match run;
    g_object_set(run.harness->element, "reference", path.c_str(), nullptr);
    return run.pass(picture, {});
  };
  Match run;
  g_object_set(run.harness->element, "reference", path.c_str(), nullptr);
  EXPECT_TRUE(same_bytes(run.pass(first, {}).get(), alone(first).get()));
  const auto in_first = run.pass(second, {});
  EXPECT_FALSE(same_bytes(in_first.get(), alone(second).get()));
  run.seek();
  EXPECT_TRUE(same_bytes(run.pass(second, {}).get(), in_first.get()));
  run.begin_segment();
  EXPECT_TRUE(same_bytes(run.pass(second, {}).get(), alone(second).get()));
  gst_harness_push_event(run.harness, gst_event_new_stream_start("another"));
  EXPECT_TRUE(same_bytes(run.pass(first, {}).get(), alone(first).get()));
}

TEST(LookMatch, AReferenceIsTheModelOfAllClips) {
  TempFolder folder;
  const std::string path = model_file(folder);
  const Picture bad = drifted(other_day(), kDrift, 1);
  for (const std::string& name : {path, "file://" + path})
    for (const Shot& shot : {Shot{}, shot_of("one"), shot_of("two", "group")}) {
      Match run;
      g_object_set(run.harness->element, "reference", name.c_str(), nullptr);
      const Picture out = picture_of(run.pass(bad, shot).get());
      EXPECT_LT(difference(out, other_day()), 0.25 * difference(bad, other_day()));
    }
}

TEST(LookMatch, AReferenceThatIsNoPictureIsAnError) {
  TempFolder folder;
  const std::string text = folder.path() + "/text.png";
  std::ofstream(text) << "not a picture, but longer than the signature of one would have to be";
  const std::map<std::string, GQuark> cases = {
      {folder.path() + "/missing.png", GST_RESOURCE_ERROR},
      {folder.path(), GST_RESOURCE_ERROR},
      {"https://example.org/a.png", GST_RESOURCE_ERROR},
      {text, GST_STREAM_ERROR},
  };
  for (const auto& [name, domain] : cases) {
    Match run;
    auto bus = adopt(gst_bus_new());
    gst_element_set_bus(run.harness->element, bus.get());
    g_object_set(run.harness->element, "reference", name.c_str(), nullptr);
    EXPECT_EQ(run.push(frame_of(day()), shot_of("one")), GST_FLOW_ERROR);
    auto message = adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
    ASSERT_TRUE(message) << name;
    ErrorSlot error;
    gst_message_parse_error(message.get(), error.out(), nullptr);
    EXPECT_EQ(error.get()->domain, domain) << error.message();
    EXPECT_NE(error.message().find("lookmatch: reference \"" + name), std::string::npos)
        << error.message();
    gst_element_set_bus(run.harness->element, nullptr);
  }
}

TEST(LookMatch, WhatOpenCvThrowsIsAnErrorOfOurs) {
  try {
    cv::Mat one(1, 1, CV_8U), two(2, 2, CV_8U);
    with_opencv("add the unlike", [&] { cv::add(one, two, one); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::format);
    EXPECT_NE(std::string(error.what()).find("could not add the unlike"), std::string::npos)
        << error.what();
  }
}
