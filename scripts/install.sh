#!/bin/sh
# Installs what was built:
#
#     PREFIX/bin/egg
#     PREFIX/include/egg/           the C headers for plugins
#     PREFIX/share/egg/             the Swift package that applications depend on by path
#     PREFIX/lib/egg/plugins/NAME   plugins: plugin.json, config, library
#     PREFIX/lib/egg/frameworks/NAME
#
# DESTDIR is put in front, for packagers. BUILD is another folder of built products.
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
build=${BUILD:-.build/release}

if [ ! -x "$build/egg" ]; then
  echo "nothing to install: run make build first" >&2
  exit 1
fi

# copy_tree FROM TO: what git knows and what is new, without builds and runs.
copy_tree() {
  mkdir -p "$2"
  (cd "$1" && find . \( -name '.build*' -o -name run -o -name logs -o -name target \) -prune \
    -o -type f ! -name '*.o' -print) | while IFS= read -r file; do
    mkdir -p "$2/$(dirname "$file")"
    cp -p "$1/$file" "$2/$file"
  done
}

mkdir -p "$root/bin" "$root/include/egg"
# Written beside and renamed, because a running egg can't be written over.
cp "$build/egg" "$root/bin/.egg.new"
mv "$root/bin/.egg.new" "$root/bin/egg"
cp Sources/PluginABI/include/*.h "$root/include/egg/"

rm -rf "$root/share/egg"
mkdir -p "$root/share/egg"
cp Package.swift "$root/share/egg/"
# The package is used as a dependency: its tests are never built there, but SwiftPM wants the folder
# of each target to exist, with a source file in it.
{
  sed -nE 's/.*path: "(Tests\/[^"]*)".*/\1/p' Package.swift
  tr '\n' ' ' <Package.swift | grep -oE '\.testTarget\( *name: "[^"]*"' |
    sed -E 's/.*"([^"]*)"/Tests\/\1/'
} | while IFS= read -r folder; do
  mkdir -p "$root/share/egg/$folder"
  echo "// Tests are with the sources of Egg." >"$root/share/egg/$folder/Absent.swift"
done
# A unit that only tests or benchmarks use is a product all the same, with the sources that it names.
tr '\n' ' ' <Package.swift | grep -oE 'unit\( *"[^"]*", "(Tests|Benchmarks)/[^"]*"' |
  sed -E 's/.*"([^"]*)"$/\1/' | while IFS= read -r folder; do
  copy_tree "$folder" "$root/share/egg/$folder"
done
for folder in Sources Plugins Frameworks Examples; do
  [ -d "$folder" ] && copy_tree "$folder" "$root/share/egg/$folder"
done

for kind in Plugins:plugins Frameworks:frameworks; do
  from=${kind%%:*}
  to=$root/lib/egg/${kind##*:}
  rm -rf "$to"
  mkdir -p "$to"
  for folder in "$from"/*/; do
    folder=${folder%/}
    name=$(basename "$folder")
    if [ ! -e "$folder/plugin.json" ] && [ ! -e "$folder/egg.json" ]; then continue; fi
    mkdir -p "$to/$name"
    for part in plugin.json egg.json README.md; do
      if [ -e "$folder/$part" ]; then cp "$folder/$part" "$to/$name/"; fi
    done
    for part in config public view app/view app/public; do
      if [ -d "$folder/$part" ]; then copy_tree "$folder/$part" "$to/$name/$part"; fi
    done
    # Those of other languages are built into lib/ of their folder.
    stated=$(sed -n 's/.*"library"[[:space:]]*:[[:space:]]*"\([^"/]*\)".*/\1/p' \
      "$folder/plugin.json" "$folder/egg.json" 2>/dev/null | head -n 1)
    for library in "$build/$stated" "$folder"/lib/*.so; do
      if [ -f "$library" ]; then cp "$library" "$to/$name/"; fi
    done
    if [ -n "$stated" ] && [ ! -f "$to/$name/$stated" ]; then
      echo "$folder/plugin.json names $stated, which is not in $build: run make build" >&2
      exit 1
    fi
  done
done

echo "installed in $root: bin/egg, include/egg, share/egg, lib/egg"
