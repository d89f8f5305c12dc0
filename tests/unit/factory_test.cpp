// SPDX-License-Identifier: LGPL-2.1-or-later
// Which backend is chosen: never fake pictures because a key was lost.
#include "base/error.h"
#include "service/factory.h"

#include <gtest/gtest.h>
#include <map>

using namespace aigc;

namespace {

using Choice = BackendChoice;

struct Environment {
  std::map<std::string, std::string> variables;

  Choice choose(Role role, const std::string& base_url = "", bool has_key = false,
                const KeyRing& context = {}) const {
    BackendQuery query;
    query.role = role;
    query.base_url = base_url;
    if (has_key) query.key = Secret("k");
    query.context = context;
    query.environment = [this](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    };
    return resolve_backend(query);
  }
};

} // namespace

TEST(Factory, WithNothingSetEverythingIsAPreview) {
  const Environment none;
  for (Role role : {Role::words, Role::picture, Role::clip})
    EXPECT_EQ(none.choose(role), Choice::preview);
  const Environment blank{{{"DASHSCOPE_API_KEY", ""}, {"OPENAI_BASE_URL", " \t"}}};
  EXPECT_EQ(blank.choose(Role::clip), Choice::preview);
}

TEST(Factory, TheHostOfTheBaseUrlDecides) {
  const Environment none;
  EXPECT_EQ(none.choose(Role::clip, "https://dashscope.aliyuncs.com/api/v1"), Choice::dashscope);
  EXPECT_EQ(none.choose(Role::clip, "https://w1.cn-beijing.maas.aliyuncs.com/api/v1"),
            Choice::dashscope);
  EXPECT_EQ(none.choose(Role::words, "https://api.deepseek.com"), Choice::deepseek);
  EXPECT_EQ(none.choose(Role::words, "http://127.0.0.1:8000/v1"), Choice::openai);
  EXPECT_EQ(none.choose(Role::words, "https://evil.com/?x=.aliyuncs.com"), Choice::openai);
  EXPECT_EQ(none.choose(Role::words, "https://notaliyuncs.com/"), Choice::openai);
  EXPECT_THROW(none.choose(Role::words, "https://api.deepseek.com@evil.com/"), Error);
  EXPECT_EQ(none.choose(Role::words, "HTTPS://API.DEEPSEEK.COM:443/"), Choice::deepseek);
  EXPECT_THROW(none.choose(Role::words, "api.deepseek.com"), Error);
}

TEST(Factory, TheKeyThatIsSetDecides) {
  const Environment both{{{"DEEPSEEK_API_KEY", "k"}, {"DASHSCOPE_API_KEY", "k"}}};
  EXPECT_EQ(both.choose(Role::words), Choice::deepseek);
  EXPECT_EQ(both.choose(Role::picture), Choice::dashscope);
  const Environment one{{{"DASHSCOPE_API_KEY_FILE", "/k"}}};
  EXPECT_EQ(one.choose(Role::words), Choice::dashscope);
  const Environment url{{{"OPENAI_BASE_URL", "http://h/v1"}}};
  EXPECT_EQ(url.choose(Role::words), Choice::openai);
  EXPECT_EQ(url.choose(Role::clip), Choice::openai);
  EXPECT_EQ(Environment{}.choose(Role::words, "", true), Choice::deepseek);
  EXPECT_EQ(Environment{}.choose(Role::clip, "", true), Choice::dashscope);
}

TEST(Factory, AKeyForAnotherRoleOnlyIsAnErrorNotAPreview) {
  const Environment writer_only{{{"DEEPSEEK_API_KEY", "k"}}};
  EXPECT_EQ(writer_only.choose(Role::words), Choice::deepseek);
  EXPECT_THROW(writer_only.choose(Role::picture), Error);
  EXPECT_THROW(writer_only.choose(Role::clip), Error);
}

TEST(Factory, AKeyOfTheContextCountsForItsServiceAlone) {
  const Environment none;
  const KeyRing writer{{"deepseek", Secret("k")}};
  EXPECT_EQ(none.choose(Role::words, "", false, writer), Choice::deepseek);
  EXPECT_THROW(none.choose(Role::clip, "", false, writer), Error);
  EXPECT_EQ(none.choose(Role::clip, "", false, {{"dashscope", Secret("k")}}), Choice::dashscope);
}

TEST(Factory, AServiceWithoutAKeyIsRefusedByName) {
  EXPECT_TRUE(make_backend(Choice::preview)->is_preview());
  for (const Service& service : services()) {
    if (!service.needs_key) continue;
    try {
      make_backend(service.choice, {service.base_url, {}});
      ADD_FAILURE() << service.name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::not_authorized);
      EXPECT_NE(std::string(error.what()).find(service.name), std::string::npos);
      EXPECT_NE(error.remedy.find(service.variables + std::string("_API_KEY")), std::string::npos);
    }
  }
}
