#!/bin/bash
# HTCondor by a script that knows how to start one, in a folder of its own: it gives the commands by
# $TROUPE_TEST_INFRA/condor.sh start | stop | exec COMMAND, and shares /tmp/troupe-infra with us.
# usage: htcondor.sh STATE start | stop | missing
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
infra=$(realpath -m "${TROUPE_TEST_INFRA:-$here/../../../shared/infra}/condor.sh")
case $2 in
missing)
  [ "$(id -u)" = 0 ] || { echo "it needs root"; exit 0; }
  [ -x "$infra" ] || { echo "there is no $infra (set TROUPE_TEST_INFRA)"; exit 0; }
  [ -x "${CONDOR_BASE:-/tmp/troupe-infra/chroot/trixie}/usr/sbin/condor_master" ] ||
    echo "it is not prepared (condor.sh prepare)"
  ;;
start)
  "$infra" start >"$1/start.log" 2>&1 || { cat "$1/start.log" >&2; exit 1; }
  mkdir "$1/bin"
  for program in condor_submit condor_q condor_rm condor_history; do
    printf '#!/bin/sh\nexec "%s" exec %s "$@"\n' "$infra" $program >"$1/bin/$program"
    chmod 755 "$1/bin/$program"
  done
  echo "export PATH=$1/bin:\$PATH" >"$1/environment"
  ;;
stop)
  "$infra" stop >/dev/null 2>&1 || true
  rm -rf "$1"
  ;;
esac
