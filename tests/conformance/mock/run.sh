#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# aipromptenhance against an OpenAI-style server from npm: run.sh FOLDER, with the plugin on
# GST_PLUGIN_PATH_1_0. The packages go to the folder; they are those of package-lock.json, by their
# hashes.
set -eu
here=$(dirname "$(readlink -f "$0")")
folder=$1
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "1..0 # SKIP Node or npm is not installed"
  exit
fi
mkdir -p "$folder"
cp "$here/package.json" "$here/package-lock.json" "$here/mock-llm.yaml" "$folder"
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund >&2

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1",
  () => { console.log(s.address().port); s.close() })')
HOST=127.0.0.1 PORT=$port node node_modules/@dwmkerr/mock-llm/dist/main.js --config mock-llm.yaml \
  >mock.log 2>&1 &
mock=$!
trap 'kill "$mock" 2>/dev/null || true' EXIT
url=http://127.0.0.1:$port
node -e 'const go = n => fetch(process.argv[1] + "/health").catch(
  () => n ? setTimeout(go, 50, n - 1) : process.exit(1)); go(600)' "$url"

# write WORDS [property...]: what the element makes of the words goes to out, what it says to err.
write() {
  words=$1
  shift
  rm -f out
  gst-launch-1.0 aipromptenhance backend=openai "base-url=$url/v1" use-cache=false max-retries=3 \
    "prompt=\"$words\"" "$@" ! filesink location=out >err 2>&1
}

writes() { write "狐狸" && grep -q '^一只狐狸 (red fox) 站在雪地里，低角度侧光。' out; }
keeps_words() { write "a fox at Gate 7" && grep -q 一只狐狸 out && grep -q 'Gate、7' out; }
falls_back() {
  before=$(grep -c ^POST mock.log)
  write "blank" && grep -q '^blank' out && grep -q 'without a description' err &&
    [ $(($(grep -c ^POST mock.log) - before)) -eq 2 ]
}
names_bad_key() { ! write "locked" on-error=fail && grep -q 'refused the key' err; }
names_bad_model() {
  ! write "fox" model=other on-error=fail && grep -q 'does not know this model' err
}

number=0
failed=0
# try NAME TEST
try() {
  number=$((number + 1))
  if "$2"; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    sed 's/^/# /' err
    failed=1
  fi
}

echo 1..5
try "the only model the server lists writes, as a stream, without a key" writes
try "the user's own words are kept" keeps_words
try "after two blank answers the words go on as they were" falls_back
try "a refused key is named" names_bad_key
try "an unknown model is named" names_bad_model
exit $failed
