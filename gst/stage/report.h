// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage says on the bus: errors with a remedy, progress, finished and failed shots.
#pragma once

#include "base/error.h"
#include "shot/shot.h"

#include <chrono>
#include <string>

#include <gst/gst.h>

namespace aigc {

struct Planned;
struct ServiceNews;

/// Posts an ERROR (or, with `fatal` false, a WARNING): one sentence and its remedy, and details
/// {element, code, http-status, request-id, service, remedy}, and the `uri` it is about, if any.
void report(GstElement* element, const Error& error, bool fatal = true,
            const std::string& uri = {});

/// The same for a stage that asks a service; the details say which `stage`, too.
void report_stage(GstElement* element, const std::string& stage, const Error& error,
                  bool fatal = true);

/// Posts the element message `aigc/service`, and a WARNING where it rests.
void report_service(GstElement* element, const std::string& stage, const ServiceNews& news);

/// Posts a PROGRESS message; `percent` is kept only for GST_PROGRESS_TYPE_CONTINUE.
void post_progress(GstElement* element, GstProgressType type, const std::string& code,
                   const std::string& text, int percent = 0);

/// Posts the element message `aigc/shot-done`.
void post_shot_done(GstElement* element, const Shot& shot, const Provenance& provenance,
                    std::chrono::nanoseconds latency);

/// Posts the element message `aigc/shot-planned`; the stage works on `at_once` shots at once.
void post_shot_planned(GstElement* element, const Shot& shot, const Planned& planned,
                       unsigned at_once);

/// Posts the element message `aigc/shot-preview` with `picture`, encoded, as a GstSample. False for
/// what is neither PNG nor JPEG, which is not posted.
bool post_shot_preview(GstElement* element, const Shot& shot, const std::string& stage,
                       GBytes* picture);

/// Posts the element message `aigc/shot-failed`; whether the shot `is_left_out` of what is made,
/// and how many others are with it.
void post_shot_failed(GstElement* element, const Shot& shot, const std::string& stage,
                      const Error& error, bool is_left_out, unsigned count = 1);

} // namespace aigc
