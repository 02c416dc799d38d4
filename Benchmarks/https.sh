#!/bin/sh
# HTTPS: our server and nginx with the same certificate, in turns, one worker each.
#
#     Benchmarks/run https [ROUNDS]      3 unless said otherwise; after `make build` and a release build
#                                        of Benchmarks/app
#
# Microseconds of processor time that the server spends on a request over kept connections (16 of them),
# on one for a file of 100 KB, on a handshake, and on one that takes a session up; kilobytes that an idle connection
# holds. TLS 1.3, AES-256-GCM, P-256.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
egg=$here/../.build/release/egg
tools=$here/.build-tools
rounds=${1:-3}
for tool in cc nginx openssl curl ss; do
  command -v "$tool" >/dev/null || { echo "Benchmarks/run: \"$tool\" is not installed" >&2; exit 1; }
done
[ -x "$egg" ] || { echo "Benchmarks/run: no $egg; run: make build" >&2; exit 1; }
mkdir -p "$tools"
# shellcheck disable=SC2046
cc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$tools/tlsload" "$here/load/tlsload.c" \
  $(pkg-config --cflags --libs libssl libcrypto)
swift build --package-path "$here/app" -c release --quiet >&2

folder=$(mktemp -d)
chmod 755 "$folder"
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
egg_port=$((20000 + $$ % 10000))
nginx_port=$((egg_port + 10000))
cat >"$folder/nginx.conf" <<CONF
daemon off; pid $folder/nginx.pid; error_log stderr error; worker_processes 1;
$([ "$(id -u)" = 0 ] && echo "user root;")
events { worker_connections 16384; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_timeout 600s; keepalive_requests 1000000000;
  default_type text/plain;
  server {
    listen 127.0.0.1:$nginx_port ssl backlog=4096;
    ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location = /plaintext { return 200 "Hello, World!"; }
    location /public/ { alias $here/app/app/public/; }
  }
}
CONF
nginx -p "$folder" -c "$folder/nginx.conf" 2>"$folder/nginx.log" &
nginx=$!
"$egg" start "$here/app" --env prod --port "$egg_port" --host 127.0.0.1 --workers 1 \
  --https-key "$folder/key.pem" --https-cert "$folder/cert.pem" >"$folder/egg.log" 2>&1 &
master=$!
trap 'kill $nginx $master 2>/dev/null; rm -rf "$folder"' EXIT
for port in $egg_port $nginx_port; do
  tries=0
  until curl -sk -o "$folder/answer" "https://localhost:$port/plaintext"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { cat "$folder/egg.log" "$folder/nginx.log" >&2; exit 1; }
    sleep 0.1
  done
done

worker() { # worker PORT: the process that accepts there
  if [ "$1" = "$egg_port" ]; then pgrep -P "$master" -f 'cluster-process worker'; else pgrep -P "$nginx"; fi
}
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
memory() { awk '/VmRSS/ { print $2 }' "/proc/$1/status"; }
per_second=$(getconf CLK_TCK)

# measure TITLE COUNT PORT WORDS…: microseconds of the server for each.
measure() {
  title=$1 count=$2 port=$3
  shift 3
  process=$(worker "$port")
  before=$(ticks "$process")
  rate=$("$tools/tlsload" "$@")
  after=$(ticks "$process")
  name=egg
  [ "$port" = "$egg_port" ] || name=nginx
  awk -v t="$title" -v n="$name" -v c="$count" -v d=$((after - before)) -v h="$per_second" -v r="$rate" \
    'BEGIN { printf "%-12s %-6s %10.1f %12s\n", t, n, d * 1e6 / h / c, r }'
}

printf '%-12s %-6s %10s %12s\n' what server us/each per-second
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  for port in $egg_port $nginx_port; do
    measure requests 64000 "$port" requests "$port" /plaintext 16 64000
    measure 100KB 8000 "$port" requests "$port" /public/100k.bin 16 8000
    measure handshakes 2000 "$port" handshakes "$port" 2000
    measure resumed 2000 "$port" resumed "$port" 2000
  done
done
for port in $egg_port $nginx_port; do
  name=egg
  [ "$port" = "$egg_port" ] || name=nginx
  process=$(worker "$port")
  before=$(memory "$process")
  mkfifo "$folder/end.$port"
  "$tools/tlsload" idle "$port" 1000 <"$folder/end.$port" >"$folder/idle.$port" &
  exec 3>"$folder/end.$port"
  until [ -s "$folder/idle.$port" ]; do sleep 0.1; done
  printf '%-12s %-6s %7s KB\n' idle "$name" $((($(memory "$process") - before) / 1000))
  exec 3>&-
done
