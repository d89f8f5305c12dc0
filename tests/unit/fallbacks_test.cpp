// SPDX-License-Identifier: LGPL-2.1-or-later
// The property fallback-backends as text: what it says, and what is refused.
#include "base/error.h"
#include "service/fallbacks.h"
#include "stage/gstaigcstage.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

std::vector<Fallback> parse(const std::string& text) {
  return parse_fallbacks(text, profile_type());
}

Error error_for(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing thrown for " << text;
  return Error(Fault::read, "");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST(Fallbacks, NothingIsNobody) {
  EXPECT_TRUE(parse("").empty());
  EXPECT_TRUE(parse(" \t").empty());
}

TEST(Fallbacks, ANameAloneIsEnough) {
  const auto entries = parse("dashscope");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].choice, BackendChoice::dashscope);
  EXPECT_EQ(entries[0].base_url + entries[0].model + entries[0].workflow, "");
  EXPECT_EQ(entries[0].profile, Profile::automatic);
}

TEST(Fallbacks, EntriesStandInOrderWithTheirOptions) {
  const auto entries = parse("openai, base-url=http://gpu:8000/v1, model=Qwen/Qwen-Image, "
                             "profile=vllm-omni; dashscope ;openai,workflow=\"a b;c.json\";");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].choice, BackendChoice::openai);
  EXPECT_EQ(entries[0].base_url, "http://gpu:8000/v1");
  EXPECT_EQ(entries[0].model, "Qwen/Qwen-Image");
  EXPECT_EQ(entries[0].profile, Profile::vllm_omni);
  EXPECT_EQ(entries[1].choice, BackendChoice::dashscope);
  EXPECT_EQ(entries[2].workflow, "a b;c.json");
  EXPECT_TRUE(has(entries[2].title, "entry 3")) << entries[2].title;
}

TEST(Fallbacks, AKeyIsNamedByItsFile) {
  EXPECT_EQ(parse("openai, base-url=http://gpu2, key-file=/keys/gpu2")[0].key_file, "/keys/gpu2");
}

TEST(Fallbacks, ANumberIsNoModel) {
  EXPECT_TRUE(has(error_for("openai, model=2.5").remedy, "model=(string)"));
  EXPECT_EQ(parse("openai, model=(string)2.5")[0].model, "2.5");
}

TEST(Fallbacks, WhatIsRefusedIsNamedWithItsEntry) {
  struct Case {
    const char* text;
    const char* says;
    const char* remedy;
  };
  const Case cases[] = {
      {"dashscope; nowhere", "entry 2 (nowhere)", "dashscope"},
      {"auto", "entry 1 (auto)", "dashscope"},
      {"preview", "preview", "on-error=fallback"},
      {"openai, api-key=sk-secret123", "a key", "key-file=/path"},
      {"openai, url=http://gpu", "url", "base-url"},
      {"openai, profile=mine", "\"mine\"", "sglang"},
      {"openai; , model=a", "entry 2", "dashscope"},
      {"dashscope; ; openai", "entry 2", "dashscope"},
      {"openai, base-url", "entry 1", "dashscope"},
      {"openai, model=\"a", "entry 1", "dashscope"},
      {"openai dashscope", "entry 1", "dashscope"},
  };
  for (const auto& [text, says, remedy] : cases) {
    SCOPED_TRACE(text);
    const Error error = error_for(text);
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_TRUE(has(error.what(), "fallback-backends")) << error.what();
    EXPECT_TRUE(has(error.what(), says)) << error.what();
    EXPECT_TRUE(has(error.remedy, remedy)) << error.remedy;
    EXPECT_FALSE(has(error.what() + error.remedy, "sk-secret")) << error.what();
  }
}
