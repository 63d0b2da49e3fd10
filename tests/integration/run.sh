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
"$here/$system.sh" "$state" start || exit 1
[ ! -f "$state/environment" ] || . "$state/environment"
export TROUPE_TEST_STATE=$state TROUPE_TEST_SCRIPT=$here/$system.sh TROUPE_TEST_SYSTEM=$system
[ "$system" != slurm ] || export SLURM_CONF=$state/slurm.conf
"$program" "$@"
