#!/bin/sh
# GET by the client of the plugin redis and by bare hiredis, in turns, against one redis-server.
#
#     Benchmarks/run redis [COMMANDS]      500000 unless said otherwise
#
# pipeline: batches of 1000. tasks: 1000 tasks at once, each one command after the other (hiredis:
# pipeline). serial: one after the other. Columns: commands per second, per CPU-second of the client.
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

printf '%-10s %-8s %12s %14s\n' kind client per-second per-cpu-second
for kind in pipeline tasks serial; do
  commands=$count
  [ "$kind" != serial ] || commands=$((count / 10))
  for round in 1 2 3; do
    printf '%-10s %-8s %12s %14s\n' "$kind" egg \
      $("$root/.build/release/redis-bench" "$port" "$kind" "$commands")
    printf '%-10s %-8s %12s %14s\n' "$kind" hiredis \
      $("$here/.build-tools/redis_hiredis" "$port" "$kind" "$commands")
  done
done
