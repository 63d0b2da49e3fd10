#!/bin/bash
# PBS as Slurm's wrappers understand it: qsub, qstat and qdel of the package slurm-wlm-torque, on the
# Slurm of slurm.sh. usage: as slurm.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ "$2" = missing ]; then
  missing=$("$here/slurm.sh" "$1" missing)
  [ -z "$missing" ] || { echo "$missing"; exit 0; }
  grep -qs -i slurm "$(command -v qsub || echo /dev/null)" ||
    echo "there is no qsub of slurm-wlm-torque"
  exit 0
fi
"$here/slurm.sh" "$@"
[ "$2" != start ] || echo "export SLURM_CONF=$1/slurm.conf" >"$1/environment"
