# shellcheck shell=bash disable=SC2154 # the names come from broker
# A node of an installed rabbitmq-server. Sourced by broker, which sets $dir, $port and $password.

# Sets $server_bin, the folder of RabbitMQ's scripts. Debian's commands on the PATH switch to another user, so the
# scripts behind them come first.
find_server() {
  local path
  if [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; then
    server_bin=/usr/lib/rabbitmq/bin
  elif path=$(command -v rabbitmq-server); then
    server_bin=$(dirname -- "$path")
  else
    return 1
  fi
}

server_prepare() {
  random_secret >"$dir/.erlang.cookie"
  chmod 400 -- "$dir/.erlang.cookie"
  printf '[%s].\n' "$(has_management && printf 'rabbitmq_management')" >"$dir/enabled_plugins"
  cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$port
default_user = $user
default_pass = $password
disk_free_limit.absolute = 1MB
handshake_timeout = 60000
log.console = false
CONF
  if has_management; then
    cat >>"$dir/rabbitmq.conf" <<CONF
management.tcp.ip = 127.0.0.1
management.tcp.port = $((port + 3))
CONF
  fi
}

# Sets $server_env: the whole environment of the node and of rabbitmqctl, with their files below the given path.
# Everything that they start inherits RABBITTOPICS_BROKER, also epmd (the node has its own), so that all of it can be
# found again.
set_server_env() {
  local root=$1 loopback='-kernel inet_dist_use_interface {127,0,0,1}'
  server_env=(
    PATH="$PATH" HOME="$root" LANG=C.UTF-8
    RABBITTOPICS_BROKER="$dir"
    ERL_EPMD_ADDRESS=127.0.0.1
    ERL_EPMD_PORT="$((port + 2))"
    ERL_CRASH_DUMP="$root/erl_crash.dump"
    RABBITMQ_NODENAME="rabbittopics-$port@localhost"
    RABBITMQ_DIST_PORT="$((port + 1))"
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback"
    RABBITMQ_CTL_ERL_ARGS="$loopback"
    RABBITMQ_CONF_ENV_FILE="$root/rabbitmq-env.conf"
    RABBITMQ_CONFIG_FILE="$root/rabbitmq.conf"
    RABBITMQ_ADVANCED_CONFIG_FILE="$root/advanced.config"
    RABBITMQ_ENABLED_PLUGINS_FILE="$root/enabled_plugins"
    RABBITMQ_MNESIA_BASE="$root/data"
    RABBITMQ_LOG_BASE="$root/log"
    RABBITMQ_PID_FILE="$root/pid"
  )
}

need_server() {
  find_server || fail "rabbitmq-server, with which the node in $dir was made, is gone. Install it again."
}

server_start() {
  need_server
  set_server_env "$(plain_path)"
  server_launch env -i "${server_env[@]}" "$server_bin/rabbitmq-server"
}

# Runs the given command in the background, until it has a process of the node.
server_launch() {
  cd -- "$dir" || fail "cannot enter $dir"
  # In a session of its own, where a Ctrl-C meant for the caller does not reach it.
  setsid "$@" </dev/null >"$dir/start.log" 2>&1 9>&- &
  disown # the shell is not to report its end
  until server_running || ! kill -0 "$!" 2>/dev/null; do sleep 0.02; done
}

# RabbitMQ breaks on paths with unusual characters, so such a folder gets a link with a plain name while the node runs.
plain_path() {
  if [[ $dir != *[!A-Za-z0-9/._-]* ]]; then
    printf '%s' "$dir"
  else
    mktemp -d /tmp/rabbittopics-link-XXXXXX >"$dir/link"
    ln -s -- "$dir" "$(<"$dir/link")/node"
    printf '%s/node' "$(<"$dir/link")"
  fi
}

# Prints the ids of all processes of the node.
server_processes() {
  grep -lsxzF "RABBITTOPICS_BROKER=$dir" /proc/[0-9]*/environ | cut -d/ -f3 || true
}

server_running() { [[ -n $(server_processes) ]]; }

server_stop() {
  local node deadline
  deadline=$((SECONDS + $(patient "$stop_seconds")))
  if [[ -r $dir/pid ]]; then
    node=$(<"$dir/pid")
    if server_has "$node"; then kill -TERM "$node"; fi
    while server_has "$node" && ((SECONDS < deadline)); do sleep 0.1; done
  fi
  server_kill
}

server_has() { server_processes | grep -x "$1" >/dev/null; }

server_kill() {
  local processes killed='' process deadline
  while processes=$(server_processes) && [[ -n $processes ]]; do
    xargs kill -KILL <<<"$processes" 2>/dev/null || true
    killed+=" $processes"
    sleep 0.05
  done
  # They are dead; give init a moment to take them off the process list too.
  deadline=$((SECONDS + 2))
  for process in $killed; do
    while [[ -e /proc/$process ]] && ((SECONDS < deadline)); do sleep 0.05; done
  done
  if [[ -r $dir/link ]]; then rm -rf -- "$(<"$dir/link")"; fi
  rm -f -- "$dir/link" "$dir/pid"
}

server_ctl() {
  need_server
  set_server_env "$dir"
  exec env -i "${server_env[@]}" "$server_bin/rabbitmqctl" "$@"
}

server_log() { cat -- "$dir"/start.log "$dir"/log/*.log 2>/dev/null || true; }
