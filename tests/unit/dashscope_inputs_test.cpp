// SPDX-License-Identifier: LGPL-2.1-or-later
// Input pictures: left alone where they are legal, else made so; uploads.
#include "base/error.h"
#include "media/picture.h"
#include "service/dashscope/inputs.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace aigc::dashscope;

namespace {

constexpr PictureLimits kLimits{240, 8000, 10'000'000};

Ref<GBytes> picture(int width, int height, const char* mime, std::uint8_t alpha = 255) {
  Cancel cancel;
  Raster raster{width, height, {}};
  std::uint32_t random = 1;
  for (int i = 0; i < width * height; ++i) {
    random = random * 1664525 + 1013904223;
    raster.rgba.insert(raster.rgba.end(), {std::uint8_t(random >> 24), std::uint8_t(random >> 16),
                                           std::uint8_t(random >> 8), alpha});
  }
  return encode_picture(raster, mime, cancel);
}

Picture prepare(const Ref<GBytes>& bytes, const PictureLimits& limits = kLimits,
                size_t max_uri = kMaxDataUri) {
  Cancel cancel;
  return prepare_picture(bytes.get(), limits, "the keyframe", cancel, max_uri);
}

Error error_of(const Ref<GBytes>& bytes, const PictureLimits& limits) {
  try {
    prepare(bytes, limits);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Fault::cancelled, ""};
}

PictureInfo info_of(const Picture& picture) {
  return sniff_picture(picture.bytes.get());
}

} // namespace

TEST(DashscopePicture, WhatIsLegalStaysAsItIs) {
  const auto bytes = picture(320, 240, "image/jpeg");
  const Picture prepared = prepare(bytes);
  EXPECT_EQ(prepared.bytes.get(), bytes.get());
  EXPECT_EQ(prepared.mime, "image/jpeg");
}

TEST(DashscopePicture, AlphaIsFlattened) {
  for (const char* mime : {"image/png", "image/webp"}) {
    const Picture prepared = prepare(picture(320, 240, mime, 0));
    EXPECT_FALSE(has_alpha(prepared.bytes.get())) << mime;
    Cancel cancel;
    const Raster raster = decode_picture(prepared.bytes.get(), cancel);
    EXPECT_GT(raster.rgba[0], 250) << "clear pixels are white";
  }
}

TEST(DashscopePicture, SidesAreBroughtWithinTheLimits) {
  const PictureInfo grown = info_of(prepare(picture(480, 120, "image/jpeg")));
  EXPECT_EQ(grown.width, 960);
  EXPECT_EQ(grown.height, 240);
  const PictureInfo shrunk =
      info_of(prepare(picture(800, 500, "image/jpeg"), {240, 400, 10'000'000}));
  EXPECT_EQ(shrunk.width, 400);
  EXPECT_EQ(shrunk.height, 250);
}

TEST(DashscopePicture, AShapeThatCannotBeLegalIsNamed) {
  const Error narrow = error_of(picture(600, 16, "image/jpeg"), kLimits);
  EXPECT_EQ(narrow.fault, Fault::settings);
  EXPECT_NE(std::string(narrow.what()).find("the keyframe is 600x16"), std::string::npos);
  EXPECT_EQ(error_of(picture(2200, 240, "image/jpeg"), {240, 8000, 10'000'000, 8}).fault,
            Fault::settings);
}

TEST(DashscopePicture, TooManyBytesAreEncodedAgain) {
  const auto large = picture(400, 300, "image/png");
  const size_t size = g_bytes_get_size(large.get());
  const Picture prepared = prepare(large, kLimits, size);
  EXPECT_EQ(prepared.mime, "image/jpeg");
  EXPECT_TRUE(fits_data_uri(prepared, size));
}

TEST(DashscopePicture, WhatHasToBeUploadedIsNotMadeWorse) {
  const auto bytes = picture(400, 300, "image/jpeg");
  const Picture prepared = prepare(bytes, kLimits, 1000);
  EXPECT_EQ(prepared.bytes.get(), bytes.get());
  EXPECT_FALSE(fits_data_uri(prepared, 1000));
  EXPECT_EQ(error_of(bytes, {240, 8000, 1000}).fault, Fault::settings);
}

TEST(DashscopePicture, DataUri) {
  const Picture three{adopt(g_bytes_new_static("abc", 3)), "image/png"};
  EXPECT_EQ(data_uri(three), "data:image/png;base64,YWJj");
  EXPECT_TRUE(fits_data_uri(three, data_uri(three).size()));
  EXPECT_FALSE(fits_data_uri(three, data_uri(three).size() - 1));
}

TEST(DashscopeUpload, TheFileIsTheLastField) {
  const auto policy = parse_json(R"({"upload_host": "https://oss.example", "upload_dir": "dir/7",
    "oss_access_key_id": "id", "signature": "sig", "policy": "pol", "x_oss_object_acl": "private",
    "x_oss_forbid_overwrite": true})");
  const Upload upload =
      make_upload(policy.get(), {adopt(g_bytes_new_static("abc", 3)), "image/png"});
  EXPECT_EQ(upload.url, "https://oss.example");
  EXPECT_TRUE(upload.key.starts_with("dir/7/"));
  EXPECT_TRUE(upload.key.ends_with(".png"));
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(upload.form.get(), &size));
  const std::string form(data, size);
  EXPECT_NE(form.find("name=\"key\"\r\n\r\n" + upload.key + "\r\n"), std::string::npos);
  EXPECT_NE(form.find("name=\"x-oss-forbid-overwrite\"\r\n\r\ntrue\r\n"), std::string::npos);
  EXPECT_GT(form.find("name=\"file\""), form.find("name=\"x-oss-content-type\""));
  const auto empty = parse_json("{}");
  EXPECT_THROW(make_upload(empty.get(), {adopt(g_bytes_new_static("abc", 3)), "image/png"}), Error);
}
