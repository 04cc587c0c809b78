# shellcheck shell=bash
# What can be asked about a broker by its URI alone. Needs patience.sh.

# Splits an AMQP URI into $scheme, $host and $amqp_port. False when it is none.
split_uri() {
  local pattern='^(amqps?)://([^/]*@)?(\[[^]]+\]|[^/:?#]*)(:([0-9]+))?([/?#].*)?$'
  [[ $1 =~ $pattern ]] || return 1
  scheme=${BASH_REMATCH[1]}
  host=${BASH_REMATCH[3]:-localhost}
  amqp_port=${BASH_REMATCH[5]}
  if [[ -z $amqp_port ]]; then
    [[ $scheme == amqps ]] && amqp_port=5671 || amqp_port=5672
  fi
}

# Prints host:port of an AMQP URI, without the user.
amqp_address() {
  local scheme host amqp_port
  split_uri "$1" && printf '%s:%s' "$host" "$amqp_port"
}

# True when a broker answers at the URI within 2 seconds (more on a busy machine): the first frame of AMQP 0-9-1, or, where TLS hides that, the
# connection alone.
amqp_answers() {
  local scheme host amqp_port
  split_uri "$1" || return 1
  host=${host#[} host=${host%]}
  # shellcheck disable=SC2016 # the inner shell expands these
  LC_ALL=C timeout "$(patient 2)" bash -c '
    exec 3<>"/dev/tcp/$1/$2" || exit 1
    [[ $0 == amqps ]] && exit 0
    printf "AMQP\0\0\11\1" >&3
    IFS= read -r -N 1 frame <&3 && [[ $frame == $'\''\1'\'' ]]
  ' "$scheme" "$host" "$amqp_port" 2>/dev/null
}

# Prints the version of the broker at the URI, such as 3.10.8: AMQP 0-9-1 names it in the first frame. Prints nothing where
# TLS hides that, or where nothing answers.
amqp_version() {
  local scheme host amqp_port
  split_uri "$1" && [[ $scheme == amqp ]] || return 0
  host=${host#[} host=${host%]}
  # The frame is 1 byte of type, 2 of channel, 4 of size, and the content. The version in it is a name of 7 bytes, the
  # letter S, a size of 4 bytes, and the text.
  # shellcheck disable=SC2016 # the inner shell expands these
  LC_ALL=C timeout "$(patient 2)" bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "AMQP\0\0\11\1" >&3
    read -r _ _ _ a b c d < <(head -c 7 <&3 | od -An -tu1)
    head -c "$(((a << 24) + (b << 16) + (c << 8) + d))" <&3 | tr -c "[:alnum:].+-" " " | grep -oE "versionS +[^ ]+"
  ' "$host" "$amqp_port" 2>/dev/null | sed -n 's/.* //p;q'
}
