// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipplayout_actions.h.
#include "clipplayout_actions.h"

using namespace aigc;

static DeskOf find_desk; // the same for all elements of the class

static void on_skip(gpointer self) {
  if (const auto desk = find_desk(self)) desk->skip();
}

static void on_hold(gpointer self) {
  if (const auto desk = find_desk(self)) desk->hold(true);
}

static void on_resume(gpointer self) {
  if (const auto desk = find_desk(self)) desk->hold(false);
}

static gboolean on_move(gpointer self, const gchar* id, guint position) {
  const auto desk = find_desk(self);
  return desk && id && desk->move(id, position);
}

static gboolean on_remove(gpointer self, const gchar* id) {
  const auto desk = find_desk(self);
  return desk && id && desk->remove(id, "removed");
}

static GstStructure* on_list(gpointer self) {
  const auto desk = find_desk(self);
  return desk ? desk->list().release() : nullptr;
}

/// One handler that says no is enough.
static gboolean all_accept(GSignalInvocationHint*, GValue* result, const GValue* answer, gpointer) {
  const gboolean accepted = g_value_get_boolean(answer);
  g_value_set_boolean(result, accepted);
  return accepted;
}

guint aigc::add_clip_playout_signals(GType type, DeskOf desk_of) {
  find_desk = desk_of;
  const auto action = [type](const char* name, GCallback handler, GType result, guint count,
                             auto... parameters) {
    return g_signal_new_class_handler(
        name, type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), handler,
        nullptr, nullptr, nullptr, result, count, parameters...);
  };
  action("skip", G_CALLBACK(on_skip), G_TYPE_NONE, 0);
  action("hold", G_CALLBACK(on_hold), G_TYPE_NONE, 0);
  action("resume", G_CALLBACK(on_resume), G_TYPE_NONE, 0);
  action("move", G_CALLBACK(on_move), G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_UINT);
  action("remove", G_CALLBACK(on_remove), G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
  action("list", G_CALLBACK(on_list), GST_TYPE_STRUCTURE, 0);
  return g_signal_new("clip-ready", type, G_SIGNAL_RUN_LAST, 0, all_accept, nullptr, nullptr,
                      G_TYPE_BOOLEAN, 1, GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}
