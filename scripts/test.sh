#!/bin/sh
# Runs every test there is, one line a step, and ends with "N passed, N failed".
#
# The numbers are the tests that swift test reports; a step that is no Swift test counts as one.
# FAST=1 leaves out the sanitizer and the fuzz run.
set -u
cd "$(dirname "$0")/.."
. scripts/step.sh

passed=0
failed=0

# check TITLE COMMAND…: a step that counts as one test.
check() {
  if step "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# count TITLE COMMAND…: a swift test whose tests are counted one by one. The few that fail run once
# more, alone: what fails twice has failed, what passes then is named as unsteady (decision 0061).
count() {
  code=0
  count_title=$1
  shift
  # A test that hangs is to be told by its group, not by who waits for the whole run.
  set -- timeout 1200 "$@"
  step "$count_title" "$@" || code=$?
  # "Test run with 83 tests in 9 suites passed after 3.4 seconds."; in front of each line stands a
  # symbol that depends on the terminal.
  all=$(sed -nE 's/^.{0,8}Test run with ([0-9]+) tests? .*(passed|failed) after .*/\1/p' "$step_log" |
    awk '{ sum += $1 } END { print sum + 0 }')
  names=$(sed -nE '/^.{0,8}Test (run|case) /d; s/^.{0,8}Test (.*) failed after .*/\1/p' "$step_log")
  bad=$(printf '%s' "$names" | grep -c .)
  # A crash leaves no line for the test that crashed.
  if [ "$code" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  if [ "$bad" -gt 0 ] && [ "$bad" -le 5 ] && [ -n "$names" ] && again "$names" "$count_title" "$@"; then
    printf '%s\n' "$names" | sed 's/^/      unsteady: /'
    bad=0
  fi
  good=$((all > bad ? all - bad : 0))
  printf '      %d passed, %d failed\n' "$good" "$bad"
  passed=$((passed + good))
  failed=$((failed + bad))
}

# again NAMES TITLE COMMAND…: the same command for these tests alone, a name a line.
again() {
  again_pattern=$(printf '%s\n' "$1" | sed -E 's/^"(.*)"$/\1/; s/[^[:alnum:] _-]/./g' | paste -sd '|' -)
  again_title="$2, what failed"
  again_names=$1
  shift 2
  again_left=$#
  while [ "$again_left" -gt 0 ]; do
    case $1 in
    --skip | --filter)
      shift 2
      again_left=$((again_left - 2))
      ;;
    *)
      set -- "$@" "$1"
      shift
      again_left=$((again_left - 1))
      ;;
    esac
  done
  step "$again_title" "$@" --filter "$again_pattern" || return 1
  # A pattern that finds fewer tests than failed proves nothing.
  again_ran=$(sed -nE 's/^.{0,8}Test run with ([0-9]+) tests? .* passed after .*/\1/p' "$step_log" |
    awk '{ sum += $1 } END { print sum + 0 }')
  [ "$again_ran" -ge "$(printf '%s\n' "$again_names" | wc -l)" ]
}

check "build" swift build --build-tests
# These speak their protocol on the main actor, with time limits; tests that wait for a process there
# would keep them from answering. So each of them has a run of its own.
alone="MySQLEngineTests SQLiteEngineTests RedisClientTests EggRedisTests SocketIORedisTests"
alone="$alone SocketIORedisBridgeTests"
count "tests" swift test --skip-build --skip "$(echo "$alone" | tr ' ' '|')"
for target in $alone; do
  count "$target" swift test --skip-build --filter "$target"
done
count "the server's tests over HTTPS" env EGG_SERVER_TLS=1 \
  swift test --skip-build --filter EggServerTests --skip 'MisbehavingTests|HandshakeTests|SessionTests|RecordTests'
