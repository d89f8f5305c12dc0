// SPDX-License-Identifier: LGPL-2.1-or-later
// SseReader: every cut position gives the same events, all line ends, comments, limits.
#include "base/error.h"
#include "net/sse.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace aigc;

namespace {

using Events = std::vector<std::string>;

Events read(const std::vector<std::string>& pieces) {
  SseReader reader;
  Events events;
  for (const std::string& piece : pieces)
    reader.push(piece, [&](const SseEvent& event) {
      events.push_back(event.type + "|" + event.id + "|" + event.data);
    });
  return events;
}

std::string with_line_ends(const std::string& text, const std::string& end) {
  std::string result;
  for (const char letter : text)
    result += letter == '\n' ? end : std::string(1, letter);
  return result;
}

const std::string kStream = "\xef\xbb\xbf"
                            ": keep-alive\n\n\n"
                            "data: {\"a\":\"樱花\"}\n\n"
                            ":\n\n"
                            "event: error\nid: 7\ndata: one\ndata:two\ndata\n\n"
                            "event: nothing\n\n"
                            "retry: 10\nunknown: x\ndata:  two spaces\n\n"
                            "data: [DONE]\n\n";
const Events kEvents = {"message||{\"a\":\"樱花\"}", "error|7|one\ntwo\n", "message|7| two spaces",
                        "message|7|[DONE]"};

} // namespace

TEST(Sse, GivesTheSameEventsForEveryCutAndLineEnd) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string text = with_line_ends(kStream, end);
    for (size_t first = 0; first <= text.size(); ++first) {
      ASSERT_EQ(read({text.substr(0, first), text.substr(first)}), kEvents) << first;
      for (size_t second = first; second <= text.size(); second += 3)
        ASSERT_EQ(
            read({text.substr(0, first), text.substr(first, second - first), text.substr(second)}),
            kEvents)
            << first << " " << second;
    }
    std::vector<std::string> letters;
    for (const char letter : text)
      letters.emplace_back(1, letter);
    EXPECT_EQ(read(letters), kEvents);
  }
}

TEST(Sse, MixedLineEndsAndAByteOrderMarkInside) {
  EXPECT_EQ(read({"data: a\r\ndata: b\rdata: c\n\r\n"}), Events{"message||a\nb\nc"});
  EXPECT_EQ(read({"data: a\n\n\xef\xbb\xbf"
                  "data: b\n\n"}),
            Events{"message||a"});
}

TEST(Sse, AnEventThatIsNotFinishedIsNone) {
  EXPECT_EQ(read({"data: a\n\ndata: b\n"}), Events{"message||a"});
  EXPECT_EQ(read({"data: a"}), Events{});
}

TEST(Sse, AnIdWithANulIsNone) {
  EXPECT_EQ(read({std::string("id: 1\nid: 2\0x\ndata: a\n\n", 23)}), Events{"message|1|a"});
}

TEST(Sse, RefusesWhatIsTooLarge) {
  const auto refuses = [](const std::string& piece) {
    SseReader reader;
    for (size_t bytes = 0; bytes < 3 * SseReader::kMaxEventBytes; bytes += piece.size()) {
      try {
        reader.push(piece, [](const SseEvent&) {});
      } catch (const Error& error) {
        return error.fault == Fault::format && bytes + piece.size() > SseReader::kMaxEventBytes;
      }
    }
    return false;
  };
  EXPECT_TRUE(refuses(std::string(1000, 'x')));                      // a line
  EXPECT_TRUE(refuses("data: " + std::string(1000, 'x') + "\n"));    // an event
  EXPECT_FALSE(refuses("data: " + std::string(1000, 'x') + "\n\n")); // many events
  EXPECT_FALSE(refuses(":" + std::string(1000, 'x') + "\n"));        // comments
}

TEST(Sse, SurvivesRandomBytes) {
  std::minstd_rand random(1);
  const std::string letters("\r\n:datevni \xe6\xa8\xb1\xef\xbb\xbf\0", 18);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t size = random() % 80; text.size() < size;)
      text += random() % 3 ? std::string(1, letters[random() % letters.size()]) : "data:";
    const size_t cut = text.empty() ? 0 : random() % text.size();
    ASSERT_EQ(read({text}), read({text.substr(0, cut), text.substr(cut)}));
  }
}
