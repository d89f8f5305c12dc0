#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Executes every shell block of the documents (fenced as sh) as it is written, in a scratch folder,
# and looks at every film and picture it names. Commands that need keys or hosts (fenced as console)
# are executed as well, but their pipelines are only built, not played, and servers do not start.
# Speaks TAP. Usage: docs_test.sh SOURCE BUILD [DOCUMENT...], such as README.md or channel.md
set -u
source=$1 build=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/blocks" "$scratch/bin" "$scratch/work" "$scratch/dry" "$scratch/dry/bin"
ln -s "$source/run" "$source/dev" "$source/docs" "$scratch/work"
ln -s "$build" "$scratch/work/build"

# ./check would start this test again; sudo needs none of its powers for a scratch folder.
printf '#!/bin/sh\necho "skipped: this test is a part of ./check"\n' >"$scratch/work/check"
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
chmod +x "$scratch/work/check" "$scratch/bin/sudo"

# What console blocks call.
ln -s "$source/dev" "$scratch/dry"
ln -s "$build/tests/pipeline/parse-line" "$scratch/dry/bin/gst-launch-1.0"
printf '#!/bin/sh\nexec "%s/run" "$@" --print\n' "$source" >"$scratch/dry/run"
for server in vllm sglang docker sd-server python; do
  printf '#!/bin/sh\n' >"$scratch/dry/bin/$server"
done
chmod +x "$scratch/dry/run" "$scratch/dry/bin"/*

export PATH="$scratch/bin:$PATH" DESTDIR="$scratch/root" AIGC_CACHE_DIR="$scratch/cache"
export XDG_STATE_HOME="$scratch/state"

# What is installed goes to the scratch folder; pkg-config shall find it there.
export PKG_CONFIG_PATH="$scratch/bin"
sed "s|^prefix=|prefix=$scratch/root|" "$build/meson-private/gst-plugins-aigc.pc" \
  >"$scratch/bin/gst-plugins-aigc.pc"

# One file a block: blocks/DOCUMENT-LINE.KIND
for document in "$source"/README*.md "$source"/docs/*.md; do
  case " ${*:-$(basename "$document")} " in *" $(basename "$document") "*) ;; *) continue ;; esac
  awk -v base="$scratch/blocks/$(basename "$document")" '
    /^```(sh|console)$/ { file = sprintf("%s-%03d.%s", base, NR, substr($0, 4)); next }
    /^```$/ { file = ""; next }
    file { print > file }' "$document"
done

probe() { ffprobe -v error -select_streams v -of csv=p=0 -show_entries "$1" "$2"; }

# look_at LINE FILE: the file has the size and length the line asks for; a list makes it as long as all
# its shots, and a test source has a size of its own.
look_at() {
  asked() { printf '%s\n' "$1" | grep -oE "(^| )$2=[0-9]+" | head -1 | cut -d= -f2; }
  width=$(asked "$1" width) height=$(asked "$1" height) seconds=$(asked "$1" duration)
  size=$(probe stream=width,height "$2") || return 1
  case $1 in *videotestsrc*) [ -n "$size" ]; return ;; esac
  [ "$size" = "${width:-1280},${height:-720}" ] || { echo "# $2 is $size"; return 1; }
  case $2 in *.mp4) ;; *) return 0 ;; esac
  length=$(probe stream=duration "$2") shots=1
  case $1 in *" shots="* | *"aishotsrc location="*)
    shots=$(awk -v l="$length" -v s="${seconds:-5}" 'BEGIN { print int(l / s + 0.5) }') ;;
  esac
  awk -v l="$length" -v s="${seconds:-5}" -v n="$shots" \
    'BEGIN { exit !(n > 0 && l > n * s - 0.02 && l < n * s + 0.02) }' ||
    { echo "# $2 lasts $length s"; return 1; }
}

# execute FOLDER COMMAND...: says what it said when it fails.
execute() {
  folder=$1
  shift
  (cd "$folder" && timeout 240 "$@") >"$scratch/log" 2>&1 </dev/null ||
    { sed 's/^/# /' "$scratch/log"; return 1; }
}

# Runs one block and looks at what its lines made.
try() {
  case $1 in *.console)
    execute "$scratch/dry" env PATH="$scratch/dry/bin:$PATH" "$source/dev" sh -e "$1"
    return ;;
  esac
  execute "$scratch/work" sh -e "$1" || return 1
  while IFS= read -r line; do
    # Rows of a list and lines of ls are no commands that make files; of languages, each has its own.
    case $line in *--print* | *" languages="*) continue ;; ./*) ;; *) continue ;; esac
    for name in $(printf '%s\n' "$line" | grep -oE '[a-z0-9-]+\.(mp4|png|jpe?g)'); do
      [ -s "$scratch/work/$name" ] || { echo "# no $name"; return 1; }
      look_at "$line" "$scratch/work/$name" || return 1
    done
  done <"$1"
}

set -- "$scratch"/blocks/*
echo "1..$#"
number=0
for block; do
  number=$((number + 1))
  if try "$block"; then verdict=ok; else verdict="not ok"; fi
  printf '%s %d - %s: %s\n' "$verdict" $number "$(basename "$block")" "$(head -1 "$block" | cut -c1-60 | tr -d '#')"
done
