#!/bin/sh
# Compiles the code in the documents and looks at their links.
#
#     docs/check.sh [--require] [FILE.md…]     without files: README.md and docs/**
#
# A block counts when the line above it is one of
#
#     <!-- compiled -->                    compiled alone
#     <!-- compiled app/router.swift -->   a file of a unit; the files of one document are one unit,
#                                          for which the loader writes the registry as in a build
#
# Blocks in C and C++ need a compiler and the headers. Those in Swift need what `swift build` leaves in
# .build/debug; without it they are skipped, which is a failure with --require only. Elsewhere:
#
#     EGG_MODULES=DIR    where Egg.swiftmodule is
#     EGG_LOADER=FILE    the built EggLoaderTool
set -u
cd "$(dirname "$0")/.."

require=0
if [ "${1:-}" = --require ]; then
  require=1
  shift
fi
if [ $# -eq 0 ]; then
  set -- README.md $(find docs -name '*.md' | LC_ALL=C sort)
fi

headers=$PWD/Sources/PluginABI/include
modules=${EGG_MODULES:-$PWD/.build/debug/Modules}
loader=${EGG_LOADER:-$PWD/.build/debug/EggLoaderTool}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiled=0
skipped=0
failed=0

fail() {
  failed=$((failed + 1))
  echo "docs: $1" >&2
  [ ! -s "$work/log" ] || cat "$work/log" >&2
}

# try WHAT COMMAND…: one block or unit.
try() {
  what=$1
  shift
  compiled=$((compiled + 1))
  : >"$work/log"
  "$@" >"$work/log" 2>&1 || fail "$what does not compile"
}

c_block() { cc -std=c11 -Wall -Wextra -pedantic -Werror -I"$headers" -fsyntax-only "$1"; }

cpp_block() { c++ -std=c++17 -Wall -Wextra -pedantic -Werror -I"$headers" -fsyntax-only "$1"; }

# The settings are those of an application's Package.swift.
swift_files() {
  swiftc -typecheck -swift-version 6 -parse-as-library -warnings-as-errors -module-name Documents \
    -default-isolation MainActor -enable-upcoming-feature NonisolatedNonsendingByDefault \
    -enable-upcoming-feature InferIsolatedConformances -I "$modules" -I "$headers" "$@"
}

# unit FOLDER: what EggLoader does for a target. The loader wants each Swift file under a name of its own.
unit() {
  mkdir -p "$1.staged"
  set -- "$1" --unit "$1" --name documents --output "$1.staged/EggUnit.swift"
  folder=$1
  shift
  for file in $(cd "$folder" && find app app.swift agent.swift -name '*.swift' 2>/dev/null | LC_ALL=C sort); do
    set -- "$@" --copy "$file" "$folder.staged/unit.$(echo "$file" | tr / .)"
  done
  "$loader" "$@" && swift_files "$folder".staged/*.swift
}

# Writes each marked block to a file and a line "LANGUAGE LINE FILE" for it.
extract() {
  awk -v out="$2" '
    /^<!-- compiled( [A-Za-z0-9_.\/-]+)? -->$/ { marked = 1; place = NF == 4 ? $3 : ""; next }
    /^```[a-z]+$/ && marked {
      marked = 0; language = substr($0, 4); number++
      file = place == "" ? out "/" number "." language : out "/unit/" place
      folder = file; sub(/\/[^\/]*$/, "", folder); system("mkdir -p \"" folder "\"")
      print (place == "" ? language : "unit"), NR, file
      while ((getline line) > 0 && line != "```") print line > file
      close(file); next
    }
    marked { print "unmarked", NR, "-"; marked = 0 }
  ' "$1"
}

has_swift=1
if [ ! -e "$modules/Egg.swiftmodule" ] || [ ! -x "$loader" ]; then has_swift=0; fi

for document in "$@"; do
  out=$work/$(echo "$document" | tr / -)
  mkdir -p "$out"
  extract "$document" "$out" >"$out/list"
  has_unit=0
  while read -r language line file; do
    place="$document:$line"
    case $language in
    c) try "$place" c_block "$file" ;;
    cpp) try "$place" cpp_block "$file" ;;
    swift)
      if [ $has_swift = 1 ]; then try "$place" swift_files "$file"; else skipped=$((skipped + 1)); fi
      ;;
    unit) has_unit=1 ;;
    *)
      : >"$work/log"
      fail "$place: a block of c, cpp or swift was expected below the mark, found $language"
      ;;
    esac
  done <"$out/list"
  if [ $has_unit = 1 ]; then
    if [ $has_swift = 1 ]; then
      try "$document (its unit)" unit "$out/unit"
    else
      skipped=$((skipped + 1))
    fi
  fi
  # Links to files of the repository.
  grep -oE '\]\([^)#: ]+' "$document" | cut -c 3- | LC_ALL=C sort -u >"$out/links"
  while read -r link; do
    : >"$work/log"
    [ -e "$(dirname "$document")/$link" ] || fail "$document links to $link, which is not there"
  done <"$out/links"
done

echo "docs: $compiled compiled, $skipped skipped, $failed failed"
if [ $skipped -gt 0 ]; then
  echo "docs: Swift was skipped: run swift build first ($modules, $loader)"
  [ $require = 0 ] || exit 1
fi
[ $failed = 0 ]
