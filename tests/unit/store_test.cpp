// SPDX-License-Identifier: LGPL-2.1-or-later
// The result store: what is committed is found again, anything half or broken is not.
#include "base/error.h"
#include "store/results.h"
#include "temp_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <vector>

using namespace aigc;
namespace fs = std::filesystem;

namespace {

std::string key_of(int number) {
  const std::string digits = std::to_string(number);
  return std::string(64 - digits.size(), '0') + digits;
}

const Provenance kFrom{"image", "svc", "m-1", "r-9", 7, 0.5, "CNY", false, false};

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST(ResultStore, WordsComeBack) {
  TempFolder folder;
  ResultStore store(folder.path());
  EXPECT_FALSE(store.find("abc", Role::words));
  Result result;
  result.prompt = "一只 \"fox\"";
  result.mood = "calm";
  store.commit("abc", Role::words, result, kFrom);
  auto found = store.find("abc", Role::words);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->result.prompt, result.prompt);
  EXPECT_EQ(found->result.mood, "calm");
  EXPECT_EQ(found->provenance, kFrom);
}

TEST(ResultStore, PicturesComeBackByteForByte) {
  TempFolder folder;
  ResultStore store(folder.path());
  const std::string bytes("\x89PNG\0\xff", 6);
  Result result;
  result.picture = adopt(g_bytes_new(bytes.data(), bytes.size()));
  store.commit("def", Role::picture, result, kFrom);
  auto found = store.find("def", Role::picture);
  ASSERT_TRUE(found);
  EXPECT_TRUE(g_bytes_equal(found->result.picture.get(), result.picture.get()));
}

TEST(ResultStore, ClipsAreMovedInAndScratchPathsAreDistinct) {
  TempFolder folder;
  ResultStore store(folder.path());
  const std::string first = store.scratch("k"), second = store.scratch("k");
  EXPECT_NE(first, second);
  write_text(first, "clip");
  Result result;
  result.clip_path = first;
  store.commit("k", Role::clip, result, kFrom);
  EXPECT_FALSE(fs::exists(first));
  EXPECT_EQ(read_text(result.clip_path), "clip");
  EXPECT_EQ(store.find("k", Role::clip)->result.clip_path, result.clip_path);
}

TEST(ResultStore, AClipIsNamedByWhatItIsAndFoundAgain) {
  struct Case {
    const char* bytes;
    size_t size;
    const char* extension;
  };
  TempFolder folder;
  ResultStore store(folder.path());
  const std::string key = key_of(7);
  for (const Case& one :
       {Case{"\0\0\0\x14"
             "ftypisom\0\0",
             14, ".mp4"},
        Case{"\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm\0", 13, ".webm"},
        Case{"RIFF\x10\0\0\0AVI LIST", 16, ".avi"}, Case{"anything else", 13, ".clip"}}) {
    SCOPED_TRACE(one.extension);
    Result result;
    result.clip_path = store.scratch(key);
    write_text(result.clip_path, {one.bytes, one.size});
    store.commit(key, Role::clip, result, kFrom);
    EXPECT_EQ(fs::path(result.clip_path).extension(), one.extension);
    EXPECT_EQ(store.find(key, Role::clip)->result.clip_path, result.clip_path);
    const auto folder_of_key = fs::path(result.clip_path).parent_path();
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_of_key), {}), 2) << "an old one is left";
  }
  ResultStore(folder.path()).prune(0, std::chrono::nanoseconds(0));
  EXPECT_FALSE(store.find(key, Role::clip));
}

TEST(ResultStore, ClipsOfOlderStoresAreFoundWhateverIsInThem) {
  TempFolder folder;
  ResultStore store(folder.path());
  Result result;
  result.clip_path = store.scratch("k");
  write_text(result.clip_path, "clip");
  store.commit("k", Role::clip, result, kFrom);
  const fs::path old = fs::path(result.clip_path).replace_extension(".mp4");
  fs::rename(result.clip_path, old);
  EXPECT_EQ(store.find("k", Role::clip)->result.clip_path, old);
}

