# Sourced by the stages that need a Debian with nothing in it, besides common.sh: makes one with debootstrap,
# from the mirror that this machine's own apt uses (or DEBIAN_MIRROR), and runs commands inside. Needs root. A stage
# that calls apt_inside sources broker.sh as well, which has fail, and sets system and work.
# shellcheck shell=bash

bases=$root/build/chroots
scratch=""
isolation=()
# Inside, only these variables are set: nothing of the caller's environment may help or hinder.
inside_environment=(HOME=/root LANG=C.UTF-8 TERM=dumb
                    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)

require_clean_systems() {
  if ((EUID != 0)); then
    skip "needs root: debootstrap and chroot"
  fi
  install_for_full
  unshare --mount --pid --fork true 2>/dev/null || skip "may not make mount and process namespaces"
  umask 022
  install -d -m 700 "$bases"
}

require_mirror() {
  if [[ -z $(mirror_of_suite "$1") ]]; then
    # The origin of a source is known only once its lists are here.
    apt-get -qq update >/dev/null 2>&1 || true
  fi
  [[ -n $(mirror_of_suite "$1") ]] || skip "apt knows no Debian mirror here; set DEBIAN_MIRROR to one"
}

# Systems are made in $scratch, and removed with it unless KEEP=1.
make_scratch() { scratch=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-$1.XXXXXX"); }

remove_scratch() {
  if [[ ${KEEP:-0} == 1 ]]; then
    echo "kept: $scratch"
    return
  fi
  rm -rf --one-file-system "$scratch"
}

# --- Where this machine gets Debian from --------------------------------------------------------

# "URI release component" for each part of SUITE that this machine's apt knows for its own release.
sources_of_suite() {
  local suite=$1
  if [[ -n ${DEBIAN_MIRROR:-} ]]; then
    echo "$DEBIAN_MIRROR $suite main"
    return
  fi
  # shellcheck disable=SC2016  # the dollars are apt's
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)' \
    'Created-By: Packages' 2>/dev/null |
    awk -v suite="$suite" '
      $1 == "Debian" && $2 == "main" && $3 ~ /^[a-z]+(-updates|-security)?$/ && $4 ~ /^https?:/ {
        sub(/^[a-z]+/, suite, $3)
        print $4, $3, $2
      }' | sort -u
}

mirror_of_suite() { sources_of_suite "$1" | awk -v suite="$1" '$2 == suite { print $1; exit }'; }

# apt inside must reach what apt outside reaches, through the same proxy and with the same login.
# Only settings of the transport are taken; hooks of this machine would not run there.
copy_apt_access() {
  local dir=$1 suite=$2 conf=$1/etc/apt/apt.conf.d/99outside file scheme proxy
  sources_of_suite "$suite" | sed 's/^/deb /' >"$dir/etc/apt/sources.list"
  apt-config dump --format '%F "%v";%n' Acquire::http Acquire::https Acquire::Retries \
    Acquire::Check-Valid-Until Acquire::Check-Date Acquire::ForceIPv4 Acquire::ForceIPv6 |
    grep -v 'Auto-\?Detect' >"$conf" || true
  for scheme in http https; do
    proxy=$scheme"_proxy"
    if [[ -n ${!proxy:-} ]] && ! grep -qi "^Acquire::$scheme::Proxy " "$conf"; then
      printf 'Acquire::%s::Proxy "%s";\n' "$scheme" "${!proxy}" >>"$conf"
    fi
  done
  for file in /etc/apt/auth.conf /etc/apt/auth.conf.d/*; do
    if [[ -f $file ]]; then
      cp -p "$file" "$dir$file"
    fi
  done
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    if [[ -f $file && -d $dir$(dirname "$file") ]]; then
      cp -L "$file" "$dir$file"
    fi
  done
}

# --- The base system ----------------------------------------------------------------------------

# Older bases are made anew: their packages would have to be upgraded one by one.
base_is_usable() { [[ -n $(find "$1" -mtime -30 -size +0 2>/dev/null) ]]; }

make_base() {
  local suite=$1 base=$2 mirror=$3 dir log=$bases/$1.log proxy=""
  local options=(--variant=minbase)
  if [[ $mirror == https:* ]]; then
    options+=(--include=ca-certificates)
  fi
  # debootstrap downloads by itself and does not ask apt for its proxy.
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [[ -n $proxy && $proxy != DIRECT ]]; then
    export http_proxy=$proxy
  fi
  step "$suite: debootstrap"
  dir=$scratch/base
  if ! debootstrap "${options[@]}" "$suite" "$dir" "$mirror" >"$log" 2>&1; then
    tail -n 20 "$log"
    return 1
  fi
  # The address of a mirror may hold a login; copy_apt_access writes the list again.
  : >"$dir/etc/apt/sources.list"
  rm -rf "$dir"/var/cache/apt/archives/*.deb
  tar -C "$dir" --numeric-owner -cf "$base.part" .
  mv "$base.part" "$base"
  rm -rf --one-file-system "$dir"
}

# enter DIR COMMAND...: runs it inside, with its own mounts and processes: whatever way it ends,
# nothing stays mounted and no broker stays behind. isolation holds more options for unshare.
enter() {
  local dir=$1
  shift
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --pid --fork --kill-child "${isolation[@]}" bash -euo pipefail -c '
    dir=$1
    shift
    mount -t proc proc "$dir/proc"
    mount --rbind /sys "$dir/sys"
    mount --rbind /dev "$dir/dev"
    exec chroot "$dir" "$@"' enter "$dir" /usr/bin/env -i "${inside_environment[@]}" \
    bash -c 'cd /opt/holdfast && exec "$@"' inside "$@"
}

# unpack_system SUITE DIR: a fresh system in DIR. Bases are kept in build/chroots.
unpack_system() {
  local suite=$1 dir=$2 base=$bases/$1.tar
  if ! base_is_usable "$base"; then
    make_base "$suite" "$base" "$(mirror_of_suite "$suite")" || return 1
  fi
  step "$suite: unpack"
  # Services give up root and must still be able to pass through the top folder.
  mkdir -m 755 "$dir"
  tar -C "$dir" --numeric-owner -xpf "$base" || return 1
  copy_apt_access "$dir" "$suite"
}

# apt_inside ARGUMENT...: apt-get in the folder $system; its log is kept in $work, and shown if it fails.
apt_inside() {
  enter "$system" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >"$work/apt.log" 2>&1 || {
    tail -n 30 "$work/apt.log"
    fail "apt-get $*"
  }
}
