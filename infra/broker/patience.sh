# shellcheck shell=bash
# How long to wait on a busy machine. Every time limit of infra/broker and ./test is for an idle machine and goes through
# here. Wait.Stretch of tests/RabbitTopics.TestSupport does the same for the tests.

# Prints a time limit in whole seconds: the given one, times the runnable processes per core (load average of the last
# minute), but no more than ten times.
patient() {
  local load cores
  read -r load _ </proc/loadavg 2>/dev/null || load=0.0
  cores=$(nproc 2>/dev/null) || cores=1
  load=${load%%.*}
  local times=$(((load + cores) / cores)) # rounded up
  if ((times > 10)); then times=10; fi
  printf '%d' "$(($1 * times))"
}
