// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips that are no MP4, as stable-diffusion.cpp's server makes them: filmed, kept and played.
#include "../gst_clips.h"
#include "../tiny_server.h"
#include "clipjoin_run.h"
#include "launch.h"

using namespace aigc;
using namespace clips;

namespace {

constexpr guint kFrames = 33; ///< 2 s ordered at 16 a second, as 4n+1

/// A server whose every clip is `film`.
class FilmServer {
 public:
  explicit FilmServer(std::string film) : film_(std::move(film)) {}
  std::string stage(const char* name) const {
    return std::string(name) + " backend=openai profile=sdcpp base-url=" + server_.url() +
           "/v1 prompt=fox duration=2 width=160 height=128 max-retries=0 ";
  }

 private:
  TinyServer::Reply answer(const TinyServer::Call& call) const {
    if (call.head.starts_with("POST ")) return {202, R"({"id":"j","status":"queued"})"};
    const std::string encoded =
        take_string(g_base64_encode(reinterpret_cast<const guchar*>(film_.data()), film_.size()));
    return {200, R"({"status":"completed","result":{"b64_json":")" + encoded + "\"}}"};
  }

  const std::string film_;
  TinyServer server_{[this](const TinyServer::Call& call) { return answer(call); }};
};

class OtherClips : public ElementTest {
 protected:
  std::string made(const std::string& name, const char* coding) {
    film(*dir_ / name, coding);
    return *dir_ / name;
  }
  std::string film_of(const char* coding) { return content_of(made("film", coding)); }
  TempDir& dir() { return *dir_; }

 private:
  std::unique_ptr<TempDir> dir_ = std::make_unique<TempDir>();
};

} // namespace

TEST_F(OtherClips, TheyPlayOneAfterTheOther) {
  const std::string list = list_file(dir(), {made("a.webm", kVp8), made("b.avi", kMjpeg),
                                             made("c.webm", kVp9), made("d.clip", kMjpeg)});
  Player run(join_line(list, "framerate=16/1"));
  ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
  EXPECT_EQ(run.record->frames.size(), 4 * kFrames);
  EXPECT_NE(run.record->video_caps.find("width=(int)160, height=(int)120"), std::string::npos);
}

TEST_F(OtherClips, ATruncatedOneIsNamed) {
  for (const char* coding : {kVp8, kMjpeg}) {
    const std::string path = cut(made("film", coding), 0.7);
    Player run(join_line(list_file(dir(), {path})));
    ASSERT_EQ(run.play(), GST_MESSAGE_ERROR);
    EXPECT_NE(run.text.find("truncated"), std::string::npos) << run.text;
  }
}

TEST_F(OtherClips, AServersFilmIsPlayedByOneElement) {
  for (const char* coding : {kVp9, kMjpeg}) {
    const FilmServer server(film_of(coding));
    Player run(server.stage("wanxvideogen use-cache=false") + "framerate=16/1 ! appsink name=v");
    ASSERT_EQ(run.play(), GST_MESSAGE_EOS) << run.text;
    EXPECT_NEAR(double(run.record->frames.size()), kFrames, 1) << coding;
  }
}

TEST_F(OtherClips, TheCamerasUriNamesTheKindOfFile) {
  const FilmServer server(film_of(kMjpeg));
  const std::string uris = dir() / "clip.uri";
  ASSERT_TRUE(
      Launch(server.stage("wanxclipgen") + "! filesink location=\"" + uris + "\"").run().eos);
  EXPECT_TRUE(content_of(uris).ends_with(".avi\n")) << content_of(uris);
}

TEST_F(OtherClips, WhatIsNoQuicktimeIsNotGivenAsSuch) {
  const FilmServer server(film_of(kVp8));
  const Ran ran = Launch(server.stage("wanxclipgen") + "! video/quicktime ! fakesink").run();
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_NE(ran.errors[0].find("WebM where video/quicktime"), std::string::npos) << ran.errors[0];
  EXPECT_NE(ran.errors[0].find("text/uri-list"), std::string::npos) << ran.errors[0];
}
