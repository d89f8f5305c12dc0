// SPDX-License-Identifier: LGPL-2.1-or-later
// See list_journal.h.
#include "shot/list_journal.h"

#include "base/json.h"
#include "shot/shot_json.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace aigc {

namespace {

constexpr std::array<const char*, 11> kNames = {
    "insert", "take-up", "move", "remove", "send", "air", "turn", "counts", "used", "done", "time"};
constexpr const char* kOwner = "aishotsrc";
constexpr size_t kDonePerLine = 1000;

bool has_shot(Edit::Kind kind) {
  return kind == Edit::Kind::insert || kind == Edit::Kind::take_up || kind == Edit::Kind::send;
}

std::string line_of(JsonObject* object) {
  const auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object);
  return json_text(node.get()) + "\n";
}

std::string hex(std::uint64_t number) {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, 16).ptr;
  return {text.data(), end};
}

std::uint64_t from_hex(const std::string& text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (read.ec != std::errc() || text.empty()) throw Error(Fault::format, "a digest is broken");
  return number;
}

Edit::Kind kind_of(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Edit::Kind>(i);
  throw Error(Fault::format, "there is no event \"" + name + "\"");
}

std::string header_line(const std::string& list) {
  return JsonObjectMaker().set("journal", kOwner).set("list", list).text() + "\n";
}

std::string done_line(const std::vector<std::string>& digests) {
  return JsonObjectMaker().set("event", "done").set("digests", digests).text() + "\n";
}

/// What is over in a turn stands many to a line, at the end: a turn would clear it.
std::string text_of(const std::string& list, const std::vector<Edit>& edits) {
  std::string text = header_line(list);
  std::vector<std::string> digests;
  for (const Edit& edit : edits) {
    if (edit.kind != Edit::Kind::done) {
      text += edit_to_line(edit);
      continue;
    }
    digests.push_back(hex(edit.number));
    if (digests.size() == kDonePerLine) text += done_line(std::exchange(digests, {}));
  }
  return digests.empty() ? text : text + done_line(digests);
}

[[noreturn]] void refuse(Fault fault, const std::string& path, const std::string& what,
                         const std::string& remedy) {
  throw Error(fault, "journal " + path + ": " + what, remedy);
}

} // namespace

std::string edit_to_line(const Edit& edit) {
  auto object = adopt(json_object_new());
  json_object_set_string_member(object.get(), "event", kNames[static_cast<size_t>(edit.kind)]);
  if (has_shot(edit.kind)) {
    if (edit.shot.request > 0)
      json_object_set_int_member(object.get(), "request", edit.shot.request);
    if (!edit.shot.run.empty())
      json_object_set_string_member(object.get(), "run", edit.shot.run.c_str());
    json_object_set_member(object.get(), "shot", shot_to_json(edit.shot).leak());
  } else if (!edit.id.empty()) {
    json_object_set_string_member(object.get(), "id", edit.id.c_str());
  }
  if (edit.number > 0)
    json_object_set_int_member(object.get(), "number", static_cast<gint64>(edit.number));
  if (edit.made > 0)
    json_object_set_int_member(object.get(), "made", static_cast<gint64>(edit.made));
  if (edit.at != 0) json_object_set_int_member(object.get(), "at", edit.at);
  if (edit.listed) json_object_set_boolean_member(object.get(), "listed", TRUE);
  return line_of(object.get());
}

Edit edit_from_line(std::string_view line) {
  const auto root = parse_json(line);
  const JsonView object(root.get());
  Edit edit{.kind = kind_of(object["event"].text()), .id = object["id"].text()};
  edit.number = static_cast<std::uint64_t>(object["number"].integer().value_or(0));
  edit.made = static_cast<std::uint64_t>(object["made"].integer().value_or(0));
  edit.at = object["at"].integer().value_or(0);
  edit.listed = object["listed"].boolean(false);
  if (!has_shot(edit.kind)) return edit;
  if (!object["shot"].is_object()) throw Error(Fault::format, "there is no shot");
  edit.shot = shot_from_json(object["shot"].node());
  check_shot(edit.shot);
  edit.shot.request = object["request"].integer().value_or(0);
  edit.shot.run = object["run"].text();
  edit.id = edit.shot.id;
  return edit;
}

