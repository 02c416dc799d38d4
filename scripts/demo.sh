#!/bin/sh
# Builds the command and the first example, and serves it until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
. scripts/step.sh

port=${PORT:-7001}
step "egg" swift build -c release
step "Examples/hello" swift build -c release --package-path Examples/hello
rm -f "$step_log"
echo "open http://127.0.0.1:$port"
exec .build/release/egg start Examples/hello --env local --host 127.0.0.1 --port "$port"
