// SPDX-License-Identifier: LGPL-2.1-or-later
// The models and what each takes.
#pragma once

#include <string>
#include <vector>

namespace standin {

struct Size {
  int width = 0, height = 0;
};

// How a picture model limits its size.
enum class SizeRule { List, Area, Sides, FollowsInput };

struct ImageModel {
  std::string name, group;
  SizeRule rule;
  int most = 1; // pictures per call
  size_t prompt_characters = 800;
  bool edits = false;        // takes pictures
  bool asynchronous = false; // may also be called as a task
  bool metric = false;       // its reply has a task_metric
  int64_t least_area = 0, most_area = 0;
  Size default_size;
};

enum class VideoMode {
  Text,       // size, prompt
  Picture,    // img_url, resolution
  Frames,     // first_frame_url, last_frame_url, on the other path
  NewText,    // 2.7: resolution and ratio
  NewMedia,   // 2.7: media[] of frames, a clip, sound
  References, // 2.7: media[] of references
  Anything,   // 3.0: one model for all
};

struct VideoModel {
  std::string name, group;
  VideoMode mode;
  std::vector<int> tiers; // 480, 720, 1080
  int default_tier;
  std::vector<int> durations;
  size_t prompt_characters;
  bool sound = false;
  bool shot_type = false, audio_switch = false, audio_url = false;
  int picture_mb = 10;
  int least_side = 240, most_side = 8000;
  const char* usage = ""; // the shape of its usage: see usage_of
  bool never_actual_prompt = false;
};

const ImageModel* find_image_model(const std::string& name);
const VideoModel* find_video_model(const std::string& name);
const std::vector<Size>& image_sizes(); // of SizeRule::List
const std::vector<Size>& tier_sizes(int tier);
int64_t tier_area(int tier);
// "W*H"; 0 x 0 when it is none.
Size parse_size(const std::string& text);
std::string print_size(const Size& size);

} // namespace standin
