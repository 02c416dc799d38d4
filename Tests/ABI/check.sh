#!/bin/sh
# Checks that the plugin headers still promise what they promised.
#
#   Tests/ABI/check.sh            compiles, compares, fails on any difference
#   Tests/ABI/check.sh --update   accepts what is there now as the promise
#
#   1. the headers compile alone, as C11 and C++17, under gcc and clang, without warnings
#   2. layout.c prints what layout-1.0.txt says: sizes, offsets, numbers of constants
#   3. abidiff finds the types of all-types.c as baseline-1.0.abi.xml has them, so that
#      a changed type behind an unchanged size is seen too (needs abigail-tools)
set -eu
cd "$(dirname "$0")"
headers=../../Sources/PluginABI/include
layout=layout-1.0.txt
baseline=baseline-1.0.abi.xml
strict="-Wall -Wextra -pedantic -Werror"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
  echo "ABI: $*" >&2
  failed=1
}

# 1. Every header by itself, in both languages, with every compiler that is here.
compilers=0
for pair in gcc:g++ clang:clang++; do
  cc=${pair%:*} cxx=${pair#*:}
  command -v "$cc" >/dev/null 2>&1 || continue
  compilers=$((compilers + 1))
  for header in "$headers"/*.h; do
    name=$(basename "$header")
    echo "#include \"$name\"" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cc"
    "$cc" -std=c11 $strict -I"$headers" -fsyntax-only "$work/alone.c" ||
      complain "$name does not compile as C11 with $cc"
    "$cxx" -std=c++17 $strict -I"$headers" -fsyntax-only "$work/alone.cc" ||
      complain "$name does not compile as C++17 with $cxx"
  done
  "$cc" -std=c11 $strict -I"$headers" layout.c -o "$work/layout-$cc" &&
    "$work/layout-$cc" >"$work/layout.txt" || complain "layout.c does not build with $cc"
  if [ "${1:-}" = --update ]; then
    cp "$work/layout.txt" "$layout"
  elif ! diff -u "$layout" "$work/layout.txt" >"$work/difference"; then
    cat "$work/difference" >&2
    # Lines of fields and constants that are gone or moved; new ones may only be added.
    if grep -q '^-  \|^-EGG_' "$work/difference"; then
      complain "with $cc: a field or constant moved, changed or vanished; released layouts never change"
    else
      complain "with $cc: fields or constants were added; when that is wanted, add a line to the" \
        "header's history and run $0 --update"
    fi
  fi
done
[ "$compilers" -gt 0 ] || complain "expected gcc or clang, found neither"

# 2. The types behind the layout, from debug information.
if command -v abidw >/dev/null 2>&1; then
  cp all-types.c "$headers"/*.h "$work"
  # Built where no path of this machine can get into the file.
  (cd "$work" && gcc -std=c11 -g -shared -fPIC -fvisibility=hidden -fdebug-prefix-map="$work"=. \
    all-types.c -o liball-types.so)
  dump() {
    (cd "$work" && abidw --no-corpus-path --no-comp-dir-path --no-show-locs liball-types.so)
  }
  if [ "${1:-}" = --update ]; then
    dump >"$baseline"
  fi
  if grep -q "$work\|$PWD" "$baseline"; then
    complain "$baseline contains a path of this machine"
  fi
  dump >"$work/now.xml"
  if ! abidiff --no-show-locs "$baseline" "$work/now.xml" >"$work/difference" 2>&1; then
    cat "$work/difference" >&2
    complain "the types differ from $baseline; when that is wanted, run $0 --update"
  fi
else
  echo "ABI: abidw is not installed; the types were not compared (apt-get install abigail-tools)" >&2
fi

[ "$failed" = 0 ] && echo "ABI: the headers are as promised"
exit "$failed"
