#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs into a scratch folder and uses that tree alone. Speaks TAP.
# Usage: install_test.sh BUILD
set -u
build=$1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aigc install XXXXXX")
trap 'rm -rf "$scratch"' EXIT
unset GST_PLUGIN_PATH_1_0 GST_PLUGIN_PATH AIGC_PIPELINES AIGC_TOOL LD_LIBRARY_PATH
export GST_REGISTRY="$scratch/registry" AIGC_CACHE_DIR="$scratch/cache"

number=0
check() {
  number=$((number + 1))
  name=$1
  shift
  if "$@" >"$scratch/log" 2>&1 </dev/null; then
    echo "ok $number - $name"
  else
    sed 's/^/# /' "$scratch/log"
    echo "not ok $number - $name"
  fi
}

echo 1..7
check "meson install" env DESTDIR="$scratch/root" meson install -C "$build" --no-rebuild
pc=$(find "$scratch/root" -name gst-plugins-aigc.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
tree=$scratch/root$prefix
variable() { PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --variable="$1" gst-plugins-aigc; }
check "the plugin is where pkg-config says" test -f "$scratch/root$(variable pluginsdir)/libgstaigc.so"
check "so are the jobs" test -f "$scratch/root$(variable pipelinesdir)/film.launch"
check "pkg-config knows the version" env PKG_CONFIG_PATH="$(dirname "$pc")" \
  pkg-config --atleast-version=0.1.0 gst-plugins-aigc
check "aigc finds its jobs" "$tree/bin/aigc" film --help
check "aigc finds its plugin" "$tree/bin/aigc" film prompt=lake "out=$scratch/lake.mp4" \
  duration=1 width=320 height=180 backend=preview
check "GST_PLUGIN_PATH is enough for gst-launch-1.0" env \
  GST_PLUGIN_PATH="$scratch/root$(variable pluginsdir)" gst-inspect-1.0 wanxvideogen
