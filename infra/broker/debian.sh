# shellcheck shell=bash disable=SC2154 # the names come from broker
# Installs RabbitMQ from the packages of Debian or Ubuntu, without the service that they would start. Sourced by broker.

readonly policy=/usr/sbin/policy-rc.d

install_debian_package() {
  local next='Install RabbitMQ (Debian, Ubuntu: apt-get install rabbitmq-server), or start docker, or set RabbitMQ to the URI of a running broker.'
  command -v apt-get >/dev/null || fail "there is no rabbitmq-server, no docker engine and no apt-get. $next"
  if [[ $(id -u) != 0 ]]; then
    sudo -n true 2>/dev/null || fail "there is no rabbitmq-server and no docker engine, and installing needs root. $next"
    sudo -n -- "$here/broker" install
  else
    (install_as_root) || fail "rabbitmq-server could not be installed. $next"
  fi
}

# Runs in a subshell of its own, whose end undoes what must not stay.
install_as_root() {
  exec 8>/run/lock/rabbittopics-install
  flock 8
  if find_server; then return; fi

  say 'Installing the package rabbitmq-server (once).'
  log=$(mktemp) own_policy=''
  trap install_clean_up EXIT
  trap 'exit 143' INT TERM HUP
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  local apt_install=(apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 rabbitmq-server)

  # A source that cannot be reached is no reason to give up: the others may have the package.
  apt-get update >>"$log" 2>&1 8>&- || true
  "${apt_install[@]}" --download-only >>"$log" 2>&1 8>&- || install_failed

  # policy-rc.d is where Debian asks whether it may start a service.
  if [[ ! -e $policy ]]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # Interrupted now, it would leave packages half installed. In a session of its own it is not.
  setsid --wait "${apt_install[@]}" >>"$log" 2>&1 8>&- || install_failed
  stop_service >>"$log" 2>&1
}

# The service must not run, now or after the next boot, also where somebody else's policy-rc.d allowed it.
stop_service() {
  if pgrep -u rabbitmq >/dev/null; then
    invoke-rc.d --force rabbitmq-server stop || true
    pkill -u rabbitmq || true
  fi
  update-rc.d rabbitmq-server disable || true
}

install_failed() {
  tail -n 10 -- "$log" >&2
  exit 1
}

install_clean_up() {
  rm -f -- "$log"
  if [[ -n $own_policy ]]; then rm -f -- "$policy"; fi
}
