// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip of every kind that has ever troubled a player, made with ffmpeg: to be played, or refused,
// by whatever takes clips.
#pragma once

#include "clips.h"

#include <vector>

namespace clips {

/// The first picture of what is playable shows four fields: red and lime above, blue and white
/// below (once it is turned and squared as the file says).
struct ZooClip {
  std::string name;
  std::string path;
  bool playable = true;
  bool whole = true;    ///< false: it turns bad in the middle
  bool turned = false;  ///< a quarter to the left: lime and white above, red and blue below
  double seconds = 1.2; ///< of pictures
};

namespace zoo {

/// Noise makes each picture differ from the one before.
constexpr const char* kNoise = ",noise=alls=12:allf=t";

/// What lavfi gives for the pictures.
inline std::string fields(const std::string& size, const std::string& fps, double seconds,
                          const std::string& more = kNoise) {
  return "color=red:s=" + size + ":r=" + fps + ":d=" + std::to_string(seconds) +
         ",format=yuv444p"
         ",drawbox=x=iw/2:y=0:w=iw/2:h=ih/2:c=lime:t=fill"
         ",drawbox=x=0:y=ih/2:w=iw/2:h=ih/2:c=blue:t=fill"
         ",drawbox=x=iw/2:y=ih/2:w=iw/2:h=ih/2:c=white:t=fill" +
         more;
}

inline std::string tone(double seconds, const std::string& loudness = "0.3") {
  return "aevalsrc='" + loudness + "*sin(2*PI*440*t)':s=48000:d=" + std::to_string(seconds);
}

constexpr const char* kH264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 ";

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Noise over the pictures from the middle on; the file says nothing of it.
inline void corrupt(const std::string& path) {
  std::string bytes = bytes_of(path);
  const size_t begin = bytes.find("mdat") + 8;
  const size_t end = std::min(bytes.size(), std::max(begin, bytes.rfind("moov")));
  for (size_t i = begin + (end - begin) / 2; i < begin + (end - begin) * 3 / 4; ++i)
    bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  write(path, bytes);
}

struct Recipe {
  ZooClip clip;        ///< path: the file's name
  std::string picture; ///< both empty: `after` writes the file
  std::string sound;
  std::string coding;
  void (*after)(const std::string& path) = nullptr;
};

inline std::vector<Recipe> odd_pictures() {
  const std::string size = "160x90", noise = kNoise, sound = tone(1.2), h264 = kH264;
  return {
      {{"rotated", "rotated.mp4", true, true, true},
       fields(size, "25", 1.2),
       sound,
       h264,
       [](const std::string& path) {
         run("ffmpeg -nostdin -v error -y -i " + path + " -c copy -metadata:s:v rotate=90 " + path +
             ".mp4");
         std::filesystem::rename(path + ".mp4", path);
       }},
      {{"HDR", "hdr.mp4"},
       fields(size, "25", 1.2,
              ",scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,zscale=tin=bt709:pin=bt709"
              ":min=bt709:rin=tv:t=smpte2084:p=bt2020:m=bt2020nc:npl=200,format=yuv420p10le,"
              "noise=alls=4:allf=t"),
       sound,
       "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:colorprim=bt2020:"
       "transfer=smpte2084:colormatrix=bt2020nc -tag:v hvc1 "},
      {{"VFR", "vfr.mp4"},
       fields(size, "25", 1.2, noise + ",select='not(mod(n\\,7)*mod(n\\,3))'"),
       sound,
       "-vsync vfr " + h264},
      {{"odd size", "odd.webm"},
       fields("161x91", "25", 1.2),
       sound,
       "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p -c:a libopus "},
      {{"not square pixels", "wide.mp4"},
       fields("80x90", "25", 1.2, ",setsar=2/1" + noise),
       sound,
       h264},
      {{"interlaced", "interlaced.mp4"},
       fields("160x96", "50", 1.2, noise + ",interlace=scan=tff"),
       sound,
       "-flags +ildct+ilme -x264opts tff=1 " + h264},
      {{"60 fps", "60.mp4"}, fields(size, "60", 1.2), sound, h264},
  };
}

inline std::vector<Recipe> odd_lengths_and_sound() {
  const std::string size = "160x90", noise = kNoise, sound = tone(1.2), h264 = kH264;
  const std::string base = fields(size, "25", 1.2);
  return {
      {{"plain", "plain.mp4"}, base, sound, h264},
      {{"0.3 s", "short.mp4", true, true, false, 0.3}, fields(size, "25", 0.3), tone(0.3), h264},
      {{"1 h", "hour.mp4", true, true, false, 3600}, fields("64x36", "1", 3600), "", h264},
      {{"no audio", "mute.mp4"}, base, "", h264},
      {{"only audio", "sound.mp4", false}, "", sound, ""},
      {{"mono", "mono.mp4"}, base, sound, h264 + "-ac 1 "},
      {{"5.1", "surround.mp4"}, base, sound, h264 + "-ac 6 "},
      {{"silent stretch", "silent.mp4", true, true, false, 4},
       fields(size, "25", 4),
       tone(4, "if(gt(t,1),0,0.3)"),
       h264},
      {{"black stretch", "black.mp4", true, true, false, 4},
       fields(size, "25", 4, noise + ",drawbox=c=black:t=fill:enable='gt(t,0.99)',format=yuv420p"),
       tone(4),
       h264},
      // Coded picture for picture, so that those that are the same stay the same.
      {{"frozen stretch", "frozen.mov", true, true, false, 4},
       fields(size, "25", 4, noise + ",loop=loop=74:size=1:start=25,trim=duration=4"),
       tone(4),
       "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p "},
  };
}

inline std::vector<Recipe> broken() {
  const std::string h264 = kH264;
  return {
      {{"corrupt in the middle", "corrupt.mp4", true, false, false, 4},
       fields("160x90", "25", 4),
       "",
       h264,
       corrupt},
      {{"truncated", "truncated.mp4", false},
       fields("160x90", "25", 1.2),
       "",
       h264,
       [](const std::string& path) {
         std::filesystem::resize_file(path, std::filesystem::file_size(path) * 6 / 10);
       }},
      {{"zero length", "empty.mp4", false},
       "",
       "",
       "",
       [](const std::string& path) { write(path, ""); }},
      {{"wrong MIME", "page.mp4", false},
       "",
       "",
       "",
       [](const std::string& path) {
         write(path, "<!DOCTYPE html><html><body><h1>404 Not Found</h1></body></html>\n");
       }},
  };
}

} // namespace zoo

/// All of them, in `dir`; takes two seconds or three. One program makes all, as its start takes
/// longer than a clip.
inline std::vector<ZooClip> clip_zoo(const TempDir& dir) {
  std::string inputs, outputs;
  size_t count = 0;
  const auto add = [&](const std::string& source, const char* kind) {
    if (source.empty()) return;
    inputs += "-f lavfi -i \"" + source + "\" ";
    outputs += "-map " + std::to_string(count++) + ":" + kind + " ";
  };
  std::vector<zoo::Recipe> recipes;
  for (const auto& group : {zoo::odd_lengths_and_sound(), zoo::odd_pictures(), zoo::broken()})
    recipes.insert(recipes.end(), group.begin(), group.end());
  for (auto& recipe : recipes) {
    recipe.clip.path = dir / recipe.clip.path;
    add(recipe.picture, "v");
    add(recipe.sound, "a");
    if (recipe.picture.empty() && recipe.sound.empty()) continue;
    outputs += "-threads 1 " + recipe.coding + recipe.clip.path + " ";
  }
  run("ffmpeg -nostdin -v error -y " + inputs + outputs);
  std::vector<ZooClip> clips;
  for (const auto& recipe : recipes) {
    if (recipe.after) recipe.after(recipe.clip.path);
    clips.push_back(recipe.clip);
  }
  return clips;
}

} // namespace clips