/// Open for appending; shared, so that it can be synced while another takes its place.
struct ListJournal::File {
  explicit File(const std::string& path)
      : fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_CREAT, 0600)) {}
  ~File() {
    if (fd >= 0) close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool append(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t put = ::write(fd, text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return false;
      text.remove_prefix(static_cast<size_t>(put));
    }
    return true;
  }

  int fd;
};

ListJournal::ListJournal(const std::string& path, const std::string& list)
    : path_(path), list_(list) {
  const std::string lock = path + ".lock";
  lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(lock_);
    refuse(Fault::settings, path, "another process writes it",
           "give every channel a journal of its own");
  }
  gchar* data = nullptr;
  gsize size = 0;
  ErrorSlot error;
  try {
    if (g_file_get_contents(path.c_str(), &data, &size, error.out()))
      read(std::string(Own<gchar>(data).get(), size));
    else if (!g_error_matches(error.get(), G_FILE_ERROR, G_FILE_ERROR_NOENT))
      refuse(Fault::read, path, error.message(), "look at its permissions");
  } catch (...) {
    if (lock_ >= 0) close(lock_);
    throw;
  }
}

ListJournal::~ListJournal() {
  if (lock_ >= 0) close(lock_);
}

void ListJournal::read_line(const std::string& line) {
  try {
    const auto root = parse_json(line);
    const JsonView object(root.get());
    const JsonView digests = object["digests"];
    if (object["event"].text() != "done") return edits_.push_back(edit_from_line(line));
    for (size_t i = 0; i < digests.size(); ++i)
      edits_.push_back(
          {.kind = Edit::Kind::done, .id = {}, .number = from_hex(digests.at(i).text())});
  } catch (const Error&) {
    ++broken_;
  }
}

void ListJournal::read(const std::string& text) {
  size_ = short_size_ = text.size();
  const size_t header_end = text.find('\n');
  if (header_end == text.npos) { // cut off while it was made, or empty
    if (text.empty() || header_line(list_).starts_with(text)) return;
    refuse(Fault::settings, path_, "this is no journal of a shot list", "give another file");
  }
  try {
    const auto root = parse_json(text.substr(0, header_end));
    const JsonView header(root.get());
    if (header["journal"].text() != kOwner) throw Error(Fault::format, "of something else");
    if (header["list"].text() != list_) other_list_ = header["list"].text("no list");
  } catch (const Error&) {
    refuse(Fault::settings, path_, "this is no journal of a shot list", "give another file");
  }
  size_t begin = header_end + 1;
  for (size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    read_line(text.substr(begin, end - begin));
  is_whole_ = begin == text.size() && broken_ == 0 && other_list_.empty();
}

bool ListJournal::append(const Edit& edit) {
  if (!is_whole_) return false;
  if (!file_) file_ = std::make_shared<File>(path_);
  const std::string line = edit_to_line(edit);
  is_whole_ = file_->fd >= 0 && file_->append(line);
  is_synced_ = false;
  size_ += line.size();
  return is_whole_ && size_ < std::max(kLongJournal, 4 * short_size_);
}

void ListJournal::rewrite(const std::vector<Edit>& edits) {
  const std::string text = text_of(list_, edits);
  ErrorSlot error;
  file_.reset();
  is_whole_ = false;
  const auto flags = static_cast<GFileSetContentsFlags>(G_FILE_SET_CONTENTS_CONSISTENT |
                                                        G_FILE_SET_CONTENTS_DURABLE);
  if (!g_file_set_contents_full(path_.c_str(), text.data(), static_cast<gssize>(text.size()), flags,
                                0600, error.out()))
    refuse(Fault::write, path_, "it cannot be written: " + error.message(),
           "make room, or give a file that can be written");
  is_whole_ = is_synced_ = true;
  size_ = short_size_ = text.size();
}

std::function<void()> ListJournal::take_sync() {
  if (std::exchange(is_synced_, true) || !file_) return nullptr;
  return [file = file_] { fdatasync(file->fd); };
}

} // namespace aigc
