// SPDX-License-Identifier: LGPL-2.1-or-later
// A film at the stand-in, and what was paid for it by the stand-in's own books.
#pragma once

#include "../standin.h"
#include "program.h"

#include <fstream>
#include <sstream>

using namespace aigc;

using Names = std::vector<std::string>;

/// What services have been paid for: words, pictures, clips.
struct Paid {
  size_t words = 0, pictures = 0, clips = 0;
  bool operator==(const Paid&) const = default;
  Paid operator-(const Paid& other) const {
    return {words - other.words, pictures - other.pictures, clips - other.clips};
  }
};

inline void PrintTo(const Paid& paid, std::ostream* out) {
  *out << paid.words << " words, " << paid.pictures << " pictures, " << paid.clips << " clips";
}

class Look : public ProgramTest {
 protected:
  Look() {
    set("AIGC_CACHE_DIR", folder.parent_path() / "cache");
    for (const char* service : {"DEEPSEEK", "DASHSCOPE"})
      set(service + std::string("_API_KEY"), "sk-standin");
    set("DEEPSEEK_BASE_URL", server.address("deepseek"));
    set("DASHSCOPE_BASE_URL", server.address("dashscope"));
    server.configure(R"({"limits": "off", "video": {"seconds": 0.1, "pending_seconds": 0}})");
    write("story.json", R"([{"script": "雪山下的湖 <script>alert(1)</script>", "duration": 2},
                            {"script": "湖上的小船", "duration": 2, "id": "boat"},
                            {"script": "岸边的灯", "duration": 2}])");
  }
  ~Look() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }

  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name, std::ios::binary).rdbuf();
    return text.str();
  }

  Outcome film(Names words) const {
    words.insert(words.begin(),
                 {"film", "shots=story.json", "out=story.mp4", "width=320", "height=180", "fps=2"});
    return aigc(words, "AIGC_JOBS");
  }

  Paid paid() const {
    Paid sum;
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    for (size_t i = 0; i < calls.size(); ++i) {
      const std::string route = calls.at(i)["route"].text();
      sum.words += route == "chat";
      sum.pictures += route.starts_with("image");
      sum.clips += route == "video";
    }
    return sum;
  }

  std::optional<gint64> last_picture_seed() const {
    std::optional<gint64> seed;
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    for (size_t i = 0; i < calls.size(); ++i)
      if (calls.at(i)["route"].text().starts_with("image")) seed = calls.at(i)["seed"].integer();
    return seed;
  }

  /// The event of that name in the output of a run with --json.
  JsonView event(const Outcome& run, const std::string& name) {
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      event_ = parse_json(line);
      if (JsonView(event_.get())["event"].text() == name) return JsonView(event_.get());
    }
    ADD_FAILURE() << "no event " << name << " in\n" << run.out << run.err;
    return {};
  }

  Standin server;

 private:
  Names names_;
  Ref<JsonNode> event_;
};
