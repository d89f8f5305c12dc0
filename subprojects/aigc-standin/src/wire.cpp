// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers written byte by byte on a connection taken from the server.
#include "wire.h"

#include "util.h"

#include <memory>
#include <set>

namespace standin {
namespace {

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(GIOStream* connection, std::vector<WireStep> steps, WireEnd end)
      : connection_(connection), steps_(std::move(steps)), end_(end), cancel_(g_cancellable_new()) {
  }
  ~Wire() {
    g_io_stream_close(connection_, nullptr, nullptr);
    g_object_unref(connection_);
    g_object_unref(cancel_);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  static std::set<std::shared_ptr<Wire>>& all() {
    static std::set<std::shared_ptr<Wire>> wires;
    return wires;
  }

  void start() {
    all().insert(shared_from_this());
    watch();
    step();
  }

  void stop() {
    g_cancellable_cancel(cancel_);
    all().erase(shared_from_this());
  }

 private:
  using Self = std::shared_ptr<Wire>;
  GIOStream* connection_;
  std::vector<WireStep> steps_;
  WireEnd end_;
  GCancellable* cancel_;
  size_t next_ = 0;
  char scrap_[256];

  bool stopped() const { return g_cancellable_is_cancelled(cancel_); }

  // Reading notices when the client has gone.
  void watch() {
    g_input_stream_read_async(
        g_io_stream_get_input_stream(connection_), scrap_, sizeof scrap_, G_PRIORITY_DEFAULT,
        cancel_,
        [](GObject* stream, GAsyncResult* result, gpointer data) {
          const std::unique_ptr<Self> self(static_cast<Self*>(data));
          const gssize count = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, nullptr);
          if ((*self)->stopped()) return;
          count > 0 ? (*self)->watch() : (*self)->stop();
        },
        new Self(shared_from_this()));
  }

  void step() {
    if (next_ == steps_.size()) {
      if (end_ == WireEnd::Close) stop();
      return;
    }
    after(steps_[next_].wait, [self = shared_from_this()] {
      if (!self->stopped()) self->write();
    });
  }

  void write() {
    const std::string& bytes = steps_[next_].bytes;
    g_output_stream_write_all_async(
        g_io_stream_get_output_stream(connection_), bytes.data(), bytes.size(), G_PRIORITY_DEFAULT,
        cancel_,
        [](GObject* stream, GAsyncResult* result, gpointer data) {
          const std::unique_ptr<Self> self(static_cast<Self*>(data));
          const bool written =
              g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, nullptr, nullptr);
          if ((*self)->stopped()) return;
          ++(*self)->next_;
          written ? (*self)->step() : (*self)->stop();
        },
        new Self(shared_from_this()));
  }
};

} // namespace

void write_raw(GIOStream* connection, std::vector<WireStep> steps, WireEnd end) {
  std::make_shared<Wire>(connection, std::move(steps), end)->start();
}

void close_raw() {
  const auto wires = Wire::all();
  for (const auto& wire : wires)
    wire->stop();
}

} // namespace standin
