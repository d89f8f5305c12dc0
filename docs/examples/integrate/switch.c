/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Runs a launch line and switches its input-selectors: a number on standard input makes sink_NUMBER
 * of each the one on air; the end of the input ends the stream.
 *
 * cc switch.c -o switch $(pkg-config --cflags --libs gstreamer-1.0) */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

static void switch_one(const GValue *item, gpointer number) {
  GstElement *selector = g_value_get_object(item);
  char *name = g_strdup_printf("sink_%d", *(int *)number);
  GstPad *pad = gst_element_get_static_pad(selector, name);
  if (pad) {
    g_object_set(selector, "active-pad", pad, NULL);
    gst_object_unref(pad);
  } else {
    g_printerr("%s has no %s\n", GST_OBJECT_NAME(selector), name);
  }
  g_free(name);
}

static gpointer read_numbers(gpointer pipeline) {
  char line[64];
  gst_element_get_state(pipeline, NULL, NULL, GST_CLOCK_TIME_NONE); /* until something was on air */
  while (fgets(line, sizeof line, stdin)) {
    int number = atoi(line);
    GstIterator *selectors =
        gst_bin_iterate_all_by_element_factory_name(GST_BIN(pipeline), "input-selector");
    gst_iterator_foreach(selectors, switch_one, &number);
    gst_iterator_free(selectors);
  }
  gst_element_send_event(pipeline, gst_event_new_eos());
  return NULL;
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launchv((const gchar **)argv + 1, &error);
  if (error) {
    g_printerr("%s\n", error->message);
    return 1;
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GThread *reader = g_thread_new("numbers", read_numbers, pipeline);
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *end =
      gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  int failed = GST_MESSAGE_TYPE(end) == GST_MESSAGE_ERROR;
  if (failed) {
    gst_message_parse_error(end, &error, NULL);
    g_printerr("%s\n", error->message);
    return 1; /* the reader may wait for input for ever */
  }
  g_thread_join(reader);
  gst_message_unref(end);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return 0;
}
