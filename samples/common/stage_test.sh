# Sourced by the tests of the samples' scripts: a run under a mark, by which all processes that it leaves
# are found, with its files below a directory of its own.
# shellcheck shell=bash

# Everything that the sample starts inherits the mark, and puts its files below this directory.
mark=HOLDFAST_SAMPLE_TEST=$$-$RANDOM
files=$(mktemp -d)
output=$(mktemp)
code=0
sample=''

stage_test_cleanup() {
  [[ -z $sample ]] || kill -TERM "$sample" 2>/dev/null || true
  rm -rf -- "$files" "$output" "$output.pipe"
}
trap stage_test_cleanup EXIT

failed() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# run_sample PROGRAM ARGUMENT...: sets code, and output to the file that has what it said on stdout. Once a
# line begins with interrupt_at, if that is not empty, the sample gets SIGINT.
interrupt_at=''
run_sample() {
  local line
  rm -f -- "$output"
  mkfifo -m 600 "$output.pipe"
  # bash starts background jobs with SIGINT ignored, which a script cannot undo for itself.
  env --default-signal=INT "$mark" TMPDIR="$files" "$@" >"$output.pipe" &
  sample=$!
  while IFS= read -r line; do
    printf '%s\n' "$line" | tee -a -- "$output"
    [[ -z $interrupt_at || $line != "$interrupt_at"* ]] || kill -INT "$sample"
  done <"$output.pipe"
  code=0
  wait "$sample" || code=$?
  sample=''
}

expect_exit() { ((code == $1)) || failed "exit code $code, not $1"; }

# The command lines of the processes that carry the mark.
left_behind() {
  local file
  grep -lsz "^$mark\$" /proc/[0-9]*/environ | while IFS= read -r file; do
    [[ $file == /proc/$$/* ]] ||
      printf '%s: %s\n' "$file" "$(tr '\0' ' ' <"${file%environ}cmdline")"
  done 2>/dev/null || true
}

expect_nothing_left() {
  [[ -z $(left_behind) ]] || failed "processes are left: $(left_behind)"
  [[ -z $(ls -A -- "$files") ]] || failed "files are left: $(ls -lR -- "$files")"
}
