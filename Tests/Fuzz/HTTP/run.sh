#!/bin/sh
# Fuzzes the HTTP wire code and the header semantics: run.sh SECONDS
# A finding is written next to this script as crash-*; run the binary with it to repeat it.
set -eu
seconds="${1:?usage: run.sh SECONDS}"
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
build="${TMPDIR:-/tmp}/egg-fuzz-http"
mkdir -p "$build/new"
cd "$build"

common="-swift-version 6 -O -g -package-name egg -sanitize=fuzzer,address -parse-as-library"
swiftc $common -wmo -module-name EggHTTPSemantics -emit-module -emit-object \
  -emit-module-path EggHTTPSemantics.swiftmodule -o EggHTTPSemantics.o \
  "$root"/Sources/EggHTTPSemantics/*.swift
# The linker warns about symbols of the sanitizer; they do no harm.
swiftc $common -module-name HTTPFuzz -I . -o http-fuzz \
  "$root"/Sources/EggKernel/HTTP/Wire/*.swift "$here"/HTTPFuzz.swift EggHTTPSemantics.o \
  2>&1 | grep -v "Cannot export local symbol" || true

exec ./http-fuzz -max_total_time="$seconds" -max_len=4096 -timeout=5 -print_final_stats=1 \
  -artifact_prefix="$here/" -dict="$here/http.dict" \
  new "$here/corpus" "$root/Tests/Fixtures/http"
