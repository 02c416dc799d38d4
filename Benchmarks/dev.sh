#!/bin/sh
# How long a saved controller takes until it answers, below `egg dev`.
#
#     Benchmarks/run dev [ROUNDS]     10 rounds; needs .build/debug/egg and its plugins, and curl
#
# Works in a copy of Examples/hello beside it, which is built once first and removed at the end.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-10}
egg="$root/.build/debug/egg"
[ -x "$egg" ] || { echo "Benchmarks/run dev: $egg is missing; run: swift build" >&2; exit 1; }
# Not a hidden folder: the package manager looks into none.
app="$root/Examples/bench-dev"
log="$root/.build/bench-dev.log"
rm -rf "$app"
cp -R "$root/Examples/hello" "$app"
rm -rf "$app/.build"
# The package is found by its place, and the library by the name of the product.
"$egg" dev "$app" --port 0 >"$log" 2>"$log.err" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true
  rm -rf "$app" "$log" "$log.err"' EXIT
address=""
while [ -z "$address" ]; do
  kill -0 "$server" || { cat "$log" "$log.err" >&2; exit 1; }
  ! grep -q ": failed (" "$log" || { cat "$log" "$log.err" >&2; exit 1; }
  address=$(sed -n 's/.*started on \(http:[^ ]*\).*/\1/p' "$log" | head -n 1)
  sleep 0.2
done
file="$app/app/controller/home.swift"
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
for round in $(seq "$rounds"); do
  sed "s/func plaintext() {.*/func plaintext() { ctx.set(\"X-Round\", \"$round\")/" \
    "$root/Examples/hello/app/controller/home.swift" >"$file.tmp"
  saved=$(milliseconds)
  mv "$file.tmp" "$file"
  until curl -si "$address/plaintext" | grep -qi "^x-round: $round"; do
    [ $(($(milliseconds) - saved)) -lt 60000 ] || { cat "$log.err" >&2; exit 1; }
    sleep 0.02
  done
  echo "$(($(milliseconds) - saved))"
done | sort -n | awk '{ t[NR] = $1 } END {
  if (NR == 0) exit 1
  printf "saved controller to answer: median %d ms, best %d, worst %d, %d rounds\n",
    t[int((NR + 1) / 2)], t[1], t[NR], NR }'
