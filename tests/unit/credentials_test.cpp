// SPDX-License-Identifier: LGPL-2.1-or-later
// Where keys and addresses come from: the order, what is refused, and that no key is ever shown.
#include "../temp_folder.h"
#include "base/error.h"
#include "service/credentials.h"

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sys/stat.h>

using namespace aigc;

namespace {

using Choice = BackendChoice;

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    query_.environment = [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? nullptr : found->second.c_str();
    };
  }

  std::string key_of(Choice choice) const {
    return find_access(choice, query_).access.key.reveal();
  }
  std::string url_of(Choice choice) const { return find_access(choice, query_).access.base_url; }

  std::string write(const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_.path() + "/key";
    std::ofstream(path, std::ios::binary) << text;
    chmod(path.c_str(), mode);
    return path;
  }

  /// The whole error, which must name `part` and not show `secret`.
  void expect_refused(const std::string& part, const std::string& secret = "secret") const {
    try {
      find_access(Choice::deepseek, query_);
      ADD_FAILURE() << "nothing was refused; wanted " << part;
    } catch (const Error& error) {
      const std::string text = std::string(error.what()) + "; " + error.remedy;
      EXPECT_EQ(error.fault, Fault::settings);
      EXPECT_NE(text.find(part), std::string::npos) << text;
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }

  TempFolder folder_;
  std::map<std::string, std::string> variables_;
  BackendQuery query_;
};

} // namespace

TEST_F(CredentialsTest, TheKeyIsLookedForInFourPlacesInTurn) {
  EXPECT_EQ(key_of(Choice::deepseek), "");
  variables_["DEEPSEEK_API_KEY"] = "from-environment";
  EXPECT_EQ(key_of(Choice::deepseek), "from-environment");
  variables_["DEEPSEEK_API_KEY_FILE"] = write("from-file\n");
  EXPECT_EQ(key_of(Choice::deepseek), "from-file");
  query_.context.emplace("deepseek", Secret("from-context"));
  EXPECT_EQ(key_of(Choice::deepseek), "from-context");
  query_.key = Secret("from-property");
  EXPECT_EQ(key_of(Choice::deepseek), "from-property");
}

TEST_F(CredentialsTest, AFallbackAtAnotherAddressDoesNotGetTheServicesKey) {
  variables_["OPENAI_API_KEY"] = "from-environment";
  query_.context.emplace("openai", Secret("from-context"));
  query_.choice = Choice::openai;
  query_.is_fallback = true;
  EXPECT_EQ(key_of(Choice::openai), "from-context");
  for (const char* home : {"https://api.openai.com/v1", "https://api.openai.com:443/other"}) {
    query_.base_url = home;
    EXPECT_EQ(key_of(Choice::openai), "from-context");
    EXPECT_FALSE(wants_key(query_));
  }
  for (const char* other : {"http://gpu2:8000/v1", "http://api.openai.com/v1",
                            "https://api.openai.com:444/v1", "https://api.openai.com.evil/v1"}) {
    query_.base_url = other;
    EXPECT_EQ(key_of(Choice::openai), "") << other;
  }
  query_.context.clear();
  variables_.erase("OPENAI_API_KEY");
  EXPECT_FALSE(wants_key(query_)); // none that would be used
  variables_ = {{"OPENAI_API_KEY", "from-environment"}, {"OPENAI_BASE_URL", "http://gpu2:8000"}};
  query_.base_url = "http://gpu2:8000/v1";
  EXPECT_EQ(key_of(Choice::openai), "from-environment");
  query_.base_url = "http://gpu3:8000/v1";
  query_.key_file = write("of-gpu3\n");
  EXPECT_EQ(key_of(Choice::openai), "of-gpu3");
  query_.base_url.clear();
  EXPECT_EQ(key_of(Choice::openai), "of-gpu3");
}

TEST_F(CredentialsTest, AFallbackWithoutItsKeyIsToldHowToNameIt) {
  variables_["DASHSCOPE_API_KEY"] = "from-environment";
  query_.is_fallback = true;
  query_.base_url = "https://proxy.test";
  try {
    find_access(Choice::dashscope, query_);
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::not_authorized);
    EXPECT_NE(error.remedy.find("key-file"), std::string::npos) << error.remedy;
  }
  query_.key_file = "/nowhere/key";
  EXPECT_THROW(find_access(Choice::dashscope, query_), Error);
}

TEST_F(CredentialsTest, BlankCountsAsUnset) {
  variables_ = {
      {"DEEPSEEK_API_KEY", " "}, {"DEEPSEEK_API_KEY_FILE", ""}, {"DEEPSEEK_BASE_URL", "\t"}};
  query_.key = Secret(" ");
  query_.context.emplace("deepseek", Secret(""));
  EXPECT_EQ(key_of(Choice::deepseek), "");
  EXPECT_EQ(url_of(Choice::deepseek), "https://api.deepseek.com");
}

