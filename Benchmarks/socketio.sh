#!/bin/sh
# Socket.IO over WebSocket: echoes, broadcasts, connects and idle connections of the conformance
# application in its environment `load`, beside python-socketio when PEER=python.
#
#     Benchmarks/run socketio [SECONDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-5}
tools="$here/.build-tools"
mkdir -p "$tools"
"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -o "$tools/sioload" "$here/load/sioload.c"
cd "$here/.."
for product in egg EggSocketIOPlugin SocketIOConformance; do
  swift build -c release --product "$product" --quiet >&2
done
log=$(mktemp)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -f "$log"
}
trap stop EXIT

measure() { # measure NAME COMMAND…: the command serves on a port that it logs
  name=$1
  shift
  for what in "echo 100" "broadcast 1000" "connect 50" "idle 5000"; do
    "$@" >"$log" 2>&1 &
    server=$!
    port=
    for _ in $(seq 100); do
      port=$(sed -n 's/.*started on http:\/\/[^ :]*:\([0-9]*\).*/\1/p' "$log" | head -1)
      [ -n "$port" ] && break
      sleep 0.1
    done
    [ -n "$port" ] || { cat "$log" >&2; exit 1; }
    printf '%-16s ' "$name"
    "$tools/sioload" "${what% *}" "$port" "$server" "${what#* }" "$seconds"
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
  done
}

measure egg .build/release/egg start Tests/Fixtures/socketio-conformance --port 0 \
  --host 127.0.0.1 --env load
if [ "${PEER:-}" = python ]; then
  measure python-socketio python3 "$here/peers/python-socketio.py"
fi
