// SPDX-License-Identifier: LGPL-2.1-or-later
// Accepted orders of pictures and clips.
#include "orders.h"

#include "util.h"

namespace standin {
namespace {

bool is(const std::optional<Fault>& fault, const char* kind) {
  return fault && fault->kind == kind;
}

MediaKey clip_key(const Standin& standin, const std::optional<Fault>& fault,
                  const ClipOrder& order) {
  const Json& config = standin.config["video"];
  MediaKey key;
  key.clip = true;
  // H.264 and VP8 in I420 have even sides.
  key.width = or_override(config["width"], std::max(2, order.size.width / 2 * 2));
  key.height = or_override(config["height"], std::max(2, order.size.height / 2 * 2));
  key.seconds = config["duration"].number() > 0 ? config["duration"].number() : order.seconds;
  key.fps = order.fps;
  key.sound = order.sound && !is(fault, "silent");
  key.format = order.format == "mp4" ? "" : order.format;
  key.late_moov = is(fault, "moov-at-end");
  key.variant = variant(order.prompt, 0);
  other_size(fault, key);
  return key;
}

TaskPtr new_task(Standin& standin, const ExchangePtr& exchange, const std::string& profile,
                 const std::string& id, const std::string& model, const std::string& prompt) {
  auto task = std::make_shared<Task>();
  task->id = id;
  task->profile = task->group = profile;
  task->model = model;
  task->prompt = prompt;
  task->request_id = exchange->request_id;
  task->fault = content_fault(*exchange);
  exchange->call->task_id = id;
  return task;
}

} // namespace

void other_size(const std::optional<Fault>& fault, MediaKey& key) {
  if (!is(fault, "other-size")) return;
  key.width = or_override(fault->spec["width"], 96);
  key.height = or_override(fault->spec["height"], 64);
}

int or_override(const Json& value, int otherwise) {
  const auto number = static_cast<int>(value.number());
  return number > 0 ? number : otherwise;
}

int variant(const std::string& prompt, size_t index) {
  return static_cast<int>((hash(prompt) + index) % 4);
}

std::optional<Fault> content_fault(const Exchange& exchange) {
  if (exchange.fault && exchange.fault->phase == FaultPhase::Content) return exchange.fault;
  return {};
}

std::string file_or_fault(const std::optional<Fault>& fault, std::string file) {
  if (is(fault, "picture-bomb")) return "bomb.png";
  if (is(fault, "not-a-clip")) return "noise.mp4";
  if (is(fault, "broken-clip")) return "broken-" + file;
  return file;
}

void make_files(Standin& standin, const std::optional<Fault>& fault,
                const std::vector<MediaKey>& keys, std::function<void(Files)> done) {
  struct Batch {
    Files files;
    size_t left;
    std::function<void(Files)> done;
  };
  auto batch = std::make_shared<Batch>(Batch{{}, keys.size(), std::move(done)});
  for (const MediaKey& key : keys)
    batch->files.push_back(file_or_fault(fault, key.name()));
  for (const MediaKey& key : keys)
    standin.media.get(key, [batch](const Bytes&) {
      if (--batch->left == 0) batch->done(batch->files);
    });
}

std::vector<MediaKey> picture_keys(const Standin& standin, const std::optional<Fault>& fault,
                                   const PictureOrder& order) {
  const Json& config = standin.config["image"];
  std::vector<MediaKey> keys;
  for (int i = 0; i < order.count; ++i) {
    MediaKey key;
    key.width = or_override(config["width"], order.size.width);
    key.height = or_override(config["height"], order.size.height);
    key.variant = variant(order.prompt, static_cast<size_t>(i));
    key.format = order.format;
    if (!fault) key.file = config["file"].text();
    if (is(fault, "other-type"))
      key.format = fault->spec["type"].is_string() ? fault->spec["type"].text() : "jpeg";
    other_size(fault, key);
    keys.push_back(key);
  }
  return keys;
}

void order_pictures(Standin& standin, const ExchangePtr& exchange, const PictureOrder& order,
                    std::function<void(Files)> done) {
  standin.calls.bill(*exchange->call, order.model, order.prompt, order.seed);
  const double until = now_seconds() + standin.config.next_image_seconds();
  const auto fault = content_fault(*exchange);
  make_files(standin, fault, picture_keys(standin, fault, order),
             [until, done = std::move(done)](const Files& files) {
               after(until - now_seconds(), [done, files] { done(files); });
             });
}

TaskPtr order_picture_task(Standin& standin, const ExchangePtr& exchange,
                           const std::string& profile, const std::string& id,
                           const PictureOrder& order, Json facts) {
  const TaskPtr task = new_task(standin, exchange, profile, id, order.model, order.prompt);
  standin.calls.bill(*exchange->call, order.model, order.prompt, order.seed);
  task->usage = std::move(facts);
  task->seconds = standin.config.next_image_seconds();
  task->pending_seconds = standin.config["image"]["pending_seconds"].number();
  standin.tasks.add(task);
  make_files(standin, task->fault, picture_keys(standin, task->fault, order),
             [&standin, task](const Files& files) {
               task->files = files;
               standin.tasks.made(task);
             });
  return task;
}

TaskPtr order_clip(Standin& standin, const ExchangePtr& exchange, const std::string& profile,
                   const ClipOrder& order) {
  const TaskPtr task = new_task(standin, exchange, profile, order.id, order.model, order.prompt);
  standin.calls.bill(*exchange->call, order.model, order.prompt, order.seed);
  task->video = true;
  task->usage = order.facts;
  task->seconds = standin.config.next_video_seconds();
  task->pending_seconds = standin.config["video"]["pending_seconds"].number();
  standin.tasks.add(task);
  const MediaKey key = clip_key(standin, task->fault, order);
  task->files = {file_or_fault(task->fault, key.name())};
  standin.media.get(key, [&standin, task](const Bytes& made) {
    // Nobody asked for this one: GStreamer could not make the clip.
    if (!made)
      task->fault = Fault{"task-state", FaultPhase::Content, Json::object({{"state", "FAILED"}})};
    standin.tasks.made(task);
  });
  return task;
}

void order_clip_now(Standin& standin, const ExchangePtr& exchange, const ClipOrder& order,
                    std::function<void(const std::string&)> done) {
  standin.calls.bill(*exchange->call, order.model, order.prompt, order.seed);
  const double until = now_seconds() + standin.config.next_video_seconds();
  const auto fault = content_fault(*exchange);
  make_files(standin, fault, {clip_key(standin, fault, order)},
             [until, done = std::move(done)](const Files& files) {
               after(until - now_seconds(), [done, file = files[0]] { done(file); });
             });
}

std::string inline_media(const Standin& standin, const std::optional<Fault>& fault,
                         const std::string& file) {
  if (is(fault, "base64-garbage")) return "iVBORw0KGgo@@@not*base64==";
  const Bytes data = result_file(standin, file);
  if (!data) return "";
  g_autofree char* encoded =
      g_base64_encode(reinterpret_cast<const guchar*>(data->data()), data->size());
  std::string text = encoded;
  if (is(fault, "base64-newlines"))
    for (size_t at = 76; at < text.size(); at += 77)
      text.insert(at, "\n");
  if (is(fault, "base64-data-uri"))
    text = "data:" + std::string(media_type(file)) + ";base64," + text;
  return text;
}

Json data_items(const Standin& standin, const std::optional<Fault>& fault, const Files& files,
                const std::function<std::string(size_t)>& address) {
  Json items{Json::Array{}};
  if (is(fault, "data-empty")) return items;
  for (size_t i = 0; i < files.size(); ++i) {
    if (is(fault, "item-without-content"))
      items.push(Json::object({{"revised_prompt", Json()}}));
    else if (address)
      items.push(Json::object({{"url", address(i)}}));
    else
      items.push(Json::object({{"b64_json", inline_media(standin, fault, files[i])}}));
  }
  return items;
}

} // namespace standin
