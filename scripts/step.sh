# Sourced by the other scripts: runs one step with a line before and a line after it.
#
#     step "title" command words…
#
# Answers the command's exit code. Its output goes to $step_log and is shown in full when it fails.
# On a terminal the last line of the output is shown while it runs.

step_log=$(mktemp)
trap 'rm -f "$step_log"' EXIT

step() {
  step_title=$1
  shift
  step_began=$(date +%s)
  : >"$step_log"
  if [ -t 1 ]; then
    "$@" >"$step_log" 2>&1 &
    step_process=$!
    while kill -0 "$step_process" 2>/dev/null; do
      printf '\r\033[2K%s: %s' "$step_title" "$(tail -n 1 "$step_log" | cut -c 1-60)"
      sleep 0.3
    done
    printf '\r\033[2K'
    step_code=0
    wait "$step_process" || step_code=$?
  else
    step_code=0
    "$@" >"$step_log" 2>&1 || step_code=$?
  fi
  step_time=$(($(date +%s) - step_began))
  if [ "$step_code" = 0 ]; then
    printf 'ok    %-44s %4d s\n' "$step_title" "$step_time"
  else
    cat "$step_log"
    printf 'FAIL  %-44s %4d s\n' "$step_title" "$step_time"
  fi
  return "$step_code"
}
