#!/bin/sh
# GET by the client of the plugin redis and by bare hiredis, in turns, against one redis-server.
#
#     Benchmarks/run redis [COMMANDS]      500000 unless said otherwise
#
# pipeline: batches of 1000. tasks: 1000 tasks at once, each one command after the other (hiredis:
# pipeline). serial: one after the other. Commands per second and per CPU-second of the client.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
count=${1:-500000}
for tool in cc redis-server redis-cli swift; do
  command -v "$tool" >/dev/null || { echo "Benchmarks/run: \"$tool\" is not installed" >&2; exit 1; }
done
mkdir -p "$here/.build-tools"
# shellcheck disable=SC2046
cc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$here/.build-tools/redis_hiredis" \
  "$here/load/redis_hiredis.c" $(pkg-config --cflags --libs hiredis) || {
  echo "Benchmarks/run: needs libhiredis-dev" >&2
  exit 1
}
swift build --package-path "$root" -c release --product redis-bench --quiet >&2

folder=$(mktemp -d)
port=$((20000 + $$ % 20000))
redis-server --port "$port" --bind 127.0.0.1 --save "" --dir "$folder" --logfile "$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until redis-cli -p "$port" ping >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done

figures="$folder/figures"
for kind in pipeline tasks serial; do
  commands=$count
  [ "$kind" != serial ] || commands=$((count / 10))
  for _ in 1 2 3; do
    echo "$kind egg $("$root/.build/release/redis-bench" "$port" "$kind" "$commands")"
    echo "$kind hiredis $("$here/.build-tools/redis_hiredis" "$port" "$kind" "$commands")"
  done
done >"$figures"

# Of three rounds the one in the middle, and what share of the speed of bare hiredis we have.
awk '
  { n = ++count[$1, $2]; rate[$1, $2, n] = $3; cpu[$1, $2, n] = $4
    if ($2 == "egg") kinds[++kindCount] = $1 }
  function middle(a, key,    x, y, z) {
    x = a[key, 1]; y = a[key, 2]; z = a[key, 3]
    if (x > y) { t = x; x = y; y = t }
    if (y > z) y = z
    return x > y ? x : y
  }
  END {
    printf "%-10s %12s %14s %12s %14s %8s %8s\n", "kind", "egg/s", "per CPU-second", "hiredis/s",
      "per CPU-second", "ratio", "of CPU"
    for (i = 1; i <= kindCount; i += 3) {
      kind = kinds[i]
      e = kind SUBSEP "egg"; h = kind SUBSEP "hiredis"
      printf "%-10s %12d %14d %12d %14d %8.2f %8.2f\n", kind, middle(rate, e), middle(cpu, e),
        middle(rate, h), middle(cpu, h), middle(rate, e) / middle(rate, h),
        middle(cpu, e) / middle(cpu, h)
    }
  }' "$figures"
