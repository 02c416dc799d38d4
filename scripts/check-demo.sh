#!/bin/sh
# Serves Examples/hello as `make demo` does, from the debug build, and asks for each kind of thing it
# shows: a page from a template, a stylesheet, JSON with a parameter, a posted body, a middleware's header.
set -eu
cd "$(dirname "$0")/.."

log=$(mktemp)
.build/debug/egg dev Examples/hello --no-build --port 0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

address=""
for _ in $(seq 100); do
  address=$(sed -n 's/.*started on \(http:[^ ]*\).*/\1/p' "$log" | head -n 1)
  [ -n "$address" ] && break
  sleep 0.1
done
[ -n "$address" ] || { cat "$log"; exit 1; }

# expect WHAT TEXT ARGUMENTS…: the answer of curl ARGUMENTS… has TEXT in it.
expect() {
  what=$1
  text=$2
  shift 2
  answer=$(curl -si "$@")
  case $answer in
    *"$text"*) ;;
    *)
      printf 'expected %s with "%s", found:\n%s\n' "$what" "$text" "$answer"
      cat "$log"
      exit 1
      ;;
  esac
}

expect "the page" "Hello, Ada!" "$address/"
expect "escaped text" "&lt;script&gt;" "$address/"
expect "the middleware's header" "X-Response-Time:" "$address/plaintext"
expect "the stylesheet" "Content-Type: text/css" "$address/public/hello.css"
expect "a user" '{"id":1,"name":"Ada"}' "$address/user/1"
expect "no user" "404 Not Found" "$address/user/9"
expect "a created user" '"greeting":"Hello, Lin!"' -H 'Content-Type: application/json' \
  -d '{"name":"Lin"}' "$address/user"
expect "a refused user" "422" -H 'Content-Type: application/json' -d '{}' "$address/user"
