// SPDX-License-Identifier: LGPL-2.1-or-later
// What tests of aigc batch share: lists, reports, and posts that the stand-in is paid for.
#pragma once

#include "../standin.h"
#include "program.h"

#include <fstream>
#include <set>
#include <thread>

namespace aigc {

using Names = std::vector<std::string>;

/// aigc batch in a scratch folder with a store of its own.
class Batch : public ProgramTest {
 protected:
  Batch() { g_setenv("AIGC_CACHE_DIR", (folder.parent_path() / "cache").c_str(), TRUE); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Outcome batch(Names words, const char* jobs = "AIGC_TEST_JOBS") const {
    words.insert(words.begin(), "batch");
    return aigc(words, jobs);
  }
  /// What is in a folder, less what is hidden.
  std::set<std::string> made(const std::string& where = ".") const {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder / where, error))
      if (const std::string name = entry.path().filename(); !name.starts_with("."))
        names.insert(name);
    return names;
  }
  std::filesystem::file_time_type time_of(const std::string& name) const {
    return std::filesystem::last_write_time(folder / name);
  }
  /// The report a run has left in r.json; the tree lives as long as the test.
  JsonView report() {
    report_ = parse_json(read("r.json"));
    return JsonView(report_.get());
  }
  template <typename Ready> static void await(Ready ready) {
    for (int i = 0; i < 20000 && !ready(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(ready());
  }

 private:
  Ref<JsonNode> report_;
};

inline std::string states(const JsonView& report) {
  std::string all;
  for (size_t i = 0; i < report["rows"].size(); ++i)
    all += (i ? " " : "") + report["rows"].at(i)["state"].text();
  return all;
}

/// Posts by the stand-in's services instead of our own pictures.
class PaidBatch : public Batch {
 protected:
  PaidBatch() {
    for (const char* service : {"DEEPSEEK", "DASHSCOPE"})
      set(service + std::string("_API_KEY"), "sk-standin");
    set("DEEPSEEK_BASE_URL", server.address("deepseek"));
    set("DASHSCOPE_BASE_URL", server.address("dashscope"));
    server.configure(R"({"limits": "off"})");
  }
  ~PaidBatch() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }
  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  /// How many pictures were paid for; none twice.
  size_t paid_pictures() const {
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    std::multiset<std::string> prompts;
    for (size_t i = 0; i < calls.size(); ++i)
      if (calls.at(i)["route"].text().starts_with("image"))
        prompts.insert(calls.at(i)["prompt"].text());
    EXPECT_EQ(std::set<std::string>(prompts.begin(), prompts.end()).size(), prompts.size());
    return prompts.size();
  }

  Standin server;

 private:
  Names names_;
};

} // namespace aigc
