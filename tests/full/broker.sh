# Sourced by stages that need a broker, besides common.sh: a mosquitto with a key of its own, on loopback. The
# caller sets `work`, a folder for its files, and adds what it starts itself to `processes`.
# shellcheck shell=bash

processes=()
# A stage may put something before the command, as nsenter, and want a certain port.
broker_command=(mosquitto)
wanted_port=""

stop_processes() {
  local process
  for process in "${processes[@]}"; do
    kill "$process" 2>/dev/null || true
  done
  processes=()
}
trap stop_processes EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# wait_for_line PIPE TEXT: reads a process's messages up to the one with this text.
wait_for_line() {
  local line
  while IFS= read -r -t 60 line <&"$1"; do
    printf '%s\n' "$line" >&2
    if [[ $line == *"$2"* ]]; then
      return 0
    fi
  done
  return 1
}

pin_of() {
  printf 'sha256/%s\n' "$(openssl pkey -in "$1" -pubout -outform DER | openssl dgst -sha256 -binary | base64)"
}

make_identity() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/key.pem" 2>/dev/null
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/backup.pem" 2>/dev/null
  openssl req -x509 -new -key "$work/key.pem" -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 \
    -out "$work/cert.pem"
}

# Starts mosquitto on the wanted port or a free one, and sets `port`.
start_broker() {
  local user=""
  if ((EUID == 0)); then
    user='user root'  # or it could not read the key
  fi
  for _ in {1..20}; do
    port=${wanted_port:-$((20000 + RANDOM % 12000))}
    cat >"$work/mosquitto.conf" <<CONFIG
$user
log_dest stderr
allow_anonymous true
listener $port 127.0.0.1
certfile $work/cert.pem
keyfile $work/key.pem
tls_version tlsv1.3
CONFIG
    exec {broker_log}< <(exec "${broker_command[@]}" -c "$work/mosquitto.conf" 2>&1)
    processes+=($!)
    if wait_for_line "$broker_log" ' running'; then
      # Nobody has to read what it says from now on, but it must not fill the pipe.
      : >"$work/mosquitto.log"
      cat <&"$broker_log" >>"$work/mosquitto.log" &
      return
    fi
  done
  fail "no port for mosquitto"
}
