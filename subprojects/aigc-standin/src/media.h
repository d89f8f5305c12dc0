// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and clips: real files of the asked size and length, made once and kept.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace standin {

using Bytes = std::shared_ptr<const std::string>;

struct MediaKey {
  bool clip = false;
  int width = 0, height = 0;
  double seconds = 0; // clips
  int fps = 30;
  bool sound = false;
  int variant = 0; // 0..3
  // png, jpeg, webp, or mp4, webm, avi; "" is png or mp4
  std::string format;
  bool late_moov = false; // the index of an MP4 at its end
  std::string file;       // a picture that is there already

  std::string name() const; // "clip-320x180-1s-30-2-a.mp4", also the name of the cached file
};

class Media {
 public:
  Media();
  ~Media();
  Media(const Media&) = delete;
  Media& operator=(const Media&) = delete;

  using Done = std::function<void(Bytes)>; // null when it could not be made
  // Calls done on the main loop: at once when it is there, else when it has been made by a thread.
  void get(const MediaKey& key, Done done);
  // What has been made under that name, or null.
  Bytes find(const std::string& name) const;

 private:
  struct Job;
  std::string folder_;
  std::map<std::string, Bytes> made_;
  std::map<std::string, std::vector<Done>> waiting_;
  GThreadPool* pool_;
  void finish(const std::string& name, Bytes made);
};

// Made by hand, for pictures of any size; RGB without alpha.
std::string make_png(int width, int height, int variant);
// A valid header that promises 60000 x 60000 pixels, in a few bytes.
std::string make_picture_bomb();
// By GStreamer; "" when it could not.
std::string make_clip(const MediaKey& key);
std::string make_jpeg_or_webp(const MediaKey& key);
// The MIME type of a file of that name.
const char* media_type(const std::string& file);

} // namespace standin
