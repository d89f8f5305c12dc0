// SPDX-License-Identifier: LGPL-2.1-or-later
// See stage_fake.h.
#include "stage_fake.h"

#include "stage/gstaigcstage.h"

#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr auto kDeadline = 10s;

struct FakeSettings : StageSettings {
  bool every_frame = false;
  static const PropertyTable<FakeSettings>& table() {
    using S = FakeSettings;
    static const PropertyTable<S> properties({
        {"prompt", "Words", &S::prompt, Mutable::playing},
        {"order", "Order", &S::order, Mutable::ready, 0, 0, order_type},
        {"on-error", "Policy", &S::on_error, Mutable::playing, 0, 0, on_error_type},
        {"every-frame", "Every frame", &S::every_frame},
    });
    return properties;
  }
};

class FakeRun : public StageRun {
 public:
  explicit FakeRun(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  unsigned max_in_flight() const override { return script_->workers; }
  std::string notice() const override { return script_->notice; }
  std::string chain_of(const Shot& shot) const override { return shot.chain; }
  bool makes_clips() const override { return script_->makes_clips; }
  bool resting() const override { return script_->resting; }

  Ref<GstCaps> negotiate(const Shot*, GstCaps* allowed) override {
    script_->seen.lock()->negotiations++;
    auto caps = adopt(gst_caps_from_string(script_->makes.c_str()));
    if (!gst_caps_can_intersect(caps.get(), allowed))
      throw Error(Fault::negotiation, "nothing behind takes " + script_->makes, "link a converter");
    return caps;
  }

  Product work(Job job, Cancel& cancel, const Progress& progress) override {
    note_begin(job);
    struct End {
      Script& script;
      ~End() {
        {
          auto seen = script.seen.lock();
          --seen->running;
          ++seen->ended;
        }
        script.seen.notify();
      }
    } end{*script_};
    if (script_->on_work) script_->on_work(job, cancel, progress);
    Product product = give(job.shot, job.shot.words());
    product.provenance = Provenance{"image", "fake", "fake-1", "req-" + job.shot.id, 7, 0.5, "CNY"};
    product.requests = 1;
    if (script_->on_product) script_->on_product(product);
    return product;
  }

  Product fallback(Job job, Cancel&) override {
    if (script_->on_fallback) script_->on_fallback(job);
    return give(job.shot, "fallback " + job.shot.words());
  }

 private:
  Product give(const Shot& shot, const std::string& text) {
    Product product;
    product.shot = shot;
    product.buffer = buffer_of(text);
    product.caps = adopt(gst_caps_from_string(script_->makes.c_str()));
    return product;
  }

  void note_begin(const Job& job) {
    {
      auto seen = script_->seen.lock();
      ++seen->begun;
      if (script_->keep_jobs) {
        seen->words.push_back(job.shot.words());
        seen->jobs.push_back(job);
      }
      seen->most_running = std::max(seen->most_running, ++seen->running);
    }
    script_->seen.notify();
  }

  std::shared_ptr<Script> script_;
};

class FakeKind : public KindWith<FakeSettings> {
 public:
  explicit FakeKind(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  const char* stage_name() const override { return "image"; }
  bool every_frame() const override { return settings().every_frame; }
  std::unique_ptr<StageRun> begin(const Arrivals&) const override {
    script_->seen.lock()->runs++;
    return std::make_unique<FakeRun>(script_);
  }

 private:
  std::shared_ptr<Script> script_;
};

/// make_kind() knows no element; its script is hung onto the element right after.
thread_local std::shared_ptr<Script> fresh_script;

} // namespace

struct FakeStage {
  GstAigcStage parent;
};
struct FakeStageClass {
  GstAigcStageClass parent_class;
};
G_DEFINE_TYPE(FakeStage, fake_stage, GST_TYPE_AIGC_STAGE)

static void fake_stage_constructed(GObject* object) {
  G_OBJECT_CLASS(fake_stage_parent_class)->constructed(object);
  g_object_set_data_full(object, "script", new std::shared_ptr<Script>(std::move(fresh_script)),
                         [](gpointer held) { delete static_cast<std::shared_ptr<Script>*>(held); });
}

static void fake_stage_class_init(FakeStageClass* klass) {
  static GstStaticPadTemplate sink = GST_STATIC_PAD_TEMPLATE(
      "sink", GST_PAD_SINK, GST_PAD_REQUEST,
      GST_STATIC_CAPS("text/x-raw, format=(string)utf8; image/png; video/x-raw"));
  static GstStaticPadTemplate src = GST_STATIC_PAD_TEMPLATE(
      "src", GST_PAD_SRC, GST_PAD_ALWAYS,
      GST_STATIC_CAPS("text/x-raw, format=(string)utf8; image/png; image/jpeg"));
  G_OBJECT_CLASS(klass)->constructed = fake_stage_constructed;
  klass->parent_class.make_kind = []() -> std::unique_ptr<StageKind> {
    fresh_script = std::make_shared<Script>();
    return std::make_unique<FakeKind>(fresh_script);
  };
  install_stage_properties<FakeSettings>(G_OBJECT_CLASS(klass));
  auto element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, &sink);
  gst_element_class_add_static_pad_template(element_class, &src);
  gst_element_class_set_static_metadata(element_class, "Fake stage", "Test", "Test", "Test");
}

static void fake_stage_init(FakeStage*) {}

namespace aigc {

void Gate::pass(Cancel& cancel) {
  Cancel::Hook wake(cancel, [this] {
    { open_.lock(); }
    open_.notify();
  });
  open_.lock().wait([&](bool is_open) { return is_open || cancel.cancelled(); });
  cancel.check();
}

bool Script::began(size_t count) {
  return seen.lock().wait_for(kDeadline, [=](const Seen& s) { return s.begun >= count; });
}

bool Script::ended(size_t count) {
  return seen.lock().wait_for(kDeadline, [=](const Seen& s) { return s.ended >= count; });
}

Ref<GstBuffer> buffer_of(std::string_view bytes) {
  if (bytes.empty()) return adopt(gst_buffer_new()); // memdup of nothing is a CRITICAL
  return adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

void register_fake_stage() {
  static const bool once =
      gst_element_register(nullptr, "fakestage", GST_RANK_NONE, fake_stage_get_type());
  (void)once;
}

GstElement* make_fake_stage() {
  register_fake_stage();
  return gst_element_factory_make("fakestage", nullptr);
}

std::shared_ptr<Script> script_of(GstElement* fake_stage) {
  return *static_cast<std::shared_ptr<Script>*>(g_object_get_data(G_OBJECT(fake_stage), "script"));
}

} // namespace aigc
