// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_writer.h.
#include "media/clip_writer.h"

#include "media/big_endian.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include <glib/gstdio.h>

namespace aigc {
namespace {

/// Frames that may wait for the encoder: enough to keep it busy, little memory.
constexpr guint64 kQueuedFrames = 4;

/// The index of an hour has some 2 MiB.
constexpr std::uint64_t kMaxIndex = 64u << 20;

/// A name in the same folder, so that the rename is atomic.
std::string part_name(const std::string& path) {
  static std::atomic<unsigned> next{0};
  return path + "." + std::to_string(getpid()) + "-" + std::to_string(next++) + ".part";
}

/// Every box of an MP4 between two places of `bytes`; stops at what is no box.
template <typename Take>
void for_each_box(const std::string& bytes, size_t at, size_t end, Take take) {
  while (at + 8 <= end) {
    const size_t size = big_endian(bytes.data() + at, 4);
    if (size < 8 || size > end - at) return;
    take(std::string_view(bytes).substr(at + 4, 4), at, size);
    at += size;
  }
}

/// Sets creation and modification time of every header in a moov box to "not given".
void clear_times(std::string& bytes, size_t at, size_t end) {
  for_each_box(bytes, at, end, [&](std::string_view type, size_t box, size_t size) {
    if (type == "moov" || type == "trak" || type == "mdia") clear_times(bytes, box + 8, box + size);
    const bool header = type == "mvhd" || type == "tkhd" || type == "mdhd";
    if (!header || size < 28) return;
    const size_t length = bytes[box + 8] == 1 ? 16 : 8;
    bytes.replace(box + 12, length, length, '\0');
  });
}

} // namespace

ClipWriter::ClipWriter(std::string path, int width, int height, int fps, Cancel& cancel)
    : path_(std::move(path)), part_(part_name(path_)), fps_(fps), cancel_(cancel),
      pipeline_(Fault::write) {
  gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_I420, static_cast<guint>(width),
                            static_cast<guint>(height));
  info_.fps_n = fps;
  info_.fps_d = 1;
  info_.par_n = info_.par_d = 1;
  info_.interlace_mode = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
  gst_video_colorimetry_from_string(&info_.colorimetry, GST_VIDEO_COLORIMETRY_BT709);
  start_pool();

  source_ = pipeline_.add("appsrc");
  const auto caps = adopt(gst_video_info_to_caps(&info_));
  g_object_set(source_, "caps", caps.get(), "format", GST_FORMAT_TIME, "max-bytes", guint64(0),
               "max-buffers", kQueuedFrames, nullptr);
  GstAppSrcCallbacks callbacks{};
  callbacks.need_data = [](GstAppSrc*, guint, gpointer self) {
    auto* writer = static_cast<ClipWriter*>(self);
    std::lock_guard guard(writer->mutex_);
    writer->full_ = false;
    writer->room_.notify_all();
  };
  callbacks.enough_data = [](GstAppSrc*, gpointer self) {
    auto* writer = static_cast<ClipWriter*>(self);
    std::lock_guard guard(writer->mutex_);
    writer->full_ = true;
  };
  gst_app_src_set_callbacks(GST_APP_SRC(source_), &callbacks, this, nullptr);

  GstElement* encoder = pipeline_.add("x264enc");
  gst_util_set_object_arg(G_OBJECT(encoder), "speed-preset", "ultrafast");
  // A fixed quantizer: the rate buffer of the other modes depends on how x264's threads race.
  gst_util_set_object_arg(G_OBJECT(encoder), "pass", "quant");
  g_object_set(encoder, "quantizer", 20u, "trellis", FALSE, "bframes", 0u, "key-int-max",
               static_cast<guint>(2 * fps), "threads", 2u, nullptr);
  pipeline_.add("h264parse");
  pipeline_.add("mp4mux");
  g_object_set(pipeline_.add("filesink"), "location", part_.c_str(), nullptr);
  try {
    pipeline_.play();
  } catch (const Error&) {
    g_unlink(part_.c_str()); // no destructor runs when a constructor throws
    throw;
  }
}

ClipWriter::~ClipWriter() {
  if (!kept_) g_unlink(part_.c_str());
}

void ClipWriter::start_pool() {
  pool_ = adopt(gst_video_buffer_pool_new());
  const auto caps = adopt(gst_video_info_to_caps(&info_));
  GstStructure* config = gst_buffer_pool_get_config(pool_.get());
  gst_buffer_pool_config_set_params(config, caps.get(), static_cast<guint>(info_.size), 0, 0);
  if (!gst_buffer_pool_set_config(pool_.get(), config) ||
      !gst_buffer_pool_set_active(pool_.get(), TRUE))
    throw Error(Fault::write, "no memory for the frames of " + path_);
}

Ref<GstBuffer> ClipWriter::frame() {
  GstBuffer* buffer = nullptr;
  if (gst_buffer_pool_acquire_buffer(pool_.get(), &buffer, nullptr) != GST_FLOW_OK)
    throw Error(Fault::write, "no memory for a frame of " + path_);
  return adopt(buffer);
}

void ClipWriter::push(Ref<GstBuffer> frame) {
  for (std::unique_lock lock(mutex_); full_;) {
    room_.wait_for(lock, kPipelineSlice);
    cancel_.check();
    pipeline_.ended(std::chrono::milliseconds(0));
  }
  cancel_.check();
  const auto rate = static_cast<guint64>(fps_);
  const GstClockTime start = gst_util_uint64_scale(count_, GST_SECOND, rate);
  GST_BUFFER_PTS(frame.get()) = start;
  GST_BUFFER_DURATION(frame.get()) = gst_util_uint64_scale(count_ + 1, GST_SECOND, rate) - start;
  ++count_;
  if (gst_app_src_push_buffer(GST_APP_SRC(source_), frame.leak()) == GST_FLOW_OK) return;
  pipeline_.ended(std::chrono::milliseconds(0));
  throw Error(Fault::write, "the encoder took no more frames of " + path_);
}

void ClipWriter::finish() {
  gst_app_src_end_of_stream(GST_APP_SRC(source_));
  while (!pipeline_.ended(kPipelineSlice))
    cancel_.check();
  forget_time();
  commit();
}

/// The muxer notes the hour of writing; without it the same frames give the same bytes.
void ClipWriter::forget_time() {
  std::fstream file(part_, std::ios::in | std::ios::out | std::ios::binary);
  std::streamoff at = 0;
  for (char head[16]; file.seekg(at) && file.read(head, sizeof head);) {
    std::uint64_t size = big_endian(head, 4);
    if (size == 1) size = big_endian(head + 8, 8);
    if (size < 8) return;
    if (std::memcmp(head + 4, "moov", 4) == 0 && size < kMaxIndex) {
      std::string moov(size, '\0');
      const auto length = static_cast<std::streamsize>(size);
      file.seekg(at).read(moov.data(), length);
      clear_times(moov, 0, moov.size());
      file.seekp(at).write(moov.data(), length);
      return;
    }
    at += static_cast<std::streamoff>(size);
  }
}

void ClipWriter::commit() {
  const int file = g_open(part_.c_str(), O_RDONLY | O_CLOEXEC, 0);
  const bool synced = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  if (!synced || g_rename(part_.c_str(), path_.c_str()) != 0)
    throw Error(Fault::write, "cannot write " + path_ + ": " + g_strerror(errno),
                "check that the folder exists, is writable and has room");
  kept_ = true;
}

} // namespace aigc
