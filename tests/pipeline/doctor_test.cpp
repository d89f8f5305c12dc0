// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc doctor: what it finds, what it answers to programs, that it asks for nothing that costs and
// shows no key.
#include "../tiny_server.h"
#include "base/json.h"
#include "program.h"

#include <fstream>
#include <sys/stat.h>

using namespace aigc;

namespace {

constexpr const char* kKey = "sk-CANARYdoctor7731";

class Doctor : public ProgramTest {
 protected:
  Doctor() { set("AIGC_CACHE_DIR", (folder / "store").string()); }
  ~Doctor() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }

  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }

  /// Its JSON; `out` is all that was said.
  Ref<JsonNode> examine(int status, std::string* out = nullptr) const {
    const Outcome run = aigc({"doctor", "--json"});
    EXPECT_EQ(run.status, status) << run.out << run.err;
    EXPECT_FALSE(has(run.out + run.err, kKey)) << run.out;
    if (out) *out = run.out;
    return parse_json(run.out);
  }

 private:
  std::vector<std::string> names_;
};

JsonView service_in(const Ref<JsonNode>& diagnosis, const std::string& name) {
  const JsonView all = JsonView(diagnosis.get())["services"];
  for (size_t i = 0; i < all.size(); ++i)
    if (all.at(i)["name"].text() == name) return all.at(i);
  return {};
}

} // namespace

TEST_F(Doctor, WithoutKeysAPreviewCanBeMade) {
  const auto found = examine(0);
  const JsonView all(found.get());
  EXPECT_TRUE(all["well"].boolean(false));
  ASSERT_EQ(all["roles"].size(), 3u);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(all["roles"].at(i)["backend"].text(), "preview");
  EXPECT_EQ(service_in(found, "deepseek")["state"].text(), "not configured");
  EXPECT_EQ(all["missing-elements"].size(), 0u);
  EXPECT_EQ(all["store"]["folder"].text(), (folder / "store").string());
  EXPECT_GT(all["store"]["free"].number().value_or(0), 0);
  const Outcome people = aigc({"doctor"});
  EXPECT_EQ(people.status, 0);
  EXPECT_TRUE(has(people.out, "A film can be made.")) << people.out;
}

TEST_F(Doctor, AsksEachServiceOneFreeQuestionWithItsOwnKey) {
  TinyServer server([](const TinyServer::Call&) { return TinyServer::Reply{200, "{}"}; });
  set("DEEPSEEK_API_KEY", kKey);
  set("DEEPSEEK_BASE_URL", server.url());
  set("DASHSCOPE_API_KEY_FILE", folder / "key");
  std::ofstream(folder / "key") << "other-key\n";
  chmod((folder / "key").c_str(), 0600);
  set("DASHSCOPE_BASE_URL", server.url() + "/api/v1/");
  const auto found = examine(0);
  EXPECT_EQ(service_in(found, "deepseek")["state"].text(), "ok");
  EXPECT_EQ(service_in(found, "deepseek")["key-from"].text(), "DEEPSEEK_API_KEY");
  EXPECT_EQ(service_in(found, "dashscope")["state"].text(), "ok");
  EXPECT_EQ(service_in(found, "dashscope")["key-from"].text(), "DASHSCOPE_API_KEY_FILE");
  EXPECT_EQ(JsonView(found.get())["roles"].at(0)["backend"].text(), "deepseek");
  EXPECT_EQ(JsonView(found.get())["roles"].at(2)["backend"].text(), "dashscope");
  const auto calls = server.calls();
  ASSERT_EQ(calls.size(), 2u);
  for (const auto& call : calls) {
    EXPECT_TRUE(call.head.starts_with("GET ")) << call.head;
    const bool writer = call.path() == "/models";
    EXPECT_TRUE(writer || call.path().starts_with("/api/v1/quotas")) << call.path();
    EXPECT_TRUE(has(call.head, std::string("Bearer ") + (writer ? kKey : "other-key")));
  }
}