check "documents" docs/check.sh --require
if [ -e Tests/ABI/check.sh ]; then check "plugin interface" sh Tests/ABI/check.sh; fi
for folder in Examples/plugins/*/; do
  folder=${folder%/}
  if [ -e "$folder/Makefile" ] && make -C "$folder" -n test >/dev/null 2>&1; then
    check "$folder" make -C "$folder" test
  elif [ -d "$folder/Tests" ] && [ -e "$folder/Package.swift" ]; then
    count "$folder" swift test --package-path "$folder"
  fi
done
for package in Examples/*/Package.swift; do
  [ -e "$package" ] || continue
  folder=$(dirname "$package")
  if [ "$folder" = Examples/hello ]; then
    # The command that applications have, which also says which lines the tests reach.
    count "$folder, egg cov" .build/debug/egg cov "$folder"
    check "$folder, what egg cov wrote" sh -c "grep -q 'SF:.*/app/controller/home.swift' \
      $folder/coverage/lcov.info && test -s $folder/coverage/html/index.html"
  elif grep -q testTarget "$package"; then
    count "$folder" swift test --package-path "$folder"
  else
    check "$folder" swift build --package-path "$folder"
  fi
done
# What an application away from this tree finds: the package, the plugins, the first project.
installed() {
  place=$(mktemp -d)
  BUILD=.build/debug PREFIX="$place" scripts/install.sh &&
    (
      cd "$place" || exit 1
      for type in simple plugin framework; do
        # One folder for all, so that kernel and SDK are built once.
        bin/egg init shop --type "$type" </dev/null || exit 1
        if [ -e built ]; then mv built shop/.build; fi
        bin/egg test shop || exit 1
        mv shop/.build built && rm -rf shop
      done
    )
  installed_code=$?
  rm -rf "$place"
  return "$installed_code"
}
check "an installed egg: init, test" installed
count "mocks of the default framework's plugins" env EGG_FRAMEWORK=egg EGG_SERVER_ENV=unittest \
  swift test --skip-build --package-path Examples/hello --filter MockTests
check "templates as the original renders them" swift run --skip-build nunjucks-difffuzz --count 3000
check "damaged templates" swift run --skip-build nunjucks-difffuzz --count 2000 --mutate
check "the demo answers" sh scripts/check-demo.sh
if [ -d Benchmarks/Tests ]; then count "benchmark tools" swift test --package-path Benchmarks; fi
if [ "${FAST:-0}" != 1 ]; then
  # The C plugins and the test kit, built with the sanitizer for this run only.
  sanitized() {
    make -C "$1" clean &&
      ASAN_OPTIONS=detect_leaks=0 make -C "$1" test CC="gcc -fsanitize=address" \
        CXX="g++ -fsanitize=address"
    sanitized_code=$?
    make -C "$1" clean && make -C "$1" || return 1
    return "$sanitized_code"
  }
  for folder in Examples/plugins/hello-c Examples/plugins/geo-cpp; do
    check "$folder, address sanitizer" sanitized "$folder"
  done
  for fuzz in Tests/Fuzz/*/run.sh; do
    if [ -e "$fuzz" ]; then check "${fuzz%/run.sh}, 20 seconds" sh "$fuzz" 20; fi
  done
  # The server alone is built with the sanitizer: in the test program it would stop at Foundation's own
  # reading of folder entries. Leaks are not looked for: what belongs to the process is never freed.
  check "address sanitizer, build" swift build --sanitize=address --scratch-path .build-asan \
    --product ServerProbe
  check "address sanitizer, build of the templates" swift build --sanitize=address \
    --scratch-path .build-asan --product nunjucks-difffuzz
  check "damaged templates under the address sanitizer" env ASAN_OPTIONS=detect_leaks=0 \
    .build-asan/debug/nunjucks-difffuzz --count 1500 --mutate
  count "server under the address sanitizer" env ASAN_OPTIONS=detect_leaks=0 \
    EGG_SERVER_PROBE="$PWD/.build-asan/debug/ServerProbe" \
    swift test --skip-build --filter EggServerTests
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
