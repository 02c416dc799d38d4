#!/bin/sh
# The release build of everything: the root package, the example applications, the benchmark
# application, and the third-party plugins of the examples.
set -eu
cd "$(dirname "$0")/.."
. scripts/step.sh

step "egg" swift build -c release
for package in Examples/*/Package.swift Benchmarks/app/Package.swift; do
  [ -e "$package" ] || continue
  folder=$(dirname "$package")
  step "$folder" swift build -c release --package-path "$folder"
done
for folder in Examples/plugins/*/; do
  folder=${folder%/}
  if [ -e "$folder/Makefile" ]; then
    step "$folder" make -C "$folder"
  elif [ -e "$folder/Package.swift" ]; then
    step "$folder" swift build -c release --package-path "$folder"
  elif [ -e "$folder/Cargo.toml" ]; then
    step "$folder" cargo build --release --manifest-path "$folder/Cargo.toml"
  fi
done
