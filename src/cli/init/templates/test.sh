#!/bin/sh
# Builds this app, serves it on a port of its own, asks it, and ends. Run it with: sh test.sh
set -eu
weft=${WEFT:-weft}
cd "$(dirname "$0")"
scratch=$(mktemp -d)
"$weft" up --port 0 --no-watch --data "$scratch/data" >"$scratch/url" &
platform=$!
trap 'kill "$platform" 2>/dev/null || :; wait "$platform" || :; rm -r "$scratch"' EXIT
until [ -s "$scratch/url" ]; do
  kill -0 "$platform" 2>/dev/null || exit 1
  sleep 0.1
done
answer=$("$weft" invoke {name} --gateway "$(cat "$scratch/url")" --data Ada)
if [ "$answer" != 'Hello, Ada!' ]; then
  echo "{name} answered: $answer" >&2
  exit 1
fi
echo "{name} answers as it should"
