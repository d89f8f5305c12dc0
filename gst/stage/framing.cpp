// SPDX-License-Identifier: LGPL-2.1-or-later
// See framing.h.
#include "stage/framing.h"

#include "media/picture.h"
#include "shot/shot_meta.h"

namespace aigc {

std::vector<std::string> LineSplitter::push(std::string_view chunk) {
  std::vector<std::string> lines;
  for (;;) {
    const size_t end = chunk.find('\n');
    rest_ += chunk.substr(0, end);
    if (rest_.size() > kMaxTextBytes)
      throw Error(Fault::format,
                  "a line of text is over " + std::to_string(kMaxTextBytes) + " bytes",
                  "put every shot on a line of its own, at most that long");
    if (end == std::string_view::npos) return lines;
    lines.push_back(finish());
    chunk.remove_prefix(end + 1);
  }
}

std::string LineSplitter::finish() {
  if (rest_.ends_with('\r')) rest_.pop_back();
  return std::exchange(rest_, {});
}

GstSegment Framer::initial_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_UNDEFINED);
  return segment;
}

void Framer::set_caps(GstCaps* caps) {
  caps_ = share(caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string_view name = gst_structure_get_name(structure);
  if (name == "text/uri-list")
    kind_ = InputKind::uri;
  else if (name.starts_with("image/"))
    kind_ = InputKind::picture;
  else if (name.starts_with("video/"))
    kind_ = InputKind::raw;
  else
    kind_ = InputKind::words;
}

Job Framer::text_job(std::string text, GstBuffer* buffer) const {
  Job job;
  job.kind = kind_;
  if (auto shot = buffer_shot(buffer)) job.shot = std::move(*shot);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.ends_with('\0')) text.pop_back();
  if (!text.empty()) (job.shot.prompt.empty() ? job.shot.script : job.shot.prompt) = text;
  return job;
}

Job Framer::job_of(GstBuffer* buffer) const {
  Job job;
  if (kind_ == InputKind::words || kind_ == InputKind::uri) {
    BufferMap map(buffer, GST_MAP_READ);
    if (!map) throw Error(Fault::read, "a buffer could not be mapped");
    job = text_job(std::string(reinterpret_cast<const char*>(map.data()), map.size()), buffer);
  } else {
    job.kind = kind_;
    job.input = share(buffer);
    job.caps = caps_;
    if (auto shot = buffer_shot(buffer)) job.shot = std::move(*shot);
  }
  if (segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer))
    job.pts = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  job.duration = GST_BUFFER_DURATION(buffer);
  return job;
}

std::vector<Job> Framer::push(Ref<GstBuffer> buffer) {
  std::vector<Job> jobs;
  const bool whole = segment_.format == GST_FORMAT_TIME;
  if (whole || kind_ == InputKind::raw) {
    if (kind_ == InputKind::raw && !every_frame_) {
      gint rate = 0, per = 1;
      gst_structure_get_fraction(gst_caps_get_structure(caps_.get(), 0), "framerate", &rate, &per);
      sated_ = rate > 0;
    }
    jobs.push_back(job_of(buffer.get()));
  } else if (kind_ == InputKind::picture) {
    gathered_ = gathered_ ? adopt(gst_buffer_append(gathered_.leak(), buffer.leak())) : buffer;
    if (gst_buffer_get_size(gathered_.get()) > kMaxPictureBytes)
      throw Error(Fault::format,
                  "the picture is over " + std::to_string(kMaxPictureBytes) + " bytes",
                  "send a smaller picture");
  } else {
    BufferMap map(buffer.get(), GST_MAP_READ);
    if (!map) throw Error(Fault::read, "a buffer could not be mapped");
    for (auto& line : lines_.push({reinterpret_cast<const char*>(map.data()), map.size()}))
      if (!is_blank(line)) jobs.push_back(text_job(std::move(line), buffer.get()));
  }
  return jobs;
}

std::vector<Job> Framer::finish() {
  std::vector<Job> jobs;
  if (gathered_) {
    jobs.push_back(job_of(gathered_.get()));
    gathered_.reset();
  }
  std::string last = lines_.finish();
  if (!is_blank(last)) {
    auto carrier = adopt(gst_buffer_new());
    jobs.push_back(text_job(std::move(last), carrier.get()));
  }
  return jobs;
}

} // namespace aigc
