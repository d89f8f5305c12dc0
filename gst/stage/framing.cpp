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
  const std::string_view name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  if (name.starts_with("image/"))
    kind_ = InputKind::picture;
  else if (name.starts_with("video/"))
    kind_ = InputKind::raw;
  else
    kind_ = InputKind::words;
}

void Framer::flush() {
  sated_ = false;
  segment_ = initial_segment();
  lines_ = {};
  picture_.reset();
  gathered_ = {};
}

GstClockTime Framer::running_time(GstClockTime pts) const {
  if (segment_.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(pts))
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, pts);
}

namespace {

/// The words without byte order mark and final NULs.
std::string clean_text(std::string text) {
  while (text.ends_with('\0'))
    text.pop_back();
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

void set_words(Shot& shot, std::string text) {
  if (!text.empty()) (shot.prompt.empty() ? shot.script : shot.prompt) = std::move(text);
}

/// Adds one shot for each line that is not blank.
void add_line(std::vector<Job>& jobs, std::string line) {
  line = clean_text(std::move(line));
  if (is_blank(line)) return;
  Job job;
  set_words(job.shot, std::move(line));
  jobs.push_back(std::move(job));
}

std::string_view view_of(const BufferMap& map) {
  if (!map) throw Error(Fault::read, "a buffer could not be mapped");
  return {reinterpret_cast<const char*>(map.data()), map.size()};
}

} // namespace

Job Framer::job_of(GstBuffer* buffer) const {
  Job job;
  job.kind = kind_;
  if (auto shot = buffer_shot(buffer)) job.shot = std::move(*shot);
  if (kind_ == InputKind::words) {
    set_words(job.shot, clean_text(std::string(view_of(BufferMap(buffer, GST_MAP_READ)))));
  } else {
    job.input = share(buffer);
    job.caps = caps_;
  }
  job.pts = running_time(GST_BUFFER_PTS(buffer));
  job.duration = GST_BUFFER_DURATION(buffer);
  return job;
}

/// In one block, as a buffer of many small memories is merged over and over.
void Framer::gather(GstBuffer* buffer) {
  BufferMap map(buffer, GST_MAP_READ);
  const auto bytes = view_of(map);
  if (gathered_.size() + bytes.size() > kMaxPictureBytes)
    throw Error(Fault::format, "the picture is over " + std::to_string(kMaxPictureBytes) + " bytes",
                "send a smaller picture");
  if (!picture_) picture_ = share(buffer);
  gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
}

std::vector<Job> Framer::push(Ref<GstBuffer> buffer) {
  std::vector<Job> jobs;
  if (kind_ == InputKind::raw && !every_frame_) {
    gint rate = 0, per = 1;
    gst_structure_get_fraction(gst_caps_get_structure(caps_.get(), 0), "framerate", &rate, &per);
    sated_ = rate > 0;
  }
  if (kind_ == InputKind::raw || segment_.format == GST_FORMAT_TIME) {
    jobs.push_back(job_of(buffer.get()));
  } else if (kind_ == InputKind::picture) {
    gather(buffer.get());
  } else {
    BufferMap map(buffer.get(), GST_MAP_READ);
    for (auto& line : lines_.push(view_of(map)))
      add_line(jobs, std::move(line));
  }
  return jobs;
}

std::vector<Job> Framer::finish() {
  std::vector<Job> jobs;
  if (!gathered_.empty()) {
    auto whole = adopt(gst_buffer_new_memdup(gathered_.data(), gathered_.size()));
    gst_buffer_copy_into(whole.get(), picture_.get(), GST_BUFFER_COPY_METADATA, 0, -1);
    jobs.push_back(job_of(whole.get()));
  }
  picture_.reset();
  gathered_ = {};
  add_line(jobs, lines_.finish());
  return jobs;
}

} // namespace aigc
