// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips in other containers than MP4: told apart by their bytes, whole ones taken, cut ones not.
#include "../clips.h"
#include "../gst_clips.h"
#include "media/clip_check.h"
#include "media/container.h"

#include <map>

using namespace aigc;

namespace {

struct Kind {
  const char* name;
  const char* coding;
  Container container;
};
constexpr Kind kKinds[] = {{"vp8", clips::kVp8, Container::webm},
                           {"vp9", clips::kVp9, Container::webm},
                           {"mjpeg", clips::kMjpeg, Container::avi},
                           {"mkv", "vp8enc deadline=1 ! matroskamux", Container::matroska},
                           {"mp4", "x264enc tune=zerolatency ! mp4mux", Container::mp4}};

struct Containers : testing::Test {
  clips::TempDir dir;
  Cancel cancel;

  /// Filmed once for all tests. No extension to be led by.
  std::string made(const Kind& kind) {
    static std::map<std::string, std::string> films;
    std::string& film = films[kind.name];
    if (film.empty()) {
      clips::film(dir / "new", kind.coding);
      film = clips::content_of(dir / "new");
    }
    return written(kind.name, film);
  }
  std::string written(const std::string& name, const std::string& content) {
    std::ofstream(dir / name, std::ios::binary) << content;
    return dir / name;
  }
  ClipInfo probe(const std::string& path) { return probe_clip(clips::uri_of(path), cancel); }
  Error refused(const std::string& path) {
    try {
      probe(path);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << path << " is taken";
    return Error(Fault::settings, "");
  }
};

} // namespace

TEST_F(Containers, WholeClipsAreTakenWhateverTheyAreIn) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    const std::string path = made(kind);
    EXPECT_EQ(container_of(path), kind.container);
    const ClipInfo info = probe(path);
    EXPECT_EQ(info.width, 160);
    EXPECT_EQ(info.height, 120);
    EXPECT_EQ(info.frames, 33u);
    EXPECT_NEAR(double(info.fps_n) / info.fps_d, 16, 0.01);
    EXPECT_NEAR(info.span / 1e9, 33 / 16.0, 0.002);
    EXPECT_FALSE(info.has_audio);
    EXPECT_FALSE(info.keyframes.empty());
    EXPECT_NO_THROW(check_clip_decodes(info, cancel));
  }
}

TEST_F(Containers, ACutClipIsTruncatedWhereverItWasCut) {
  for (const Kind& kind : kKinds) {
    const std::string path = made(kind);
    for (const double part : {0.3, 0.6, 0.97}) {
      SCOPED_TRACE(kind.name + std::string(" ") + std::to_string(part));
      const std::string shorter = clips::cut(path, part);
      EXPECT_TRUE(is_cut_off(shorter, kind.container));
      const Error error = refused(shorter);
      EXPECT_EQ(error.fault, Fault::damaged) << error.what();
    }
  }
}

TEST_F(Containers, AStreamThatNeverSaysHowLongItIsIsNoCutClip) {
  const std::string path = dir / "live";
  clips::film(path, "vp8enc deadline=1 ! webmmux streamable=true");
  EXPECT_EQ(probe(path).frames, 33u);
  std::string avi = clips::content_of(made(kKinds[2]));
  avi.replace(4, 4, std::string(4, '\0'));
  EXPECT_EQ(probe(written("unfilled", avi)).frames, 33u);
}

TEST_F(Containers, AnAviThatCountsItsHeadIsNoCutClip) {
  const std::string path = made(kKinds[2]);
  std::string avi = clips::content_of(path);
  const guint32 whole = GUINT32_TO_LE(static_cast<guint32>(avi.size()));
  avi.replace(4, 4, reinterpret_cast<const char*>(&whole), 4);
  EXPECT_EQ(probe(written("sloppy", avi)).frames, 33u);
}

TEST_F(Containers, ClipsOfNoiseAreDamagedNotPlayed) {
  for (const Kind& kind : {kKinds[0], kKinds[2]}) {
    SCOPED_TRACE(kind.name);
    std::string bytes = clips::content_of(made(kind));
    const size_t begin = bytes.size() / 50; // the head stays
    for (size_t i = begin; i < bytes.size() - begin; ++i)
      bytes[i] = static_cast<char>(i * 7919 >> 3);
    const std::string path = written("noise", bytes);
    try {
      check_clip_decodes(probe(path), cancel);
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::damaged) << error.what();
    }
  }
}

TEST_F(Containers, HalfAClipBeforeNoiseIsDamagedToo) {
  for (const Kind& kind : {kKinds[0], kKinds[1], kKinds[3]}) {
    SCOPED_TRACE(kind.name);
    std::string bytes = clips::content_of(made(kind));
    for (size_t i = bytes.size() / 2; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i * 7919 >> 3);
    try {
      check_clip_decodes(probe(written("half", bytes)), cancel);
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::damaged) << error.what();
    }
  }
}

TEST_F(Containers, AMovingWebpIsRefusedByName) {
  const Error error = refused(written("a.webm", clips::moving_webp()));
  EXPECT_EQ(error.fault, Fault::format);
  EXPECT_NE(std::string(error.what()).find("WebP"), std::string::npos) << error.what();
  EXPECT_NE(error.remedy.find("WebM"), std::string::npos);
}

TEST_F(Containers, AFileOfTinyPartsIsNotWalkedThrough) {
  const std::string head("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff", 10);
  std::string voids,
      boxes("\0\0\0\x08"
            "ftyp",
            8),
      riffs;
  for (int i = 0; i < 1'000'000; ++i)
    voids += "\xec\x80"; // an element without content
  for (int i = 0; i < 200'000; ++i) {
    boxes += std::string("\0\0\0\x08"
                         "free",
                         8);
    riffs += std::string("RIFF\x01\0\0\0xx", 10);
  }
  const std::string cut("\0\0\xff\xff"
                        "mdat",
                        8);
  EXPECT_FALSE(is_cut_off(written("mkv", head + voids + "\xec\x88"), Container::matroska));
  EXPECT_FALSE(is_cut_off(written("mp4", boxes + cut), Container::mp4));
  EXPECT_FALSE(is_cut_off(written("avi", riffs + "RIFF\xff\xff\x01xxxx"), Container::avi));
  const std::string few = head + voids.substr(0, 20'000) + "\xec\x88";
  EXPECT_TRUE(is_cut_off(written("few", few), Container::matroska));
}

TEST_F(Containers, WhatIsTooShortToSayIsOfAnotherKind) {
  for (const std::string& bytes :
       {std::string(), std::string("RIFF"), std::string("\x1a\x45\xdf\xa3"), std::string(100, 'x'),
        std::string("RIFF\1\0\0\0WAVE", 12)})
    EXPECT_EQ(container_of(written("x", bytes)), Container::other);
  EXPECT_EQ(container_of(dir / "nothing"), Container::other);
}
