#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A browser follows a live playlist: run.sh FOLDER TEST [ARGUMENT ...]. The packages go to the
# folder; they are those of package-lock.json, by their hashes.
set -eu
here=$(dirname "$(readlink -f "$0")")
folder=$1 test=$2
shift 2
for program in node npm chromium; do
  command -v "$program" >/dev/null || { echo "1..0 # SKIP $program is not installed"; exit; }
done
mkdir -p "$folder"
cp "$here/package.json" "$here/package-lock.json" "$here"/*.mjs "$folder"
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund >&2
exec node --test-reporter=tap "$test" "$@"
