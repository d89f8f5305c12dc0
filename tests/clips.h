// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes clips for tests with ffmpeg: black, with a white flash and a beep at a known moment.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include <gio/gio.h>
#include <gst/gst.h>

namespace clips {

/// A directory that goes away with the object.
class TempDir {
 public:
  TempDir() {
    g_autofree gchar* made = g_dir_make_tmp("aigc-clips-XXXXXX", nullptr);
    path_ = made;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Clip {
  std::string size = "160x120";
  std::string fps = "25";
  double seconds = 1.2;
  double flash = 0.4; ///< the flash and the beep last 0.2 s
  double sound = 1.2; ///< seconds, 0 = none
  int rate = 48000;
  std::string video = "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p";
  std::string audio = "-c:a aac";
  std::string filter; ///< more of the picture's filter chain
};

inline void run(const std::string& command) {
  gint status = 0;
  g_autofree gchar* errors = nullptr;
  g_autoptr(GError) error = nullptr;
  g_spawn_command_line_sync(command.c_str(), nullptr, &errors, &status, &error);
  ASSERT_EQ(status, 0) << command << "\n"
                       << (errors ? errors : "") << (error ? error->message : "");
}

inline std::string uri_of(const std::string& path) {
  g_autofree gchar* uri = g_filename_to_uri(path.c_str(), nullptr, nullptr);
  return uri;
}

/// Writes the clip and returns its URI.
inline std::string make(const std::string& path, const Clip& clip) {
  const auto number = [](double value) {
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];
    return std::string(g_ascii_formatd(text, sizeof text, "%.3f", value));
  };
  const std::string when =
      "between(t\\," + number(clip.flash - 0.001) + "\\," + number(clip.flash + 0.199) + ")";
  std::string command = "ffmpeg -nostdin -v error -y -f lavfi -i \"color=black:s=" + clip.size +
                        ":r=" + clip.fps + ":d=" + number(clip.seconds) +
                        ",drawbox=c=white:t=fill:enable='" + when + "'" + clip.filter + "\" ";
  if (clip.sound > 0)
    command += "-f lavfi -i \"aevalsrc='if(between(t\\," + number(clip.flash) + "\\," +
               number(clip.flash + 0.2) +
               ")\\,0.5*sin(2*PI*1000*t)\\,0)':s=" + std::to_string(clip.rate) +
               ":d=" + number(clip.sound) + "\" " + clip.audio + " ";
  run(command + clip.video + " " + path);
  return uri_of(path);
}

} // namespace clips
