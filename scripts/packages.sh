#!/bin/sh
# Says which Debian packages are missing and installs them. Called with the purposes that matter:
#
#     scripts/packages.sh build         what the sources need
#     scripts/packages.sh build test    and what the tests need
#
# Nothing is installed when everything is there. Without root, sudo asks.
set -eu

missing=""

# need PACKAGE WHY TEST…: the package is missing when TEST fails.
need() {
  package=$1
  why=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    printf '  %-16s %s\n' "$package" "$why" >&2
    missing="$missing $package"
  fi
}

has() { command -v "$1"; }

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

for purpose in "$@"; do
  case $purpose in
    build)
      need pkg-config "finds the libraries below" has pkg-config
      need libssl-dev "OpenSSL: digests, signatures, random bytes" pkg-config --exists libcrypto
      need libssl-dev "OpenSSL: encrypted connections" pkg-config --exists libssl
      need libmariadb-dev "MariaDB Connector/C: the plugin mysql" pkg-config --exists libmariadb
      need libsqlite3-dev "SQLite: the plugin sqlite" pkg-config --exists sqlite3
      need zlib1g-dev "zlib: compressed request bodies" pkg-config --exists zlib
      need libbrotli-dev "brotli: compressed answers" pkg-config --exists libbrotlienc
      need libcurl4-openssl-dev "libcurl: the plugin httpclient" pkg-config --exists libcurl
      ;;
    test)
      need gcc "compiles plugins in C" has gcc
      need g++ "compiles plugins in C++" has g++
      need cargo "compiles plugins in Rust" has cargo
      need rustc "compiles plugins in Rust" has rustc
      need curl "asks servers under test" has curl
      need brotli "unpacks answers under test" has brotli
      need nginx "the proxy in front of servers under test" has nginx
      need nodejs "runs the reference of the template tests" has node
      need node-nunjucks "the reference of the template tests" installed node-nunjucks
      need tzdata "the zones of scheduled jobs" test -e /usr/share/zoneinfo/Europe/Berlin
      need redis-server "the server of the Redis tests" has redis-server
      need redis-tools "looks at it with another client than ours" has redis-cli
      need openssl "makes certificates for tests" has openssl
      need python3 "the clients of the Socket.IO tests" has python3
      need python3-pip "installs these clients" python3 -m pip --version
      need chromium "the browser of the chat's tests" has chromium
      need mariadb-server "the database of the tests of the plugin mysql" has mariadb-install-db
      need abigail-tools "compares the plugin interface with its releases" has abidiff
      ;;
    *)
      echo "packages.sh: unknown purpose \"$purpose\": expected build or test" >&2
      exit 2
      ;;
  esac
done

if ! command -v swift >/dev/null; then
  echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux" >&2
  exit 1
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "these are missing, and there is no apt-get to install them:$missing" >&2
  exit 1
fi
echo "installing what is missing:$missing" >&2
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $sudo apt-get update && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y \
  --no-install-recommends $missing; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
