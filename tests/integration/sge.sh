#!/bin/bash
# Grid Engine by a script that knows how to start one: $TROUPE_TEST_INFRA/sge.sh start | stop | env.
# usage: sge.sh STATE start | stop | missing
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$(basename "$0" .sh)
infra=${TROUPE_TEST_INFRA:-$here/../../../shared/infra}/$name.sh
case $2 in
missing)
  [ "$(id -u)" = 0 ] || { echo "it needs root"; exit 0; }
  [ -x "$infra" ] || echo "there is no $infra (set TROUPE_TEST_INFRA)"
  ;;
start)
  export SGE_STATE=$1/sge SGE_PORT=${SGE_PORT:-18444}
  "$infra" start 4 >"$1/start.log" 2>&1 || { cat "$1/start.log" >&2; exit 1; }
  "$infra" env >"$1/environment"
  # Scripts by their first line: a login shell would run whatever root's profile has.
  (. "$1/environment"; qconf -mattr queue shell_start_mode unix_behavior all.q) >>"$1/start.log" 2>&1
  ;;
stop)
  SGE_STATE=$1/sge "$infra" stop >/dev/null 2>&1 || true
  rm -rf "$1"
  ;;
esac