TEST_F(CredentialsTest, EachServiceHasItsOwnKeyAndAddress) {
  variables_ = {{"DEEPSEEK_API_KEY", "writer"},
                {"DASHSCOPE_API_KEY", "painter"},
                {"OPENAI_BASE_URL", "http://127.0.0.1:8000/v1/"}};
  query_.context.emplace("openai", Secret("own"));
  EXPECT_EQ(key_of(Choice::deepseek), "writer");
  EXPECT_EQ(url_of(Choice::deepseek), "https://api.deepseek.com");
  EXPECT_EQ(key_of(Choice::dashscope), "painter");
  EXPECT_EQ(url_of(Choice::dashscope), "https://dashscope.aliyuncs.com/api/v1");
  EXPECT_EQ(key_of(Choice::openai), "own");
  EXPECT_EQ(url_of(Choice::openai), "http://127.0.0.1:8000/v1");
  query_.base_url = "http://localhost:9/x//";
  EXPECT_EQ(url_of(Choice::openai), "http://localhost:9/x");
  EXPECT_EQ(find_access(Choice::preview, query_).access.base_url, "");
}

TEST_F(CredentialsTest, AKeyFileIsTrimmedAndMustHoldOneKey) {
  auto& file = variables_["DEEPSEEK_API_KEY_FILE"];
  file = write(" \r\nsecret\t\r\n\n");
  EXPECT_EQ(key_of(Choice::deepseek), "secret");
  write("");
  expect_refused("empty");
  write("\n \n");
  expect_refused("empty");
  write("secret\nsecret2\n");
  expect_refused("several lines");
  write(std::string(kMaxKeyFileBytes - 6, ' ') + "secret");
  EXPECT_EQ(key_of(Choice::deepseek), "secret");
  write(std::string(kMaxKeyFileBytes - 5, ' ') + "secret");
  expect_refused("longer than");
  expect_refused("DEEPSEEK_API_KEY_FILE");
  expect_refused(file);
}

TEST_F(CredentialsTest, AKeyFileThatCannotBeReadIsNotPassedOver) {
  variables_["DEEPSEEK_API_KEY"] = "there";
  auto& file = variables_["DEEPSEEK_API_KEY_FILE"];
  file = folder_.path() + "/none";
  expect_refused("No such file");
  file = folder_.path();
  expect_refused("no regular file");
  file = folder_.path() + "/pipe";
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  expect_refused("no regular file");
  file = "sk-secret"; // the key itself by mistake
  expect_refused("DEEPSEEK_API_KEY_FILE");
}

TEST_F(CredentialsTest, AKeyFileThatOthersCanReadIsWarnedOf) {
  variables_["DEEPSEEK_API_KEY_FILE"] = write("secret", 0640);
  EXPECT_EQ(find_access(Choice::deepseek, query_).warning, "");
  write("secret", 0644);
  const std::string warning = find_access(Choice::deepseek, query_).warning;
  EXPECT_NE(warning.find(variables_["DEEPSEEK_API_KEY_FILE"]), std::string::npos) << warning;
  EXPECT_EQ(warning.find("secret"), std::string::npos);
}

TEST_F(CredentialsTest, AKeyOfBlanksOrStrangeBytesIsRefusedUnseen) {
  for (const char* bad : {"se cret", "secret\n", "\"secret\" ", "schlüssel-secret", "secret\x01"}) {
    variables_ = {{"DEEPSEEK_API_KEY", bad}};
    expect_refused("DEEPSEEK_API_KEY");
    variables_ = {};
    query_.key = Secret(bad);
    expect_refused("api-key");
    query_.key = Secret();
    query_.context = {{"deepseek", Secret(bad)}};
    expect_refused("aigc.credentials");
    query_.context.clear();
  }
}

TEST_F(CredentialsTest, AnApplicationIsAskedOnlyForAKeyThatIsMissing) {
  EXPECT_TRUE(wants_key(query_));
  query_.choice = Choice::preview;
  EXPECT_FALSE(wants_key(query_));
  query_.choice = Choice::dashscope;
  EXPECT_TRUE(wants_key(query_));
  variables_["DEEPSEEK_API_KEY"] = "k";
  EXPECT_TRUE(wants_key(query_));
  variables_["DASHSCOPE_API_KEY"] = "k";
  EXPECT_FALSE(wants_key(query_));
  query_.choice = Choice::automatic;
  EXPECT_FALSE(wants_key(query_));
  query_.base_url = "http://127.0.0.1:1/v1"; // of openai
  EXPECT_TRUE(wants_key(query_));
  query_.key = Secret("k");
  EXPECT_FALSE(wants_key(query_));
}
