# SPDX-License-Identifier: LGPL-2.1-or-later
# What run, check and dev share: packages, the build, the paths. Sourced with $root set.
# shellcheck shell=sh disable=SC2034,SC2154

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The one list of packages. base: to build and make films; test: what check adds; slow: what
# check --all adds.
base_packages="g++ meson ninja-build pkg-config
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libjson-glib-dev libcairo2-dev libpango1.0-dev
  libpng-dev libsoup-3.0-dev glib-networking libopencv-core-dev libopencv-imgproc-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-x fonts-noto-cjk"
test_packages="libgtest-dev ffmpeg openssl python3-jsonschema python3-yaml"
slow_packages="slurm-wlm munge nginx libnginx-mod-rtmp srt-tools chromium"

# Packages of the arguments that are not installed.
missing_packages() {
  dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
    awk 'BEGIN { for (i = 1; i < ARGC; i++) want[ARGV[i]]; ARGC = 1 }
         $2 == "installed" { delete want[$1] }
         END { for (name in want) print name }' "$@" | sort
}

# Someone can type a password. sudo asks on the terminal, whatever standard input is.
has_terminal() { (: </dev/tty) 2>/dev/null; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "This needs root and there is no sudo. As root: apt-get install $missing"
  elif has_terminal; then
    sudo "$@"
  elif sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    die "This needs root, sudo wants a password, and there is no terminal to ask for it.
Call again from a terminal, or as root: apt-get install $missing"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >&2 </dev/null
}

# Installs what is missing of the packages named; elsewhere than on Debian and Ubuntu looks for what
# they hold and names them when it is not there.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    have_everything && return
    die "This is neither Debian nor Ubuntu. Install what these packages hold, then call again:
  $*"
  fi
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  say "Installing: $missing"
  apt update || say "The package lists could not be renewed; trying with those that are there."
  # shellcheck disable=SC2086
  apt install -y --no-install-recommends $missing ||
    die "apt-get could not install: $missing
Another package manager may be running, or the network may be down: look at the lines above, then call again."
}

have_everything() {
  for tool in meson ninja c++ pkg-config gst-launch-1.0; do
    command -v "$tool" >/dev/null || return 1
  done
  pkg-config --exists 'gstreamer-1.0 >= 1.22' gstreamer-pbutils-1.0 'json-glib-1.0 >= 1.6' \
    'libsoup-3.0 >= 3.2' pangocairo || return 1
  [ -f /usr/include/opencv4/opencv2/imgproc.hpp ]  # opencv4.pc would ask for all modules
}

# One at a time sets up and builds here. The lock is on the source folder, so that no file of it is
# left, and goes with the process, too.
lock() {
  command -v flock >/dev/null || return 0
  exec 9<"$root"
  flock -n 9 && return
  say "Waiting for another build in $root"
  flock 9 || :  # some file systems have no locks
}

unlock() { exec 9<&-; }

# configure DIR OPTION...: sets a build folder up, or does nothing when it is with these options.
configure() {
  folder=$root/$1
  shift
  stamp="$root $*"
  [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/options" 2>/dev/null)" = "$stamp" ] && return
  again=
  [ -f "$folder/build.ninja" ] && again=--reconfigure
  case $(cat "$folder/options" 2>/dev/null) in "" | "$root "*) ;; *) again=--wipe ;; esac
  log=$(meson setup $again "$@" "$folder" "$root" 2>&1 </dev/null) || die "$log"
  printf '%s' "$stamp" >"$folder/options"
}

# build DIR TARGET...: says nothing when nothing is to be done.
build() {
  folder=$root/$1
  shift
  case $(ninja -C "$folder" -n "$@" 2>&1 </dev/null) in *"no work to do"*) return ;; esac
  say "Building in $folder"
  ninja -C "$folder" "$@" >&2 </dev/null || die "The build failed: see the lines above."
}

# Puts the plugin, the runner, the stand-in and the jobs of a build folder on the paths.
use_build() {
  folder=$root/$1
  export PATH="$folder/pipelines/aigc:$folder/subprojects/aigc-standin:$PATH"
  # GStreamer reads only the first of the two that is set: without this the user's would be lost.
  theirs=${GST_PLUGIN_PATH_1_0:-${GST_PLUGIN_PATH-}}
  export GST_PLUGIN_PATH_1_0="$folder/elements${theirs:+:$theirs}"
  export GST_PRESET_PATH="$root/elements/presets${GST_PRESET_PATH:+:$GST_PRESET_PATH}"
  export AIGC_PIPELINES="$root/pipelines"
}

# What run and dev need: the plugin, the runner and the targets named, built once, quick when nothing
# has changed.
build_tools() {
  # shellcheck disable=SC2086
  install_packages $base_packages
  lock
  case $(cat "$root/build/options" 2>/dev/null) in
    "$root "*) ;;  # set up here before, by run or by check
    *) configure build -Dtests=false ;;
  esac
  build build elements/libgstaigc.so pipelines/aigc/aigc "$@"
  unlock
  use_build build
}
