#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients from npm drive the stand-in: run.sh STANDIN FOLDER TESTS. The packages go to the folder;
# they are those of package-lock.json, by their hashes.
set -eu
here=$(dirname "$(readlink -f "$0")")
standin=$(readlink -f "$1") folder=$2 tests=$3
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "1..0 # SKIP Node or npm is not installed"
  exit
fi
mkdir -p "$folder"
cp "$here/package.json" "$here/package-lock.json" "$here/standin.mjs" "$here/$tests" "$folder"
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund >&2
exec node --test-reporter=tap "$tests" "$standin"
