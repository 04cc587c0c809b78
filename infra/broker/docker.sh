# shellcheck shell=bash disable=SC2154 # the names come from broker
# A node in a container, for machines with a docker engine and no rabbitmq-server. Sourced by broker, which sets $dir,
# $port and $password. The data are in $dir; the container goes when the node ends.

docker_image() { has_management && printf 'rabbitmq:4-management' || printf 'rabbitmq:4'; }

docker_works() { timeout "$(patient 5)" docker info >/dev/null 2>&1; }

docker_name() { printf 'rabbittopics-%s' "$port"; }

docker_prepare() { mkdir -p -- "$dir/data"; }

docker_start() {
  local image ports=(--publish "127.0.0.1:$port:5672")
  image=$(docker_image)
  if has_management; then ports+=(--publish "127.0.0.1:$((port + 3)):15672"); fi
  if ! docker image inspect "$image" >/dev/null 2>&1; then
    say "Downloading the image $image (once)."
    docker pull --quiet "$image" >/dev/null 9>&-
  fi
  RABBITMQ_DEFAULT_USER=$user RABBITMQ_DEFAULT_PASS=$password docker run --detach --rm \
    --name "$(docker_name)" --hostname "$(docker_name)" --user "$(id -u):$(id -g)" \
    "${ports[@]}" \
    --mount "type=bind,source=$dir/data,target=/var/lib/rabbitmq" \
    --env RABBITMQ_DEFAULT_USER --env RABBITMQ_DEFAULT_PASS \
    "$image" >/dev/null 9>&-
}

docker_running() { docker container inspect "$(docker_name)" >/dev/null 2>&1; }

docker_stop() {
  docker stop --time "$stop_seconds" "$(docker_name)" >/dev/null 2>&1 || true
  docker_await_removal
}

docker_kill() {
  docker kill "$(docker_name)" >/dev/null 2>&1 || true
  docker_await_removal
}

docker_await_removal() {
  while docker_running; do sleep 0.1; done
}

docker_ctl() { docker exec "$(docker_name)" rabbitmqctl "$@"; }

docker_log() { docker logs "$(docker_name)" 2>&1 || true; }