TEST_F(Doctor, TellsARefusedKeyFromAServiceThatIsNotThere) {
  TinyServer server([](const TinyServer::Call&) {
    return TinyServer::Reply{401, std::string(R"({"error":{"message":"bad key )") + kKey + "\"}}"};
  });
  set("DEEPSEEK_API_KEY", kKey);
  set("DEEPSEEK_BASE_URL", server.url());
  set("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
  std::string said;
  const auto found = examine(1, &said);
  EXPECT_FALSE(JsonView(found.get())["well"].boolean(true));
  EXPECT_EQ(service_in(found, "deepseek")["state"].text(), "refused") << said;
  EXPECT_NE(service_in(found, "deepseek")["remedy"].text(), "");
  EXPECT_EQ(service_in(found, "openai")["state"].text(), "unreachable") << said;
  EXPECT_EQ(JsonView(found.get())["roles"].at(1)["backend"].text(), "openai");
}

TEST_F(Doctor, AnAddressWithoutTheApiIsNoService) {
  TinyServer server([](const TinyServer::Call&) { return TinyServer::Reply{404, "{}"}; });
  set("DEEPSEEK_API_KEY", kKey);
  set("DEEPSEEK_BASE_URL", server.url());
  set("OPENAI_BASE_URL", server.url() + "/v1");
  const auto found = examine(1);
  EXPECT_EQ(service_in(found, "deepseek")["state"].text(), "failing");
  EXPECT_EQ(service_in(found, "openai")["state"].text(), "failing");
}

TEST_F(Doctor, AsksDashscopeWhereTheBackendDoes) {
  TinyServer server([](const TinyServer::Call&) { return TinyServer::Reply{200, "{}"}; });
  set("DASHSCOPE_API_KEY", kKey);
  set("DASHSCOPE_BASE_URL", server.url() + "/compatible-mode/v1");
  examine(0);
  ASSERT_EQ(server.calls().size(), 1u);
  EXPECT_TRUE(server.calls()[0].path().starts_with("/api/v1/quotas")) << server.calls()[0].path();
}

TEST_F(Doctor, AComfyuiIsAskedWithoutAWorkflow) {
  TinyServer server([](const TinyServer::Call&) {
    return TinyServer::Reply{200, R"({"system":{}})"};
  });
  set("COMFYUI_BASE_URL", server.url());
  const auto found = examine(1); // nobody is named to write
  EXPECT_EQ(service_in(found, "comfyui")["state"].text(), "ok");
  ASSERT_EQ(server.calls().size(), 1u);
  EXPECT_TRUE(server.calls()[0].head.starts_with("GET /system_stats ")) << server.calls()[0].head;
}

TEST_F(Doctor, ShowsNoKeyThatStandsInAnAddress) {
  set("DASHSCOPE_API_KEY", "other-key");
  for (const std::string& address :
       {std::string(kKey), std::string("http://me:") + kKey + "@host"}) {
    set("DASHSCOPE_BASE_URL", address);
    const auto found = examine(1); // which looks for it
    EXPECT_EQ(service_in(found, "dashscope")["state"].text(), "failing");
    EXPECT_EQ(aigc({"doctor"}).out.find(kKey), std::string::npos);
  }
}

TEST_F(Doctor, AStoreThatCannotBeWrittenIsFound) {
  std::ofstream(folder / "file") << "in the way";
  set("AIGC_CACHE_DIR", (folder / "file" / "store").string());
  const auto found = examine(1);
  EXPECT_NE(JsonView(found.get())["store"]["problem"].text(), "");
}

TEST_F(Doctor, SaysWhichPricesCount) {
  const auto usual = examine(0);
  EXPECT_NE(JsonView(usual.get())["prices"]["date"].text(), "");
  std::ofstream(folder / "prices.json") << "{";
  set("AIGC_PRICES", (folder / "prices.json").string());
  const auto found = examine(1);
  EXPECT_NE(JsonView(found.get())["prices"]["problem"].text(), "");
}

TEST_F(Doctor, TakesNoVariables) {
  EXPECT_EQ(aigc({"doctor", "out=a.mp4"}).status, 2);
}
