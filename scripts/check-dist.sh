#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the source archive and sets a build up from it: every file the build names must be in git. The
# stand-in is built from it on its own, and tested.
set -eu
root=$(dirname "$(dirname "$(readlink -f "$0")")")
rm -rf "$root/build/meson-dist"
meson dist -C "$root/build" --include-subprojects --no-tests --allow-dirty --formats gztar
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -xzf "$root"/build/meson-dist/gst-plugins-aigc-*.tar.gz -C "$scratch"
meson setup "$scratch/build" "$scratch"/gst-plugins-aigc-*
meson setup "$scratch/standin" "$scratch"/gst-plugins-aigc-*/subprojects/aigc-standin
meson test -C "$scratch/standin" --print-errorlogs
