# shellcheck shell=bash
# What ./run and ./test share: the SDK check, the choice of a broker, and an end that leaves no process behind.
# Sourced with the checkout as the current folder.

# shellcheck source=infra/broker/amqp.sh
source infra/broker/amqp.sh

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false # no build server that outlives the build

job='' broker_job='' broker_folder='' broker_origin=''

need_sdk() {
  local version
  if ! version=$(dotnet --version 2>/dev/null) || ((${version%%.*} < 10)); then
    printf 'The .NET 10 SDK is missing (dotnet --version: %s).\nInstall it from https://dotnet.microsoft.com/download/dotnet/10.0, then run %s again.\n' \
      "${version:-not found}" "$0" >&2
    exit 1
  fi
}

# Runs a command and waits for it, in a process group of its own: a signal to this script's group passes it by, and
# what it leaves behind can be ended with it.
run_job() {
  local code=0
  setsid -- "$@" </dev/null &
  job=$!
  wait "$job" || code=$?
  end_group "$job"
  job=
  return "$code"
}

# Ends a process group: SIGTERM first, SIGKILL after a minute.
end_group() {
  local deadline=$((SECONDS + 60))
  kill -TERM -- "-$1" 2>/dev/null || return 0
  while kill -0 -- "-$1" 2>/dev/null; do
    if ((SECONDS >= deadline)); then kill -KILL -- "-$1" 2>/dev/null || true; fi
    sleep 0.1
  done
}

# Chooses the broker: the given one if it answers, else a private one, whose start (and installation) goes on in the
# background until await_broker.
choose_broker() {
  local uri=${RabbitMQ:-}
  broker_origin='given by RabbitMQ in the environment'
  if [[ -n $uri ]] && ! amqp_answers "$uri"; then
    printf 'RabbitMQ in the environment (%s) does not answer; using a private broker.\n' \
      "$(amqp_address "$uri" || printf 'not an AMQP URI')"
    uri=
  elif [[ -z $uri && -r local.settings.json ]]; then
    broker_origin='given in local.settings.json'
    uri=$(sed -n 's/.*"RabbitMQ"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' local.settings.json | head -n 1)
    amqp_answers "$uri" || uri=
  fi

  if [[ -n $uri ]]; then
    export RabbitMQ=$uri
    setsid -- infra/broker/broker "${@:2}" </dev/null &
  fi
}