TEST(ResultStore, ARecordWithoutItsFileOrGarbageIsNotFound) {
  TempFolder folder;
  ResultStore store(folder.path());
  Result result;
  result.clip_path = store.scratch("k");
  write_text(result.clip_path, "clip");
  store.commit("kk", Role::clip, result, kFrom);
  const std::string record = fs::path(result.clip_path).replace_extension(".json");
  const std::string good = read_text(record);
  for (const char* broken : {"", "{", "[]", "{\"provenance\":[]}", "{\"provenance\":3}"}) {
    write_text(record, broken);
    EXPECT_FALSE(store.find("kk", Role::clip)) << broken;
  }
  write_text(record, good);
  EXPECT_TRUE(store.find("kk", Role::clip));
  fs::remove(result.clip_path);
  EXPECT_FALSE(store.find("kk", Role::clip));
}

TEST(ResultStore, AFolderThatCannotBeMadeIsAWriteErrorThatNamesIt) {
  TempFolder folder;
  const std::string file = folder.path() + "/file";
  write_text(file, "");
  ResultStore store(file + "/below");
  try {
    store.scratch("k");
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::write);
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos);
  }
}

TEST(ResultStore, WhatACallUsedIsRemembered) {
  TempFolder folder;
  ResultStore store(folder.path());
  Result result{.prompt = "x", .usage = {.input_tokens = 5, .tier = "480P"}};
  store.commit("abc", Role::words, result, kFrom);
  const auto found = store.find("abc", Role::words);
  EXPECT_EQ(found->result.usage, result.usage);
  EXPECT_EQ(found->result.cost, 0.5);
  EXPECT_EQ(found->result.currency, "CNY");
}

TEST(ResultStore, TooLittleRoomIsFoundBeforehand) {
  TempFolder folder;
  ResultStore store(folder.path());
  store.prepare();
  EXPECT_THROW(store.prepare(std::uintmax_t(1) << 60), Error);
}

TEST(ResultStore, RoomIsMadeFromTheLeastRecentlyUsedButNotFromWhatIsInUse) {
  TempFolder folder;
  ResultStore store(folder.path());
  for (int i = 0; i < 6; ++i) {
    Result result;
    result.picture = adopt(g_bytes_new_take(g_malloc0(1000), 1000));
    store.commit(key_of(i), Role::picture, result, kFrom);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file())
      fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(3));
  store.find(key_of(0), Role::picture); // used just now
  fs::create_directories(store.lock_folder());
  fs::create_directories(folder.path() + "/journal");
  write_text(store.lock_folder() + "/" + key_of(1) + ".lock", "{}");
  write_text(folder.path() + "/journal/" + key_of(2) + ".json", "{}");
  write_text(folder.path() + "/results/other people's file", std::string(9000, 'x'));
  store.prune(1 << 20);
  for (int i = 0; i < 6; ++i)
    EXPECT_TRUE(store.find(key_of(i), Role::picture)) << i;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file())
      fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(3));
  store.find(key_of(0), Role::picture);
  store.prune(0);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(store.find(key_of(i), Role::picture).has_value(), i < 3) << i;
  EXPECT_TRUE(fs::exists(folder.path() + "/results/other people's file"));
}

TEST(ResultStore, AClipIsNotTouchedWhenItIsUsedAndStaysAsLongAsItsRecord) {
  TempFolder folder;
  ResultStore store(folder.path());
  std::vector<std::string> clips;
  for (int i = 0; i < 3; ++i) {
    Result result;
    result.clip_path = store.scratch(key_of(i));
    write_text(result.clip_path, "clip");
    store.commit(key_of(i), Role::clip, result, kFrom);
    clips.push_back(result.clip_path);
  }
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(3);
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file()) fs::last_write_time(entry, long_ago);
  EXPECT_TRUE(store.find(key_of(0), Role::clip));
  EXPECT_EQ(fs::last_write_time(clips[0]), long_ago);
  fs::last_write_time(clips[1], fs::file_time_type::clock::now()); // as stores of old did
  store.prune(0);
  EXPECT_TRUE(fs::exists(clips[0]));
  EXPECT_TRUE(fs::exists(clips[1]));
  EXPECT_FALSE(fs::exists(clips[2]));
  EXPECT_TRUE(store.find(key_of(0), Role::clip));
}

TEST(ResultStore, ScratchFilesOfTheDeadAreSwept) {
  TempFolder folder;
  ResultStore store(folder.path());
  const std::string mine = store.scratch(key_of(1)), other = store.scratch(key_of(2));
  write_text(mine, "x");
  write_text(other, "x");
  store.sweep(key_of(1));
  EXPECT_FALSE(fs::exists(mine));
  EXPECT_TRUE(fs::exists(other));
}
