// SPDX-License-Identifier: LGPL-2.1-or-later
// The price file: what calls cost, and what is said about a file that is wrong.
#include "base/error.h"
#include "service/dashscope/dashscope.h"
#include "service/deepseek/deepseek_backend.h"
#include "service/prices.h"
#include "temp_folder.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr const char* kFile = R"({
  "date": "2026-01-02", "currency": "CNY",
  "models": {
    "words": {"input": 2, "cached-input": 0.5, "output": 8},
    "picture": {"picture": 0.25},
    "clip": {"second": {"480P": 0.1, "1080P": 0.7}},
    "any": {"second": 0.3}
  },
  "limits": {"wan": {"per_second": 5, "concurrent": 3}}
})";

std::string refusal(const std::string& text) {
  try {
    Prices::parse(text, "p.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    return error.what();
  }
  return "";
}

} // namespace

TEST(Prices, CountsTokensPicturesAndSecondsByTier) {
  const Prices prices = Prices::parse(kFile, "p.json");
  EXPECT_DOUBLE_EQ(
      *prices.cost("words",
                   {.input_tokens = 1'000'000, .cached_tokens = 400'000, .output_tokens = 500'000}),
      0.6 * 2 + 0.4 * 0.5 + 0.5 * 8);
  EXPECT_DOUBLE_EQ(*prices.cost("picture", {.pictures = 3}), 0.75);
  EXPECT_DOUBLE_EQ(*prices.cost("clip", {.seconds = 5, .tier = "480P"}), 0.5);
  EXPECT_DOUBLE_EQ(*prices.cost("clip", {.seconds = 5, .tier = "4K"}), 3.5);
  EXPECT_DOUBLE_EQ(*prices.cost("any", {.seconds = 5, .tier = "720P"}), 1.5);
  EXPECT_FALSE(prices.cost("other", {.pictures = 1}));
  EXPECT_FALSE(prices.cost("picture", {.seconds = 1}));
  EXPECT_EQ(prices.limits("wan")->per_second, 5);
  EXPECT_EQ(prices.limits("wan")->concurrent, 3u);
  EXPECT_FALSE(prices.limits("other"));
  EXPECT_EQ(prices.date(), "2026-01-02");
}

TEST(Prices, TheBuiltInFileIsDatedAndUnconfirmed) {
  g_unsetenv("AIGC_PRICES");
  const auto prices = Prices::load();
  EXPECT_EQ(prices->date().size(), 10u);
  EXPECT_FALSE(prices->confirmed());
  EXPECT_EQ(prices->currency(), "CNY");
  EXPECT_DOUBLE_EQ(*prices->cost("qwen-image", {.pictures = 1}), 0.25);
  EXPECT_DOUBLE_EQ(*prices->cost("wan2.2-t2v-plus", {.seconds = 5, .tier = "1080P"}), 3.5);
}

TEST(Prices, AFileOfTheUsersTakesTheWholePlace) {
  TempFolder folder;
  const std::string path = folder.path() + "/mine.json";
  std::ofstream(path) << kFile;
  g_setenv("AIGC_PRICES", path.c_str(), TRUE);
  EXPECT_EQ(Prices::load()->where(), path);
  EXPECT_FALSE(Prices::load()->cost("qwen-image", {.pictures = 1}));
  g_setenv("AIGC_PRICES", (path + "x").c_str(), TRUE);
  EXPECT_THROW(Prices::load(), Error);
  g_unsetenv("AIGC_PRICES");
}

TEST(Prices, WhatIsWrongIsNamedByLineOrMember) {
  struct Case {
    const char* text;
    const char* named;
  };
  for (const Case& one : {
           Case{"{\n\"date\": \"x\",\n oops }", "in line 3, column 2"},
           Case{"[]", "JSON object"},
           Case{R"({"currency":"CNY"})", "date"},
           Case{R"({"date":"d"})", "currency"},
           Case{R"({"date":"d","currency":"c","models":{"m":{"input":-1}}})", "models.m.input"},
           Case{R"({"date":"d","currency":"c","models":{"m":{"input":"1"}}})", "models.m.input"},
           Case{R"({"date":"d","currency":"c","models":{"m":{"imput":1}}})", "models.m.imput"},
           Case{R"({"date":"d","currency":"c","models":{"m":{"second":{"480P":true}}}})",
                "models.m.second.480P"},
           Case{R"({"date":"d","currency":"c","models":[]})", "models"},
           Case{R"({"date":"d","currency":"c","limits":{"g":{"concurrent":1.5}}})",
                "limits.g.concurrent"},
       }) {
    const std::string said = refusal(one.text);
    EXPECT_NE(said.find("p.json"), std::string::npos) << one.text;
    EXPECT_NE(said.find(one.named), std::string::npos) << said;
  }
}

TEST(Prices, OnlyTheNewestModelsHaveNone) {
  g_unsetenv("AIGC_PRICES");
  const auto prices = Prices::load();
  const Usage all{.input_tokens = 1, .output_tokens = 1, .pictures = 1, .seconds = 1};
  std::vector<std::string> unknown;
  for (const auto& backend : {make_dashscope({kDashscopeBaseUrl, Secret("k")}), make_deepseek({kDeepseekUrl, Secret("k")})})
    for (const Model& model : backend->models()) {
      Usage usage = all;
      if (model.role != Role::words) usage.input_tokens = usage.output_tokens = 0;
      if (model.role != Role::picture) usage.pictures = 0;
      if (model.role != Role::clip) usage.seconds = 0;
      if (!prices->cost(model.name, usage)) unknown.push_back(model.name);
    }
  EXPECT_EQ(unknown, (std::vector<std::string>{"qwen-image-3.0", "qwen-image-3.0-pro",
                                               "wan3.0-video", "wan3.0-video-prime"}));
}

TEST(Prices, DerivedNamesAreChargedAsTheirBase) {
  const auto backend = make_dashscope({kDashscopeBaseUrl, Secret("k")});
  const std::pair<const char*, const char*> names[] = {
      {"wan2.6-t2v-us", "wan2.6-t2v"},
      {"wan2.6-t2v-2026-01-09", "wan2.6-t2v"},
      {"wan2.1-i2v-turbo", "wanx2.1-i2v-turbo"},
      {"qwen-image-max-2025-12-30", "qwen-image-max"},
      {"qwen-image-plus-2026-01-09", "qwen-image-plus-2026-01-09"},
      {"qwen-max", "qwen-max"}};
  for (const auto& [name, base] : names)
    EXPECT_EQ(backend->price_name(name), base);
}
