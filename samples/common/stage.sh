# Sourced by the samples' scripts: programs that are built, throw-away keys, private mosquittos on free
# loopback ports, and an end at which no process and no file is left, whatever happens. `name` is the
# script's own name, `root` the project's directory.
# shellcheck shell=bash

# The sbin folders, where Debian has mosquitto, are not in every PATH.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "${name:?}" "$*"; }
fail() { printf '%s: %s\n' "$name" "$2" >&2; exit "$1"; }

# --- The end: whatever happens, no process and no file is left ----------------------------------

dir=''          # what the script writes, gone at its end
front=''        # the process that a signal is for, while there is one: it has the last word
builder=''
background=()   # ended in the opposite order of their beginning; one that has ended does no harm
signal=''

# end_process TARGET PID: TARGET is the process, or its group as a negative number.
# shellcheck disable=SC2317 # cleanup calls it
end_process() {
  [[ -n $2 ]] || return 0
  kill -TERM -- "$1" 2>/dev/null || true
  kill -CONT -- "$1" 2>/dev/null || true  # one that was stopped would never hear of it
  wait "$2" 2>/dev/null || true
}

remove_dir() {
  [[ -z $dir ]] || rm -rf -- "$dir"
  dir=''
}

# shellcheck disable=SC2317 # a trap calls it
cleanup() {
  local i
  trap '' INT TERM HUP
  end_process "$front" "$front"
  end_process "-$builder" "$builder"
  for ((i = ${#background[@]} - 1; i >= 0; --i)); do
    end_process "${background[i]}" "${background[i]}"
  done
  remove_dir
}

# Without a process in front a signal ends the script.
# shellcheck disable=SC2317 # a trap calls it
on_signal() {
  signal=$1
  if [[ -n $front ]]; then
    kill "-$1" "$front" 2>/dev/null || true
    return 0  # in a trap, without a number, it would be the failure of the wait that was cut short
  fi
  printf '%s: interrupted\n' "$name" >&2
  exit "$2"
}

begin_stage() {
  trap cleanup EXIT
  trap 'on_signal INT 130' INT
  trap 'on_signal TERM 143' TERM
  trap 'on_signal HUP 129' HUP
  dir=$(mktemp -d)
}

# bash runs a trap only after the command in the foreground has ended. So whatever takes long runs
# in the background, and is waited for again when a signal cut the wait short.
wait_for() {
  local code
  while :; do
    signal='' code=0
    wait "$1" || code=$?
    ((code > 128)) || return "$code"
    [[ -n $signal ]] || return "$code"
  done
}

# setpriv: the kernel ends the command when this script dies, be it by SIGKILL. env: bash starts
# what runs in the background with SIGINT ignored.
bound_to_me() { exec setpriv --pdeathsig TERM -- env --default-signal=INT "$@"; }

# --- Building -----------------------------------------------------------------------------------

# A compiler takes up to 1.5 GiB; a board that swaps builds slower than with one job.
jobs_for_memory() {
  local available_kib jobs cores
  available_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  cores=$(nproc)
  jobs=$((${available_kib:-0} / (1536 * 1024)))
  ((jobs >= 1)) || jobs=1
  ((jobs <= cores)) || jobs=$cores
  printf '%s\n' "$jobs"
}

# configure_and_build JOBS TARGET...
configure_and_build() {
  local jobs=$1
  shift
  cd -- "$root" || return
  mkdir -p build/release
  # Two samples at a time must not build into each other.
  exec 9<build/release
  flock 9
  # A configuration from before a package was there does not know of its targets.
  cmake --preset release
  cmake --build build/release --parallel "$jobs" --target "$@"
}

# build GROUP TARGET...: installs the packages of the group that are missing, builds the targets, and
# sets build_dir.
build() {
  local group=$1 jobs code=0
  shift
  # Not in the background: sudo and apt may ask something.
  "$root/sdk/cmake/install-packages" "$group" || fail 1 "packages are missing, see above"
  build_dir=$root/build/release
  jobs=$(jobs_for_memory)
  if [[ -x $build_dir/samples/$1 ]]; then
    say "bringing build/release up to date"
  else
    say "building into build/release, $jobs at a time; the first time takes some minutes"
  fi
  # With job control the build leads a process group, so that all its compilers can be ended.
  set -m
  (configure_and_build "$jobs" "$@") >"$dir/build.log" 2>&1 </dev/null &
  builder=$!
  set +m
  wait_for "$builder" || code=$?
  builder=''
  ((code == 0)) && return
  cat -- "$dir/build.log" >&2
  fail 1 "the build failed, its log is above"
}

# --- Keys ---------------------------------------------------------------------------------------

make_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

pin_of() {
  printf 'sha256/%s\n' "$(openssl pkey -in "$1" -pubout -outform DER |
                          openssl dgst -sha256 -binary | base64)"
}

# make_certificate KEY CERT: signed by the key itself.
make_certificate() {
  openssl req -x509 -new -key "$1" -subj /CN=localhost -days 2 -out "$2"
}

# --- Private brokers ----------------------------------------------------------------------------

declare -A broker_pid=() broker_port=()

# listener_config PORT CERT KEY: what every private broker has.
listener_config() {
  # As root mosquitto would change to a user who cannot read the key.
  ((EUID != 0)) || echo 'user root'
  cat <<CONFIG
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
connection_messages false
allow_anonymous true
set_tcp_nodelay true
listener $1 127.0.0.1
certfile $2
keyfile $3
tls_version tlsv1.3
CONFIG
}

# Starts mosquitto $1 with the config in $dir. Returns 0 when it takes connections, 1 when the port is taken.
try_to_run_broker() {
  local line log='' pid
  rm -f -- "$dir/$1.log"
  mkfifo -m 600 "$dir/$1.log"
  # A session of its own, so that Ctrl-C at the terminal does not reach the broker first.
  bound_to_me setsid mosquitto -c "$dir/$1.conf" >"$dir/$1.log" 2>&1 </dev/null &
  pid=$!
  background+=("$pid")
  exec 3<"$dir/$1.log"
  while IFS= read -r -t 20 -u 3 line; do
    log+=$line$'\n'
    [[ $line == *' running' ]] || continue
    # A pipe that nobody reads would stop it. Its reader ends with it.
    cat <&3 >/dev/null &
    background+=("$!")
    exec 3<&-
    broker_pid[$1]=$pid
    return 0
  done
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || true
  [[ $log != *'Address already in use'* ]] || return 1
  printf '%s' "$log" >&2
  fail 4 "mosquitto did not start, its log is above"
}

# start_broker NAME: `NAME_config PORT` prints its config. The port is a free one at the first call, and
# stays the same.
start_broker() {
  local port
  for _ in {1..20}; do
    # Below the kernel's range for outgoing connections (ip_local_port_range), above the known ones.
    port=${broker_port[$1]:-$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}
    "$1_config" "$port" >"$dir/$1.conf"
    if try_to_run_broker "$1"; then
      broker_port[$1]=$port
      return
    fi
  done
  fail 4 "no free port found in 20 attempts"
}

# SIGTERM: it saves what it has been told to keep.
stop_broker() {
  kill -TERM "${broker_pid[$1]}"
  wait "${broker_pid[$1]}" 2>/dev/null || true
}
