#!/bin/bash
# Starts a real batch system, runs the tests for it, and stops it. Skipped, with the reason, if this
# machine cannot run one: then it ends with 77.
# usage: run.sh SYSTEM PROGRAM [ARGUMENTS...]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
system=$1
program=$2
shift 2
state=$(mktemp -d /tmp/troupe-$system-XXXXXX)
missing=$("$here/$system.sh" "$state" missing)
if [ -n "$missing" ]; then
  rm -rf "$state"
  echo "skipped: no tests on a real $system, for $missing (tests/integration/$system.sh)"
  exit 77
fi
trap '"$here/$system.sh" "$state" stop' EXIT
trap 'exit 1' INT TERM
# Another process may take a port between its choice and its use: the start is tried again.
for try in 1 2 3; do
  mkdir -p "$state"
  "$here/$system.sh" "$state" start && break
  [ $try != 3 ] || exit 1
  "$here/$system.sh" "$state" stop
done
[ ! -f "$state/environment" ] || . "$state/environment"
export TROUPE_TEST_STATE=$state TROUPE_TEST_SCRIPT=$here/$system.sh TROUPE_TEST_SYSTEM=$system
[ "$system" != slurm ] || export SLURM_CONF=$state/slurm.conf
# A system that lives in a place of its own says how a program gets in there.
run=
[ ! -x "$state/run" ] || run=$state/run
$run "$program" "$@"
