# shellcheck shell=bash
# What ./run and ./test share: the SDK check, the choice of a broker, and an end that leaves no process behind.
# Sourced with the checkout as the current folder.

# shellcheck source=infra/broker/patience.sh
source infra/broker/patience.sh
# shellcheck source=infra/broker/amqp.sh
source infra/broker/amqp.sh

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export MSBUILDDISABLENODEREUSE=1 # no build server that outlives the build; the compiler's is ended with its job

job='' broker_job='' side_job='' broker_folder='' ticker='' progress=''

need_sdk() {
  local version
  if ! version=$(dotnet --version 2>/dev/null) || ((${version%%.*} < 10)); then
    printf '%s needs the .NET 10 SDK; "dotnet --version" finds %s.\n' "$0" "${version:-none}" >&2
    printf 'Install it from https://dotnet.microsoft.com/download/dotnet/10.0 and run %s again.\n' "$0" >&2
    exit 1
  fi
}

# Runs a command to its end, in a process group of its own: a signal to this script's group passes it by, and whatever
# it leaves behind is ended with it. Meanwhile the function that $progress names, if any, is called every 15 seconds.
run_job() {
  local code=0
  setsid "$@" </dev/null &
  job=$!
  while [[ -n $progress ]] && kill -0 "$job" 2>/dev/null; do
    sleep 15 >/dev/null 2>&1 &
    ticker=$!
    wait -n "$job" "$ticker" || true
    if kill -0 "$ticker" 2>/dev/null; then end_ticker; else "$progress"; fi
  done
  wait "$job" || code=$?
  end_group "$job"
  job=''
  return "$code"
}

end_ticker() {
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
}

# Ends a process group: SIGTERM, and SIGKILL when a minute later there is still something left.
end_group() {
  local deadline
  kill -TERM -- "-$1" 2>/dev/null || return 0
  deadline=$((SECONDS + $(patient 60)))
  while kill -0 -- "-$1" 2>/dev/null; do
    if ((SECONDS >= deadline)); then kill -KILL -- "-$1" 2>/dev/null || true; fi
    sleep 0.05
  done
}

# Chooses a broker: the given one if it answers, else a private one of this run. The latter, too, where
# RABBITTOPICS_BROKER_VERSION names a version (infra/README.md). Getting that one started, and installed
# before, goes on in the background until await_broker. $1: name of the run; the rest: options for the start of a private one.
choose_broker() {
  broker_origin='given by RabbitMQ in the environment'
  if [[ -n ${RABBITTOPICS_BROKER_VERSION:-} ]]; then
    : # a broker that is given may be of another version
  elif [[ -n ${RabbitMQ:-} ]]; then
    if amqp_answers "$RabbitMQ"; then return; fi
    printf 'RabbitMQ in the environment (%s) does not answer; using a private broker instead.\n' \
      "$(amqp_address "$RabbitMQ" || printf 'not an AMQP URI')"
  elif [[ -r local.settings.json ]]; then
    broker_origin='given in local.settings.json'
    RabbitMQ=$(sed -n 's/.*"RabbitMQ"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' local.settings.json | head -n 1)
    if amqp_answers "$RabbitMQ"; then return; fi
  fi
  broker_folder=.broker/$1-$$
  broker_origin="private, in $broker_folder"
  shift
  begin_broker_job start "$@" "$broker_folder"
}

begin_broker_job() {
  setsid infra/broker/broker "$@" </dev/null >/dev/null &
  broker_job=$!
}

# Runs a command beside the others, in a process group of its own; end_session ends it.
begin_side_job() {
  setsid "$@" </dev/null &
  side_job=$!
}

# Says which broker it is, never its user, and hands it on as RabbitMQ.
await_broker() {
  local broker_version
  if [[ -n $broker_job ]]; then
    wait "$broker_job" || exit 1
    broker_job=''
  fi
  if [[ -n $broker_folder ]]; then RabbitMQ=$(infra/broker/broker uri "$broker_folder"); fi
  export RabbitMQ
  broker_version=$(amqp_version "$RabbitMQ" || true)
  printf 'Broker: %s (%s%s)\n' "$(amqp_address "$RabbitMQ")" "${broker_version:+RabbitMQ $broker_version, }" "$broker_origin"
}

# Ends everything that this run started. For the EXIT trap.
end_session() {
  trap '' INT TERM HUP
  if [[ -n $ticker ]]; then end_ticker; fi
  disown -a # the shell is not to report their ends
  if [[ -n $job ]]; then end_group "$job"; fi
  if [[ -n $side_job ]]; then end_group "$side_job"; fi
  if [[ -n $broker_job ]]; then end_group "$broker_job"; fi
  if [[ -n $broker_folder ]]; then
    infra/broker/broker kill "$broker_folder"
    rm -rf -- "$broker_folder"
  fi
}
