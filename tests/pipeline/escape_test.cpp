// SPDX-License-Identifier: LGPL-2.1-or-later
// Quoting: whatever a value holds, the launch parser and the shell read back that value and no
// more.
#include "base/ref.h"
#include "escape.h"

#include <gtest/gtest.h>
#include <random>

#include <gst/gst.h>

using namespace aigc;
using namespace aigc::runner;

namespace {

const std::vector<std::string> kHardTexts = {"plain",
                                             "two words",
                                             "一位穿汉服的女孩",
                                             "a\" ! filesink location=/tmp/x ! \"",
                                             "\"",
                                             "\\",
                                             "\\\\",
                                             "ends in \\",
                                             "\\\"",
                                             "\"quoted\" start",
                                             "\"quoted\"",
                                             "it's",
                                             "a ! b",
                                             "a; b",
                                             "$HOME `id` $(id)",
                                             "(bin)",
                                             "{x}",
                                             "a.b",
                                             "name=x",
                                             "NULL",
                                             " spaces at both ends ",
                                             "tab\tand\nnewline",
                                             "#hash",
                                             "video/x-raw,format=RGB",
                                             "\\n \\t \\134",
                                             "a\\ b",
                                             "'",
                                             "''",
                                             "\"'\"'\"",
                                             "\\ ! fakesink",
                                             "%s%n",
                                             "\\\" ! fakesink \\",
                                             "@preset=x",
                                             "中文 \" 引号 \\",
                                             "[x]",
                                             "*?~",
                                             "-e",
                                             "\r\n"};

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      "\"", "\\", "'", "!", ";", "$", " ", "\n", "\t", "(", ")", "{", "}", ".", ",",
      "=",  ":",  "/", "@", "a", "N", "7", "春", "é",  "🎬", "`", "#", "[", "]", "&"};
  std::string text;
  for (size_t length = 1 + random() % 12; length > 0; --length)
    text += kPieces[random() % kPieces.size()];
  return text;
}

std::vector<std::string> all_texts() {
  std::vector<std::string> texts = kHardTexts;
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i)
    texts.push_back(random_text(random));
  return texts;
}

/// A quoted text follows the value, so that one that does not end where it should runs into it.
std::string line_with(const std::string& text) {
  return "filesrc name=in location=" + launch_quote(text) +
         " ! fakesink name=end  filesrc name=other location=\"other\"";
}

void expect_one_value(GstElement* built, const std::string& text) {
  const Ref<GstElement> bin = adopt(GST_ELEMENT(gst_object_ref_sink(built)));
  EXPECT_EQ(GST_BIN_NUMCHILDREN(bin.get()), 3) << text;
  const auto in = adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "in"));
  ASSERT_TRUE(in) << text;
  gchar* location = nullptr;
  g_object_get(in.get(), "location", &location, nullptr);
  EXPECT_EQ(take_string(location), text);
}

std::vector<std::string> read_by_shell(const std::string& words) {
  const char* argv[] = {"sh", "-c", "printf '%s\\0' \"$@\"", nullptr};
  const std::string script = "printf '%s\\0' " + words;
  argv[2] = script.c_str();
  const auto child = adopt(g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, nullptr));
  GBytes* out = nullptr;
  g_subprocess_communicate(child.get(), nullptr, nullptr, &out, nullptr, nullptr);
  const Ref<GBytes> owner = adopt(out);
  gsize size = 0;
  const char* data = static_cast<const char*>(g_bytes_get_data(out, &size));
  std::vector<std::string> read;
  for (const char* at = data; at < data + size; at += read.back().size() + 1)
    read.emplace_back(at);
  return read;
}

} // namespace

TEST(LaunchQuote, TheParserReadsBackTheValueAndNothingElse) {
  for (const auto& text : all_texts()) {
    ErrorSlot error;
    GstElement* built = gst_parse_launch(line_with(text).c_str(), error.out());
    ASSERT_FALSE(error) << text << ": " << error.message();
    expect_one_value(built, text);
  }
}

TEST(LaunchQuote, SoDoesGstLaunchWithAWordEach) {
  for (const auto& text : all_texts()) {
    const auto words = launch_words(line_with(text));
    std::vector<const gchar*> argv;
    for (const auto& word : words)
      argv.push_back(word.c_str());
    argv.push_back(nullptr);
    ErrorSlot error;
    GstElement* built = gst_parse_launchv(argv.data(), error.out());
    ASSERT_FALSE(error) << text << ": " << error.message();
    expect_one_value(built, text);
  }
}

TEST(LaunchWords, AQuotedValueIsOneWord) {
  for (const auto& text : all_texts())
    ASSERT_EQ(launch_words("a  x=" + launch_quote(text) + "\n! b"),
              (std::vector<std::string>{"a", "x=" + launch_quote(text), "!", "b"}));
}

TEST(ShellQuote, TheShellReadsBackEveryWord) {
  const auto texts = all_texts();
  for (size_t start = 0; start < texts.size(); start += 500) {
    const size_t end = std::min(start + 500, texts.size());
    std::string words;
    for (size_t i = start; i < end; ++i)
      words += " " + shell_quote(texts[i]);
    EXPECT_EQ(read_by_shell(words), std::vector(texts.begin() + start, texts.begin() + end));
  }
}

TEST(ShellQuote, PlainWordsStayReadable) {
  EXPECT_EQ(shell_quote("location=a.mp4"), "location=a.mp4");
  EXPECT_EQ(shell_quote("!"), "'!'");
  EXPECT_EQ(shell_quote(""), "''");
}
