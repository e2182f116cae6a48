# Sourced by tests/run and by the stages beside this file; leaves the caller in the project's root.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit

step() { printf '== %s\n' "$*"; }

# What tests/run --full shows beside the stage's result.
note() { printf '%s\n' "$*" >>"${STAGE_NOTES:-/dev/null}"; }

# A stage that cannot be run here ends with 77, as ctest's tests do, and says why.
skip() {
  printf 'skipped: %s\n' "$*"
  note "$*"
  exit 77
}

cores() { nproc; }

# A translation unit of this project takes up to 1.5 GiB to compile: boards with many cores and
# little memory would swap.
build_jobs() {
  local by_cores by_memory
  by_cores=$(cores)
  by_memory=$(awk '/^MemAvailable:/ { print int($2 / (1.5 * 1024 * 1024)) }' /proc/meminfo)
  if ((by_memory < 1)); then
    by_memory=1
  fi
  echo $((by_memory < by_cores ? by_memory : by_cores))
}

# Many tests wait for a broker rather than compute, so one core runs two of them.
test_jobs() {
  local n
  n=$(cores)
  echo $((n < 2 ? 2 : n))
}

# configure_and_build PRESET [CMAKE ARGUMENT...]
configure_and_build() {
  local preset=$1
  shift
  step "configure ($preset)"
  cmake --preset "$preset" --log-level=WARNING \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" "$@"
  step "build ($preset, $(build_jobs) jobs)"
  cmake --build --preset "$preset" --parallel "$(build_jobs)"
}

install_for_full() {
  sdk/cmake/install-packages full || skip "packages of the group full are missing"
}

# tracked_files PATTERN...: as git knows them; without git (a source archive) all that match.
tracked_files() {
  if git_here rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git_here ls-files -- "$@"
    return
  fi
  local pattern
  for pattern in "$@"; do
    find . -path ./build -prune -o -type f -path "./$pattern" -print | sed 's|^\./||'
  done
}

# A checkout that belongs to another user than root must be readable under sudo too.
git_here() { git -c safe.directory="$root" "$@"; }
