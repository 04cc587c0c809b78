# shellcheck shell=bash disable=SC2154 # the names come from broker
# A node of RabbitMQ 4, whatever RabbitMQ the machine has: Debian trixie (RabbitMQ 4.0.5) in a folder, made once and
# shared by all nodes and checkouts. The node runs in a chroot to it. Its mounts are in a mount namespace of its own,
# which ends with the node's last process, however that ends. Process ids, ports and $dir/pid are as without a chroot,
# so that server.sh does the rest. Sourced by broker, which sets $dir, $port and $password.

readonly chroot_suite=trixie chroot_bin=/usr/lib/rabbitmq/bin

chroot_folder() {
  printf '%s/%s' "${RABBITTOPICS_BROKER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rabbittopics-broker}" "$chroot_suite"
}

# Makes the folder if it is not there. It is whole or not there at all.
chroot_make() {
  local folder
  folder=$(chroot_folder)
  if [[ -x $folder$chroot_bin/rabbitmq-server ]]; then return; fi
  (chroot_make_locked "$folder") || exit 1
}

# Runs in a subshell of its own, whose end removes what is not whole.
chroot_make_locked() {
  local folder=$1
  folder_log=$1.log
  folder_new=$1.new
  mkdir -p -- "$(dirname -- "$folder")" || fail "cannot make $(dirname -- "$folder"). Set RABBITTOPICS_BROKER_CACHE to a folder that can be written."
  exec 8>"$folder.lock"
  flock 8
  if [[ -x $folder$chroot_bin/rabbitmq-server ]]; then return; fi

  trap 'rm -rf -- "$folder_new"' EXIT
  trap 'exit 143' TERM HUP
  rm -rf -- "$folder_new"
  need_debootstrap
  say "Making RabbitMQ 4 of Debian $chroot_suite in $folder (once; it takes some minutes and 350 MB)."
  umask 022
  # A mount namespace, because debootstrap mounts /proc, and does not unmount it when it is interrupted.
  chroot_debootstrap "$folder_new" >"$folder_log" 2>&1 8>&- || {
    tail -n 10 -- "$folder_log" >&2
    fail "Debian $chroot_suite could not be made; above is the end of $folder_log. Does 'apt-get update' work (network, proxy)?"
  }
  [[ -x $folder_new$chroot_bin/rabbitmq-server ]] || fail "there is no RabbitMQ in what debootstrap made; see $folder_log."
  mkdir -p -- "$folder_new/node"
  printf '127.0.0.1 localhost\n' >"$folder_new/etc/hosts"
  rm -rf -- "$folder_new"/var/cache/apt/archives/*.deb "$folder_new"/var/lib/apt/lists/*
  rm -rf -- "$folder"
  mv -- "$folder_new" "$folder"
}

need_debootstrap() {
  if command -v debootstrap >/dev/null; then return; fi
  local next='Install debootstrap (Debian, Ubuntu: apt-get install debootstrap debian-archive-keyring) and try again.'
  command -v apt-get >/dev/null || fail "there is no debootstrap and no apt-get. $next"
  say 'Installing the package debootstrap (once).'
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  # A source that cannot be reached is no reason to give up: the others may have the package.
  apt-get update >"$folder_log" 2>&1 8>&- || true
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 debootstrap debian-archive-keyring >>"$folder_log" 2>&1 8>&- || {
    tail -n 10 -- "$folder_log" >&2
    fail "debootstrap could not be installed. $next"
  }
}

# Takes the packages from where apt gets Debian's; without such a source, from debootstrap's default.
chroot_debootstrap() {
  local mirror http_proxy=${http_proxy:-}
  if [[ -z $http_proxy ]]; then eval "$(apt-config shell http_proxy Acquire::http::Proxy)"; fi
  export http_proxy
  # shellcheck disable=SC2016 # apt-get expands these
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
  unshare --mount -- debootstrap --variant=minbase --include=rabbitmq-server "$chroot_suite" "$1" ${mirror:+"$mirror"}
}

chroot_prepare() { server_prepare; }

# Sets $chroot_command, which runs what follows it in the chroot, with the node's folder as /node.
set_chroot_command() {
  local folder
  folder=$(chroot_folder)
  [[ -x $folder$chroot_bin/rabbitmq-server ]] ||
    fail "$folder, with which the node in $dir was made, is gone. Make it again: infra/broker/broker install --version 4"
  set_server_env /node
  # shellcheck disable=SC2016 # the inner shell expands these
  chroot_command=(
    unshare --mount -- bash -c '
      set -e
      mount --bind -- "$1" "$0/node"
      mount -t proc proc "$0/proc"
      mount --rbind /dev "$0/dev"
      shift
      exec chroot "$0" env -i "$@"' "$folder" "$dir"
    "${server_env[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin
  )
}

chroot_start() {
  set_chroot_command
  # The mark that server_processes looks for is there from the first process on.
  RABBITTOPICS_BROKER=$dir server_launch "${chroot_command[@]}" "$chroot_bin/rabbitmq-server"
}

chroot_ctl() {
  set_chroot_command
  exec "${chroot_command[@]}" "$chroot_bin/rabbitmqctl" "$@"
}

chroot_running() { server_running; }

chroot_stop() { server_stop; }

chroot_kill() { server_kill; }

chroot_log() { server_log; }
