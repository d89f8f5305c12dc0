// SPDX-License-Identifier: LGPL-2.1-or-later
// URLs: kept letter for letter, joined as browsers do, private addresses known in every spelling.
#include "base/error.h"
#include "net/http.h"
#include "net/url.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

Fault fault_of(const std::string& text) {
  try {
    parse_url(text);
  } catch (const Error& error) {
    return error.fault;
  }
  return Fault::cancelled;
}

} // namespace

TEST(Url, StaysAsWritten) {
  for (const char* text :
       {"http://host/?a=%2F%2f+b&c=~",
        "https://host/%7e/%7E/a%20b/./../?Signature=x%2By%3D&Expires=1", "http://host:8080/a//b?",
        "http://[2001:db8::1]:81/x", "https://host/?url=http://other/#"}) {
    std::string expected = text;
    if (expected.ends_with('#')) expected.pop_back();
    EXPECT_EQ(parse_url(text).text(), expected);
  }
  EXPECT_EQ(parse_url("HTTP://Host").text(), "http://host/");
  EXPECT_EQ(parse_url("http://host:80?x=1#y").text(), "http://host/?x=1");
  EXPECT_EQ(parse_url("http://host/樱 b").target, "/%E6%A8%B1%20b");
  EXPECT_EQ(parse_url("http://bücher.example/").host, "xn--bcher-kva.example");
  EXPECT_EQ(parse_url("https://host/a?Signature=secret").shown(), "https://host/a");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text : {"", "host/path", "ftp://host/", "file:///etc/passwd", "http://",
                           "http:///path", "http://user:password@host/", "http://key@host/",
                           "http://host:99999/", "http://ho st/", "http://host/\r\nX: y",
                           "http://host%0d%0aX:%20y/", "javascript:alert(1)", "http://host\n/"})
    EXPECT_EQ(fault_of(text), Fault::settings) << text;
}

TEST(Url, RefusalsShowNoSecret) {
  for (const char* text :
       {"ftp://host/?sig=CANARY", "http://CANARY@host/", "sk-CANARY", "http://me:CAN ARY@host/"}) {
    try {
      parse_url(text);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("CAN"), std::string::npos) << error.what();
    }
  }
}

TEST(Url, JoinsLocations) {
  const Url base = parse_url("https://host:444/a/b/c?q=/x");
  const auto join = [&](const char* location) { return join_url(base, location).text(); };
  EXPECT_EQ(join("http://other/%2f?a=%7e"), "http://other/%2f?a=%7e");
  EXPECT_EQ(join("//other/x"), "https://other/x");
  EXPECT_EQ(join("/x?y=../z"), "https://host:444/x?y=../z");
  EXPECT_EQ(join("x"), "https://host:444/a/b/x");
  EXPECT_EQ(join("../x/./y"), "https://host:444/a/x/y");
  EXPECT_EQ(join("../../../.."), "https://host:444/");
  EXPECT_EQ(join("."), "https://host:444/a/b/");
  EXPECT_EQ(join("?r=1"), "https://host:444/a/b/c?r=1");
  EXPECT_EQ(join("x?u=http://y"), "https://host:444/a/b/x?u=http://y");
  EXPECT_THROW(join("ftp://other/"), Error);
  EXPECT_THROW(join("file:///etc/passwd"), Error);
}

TEST(Url, KnowsPrivateAddressesInEverySpelling) {
  for (const char* host : {"localhost",  "localhost.",       "a.localhost",     "gpu-box",
                           "gpu.local",  "gpu.lan",          "127.0.0.1",       "127.1",
                           "0x7f000001", "2130706433",       "017700000001",    "0",
                           "0.0.0.0",    "10.1.2.3",         "100.64.0.1",      "169.254.169.254",
                           "172.16.0.1", "172.31.255.255",   "192.168.1.1",     "198.18.0.1",
                           "224.0.0.1",  "240.0.0.1",        "255.255.255.255", "::",
                           "::1",        "::ffff:127.0.0.1", "::ffff:a00:1",    "::127.0.0.1",
                           "fe80::1",    "fe80::1%eth0",     "fc00::1",         "fd12::1",
                           "ff02::1",    "64:ff9b::7f00:1",  "2002:7f00:1::",   "2001:db8::1",
                           "fec0::1"})
    EXPECT_TRUE(is_private_host(host)) << host;
  for (const char* host : {"dashscope.aliyuncs.com", "8.8.8.8", "172.15.0.1", "172.32.0.1",
                           "100.128.0.1", "11.0.0.1", "2400:3200::1", "::ffff:8.8.8.8",
                           "64:ff9b::808:808", "2002:808:808::", "localhost.example.com"})
    EXPECT_FALSE(is_private_host(host)) << host;
}

TEST(Url, OriginNamesHostAndPort) {
  EXPECT_EQ(origin_of("https://api.deepseek.com/v1").host, "api.deepseek.com");
  EXPECT_FALSE(origin_of("https://api.deepseek.com").is_private);
  EXPECT_EQ(origin_of("http://127.0.0.1:8000/v1").host, "127.0.0.1:8000");
  EXPECT_TRUE(origin_of("http://127.0.0.1:8000/v1").is_private);
  EXPECT_THROW(origin_of("unix:/tmp/x"), Error);
}
