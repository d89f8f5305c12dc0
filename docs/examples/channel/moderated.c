/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A channel with a judge: runs the line of `aigc channel ... --print`, and asks a program about
 * every clip before it goes on air. Usage: moderated JUDGE WORD... ; JUDGE gets the clip's URI and
 * answers with its exit status: 0 = show it. */
#include <gst/gst.h>

/* Called on a thread of its own: it may take its time, up to veto-timeout. */
static gboolean on_clip_ready (GstElement *air, const GstStructure *clip, gpointer judge)
{
  const gchar *argv[] = { judge, gst_structure_get_string (clip, "uri"), NULL };
  gint status = 1;
  gboolean asked = g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, &status, NULL);
  gboolean accepted = asked && status == 0;
  g_print ("%s %s\n", accepted ? "accepted" : "refused", gst_structure_get_string (clip, "id"));
  return accepted;
}

int main (int argc, char **argv)
{
  GError *error = NULL;
  gst_init (&argc, &argv);
  if (argc < 3) {
    g_printerr ("Usage: moderated JUDGE WORD...\n");
    return 2;
  }
  GstElement *channel = gst_parse_launchv ((const gchar **) argv + 2, &error);
  if (error) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  GstElement *air = gst_bin_get_by_name (GST_BIN (channel), "air");
  g_signal_connect (air, "clip-ready", G_CALLBACK (on_clip_ready), argv[1]);
  gst_element_set_state (channel, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus (channel);
  GstMessage *last = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  gst_element_set_state (channel, GST_STATE_NULL);
  gst_message_unref (last);
  gst_object_unref (bus);
  gst_object_unref (air);
  gst_object_unref (channel);
  return 1;
}
